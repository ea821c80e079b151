"""Random days: streams of commands over a small world where rare paths are common.

This package may not know the rules: it makes commands, sensible and senseless ones, and
looks at the naive engine only to name tickets that exist and prices that are near. One
seed is one day; `python -m tests.random_days SEED` runs days through both engines.

    start_of_day.py  the world: currencies, instruments, groups, accounts, first quotes
    day.py           the day: time, prices, and which command comes next
    trading.py       commands of clients and dealers
    quoting.py       ticks, gaps, feeds, clock
    changing.py      reconfiguration in the middle of the day
    mistakes.py      commands that are wrong in one field
    hook_set.py      hooks that refuse and change prices, as pure functions of what they see
    campaign.py      both engines, event for event, and what happened, counted
    shrink.py        the shortest part of a day that still shows a difference
"""
