"""The world of the benchmarks: 28 currency pairs, many accounts, ten positions each.

This file may make commands and feed them to an engine; it measures nothing.

All pairs of the eight majors, so that conversions are real: a client in francs with a
position in NZDCAD needs two of them. Prices follow one walk for each currency, so crosses
agree with the pairs that they are made of; a quote moves by about a point, as on a day of
ten million ticks. Everything comes from the seed. Commands are rows of 64-bit words,
made in bulk.
"""

from dataclasses import dataclass, field
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from engine import Engine, bounds
from engine import records as r
from engine import vocabulary as v

Words = npt.NDArray[np.int64]

BLOCK: Final = 4_096
START_NS: Final = 1_399_248_000 * 10**9
TICK_NS: Final = 8_640_000
"""Ten million ticks a day."""
FEED: Final = 1
POSITIONS_PER_ACCOUNT: Final = 10
LEVERAGE: Final = 100
CONTRACT: Final = 100_000

CURRENCIES: Final = ("EUR", "GBP", "AUD", "NZD", "USD", "CAD", "CHF", "JPY")
"""In the order of the market: the one that stands first is the base of a pair."""
DOLLARS: Final = (1.10, 1.28, 0.66, 0.60, 1.0, 1 / 1.36, 1 / 0.88, 1 / 150)
"""Value of one unit at the start."""
ACCOUNT_CURRENCIES: Final = (("USD", 60), ("EUR", 25), ("GBP", 10), ("JPY", 5))
"""Of the accounts, in percent. Each has its group, numbered from 1 in this order."""
QUOTE_STEP: Final = 1e-5
"""Standard deviation of a quote's relative move."""


@dataclass(frozen=True)
class Pair:
    """A currency pair: number, currencies as indexes of CURRENCIES, digits, weight, spread."""

    number: int
    base: int
    quote: int
    digits: int
    weight: int
    """Of its ticks and positions."""
    spread_points: int

    @property
    def symbol(self) -> str:
        return CURRENCIES[self.base] + CURRENCIES[self.quote]


def _pairs() -> tuple[Pair, ...]:
    found: list[Pair] = []
    dollar = CURRENCIES.index("USD")
    for base in range(len(CURRENCIES)):
        for quote in range(base + 1, len(CURRENCIES)):
            major = dollar in (base, quote)
            weight = 10 if base + quote == dollar else 6 if major else 2
            digits = 3 if CURRENCIES[quote] == "JPY" else 5
            found.append(
                Pair(len(found) + 1, base, quote, digits, weight, 8 if major else 18 + base)
            )
    return tuple(found)


PAIRS: Final = _pairs()
_WEIGHTS: Final = np.array([p.weight for p in PAIRS]) / sum(p.weight for p in PAIRS)


@dataclass(frozen=True)
class Profile:
    """How accounts are funded: margin level = lowest + (median - lowest) * lognormal(sigma)."""

    name: str
    lowest: float
    median: float
    sigma: float
    stop_out_level: int
    """Basis points; the margin call comes at 10,000."""


PROFILES: Final = {
    "realistic": Profile("realistic", lowest=1.3, median=6.0, sigma=0.9, stop_out_level=5_000),
    "tight": Profile("tight", lowest=1.03, median=1.6, sigma=1.0, stop_out_level=9_000),
}


def rows_of(record_class: type[r.Record], count: int) -> npt.NDArray[np.void]:
    """`count` empty rows of a record, with their header."""
    dtype = r.dtype_of(record_class)
    rows = np.zeros(count, dtype=dtype)
    rows["header"] = record_class.TYPE | r.VERSION << 16 | dtype.itemsize << 32
    return rows


def stamp(rows: npt.NDArray[np.void], first_sequence: int, time_ns: int, step_ns: int = 0) -> None:
    """Gives rows dense sequence numbers and times."""
    rows["sequence"] = np.arange(first_sequence, first_sequence + len(rows))
    rows["time_ns"] = time_ns + step_ns * np.arange(1, len(rows) + 1)


def blocks_of(rows: npt.NDArray[np.void], size: int = BLOCK) -> list[bytes]:
    """The rows as blocks of commands."""
    return [rows[at : at + size].tobytes() for at in range(0, len(rows), size)]


class Market:
    """Prices of all pairs: one walk for each currency. Deterministic from the seed."""

    def __init__(self, seed: int, speed: float = 1.0) -> None:
        self.random = np.random.default_rng(seed)
        self.logs = np.log(np.array(DOLLARS))
        # A pair is quoted every len(PAIRS) ticks or so, and two currencies move.
        self.step = speed * QUOTE_STEP / np.sqrt(2 * len(PAIRS))
        self.bases = np.array([p.base for p in PAIRS])
        self.quotes = np.array([p.quote for p in PAIRS])
        self.scales = np.array([10.0**p.digits for p in PAIRS])
        self.spreads = np.array([p.spread_points for p in PAIRS])
        self.bids = np.zeros(len(PAIRS), dtype=np.int64)
        self.asks = np.zeros(len(PAIRS), dtype=np.int64)

    def ticks(self, count: int, pairs: npt.NDArray[np.intp] | None = None) -> npt.NDArray[np.void]:
        """The next quotes, not yet stamped; of random pairs unless told which."""
        if pairs is None:
            pairs = self.random.choice(len(PAIRS), size=count, p=_WEIGHTS)
        moves = self.random.normal(0.0, self.step, (count, len(CURRENCIES)))
        path = self.logs + np.cumsum(moves, axis=0)
        self.logs = path[-1]
        at = np.arange(count)
        middles = np.exp(path[at, self.bases[pairs]] - path[at, self.quotes[pairs]])
        points = middles * self.scales[pairs]
        width = self.spreads[pairs] * self.random.choice([0.7, 1.0, 1.0, 1.5], size=count)
        rows = rows_of(r.Tick, count)
        rows["instrument"] = pairs + 1
        rows["feed"] = FEED
        rows["bid_points"] = np.rint(points - width / 2)
        rows["ask_points"] = np.rint(points + width / 2)
        self.bids[pairs] = rows["bid_points"]  # the last of each pair stays
        self.asks[pairs] = rows["ask_points"]
        return rows


@dataclass
class World:
    """An engine with accounts and positions, and the market it lives in.

    `journal` keeps every block that was applied, if it was asked for.
    """

    engine: Any
    market: Market
    accounts: int
    keep: bool = False
    journal: list[bytes] = field(default_factory=list)
    event_counts: dict[int, int] = field(default_factory=dict)

    def apply(self, rows: npt.NDArray[np.void], step_ns: int = 0) -> None:
        """Stamps rows and applies them, block by block; counts the events by type."""
        stamp(rows, self.engine.sequence + 1, self.engine.time_ns, step_ns)
        for block in blocks_of(rows):
            self.apply_block(block)

    def apply_block(self, block: bytes) -> None:
        if self.keep:
            self.journal.append(block)
        self.engine.apply(block)
        for kind, count in count_types(self.engine.events_view()).items():
            self.event_counts[kind] = self.event_counts.get(kind, 0) + count
        self.engine.clear_events()

    def send(self, record: r.Record | r.Config, time_ns: int = 0) -> None:
        """Stamps one record and applies it."""
        time_ns = time_ns or self.engine.time_ns
        self.apply_block(r.encode(record, self.engine.sequence + 1, time_ns))

    def prepared_ticks(self, count: int) -> list[bytes]:
        """The next quotes as stamped blocks, not yet applied."""
        rows = self.market.ticks(count)
        stamp(rows, self.engine.sequence + 1, self.engine.time_ns, TICK_NS)
        return blocks_of(rows)


def build(
    accounts: int,
    profile: Profile,
    seed: int,
    *,
    speed: float = 1.0,
    engine: Any = None,
    keep: bool = False,
    stops_share: float = 0.3,
    pending_share: float = 0.05,
) -> World:
    """Accounts with ten positions each, funded as the profile says.

    `stops_share` of the positions have stop loss and take profit, 0.3 to 2 % away; beside
    them lie `pending_share` times as many pending orders. Raises `AssertionError` if the
    engine refused anything.
    """
    world = World(engine or Engine(), Market(seed, speed), accounts, keep)
    random = np.random.default_rng([seed, 1])
    _configure(world, profile)
    pairs = np.arange(len(PAIRS))
    world.apply(world.market.ticks(len(PAIRS), pairs), TICK_NS)
    groups = _open_accounts(world, random)
    orders = _market_orders(world, random, stops_share)
    _fund(world, random, groups, orders, profile)
    world.apply(orders)
    world.apply(_pending_orders(world, random, int(len(orders) * pending_share)))
    refused = world.event_counts.get(v.REJECTED, 0)
    assert refused == 0, f"{refused} commands of the world were refused"
    assert world.event_counts[v.POSITION_OPENED] == len(orders)
    return world


def _configure(world: World, profile: Profile) -> None:
    engine_now = START_NS
    for number, code in enumerate(CURRENCIES, 1):
        digits = 0 if code == "JPY" else 2
        world.send(r.Currency(currency=number, code=code, digits=digits), engine_now)
    world.send(r.Feed(feed=FEED, name="bench"))
    for pair in PAIRS:
        points = DOLLARS[pair.base] / DOLLARS[pair.quote] * 10**pair.digits
        world.send(
            r.Instrument(
                instrument=pair.number,
                symbol=pair.symbol,
                base_currency=pair.base + 1,
                profit_currency=pair.quote + 1,
                margin_currency=pair.base + 1,
                digits=pair.digits,
                contract_size=CONTRACT,
                price_min_points=int(points / 2),
                price_max_points=int(points * 2),
                hedged_size=CONTRACT // 2,
            )
        )
    for number, (code, _) in enumerate(ACCOUNT_CURRENCIES, 1):
        world.send(
            r.Group(
                group=number,
                name=code.lower(),
                currency=CURRENCIES.index(code) + 1,
                leverage=LEVERAGE,
                stop_out_level=profile.stop_out_level,
                max_orders=bounds.MAX_ORDERS_PER_ACCOUNT,
            )
        )


def _open_accounts(world: World, random: np.random.Generator) -> npt.NDArray[np.intp]:
    """Accounts 1..n, each in the group of its currency; returns the groups, from 0."""
    shares = np.array([share for _, share in ACCOUNT_CURRENCIES]) / 100
    groups = random.choice(len(shares), size=world.accounts, p=shares)
    rows = rows_of(r.SetAccount, world.accounts)
    rows["login"] = np.arange(1, world.accounts + 1)
    rows["group"] = groups + 1
    world.apply(rows)
    return groups


def _market_orders(
    world: World, random: np.random.Generator, stops_share: float
) -> npt.NDArray[np.void]:
    """Ten market orders an account, 0.01 to 1 lot, some with stop loss and take profit."""
    count = world.accounts * POSITIONS_PER_ACCOUNT
    pairs = random.choice(len(PAIRS), size=count, p=_WEIGHTS)
    rows = rows_of(r.PlaceOrder, count)
    rows["login"] = np.repeat(np.arange(1, world.accounts + 1), POSITIONS_PER_ACCOUNT)
    rows["instrument"] = pairs + 1
    rows["order_type"] = v.MARKET
    rows["side"] = random.integers(0, 2, count)
    rows["volume_units"] = np.rint(np.exp(random.uniform(0, np.log(100), count)))
    distance = world.market.bids[pairs] * random.uniform(0.003, 0.02, count)
    stopped = random.random(count) < stops_share
    sign = np.where(rows["side"] == v.BUY, 1, -1)
    reference = np.where(rows["side"] == v.BUY, world.market.bids[pairs], world.market.asks[pairs])
    rows["stop_loss_points"] = np.where(stopped, np.rint(reference - sign * distance), 0)
    rows["take_profit_points"] = np.where(stopped, np.rint(reference + sign * distance), 0)
    return rows


def _fund(
    world: World,
    random: np.random.Generator,
    groups: npt.NDArray[np.intp],
    orders: npt.NDArray[np.void],
    profile: Profile,
) -> None:
    """Deposits what gives each account the margin level that the profile asks for."""
    dollars = np.array(DOLLARS)
    bases = np.array([p.base for p in PAIRS])[orders["instrument"] - 1]
    lots = orders["volume_units"] / 100
    margin = lots * CONTRACT * dollars[bases] / LEVERAGE
    spreads = np.array([p.spread_points / 10**p.digits for p in PAIRS])
    quotes = np.array([p.quote for p in PAIRS])[orders["instrument"] - 1]
    cost = 1.5 * lots * CONTRACT * spreads[orders["instrument"] - 1] * dollars[quotes]
    totals = np.bincount(orders["login"], weights=margin, minlength=world.accounts + 1)[1:]
    costs = np.bincount(orders["login"], weights=cost, minlength=world.accounts + 1)[1:]
    wish = np.exp(random.normal(0, profile.sigma, world.accounts))
    levels = profile.lowest + (profile.median - profile.lowest) * wish
    codes = [CURRENCIES.index(code) for code, _ in ACCOUNT_CURRENCIES]
    minors = np.array([(1 if CURRENCIES[c] == "JPY" else 100) / dollars[c] for c in codes])
    rows = rows_of(r.BalanceOperation, world.accounts)
    rows["login"] = np.arange(1, world.accounts + 1)
    rows["operation"] = v.DEPOSIT
    rows["amount_minor"] = np.rint((totals * levels + costs) * minors[groups]) + 1
    world.apply(rows)


def _pending_orders(world: World, random: np.random.Generator, count: int) -> npt.NDArray[np.void]:
    """Limit and stop orders, 0.2 to 2 % away."""
    pairs = random.choice(len(PAIRS), size=count, p=_WEIGHTS)
    rows = rows_of(r.PlaceOrder, count)
    rows["login"] = random.integers(1, world.accounts + 1, count)
    rows["instrument"] = pairs + 1
    rows["order_type"] = random.choice([v.LIMIT, v.STOP], size=count)
    rows["side"] = random.integers(0, 2, count)
    rows["volume_units"] = random.integers(1, 20, count)
    below = (rows["side"] == v.BUY) == (rows["order_type"] == v.LIMIT)
    distance = random.uniform(0.002, 0.02, count) * np.where(below, -1, 1)
    rows["price_points"] = np.rint(world.market.asks[pairs] * (1 + distance))
    return rows


def count_types(events: memoryview) -> dict[int, int]:
    """How many events of each type a buffer holds."""
    counts: dict[int, int] = {}
    words = events.cast("q") if events.format != "q" else events
    at = 0
    while at < len(words):
        header = words[at]
        kind = header & 0xFFFF
        counts[kind] = counts.get(kind, 0) + 1
        at += header >> 35
    return counts
