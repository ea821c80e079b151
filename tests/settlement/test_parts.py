"""The parts of the settlement: rows by account, tables, what counts as money."""

import random
from decimal import Decimal
from pathlib import Path

import pytest

from adapters.settlement.money import FROM_OUTSIDE, MOVERS, NO_RESULT, type_name
from adapters.settlement.rows import RowsByAccount
from adapters.settlement.standing import aligned
from engine import records
from engine import vocabulary as v

pytestmark = pytest.mark.once


@pytest.mark.parametrize("most_bytes", [0, 10, 100, 10**6])
def test_rows_come_back_by_account_in_the_order_in_which_they_came(
    tmp_path: Path, most_bytes: int
) -> None:
    dice = random.Random(most_bytes)
    expected: dict[int, list[bytes]] = {}
    rows = RowsByAccount(tmp_path, most_bytes)
    for number in range(300):
        login = dice.randrange(1, 20)
        row = f"{number}".encode() * dice.randrange(3)
        expected.setdefault(login, []).append(row)
        rows.add(login, row)
    assert [*rows.groups()] == sorted(expected.items())
    assert bool(rows.parts) == (most_bytes < 10**6)
    assert [*tmp_path.iterdir()] == [], "temporary files have no name"
    rows.close()


def test_every_event_that_carries_money_is_read_by_the_settlement() -> None:
    """An event with an entry number that `MOVERS` does not know would be passed over."""
    carries = {c for c in records.EVENT_CLASSES if "entry_number" in c.__struct_fields__}
    assert carries == set(MOVERS)


def test_every_type_of_entry_is_money_from_outside_or_a_result_or_margin() -> None:
    """A new type that moves a balance is a result unless `FROM_OUTSIDE` names it."""
    names = {type_name(number) for number in range(1, len(v.ENTRY_TYPE_NAMES))}
    outside = {type_name(number) for number in FROM_OUTSIDE}
    results = {"trade_pnl", "commission", "agent_commission", "so_compensation"}
    results |= {"insurance", "variation_margin", "funding"}
    margin = {"margin_freeze", "margin_release", "margin_reprice"}
    assert outside == {"deposit", "withdrawal", "credit_in", "credit_out", "correction"}
    exchange = {type_name(number) for number in NO_RESULT - FROM_OUTSIDE}
    assert exchange == {"exchange"}
    assert names == outside | results | margin | exchange


def test_table_puts_numbers_right_and_leaves_empty_columns_out() -> None:
    rows = [
        {"a": "x", "b": Decimal("1234.50"), "c": None, "d": False, "e": Decimal("0E-8")},
        {"a": "long", "b": None, "c": None, "d": False, "e": Decimal(0)},
    ]
    assert aligned(rows, {key: key for key in "abcde"}) == [
        "  a            b           e",
        "  x     1,234.50  0.00000000",
        "  long         -           0",
    ]
