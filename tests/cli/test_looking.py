"""`lockstep state` and `lockstep events`: questions about a journal."""

import json
import os
import subprocess
import sys
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from adapters.units import parse_time
from journal import LmdbJournal
from tests.cli.conftest import ROOT, Call, Demo, call_outside

STATE_KEYS = [
    "login", "equity", "pnl", "free_margin", "margin_level", "margin_used", "max_withdrawable",
    "gross_exposure", "net_exposure", "currency", "stale", "age_s", "sequence", "time",
]  # fmt: skip


def rows(called: Any) -> list[dict[str, Any]]:
    assert called.code == 0, called.err
    return [json.loads(text) for text in called.out.splitlines()]


def test_state_has_the_shape_of_the_account_state_request(demo: Demo, call: Call) -> None:
    state = call("state", demo.path, "--account", 100_001).json()
    assert list(state) == [*STATE_KEYS, "data"]
    assert call("state", demo.path, "--account", 100_001, "--json").json() == state
    assert state["login"] == "100001"
    assert isinstance(state["equity"], float) and isinstance(state["stale"], bool)


def test_state_shows_every_decimal_of_the_currency(demo: Demo, call: Call) -> None:
    out = call("state", demo.path, "--account", 100_001, "--at", 200).out
    (line,) = [text for text in out.splitlines() if '"equity"' in text]
    digits = line.rstrip(",").split(".")
    assert len(digits) == 1 or len(digits[1]) == 2


def test_state_of_the_past_is_that_after_the_last_command_before_it(demo: Demo, call: Call) -> None:
    entries = rows(
        call("events", demo.path, "--account", 100_001, "--type", "ledger_entry", "--json")
    )
    for entry in entries[:: max(len(entries) // 6, 1)]:
        by_sequence = call("state", demo.path, "--account", 100_001, "--at", entry["sequence"])
        by_time = call("state", demo.path, "--account", 100_001, "--at", entry["time"])
        assert by_sequence.json()["sequence"] == entry["sequence"]
        assert by_sequence.json()["time"] == entry["time"]
        last = [e for e in entries if e["sequence"] == entry["sequence"]][-1]
        assert by_sequence.json()["margin_used"] == last["margin"]
        assert by_time.json()["sequence"] >= entry["sequence"]
        assert parse_time(by_time.json()["time"]) == parse_time(entry["time"])
    first = call("state", demo.path, "--account", 100_001, "--at", 1)
    assert first.code == 2
    assert "there is no account 100001 at sequence 1" in first.err


def test_state_without_margin_has_no_level(demo: Demo, call: Call) -> None:
    (opened, *_) = rows(
        call("events", demo.path, "--account", 100_001, "--type", "ledger_entry", "--json")
    )
    state = call("state", demo.path, "--account", 100_001, "--at", opened["sequence"]).json()
    assert state["margin_level"] is None
    assert state["equity"] == state["free_margin"] == opened["balance"]


def test_events_without_filter_are_all_of_them_in_order(demo: Demo, call: Call) -> None:
    found = rows(call("events", demo.path, "--json"))
    total = call("verify", demo.path, "--json").json()["events"]
    assert len(found) == total
    assert [e["sequence"] for e in found] == sorted(e["sequence"] for e in found)
    text = call("events", demo.path)
    assert len(text.out.splitlines()) == total


FILTERS: list[tuple[tuple[object, ...], Any]] = [
    (("--account", 100_003), lambda e: e.get("login") == 100_003),
    (("--type", "stop_out"), lambda e: e["event"] == "stop_out"),
    (
        ("--type", "stop_out", "margin_call"),
        lambda e: e["event"] in ("stop_out", "margin_call"),
    ),
    (("--from", 400), lambda e: e["sequence"] >= 400),
    (("--to", 300), lambda e: e["sequence"] <= 300),
    (("--from", 200, "--to", 300), lambda e: 200 <= e["sequence"] <= 300),
    (
        ("--from", "2024-03-05T12:00:00Z", "--to", "2024-03-05T14:00:00Z"),
        lambda e: (
            parse_time("2024-03-05T12:00:00Z")
            <= parse_time(e["time"])
            <= parse_time("2024-03-05T14:00:00Z")
        ),
    ),
]


@pytest.mark.parametrize(("arguments", "matches"), FILTERS)
def test_events_filter(demo: Demo, call: Call, arguments: tuple[object, ...], matches: Any) -> None:
    everything = rows(call("events", demo.path, "--json"))
    found = rows(call("events", demo.path, *arguments, "--json"))
    assert found == [e for e in everything if matches(e)]
    assert found, "the filter finds something"


def test_events_of_a_symbol_include_those_that_name_only_a_ticket(demo: Demo, call: Call) -> None:
    opened = rows(call("events", demo.path, "--type", "position_opened", "--json"))
    symbol, _ = Counter(e["symbol"] for e in opened).most_common()[0]
    found = rows(call("events", demo.path, "--symbol", symbol, "--json"))
    kinds = {e["event"] for e in found}
    assert {"order_placed", "position_opened", "position_closed", "ledger_entry"} <= kinds
    assert {e["symbol"] for e in found if "symbol" in e} == {symbol}
    assert found[0]["event"] == "configured" and found[0]["name"] == symbol


def test_events_as_lines_name_words_and_decimals(demo: Demo, call: Call) -> None:
    out = call("events", demo.path, "--type", "position_opened").out
    assert "symbol=" in out and "side=" in out and "open_price=" in out
    assert "_points" not in out and "_minor" not in out


BAD = [
    (("state", "DEMO", "--account", "nobody"), "--account"),
    (("state", "DEMO", "--account", 1), "there is no account 1 at sequence"),
    (("state", "DEMO", "--account", 100_001, "--at", 10**9), "sequence 1000000000 is not in it"),
    (("state", "DEMO", "--account", 100_001, "--at", "14:03"), "--at '14:03': is neither"),
    (("state", "DEMO", "--account", 100_001, "--at", "9" * 30), "beyond any sequence"),
    (("state", "NOWHERE", "--account", 1), "NOWHERE"),
    (("events", "NOWHERE"), "NOWHERE"),
    (("events", "DEMO", "--type", "explosion"), "--type 'explosion': is none of rejected,"),
    (("events", "DEMO", "--symbol", "EURXXX"), "--symbol 'EURXXX': no such instrument"),
    (("events", "DEMO", "--from", "yesterday"), "--from 'yesterday': is neither"),
    (("events", "DEMO", "--colour"), "--colour"),
    (("events",), "DIR"),
    (("dance",), "dance"),
    (("state", "DEMO", "--account", 100_001, "--hooks", "no_such_module"), "no_such_module"),
]


@pytest.mark.parametrize(("arguments", "sentence"), BAD)
def test_bad_question_gets_one_sentence_and_exit_code_2(
    demo: Demo, tmp_path: Path, call: Call, arguments: tuple[object, ...], sentence: str
) -> None:
    nowhere = tmp_path / "NOWHERE"
    places = {"DEMO": demo.path, "NOWHERE": nowhere}
    called = call(*(places.get(str(a), a) for a in arguments))
    assert called.code == 2
    assert called.out == ""
    *labels, message = called.err.splitlines()
    assert labels in ([], ["generated data"])
    assert message.startswith("lockstep: ") and sentence in message
    assert not nowhere.exists()


def test_reader_of_a_pipe_that_goes_away_is_no_failure(demo: Demo) -> None:
    line = f"{sys.executable} -m adapters.cli events {demo.path} | head -1; echo ${{PIPESTATUS[0]}}"
    done = subprocess.run(
        ["bash", "-c", line], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert done.stdout.splitlines()[-1] == "0"
    assert "Traceback" not in done.stderr


def test_help_of_every_command_tells_what_it_does() -> None:
    for command in ("demo", "run", "replay", "state", "events", "verify", "snapshot"):
        called = call_outside(command, "--help")
        assert called.code == 0
        assert f"Usage: lockstep {command}" in called.out
    assert "Exit codes" in call_outside("--help").out


@pytest.mark.parametrize(
    ("first", "last"), [("5", "3"), ("2024-03-05T14:00:00Z", "2024-03-05T13:59:59Z")]
)
def test_events_whose_end_lies_before_their_beginning_are_refused(
    demo: Demo, call: Call, first: str, last: str
) -> None:
    called = call("events", demo.path, "--from", first, "--to", last)
    assert (called.code, called.out) == (2, "")
    assert called.err == (
        f"lockstep: --from {first} --to {last}: the end lies before the beginning\n"
    )
    assert call("events", demo.path, "--from", first, "--to", first).code == 0


def test_fault_of_the_program_is_told_apart_from_a_difference(
    demo: Demo, call: Call, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(LmdbJournal, "blocks", property())
    called = call("replay", demo.path, "--no-snapshot", "--verify")
    assert (called.code, called.out) == (70, "")
    assert called.err.startswith("Traceback (most recent call last):\n")
    assert "AttributeError" in called.err
    assert called.err.endswith("this is a fault of the program, not of what it was given\n")


@pytest.mark.parametrize("unbuffered", ["", "1"])
def test_output_that_can_not_be_written_is_no_difference(demo: Demo, unbuffered: str) -> None:
    line = f"{sys.executable} -m adapters.cli replay {demo.path} > /dev/full"
    environment = os.environ | {"PYTHONUNBUFFERED": unbuffered}
    done = subprocess.run(
        ["bash", "-c", line], cwd=ROOT, env=environment, capture_output=True, text=True
    )
    assert done.returncode == 70
    assert done.stderr == "lockstep: the output can't be written: No space left on device\n"
