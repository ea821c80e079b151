"""The six hooks of seed 004: plain callables that decide together with the core.

This file may hold the hook table and the calls, no rule. A hook gets values and returns
a decision; it can't reach into the state. It must be a pure function of its arguments, or
a replay will differ. Its identity (module, version, source hash) is recorded in the journal.

Every hook gets eight integers: login, instrument, ticket, kind, side, volume_units,
trigger_price_points, price_points. `kind` is the order type for pending orders and the
`STAGE_` constant for stops and stop-outs; `trigger_price_points` is the order's, take
profit's or stop loss's price, 0 for stop-outs; `price_points` is the price at which it
would be filled or closed.

- A *filter* returns `RET_OK` (act whatever the execution mode), or anything else, `RET_OK_NONE`
  by convention (act only where the execution mode is automatic).
- An *apply* hook returns (code, price_points): any code but `RET_OK` leaves the item for the
  next trigger; another price replaces the one offered.
"""

from collections.abc import Callable
from typing import TypeAlias

from mypy_extensions import i64, mypyc_attr

from engine import vocabulary as v

Filter: TypeAlias = Callable[[int, int, int, int, int, int, int, int], object]
Apply: TypeAlias = Callable[[int, int, int, int, int, int, int, int], object]
"""An integer, and a tuple of two; typed as object because the answer is checked here."""


@mypyc_attr(native_class=False)
class BrokenHook(AssertionError):
    """A hook returned what no hook may return; the engine stops."""


class Hooks:
    """The six hooks; None where the default holds (filters RET_OK_NONE, applies RET_OK)."""

    def __init__(
        self,
        pendings_filter: Filter | None = None,
        pendings_apply: Apply | None = None,
        stops_filter: Filter | None = None,
        stops_apply: Apply | None = None,
        stop_outs_filter: Filter | None = None,
        stop_outs_apply: Apply | None = None,
    ) -> None:
        self.pendings_filter = pendings_filter
        self.pendings_apply = pendings_apply
        self.stops_filter = stops_filter
        self.stops_apply = stops_apply
        self.stop_outs_filter = stop_outs_filter
        self.stop_outs_apply = stop_outs_apply


def ask_filter(
    hook: Filter | None,
    login: i64,
    instrument: i64,
    ticket: i64,
    kind: i64,
    side: i64,
    volume_units: i64,
    trigger_price: i64,
    price: i64,
) -> bool:
    """The filter says RET_OK: act unconditionally. Raises `BrokenHook`."""
    if hook is None:
        return False
    code: object = hook(login, instrument, ticket, kind, side, volume_units, trigger_price, price)
    if not isinstance(code, int):
        raise BrokenHook(f"ticket {ticket}: a filter hook answered {code!r}, expected an integer")
    return code == v.RET_OK


def ask_apply(
    hook: Apply | None,
    login: i64,
    instrument: i64,
    ticket: i64,
    kind: i64,
    side: i64,
    volume_units: i64,
    trigger_price: i64,
    price: i64,
    highest_price: i64,
) -> i64:
    """The price to act at, or 0 where the hook refuses. Raises `BrokenHook`."""
    if hook is None:
        return price
    answer: object = hook(login, instrument, ticket, kind, side, volume_units, trigger_price, price)
    if not isinstance(answer, tuple) or len(answer) != 2:
        raise BrokenHook(
            f"ticket {ticket}: an apply hook answered {answer!r}, expected two integers"
        )
    code: object = answer[0]
    hook_price: object = answer[1]
    if not isinstance(code, int) or not isinstance(hook_price, int):
        raise BrokenHook(
            f"ticket {ticket}: an apply hook answered {answer!r}, expected two integers"
        )
    if code != v.RET_OK:
        return 0
    if hook_price < 1 or hook_price > int(highest_price):
        raise BrokenHook(
            f"ticket {ticket}: a hook answered price {hook_price}, expected 1 to {highest_price}"
        )
    return hook_price
