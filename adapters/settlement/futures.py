"""Settlements and funding of futures in a day: what the engine sums up against its own parts.

This file may add up and compare; it asks nobody. For every settlement the engine tells each
position and then the instrument. The two must agree: how many positions, the volume of the
long ones, what was paid and what was received.
"""

from typing import Final, NamedTuple

from adapters.describe import Names, describe
from adapters.settlement.reconcile import Finding
from adapters.settlement.standing import Shown
from engine import records
from engine import vocabulary as v

_FIELDS: Final = (
    "sequence", "time", "symbol", "settlement", "price", "rate", "positions", "long_volume",
    "currency", "paid", "received",
)  # fmt: skip


class Sums(NamedTuple):
    """A settlement, added up."""

    positions: int = 0
    long_units: int = 0
    paid_minor: int = 0
    received_minor: int = 0

    def plus(self, units: int, amount: int) -> "Sums":
        return Sums(
            self.positions + 1,
            self.long_units + max(units, 0),
            self.paid_minor + max(-amount, 0),
            self.received_minor + max(amount, 0),
        )


class FuturesSettled:
    """The settlements of a day. `take` every event; read `rows` and `findings`."""

    def __init__(self) -> None:
        self.rows: list[Shown] = []
        self.findings: list[Finding] = []
        self._sums = Sums()
        """Of the positions since the last instrument."""

    def take(self, event: records.Event, names: Names) -> None:
        """An event of the day, in the order of the journal."""
        if isinstance(event, records.PositionSettled):
            self._sums = self._sums.plus(event.position_units, event.profit_minor)
        elif isinstance(event, records.FundingPaid):
            self._sums = self._sums.plus(event.position_units, event.amount_minor)
        elif isinstance(event, records.InstrumentSettled):
            self._close(event, names)

    def _close(self, event: records.InstrumentSettled, names: Names) -> None:
        shown = describe(event, names)
        instrument = names.instruments[event.instrument]
        shown["currency"] = names.of_config(v.CONFIG_CURRENCY, instrument.profit_currency)
        if event.settlement != v.SETTLEMENT_FUNDING:
            shown["rate"] = None
        self.rows.append({key: shown[key] for key in _FIELDS})
        told = Sums(event.positions, event.long_units, event.paid_minor, event.received_minor)
        for name, ours, theirs in zip(Sums._fields, self._sums, told, strict=True):
            if ours != theirs:
                what = f"sequence {event.sequence}, {shown['settlement']} settlement, {name}"
                self.findings.append(Finding(instrument.symbol, what, str(ours), str(theirs)))
        self._sums = Sums()
