"""Stage 6 of a tick: margin calls and stop-outs, in login order (RULES section 4).

Every figure is computed anew before each step. A position of the book venue goes the way of
a liquidation (section 9), and no hook is asked.
"""

from fractions import Fraction

from engine import bounds
from engine import records as r
from engine import vocabulary as v
from tests.naive import admission as a
from tests.naive import figures, fills, liquidation, money, rounds
from tests.naive.hooks import apply_hook, filter_hook, refuse
from tests.naive.world import Account, Position, World


def tick_stop_out(world: World, instrument: int) -> None:
    for _, account in sorted(world.accounts.items()):
        if not concerned(world, account, instrument):
            continue
        margin_call(world, account, instrument)
        if not world.group_of(account).stp_stop_outs:
            stop_out(world, account, instrument)


def concerned(world: World, account: Account, instrument: int) -> bool:
    """Holds a position in the instrument, or one converted through it, or was touched."""
    held = world.positions_of(account.login)
    if held and account.login in world.touched:
        return True
    to = world.group_of(account).currency
    for position in held:
        if position.instrument == instrument:
            return True
        of = world.instruments[position.instrument].profit_currency
        route = money.conversion_route(world, of, to) or []
        if any(step.instrument == instrument for step in route):
            return True
    return False


def share_floor(amount: int, numerator: int, denominator: int) -> int:
    return int(Fraction(amount * numerator, denominator).__floor__())


def margin_call(world: World, account: Account, instrument: int) -> None:
    """Alert once at or below the call level; re-arm above 1.05 times the level."""
    group = world.group_of(account)
    equity, margin = figures.equity(world, account), figures.margin(account)
    percent = group.level_type == v.LEVEL_PERCENT
    call = group.margin_call_level
    names = {
        "login": account.login,
        "tick_sequence": world.tick_sequence(instrument),
        "equity_minor": equity,
        "margin_minor": margin,
        "level_bp": figures.level_bp(equity, margin),
    }
    armed = not (percent and margin == 0)
    threshold = share_floor(margin, call, 10_000) if percent else call
    rearm = share_floor(margin * call, 105, 1_000_000) if percent else share_floor(call, 105, 100)
    if armed and equity <= threshold and not account.under_call:
        account.under_call = True
        world.emit(r.MarginCall, threshold=call, **names)
    elif account.under_call and (not armed or equity > rearm):
        account.under_call = False
        world.emit(r.MarginCallCleared, **names)


def stop_out_reached(world: World, account: Account) -> bool:
    group = world.group_of(account)
    equity, margin = figures.equity(world, account), figures.margin(account)
    if group.level_type == v.LEVEL_MONEY:
        return equity <= group.stop_out_level
    if margin == 0:
        return equity < 0 and not group.skip_fully_hedged
    return equity <= share_floor(margin, group.stop_out_level, 10_000)


def stop_out(world: World, account: Account, instrument: int) -> None:
    """Close one position after another until the account is above the level."""
    for _ in range(bounds.MAX_STOP_OUT_STEPS):
        if not world.positions_of(account.login) or not stop_out_reached(world, account):
            return
        position = choose_for_stop_out(world, account)
        if position is None:
            return refuse_stop_out(world, account, instrument)
        step = liquidation.liquidate if world.on_book(position.instrument) else stop_out_one
        if not step(world, account, position, world.tick_sequence(instrument)):
            return
        account.refused = (0, 0)


def refuse_stop_out(world: World, account: Account, instrument: int) -> None:
    """No position can be closed now; told once."""
    refusal = (v.STAGE_STOP_OUT, v.REFUSED_NOT_TRADABLE)
    if account.refused == refusal:
        return
    account.refused = refusal
    world.emit(
        r.TriggerRefused,
        login=account.login,
        tick_sequence=world.tick_sequence(instrument),
        ticket=0,
        instrument=0,
        stage=v.STAGE_STOP_OUT,
        reason=v.REFUSED_NOT_TRADABLE,
    )


def choose_for_stop_out(world: World, account: Account) -> Position | None:
    """The largest loss; with FIFO the worst of the oldest losing positions per instrument."""

    def tradable(position: Position) -> bool:
        terms = world.terms(account, position.instrument)
        quoted = position.instrument in world.quotes
        enabled = terms.trade_mode != v.TRADE_DISABLED
        if world.on_book(position.instrument):
            open_now = rounds.trades(world, position.instrument)
        else:
            open_now = world.session_open(position.instrument)
        return quoted and enabled and open_now

    eligible = [
        (figures.position_profit(world, p), p)
        for p in world.positions_of(account.login)
        if tradable(p) and p.close_request is None
    ]
    if world.group_of(account).fifo:
        eligible = oldest_per_instrument([e for e in eligible if e[0] < 0] or eligible)
    if not eligible:
        return None
    return min(eligible, key=lambda entry: (entry[0], entry[1].ticket))[1]


def oldest_per_instrument(
    entries: list[tuple[int, Position]],
) -> list[tuple[int, Position]]:
    oldest: dict[int, tuple[int, Position]] = {}
    for entry in sorted(entries, key=lambda e: e[1].opened):
        oldest.setdefault(entry[1].instrument, entry)
    return list(oldest.values())


def stop_out_one(world: World, account: Account, position: Position, tick_sequence: int) -> bool:
    """Filter, prepare, apply, close; False when the account must be left."""
    stage, instrument = v.STAGE_STOP_OUT, position.instrument
    close = world.closing_price(account, instrument, position.side)
    answer = filter_hook(world, "stop_outs_filter", position, stage, 0, close)
    execution = world.terms(account, instrument).execution_mode
    if answer != v.RET_OK and not a.automated(world, execution):
        refuse(world, position, stage, v.REFUSED_LEFT_TO_DEALER)
        return False
    code, price = apply_hook(world, "stop_outs_apply", position, stage, 0, close)
    if code != v.RET_OK:
        refuse(world, position, stage, v.REFUSED_HOOK)
        return False
    liquidation.tell_stop_out(world, account, position, tick_sequence, price)
    fills.close_position(world, position, position.volume, price, v.REASON_STOP_OUT)
    return True
