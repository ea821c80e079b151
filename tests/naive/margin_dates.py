"""Margin by date: which row is in force, and what follows when another comes (RULES section 9).

An instrument goes by the row that it has taken. A row is taken when its time has come, before
the timers of the first command that brings that time, one instrument after another.
"""

from engine import records as r
from tests.naive import fills
from tests.naive.frozen import in_force, rows_come
from tests.naive.stop_out import tick_stop_out
from tests.naive.world import World

__all__ = ["fire", "in_force"]


def fire(world: World) -> None:
    """Every instrument whose next row has come, by number; each has its stop-outs at once."""
    for number, config in sorted(world.instruments.items()):
        looked_at_ns = world.margins_as_of.get(number, world.time_ns)
        world.margins_as_of[number] = world.time_ns
        if rows_come(config, world.time_ns) > rows_come(config, looked_at_ns):
            take_row(world, number)


def take_row(world: World, number: int) -> None:
    """Tell it, make the margins of its positions anew, look for stop-outs."""
    initial, maintenance = in_force(world.instruments[number], world.time_ns)
    world.emit(
        r.MarginChanged,
        instrument=number,
        initial_margin_minor=initial,
        maintenance_margin_minor=maintenance,
    )
    for login, account in sorted(world.accounts.items()):
        for position in world.positions_of(login, number):
            before = account.ledger_margin
            fills.reprice(world, account, [number], 0, position.ticket)
            if account.ledger_margin != before:
                world.touched.append(login)
    tick_stop_out(world, number)
