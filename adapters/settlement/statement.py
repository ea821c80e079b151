"""The statement of an account, the profit and loss, the totals: one dictionary each.

This file may put figures together; it computes none but sums, and writes nothing. Amounts are
decimals of the currency, prices decimals of the instrument, times UTC.
"""

from decimal import Decimal
from typing import Any, Final

import msgspec

from adapters.describe import Names, describe
from adapters.settlement.money import FROM_OUTSIDE, NO_RESULT, Amounts, type_name
from adapters.settlement.reconcile import Line
from adapters.settlement.standing import Shown
from adapters.units import JSON, plain, unscaled
from engine import records
from engine import vocabulary as v

READ: Final = msgspec.json.Decoder(float_hook=lambda text: plain(Decimal(text)))

MOVEMENT: Final = b"M"
TRADE: Final = b"T"
FILL: Final = b"F"
SETTLEMENT: Final = b"S"
_MOVEMENT_FIELDS: Final = (
    "sequence", "time", "entry_number", "entry_type", "balance_delta", "credit_delta", "balance",
    "credit", "reference",
)  # fmt: skip
_TRADE_FIELDS: Final = (
    "sequence", "time", "position", "rest_position", "symbol", "side", "volume", "open_price",
    "close_price", "profit", "commission", "reason", "comment",
)  # fmt: skip
_HOLDING_FIELDS: Final = (
    "sequence", "time", "entry_number", "entry_type", "currency", "delta", "balance", "reference",
)  # fmt: skip
_FILL_FIELDS: Final = (
    "sequence", "time", "order", "symbol", "side", "role", "volume", "price", "position",
    "profit", "fee", "base_delta", "quote_delta",
)  # fmt: skip
_SETTLEMENT_FIELDS: Final = (
    "sequence", "time", "entry_number", "settlement", "position", "symbol", "position_volume",
    "price", "rate", "amount", "balance",
)  # fmt: skip


def row_of(event: records.Event, names: Names) -> tuple[int, bytes] | None:
    """(login, row) of an event that a statement lists: money from outside, trades, settlements.

    It is put into words at once: later the instrument may be configured otherwise.
    """
    if isinstance(event, records.LedgerEntry):
        if event.entry_type not in FROM_OUTSIDE:
            return None
        return event.login, MOVEMENT + JSON.encode(_picked(event, _MOVEMENT_FIELDS, names))
    if isinstance(event, records.PositionClosed):
        return event.login, TRADE + JSON.encode(_picked(event, _TRADE_FIELDS, names))
    if isinstance(event, records.HoldingEntry):
        return event.login, MOVEMENT + JSON.encode(_picked(event, _HOLDING_FIELDS, names))
    if isinstance(event, records.FuturesFilled | records.SpotFilled):
        return event.login, FILL + JSON.encode(_picked(event, _FILL_FIELDS, names))
    if isinstance(event, records.PositionSettled | records.FundingPaid):
        return event.login, SETTLEMENT + JSON.encode(_settled(event, names))
    return None


LISTED: Final[tuple[type[records.Event], ...]] = (
    records.PositionClosed,
    records.LedgerEntry,
    records.HoldingEntry,
    records.FuturesFilled,
    records.SpotFilled,
    records.PositionSettled,
    records.FundingPaid,
)
"""The events that `row_of` knows."""


def _picked(event: records.Event, fields: tuple[str, ...], names: Names) -> Shown:
    shown = describe(event, names)
    return {key: shown.get(key) for key in fields}


def _settled(event: records.PositionSettled | records.FundingPaid, names: Names) -> Shown:
    """Variation margin and funding in one form: what it was and what it came to."""
    shown = describe(event, names)
    if isinstance(event, records.PositionSettled):
        shown["amount"] = shown.get("profit")
    else:
        shown["settlement"] = v.SETTLEMENT_NAMES[v.SETTLEMENT_FUNDING]
    return {key: shown.get(key) for key in _SETTLEMENT_FIELDS}


def read_rows(rows: list[bytes]) -> dict[str, list[Shown]]:
    """The lists of a statement out of the rows of an account."""
    found: dict[bytes, list[Shown]] = {MOVEMENT: [], TRADE: [], FILL: [], SETTLEMENT: []}
    for row in rows:
        found[row[:1]].append(READ.decode(row[1:]))
    return {
        "movements": found[MOVEMENT],
        "closed_trades": found[TRADE],
        "fills": found[FILL],
        "settlements": found[SETTLEMENT],
    }


def amounts_row(amounts: Amounts, digits: int) -> Shown:
    return {name: unscaled(amount, digits) for name, amount in amounts._asdict().items()}


def reconciliation_row(line: Line, digits: int) -> Shown:
    """Opening, the entries by type, closing."""
    return {
        "opening": amounts_row(line.opening, digits),
        "entries": {
            type_name(entry_type): {"count": one.count, **amounts_row(one.deltas, digits)}
            for entry_type, one in sorted(line.by_type.items())
        },
        "closing": amounts_row(line.closing, digits),
    }


def profit_row(line: Line, floating: tuple[int, int], digits: int) -> Shown:
    """What was won and lost: by type of entry, and by the floating results (opening, closing).

    `result` = realized + the change of the floating result. Money from outside is no result.
    """
    realized = {
        entry_type: one.deltas.balance
        for entry_type, one in sorted(line.by_type.items())
        if entry_type not in NO_RESULT and one.deltas.balance
    }
    before, after = floating
    total = sum(realized.values())
    return {
        "by_type": {type_name(key): unscaled(amount, digits) for key, amount in realized.items()},
        "realized": unscaled(total, digits),
        "floating_opening": unscaled(before, digits),
        "floating_closing": unscaled(after, digits),
        "result": unscaled(total + after - before, digits),
    }


def flow_row(line: Line, digits: int) -> Shown:
    """The figures that a client looks for first."""

    def balance_of(*types: int) -> Decimal:
        sums = (line.by_type[key].deltas.balance for key in types if key in line.by_type)
        return unscaled(sum(sums), digits)

    return {
        "deposits": balance_of(v.ENTRY_DEPOSIT),
        "withdrawals": balance_of(v.ENTRY_WITHDRAWAL),
        "realized_profit": balance_of(v.ENTRY_TRADE_PNL),
        "variation_margin": balance_of(v.ENTRY_VARIATION_MARGIN),
        "funding": balance_of(v.ENTRY_FUNDING),
        "commission": balance_of(v.ENTRY_COMMISSION),
    }


def statement_row(head: Shown, money: list[Shown], standing: Shown, rows: Shown) -> dict[str, Any]:
    """All of a statement: who and when, money by currency, how the account stands, the lists."""
    return {**head, "money": money, "at_day_end": standing, **rows}
