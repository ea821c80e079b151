"""`lockstep demo`: twice the same, proved by its replay, labelled as generated."""

import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from adapters.generate import venue
from adapters.settlement import folder, settle
from adapters.settlement.money import Amounts, Purse
from adapters.settlement.work import purses
from engine import Engine
from engine._build import compiled
from tests.cli.conftest import ROOT, Call, Demo, call_outside

SMALL = ("--ticks", 3_000, "--clients", 30, "--seed", 5)


def test_demo_tells_what_happened_and_that_the_replay_agrees(demo: Demo) -> None:
    for part in (
        "generated data: 3,000 quotes of 31 instruments, 30 clients, seed 5",
        "orders placed ",
        "orders filled ",
        "margin calls ",
        "stop outs ",
        "house profit ",
        "commands, durable, in ",
        "events      agree, byte for byte",
        "state hash  agrees: ",
    ):
        assert part in demo.text
    assert "DIFFER" not in demo.text
    core = "is compiled" if compiled() else "runs interpreted"
    assert f"\nthe core {core}\n" in demo.text.partition("what happened")[0]


def test_demo_tells_who_was_liquidated_on_the_exchange_and_what_the_settlement_says(
    demo: Demo,
) -> None:
    story = demo.text.partition("the exchange (generated data)\n")[2]
    for part in (
        "an exchange with 3 order books and 15 members",
        "  08:00:00  GDJ4: an auction fills ",
        "  16:00:00  BTC-PERP: funding of 0.01 %, ",
        "  20:45:00  GDJ4: daily settlement at ",
        f"  account {venue.STRETCHED_LOGIN} is liquidated, GDJ4:\n",
        "  margin call: equity ",
        " % of the margin: 1 lot sold at ",
        f"  account {venue.SHORT_LOGIN} is liquidated, BTC-PERP:\n",
        " % of the margin: 20.0 lots bought at ",
        "  the insurance fund pays the ",
        "settled, 2024-03-05 (UTC)\n",
        "= closing\n",
        "  reconciled to the last minor unit: ",
    ):
        assert part in demo.text
    assert story.index("margin call") < story.index("1 lot sold")
    (lost,) = re.findall(rf"  account {venue.SHORT_LOGIN}  USD +(\S+) +(\S+) +(\S+)", story)
    assert lost == ("14,000.00", "-14,000.00", "0.00"), "all of its money, and no more"
    assert (demo.path / "settlement" / "2024-03-05" / "manifest.json").exists()


def test_exchange_and_settlement_are_in_the_json_of_the_demo(tmp_path: Path, call: Call) -> None:
    result = call("demo", "--out", tmp_path / "d", *SMALL, "--json").json()
    stretched, short = result["liquidations"]
    assert stretched["login"] == venue.STRETCHED_LOGIN and stretched["symbol"] == "GDJ4"
    assert len(stretched["steps"]) >= 2 and stretched["insurance"] == 0
    assert stretched["margin_call"] < stretched["steps"][0]["time"]
    assert (short["login"], short["steps"][0]["volume"]) == (venue.SHORT_LOGIN, 20.0)
    assert short["insurance"] > 10_000
    assert result["exchange"]["liquidation_steps"] == 1 + len(stretched["steps"])
    settled = result["settlement"]
    assert (settled["reconciled"], settled["provisional"]) == (True, False)
    assert [one["settlement"] for one in settled["totals"]["settlements"]] == ["funding", "daily"]


def test_demo_whose_settlement_does_not_reconcile_says_so_and_fails(
    tmp_path: Path, call: Call, monkeypatch: pytest.MonkeyPatch
) -> None:
    def wrong(engine: Engine) -> Iterator[Purse]:
        for purse in purses(engine):
            one = purse.login == venue.FUND
            yield purse._replace(amounts=purse.amounts.plus(Amounts(one, 0, 0)))

    monkeypatch.setattr(settle, "purses", wrong)
    called = call("demo", "--out", tmp_path / "d", "--ticks", 60, "--clients", 1)
    assert called.code == 1
    assert f"  account {venue.FUND}: balance, opening + entries: expected" in called.out
    assert "; nothing was written" in called.out
    assert not (tmp_path / "d" / "settlement" / "2024-03-05").exists()


def test_demo_twice_replaces_the_first_and_ends_in_the_same_state(
    demo: Demo, tmp_path: Path, call: Call
) -> None:
    out = tmp_path / "demo-day"
    hashes = []
    for _ in range(2):
        called = call("demo", "--out", out, *SMALL, "--json")
        assert called.code == 0
        result = called.json()
        assert result["data"] == "generated data"
        assert result["replay"]["agrees"] is True
        assert result["replay"]["events"] == result["events"]
        hashes += [result["state_hash"], result["replay"]["state_hash"]]
    assert called.err == f"replacing the earlier demo in {out}\n"
    assert set(hashes) == {demo.hash}


def test_demo_has_stop_outs_at_smoke_size(tmp_path: Path, call: Call) -> None:
    result = call("demo", "--out", tmp_path / "d", *SMALL, "--json").json()
    assert result["stop_outs"] >= 2
    assert result["margin_calls"] >= 2
    assert result["closes_with_conversion"] >= 20
    assert set(result["house_profit"]) == {"USD", "EUR", "GBP", "JPY"}


def test_demo_refuses_a_directory_with_anything_else_in_it(tmp_path: Path, call: Call) -> None:
    (tmp_path / "notes.txt").write_text("mine")
    called = call("demo", "--out", tmp_path, *SMALL)
    assert called.code == 2
    assert called.err == (
        f"lockstep: {tmp_path}: already holds files; name a new or an empty directory\n"
    )
    assert [p.name for p in tmp_path.iterdir()] == ["notes.txt"]


def test_demo_refuses_to_replace_a_demo_beside_foreign_files(tmp_path: Path, call: Call) -> None:
    assert call("demo", "--out", tmp_path, "--ticks", 50, "--clients", 2).code == 0
    (tmp_path / "notes.txt").write_text("mine")
    before = sorted(p.name for p in tmp_path.rglob("*"))
    called = call("demo", "--out", tmp_path, "--ticks", 50, "--clients", 2)
    assert called.code == 2
    assert "notes.txt, which no demo wrote" in called.err
    assert sorted(p.name for p in tmp_path.rglob("*")) == before


def test_demo_replaces_a_demo_with_its_settlements_and_nothing_else(
    tmp_path: Path, call: Call
) -> None:
    small = ("--ticks", 50, "--clients", 2)
    assert call("demo", "--out", tmp_path, *small).code == 0
    assert call("settle", tmp_path, "--day", "2024-03-04").code == 0
    settled = tmp_path / "settlement"
    for strange in (settled / "notes.txt", settled / "2024-03-04" / "notes.txt"):
        strange.write_text("mine")
        before = sorted(p.name for p in tmp_path.rglob("*"))
        called = call("demo", "--out", tmp_path, *small)
        assert called.code == 2
        assert f"{strange.relative_to(tmp_path)}, which no demo wrote" in called.err
        assert sorted(p.name for p in tmp_path.rglob("*")) == before
        strange.unlink()
    with folder.opened(settled):
        called = call("demo", "--out", tmp_path, *small)
    assert called.code == 2
    assert "another process settles there" in called.err
    assert (tmp_path / "journal").exists()
    assert call("demo", "--out", tmp_path, *small).code == 0
    assert [p.name for p in settled.iterdir()] == ["2024-03-05"], "the other day went"


def test_demo_refuses_counts_out_of_range(tmp_path: Path, call: Call) -> None:
    out = tmp_path / "d"
    for option, value in (("--ticks", 0), ("--clients", -1), ("--ticks", "many")):
        called = call("demo", "--out", out, option, value)
        assert called.code == 2
        assert option in called.err and called.err.count("\n") == 1
    assert not out.exists()


def test_demo_that_still_runs_is_not_replaced(tmp_path: Path, call: Call) -> None:
    assert call("demo", "--out", tmp_path, "--ticks", 50, "--clients", 2).code == 0
    before = sorted(p.name for p in tmp_path.rglob("*"))
    holder = (
        "import sys, time; from adapters.node import Node; node = Node.open(sys.argv[1]);"
        "print('open', flush=True); sys.stdin.read()"
    )
    with subprocess.Popen(
        [sys.executable, "-c", holder, str(tmp_path)],
        cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
    ) as process:  # fmt: skip
        assert process.stdout is not None and process.stdout.readline() == "open\n"
        called = call("demo", "--out", tmp_path, "--ticks", 50, "--clients", 2)
        process.communicate()
    assert called.code == 2
    assert sorted(p.name for p in tmp_path.rglob("*")) == before
    assert call("demo", "--out", tmp_path, "--ticks", 50, "--clients", 2).code == 0


def test_demo_over_a_file_is_refused(tmp_path: Path, call: Call) -> None:
    (tmp_path / "file").write_text("")
    for out in (tmp_path / "file", tmp_path / "file" / "below"):
        called = call("demo", "--out", out, "--ticks", 10, "--clients", 1)
        assert called.code == 2
        assert str(out) in called.err


def test_demo_without_clients_works(tmp_path: Path, call: Call) -> None:
    called = call("demo", "--out", tmp_path, "--ticks", 100, "--clients", 0, "--json")
    assert called.code == 0
    assert called.json()["orders_filled"] == 0


def test_generated_data_is_labelled_wherever_it_shows(demo: Demo, call: Call) -> None:
    assert "generated data" in call("replay", demo.path).out
    assert call("replay", demo.path, "--json").json()["data"] == "generated data"
    assert call("state", demo.path, "--account", 100_001).json()["data"] == "generated data"
    assert call("events", demo.path, "--to", 3).err == "generated data\n"
    assert "generated data" in call("verify", demo.path).out
    assert call("verify", demo.path, "--json").json()["data"] == "generated data"


def test_environment_changes_nothing(demo: Demo, tmp_path: Path) -> None:
    called = call_outside(
        "demo", "--out", tmp_path / "d", *SMALL,
        PYTHONHASHSEED="99", TZ="Asia/Kathmandu", LC_ALL="de_DE.UTF-8",
    )  # fmt: skip
    assert called.code == 0
    assert f"state hash  agrees: {demo.hash}" in called.out
