"""The way of an order on the book venue (seed 002), both sides of every fill alike.

    admit -> freeze -> match -> fill -> release -> position -> settle

- `requests.py`: what clients ask for: place, replace, cancel, cancel all.
- `admit.py`: the checks, in their order.
- `freeze.py`: what orders freeze, and how the frozen amounts follow every change.
- `match.py`: the loop over the book, and what becomes of the rest.
- `fill.py`: one fill; for each side release, position, settle and its event.
- `position.py`: a netting futures position changes.
- `fees.py`: maker and taker fees.
- `resting.py`: orders enter and leave the book.
- `quote.py`: the top of the book as a quote for the rest of the engine.
- `holdings.py`: deposits and withdrawals in other currencies.
"""
