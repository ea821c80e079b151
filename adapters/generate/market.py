"""What a client can see: quotes, sessions, and rough values in any currency.

This file may not touch the engine. Values here are a client's estimates (doubles), good
for choosing a volume; the core computes its own, exactly.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from adapters.config import Settings
from adapters.generate.prices import minute_of_week
from engine import records
from engine import vocabulary as v

_ANCHOR_NS = 900 * 10**9


@dataclass
class Sight:
    """What is seen of one instrument. `bid_points` 0: no quote yet."""

    instrument: records.Instrument
    bid_points: int = 0
    ask_points: int = 0
    anchor_points: int = 0
    """The bid some 15 to 30 minutes ago: rising or falling?"""
    anchor_ns: int = 0
    next_anchor_points: int = 0
    quoted_ns: int = 0
    feed: int = 0
    """The active feed."""

    def stale(self, time_ns: int) -> bool:
        """Whether the quote is too old to trade on."""
        threshold_ns = self.instrument.staleness_ms * 1_000_000
        return 0 < threshold_ns < time_ns - self.quoted_ns

    def spread_points(self) -> int:
        return max(self.ask_points - self.bid_points, 1)

    def rising(self) -> bool:
        return self.bid_points >= self.anchor_points

    def opening(self, side: int) -> int:
        return self.ask_points if side == v.BUY else self.bid_points

    def closing(self, side: int) -> int:
        return self.bid_points if side == v.BUY else self.ask_points

    def on_tick_size(self, points: int) -> int:
        """The nearest price below that an order may have; at least one tick."""
        tick = self.instrument.tick_size_points
        return max(points // tick, 1) * tick


class Market:
    """The latest quotes of all instruments."""

    def __init__(self, settings: Settings) -> None:
        self.sights = {i.instrument: Sight(i) for i in settings.instruments.values()}
        self.digits = {c.currency: c.digits for c in settings.currencies.values()}
        self._pairs = {
            (i.base_currency, i.profit_currency): self.sights[i.instrument]
            for i in settings.instruments.values()
            if i.profit_mode == v.PROFIT_FOREX
        }
        self._dollar = next(
            (c.currency for c in settings.currencies.values() if c.code == "USD"), 0
        )

    def quote(
        self,
        tick: records.Tick,
        time_ns: int,
        events: Sequence[records.Event],
    ) -> None:
        """A quote went through the core with these events; only the active feed's is seen."""
        sight = self.sights[tick.instrument]
        for event in events:
            if isinstance(event, records.Rejected):
                return
            if isinstance(event, records.FeedSwitched):
                sight.feed = event.feed
        if tick.feed != sight.feed:
            if sight.feed:
                return
            sight.feed = tick.feed
        sight.bid_points = tick.bid_points
        sight.ask_points = tick.ask_points
        sight.quoted_ns = time_ns
        if time_ns - sight.anchor_ns > _ANCHOR_NS:
            sight.anchor_points = sight.next_anchor_points or tick.bid_points
            sight.next_anchor_points = tick.bid_points
            sight.anchor_ns = time_ns

    def is_open(self, instrument: records.Instrument, time_ns: int) -> bool:
        """Whether the instrument's session is open."""
        if not instrument.sessions:
            return True
        minute = minute_of_week(time_ns)
        return any(start <= minute < end for start, end in instrument.sessions)

    def rate(self, source: int, target: int) -> float:
        """Whole units of `target` for one of `source`; 0 where no quote tells."""
        if source == target:
            return 1.0
        direct = self._direct(source, target)
        if direct or self._dollar in (source, target):
            return direct
        return self._direct(source, self._dollar) * self._direct(self._dollar, target)

    def _direct(self, source: int, target: int) -> float:
        pair = self._pairs.get((source, target))
        if pair is not None:
            return pair.bid_points / _scale(pair.instrument.digits)
        pair = self._pairs.get((target, source))
        if pair is not None and pair.bid_points:
            return _scale(pair.instrument.digits) / pair.bid_points
        return 0.0

    def margin_per_lot(self, instrument: records.Instrument, currency: int, leverage: int) -> float:
        """About what one lot needs, in whole units of a currency; 0 if not known."""
        sight = self.sights[instrument.instrument]
        rate = self.rate(instrument.margin_currency, currency)
        mode = instrument.margin_mode
        if instrument.initial_margin_minor:
            margin = instrument.initial_margin_minor / _scale(
                self.digits[instrument.margin_currency]
            )
        else:
            margin = float(instrument.contract_size)
            if mode not in (v.MARGIN_FOREX, v.MARGIN_FOREX_NO_LEVERAGE):
                margin = margin * sight.ask_points / _scale(instrument.digits)
            if mode == v.MARGIN_CFD_INDEX:
                tick_value = instrument.tick_value_minor
                tick_value_whole = tick_value / _scale(self.digits[instrument.profit_currency])
                tick_size = instrument.tick_size_points / _scale(instrument.digits)
                margin = margin * tick_value_whole / tick_size
        if mode in (v.MARGIN_FOREX, v.MARGIN_CFD_LEVERAGE):
            margin /= leverage
        return margin * rate * instrument.margin_percent_bp / 10_000


def _scale(digits: int) -> float:
    """Ten to the power of `digits`, exact."""
    return float(10**digits)
