"""The quotes of the generated day.

This file may use chance only through `Dice`, and of arithmetic only what IEEE 754 rounds
exactly (+ - * / and the square root), so that a seed gives the same quotes everywhere.

Every currency has a value in dollars that walks; a pair is the quotient of two values, so
crosses agree with their legs. Every other instrument walks by itself. A step is as large
as the time since the last one warrants, so an instrument that was closed opens with a gap.
News at fixed times moves some values at once and widens spreads for minutes. The main feed
is silent on EURUSD for half an hour, and the backup feed takes over.
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from adapters.config import Settings
from adapters.generate import catalogue
from adapters.generate.dice import Dice
from adapters.units import NS_PER_SECOND, parse_time

QuoteRow = tuple[int, int, int, int, int]
"""time_ns, instrument, feed, bid_points, ask_points"""

_MINUTE_NS: Final = 60 * NS_PER_SECOND
_DAY_SECONDS: Final = 86_400.0
_ACTIVITY: Final = (4, 4, 4, 3, 3, 4, 6, 9, 10, 9, 8, 8, 10, 13, 15, 14, 12, 9, 7, 6, 5, 2, 1, 3)
"""How busy each hour of the day (UTC) is."""
_QUIET: Final = 4
"""Hours at most this busy have wider spreads."""


@dataclass(frozen=True)
class News:
    """At `minute` of the main day (UTC) values jump by about so many parts in 10,000."""

    minute: int
    jumps_bp: dict[str, int]
    """Currency or symbol -> jump; the sign is part of the story, the size varies by a third."""


NEWS: Final = (
    News(1, {"SAKURA.JP": -700}),
    News(200, {"BTCUSD": -520, "ETHUSD": -760, "SOLUSD": -1_150}),
    News(480, {"GER40": 130, "ALPENWERK.DE": -900, "UK100": 60}),
    News(630, {"CHF": 120, "EUR": 25}),
    News(810, {"EUR": -62, "GBP": -58, "JPY": -80, "AUD": -70, "NZD": -70, "CAD": -35,
               "XAUUSD": -140, "XAGUSD": -230, "US500": -95, "US100": -140}),
    News(870, {"HELION.US": 650, "NORDLYS.US": -1_300}),
    News(930, {"USOIL": -340, "UKOIL": -310, "NATGAS": 480}),
    News(1_140, {"US500": 120, "US100": 190, "BTCUSD": 330, "ETHUSD": 380}),
)  # fmt: skip
_NEWS_MINUTES: Final = 6
_OUTAGE: Final = ("EURUSD", 600, 645)
"""The main feed is silent on this symbol between these minutes of the day."""


@dataclass
class _Walk:
    """A value that moves: of a currency in dollars, or a price."""

    value: float
    step: float
    """Deviation of a step of one second, as a share of the value."""
    moved_ns: int

    def advance(self, now_ns: int, dice: Dice) -> float:
        seconds = (now_ns - self.moved_ns) / NS_PER_SECOND
        if seconds > 0.0 and self.step:
            self.value *= 1.0 + self.step * math.sqrt(seconds) * dice.bell()
        self.moved_ns = now_ns
        return self.value


@dataclass(frozen=True)
class _Source:
    """An instrument, its walks and its spread."""

    symbol: str
    instrument: int
    activity: int
    scale: int
    spread_points: int
    walks: tuple[_Walk, ...]
    sessions: list[tuple[int, int]]

    def open_at(self, minute_of_week: int) -> bool:
        return not self.sessions or any(a <= minute_of_week < b for a, b in self.sessions)


def minute_of_week(time_ns: int) -> int:
    """Minutes since Monday 00:00 UTC (1970 began on a Thursday)."""
    return (time_ns // _MINUTE_NS + 3 * 1_440) % 10_080


def quotes(settings: Settings, seed: int, count: int) -> Iterator[QuoteRow]:
    """The quotes of the day in the order of time, exactly `count` of them."""
    return _Day(settings, seed).quotes(count)


class _Day:
    """The state of the generated day while its quotes are made."""

    def __init__(self, settings: Settings, seed: int) -> None:
        self.dice = Dice(seed)
        self.start_ns = parse_time(catalogue.START)
        self.end_ns = parse_time(catalogue.END)
        self.midnight_ns = parse_time(catalogue.START[:10]) + 1_440 * _MINUTE_NS
        self.feed = settings.feeds[catalogue.FEED].number
        self.backup_feed = settings.feeds[catalogue.BACKUP_FEED].number
        self.walks: dict[str, _Walk] = {}
        for code, (value, movement_bp) in catalogue.CURRENCY_VALUES.items():
            self.walks[code] = self._walk(value, movement_bp)
        self.sources = [self._source(settings, c, row) for c, row in catalogue.rows()]
        self.news = list(NEWS)
        self.wide_until_ns = 0

    def _walk(self, value: float, movement_bp: int) -> _Walk:
        return _Walk(value, movement_bp / 10_000 / math.sqrt(_DAY_SECONDS), self.start_ns)

    def _source(self, settings: Settings, asset_class: str, row: catalogue.Row) -> _Source:
        if asset_class == "forex":
            walks: tuple[_Walk, ...] = (self.walks[row.symbol[:3]], self.walks[row.symbol[3:]])
        else:
            self.walks[row.symbol] = self._walk(row.price, row.movement_bp)
            walks = (self.walks[row.symbol],)
        instrument = settings.instruments[row.symbol]
        return _Source(
            row.symbol,
            instrument.instrument,
            row.activity,
            10**row.digits,
            row.spread_points,
            walks,
            instrument.sessions,
        )

    def quotes(self, count: int) -> Iterator[QuoteRow]:
        open_sources: list[_Source] = []
        weights: list[int] = []
        open_minute = -1
        for time_ns in self._times(count):
            minute = minute_of_week(time_ns)
            if minute != open_minute:
                open_minute = minute
                open_sources = [s for s in self.sources if s.open_at(minute)]
                weights = [s.activity for s in open_sources]
            self._news(time_ns)
            yield self._quote(self.dice.weighted(open_sources, weights), time_ns)

    def _times(self, count: int) -> Iterator[int]:
        """`count` times, ascending, as dense as the hour is busy."""
        step_ns = 15 * _MINUTE_NS
        steps = [
            (start, _ACTIVITY[start // (60 * _MINUTE_NS) % 24])
            for start in range(self.start_ns, self.end_ns, step_ns)
        ]
        total = sum(weight for _, weight in steps)
        index, before = 0, 0
        for n in range(count):
            position = (n + self.dice.uniform()) / count * total
            while position >= before + steps[index][1] and index + 1 < len(steps):
                before += steps[index][1]
                index += 1
            start, weight = steps[index]
            yield start + min(int((position - before) / weight * step_ns), step_ns - 1)

    def _news(self, time_ns: int) -> None:
        while self.news and time_ns >= self.midnight_ns + self.news[0].minute * _MINUTE_NS:
            for name, jump_bp in self.news.pop(0).jumps_bp.items():
                share = jump_bp * (80 + self.dice.below(55)) / 1_000_000
                self.walks[name].value *= 1.0 + share
            self.wide_until_ns = time_ns + _NEWS_MINUTES * _MINUTE_NS

    def _quote(self, source: _Source, time_ns: int) -> QuoteRow:
        value = source.walks[0].advance(time_ns, self.dice)
        if len(source.walks) == 2:
            value /= source.walks[1].advance(time_ns, self.dice)
        twice_mid = int(value * source.scale * 2.0 + 0.5)
        spread = source.spread_points + self.dice.below(source.spread_points // 2 + 1)
        if _ACTIVITY[time_ns // (60 * _MINUTE_NS) % 24] <= _QUIET:
            spread += spread // 2
        if time_ns < self.wide_until_ns:
            spread *= 2 + self.dice.below(3)
        bid = max((twice_mid - spread) // 2, 1)
        return time_ns, source.instrument, self._feed_of(source, time_ns), bid, bid + spread

    def _feed_of(self, source: _Source, time_ns: int) -> int:
        symbol, start, end = _OUTAGE
        minute = (time_ns - self.midnight_ns) // _MINUTE_NS
        if source.symbol == symbol and start <= minute < end:
            return self.backup_feed
        return self.backup_feed if self.dice.below(25) == 0 else self.feed
