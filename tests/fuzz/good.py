"""Good input: what the mutations begin with, and the worlds in which it is tried.

This file may make and read; everything here is the same on every run and is made once.
"""

import io
import os
import tempfile
import zipfile
from functools import cache
from pathlib import Path
from random import Random
from typing import NamedTuple

import msgspec

from adapters.config import Settings, load
from adapters.units import midnight_ns, parse_day
from engine import Engine
from engine import records as r
from tests import small_day
from tests.conftest import ROOT
from tests.determinism import golden

CONFIGURATION = ROOT / "examples" / "real_day.toml"
COMMANDS = ROOT / "examples" / "commands.jsonl"
GOLDEN_COMMANDS = 425
"""So many commands of the golden day lead to a state with everything in it."""


class World(NamedTuple):
    """Where an engine stood, and the commands that came after it."""

    state: bytes
    sequence: int
    time_ns: int
    next_commands: bytes

    def engine(self) -> Engine:
        return Engine.from_state(self.state, self.sequence, self.time_ns)


@cache
def world() -> World:
    """The golden day after some hundred commands: trades, pendings, requests that wait."""
    parts = golden.split(golden.commands())
    engine = Engine()
    engine.apply(b"".join(parts[:GOLDEN_COMMANDS]))
    rest = b"".join(parts[GOLDEN_COMMANDS : GOLDEN_COMMANDS + 1_200])
    return World(engine.state_bytes(), engine.sequence, engine.time_ns, rest)


@cache
def command_of_each_kind() -> list[bytes]:
    """Commands of the golden day, some of each type and of each kind of configuration."""
    found: dict[tuple[int, int], list[bytes]] = {}
    for part in golden.split(golden.commands()):
        record, _ = r.decode(part)
        kind = record.kind if isinstance(record, r.Configure) else 0
        few = found.setdefault((record.TYPE, kind), [])
        if len(few) < 6:
            few.append(part)
    return [part for few in found.values() for part in few]


@cache
def event_of_each_kind() -> list[bytes]:
    """Events of the golden day, three of each type."""
    found: dict[int, list[bytes]] = {}
    for part in golden.split(golden.expected_events()):
        few = found.setdefault(int.from_bytes(part[:2], "little"), [])
        if len(few) < 3:
            few.append(part)
    return [part for few in found.values() for part in few]


@cache
def _tickets() -> list[tuple[int, int]]:
    """(login, ticket) of every trade of the world."""
    engine = world().engine()
    return [
        (login, ticket)
        for login in engine.logins()
        for ticket in (
            *(position.position for position in engine.positions(login)),
            *(order.order for order in engine.orders(login)),
        )
    ]


def any_command(random: Random) -> bytes:
    """A command of the golden day at the time of the world or a little later, mostly about a
    trade that is there."""
    record, _ = r.decode(random.choice(command_of_each_kind()))
    time_ns = world().time_ns + random.choice((0, 0, 1, 10**9, 3_600 * 10**9))
    if random.randrange(4):
        login, ticket = random.choice(_tickets())
        there = {"login": login, "order": ticket, "position": ticket, "ticket": ticket, "dealer": 1}
        fields = {name: there[name] for name in r.fields_of(type(record)) if name in there}
        record = msgspec.structs.replace(record, **fields)
    return r.encode(record, 1, time_ns)


def blocks_for_world() -> list[bytes]:
    """Blocks of commands that may come next in `world`."""
    rest = golden.split(world().next_commands)
    blocks = [b"".join(rest[:2]), b"".join(rest[:8]), b"".join(rest[:24])]
    parts = [any_command(Random(number)) for number in range(64)]
    first = world().sequence + 1
    for at in range(0, len(parts), 4):
        few = parts[at : at + 4]
        blocks.append(b"".join(
            p[:8] + (first + i).to_bytes(8, "little") + p[16:] for i, p in enumerate(few)
        ))  # fmt: skip
    return blocks


@cache
def small_parts() -> list[bytes]:
    """The commands of a small day, one by one."""
    return golden.split(small_day.encoded(list(small_day.day(3, 160))))


# ---------------------------------------------------------------- files


@cache
def settings() -> Settings:
    """The configuration of the example."""
    return load(CONFIGURATION)


MIDNIGHT_NS = midnight_ns(parse_day("2014-05-05"), "UTC")
DAY_CSV = b"40.1868,1.38756,1.38760\n1000,1.38760,1.38770\n86399999.999999,1.38,1.39\n"
CSV = (
    b"time,bid,ask\n2014-05-05T00:00:01Z,1.38756,1.38760\n2014-05-05 02:00:01+02:00,1.1,1.2\n",
    b"ask,time_ms,bid\n1.2,1399248001000,1.1\n1.2,1399248001000.5,1.1\n",
    b"volume,bid,ask,time_ns\n7,1.1,1.2,1399248001000000000\n",
    b'"time","bid","ask"\n"2014-05-05 02:00:01+02:00","1.1","1.2"\n',
)


def day_zip(content: bytes = DAY_CSV, method: int = zipfile.ZIP_DEFLATED) -> bytes:
    """A zip with one file in it."""
    stored = io.BytesIO()
    with zipfile.ZipFile(stored, "w", method) as archive:
        archive.writestr(zipfile.ZipInfo("quotes.csv"), content, method)
    return stored.getvalue()


# ---------------------------------------------------------------- places


SCRATCH = "LOCKSTEP_FUZZ_SCRATCH"
"""An empty folder that another process made and will remove."""


@cache
def scratch() -> Path:
    """A folder of this process for files that parsers read; in memory where that can be."""
    given = os.environ.get(SCRATCH)
    if given:
        return Path(given)
    memory = Path("/dev/shm")
    holder = tempfile.TemporaryDirectory(
        prefix="lockstep-fuzz-", dir=memory if memory.is_dir() else None
    )
    _HOLDERS.append(holder)
    return Path(holder.name)


_HOLDERS: "list[tempfile.TemporaryDirectory[str]]" = []
"""Removed with their content when the process ends."""
