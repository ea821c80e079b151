"""How accounts stand at one point of a journal: figures, positions, orders, for people.

This file may ask an engine and put its answers into words and decimals; it changes nothing.
The statements of a settlement and the questions of the command line (`lockstep positions`)
show an account by the same functions, so both say the same.
"""

from collections.abc import Callable
from decimal import Decimal
from typing import Any, Final

from adapters.describe import Names
from adapters.units import format_time, unscaled
from engine import AccountFigures, BookOrderView, Engine, OrderView, PositionView
from engine import vocabulary as v

_LEARNT: Final = (v.CONFIG_CURRENCY, v.CONFIG_FEED, v.CONFIG_INSTRUMENT, v.CONFIG_GROUP)
Shown = dict[str, Any]


def names_of(engine: Engine) -> Names:
    """What the numbers of an engine's state stand for."""
    names = Names()
    for kind in _LEARNT:
        for config in engine._configured(kind):
            names.learn_config(config)
    for login in engine.logins():
        names.account_group[login] = engine.account(login).group
    return names


def figures_row(figures: AccountFigures) -> Shown:
    """An account's money and what its positions make of it."""
    digits = figures.currency_digits
    return {
        "currency": figures.currency,
        "balance": unscaled(figures.balance_minor, digits),
        "credit": unscaled(figures.credit_minor, digits),
        "floating": unscaled(figures.floating_minor, digits),
        "equity": unscaled(figures.equity_minor, digits),
        "margin": unscaled(figures.margin_minor, digits),
        "free_margin": unscaled(figures.free_margin_minor, digits),
        "margin_level_percent": unscaled(figures.level_bp, 2) if figures.margin_minor else None,
    }


def position_row(view: PositionView, names: Names, money_digits: int) -> Shown:
    """An open position with its result at the quotes of the moment."""
    price = _price_of(names, view.instrument)
    return {
        "position": view.position,
        "symbol": names.of_config(v.CONFIG_INSTRUMENT, view.instrument),
        "side": v.SIDE_NAMES[view.side],
        "volume": unscaled(view.volume_units, names.volume_digits(view.instrument)),
        "open_time": format_time(view.open_time_ns),
        "open_price": price(view.open_price_points),
        "price": price(view.current_price_points),
        "stop_loss": price(view.stop_loss_points),
        "take_profit": price(view.take_profit_points),
        "commission": unscaled(view.commission_minor, money_digits),
        "floating": unscaled(view.profit_minor, money_digits),
        "close_requested": view.request == v.REQUEST_CLOSE,
    }


def order_row(view: OrderView, names: Names) -> Shown:
    """A pending order, or a market order that waits for a dealer."""
    price = _price_of(names, view.instrument)
    return {
        "order": view.order,
        "symbol": names.of_config(v.CONFIG_INSTRUMENT, view.instrument),
        "type": v.ORDER_TYPE_NAMES[view.order_type],
        "side": v.SIDE_NAMES[view.side],
        "volume": unscaled(view.volume_units, names.volume_digits(view.instrument)),
        "price": price(view.price_points),
        "limit_price": price(view.limit_price_points),
        "stop_loss": price(view.stop_loss_points),
        "take_profit": price(view.take_profit_points),
        "expiry": format_time(view.expiry_ns) if view.expiry_ns else None,
        "waits_for_dealer": view.requested,
    }


def book_order_row(view: BookOrderView, names: Names) -> Shown:
    """An order that rests in a book, or waits for its trigger."""
    price = _price_of(names, view.instrument)
    digits = names.volume_digits(view.instrument)
    return {
        "order": view.order,
        "symbol": names.of_config(v.CONFIG_INSTRUMENT, view.instrument),
        "type": v.ORDER_TYPE_NAMES[view.order_type],
        "side": v.SIDE_NAMES[view.side],
        "volume": unscaled(view.volume_units, digits),
        "price": price(view.price_points),
        "trigger": price(view.trigger_points),
        "shown": unscaled(view.shown_units, digits) if view.shown_units else None,
        "expiry": format_time(view.expiry_ns) if view.expiry_ns else None,
        "time_in_force": v.TIME_IN_FORCE_NAMES[view.time_in_force],
    }


def positions_of(engine: Engine, figures: AccountFigures, names: Names) -> list[Shown]:
    """The open positions of an account, by ticket."""
    if not figures.positions:
        return []
    views = engine.positions(figures.login)
    return [position_row(view, names, figures.currency_digits) for view in views]


def orders_of(
    engine: Engine, figures: AccountFigures, names: Names, pending: list[OrderView]
) -> list[Shown]:
    """`pending` orders and orders in books, by ticket. Where there are none, nothing is looked for.

    `pending` is the account's part of `Engine.all_orders`: asked for once, not once an account.
    """
    if not figures.orders:
        return []
    rows = [order_row(view, names) for view in pending]
    rows += [book_order_row(view, names) for view in engine.book_orders(figures.login)]
    return sorted(rows, key=lambda row: int(row["order"]))


def _price_of(names: Names, instrument: int) -> Callable[[int], Decimal | None]:
    """Points as a price of the instrument; None for 0, which is no price."""
    digits = names.instruments[instrument].digits
    return lambda points: unscaled(points, digits) if points else None


# ---------------------------------------------------------------- as text


def aligned(rows: list[Shown], columns: dict[str, str], indent: int = 2) -> list[str]:
    """Rows as lines under a heading. `columns`: the heading of each key; numbers go right.

    A column without a value in any row is left out.
    """
    kept = [key for key in columns if any(not _is_empty(row.get(key)) for row in rows)]
    cells = [[text_of(row.get(key)) for key in kept] for row in rows]
    heads = [columns[key] for key in kept]
    widths = [max(map(len, column)) for column in zip(heads, *cells, strict=True)]
    right = [all(isinstance(row.get(key), int | Decimal | None) for row in rows) for key in kept]
    lines = []
    for line in (heads, *cells):
        texts = (
            text.rjust(width) if is_number else text.ljust(width)
            for text, width, is_number in zip(line, widths, right, strict=True)
        )
        lines.append((" " * indent + "  ".join(texts)).rstrip())
    return lines


def _is_empty(value: Any) -> bool:
    return value is None or value is False


def text_of(value: Any) -> str:
    """A value in a table: thousands apart in amounts, `-` for none, yes or nothing for a flag."""
    if isinstance(value, bool):
        return "yes" if value else ""
    if value is None:
        return "-"
    return f"{value:,f}" if isinstance(value, Decimal) else str(value)


POSITION_COLUMNS: Final = {
    "position": "position",
    "symbol": "symbol",
    "side": "side",
    "volume": "volume",
    "open_time": "opened",
    "open_price": "open price",
    "price": "price now",
    "stop_loss": "stop loss",
    "take_profit": "take profit",
    "commission": "commission",
    "floating": "floating",
    "close_requested": "close requested",
}
ORDER_COLUMNS: Final = {
    "order": "order",
    "symbol": "symbol",
    "type": "type",
    "side": "side",
    "volume": "volume",
    "price": "price",
    "limit_price": "limit price",
    "trigger": "trigger",
    "shown": "shown",
    "stop_loss": "stop loss",
    "take_profit": "take profit",
    "expiry": "expiry",
    "time_in_force": "time in force",
    "waits_for_dealer": "waits for dealer",
}
