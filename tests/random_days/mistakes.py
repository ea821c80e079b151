"""Commands that are wrong: a sensible command with one or two fields spoiled.

The spoiled fields are any but the head; the values are the ones that break engines: 0, 1,
negative, unknown, the neighbour of a bound, the largest that a word can hold.
"""

from random import Random

import msgspec

from engine import bounds
from engine import records as r
from tests.naive.world import World
from tests.random_days.quoting import Prices
from tests.random_days.start_of_day import GROUP_CURRENCY

VALUES = (
    0,
    1,
    -1,
    2,
    4,
    5,
    7,
    101,
    102,
    999,
    100_000,
    -5_000,
    bounds.MAX_PRICE_POINTS,
    bounds.MAX_PRICE_POINTS + 1,
    bounds.MAX_AMOUNT_MINOR,
    bounds.MAX_AMOUNT_MINOR + 1,
    bounds.MAX_TIME_NS,
    bounds.MAX_TIME_NS + 1,
    2**63 - 1,
    -(2**63),
)
OBJECT_VALUES = (0, -1, 11, 5_000, 10_001, bounds.MAX_PRICE_POINTS + 1, 2**62, -(2**62))


def spoil(random: Random, command: r.Command) -> r.Command:
    """The command with one field (sometimes two) set to a bad or surprising value."""
    names = [n for n in r.fields_of(type(command)) if n not in ("sequence", "time_ns")]
    if isinstance(command, r.Configure):
        return spoil_payload(random, command)
    if not names:
        return command
    changes: dict[str, int] = {}
    for _ in range(random.choice((1, 1, 2))):
        name = random.choice(names)
        value = random.choice(VALUES)
        if random.randrange(4) == 0:
            value = getattr(command, name) + random.choice((-1, 1))
        changes[name] = max(-(2**63), min(2**63 - 1, value))
    return msgspec.structs.replace(command, **changes)


def spoil_payload(random: Random, command: r.Configure) -> r.Configure:
    """A configuration whose bytes or kind are wrong."""
    broken = random.randrange(4)
    if broken == 0:
        return msgspec.structs.replace(command, kind=random.choice((0, 8, -1, 2**40)))
    if broken == 1:
        cut = random.randrange(len(command.payload))
        return msgspec.structs.replace(command, payload=command.payload[:cut])
    if broken == 2:
        return msgspec.structs.replace(command, payload=command.payload + b"\x00")
    return msgspec.structs.replace(command, payload=msgspec.msgpack.encode({"surprise": 1}))


def wrong_object(random: Random, world: World, prices: Prices) -> r.Config:
    """An instrument, group or override with one number out of range."""
    which = random.randrange(3)
    source: r.Config
    if which == 0:
        source = world.instruments[random.choice(list(world.instruments))]
    elif which == 1:
        source = world.groups[random.choice(list(GROUP_CURRENCY))]
    else:
        source = r.Terms(group=1, instrument=1)
    numbers = [n for n in source.__struct_fields__ if is_number(source, n)]
    return msgspec.structs.replace(source, **{random.choice(numbers): random.choice(OBJECT_VALUES)})


# Numbers that would be accepted and then break the day's conversions are left alone.
LEFT_ALONE = ("price_max_points", "price_min_points", "margin_percent_bp", "digits")


def is_number(source: r.Config, name: str) -> bool:
    value = getattr(source, name)
    plain = isinstance(value, int) and not isinstance(value, bool)
    return plain and name not in LEFT_ALONE
