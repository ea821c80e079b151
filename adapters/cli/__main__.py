"""`python -m adapters.cli` is the `lockstep` command."""

from adapters.cli.main import main

main()
