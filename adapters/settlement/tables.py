"""Statements and totals as text for a reader.

This file may lay out what `statement.py` put together; it computes nothing.
"""

from collections.abc import Iterator
from typing import Any, Final

from adapters.settlement.standing import (
    ORDER_COLUMNS,
    POSITION_COLUMNS,
    Shown,
    aligned,
    text_of,
)

_MONEY_COLUMNS: Final = {
    "what": "",
    "count": "entries",
    "balance": "balance",
    "credit": "credit",
    "margin": "margin",
}
_MOVEMENT_COLUMNS: Final = {
    "time": "time",
    "entry_type": "type",
    "currency": "currency",
    "delta": "holding by",
    "balance_delta": "balance by",
    "credit_delta": "credit by",
    "balance": "balance",
    "credit": "credit",
}
_TRADE_COLUMNS: Final = {
    "position": "position",
    "symbol": "symbol",
    "side": "side",
    "volume": "volume",
    "open_price": "open price",
    "close_price": "close price",
    "profit": "profit",
    "commission": "commission",
    "reason": "reason",
    "time": "closed",
}
_FILL_COLUMNS: Final = {
    "order": "order",
    "symbol": "symbol",
    "side": "side",
    "role": "role",
    "volume": "volume",
    "price": "price",
    "profit": "profit",
    "base_delta": "base by",
    "quote_delta": "quote by",
    "fee": "fee",
    "time": "time",
}
_SETTLEMENT_COLUMNS: Final = {
    "settlement": "settlement",
    "position": "position",
    "symbol": "symbol",
    "position_volume": "volume",
    "price": "price",
    "rate": "rate",
    "amount": "amount",
    "balance": "balance",
    "time": "time",
}
_FUTURES_COLUMNS: Final = {
    "symbol": "symbol",
    "settlement": "settlement",
    "price": "price",
    "rate": "rate",
    "positions": "positions",
    "long_volume": "open interest",
    "paid": "paid",
    "received": "received",
    "currency": "currency",
    "time": "time",
}
_LISTS: Final = (
    ("movements", "deposits, withdrawals, credit, corrections", _MOVEMENT_COLUMNS),
    ("closed_trades", "closed trades", _TRADE_COLUMNS),
    ("fills", "fills in order books", _FILL_COLUMNS),
    ("settlements", "variation margin and funding of futures", _SETTLEMENT_COLUMNS),
    ("positions", "open positions at day end", POSITION_COLUMNS),
    ("orders", "pending orders at day end", ORDER_COLUMNS),
)
_STANDING: Final = ("floating", "equity", "margin", "free_margin", "margin_level_percent")
_RESULT: Final = ("realized", "floating_opening", "floating_closing", "result")


def money_lines(row: Shown) -> list[str]:
    """Opening, entries by type, closing: a table."""
    rows: list[Shown] = [{"what": "opening", **row["opening"]}]
    for name, one in row["entries"].items():
        rows.append({"what": name, **one})
    rows.append({"what": "closing", **row["closing"]})
    return aligned(rows, _MONEY_COLUMNS)


def _pairs(row: Shown, keys: tuple[str, ...]) -> list[str]:
    shown = [(key.replace("_", " "), text_of(row[key])) for key in keys]
    wide = max(len(text) for _, text in shown)
    return [f"  {name.ljust(20)}  {text.rjust(wide)}" for name, text in shown]


def statement_lines(statement: dict[str, Any]) -> Iterator[str]:
    """A statement as text."""
    day = f"{statement['day']} (UTC)"
    if statement["provisional"]:
        day += ", PROVISIONAL: the day is not over"
    label = f", {statement['data']}" if statement["data"] else ""
    yield f"account {statement['login']}, group {statement['group']}, {day}{label}"
    for one in statement["money"]:
        yield f"  {one['currency']}"
        yield from money_lines(one)
    yield ""
    yield from _pairs(statement["at_day_end"], _STANDING)
    for key, title, columns in _LISTS:
        if statement[key]:
            yield ""
            yield f"  {title}"
            yield from aligned(statement[key], columns, indent=4)
    yield ""
    yield "-" * 72
    yield ""


def totals_lines(totals: dict[str, Any]) -> Iterator[str]:
    """The totals of a day as text."""
    state = "PROVISIONAL: the day is not over" if totals["provisional"] else "final"
    label = f", {totals['data']}" if totals["data"] else ""
    yield f"settlement of {totals['day']} (UTC), {state}{label}"
    if totals["commands"]:
        first, last = totals["first_sequence"], totals["last_sequence"]
        yield f"sequences {first} to {last}, {totals['entries']:,} ledger entries"
    else:
        yield f"no command on this day; the state is that of sequence {totals['last_sequence']}"
    for one in totals["currencies"]:
        yield ""
        yield f"{one['currency']}, {one['accounts']:,} accounts"
        yield from money_lines(one)
        yield ""
        yield "  profit and loss of the clients"
        by_type = one["profit_and_loss"]["by_type"]
        flat = {**by_type, **one["profit_and_loss"]}
        yield from _pairs(flat, (*by_type, *_RESULT))
    if totals["settlements"]:
        yield ""
        yield "settlements and funding of futures"
        yield from aligned(totals["settlements"], _FUTURES_COLUMNS)
