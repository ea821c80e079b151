"""The same journal gives the same bytes: here, compiled, interpreted, anywhere, from any point.

    golden.py      the golden journals: commands, the events they give, the state they leave
    hooks.py       the hooks of the golden day of the quoted venue
    coverage.py    what the golden day of the book venue must have
    process.py     what one process makes of one, through a journal, with and without snapshots
    golden.json, book_1.json            digests and checkpoints
    day_1.*.xz, book_1.*.xz             commands and events of record version 1, compressed

`python -m tests.determinism.golden` prints the digests of this process;
`python -m tests.determinism.golden --write` makes the golden files anew from the commands
that are there, after a change of the rules; with `--day book_1 --new-day` from another random
day, where the commands that are there no longer meet what they are meant to meet.
"""
