"""`lockstep demo`: twice the same, proved by its replay, labelled as generated."""

import subprocess
import sys
from pathlib import Path

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
