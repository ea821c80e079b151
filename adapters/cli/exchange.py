"""What happened on the book venue, told from the events: auctions, liquidations, settlements.

This file may count and word what events say, not judge.
"""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, Final

from adapters.config import Settings
from adapters.units import format_time, unscaled
from engine import records
from engine import vocabulary as v

_MOST_STEPS: Final = 6
"""Of a liquidation told one by one; further ones are added up."""


@dataclass
class Step:
    """One order of a liquidation."""

    told: records.StopOut
    bought: bool = False
    units: int = 0
    cost: int = 0
    """Sum of price x units."""
    deleveraged_units: int = 0
    """Closed against the other side's positions, for want of orders."""


@dataclass
class Liquidation:
    """An account that lost a position of the book venue for want of margin."""

    login: int
    instrument: int
    warning: records.MarginCall | None
    steps: list[Step] = field(default_factory=list)
    insurance_minor: int = 0
    """What the insurance fund paid in."""


class Exchange:
    """Takes every event as it comes; then read `counts`, `lines`, `as_rows`."""

    def __init__(self, settings: Settings) -> None:
        self.instruments = {i.instrument: i for i in settings.instruments.values()}
        self.currencies = {c.currency: c for c in settings.currencies.values()}
        self.events: Counter[str] = Counter()
        self.story: list[tuple[int, str]] = []
        """Time and sentence."""
        self.liquidations: dict[tuple[int, int], Liquidation] = {}
        """By login and instrument."""
        self._calls: dict[int, records.MarginCall] = {}
        self._step: Step | None = None

    def take(self, event: records.Event) -> None:
        note = _NOTES.get(type(event))
        if note is not None:
            note(self, event)

    # ------------------------------------------------------------ events

    def _placed(self, event: records.BookOrderPlaced) -> None:
        self.events["orders"] += 1
        self.events["icebergs"] += event.shown_units > 0
        self.events["stop_orders"] += event.trigger_points > 0

    def _futures(self, event: records.FuturesFilled) -> None:
        self._filled(event)
        step = self._step
        if step is None or (step.told.sequence, step.told.login) != (event.sequence, event.login):
            return
        step.bought = event.side == v.BUY
        step.units += event.volume_units
        step.cost += event.price_points * event.volume_units
        if event.role == v.ROLE_DELEVERAGED:
            step.deleveraged_units += event.volume_units

    def _filled(self, event: records.FuturesFilled | records.SpotFilled) -> None:
        # Two sides of an auction or a deleveraging have one role; a maker has a taker beside it.
        both = event.role in (v.ROLE_AUCTION, v.ROLE_DELEVERAGED)
        self.events["fills"] += event.role == v.ROLE_TAKER or (both and event.side == v.BUY)

    def _triggered(self, event: records.BookOrderTriggered) -> None:
        self.events["triggered"] += 1

    def _phase(self, event: records.PhaseChanged) -> None:
        if event.volume_units:
            volume = self._lots(event.instrument, event.volume_units)
            price = self._price(event.instrument, event.price_points)
            self._say(event, f"{self._symbol(event)}: an auction fills {volume} at {price}")

    def _called(self, event: records.MarginCall) -> None:
        self._calls[event.login] = event

    def _stopped_out(self, event: records.StopOut) -> None:
        instrument = self.instruments[event.instrument]
        if instrument.venue != v.VENUE_BOOK:
            return
        self.events["liquidation_steps"] += 1
        one = self.liquidations.get((event.login, event.instrument))
        if one is None:
            warning = self._calls.get(event.login)
            one = Liquidation(event.login, event.instrument, warning)
            self.liquidations[event.login, event.instrument] = one
        self._step = Step(event)
        one.steps.append(self._step)

    def _entry(self, event: records.LedgerEntry) -> None:
        if event.entry_type == v.ENTRY_INSURANCE and event.balance_delta_minor > 0:
            for one in self.liquidations.values():
                if one.login == event.login:
                    one.insurance_minor += event.balance_delta_minor
                    return

    def _settled(self, event: records.InstrumentSettled) -> None:
        kind = v.SETTLEMENT_NAMES[event.settlement]
        volume = self._lots(event.instrument, event.long_units)
        sums = [
            self._money(event.instrument, amount)
            for amount in (event.paid_minor, event.received_minor)
        ]
        what = f"{kind} settlement at {self._price(event.instrument, event.price_points)}"
        if event.settlement == v.SETTLEMENT_FUNDING:
            what = f"funding of {unscaled(event.rate_e8, 6).normalize():f} %"
        self._say(
            event,
            f"{self._symbol(event)}: {what}, open interest {volume},"
            f" paid {sums[0]}, received {sums[1]}",
        )

    def _margin(self, event: records.MarginChanged) -> None:
        initial, maintenance = (
            self._money(event.instrument, amount)
            for amount in (event.initial_margin_minor, event.maintenance_margin_minor)
        )
        self._say(
            event,
            f"{self._symbol(event)}: from now on {initial} margin a lot, {maintenance} to hold it",
        )

    def _say(self, event: records.Event, text: str) -> None:
        self.story.append((event.time_ns, text))

    # ------------------------------------------------------------ results

    def counts(self) -> dict[str, int]:
        """How often what happened; empty where nothing did."""
        return dict(+self.events)

    def lines(self) -> list[str]:
        """The day for a reader: the story, then every liquidation."""
        told = [f"{_clock(time_ns)}  {text}" for time_ns, text in self.story]
        for one in self.liquidations.values():
            told.append(f"account {one.login} is liquidated, {self._symbol(one)}:")
            told += [f"  {text}" for text in self._told(one)]
        return told

    def _told(self, one: Liquidation) -> list[str]:
        lines = []
        if one.warning is not None:
            level = f"{unscaled(one.warning.level_bp, 2)} % of the margin"
            equity = self._money(one.instrument, one.warning.equity_minor)
            lines.append(f"{_clock(one.warning.time_ns)}  margin call: equity {equity}, {level}")
        for step in one.steps[:_MOST_STEPS]:
            volume = self._lots(one.instrument, step.units)
            did = "bought" if step.bought else "sold"
            level = f"{unscaled(step.told.level_bp, 2)} % of the margin"
            equity = self._money(one.instrument, step.told.equity_minor)
            text = f"equity {equity}, {level}: {volume} {did}"
            price = self._average(one, step)
            if price is not None:
                text += f" at {price:,f}"
            if step.deleveraged_units:
                closed = self._lots(one.instrument, step.deleveraged_units)
                text += f", {closed} of them against positions of the other side"
            lines.append(f"{_clock(step.told.time_ns)}  {text}")
        if len(one.steps) > _MOST_STEPS:
            more = sum(step.units for step in one.steps[_MOST_STEPS:])
            lines.append(f"          and {self._lots(one.instrument, more)} more")
        if one.insurance_minor:
            paid = self._money(one.instrument, one.insurance_minor)
            when = _clock(one.steps[-1].told.time_ns)
            lines.append(f"{when}  the insurance fund pays the {paid} that are missing")
        return lines

    def as_rows(self) -> list[dict[str, Any]]:
        """Every liquidation as names and values."""
        return [
            {
                "login": one.login,
                "symbol": self._symbol(one),
                "margin_call": None if one.warning is None else format_time(one.warning.time_ns),
                "steps": [
                    {
                        "time": format_time(step.told.time_ns),
                        "level_percent": unscaled(step.told.level_bp, 2),
                        "volume": self._volume(one.instrument, step.units),
                        "price": self._average(one, step),
                        "deleveraged": self._volume(one.instrument, step.deleveraged_units),
                    }
                    for step in one.steps
                ],
                "insurance": self._amount(one.instrument, one.insurance_minor),
            }
            for one in self.liquidations.values()
        ]

    def _symbol(self, what: Any) -> str:
        return self.instruments[what.instrument].symbol

    def _volume(self, instrument: int, units: int) -> Decimal:
        return unscaled(units, self.instruments[instrument].volume_digits)

    def _lots(self, instrument: int, units: int) -> str:
        volume = self._volume(instrument, units)
        return f"{volume} lot" if volume == 1 else f"{volume:,f} lots"

    def _price(self, instrument: int, points: int) -> str:
        return f"{unscaled(points, self.instruments[instrument].digits):,f}"

    def _average(self, one: Liquidation, step: Step) -> Decimal | None:
        """The price of a step, rounded; None where nothing was closed."""
        if not step.units:
            return None
        points = (2 * step.cost + step.units) // (2 * step.units)
        return unscaled(points, self.instruments[one.instrument].digits)

    def _amount(self, instrument: int, minor: int) -> Decimal:
        currency = self.currencies[self.instruments[instrument].profit_currency]
        return unscaled(minor, currency.digits)

    def _money(self, instrument: int, minor: int) -> str:
        code = self.currencies[self.instruments[instrument].profit_currency].code
        return f"{self._amount(instrument, minor):,f} {code}"


def _clock(time_ns: int) -> str:
    """The time of day."""
    return format_time(time_ns)[11:19]


_NOTES: Final[dict[type[records.Event], Callable[[Exchange, Any], None]]] = {
    records.BookOrderPlaced: Exchange._placed,
    records.BookOrderTriggered: Exchange._triggered,
    records.FuturesFilled: Exchange._futures,
    records.SpotFilled: Exchange._filled,
    records.PhaseChanged: Exchange._phase,
    records.MarginCall: Exchange._called,
    records.StopOut: Exchange._stopped_out,
    records.LedgerEntry: Exchange._entry,
    records.InstrumentSettled: Exchange._settled,
    records.MarginChanged: Exchange._margin,
}
