"""The tests. `make test` runs them all, with the core compiled and interpreted."""
