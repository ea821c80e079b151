"""Days settled: what a risk officer expects to read, day by day and account by account."""

import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from adapters.cli.main import execute
from adapters.node import Node
from adapters.units import parse_time
from snapshots import layout
from tests.cli.conftest import ROOT, Call
from tests.settlement import world
from tests.settlement.world import EUROPEAN, LATER, QUIET, TRADER

pytestmark = pytest.mark.once

MONDAY, TUESDAY, WEDNESDAY, THURSDAY, FRIDAY = (f"2024-01-0{day}" for day in range(1, 6))


def read(path: Path) -> list[Any]:
    return [json.loads(line, parse_float=Decimal) for line in path.read_text().splitlines()]


def folder_of(days: Path, day: str) -> Path:
    return days / "settlement" / day


def statements(days: Path, day: str) -> dict[int, Any]:
    return {one["login"]: one for one in read(folder_of(days, day) / "statements.jsonl")}


def bytes_of(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in sorted(folder.iterdir())}


# day, account: opening, deposits, withdrawals, realized, commission, closing, credit, floating
TABLE = [
    (MONDAY, TRADER, 0, 10_000, 0, 100, -15, 10_085, 0, 80),
    (MONDAY, QUIET, 0, 500, 0, 0, 0, 500, 0, 0),
    (MONDAY, EUROPEAN, 0, 0, 0, 0, 0, 0, 0, 0),
    (TUESDAY, TRADER, 10_085, 0, -200, 50, 0, "9933.50", 0, 150),
    (TUESDAY, QUIET, 500, 0, 0, 0, 0, 500, 0, 0),
    (TUESDAY, LATER, 0, 0, 0, 0, 0, 0, 75, 0),
    (WEDNESDAY, TRADER, "9933.50", 0, 0, 0, 0, "9933.50", 0, 150),
    (WEDNESDAY, LATER, 0, 0, 0, 0, 0, 0, 75, 0),
    (THURSDAY, TRADER, "9933.50", 0, 0, 0, 0, "9933.50", 0, -150),
    (THURSDAY, LATER, 0, 0, 0, 0, 0, 0, 50, 0),
    (THURSDAY, EUROPEAN, 0, 0, 0, 0, 0, 0, 0, 0),
]


def test_statements_say_what_happened(days: Path, call: Call) -> None:
    for day in (MONDAY, TUESDAY, WEDNESDAY, THURSDAY):
        assert call("settle", days, "--day", day).code == 0
    found = []
    for day, login, *_ in TABLE:
        statement = statements(days, day)[login]
        (money,) = statement["money"]
        figures = (
            money["opening"]["balance"], money["deposits"], money["withdrawals"],
            money["realized_profit"], money["commission"], money["closing"]["balance"],
            money["closing"]["credit"], statement["at_day_end"]["floating"],
        )  # fmt: skip
        found.append((day, login, *figures))
    assert found == [(day, login, *map(Decimal, row)) for day, login, *row in TABLE]


def test_lists_of_a_statement_name_movements_trades_positions_and_orders(
    days: Path, call: Call
) -> None:
    for day in (MONDAY, TUESDAY):
        assert call("settle", days, "--day", day).code == 0
    monday, tuesday = (statements(days, day)[TRADER] for day in (MONDAY, TUESDAY))
    assert [(m["entry_type"], m["balance_delta"]) for m in monday["movements"]] == [
        ("deposit", Decimal("10000.00"))
    ]
    assert [(m["entry_type"], m["balance_delta"]) for m in tuesday["movements"]] == [
        ("withdrawal", Decimal("-200.00")),
        ("correction", Decimal("-1.50")),
    ]
    (trade,) = monday["closed_trades"]
    assert (trade["position"], trade["side"], trade["open_price"], trade["close_price"]) == (
        1, "buy", Decimal("1.10010"), Decimal("1.10110"),
    )  # fmt: skip
    assert (trade["profit"], trade["commission"]) == (100, 5)
    (position,) = tuesday["positions"]
    assert (position["position"], position["volume"], position["floating"]) == (3, 1.5, 150)
    (order,) = tuesday["orders"]
    assert (order["order"], order["type"], order["price"]) == (4, "limit", Decimal("1.09000"))
    text = (folder_of(days, TUESDAY) / "statements.txt").read_text()
    assert "account 10, group retail, 2024-01-02 (UTC)" in text
    for title in ("withdrawal", "closed trades", "open positions at day end", "pending orders"):
        assert title in text


def test_profit_and_loss_is_the_change_of_equity_without_money_from_outside(
    days: Path, call: Call
) -> None:
    equity = {login: Decimal() for login in (TRADER, QUIET, EUROPEAN, LATER)}
    for day in (MONDAY, TUESDAY, WEDNESDAY, THURSDAY):
        assert call("settle", days, "--day", day).code == 0
        own = statements(days, day)
        for row in read(folder_of(days, day) / "profit_and_loss.jsonl"):
            statement = own[row["login"]]
            outside = sum(m["balance_delta"] + m["credit_delta"] for m in statement["movements"])
            now = statement["at_day_end"]["equity"]
            assert row["result"] == now - equity[row["login"]] - outside, (day, row)
            equity[row["login"]] = now


def test_totals_add_up_per_currency(days: Path, call: Call) -> None:
    totals = call("settle", days, "--day", TUESDAY, "--json").json()["totals"]
    assert [(c["currency"], c["accounts"]) for c in totals["currencies"]] == [
        ("EUR", 1),
        ("USD", 3),
    ]
    dollars = totals["currencies"][1]
    assert (dollars["opening"]["balance"], dollars["closing"]["balance"]) == (10_585.0, 10_433.5)
    assert dollars["entries"]["withdrawal"] == {
        "count": 1, "balance": -200.0, "credit": 0.0, "margin": 0.0,
    }  # fmt: skip
    assert dollars["profit_and_loss"]["by_type"] == {"trade_pnl": 50.0}
    assert dollars["profit_and_loss"]["result"] == 120.0


def test_a_day_is_one_range_of_sequences_and_the_days_follow_each_other(
    days: Path, call: Call
) -> None:
    last = 0
    for day in (MONDAY, TUESDAY, WEDNESDAY, THURSDAY):
        totals = call("settle", days, "--day", day, "--json").json()["totals"]
        assert totals["first_sequence"] == last + 1
        assert totals["commands"] == totals["last_sequence"] - last
        last = totals["last_sequence"]
    refused = call("events", days, "--type", "rejected", "--json").json()
    monday = json.loads((folder_of(days, MONDAY) / "manifest.json").read_text())
    assert refused["sequence"] == monday["last_sequence"] + 2, "stays between its neighbours"


def test_day_without_commands_shows_the_standing_and_says_so(days: Path, call: Call) -> None:
    called = call("settle", days, "--day", WEDNESDAY)
    assert called.code == 0
    assert "no command on this day; the state is that of sequence 25" in called.out
    tuesday = call("settle", days, "--day", TUESDAY, "--json").json()["totals"]
    wednesday = call("settle", days, "--day", WEDNESDAY, "--json").json()["totals"]
    assert wednesday["commands"] == wednesday["entries"] == 0
    assert wednesday["state_hash"] == wednesday["opening_state_hash"] == tuesday["state_hash"]


def test_state_and_positions_of_the_past_are_those_of_the_statement(days: Path, call: Call) -> None:
    for day in (MONDAY, TUESDAY, THURSDAY):
        end = f"{day}T23:59:59.999999999Z"
        assert call("settle", days, "--day", day).code == 0
        shown = call("positions", days, "--at", end, "--orders", "--json").out.splitlines()
        asked = [json.loads(line, parse_float=Decimal) for line in shown]
        for statement in statements(days, day).values():
            own = [row for row in asked if row["login"] == statement["login"]]
            listed = statement["positions"] + statement["orders"]
            assert [{**row, **one} for row, one in zip(own, listed, strict=True)] == own
            state = json.loads(
                call("state", days, "--account", statement["login"], "--at", end).out,
                parse_float=Decimal,
            )
            assert state["equity"] == statement["at_day_end"]["equity"]


def test_snapshot_of_the_day_is_the_state_that_a_replay_gives(days: Path, call: Call) -> None:
    assert call("settle", days, "--day", TUESDAY).code == 0
    manifest = json.loads((folder_of(days, TUESDAY) / "manifest.json").read_text())
    last = manifest["last_sequence"]
    value = (folder_of(days, TUESDAY) / "state.snapshot").read_bytes()
    snapshot = layout.read(value, last)
    replayed = call("replay", days, "--to", last, "--json").json()
    assert snapshot.info.state_hash == replayed["state_hash"] == manifest["state_hash"]
    assert snapshot.info.encoding == layout.RAW, "no library's compression is in the bytes"
    assert snapshot.info.time_ns == parse_time(manifest["last_time"])
    assert snapshot.info.journal_hash.hex() == manifest["block"]["hash"]


@pytest.mark.parametrize("commit_records", [1, 3])
def test_result_depends_neither_on_blocks_nor_on_snapshots(
    days: Path, tmp_path: Path, call: Call, commit_records: int
) -> None:
    timed = [*world.days()]
    other = tmp_path / "other"
    with Node.open(other, create=True, commit_records=commit_records) as node:
        for part in (timed[:14], timed[14:20], timed[20:]):  # before, and within Tuesday
            world.run(node, iter(part))
            node.commit()
            node.snapshot()
    for day in (MONDAY, TUESDAY, THURSDAY):
        made = []
        for directory, *option in ((days,), (other,), (other, "--no-snapshot")):
            output = tmp_path / f"settled-{len(made)}"
            called = call("settle", directory, "--day", day, "--output", output, *option)
            assert (called.code, called.err) == (0, "")
            files = bytes_of(output / day)
            manifest = json.loads(files.pop("manifest.json"))
            del manifest["block"], manifest["files"]["state.snapshot"], files["state.snapshot"]
            made.append((files, manifest))
        assert made[0] == made[1] == made[2], day


def test_a_live_node_is_not_disturbed(tmp_path: Path, call: Call) -> None:
    directory = tmp_path / "live"
    with Node.open(directory, create=True) as node:
        world.run(node, world.days())
        node.commit()
        node.submit(world.tick(110_400), parse_time(f"{FRIDAY}T09:00:00Z"))
        before = (directory / "journal" / "data.mdb").read_bytes()
        assert call("settle", directory, "--day", THURSDAY).code == 0
        assert (directory / "journal" / "data.mdb").read_bytes() == before
        node.commit()
        node.submit(world.tick(110_500), parse_time(f"{FRIDAY}T10:00:00Z"))
        node.commit()
    assert call("settle", directory, "--day", THURSDAY).out.endswith(
        f"reconciled, unchanged: {folder_of(directory, THURSDAY)}\n"
    )


def test_every_file_and_every_field_of_a_line_is_in_the_document(days: Path, call: Call) -> None:
    document = (ROOT / "docs" / "settlement.md").read_text()
    assert call("settle", days, "--day", TUESDAY).code == 0
    for path in folder_of(days, TUESDAY).iterdir():
        rows = [text for text in document.splitlines() if text.startswith("| `")]
        (row,) = [text for text in rows if f"`{path.name}`" in text]
        if path.suffix == ".jsonl":
            keys = set(read(path)[0]) - {"login", "currency", "day", "provisional", "data", "group"}
            assert all(f"`{key}`" in row for key in keys), (path.name, keys)


def test_state_without_an_account_shows_all_of_them(days: Path, call: Call) -> None:
    lines = call("state", days, "--at", f"{TUESDAY}T08:00:00Z").out.splitlines()
    assert [json.loads(line)["login"] for line in lines] == ["10", "11", "12", "13"]


def test_positions_as_text_are_a_table_per_account(days: Path, call: Call) -> None:
    out = call("positions", days, "--orders", "--at", f"{TUESDAY}T10:00:00Z").out
    assert out.splitlines() == [
        "sequence 25, 2024-01-02T09:00:03Z",
        "",
        "account 10, USD",
        "  position  symbol  side  volume  opened                open price  price now"
        "  commission  floating",
        "         3  EURUSD  sell    1.50  2024-01-01T12:00:00Z     1.10110    1.10010"
        "        7.50    150.00",
        "  order  symbol  type   side  volume    price",
        "      4  EURUSD  limit  buy     0.50  1.09000",
        "",
        "1 positions, 1 orders",
    ]
    assert call("positions", days, "--account", QUIET).out.endswith("\n0 positions\n")
    nobody = call("positions", days, "--account", 99)
    assert (nobody.code, nobody.out) == (2, "")
    assert "there is no account 99 at sequence 29" in nobody.err


def test_help_tells_what_settling_promises(capsys: pytest.CaptureFixture[str]) -> None:
    for command in ("settle", "positions"):
        assert execute([command, "--help"]) == 0
        assert f"Usage: lockstep {command}" in capsys.readouterr().out
