"""What can be wrong with quotes, money, accounts and configuration, in the order of the
checks (RULES sections 2 to 4)."""

from typing import Any

from engine import bounds
from engine import records as r
from engine import reject_codes as c
from engine import vocabulary as v
from tests.rules.faults import TIME, TRADES, Command, Fault, older
from tests.rules.faults_of_orders import session
from tests.rules.world import (
    AGENT,
    BACKUP,
    CLIENT,
    EUR,
    EURUSD,
    GBPUSD,
    GROUP,
    INSTRUMENTS,
    JPY,
    MAIN,
    PLAIN_GROUP,
    START_NS,
    USD,
    USDJPY,
    World,
)

OLD = Fault(c.TIME_BACKWARDS, "time", world=older, phase=TIME, detail=START_NS + 5 * 10**9)
BAD = c.BAD_CONFIGURATION


def bad(slot: str, **fields: Any) -> Fault:
    """A configuration field out of range; `detail` is the kind."""
    return Fault(BAD, slot, fields)


TICK = Command(
    "tick",
    r.Tick(instrument=EURUSD, feed=MAIN, bid_points=110_000, ask_points=110_010),
    [
        OLD,
        Fault(c.UNKNOWN_INSTRUMENT, "instrument", {"instrument": 0}, detail=0),
        Fault(c.UNKNOWN_INSTRUMENT, "instrument", {"instrument": 10**15}, detail=10**15),
        Fault(c.UNKNOWN_FEED, "feed", {"feed": 0}, detail=0),
        Fault(c.UNKNOWN_FEED, "feed", {"feed": 3}, detail=3),
        Fault(
            c.UNKNOWN_FEED,
            "feed",
            {"feed": BACKUP},
            lambda w: w.instrument(feeds=[MAIN]),
            detail=BACKUP,
        ),
        Fault(c.QUOTE_OUT_OF_BAND, "bid", {"bid_points": 27_499}, detail=27_499),
        Fault(c.QUOTE_OUT_OF_BAND, "bid", {"bid_points": 440_001}, detail=440_001),
        Fault(c.QUOTE_OUT_OF_BAND, "ask", {"ask_points": 27_499}, detail=27_499),
        Fault(c.QUOTE_OUT_OF_BAND, "ask", {"ask_points": 440_001}, detail=440_001),
        Fault(c.QUOTE_CROSSED, "bid", {"bid_points": 110_011}, detail=110_011),
        Fault(c.QUOTE_CROSSED, "ask", {"ask_points": 109_999}, detail=110_000),
        Fault(c.QUOTE_OUTSIDE_SESSION, "session", world=session),
    ],
)


def at_the_bound(world: World) -> None:
    while world.figures().balance_minor < bounds.MAX_ACCOUNT_MONEY_MINOR:
        room = bounds.MAX_ACCOUNT_MONEY_MINOR - world.figures().balance_minor
        world.deposit(min(room, bounds.MAX_AMOUNT_MINOR))


CORRECTION = Command(
    "correction",
    r.BalanceOperation(login=CLIENT, operation=v.CORRECTION, amount_minor=5, reference=1),
    [
        OLD,
        Fault(c.UNKNOWN_ACCOUNT, "login", {"login": -5}, detail=-5),
        Fault(c.BAD_OPERATION, "operation", {"operation": 6}, detail=6),
        Fault(c.BAD_OPERATION, "operation", {"operation": 0}, detail=0),
        Fault(c.BAD_AMOUNT, "amount", {"amount_minor": 0}, detail=0),
        Fault(c.BAD_AMOUNT, "amount", {"amount_minor": -(2**63)}, detail=-(2**63)),
        Fault(c.BAD_AMOUNT, "amount", {"amount_minor": 2**50 + 1}, detail=2**50 + 1),
        Fault(c.ACCOUNT_MONEY_BOUND, "money", world=at_the_bound, detail=2**55 + 5),
        Fault(c.BAD_REFERENCE, "reference", {"reference": 5_000}, detail=5_000),
        Fault(c.BAD_REFERENCE, "reference", {"reference": -1}, detail=-1),
    ],
)
WITHDRAWAL = Command(
    "withdrawal",
    r.BalanceOperation(login=CLIENT, operation=v.WITHDRAWAL, amount_minor=5),
    [
        Fault(c.BAD_AMOUNT, "amount", {"amount_minor": -5}, detail=-5),
        Fault(c.NO_MONEY, "amount", {"amount_minor": 1_000_001}, detail=1_000_000),
    ],
)
CREDIT_IN = Command(
    "credit in", r.BalanceOperation(login=CLIENT, operation=v.CREDIT_IN, amount_minor=5), [OLD]
)
CREDIT_OUT = Command(
    "credit out",
    r.BalanceOperation(login=CLIENT, operation=v.CREDIT_OUT, amount_minor=5),
    [
        Fault(c.BAD_AMOUNT, "amount", {"amount_minor": 0}, detail=0),
        Fault(c.NO_CREDIT, "amount", {"amount_minor": 6}, detail=5),
    ],
    lambda w: w.balance(v.CREDIT_IN, 5),
)

ACCOUNT = Command(
    "account",
    r.SetAccount(login=CLIENT, group=GROUP, leverage=50, agent_login=AGENT),
    [
        OLD,
        Fault(c.BAD_ACCOUNT_FIELD, "login", {"login": 0}, detail=0),
        Fault(c.BAD_ACCOUNT_FIELD, "mode", {"mode": 2}, detail=2),
        Fault(c.BAD_ACCOUNT_FIELD, "status", {"status": 3}, detail=3),
        Fault(c.UNKNOWN_GROUP, "group", {"group": 7}, detail=7),
        Fault(c.BAD_LEVERAGE, "leverage", {"leverage": -1}, detail=-1),
        Fault(c.BAD_LEVERAGE, "leverage", {"leverage": 10_001}, detail=10_001),
        Fault(c.UNKNOWN_AGENT, "agent", {"agent_login": 77}, detail=77),
        Fault(c.UNKNOWN_AGENT, "agent+login", {"agent_login": CLIENT}, detail=CLIENT),
        Fault(
            c.ACCOUNT_IN_USE,
            "group+agent",
            {"group": 2, "agent_login": 0},
            lambda w: w.send(r.Group(group=2, name="europe", currency=EUR)),
            detail=EUR,
        ),
        Fault(
            c.UNKNOWN_AGENT,
            "group+agent",
            {"group": 2},
            lambda w: w.send(r.Group(group=2, name="europe", currency=EUR)),
            detail=AGENT,
        ),
        Fault(c.ACCOUNT_IN_USE, "mode", {"mode": v.NETTING}, detail=v.NETTING),
    ],
)

CURRENCY = Command(
    "currency",
    r.Currency(currency=EUR, code="EUR", digits=2),
    [
        OLD,
        bad("number", currency=0),
        bad("number", currency=bounds.MAX_CURRENCIES + 1),
        bad("code", code=""),
        bad("code", code="x" * 32),
        bad("code", code="Zürich"),
        bad("code", code="a\tb"),
        bad("digits", digits=-1),
        bad("digits", digits=11),
        Fault(c.NAME_TAKEN, "code", {"code": "USD"}),
        Fault(c.CURRENCY_IN_USE, "code", {"code": "ECU"}),
        Fault(c.CURRENCY_IN_USE, "digits", {"digits": 3}),
    ],
)
FEED = Command(
    "feed",
    r.Feed(feed=BACKUP, name="backup"),
    [
        bad("number", feed=0),
        bad("number", feed=bounds.MAX_FEEDS + 1),
        bad("name", name=""),
        Fault(c.NAME_TAKEN, "name", {"name": "main"}),
    ],
)
PROFILE = Command(
    "profile",
    r.Profile(profile="mt4"),
    [
        OLD,
        bad("profile", profile=""),
        Fault(c.PROFILE_NOT_SUPPORTED, "profile", {"profile": "mt5"}, detail=v.CONFIG_PROFILE),
    ],
)
HOOKS = Command(
    "hooks",
    r.HookSet(module="rules", version="1", source_hash="0" * 64),
    [
        bad("module", module=""),
        bad("version", version="x" * 32),
        bad("hash", source_hash=""),
        bad("hash", source_hash="0" * 129),
    ],
)

INSTRUMENT = Command(
    "instrument",
    INSTRUMENTS[EURUSD],
    [
        OLD,
        bad("number", instrument=0),
        bad("number", instrument=bounds.MAX_INSTRUMENTS + 1),
        bad("symbol", symbol=""),
        bad("class", asset_class="x" * 32),
        bad("digits", digits=11),
        bad("contract", contract_size=0),
        bad("contract", contract_size=10**9 + 1),
        bad("profit mode", profit_mode=2),
        bad("margin mode", margin_mode=5),
        bad("margin mode", margin_mode=v.MARGIN_CFD_INDEX),
        bad("trade mode", trade_mode=5),
        bad("tick size", tick_size_points=0),
        bad("tick value", tick_value_minor=-1),
        bad("step", lot_step_units=0),
        bad("step", lot_step_units=7),
        bad("minimum", lot_min_units=0),
        bad("minimum", lot_min_units=10_001),
        bad("maximum", lot_max_units=100_001),
        bad("limit", position_limit_units=0),
        bad("limit", position_limit_units=2**31),
        bad("percent", margin_percent_bp=-1),
        bad("percent", margin_percent_bp=40_001),
        bad("initial", initial_margin_minor=-1),
        bad("hedged", hedged_size=-1),
        bad("stops level", stops_level_points=-1),
        bad("freeze level", freeze_level_points=2**31),
        bad("staleness", staleness_ms=10**12 + 1),
        bad("band", price_min_points=0),
        bad("band", price_min_points=440_000),
        bad("band", price_max_points=2**31),
        bad("sessions", sessions=[(0, 10_081)]),
        bad("sessions", sessions=[(10, 10)]),
        bad("sessions", sessions=[(10, 20), (19, 30)]),
        bad("sessions", sessions=[(n, n + 1) for n in range(65)]),
        bad("feeds", feeds=[MAIN] * 9),
        Fault(c.UNKNOWN_CURRENCY, "base", {"base_currency": 77}, detail=v.CONFIG_INSTRUMENT),
        Fault(c.UNKNOWN_CURRENCY, "profit", {"profit_currency": 77}),
        Fault(c.UNKNOWN_CURRENCY, "margin", {"margin_currency": 2**40}),
        Fault(c.UNKNOWN_FEED, "feeds", {"feeds": [MAIN, 3]}),
        Fault(c.NAME_TAKEN, "symbol", {"symbol": "GBPUSD"}),
        bad("initial", initial_margin_minor=2**50),
        bad("hedged", hedged_size=100_001),
        bad("value", contract_size=10**9, price_max_points=2**31 - 1),
        Fault(c.INSTRUMENT_IN_USE, "tick size", {"tick_size_points": 5}, World.buy, TRADES),
        Fault(c.INSTRUMENT_IN_USE, "band", {"price_max_points": 440_001}, World.buy, TRADES),
        Fault(c.INSTRUMENT_IN_USE, "contract", {"contract_size": 99_999}, World.buy, TRADES),
    ],
)


def converting(world: World) -> None:
    """A position whose profit in JPY becomes USD through USDJPY."""
    world.tick(150_000, instrument=USDJPY)
    world.send(
        r.Instrument(
            instrument=30,
            symbol="N225",
            base_currency=JPY,
            profit_currency=JPY,
            margin_currency=JPY,
            digits=0,
            contract_size=1,
            profit_mode=v.PROFIT_CFD,
            margin_mode=v.MARGIN_CFD_LEVERAGE,
            price_max_points=100_000,
        )
    )
    world.tick(40_000, instrument=30)
    world.buy(10, instrument=30)


CONVERTING_PAIR = Command(
    "converting pair",
    INSTRUMENTS[USDJPY],
    [
        Fault(c.INSTRUMENT_IN_USE, "mode", {"profit_mode": v.PROFIT_CFD}),
        Fault(c.INSTRUMENT_IN_USE, "digits", {"digits": 2}),
        Fault(c.INSTRUMENT_IN_USE, "band", {"price_min_points": 1}),
    ],
    converting,
)
NEW_PAIR = Command(
    "new pair",
    r.Instrument(
        instrument=31,
        symbol="ZUSDJPY",
        base_currency=USD,
        profit_currency=JPY,
        margin_currency=USD,
        digits=3,
        contract_size=100_000,
        price_max_points=500_000,
    ),
    [Fault(c.INSTRUMENT_IN_USE, "symbol", {"symbol": "AUSDJPY"})],
    converting,
)

OF_GROUP = Command(
    "group",
    PLAIN_GROUP,
    [
        OLD,
        bad("number", group=0),
        bad("name", name=""),
        bad("leverage", leverage=0),
        bad("leverage", leverage=10_001),
        bad("level type", level_type=2),
        bad("call", margin_call_level=10**9 + 1),
        bad("call", margin_call_level=4_999),
        bad("stop", stop_out_level=-1),
        bad("stop", stop_out_level=10_001),
        bad("free margin", free_margin_mode=4),
        bad("execution", execution_mode=3),
        bad("timeout", request_timeout_ms=-1),
        bad("compensation", compensation=3),
        bad("virtual credit", virtual_credit_minor=2**50 + 1),
        bad("orders", max_orders=513),
        bad("gap", gap_policy=2),
        bad("markup", markup_bid_points=-(2**20) - 1),
        bad("markup", markup_ask_points=2**20 + 1),
        bad("fee", commission_per_lot_minor=2**31 + 1),
        bad("fee", agent_commission_per_lot_minor=-1),
        Fault(c.UNKNOWN_CURRENCY, "currency", {"currency": 77}, detail=v.CONFIG_GROUP),
        Fault(
            c.NAME_TAKEN,
            "name",
            {"name": "other"},
            lambda w: w.send(r.Group(group=2, name="other", currency=USD)),
        ),
        bad("low price", markup_bid_points=-2_500),
        Fault(c.ACCOUNT_IN_USE, "currency", {"currency": EUR}),
    ],
)
TERMS = Command(
    "terms",
    r.Terms(group=GROUP, instrument=GBPUSD),
    [
        OLD,
        bad("mode", trade_mode=5),
        bad("execution", execution_mode=-1),
        bad("gap", gap_policy=2),
        bad("markup", markup_bid_points=2**20 + 1),
        bad("fee", commission_per_lot_minor=2**31 + 1),
        bad("percent", margin_percent_bp=40_001),
        bad("minimum", lot_min_units=0),
        bad("step", lot_step_units=0),
        bad("maximum", lot_max_units=2**31),
        Fault(c.UNKNOWN_GROUP, "group", {"group": 7}, detail=v.CONFIG_TERMS),
        Fault(c.UNKNOWN_INSTRUMENT, "instrument", {"instrument": 99}),
        Fault(c.UNKNOWN_INSTRUMENT, "instrument", {"instrument": 2**63}),
        bad("limit", lot_max_units=100_001),
        bad("low price", markup_ask_points=-40_000),
    ],
)
COMMANDS = [
    TICK,
    CORRECTION,
    WITHDRAWAL,
    CREDIT_IN,
    CREDIT_OUT,
    ACCOUNT,
    CURRENCY,
    FEED,
    PROFILE,
    HOOKS,
    INSTRUMENT,
    CONVERTING_PAIR,
    NEW_PAIR,
    OF_GROUP,
    TERMS,
]
