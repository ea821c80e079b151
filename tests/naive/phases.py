"""Phases of a book instrument, and the one price at which an auction ends (RULES section 9)."""

from engine import records as r
from engine import reject_codes as c
from engine import vocabulary as v
from tests.naive import matching
from tests.naive.rounds import make_due
from tests.naive.world import Refused, World


def set_phase(world: World, command: r.SetPhase) -> None:
    number, phase = command.instrument, command.phase
    if number not in world.instruments:
        raise Refused(c.UNKNOWN_INSTRUMENT, number)
    if not world.on_book(number):
        raise Refused(c.OTHER_VENUE, v.VENUE_QUOTED)
    if phase not in (v.PHASE_CONTINUOUS, v.PHASE_HALTED, v.PHASE_AUCTION):
        raise Refused(c.BAD_PHASE, phase)
    before = world.phase_of(number)
    if before == v.PHASE_EXPIRED:
        raise Refused(c.WRONG_PHASE, before)

    begins = phase == v.PHASE_AUCTION and before != phase
    ends = before == v.PHASE_AUCTION and before != phase
    price, volume = equilibrium(world, number) if ends else (0, 0)
    world.phases[number] = phase
    make_due(world, number)
    world.emit(
        r.PhaseChanged,
        instrument=number,
        phase=phase,
        price_points=price,
        volume_units=volume,
    )
    if volume:
        world.base_prices[number] = price
        fill_auction(world, number, price, volume)
    if begins:
        remove_reduce_only(world, number)


def remove_reduce_only(world: World, instrument: int) -> None:
    for order in matching.orders_in(world, instrument):
        if order.flags & v.REDUCE_ONLY and order.entered:
            matching.remove(world, order, v.REMOVAL_AUCTION)


# ---------------------------------------------------------------- the price of an auction


def equilibrium(world: World, instrument: int) -> tuple[int, int]:
    """Price and volume at which most is filled; 0 and 0 where the book is not crossed."""
    buying = matching.side_of_book(world, instrument, v.BUY)
    selling = matching.side_of_book(world, instrument, v.SELL)
    if not buying or not selling or buying[0].price < selling[0].price:
        return 0, 0

    def demand(price: int) -> int:
        return sum(order.left for order in buying if order.price >= price)

    def supply(price: int) -> int:
        return sum(order.left for order in selling if order.price <= price)

    lowest, highest = selling[0].price, buying[0].price
    limits = sorted({order.price for order in (*buying, *selling)})
    candidates = [price for price in limits if lowest <= price <= highest]
    volume = max(min(demand(p), supply(p)) for p in candidates)
    candidates = [p for p in candidates if min(demand(p), supply(p)) == volume]
    least = min(abs(demand(p) - supply(p)) for p in candidates)
    candidates = [p for p in candidates if abs(demand(p) - supply(p)) == least]
    if all(demand(p) > supply(p) for p in candidates):
        return max(candidates), volume
    if all(demand(p) < supply(p) for p in candidates):
        return min(candidates), volume
    last = world.last_prices.get(instrument, 0)
    return min(candidates, key=lambda p: (abs(p - last), -p)), volume


def fill_auction(world: World, instrument: int, price: int, volume: int) -> None:
    """The first of each side, the buyer's first, until the volume is filled."""
    while volume:
        buyer = matching.side_of_book(world, instrument, v.BUY)[0]
        seller = matching.side_of_book(world, instrument, v.SELL)[0]
        units = min(buyer.shown, seller.shown, volume)
        role = v.ROLE_AUCTION
        matching.fill(world, (buyer, role), (seller, role), units, price)
        volume -= units
