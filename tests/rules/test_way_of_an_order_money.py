"""Deposits, withdrawals, credit, corrections, and opening accounts (RULES sections 2 and 3)."""

from dataclasses import dataclass

import pytest

from engine import records as r
from engine import vocabulary as v
from tests.rules.told import booked, told
from tests.rules.world import AGENT, CLIENT, EUR, NETTER, OTHER, USD, World

MOST = 2**50
BOUND = 2**55


@dataclass(frozen=True)
class Operation:
    """An operation on an account with 10,000.00 and, after it, balance and credit."""

    name: str
    operation: int
    amount: int
    then: str
    balance: int = 1_000_000
    credit: int = 0


OPERATIONS = [
    Operation("a deposit", v.DEPOSIT, 5, "deposit +5", 1_000_005),
    Operation("the largest deposit", v.DEPOSIT, MOST, f"deposit +{MOST}", 1_000_000 + MOST),
    Operation("one more than that", v.DEPOSIT, MOST + 1, "rejected bad_amount"),
    Operation("a deposit of nothing", v.DEPOSIT, 0, "rejected bad_amount"),
    Operation("a negative deposit", v.DEPOSIT, -5, "rejected bad_amount"),
    Operation("a withdrawal", v.WITHDRAWAL, 5, "withdrawal -5", 999_995),
    Operation("a withdrawal of everything", v.WITHDRAWAL, 1_000_000, "withdrawal -1000000", 0),
    Operation("a cent more", v.WITHDRAWAL, 1_000_001, "rejected no_money"),
    Operation("a negative withdrawal", v.WITHDRAWAL, -1, "rejected bad_amount"),
    Operation("credit", v.CREDIT_IN, 5, "credit_in +5", credit=5),
    Operation("credit that is not there", v.CREDIT_OUT, 5, "rejected no_credit"),
    Operation("a correction upwards", v.CORRECTION, 5, "correction +5", 1_000_005),
    Operation("a correction downwards", v.CORRECTION, -5, "correction -5", 999_995),
    Operation("a correction below zero", v.CORRECTION, -1_000_001, "correction -1000001", -1),
    Operation("a correction of nothing", v.CORRECTION, 0, "rejected bad_amount"),
    Operation(
        "the largest correction", v.CORRECTION, -MOST, f"correction -{MOST}", 1_000_000 - MOST
    ),
    Operation("one larger", v.CORRECTION, -MOST - 1, "rejected bad_amount"),
    Operation("the most negative number", v.CORRECTION, -(2**63), "rejected bad_amount"),
    Operation("an operation that nobody knows", 6, 5, "rejected bad_operation"),
    Operation("none at all", 0, 5, "rejected bad_operation"),
]


@pytest.mark.parametrize("row", OPERATIONS, ids=lambda row: row.name.replace(" ", "_"))
def test_balance_operations(row: Operation) -> None:
    world = World()
    events = world.balance(row.operation, row.amount)
    assert (booked(events) or told(events)) == [row.then]
    figures = world.figures()
    assert (figures.balance_minor, figures.credit_minor) == (row.balance, row.credit)


def test_credit_out_takes_what_is_there_and_no_more() -> None:
    world = World()
    world.balance(v.CREDIT_IN, 100)
    (refused,) = world.balance(v.CREDIT_OUT, 101)
    assert (refused.code, refused.detail) == (602, 100)
    assert booked(world.balance(v.CREDIT_OUT, 100)) == ["credit_out -100"]


def test_a_correction_may_name_the_entry_that_it_corrects() -> None:
    world = World()
    world.deposit(70)
    (entry,) = world.balance(v.CORRECTION, -70, reference=2)
    assert (entry.reference, entry.entry_number) == (2, 3)
    assert told(world.balance(v.CORRECTION, 1, reference=4)) == ["rejected bad_reference"]
    assert told(world.balance(v.CORRECTION, 1, reference=-1)) == ["rejected bad_reference"]


def test_the_reference_of_other_operations_is_free() -> None:
    (entry,) = World().balance(v.DEPOSIT, 1, reference=-987_654_321)
    assert entry.reference == -987_654_321


@pytest.mark.parametrize("status", [v.ACCOUNT_READ_ONLY, v.ACCOUNT_DISABLED])
def test_the_status_of_the_account_does_not_matter_for_money(status: int) -> None:
    world = World()
    world.account(CLIENT, status=status)
    assert booked(world.deposit(5)) == ["deposit +5"]
    assert booked(world.withdraw(5)) == ["withdrawal -5"]


def test_money_on_an_account_has_a_bound() -> None:
    world = World(deposit=0)
    for _ in range(BOUND // MOST):
        assert len(booked(world.deposit(MOST))) == 1
    (refused,) = world.deposit(1)
    assert told([refused]) == ["rejected account_money_bound"]
    assert refused.detail == BOUND + 1
    for _ in range(BOUND // MOST):
        assert told(world.balance(v.CREDIT_IN, MOST)) == []
    (refused,) = world.balance(v.CREDIT_IN, 3)
    assert (told([refused]), refused.detail) == (["rejected account_money_bound"], BOUND + 3)
    assert told(world.balance(v.CORRECTION, 1)) == ["rejected account_money_bound"]
    assert told(world.balance(v.CORRECTION, -1)) == []


def test_a_correction_may_take_an_account_to_its_bound_below_zero_and_no_further() -> None:
    world = World(deposit=0)
    for _ in range(BOUND // MOST):
        assert told(world.balance(v.CORRECTION, -MOST)) == []
    assert world.figures().balance_minor == -BOUND
    (refused,) = world.balance(v.CORRECTION, -1)
    assert told([refused]) == ["rejected account_money_bound"]
    assert refused.detail == -BOUND - 1


def test_entries_are_numbered_without_gaps_for_every_account_alone() -> None:
    world = World()
    numbers = [world.deposit(1, login)[0].entry_number for login in (1, 2, 1, 3, 1, 2)]
    assert numbers == [2, 2, 3, 2, 4, 3]


# ------------------------------------------------------------ accounts


def test_opening_an_account_tells_what_holds_for_it() -> None:
    world = World()
    (opened,) = world.account(77, mode=v.NETTING, agent_login=AGENT)
    assert opened == r.AccountSet(
        login=77,
        group=1,
        currency=USD,
        leverage=100,
        mode=v.NETTING,
        status=v.ACCOUNT_ENABLED,
        agent_login=AGENT,
        sequence=opened.sequence,
        time_ns=world.now,
    )
    assert world.engine.logins() == [CLIENT, NETTER, OTHER, AGENT, 77]


def test_an_account_without_its_own_leverage_follows_the_group() -> None:
    world = World()
    world.account(CLIENT, leverage=33)
    world.group(leverage=200)
    assert world.account(CLIENT, leverage=33)[0].leverage == 33
    assert world.account(OTHER)[0].leverage == 200


def test_an_account_may_move_to_a_group_of_the_same_currency_only() -> None:
    world = World()
    world.send(r.Group(group=2, name="other", currency=USD))
    world.send(r.Group(group=3, name="europe", currency=EUR))
    assert told(world.account(CLIENT, group=2)) == ["account 1 set"]
    assert told(world.account(CLIENT, group=3)) == ["rejected account_in_use"]


def test_the_mode_of_an_account_is_fixed_by_its_first_entry() -> None:
    world = World()
    world.account(50)
    assert told(world.account(50, mode=v.NETTING)) == ["account 50 set"]
    world.deposit(1, 50)
    assert told(world.account(50, mode=v.HEDGING)) == ["rejected account_in_use"]


def test_a_pending_order_fixes_the_mode_too() -> None:
    world = World()
    world.account(50)
    world.buy_limit(109_000, login=50)
    assert told(world.account(50, mode=v.NETTING)) == ["rejected account_in_use"]
    world.cancel(1, login=50)
    assert told(world.account(50, mode=v.NETTING)) == ["account 50 set"]


@pytest.mark.parametrize("deposits", [0, 1, 2])
@pytest.mark.parametrize("orders", [0, 1, 2])
@pytest.mark.parametrize("positions", [0, 1, 2])
def test_whatever_an_account_has_fixes_its_mode_and_nothing_makes_up_for_it(
    deposits: int, orders: int, positions: int
) -> None:
    # Without margin and commission, neither orders nor positions write an entry.
    world = World(deposit=0)
    world.instrument(margin_percent_bp=0)
    for _ in range(deposits):
        world.deposit(1_000)
    for _ in range(orders):
        world.buy_limit(109_000, 1)
    for _ in range(positions):
        world.buy(1)
    told_of = told(world.account(CLIENT, mode=v.NETTING))
    free = deposits + orders + positions == 0
    assert told_of == ["account 1 set" if free else "rejected account_in_use"]


def test_an_agent_at_the_bound_of_its_money_is_not_paid() -> None:
    world = World(agent_commission_per_lot_minor=100)
    for _ in range(BOUND // MOST):
        world.deposit(MOST, AGENT)
    world.buy()
    assert booked(world.close(1))[-1] == "9: agent_commission +100"
    world.buy()
    assert booked(world.close(2))[-1] == "trade_pnl -1000"
