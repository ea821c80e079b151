"""The end of a day, settled apart: what the journal says happened to the money of everybody.

Nothing here may write to a journal or its snapshots, or know of a live node: it reads what is
durable and replays it. Start with `settle.py`, the list of stages. `money.py` is the one place
that knows which events move money and which purses an account has; `reconcile.py` holds the
entries of a day against the figures at its beginning and end; `statement.py` and `tables.py`
say it to people and machines; `folder.py` makes it last.
"""
