"""Events as short lines of text, for the last column of a table.

This file may turn events into words, nothing else. `told` leaves the ledger out; `booked`
gives the ledger alone.
"""

from collections.abc import Callable
from typing import Any

from engine import records as r
from engine import reject_codes
from engine import vocabulary as v

CODE_NAMES = {
    code: name.lower()
    for name, code in vars(reject_codes).items()
    if name.isupper() and isinstance(code, int)
}


def _rejected(e: r.Rejected) -> str:
    return f"rejected {CODE_NAMES[e.code]}"


def _order_placed(e: r.OrderPlaced) -> str:
    kind = f"{v.SIDE_NAMES[e.side]} {v.ORDER_TYPE_NAMES[e.order_type]}"
    return f"placed #{e.order} {kind} {e.volume_units}"


def _order_removed(e: r.OrderRemoved) -> str:
    dealer = f" by dealer {e.dealer}" if e.dealer else ""
    return f"removed #{e.order} {v.REASON_NAMES[e.reason]}{dealer}"


def _order_filled(e: r.OrderFilled) -> str:
    into = f" into #{e.position}" if e.position != e.order else ""
    dealer = f" by dealer {e.dealer}" if e.dealer else ""
    return f"filled #{e.order}{into} at {e.price_points}{dealer}"


def _position_opened(e: r.PositionOpened) -> str:
    side = v.SIDE_NAMES[e.side]
    return f"opened #{e.position} {side} {e.volume_units} at {e.open_price_points}"


def _position_changed(e: r.PositionChanged) -> str:
    was = f" (was #{e.previous_position})" if e.previous_position != e.position else ""
    side = v.SIDE_NAMES[e.side]
    return f"changed #{e.position}{was} {side} {e.volume_units} at {e.open_price_points}"


def _position_closed(e: r.PositionClosed) -> str:
    rest = f", rest #{e.rest_position}" if e.rest_position else ""
    dealer = f" {e.dealer}" if e.dealer else ""
    why = f"{v.REASON_NAMES[e.reason]}{dealer} {e.profit_minor:+}{rest}"
    return f"closed #{e.position} {e.volume_units} at {e.close_price_points} {why}"


def _dealer_requested(e: r.DealerRequested) -> str:
    return f"dealer asked to {v.REQUEST_NAMES[e.request]} #{e.ticket} at {e.price_points}"


def _requoted(e: r.Requoted) -> str:
    price = f" at {e.price_points}" if e.price_points else ""
    return f"requoted #{e.ticket}{price} {v.REASON_NAMES[e.reason]}"


def _trigger_refused(e: r.TriggerRefused) -> str:
    return f"refused #{e.ticket} {v.STAGE_NAMES[e.stage]} {v.REFUSED_NAMES[e.reason]}"


def _book_order_placed(e: r.BookOrderPlaced) -> str:
    kind = f"{v.SIDE_NAMES[e.side]} {v.ORDER_TYPE_NAMES[e.order_type]}"
    price = f" at {e.price_points}" if e.price_points else ""
    return f"booked #{e.order} {kind} {e.volume_units}{price} frozen {e.frozen_minor}"


def _book_order_removed(e: r.BookOrderRemoved) -> str:
    why = v.REMOVAL_NAMES[e.removal]
    return f"off book #{e.order} {e.volume_units} {why} frozen {e.frozen_minor}"


def _futures_filled(e: r.FuturesFilled) -> str:
    how = f"{v.ROLE_NAMES[e.role]} {v.SIDE_NAMES[e.side]} {e.volume_units} at {e.price_points}"
    money = f"{e.profit_minor:+} fee {e.fee_minor} margin {e.margin_minor} frozen {e.frozen_minor}"
    return f"filled #{e.order} {how} to {e.position_units:+}: {money}"


def _spot_filled(e: r.SpotFilled) -> str:
    how = f"{v.ROLE_NAMES[e.role]} {v.SIDE_NAMES[e.side]} {e.volume_units} at {e.price_points}"
    money = f"base {e.base_delta_minor:+} quote {e.quote_delta_minor:+} fee {e.fee_minor}"
    return f"filled #{e.order} {how}: {money}"


def _book_order_triggered(e: r.BookOrderTriggered) -> str:
    what = f" for #{e.position}" if e.position else ""
    return (
        f"triggered #{e.order}{what} {v.STAGE_NAMES[e.stage]} {e.volume_units} at {e.price_points}"
    )


def _phase_changed(e: r.PhaseChanged) -> str:
    filled = f": {e.volume_units} at {e.price_points}" if e.price_points else ""
    return f"phase {v.PHASE_NAMES[e.phase]}{filled}"


def _position_settled(e: r.PositionSettled) -> str:
    how = f"{v.SETTLEMENT_NAMES[e.settlement]} {e.position_units:+} at {e.price_points}"
    return f"settled #{e.position} {how}: {e.profit_minor:+} margin {e.margin_minor}"


def _instrument_settled(e: r.InstrumentSettled) -> str:
    how = f"{v.SETTLEMENT_NAMES[e.settlement]} at {e.price_points}"
    sums = f"paid {e.paid_minor} received {e.received_minor}"
    return f"all {e.positions} settled {how}, long {e.long_units}: {sums}"


SENTENCES: dict[type[r.Event], Callable[[Any], str]] = {
    r.Rejected: _rejected,
    r.Configured: lambda e: f"configured {v.CONFIG_NAMES[e.kind]} {e.identifier}",
    r.AccountSet: lambda e: f"account {e.login} set",
    r.OrderPlaced: _order_placed,
    r.OrderModified: lambda e: f"order #{e.order} modified to {e.price_points}",
    r.OrderRemoved: _order_removed,
    r.OrderTriggered: lambda e: f"became limit #{e.order} at {e.price_points}",
    r.OrderFilled: _order_filled,
    r.PositionOpened: _position_opened,
    r.PositionChanged: _position_changed,
    r.PositionModified: lambda e: (
        f"levels #{e.position} stop {e.stop_loss_points} profit {e.take_profit_points}"
    ),
    r.PositionClosed: _position_closed,
    r.DealerRequested: _dealer_requested,
    r.Requoted: _requoted,
    r.DealerSet: lambda e: f"dealers online {e.dealers_online}",
    r.MarginCall: lambda e: f"margin call {e.login} at {e.equity_minor} of {e.margin_minor}",
    r.MarginCallCleared: lambda e: f"margin call cleared {e.login} at {e.equity_minor}",
    r.StopOut: lambda e: f"stop out #{e.position} at {e.equity_minor} of {e.margin_minor}",
    r.TriggerRefused: _trigger_refused,
    r.BookOrderPlaced: _book_order_placed,
    r.BookOrderReplaced: lambda e: (
        f"rebooked #{e.order} {e.volume_units} at {e.price_points} frozen {e.frozen_minor}"
    ),
    r.BookOrderRemoved: _book_order_removed,
    r.FuturesFilled: _futures_filled,
    r.SpotFilled: _spot_filled,
    r.DepthChanged: lambda e: (
        f"depth {v.SIDE_NAMES[e.side]} {e.price_points}: {e.volume_units} in {e.orders}"
    ),
    r.HoldingEntry: lambda e: f"holding {e.currency} {e.delta_minor:+} to {e.balance_minor}",
    r.BookOrderTriggered: _book_order_triggered,
    r.PhaseChanged: _phase_changed,
    r.PositionSettled: _position_settled,
    r.FundingPaid: lambda e: (
        f"funding #{e.position} {e.position_units:+} at {e.price_points}: {e.amount_minor:+}"
    ),
    r.InstrumentSettled: _instrument_settled,
    r.MarginChanged: lambda e: (
        f"margin of {e.instrument} {e.initial_margin_minor}, {e.maintenance_margin_minor}"
    ),
    r.FeedSwitched: lambda e: f"feed {e.previous_feed} to {e.feed}",
}


def told(events: list[Any]) -> list[str]:
    """All events but ledger entries, one line each."""
    return [SENTENCES[type(e)](e) for e in events if not isinstance(e, r.LedgerEntry)]


def booked(events: list[Any], home: int = 1) -> list[str]:
    """The ledger entries; another account than `home` is named in front."""
    lines = []
    for e in events:
        if not isinstance(e, r.LedgerEntry):
            continue
        deltas = (e.balance_delta_minor, e.credit_delta_minor, e.margin_delta_minor)
        amounts = [delta for delta in deltas if delta]
        assert len(amounts) == 1, f"an entry changes one figure: {e}"
        account = f"{e.login}: " if e.login != home else ""
        lines.append(f"{account}{v.ENTRY_TYPE_NAMES[e.entry_type]} {amounts[0]:+}")
    return lines


def sequence_of(events: list[Any]) -> list[str]:
    """Class names, and for ledger entries the entry type: the order of the steps."""
    return [
        v.ENTRY_TYPE_NAMES[e.entry_type] if isinstance(e, r.LedgerEntry) else type(e).__name__
        for e in events
    ]
