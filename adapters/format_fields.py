"""What each field of a record means, for the tables of FORMAT.md.

This file may hold texts and look up docstrings, nothing else. A field is described by its
docstring in the record class; most are the same in every record, and those are described
here once. A field without any description is an error, so a new one can't be forgotten.
"""

import ast
import inspect
import textwrap
from typing import Any, Final

from engine import vocabulary as v


def _names(names: tuple[str, ...], first: int = 0) -> str:
    """`0 buy, 1 sell` from a table of names."""
    return ", ".join(f"{i} {n}" for i, n in enumerate(names) if i >= first)


_TRIGGER = "price, points; 0: none"

MEANINGS: Final[dict[str, str]] = {
    "sequence": "command: its own, from 1, dense; event: that of the command that caused it",
    "time_ns": "nanoseconds since 1970-01-01 UTC, of the command",
    "instrument": "number of the instrument",
    "feed": "number of the feed",
    "bid_points": "points (10**-digits)",
    "ask_points": "points (10**-digits)",
    "kind": _names(v.CONFIG_NAMES, 1),
    "login": "account",
    "group": "number of the group",
    "leverage": "1 to 10,000",
    "mode": _names(v.ACCOUNT_MODE_NAMES),
    "status": _names(v.ACCOUNT_STATUS_NAMES),
    "agent_login": "account that earns the agent commission; 0: none",
    "operation": _names(v.BALANCE_OPERATION_NAMES, 1),
    "amount_minor": "minor units of the account's currency",
    "reference": "login of the client for an agent's entry, otherwise as in the command; or 0",
    "key_high": "client key, upper 64 bits; both 0: no key",
    "key_low": "client key, lower 64 bits",
    "order_type": _names(v.ORDER_TYPE_NAMES),
    "side": _names(v.SIDE_NAMES),
    "volume_units": "units; 100 a lot, 10**volume_digits on the book venue",
    "price_points": "points",
    "limit_price_points": "points; of a stop-limit order, otherwise 0",
    "stop_loss_points": _TRIGGER,
    "take_profit_points": _TRIGGER,
    "expiry_ns": "nanoseconds since 1970-01-01 UTC; 0: good till cancelled",
    "deviation_points": "largest distance from the requested price, points",
    "order": "ticket of the order; 0: none",
    "position": "ticket of the position; 0: none",
    "dealer": "number of the dealer; 0: none",
    "online": "1 online, 0 offline",
    "ticket": "order or position concerned; 0: none",
    "command_type": "type of the refused command",
    "code": "reject code (engine/reject_codes.py)",
    "identifier": "number of the object; of terms: the group",
    "currency": "number of the currency",
    "tick_sequence": "sequence of the quote that counted; 0: none",
    "entry_number": "dense from 1 per account",
    "entry_type": _names(v.ENTRY_TYPE_NAMES, 1),
    "balance_delta_minor": "change, minor units",
    "credit_delta_minor": "change, minor units",
    "margin_delta_minor": "change, minor units",
    "balance_minor": "after the entry, minor units",
    "credit_minor": "after the entry, minor units",
    "margin_minor": "margin of the account then, minor units",
    "open_price_points": "points; average, rounded, where volume was added",
    "close_price_points": "points",
    "margin_rate_e8": "margin currency to account currency, times 10**8",
    "commission_minor": "minor units",
    "profit_minor": "minor units of the account's currency",
    "request": _names(v.REQUEST_NAMES),
    "timeout_ns": "when the request ends by itself, nanoseconds since 1970-01-01 UTC",
    "dealers_online": "how many are online now",
    "equity_minor": "minor units",
    "level_bp": "margin level, basis points (10,000 = 100 %); 0: no margin",
    "threshold": "the group's level: basis points, or minor units for a level in money",
    "stage": _names(v.STAGE_NAMES, 1),
    "reason": _names(v.REASON_NAMES),
    "time_in_force": _names(v.TIME_IN_FORCE_NAMES),
    "flags": "sum of 1 post-only, 2 reduce-only",
    "self_trade": _names(v.SELF_TRADE_NAMES),
    "removal": _names(v.REMOVAL_NAMES, 1),
    "role": _names(v.ROLE_NAMES),
    "phase": _names(v.PHASE_NAMES),
    "settlement": _names(v.SETTLEMENT_NAMES),
    "rate_e8": "share of the value, times 10**8; above 0 the long side pays",
    "positions": "how many were settled",
    "paid_minor": "by all who paid, minor units of the profit currency",
    "received_minor": "by all who received, minor units of the profit currency",
    "initial_margin_minor": "minor units of the profit currency",
    "maintenance_margin_minor": "minor units of the profit currency",
    "frozen_minor": "frozen then, all of the account in that currency, minor units",
    "base_frozen_minor": "frozen then, in the base currency",
    "quote_frozen_minor": "frozen then, in the quote currency",
    "previous_feed": "number of the feed that was active",
    "silence_ns": "nanoseconds",
}
_OF_CLASS: Final[dict[tuple[str, str], str]] = {
    ("TriggerRefused", "reason"): _names(v.REFUSED_NAMES),
    ("PositionSettled", "settlement"): _names(v.SETTLEMENT_NAMES[: v.SETTLEMENT_FUNDING]),
    ("SetAccount", "leverage"): "1 to 10,000; 0 takes the group's leverage",
    ("AccountSet", "leverage"): "the effective one, 1 to 10,000",
    ("ClosePosition", "volume_units"): "units of 0.01 lot; 0: all",
    ("ClosePosition", "price_points"): "requested price, points; 0: none",
    ("DealerConfirm", "price_points"): "points; 0: the current price",
    ("Requoted", "price_points"): "points; 0: refused or timed out",
}


def meaning(record_class: type[Any], field: str) -> str:
    """What a field of a record is. Raises `KeyError` for one that nobody described."""
    special = _OF_CLASS.get((record_class.__name__, field))
    if special is not None:
        return special
    documented = docstrings(record_class).get(field)
    return documented if documented is not None else MEANINGS[field]


def docstrings(described: type[Any]) -> dict[str, str]:
    """The text after each annotated field of a class, in one line, without the full stop."""
    tree = ast.parse(textwrap.dedent(inspect.getsource(described)))
    body = tree.body[0]
    assert isinstance(body, ast.ClassDef)
    found: dict[str, str] = {}
    for statement, following in zip(body.body, body.body[1:], strict=False):
        if (
            isinstance(statement, ast.AnnAssign)
            and isinstance(statement.target, ast.Name)
            and isinstance(following, ast.Expr)
            and isinstance(following.value, ast.Constant)
        ):
            text = " ".join(str(following.value.value).split())
            found[statement.target.id] = text[:1].lower() + text[1:].removesuffix(".")
    return found


def annotations(described: type[Any]) -> dict[str, tuple[str, str]]:
    """Type and default of each annotated field of a class, as they are written."""
    tree = ast.parse(textwrap.dedent(inspect.getsource(described)))
    body = tree.body[0]
    assert isinstance(body, ast.ClassDef)
    return {
        s.target.id: (ast.unparse(s.annotation), ast.unparse(s.value) if s.value else "")
        for s in body.body
        if isinstance(s, ast.AnnAssign)
        and isinstance(s.target, ast.Name)
        and not ast.unparse(s.annotation).startswith("ClassVar")
    }
