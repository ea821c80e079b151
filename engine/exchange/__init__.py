"""The way of an order on the book venue (seed 002), both sides of every fill alike.

    admit -> freeze -> match -> fill -> release -> position -> settle

- `requests.py`: what clients ask for: place, replace, cancel, cancel all.
- `admit.py`, `funds.py`, `band.py`: the checks, in their order.
- `pipeline.py`: the steps after admission, as one list of calls.
- `freeze.py`: what orders freeze, and how the frozen amounts follow every change.
- `match.py`: the loop over the book, and what becomes of the rest.
- `fill.py`: one fill; for each side release, position, settle and its event.
- `position.py`: a netting futures position changes.
- `fees.py`: maker and taker fees.
- `resting.py`: orders enter and leave the book, or wait beside it.
- `holdings.py`: deposits and withdrawals in other currencies.

What follows a command:

- `rounds.py`: depth, quote, triggers and stop-out of every book that something happened to.
- `triggers.py`, `position_stops.py`: orders that wait, stop losses and take profits.
- `closing.py`: orders that the engine itself sends, to close a position.
- `liquidation.py`, `deleverage.py`, `cover.py`: forced closing, the other side, the fund.

What the operator does:

- `phases.py`: halts and auctions.
- `settlement.py`, `margins.py`: daily and final settlement, funding, margin by date.
"""
