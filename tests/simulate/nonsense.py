"""What is no command: it must be refused with `ValueError` or `TypeError`, and change nothing.

This file may make bad input of three kinds: for `submit`, for `submit_block`, and poison, which
only the core finds out; that may end the node, but nothing of it may become durable.
"""

from random import Random
from typing import Any, Final

import msgspec

from engine import records as r
from engine import vocabulary as v

Tick: Any = r.Tick
Cancel: Any = r.CancelOrder
Currency: Any = r.Currency
Settle: Any = r.SettleInstrument
"""Classes to which words and fractions may be given here."""

NO_COMMANDS: Final[tuple[tuple[str, Any, Any], ...]] = (
    ("an object", object(), 1),
    ("nothing", None, 1),
    ("bytes", b"tick", 1),
    ("an event", r.DealerSet(dealer=1, online=1, dealers_online=1), 1),
    ("a tick with a word", Tick(instrument="EURUSD", feed=1, bid_points=1, ask_points=2), 1),
    ("a tick with a fraction", Tick(instrument=1, feed=1, bid_points=1.5, ask_points=2), 1),
    ("a tick beyond 64 bits", r.Tick(instrument=2**63, feed=1, bid_points=1, ask_points=2), 1),
    ("an order beyond 64 bits", r.CancelOrder(login=1, order=-(2**70), key_high=1, key_low=0), 1),
    ("a key beyond 64 bits", r.CancelOrder(login=1, order=1, key_high=2**64, key_low=1), 1),
    ("a key that is a word", Cancel(login=1, order=1, key_high="one", key_low=1), 1),
    ("a time that is a word", r.Clock(), "noon"),
    ("a time before 1970", r.Clock(), -1),
    ("a time beyond the bound", r.Clock(), 2**63),
    ("a payload too long", r.Configure(kind=1, payload=bytes(20_000)), 1),
    ("a currency of objects", Currency(currency=1, code=object(), digits=2), 1),
    ("a replacement beyond 64 bits", r.ReplaceOrder(1, 1, volume_units=2**64, price_points=1), 1),
    ("a settlement at a fraction", Settle(instrument=4, price_points=0.5, settlement=0), 1),
    ("hooks", r.HookSet(module="other", version="1", source_hash="0"), 1),
    ("hooks in a payload", r.Configure(kind=v.CONFIG_HOOKS, payload=b""), 1),
)
"""What it is, the record, the time."""


def no_command(random: Random) -> tuple[str, Any, Any]:
    return random.choice(NO_COMMANDS)


def no_block(
    random: Random, sequence: int, time_ns: int, known: r.Command | r.Config | None
) -> bytes:
    """Bytes that `submit_block` must refuse as they are. `known`: a command with a known key."""
    tick = r.encode(r.Tick(instrument=1, feed=1, bid_points=9, ask_points=9), sequence, time_ns)
    second = r.encode(r.Clock(), sequence + 1, time_ns)
    money = r.BalanceOperation(login=1, operation=1, amount_minor=1, key_high=8, key_low=sequence)
    hook_set = r.HookSet(module="other", version="1", source_hash="0")
    choices = [
        b"",
        tick[:-3],
        random.randbytes(8 * random.randrange(1, 20)),
        tick + second[:-8],
        r.encode(r.Clock(), sequence + 1, time_ns),
        r.encode(r.Clock(), sequence - 1, time_ns),
        tick + random.randbytes(48),
        b"".join(r.encode(money, sequence + k, time_ns) for k in range(2)),
        tick + r.encode(hook_set, sequence + 1, time_ns),
    ]
    if known is not None:
        choices.append(tick + r.encode(known, sequence + 1, time_ns))
    return random.choice(choices)


def poison(random: Random, sequence: int, time_ns: int) -> bytes:
    """Bytes that look like commands and are none; what is before them is executed first."""
    good = r.encode(r.Clock(), sequence, time_ns)
    gap = r.encode(r.Clock(), sequence + 2, time_ns)
    event = r.DealerSet(dealer=1, online=1, dealers_online=1)
    late = msgspec.structs.replace(r.Clock(), time_ns=-1)
    wrong_size = bytearray(r.encode(r.Clock(), sequence + 1, time_ns) + bytes(8))
    wrong_size[4:8] = len(wrong_size).to_bytes(4, "little")
    return good + random.choice(
        (gap, r.encode(event, sequence + 1, time_ns), r.encode(late, sequence + 1), wrong_size)
    )
