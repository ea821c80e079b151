"""Planted bugs: is what guards the product able to fail?

    bugs.py       the bugs: which text of the source becomes which, and what must catch it
    book_bugs.py  those of the book venue
    book_days.py  random days on the book venue, with restarts: what catches most of them
    plant.py      copies the sources, plants one bug, runs its catcher there

Each bug is planted alone in a copy of the sources, and the command that should find it is run
there, interpreted: it must fail and say why. The same command on a copy without a bug must pass.

    python -m tests.planted [NUMBER] [--count N] [--minutes M] [--json]

runs all of them (a campaign), from the bug with that number on; the tests run the cheap ones.
"""
