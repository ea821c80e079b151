"""Accounts, money and configuration: tables of cases through both engines."""

from typing import Any

import msgspec
import pytest

from engine import bounds
from engine import records as r
from engine import reject_codes as c
from engine import vocabulary as v
from tests.naive.small_world import (
    EUR,
    EURUSD,
    JPY,
    PAIR,
    USD,
    USDJPY,
    YEN,
    SmallWorld,
    of_type,
)

# ---------------------------------------------------------------- accounts

ACCOUNTS = [
    # changed fields of SetAccount(login=5, group=1), code (0: accepted)
    ({"login": 0}, c.BAD_ACCOUNT_FIELD),
    ({"login": -3}, c.BAD_ACCOUNT_FIELD),
    ({"mode": 2}, c.BAD_ACCOUNT_FIELD),
    ({"status": 3}, c.BAD_ACCOUNT_FIELD),
    ({"status": -1, "group": 9}, c.BAD_ACCOUNT_FIELD),
    ({"group": 9, "leverage": -1}, c.UNKNOWN_GROUP),
    ({"leverage": -1, "agent_login": 77}, c.BAD_LEVERAGE),
    ({"leverage": bounds.MAX_LEVERAGE + 1}, c.BAD_LEVERAGE),
    ({"leverage": bounds.MAX_LEVERAGE}, 0),
    ({"agent_login": 77}, c.UNKNOWN_AGENT),
    ({"agent_login": 5}, c.UNKNOWN_AGENT),
    ({"agent_login": 8}, c.UNKNOWN_AGENT),
    ({"agent_login": 1}, 0),
]


@pytest.mark.parametrize(("fields", "code"), ACCOUNTS)
def test_account_fields_are_checked_in_order(fields: dict[str, int], code: int) -> None:
    world = SmallWorld()
    world.accepted(r.Group(group=2, name="yen", currency=JPY))
    world.accepted(r.SetAccount(login=8, group=2))
    [event] = world.send(r.SetAccount(**{"login": 5, "group": 1, **fields}))
    assert (event.code if isinstance(event, r.Rejected) else 0) == code


def test_account_with_entries_keeps_its_currency_and_mode() -> None:
    world = SmallWorld()
    world.accepted(r.Group(group=2, name="yen", currency=JPY))
    world.accepted(r.SetAccount(login=5, group=1))
    world.accepted(r.SetAccount(login=5, group=1, mode=v.NETTING))
    world.money(100, login=5)
    changed = r.SetAccount(login=5, group=1, mode=v.HEDGING)
    assert world.refused(changed) == c.ACCOUNT_IN_USE
    moved = r.SetAccount(login=5, group=2, mode=v.NETTING)
    assert world.refused(moved) == c.ACCOUNT_IN_USE


def test_new_leverage_of_an_account_reprices_its_margin_and_that_of_a_group_does_not() -> None:
    world = SmallWorld()
    world.tick(110_000, 110_000)
    world.buy(100)
    assert world.figures.margin_minor == 110_000
    world.change_group(leverage=50)
    assert world.figures.margin_minor == 110_000
    account, entry = world.accepted(r.SetAccount(login=1, group=1))
    assert account.leverage == 50
    assert (entry.entry_type, entry.margin_delta_minor) == (v.ENTRY_MARGIN_REPRICE, 110_000)
    [account, entry] = world.accepted(r.SetAccount(login=1, group=1, leverage=200))
    assert entry.margin_minor == 55_000
    assert not of_type(world.accepted(r.SetAccount(login=1, group=1, leverage=200)), r.LedgerEntry)


# ---------------------------------------------------------------- money

OPERATIONS = [
    # operation, amount, reference, code; the account has 10,000.00 and 100.00 credit, 2 entries
    (0, 100, 0, c.BAD_OPERATION),
    (6, 100, 0, c.BAD_OPERATION),
    (v.DEPOSIT, 0, 0, c.BAD_AMOUNT),
    (v.DEPOSIT, -1, 0, c.BAD_AMOUNT),
    (v.WITHDRAWAL, -1, 0, c.BAD_AMOUNT),
    (v.CORRECTION, 0, 0, c.BAD_AMOUNT),
    (v.CORRECTION, -1, 0, 0),
    (v.CORRECTION, -(2**63), 0, c.BAD_AMOUNT),
    (v.DEPOSIT, bounds.MAX_AMOUNT_MINOR + 1, 0, c.BAD_AMOUNT),
    (v.DEPOSIT, bounds.MAX_AMOUNT_MINOR, 0, 0),
    (v.CORRECTION, 5, 3, c.BAD_REFERENCE),
    (v.CORRECTION, 5, -1, c.BAD_REFERENCE),
    (v.CORRECTION, 5, 2, 0),
    (v.DEPOSIT, 5, 99, 0),
    (v.WITHDRAWAL, 1_000_001, 0, c.NO_MONEY),
    (v.WITHDRAWAL, 1_000_000, 0, 0),
    (v.CREDIT_OUT, 10_001, 0, c.NO_CREDIT),
    (v.CREDIT_OUT, 10_000, 0, 0),
    (v.CREDIT_IN, 7, 0, 0),
]


@pytest.mark.parametrize(("operation", "amount", "reference", "code"), OPERATIONS)
def test_balance_operation_is_checked_and_posted_once(
    operation: int, amount: int, reference: int, code: int
) -> None:
    world = SmallWorld()
    world.money(10_000, v.CREDIT_IN)
    [event] = world.send(
        r.BalanceOperation(login=1, operation=operation, amount_minor=amount, reference=reference)
    )
    if code:
        assert event.code == code
    else:
        assert (event.entry_number, event.reference) == (3, reference)


@pytest.mark.parametrize(
    ("free_margin", "bid", "withdrawable"),
    [
        # balance 10,000.00, credit 500.00, margin 1,100.10
        (False, 110_010, 1_000_000 - 110_010),
        (False, 110_110, 1_000_000 - 110_010),
        (False, 109_910, 1_000_000 - 10_000 - 110_010),
        (True, 110_110, 1_050_000 + 10_000 - 110_010),
        (True, 109_910, 1_050_000 - 10_000 - 110_010),
    ],
)
def test_credit_and_floating_profit_can_be_withdrawn_only_where_the_group_says_so(
    free_margin: bool, bid: int, withdrawable: int
) -> None:
    world = SmallWorld(withdraw_free_margin=free_margin)
    world.money(50_000, v.CREDIT_IN)
    world.tick(110_000, 110_010)
    world.buy(100)
    world.tick(bid, bid)
    assert world.figures.max_withdrawable_minor == withdrawable
    command = r.BalanceOperation(login=1, operation=v.WITHDRAWAL, amount_minor=withdrawable + 1)
    assert world.refused(command) == c.NO_MONEY
    world.money(withdrawable, v.WITHDRAWAL)


# ---------------------------------------------------------------- conversion


def yen_account(world: SmallWorld) -> None:
    """Account 2 in yen, with plenty of money."""
    world.accepted(r.Group(group=2, name="yen", currency=JPY, leverage=100))
    world.accepted(r.SetAccount(login=2, group=2))
    world.money(10**9, login=2)


def test_profit_converts_at_the_bid_for_buys_and_at_the_ask_for_sells() -> None:
    world = SmallWorld()
    yen_account(world)
    world.tick(150_000, 151_000, instrument=USDJPY)
    world.tick(110_000, 110_000)
    world.buy(100, login=2)
    world.sell(100, login=2)
    world.tick(110_100, 110_100)
    # 100.00 USD: +15,000 JPY at the bid, -15,100 at the ask
    world.both.compare_accounts()
    assert world.both.naive.account(2).floating_minor == 15_000 - 15_100


def test_margin_converts_at_the_mid_price_of_the_opening_and_keeps_its_rate() -> None:
    world = SmallWorld()
    yen_account(world)
    world.tick(150_000, 151_000, instrument=USDJPY)
    world.tick(110_000, 110_020)
    [opened] = of_type(world.send(world.order(v.BUY, 100, login=2)), r.PositionOpened)
    # EUR to USD by EURUSD's mid 1.10010, USD to JPY by 150.5
    assert opened.margin_rate_e8 == 16_556_505_000
    world.tick(200_000, 200_000, instrument=USDJPY)
    assert world.both.naive.account(2).margin_minor == 165_565


def test_pair_that_converts_itself_uses_its_open_price_for_margin() -> None:
    world = SmallWorld()
    world.tick(110_000, 110_020)
    [opened] = of_type(world.send(world.order(v.BUY, 100)), r.PositionOpened)
    assert opened.margin_rate_e8 == 110_020_000


def test_direct_route_goes_by_the_alphabetically_first_symbol_and_before_usd() -> None:
    world = SmallWorld()
    yen_account(world)
    cross = {"base_currency": EUR, "profit_currency": JPY, "margin_currency": EUR}
    for number, symbol in ((11, "EURJPY.x"), (12, "EURJPY")):
        world.accepted(msgspec.structs.replace(YEN, instrument=number, symbol=symbol, **cross))
    world.tick(150_000, 150_000, instrument=USDJPY)
    world.tick(110_000, 110_000)
    world.tick(170_000, 170_000, instrument=11)
    order = world.order(v.BUY, 100, login=2)
    assert world.refused(order) == c.NO_CONVERSION_PRICE, "EURJPY comes first, without a quote"
    world.tick(160_000, 160_000, instrument=12)
    [opened] = of_type(world.send(order), r.PositionOpened)
    assert opened.margin_rate_e8 == 16_000_000_000


# ---------------------------------------------------------------- configuration

WRONG_INSTRUMENTS: list[tuple[dict[str, Any], int]] = [
    ({"instrument": 0}, c.BAD_CONFIGURATION),
    ({"instrument": bounds.MAX_INSTRUMENTS + 1}, c.BAD_CONFIGURATION),
    ({"symbol": ""}, c.BAD_CONFIGURATION),
    ({"symbol": "x" * 32}, c.BAD_CONFIGURATION),
    ({"symbol": "caf\u00e9"}, c.BAD_CONFIGURATION),
    ({"digits": 11}, c.BAD_CONFIGURATION),
    ({"contract_size": 0}, c.BAD_CONFIGURATION),
    ({"profit_mode": 2}, c.BAD_CONFIGURATION),
    ({"margin_mode": 5}, c.BAD_CONFIGURATION),
    ({"margin_mode": v.MARGIN_CFD_INDEX}, c.BAD_CONFIGURATION),
    ({"trade_mode": -1}, c.BAD_CONFIGURATION),
    ({"lot_min_units": 3, "lot_step_units": 2}, c.BAD_CONFIGURATION),
    ({"lot_min_units": 200, "lot_max_units": 100}, c.BAD_CONFIGURATION),
    ({"lot_max_units": 100_001}, c.BAD_CONFIGURATION),
    ({"price_min_points": 300_000}, c.BAD_CONFIGURATION),
    ({"sessions": [(5, 5)]}, c.BAD_CONFIGURATION),
    ({"sessions": [(5, 9), (8, 10)]}, c.BAD_CONFIGURATION),
    ({"sessions": [(0, 10_081)]}, c.BAD_CONFIGURATION),
    ({"sessions": [(0, 5), (5, 10_080)]}, 0),
    ({"hedged_size": 100_001}, c.BAD_CONFIGURATION),
    ({"hedged_size": 100_000}, 0),
    ({"price_max_points": bounds.MAX_PRICE_POINTS, "contract_size": 10**9}, c.BAD_CONFIGURATION),
    ({"base_currency": 44}, c.UNKNOWN_CURRENCY),
    ({"feeds": [2]}, c.UNKNOWN_FEED),
    ({"symbol": "USDJPY"}, c.NAME_TAKEN),
    ({"margin_percent_bp": 40_001}, c.BAD_CONFIGURATION),
]


@pytest.mark.parametrize(("fields", "code"), WRONG_INSTRUMENTS)
def test_instrument_is_refused_with_the_code_of_its_fault(
    fields: dict[str, Any], code: int
) -> None:
    world = SmallWorld()
    [event] = world.send(msgspec.structs.replace(PAIR, **fields))
    assert (event.code if isinstance(event, r.Rejected) else 0) == code


IN_USE: list[tuple[int, dict[str, Any], int]] = [
    (EURUSD, {"digits": 4}, c.INSTRUMENT_IN_USE),
    (EURUSD, {"margin_percent_bp": 5_000}, c.INSTRUMENT_IN_USE),
    (EURUSD, {"price_max_points": 300_001}, c.INSTRUMENT_IN_USE),
    (EURUSD, {"stops_level_points": 9, "trade_mode": v.TRADE_DISABLED}, 0),
    (USDJPY, {"digits": 2}, c.INSTRUMENT_IN_USE),
    (USDJPY, {"profit_mode": v.PROFIT_CFD}, c.INSTRUMENT_IN_USE),
    (USDJPY, {"symbol": "USDJPY.r"}, 0),
    (99, {"symbol": "AAAJPY"}, c.INSTRUMENT_IN_USE),
    (99, {"symbol": "ZZZJPY"}, 0),
]


@pytest.mark.parametrize(("number", "fields", "code"), IN_USE)
def test_what_trades_and_their_conversions_rest_on_can_not_change(
    number: int, fields: dict[str, Any], code: int
) -> None:
    """A yen account holds EURUSD, so USDJPY converts its profit and its margin."""
    world = SmallWorld()
    yen_account(world)
    world.tick(150_000, 150_000, instrument=USDJPY)
    world.tick(110_000, 110_000)
    world.buy(100, login=2)
    template = PAIR if number == EURUSD else msgspec.structs.replace(YEN, instrument=number)
    [event] = world.send(msgspec.structs.replace(template, **fields))
    assert (event.code if isinstance(event, r.Rejected) else 0) == code


def test_new_pair_that_would_change_the_margin_route_alone_is_refused_too() -> None:
    world = SmallWorld()
    yen_account(world)
    world.tick(150_000, 150_000, instrument=USDJPY)
    world.buy(100, instrument=USDJPY, login=2)
    pair = msgspec.structs.replace(YEN, instrument=99, symbol="AAAJPY")
    assert world.refused(pair) == c.INSTRUMENT_IN_USE
    world.close(1, login=2)
    world.accepted(pair)


def test_new_digits_or_price_band_forget_the_quote() -> None:
    world = SmallWorld()
    world.tick(110_000, 110_010)
    world.change_pair(price_max_points=299_999)
    assert world.refused(world.order(v.BUY, 1)) == c.NO_QUOTE


WRONG_GROUPS: list[tuple[dict[str, Any], int]] = [
    ({"leverage": 0}, c.BAD_CONFIGURATION),
    ({"leverage": bounds.MAX_LEVERAGE + 1}, c.BAD_CONFIGURATION),
    ({"stop_out_level": 10_001}, c.BAD_CONFIGURATION),
    ({"stop_out_level": 10_001, "level_type": v.LEVEL_MONEY}, 0),
    ({"markup_bid_points": -50_000}, c.BAD_CONFIGURATION),
    ({"markup_ask_points": bounds.MAX_MARKUP_POINTS + 1}, c.BAD_CONFIGURATION),
    ({"commission_per_lot_minor": -1}, c.BAD_CONFIGURATION),
    ({"max_orders": bounds.MAX_ORDERS_PER_ACCOUNT + 1}, c.BAD_CONFIGURATION),
    ({"currency": 44}, c.UNKNOWN_CURRENCY),
    ({"currency": EUR}, c.ACCOUNT_IN_USE),
    ({"group": 2}, c.NAME_TAKEN),
    ({"group": 2, "name": "other"}, 0),
]


@pytest.mark.parametrize(("fields", "code"), WRONG_GROUPS)
def test_group_is_refused_with_the_code_of_its_fault(fields: dict[str, Any], code: int) -> None:
    world = SmallWorld()
    [event] = world.send(msgspec.structs.replace(world.group, **fields))
    assert (event.code if isinstance(event, r.Rejected) else 0) == code


def test_terms_lie_over_the_group_which_lies_over_the_instrument() -> None:
    world = SmallWorld(commission_per_lot_minor=500, markup_ask_points=3)
    world.accepted(
        r.Terms(group=1, instrument=EURUSD, commission_per_lot_minor=0, markup_bid_points=-7)
    )
    world.tick(110_000, 110_010)
    events = world.send(world.order(v.BUY, 100))
    [opened] = of_type(events, r.PositionOpened)
    assert (opened.open_price_points, opened.commission_minor) == (110_013, 0)
    assert world.figures.floating_minor == (109_993 - 110_013) * 100
    assert world.refused(r.Terms(group=9, instrument=EURUSD)) == c.UNKNOWN_GROUP
    assert world.refused(r.Terms(group=1, instrument=9)) == c.UNKNOWN_INSTRUMENT


@pytest.mark.parametrize(
    ("config", "code"),
    [
        (r.Profile(profile="mt4"), 0),
        (r.Profile(profile="mt5"), c.PROFILE_NOT_SUPPORTED),
        (r.Currency(currency=USD, code="USD", digits=3), c.CURRENCY_IN_USE),
        (r.Currency(currency=USD, code="USX", digits=2), c.CURRENCY_IN_USE),
        (r.Currency(currency=5, code="USD", digits=2), c.NAME_TAKEN),
        (r.Feed(feed=2, name="main"), c.NAME_TAKEN),
        (r.Feed(feed=1, name="other"), 0),
        (r.HookSet(module="m", version="1", source_hash="0"), 0),
    ],
)
def test_other_objects_are_refused_with_the_code_of_their_fault(
    config: r.Config, code: int
) -> None:
    [event] = SmallWorld().send(config)
    assert (event.code if isinstance(event, r.Rejected) else 0) == code


@pytest.mark.parametrize("broken", [b"", b"\xc1", b"\x81\xa1x\x01", b"\x80\x00"])
def test_configuration_that_can_not_be_read_is_refused(broken: bytes) -> None:
    world = SmallWorld()
    assert world.refused(r.Configure(kind=v.CONFIG_GROUP, payload=broken)) == c.BAD_CONFIGURATION
    assert world.refused(r.Configure(kind=99, payload=b"\x80")) == c.BAD_CONFIGURATION
