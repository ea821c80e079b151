"""Take profit and stop loss: when they are reached, at which price they close, and what
holds them back (RULES section 4, stage 4; SEMANTICS sections 6 to 8).

Quotes are EURUSD in points; every world starts at 110000/110010. A buy opens at 110010, a
sell at 110000, and one lot moves 100 (1.00 USD) a point.
"""

import pytest

from engine import Hooks
from engine import records as r
from engine import vocabulary as v
from tests.rules.told import told
from tests.rules.world import CLIENT, GBPUSD, NETTER, USD, Row, World, name_of, outcome, steps

TICK_POLICY = {"gap_policy": v.GAP_TICK}
MARKUP = {"markup_bid_points": -5, "markup_ask_points": 7}
MANUAL = {"execution_mode": v.EXECUTION_MANUAL}
TAKES_STOPS = Hooks(stops_filter=lambda *_: v.RET_OK)
TAKES_STOP_LOSSES = Hooks(
    stops_filter=lambda *a: v.RET_OK if a[3] == v.STAGE_STOP_LOSS else v.RET_OK_NONE
)
REFUSES_STOPS = Hooks(stops_apply=lambda *a: (v.RET_OK_NONE, a[-1]))

PRICES = [
    Row(
        "a buy's take profit is not reached one point below",
        given=lambda w: w.buy(tp=110_100),
        when=lambda w: w.tick(110_099),
        then=[],
    ),
    Row(
        "a buy's take profit is reached by the bid at its price",
        given=lambda w: w.buy(tp=110_100),
        when=lambda w: w.tick(110_100),
        then=["closed #1 100 at 110100 take_profit +9000"],
    ),
    Row(
        "beyond it, classic closes at the take profit",
        given=lambda w: w.buy(tp=110_100),
        when=lambda w: w.tick(110_150),
        then=["closed #1 100 at 110100 take_profit +9000"],
    ),
    Row(
        "beyond it, policy tick closes at the quote",
        group=TICK_POLICY,
        given=lambda w: w.buy(tp=110_100),
        when=lambda w: w.tick(110_150),
        then=["closed #1 100 at 110150 take_profit +14000"],
    ),
    Row(
        "a buy's stop loss is not reached one point above",
        given=lambda w: w.buy(sl=109_900),
        when=lambda w: w.tick(109_901),
        then=[],
    ),
    Row(
        "a buy's stop loss is reached by the bid at its price",
        given=lambda w: w.buy(sl=109_900),
        when=lambda w: w.tick(109_900),
        then=["closed #1 100 at 109900 stop_loss -11000"],
    ),
    Row(
        "beyond it, classic closes a stop loss at the first price there is",
        given=lambda w: w.buy(sl=109_900),
        when=lambda w: w.tick(109_800),
        then=["closed #1 100 at 109800 stop_loss -21000"],
    ),
    Row(
        "and so does policy tick",
        group=TICK_POLICY,
        given=lambda w: w.buy(sl=109_900),
        when=lambda w: w.tick(109_800),
        then=["closed #1 100 at 109800 stop_loss -21000"],
    ),
    Row(
        "a sell's take profit is not reached while the ask is a point above",
        given=lambda w: w.sell(tp=109_900),
        when=lambda w: w.tick(109_891, 109_901),
        then=[],
    ),
    Row(
        "a sell's take profit is reached by the ask",
        given=lambda w: w.sell(tp=109_900),
        when=lambda w: w.tick(109_880, 109_890),
        then=["closed #1 100 at 109900 take_profit +10000"],
    ),
    Row(
        "a sell's stop loss is reached by the ask while the bid is below it",
        given=lambda w: w.sell(sl=110_100),
        when=lambda w: w.tick(110_000, 110_100),
        then=["closed #1 100 at 110100 stop_loss -10000"],
    ),
    Row(
        "the group's bid counts: with a markup of -5 the quote must be 5 higher",
        group=MARKUP,
        given=lambda w: w.buy(tp=110_100),
        when=lambda w: w.tick(110_104),
        then=[],
    ),
    Row(
        "and then the buy, opened with the ask's markup of 7, closes at its price",
        group=MARKUP,
        given=lambda w: w.buy(tp=110_100),
        when=lambda w: w.tick(110_105),
        then=["closed #1 100 at 110100 take_profit +8300"],
    ),
    Row(
        "the group's ask counts for sells",
        group=MARKUP,
        given=lambda w: w.sell(sl=110_100),
        when=lambda w: w.tick(110_083, 110_093),
        then=["closed #1 100 at 110100 stop_loss -10500"],
    ),
    Row(
        "a new markup moves what is reached, from the next quote on",
        given=steps(lambda w: w.buy(tp=110_100), lambda w: w.group(markup_bid_points=50)),
        when=lambda w: w.tick(110_050),
        then=["closed #1 100 at 110100 take_profit +9000"],
    ),
]


def both_reached(*more: object) -> object:
    """A netting buy whose stop loss was moved above its take profit by a later order."""
    return steps(
        lambda w: w.buy(tp=110_100, login=NETTER),
        lambda w: w.terms(stp_stops=True),
        lambda w: w.tick(111_000),
        lambda w: w.buy(sl=110_900, login=NETTER),
        lambda w: w.terms(stp_stops=False),
        *more,
    )


HELD_BACK = [
    Row(
        "take profit goes before stop loss",
        group=TICK_POLICY,
        given=both_reached(),
        when=lambda w: w.tick(110_500),
        then=["closed #1 200 at 110500 take_profit -2000"],
    ),
    Row(
        "a refused take profit still leaves the stop loss to be tested",
        hooks=TAKES_STOP_LOSSES,
        group=TICK_POLICY,
        given=both_reached(lambda w: w.group(execution_mode=v.EXECUTION_MANUAL)),
        when=lambda w: w.tick(110_500),
        then=[
            "refused #1 take_profit left_to_dealer",
            "closed #1 200 at 110500 stop_loss -2000",
        ],
    ),
    Row(
        "FIFO: a younger position's take profit waits for the older position",
        group={"fifo": True},
        given=steps(lambda w: w.buy(), lambda w: w.buy(tp=110_100)),
        when=lambda w: w.tick(110_100),
        then=["refused #2 take_profit fifo"],
    ),
    Row(
        "FIFO: the refusal is told once",
        group={"fifo": True},
        given=steps(lambda w: w.buy(), lambda w: w.buy(tp=110_100), lambda w: w.tick(110_100)),
        when=lambda w: w.tick(110_200),
        then=[],
    ),
    Row(
        "FIFO: once the older is closed, the next quote closes the younger",
        group={"fifo": True},
        given=steps(
            lambda w: w.buy(),
            lambda w: w.buy(tp=110_100),
            lambda w: w.tick(110_100),
            lambda w: w.close(1),
        ),
        when=lambda w: w.tick(110_100),
        then=["closed #2 100 at 110100 take_profit +9000"],
    ),
    Row(
        "FIFO: the older closes first and the younger with the same quote",
        group={"fifo": True},
        given=steps(lambda w: w.buy(10, sl=109_900), lambda w: w.buy(10, sl=109_950)),
        when=lambda w: w.tick(109_900),
        then=[
            "closed #1 10 at 109900 stop_loss -1100",
            "closed #2 10 at 109900 stop_loss -1100",
        ],
    ),
    Row(
        "FIFO counts within one instrument",
        group={"fifo": True},
        given=steps(
            lambda w: w.tick(125_000, instrument=GBPUSD),
            lambda w: w.buy(10, instrument=GBPUSD),
            lambda w: w.buy(10, tp=110_100),
        ),
        when=lambda w: w.tick(110_100),
        then=["closed #2 10 at 110100 take_profit +900"],
    ),
    Row(
        "FIFO: the rest of a partial close is still the oldest",
        group={"fifo": True},
        given=steps(lambda w: w.buy(20), lambda w: w.buy(10, tp=110_100), lambda w: w.close(1, 10)),
        when=lambda w: w.tick(110_100),
        then=["refused #2 take_profit fifo"],
    ),
    Row(
        "STP: stop levels belong to the gateway",
        group={"stp_stops": True},
        given=lambda w: w.buy(sl=109_900, tp=110_100),
        when=lambda w: w.tick(109_000),
        then=[],
    ),
    Row(
        "STP: an override for the instrument takes them back",
        group={"stp_stops": True},
        given=steps(lambda w: w.terms(stp_stops=False), lambda w: w.buy(sl=109_900)),
        when=lambda w: w.tick(109_900),
        then=["closed #1 100 at 109900 stop_loss -11000"],
    ),
    Row(
        "STP: a hook is not asked either",
        group={"stp_stops": True},
        hooks=TAKES_STOPS,
        given=lambda w: w.buy(sl=109_900),
        when=lambda w: w.tick(109_000),
        then=[],
    ),
    Row(
        "manual execution leaves the stop loss to a dealer",
        given=steps(lambda w: w.buy(sl=109_900), lambda w: w.group(**MANUAL)),
        when=lambda w: w.tick(109_900),
        then=["refused #1 stop_loss left_to_dealer"],
    ),
    Row(
        "a refused stop loss closes by itself once the group is automatic",
        given=steps(
            lambda w: w.buy(sl=109_900),
            lambda w: w.group(**MANUAL),
            lambda w: w.tick(109_900),
            lambda w: w.group(execution_mode=v.EXECUTION_AUTO),
        ),
        when=lambda w: w.tick(109_890),
        then=["closed #1 100 at 109890 stop_loss -12000"],
    ),
    Row(
        "a refused stop loss whose price went back is forgotten by the quote",
        given=steps(
            lambda w: w.buy(sl=109_900),
            lambda w: w.group(**MANUAL),
            lambda w: w.tick(109_900),
            lambda w: w.group(execution_mode=v.EXECUTION_AUTO),
        ),
        when=lambda w: w.tick(109_950),
        then=[],
    ),
    Row(
        "a take profit left to a dealer after a stop loss was is told, too",
        given=steps(
            lambda w: w.buy(sl=109_900, tp=110_100),
            lambda w: w.group(**MANUAL),
            lambda w: w.tick(109_900),
        ),
        when=lambda w: w.tick(110_100),
        then=["refused #1 take_profit left_to_dealer"],
    ),
    Row(
        "and after that the stop loss again",
        given=steps(
            lambda w: w.buy(sl=109_900, tp=110_100),
            lambda w: w.group(**MANUAL),
            lambda w: w.tick(109_900),
            lambda w: w.tick(110_100),
        ),
        when=lambda w: w.tick(109_900),
        then=["refused #1 stop_loss left_to_dealer"],
    ),
    Row(
        "what was left to the dealers is closed when the last of them goes",
        group={"execution_mode": v.EXECUTION_AUTO_IF_NO_DEALER},
        given=steps(
            lambda w: w.buy(sl=109_900),
            lambda w: w.dealer(),
            lambda w: w.tick(109_900),
            lambda w: w.dealer(online=False),
        ),
        when=lambda w: w.tick(109_890),
        then=["closed #1 100 at 109890 stop_loss -12000"],
    ),
    Row(
        "or when its account moves to a group that is automatic",
        given=steps(
            lambda w: w.buy(sl=109_900),
            lambda w: w.group(**MANUAL),
            lambda w: w.tick(109_900),
            lambda w: w.send(r.Group(group=2, name="automatic", currency=USD)),
            lambda w: w.account(CLIENT, group=2),
        ),
        when=lambda w: w.tick(109_890),
        then=["closed #1 100 at 109890 stop_loss -12000"],
    ),
    Row(
        "or when the override of its instrument says so",
        given=steps(
            lambda w: w.buy(sl=109_900),
            lambda w: w.group(**MANUAL),
            lambda w: w.tick(109_900),
            lambda w: w.terms(execution_mode=v.EXECUTION_AUTO),
        ),
        when=lambda w: w.tick(109_890),
        then=["closed #1 100 at 109890 stop_loss -12000"],
    ),
    Row(
        "another reason is told again",
        hooks=REFUSES_STOPS,
        given=steps(
            lambda w: w.buy(sl=109_900),
            lambda w: w.group(**MANUAL),
            lambda w: w.tick(109_900),
            lambda w: w.group(execution_mode=v.EXECUTION_AUTO),
        ),
        when=lambda w: w.tick(109_890),
        then=["refused #1 stop_loss hook"],
    ),
    Row(
        "after a modification the same reason is told again",
        hooks=REFUSES_STOPS,
        given=steps(
            lambda w: w.buy(sl=109_900),
            lambda w: w.tick(109_900),
            lambda w: w.levels(1, sl=109_800),
        ),
        when=lambda w: w.tick(109_800),
        then=["refused #1 stop_loss hook"],
    ),
    Row(
        "after a partial close the same reason is told again, under the new ticket",
        hooks=REFUSES_STOPS,
        given=steps(
            lambda w: w.buy(sl=109_900), lambda w: w.tick(109_900), lambda w: w.close(1, 50)
        ),
        when=lambda w: w.tick(109_890),
        then=["refused #2 stop_loss hook"],
    ),
    Row(
        "a position whose close waits for a dealer is left alone",
        hooks=TAKES_STOPS,
        group={"execution_mode": v.EXECUTION_AUTO_IF_NO_DEALER},
        given=steps(lambda w: w.buy(sl=109_900), lambda w: w.dealer(), lambda w: w.close(1)),
        when=lambda w: w.tick(109_900),
        then=[],
    ),
    Row(
        "and closed by the next quote after the dealer's time is over",
        hooks=TAKES_STOPS,
        group={"execution_mode": v.EXECUTION_AUTO_IF_NO_DEALER},
        given=steps(
            lambda w: w.buy(sl=109_900),
            lambda w: w.dealer(),
            lambda w: w.close(1),
            lambda w: w.wait(30),
        ),
        when=lambda w: w.tick(109_900),
        then=["requoted #1 request_timeout", "closed #1 100 at 109900 stop_loss -11000"],
    ),
]


@pytest.mark.parametrize("row", PRICES, ids=name_of)
def test_stops_are_reached_by_the_closing_price(row: Row) -> None:
    assert told(outcome(row)) == row.then


@pytest.mark.parametrize("row", HELD_BACK, ids=name_of)
def test_what_holds_a_stop_back(row: Row) -> None:
    assert told(outcome(row)) == row.then


def _no_profit_and_none_below(*arguments: int) -> tuple[int, int]:
    """Refuses every take profit, and every price below 1.08950."""
    stage, price = arguments[3], arguments[-1]
    refuses = stage == v.STAGE_TAKE_PROFIT or price < 108_950
    return v.RET_OK_NONE if refuses else v.RET_OK, price


def both_levels_reached(world: World) -> None:
    """A stop loss was refused; a take profit below it came with a later order."""
    world.buy(login=NETTER, sl=109_000)
    world.tick(108_900)
    world.buy(10, login=NETTER, tp=108_960)


def test_a_stop_loss_is_tested_on_the_tick_on_which_a_take_profit_is_refused() -> None:
    world = World(Hooks(stops_apply=_no_profit_and_none_below))
    both_levels_reached(world)
    assert told(world.tick(108_970)) == [
        "refused #1 take_profit hook",
        "closed #1 110 at 108970 stop_loss -103400",
    ]


def test_a_stop_loss_is_tested_on_the_tick_on_which_a_take_profit_is_left_to_a_dealer() -> None:
    def no_profit(*arguments: int) -> int:
        return v.RET_OK if arguments[3] == v.STAGE_STOP_LOSS else v.RET_OK_NONE

    hooks = Hooks(stops_filter=no_profit, stops_apply=_no_profit_and_none_below)
    world = World(hooks)
    both_levels_reached(world)
    world.group(execution_mode=v.EXECUTION_MANUAL)
    assert told(world.tick(108_970)) == [
        "refused #1 take_profit left_to_dealer",
        "closed #1 110 at 108970 stop_loss -103400",
    ]
