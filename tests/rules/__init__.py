"""The rules of docs/RULES.md as tables: one row per case, the expected outcome last.

    world.py   a small broker for the scenarios: instruments, one group, a few accounts
    told.py    events as short lines, so that a row can be read

Every command of every scenario goes to three engines: the one under test, the naive one,
and from the middle of the scenario on one that was restored from the state. All must say
the same, every invariant must hold, and a refused command must leave the state as it was.
"""
