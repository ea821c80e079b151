"""The same journal gives the same bytes: here, compiled, interpreted, anywhere, from any point.

    golden.py      the golden journal: commands, the events they give, the state they leave
    hooks.py       the hooks of the golden day
    process.py     what one process makes of it, through a journal, with and without snapshots
    golden.json    digests and checkpoints
    day_1.*.xz     commands and events of record version 1, compressed

`python -m tests.determinism.golden` prints the digests of this process;
`python -m tests.determinism.golden --write` makes the golden files anew from the commands
that are there, after a change of the rules; with `--new-day SEED` from another random day.
"""
