"""Margin by date: what a future's position and orders need changes at times known beforehand.

This file may change the margin in force of an instrument, and with it the margin of positions
and what orders freeze (RULES section 9). `margins` of the configuration has the rows; the
last whose time has come is in force, and before the first the two fields of the instrument.
"""

from mypy_extensions import i64

from engine import vocabulary as v
from engine.core import Core
from engine.exchange.freeze import refreeze_futures
from engine.exchange.position import positions_in
from engine.ledger import post_margin
from engine.margin import futures_margin_minor
from engine.model.instruments import Instrument
from engine.tick.stop_out import stop_out


def row_in_force(margins: list[tuple[int, int, int]], time_ns: i64) -> i64:
    """Place of the last row whose time has come; -1: none."""
    row: i64 = -1
    for from_ns, _, _ in margins:
        if from_ns > time_ns:
            break
        row += 1
    return row


def margin_in_force(
    margins: list[tuple[int, int, int]], otherwise: tuple[int, int], time_ns: i64
) -> tuple[int, int]:
    """Initial and maintenance margin per lot, as configured."""
    row = row_in_force(margins, time_ns)
    if row < 0:
        return otherwise
    _, initial, maintenance = margins[row]
    return initial, maintenance


def take_row(core: Core, instrument: Instrument, row: i64) -> None:
    """The margin of this row is in force; -1: that of the instrument's two fields."""
    assert -1 <= row < i64(len(instrument.margins)), f"{instrument.symbol} has no margin {row}"
    instrument.margin_row = row
    initial, maintenance = _per_lot(instrument)
    if maintenance == 0:
        maintenance = initial
    # Whole by admission: both are multiples of the units of a lot.
    instrument.initial_per_unit_minor = initial // instrument.lot_units
    instrument.maintenance_per_unit_minor = maintenance // instrument.lot_units


def watch_margins(core: Core, instrument: Instrument) -> None:
    """The time of the row after the one in force is watched, if there is one."""
    core.margin_timers.ensure_watches(instrument.number + 1)
    after = instrument.margin_row + 1
    if after < i64(len(instrument.margins)):
        from_ns, _, _ = instrument.margins[after]
        core.margin_timers.set(instrument.number, 0, 0, from_ns)
    else:
        core.margin_timers.remove(instrument.number)


def fire_margins(core: Core) -> None:
    """Every instrument whose next row has come takes the last that has, by number."""
    found: list[int] = []
    core.margin_timers.collect(0, 0, core.time_ns, found)
    found.sort()
    for number in found:
        _change_margin(core, core.instruments[number])


def _change_margin(core: Core, instrument: Instrument) -> None:
    """The new margin, then all that follows from it: positions, orders, stop-out."""
    take_row(core, instrument, row_in_force(instrument.margins, core.time_ns))
    watch_margins(core, instrument)
    initial, maintenance = _per_lot(instrument)
    core.events.margin_changed(instrument.number, initial, maintenance)
    for exposure in positions_in(core, instrument):
        position = exposure.first
        assert position is not None
        delta = futures_margin_minor(exposure) - exposure.margin_minor
        if delta != 0:
            exposure.margin_minor += delta
            exposure.account.changed_positions = True
            post_margin(core, exposure, v.ENTRY_MARGIN_REPRICE, delta, 0, position.ticket)
    for exposure in core.exposures:
        if exposure.instrument is instrument:
            refreeze_futures(exposure)
    stop_out(core, instrument)


def _per_lot(instrument: Instrument) -> tuple[i64, i64]:
    """Initial and maintenance margin per lot of the row in force, as configured."""
    if instrument.margin_row < 0:
        return instrument.initial_margin_minor, instrument.maintenance_margin_minor
    _, initial, maintenance = instrument.margins[instrument.margin_row]
    return initial, maintenance
