"""What follows a command on the book venue: one due book after another has its round.

Whatever happens to a book makes it due (RULES section 9). A round tells the depth, takes the
quote, and acts on what the quote or the last price has reached; that may make books due again.
"""

from engine import bounds
from engine import records as r
from engine import vocabulary as v
from tests.naive import matching, stop_out, triggers
from tests.naive.quotes import tick_mark
from tests.naive.world import World


def make_due(world: World, instrument: int) -> None:
    """At the end of the list, unless it is on it."""
    if instrument not in world.due:
        world.due.append(instrument)


def run_rounds(world: World) -> None:
    """As long as a book is due; what is left over tells its depth, and takes a first quote."""
    made = 0
    while world.due and made < bounds.MAX_ROUNDS:
        round_of(world, world.due.pop(0))
        made += 1
    for instrument in world.due:
        tell_depth(world, instrument)
        if instrument not in world.quotes:
            take_quote(world, instrument)
    world.due.clear()


def trades(world: World, instrument: int) -> bool:
    """Whether orders meet in the book now."""
    continuous = world.phase_of(instrument) == v.PHASE_CONTINUOUS
    return continuous and world.session_open(instrument) and not world.expired(instrument)


def round_of(world: World, instrument: int) -> None:
    tell_depth(world, instrument)
    marked = take_quote(world, instrument)
    act_on_price(world, instrument, marked)


def act_on_price(world: World, instrument: int, marked: bool) -> None:
    """Steps 2 to 5, at the trigger price of now; a tick of a book instrument comes in here."""
    if trades(world, instrument):
        prices = triggers.trigger_prices(world, instrument)
        reached = triggers.detect(world, instrument, prices)
        triggers.close_at_stops(world, instrument, prices)
        triggers.activate_all(world, reached, prices)
    if marked:
        stop_out.tick_stop_out(world, instrument)


def take_quote(world: World, instrument: int) -> bool:
    """The quote by the instrument's mark; whether it is another than before."""
    made = quote_of_book(world, instrument)
    quote = world.quotes.get(instrument)
    if made is None or (quote is not None and (quote.bid, quote.ask) == made):
        return False
    tick_mark(world, instrument, *made)
    return True


def quote_of_book(world: World, instrument: int) -> tuple[int, int] | None:
    """Bid and ask that the book itself gives; None: it gives none now."""
    mark = world.instruments[instrument].mark
    last = world.last_prices.get(instrument, 0)
    if mark == v.MARK_TICK:
        return None
    if mark == v.MARK_LAST:
        return (last, last) if last else None
    buying = matching.side_of_book(world, instrument, v.BUY)
    selling = matching.side_of_book(world, instrument, v.SELL)
    if world.phase_of(instrument) == v.PHASE_CONTINUOUS and buying and selling:
        return buying[0].price, selling[0].price
    return (last, last) if instrument in world.filled else None


def tell_depth(world: World, instrument: int) -> None:
    """Every level that is another than when it was last looked at; what is hidden is not told."""
    depth: dict[tuple[int, int], tuple[int, int]] = {}
    for side in (v.BUY, v.SELL):
        for order in matching.side_of_book(world, instrument, side):
            volume, orders = depth.get((side, order.price), (0, 0))
            depth[side, order.price] = (volume + order.shown, orders + 1)
    before = world.depths.get(instrument, {})
    world.depths[instrument] = depth
    if not world.instruments[instrument].depth_events:
        return
    levels = sorted(
        {*before, *depth},
        key=lambda level: (level[0], -level[1] if level[0] == v.BUY else level[1]),
    )
    for side, price in levels:
        volume, orders = depth.get((side, price), (0, 0))
        if (volume, orders) != before.get((side, price), (0, 0)):
            world.emit(
                r.DepthChanged,
                instrument=instrument,
                side=side,
                price_points=price,
                volume_units=volume,
                orders=orders,
            )
