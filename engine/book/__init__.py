"""The order book venue: price-time priority, any range of prices.

- `keys.py`: which prices have orders, in order.
- `ladder.py`: the price levels of one side.
- `orders.py`: all resting orders, as rows of one table.
- `book.py`: one instrument's two sides: rest, remove, take.
- `bare.py`: a book alone, without accounts, fed with 16-byte records.
"""
