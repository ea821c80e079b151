"""`lockstep run`: quotes and commands from files; bad input changes nothing."""

import json
import zipfile
from pathlib import Path
from typing import Any

import pytest

from tests.cli.conftest import ROOT, Call

REAL = ROOT.parent / "shared" / "data" / "ticks"
REAL_DAY = ROOT / "examples" / "real_day.toml"

CONFIG = """
[[currency]]
code = "USD"
[[currency]]
code = "EUR"
[[feed]]
name = "one"
[[feed]]
name = "two"
crossed_quotes = "reject"
[[instrument]]
symbol = "EURUSD"
base = "EUR"
profit = "USD"
digits = 5
contract_size = 100_000
price_min = 0.5
price_max = 3
feeds = ["one", "two"]
[[instrument]]
symbol = "XAUUSD"
base = "USD"
profit = "USD"
digits = 2
contract_size = 100
profit_mode = "cfd"
margin_mode = "cfd_leverage"
price_min = 100
price_max = 9000
feeds = ["one"]
[[group]]
name = "usd"
currency = "USD"
[[group]]
name = "eur"
currency = "EUR"
[[account]]
login = 7
group = "eur"
deposit = 10_000
[[clients]]
group = "usd"
"""
CSV = """time,bid,ask
2014-05-05T08:00:00Z,1.38000,1.38010
2014-05-05T08:00:02Z,1.38100,1.38110
2014-05-05T08:00:04Z,1.38200,1.38210
2014-05-05T08:00:06Z,1.38300,1.38310
"""
COMMANDS = """
{"time": "2014-05-05T08:00:01Z", "command": "place_order", "name": "a", "login": 7, "symbol": "EURUSD", "type": "market", "side": "buy", "volume": 0.20, "key": "00000000000000000000000000000007"}
{"time": "2014-05-05T08:00:01Z", "command": "place_order", "login": 7, "symbol": "EURUSD", "type": "market", "side": "buy", "volume": 0.20, "key": "00000000000000000000000000000007"}
{"time": "2014-05-05T08:00:03Z", "command": "close_position", "login": 7, "position": "a", "volume": 0.05}
{"time": "2014-05-05T08:00:05Z", "command": "close_position", "login": 7, "position": "a"}
{"time": "2014-05-05T08:00:07Z", "command": "place_order", "login": 7, "symbol": "XAUUSD", "type": "market", "side": "buy", "volume": 0.20}
"""  # noqa: E501


@pytest.fixture
def inputs(tmp_path: Path) -> Path:
    """A folder with a configuration, quotes and commands."""
    folder = tmp_path / "inputs"
    folder.mkdir()
    (folder / "day.toml").write_text(CONFIG)
    (folder / "eurusd.csv").write_text(CSV)
    (folder / "commands.jsonl").write_text(COMMANDS)
    with zipfile.ZipFile(folder / "eurusd.zip", "w") as archive:
        archive.writestr("quotes.csv", "28801000,1.38050,1.38060\n28803000.5,1.39000,1.38990\n")
    with zipfile.ZipFile(folder / "gold.zip", "w") as archive:
        archive.writestr("quotes.csv", "28800500,1300.10,1300.60\n")
    return folder


def events_of(call: Call, path: Path, *arguments: object) -> list[dict[str, Any]]:
    called = call("events", path, *arguments, "--json")
    assert called.code == 0, called.err
    return [json.loads(text) for text in called.out.splitlines()]


def test_run_of_quotes_and_commands_follows_names_through_partial_closes(
    inputs: Path, tmp_path: Path, call: Call
) -> None:
    out = tmp_path / "day"
    called = call(
        "run", out, "--config", inputs / "day.toml",
        "--ticks", f"EURUSD@one={inputs / 'eurusd.csv'}",
        "--commands", inputs / "commands.jsonl", "--json",
    )  # fmt: skip
    assert called.code == 0, called.err
    answer = called.json()
    assert answer["data"] == "quotes from files"
    assert answer["orders_filled"] == 1, "the repeated line was answered, not applied"
    assert answer["commands"] == 9 + 2 + 4 + 4
    assert answer["positions_closed"] == {"client": 2}
    assert list(answer["rejected"]) == ["206 the instrument has no quote yet"]
    closed = events_of(call, out, "--type", "position_closed")
    assert [(e["position"], e["rest_position"], e["volume"]) for e in closed] == [
        (1, 2, 0.05), (2, 0, 0.15)
    ]  # fmt: skip
    assert [e["close_price"] for e in closed] == [1.381, 1.382]
    # 0.05 lots: (6905.00 - 6900.50) USD = 4.50 USD at 1.38100 = 3.26 EUR; the rest likewise.
    assert [e["profit"] for e in closed] == [3.26, 20.62]
    state = call("state", out, "--account", 7).json()
    assert (state["equity"], state["currency"], state["margin_level"]) == (10_023.88, "EUR", None)
    assert "data" not in state, "quotes and commands from files are not generated"
    assert call("replay", out, "--verify", "--no-snapshot").code == 0


FUTURE = """
[[instrument]]
symbol = "GCF5"
base = "USD"
profit = "USD"
digits = 1
contract_size = 100
profit_mode = "cfd"
margin_mode = "cfd"
venue = "book"
volume_digits = 0
price_min = 300
price_max = 5000
lot_min = 1
lot_max = 100
lot_step = 1
initial_margin = 1000
[[account]]
login = 8
group = "usd"
deposit = 50_000
[[account]]
login = 9
group = "usd"
deposit = 50_000
"""
ON_THE_BOOK = """
{"time": "2014-05-05T08:00:00Z", "command": "set_phase", "symbol": "GCF5", "phase": "auction"}
{"time": "2014-05-05T08:00:01Z", "command": "place_book_order", "name": "ask", "login": 8, "symbol": "GCF5", "type": "limit", "side": "sell", "volume": 5, "price": 1310}
{"time": "2014-05-05T08:00:02Z", "command": "place_book_order", "name": "bid", "login": 9, "symbol": "GCF5", "type": "limit", "side": "buy", "volume": 3, "price": 1311}
{"time": "2014-05-05T08:00:03Z", "command": "set_phase", "symbol": "GCF5", "phase": "continuous"}
{"time": "2014-05-05T08:00:04Z", "command": "replace_order", "login": 8, "order": "ask", "volume": 1, "price": 1312}
{"time": "2014-05-05T08:00:05Z", "command": "modify_position", "login": 9, "position": "bid", "stop_loss": 1300, "take_profit": 1320}
{"time": "2014-05-05T08:00:06Z", "command": "place_book_order", "name": "ice", "login": 9, "symbol": "GCF5", "type": "limit", "side": "sell", "volume": 3, "price": 1315, "shown": 1}
{"time": "2014-05-05T08:00:07Z", "command": "cancel_order", "login": 9, "order": "ice"}
{"time": "2014-05-05T08:00:08Z", "command": "settle_instrument", "symbol": "GCF5", "price": 1311.5}
{"time": "2014-05-05T08:00:09Z", "command": "pay_funding", "symbol": "GCF5", "rate": 0.0001}
"""  # noqa: E501


def test_run_of_commands_for_a_book_follows_names_of_orders_and_of_their_positions(
    inputs: Path, tmp_path: Path, call: Call
) -> None:
    (inputs / "day.toml").write_text(CONFIG + FUTURE)
    (inputs / "commands.jsonl").write_text(ON_THE_BOOK)
    out = tmp_path / "day"
    arguments = ("--config", inputs / "day.toml", "--commands", inputs / "commands.jsonl")
    called = call("run", out, *arguments)
    assert called.code == 0, called.err
    assert "refused: " not in called.out
    assert "the exchange (quotes from files)\n" in called.out
    assert "  08:00:03  GCF5: an auction fills 3 lots at 1,310.0\n" in called.out
    assert "GCF5: daily settlement at 1,311.5, open interest 3 lots" in called.out
    assert "GCF5: funding of 0.01 %" in called.out
    answers = {
        e["event"]: e
        for e in events_of(call, out)
        if e["event"] in ("book_order_replaced", "position_modified", "book_order_removed")
    }
    fills = events_of(call, out, "--type", "futures_filled")
    assert answers["book_order_replaced"]["order"] == 1
    assert answers["position_modified"]["position"] == fills[0]["position"] != fills[0]["order"]
    assert answers["book_order_removed"]["order"] == 5
    assert [f["position_volume"] for f in fills] == [3, -3]
    settled = events_of(call, out, "--type", "position_settled", "funding_paid")
    # 3 lots of 100 ounces x 1.5 = 450.00; the funding goes by (1,310.0 + 1,310.0) / 2.
    assert [e.get("profit", e.get("amount")) for e in settled] == [-450.0, 450.0, 39.3, -39.3]
    assert call("replay", out, "--verify", "--no-snapshot").code == 0


def test_files_are_merged_by_time_and_by_their_order_at_equal_times(
    inputs: Path, tmp_path: Path, call: Call
) -> None:
    out = tmp_path / "day"
    called = call(
        "run", out, "--config", inputs / "day.toml", "--day", "2014-05-05", "--json",
        "--ticks", f"EURUSD@two={inputs / 'eurusd.zip'}", f"XAUUSD@one={inputs / 'gold.zip'}",
        f"EURUSD@one={inputs / 'eurusd.csv'}",
    )  # fmt: skip
    assert called.code == 0, called.err
    answer = called.json()
    assert answer["quotes"] == 7
    assert [f["crossed"] for f in answer["files"]] == [1, 0, 0]
    assert answer["rejected"] == {"208 the bid is above the ask": 1}


def test_run_tells_that_generated_clients_are_generated(
    inputs: Path, tmp_path: Path, call: Call
) -> None:
    out = tmp_path / "day"
    called = call(
        "run", out, "--config", inputs / "day.toml", "--clients", 3, "--seed", 4,
        "--ticks", f"EURUSD@one={inputs / 'eurusd.csv'}",
    )  # fmt: skip
    assert called.code == 0
    assert "3 generated clients, seed 4" in called.out
    assert "what happened (quotes from files, generated clients)" in called.out
    assert "generated clients" in call("state", out, "--account", 100_001).json()["data"]


def test_run_of_commands_alone_works(inputs: Path, tmp_path: Path, call: Call) -> None:
    arguments = ("--config", inputs / "day.toml", "--commands", inputs / "commands.jsonl")
    called = call("run", tmp_path / "day", *arguments, "--json")
    assert called.code == 0
    assert called.json()["orders_filled"] == 0


# What is put in place of a good input, and what the sentence must say.
BAD: list[tuple[dict[str, Any], str]] = [
    ({"config": None}, "--config"),
    ({"config": "none.toml"}, "none.toml: can't be read"),
    ({"day.toml": "profile = ["}, "day.toml: is not TOML"),
    ({"day.toml": CONFIG.replace("contract_size = 100_000", "contract_size = 0")}, "EURUSD"),
    ({"day.toml": CONFIG.replace('name = "usd"', 'name = "usd"\nleverage = 0')}, "group usd"),
    ({"ticks": ["EURUSD@one"]}, "--ticks 'EURUSD@one': expected SYMBOL@PROVIDER=FILE"),
    ({"ticks": ["EURUSD=x.csv"]}, "expected SYMBOL@PROVIDER=FILE"),
    ({"ticks": ["GBPUSD@one=eurusd.csv"]}, "has no instrument 'GBPUSD'; known: EURUSD, XAUUSD"),
    ({"ticks": ["EURUSD@six=eurusd.csv"]}, "has no feed 'six'; known: one, two"),
    ({"ticks": ["XAUUSD@two=eurusd.csv"]}, "does not list the feed 'two' for XAUUSD"),
    ({"ticks": ["EURUSD@one=none.csv"]}, "none.csv: can't be read"),
    ({"ticks": ["EURUSD@one=eurusd.zip"], "day": None}, "the day is needed (--day DATE)"),
    ({"day": "5 May"}, "--day: '5 May' is not a day such as 2014-05-05"),
    ({"eurusd.csv": CSV.replace("1.38100", "1.38.1")}, "eurusd.csv, line 3: bid '1.38.1' is not"),
    ({"eurusd.csv": CSV.replace("1.38100", "1.381001")}, "line 3: bid '1.381001' has 6 decimals"),
    ({"eurusd.csv": CSV.replace("1.38100", "1.38120")}, "line 3: crossed quote: bid 1.38120"),
    ({"eurusd.csv": CSV.replace("08:00:04", "07:00:04")}, "line 4: time '2014-05-05T07:00:04Z'"),
    ({"eurusd.csv": CSV.replace(",1.38110", "")}, "line 3: has 2 values, expected 3"),
    ({"eurusd.csv": CSV.replace("2014-05-05T08:00:02Z", "noon")}, "line 3: 'noon' is not a time"),
    ({"eurusd.csv": CSV[5:]}, "line 1: expected a header"),
    ({"eurusd.csv": "time,bid,ask\n"}, "eurusd.csv: holds no quotes"),
    ({"commands.jsonl": "{}\n"}, "commands.jsonl, line 1: the key 'time' is missing"),
    ({"commands.jsonl": COMMANDS.replace("EURUSD", "EURXXX")}, "line 2: symbol: there is no"),
    ({"commands.jsonl": COMMANDS + "{"}, "commands.jsonl, line 7: is not JSON"),
    (
        {"commands.jsonl": COMMANDS.replace('"volume": 0.20, "key"', '"volume": 1, "key"', 1)},
        "line 3: key: line 2 gives it to another command",
    ),
    (
        {"commands.jsonl": COMMANDS.replace(f"{7:032x}", f"{7:016x}{'f' * 16}", 1)},
        f"commands.jsonl, line 2: key: {7:016x}{'f' * 16} is kept for the opening money of"
        " account 7",
    ),
    (
        {"commands.jsonl": COMMANDS.replace(f"{7:032x}", f"{100_002:016x}{3:016x}", 1)},
        f"line 2: key: {100_002:016x}{3:016x} is kept for commands of the generated client 100002",
    ),
    ({"commands": "none.jsonl"}, "none.jsonl: can't be read"),
    ({"ticks": None, "commands": None}, "nothing to run"),
    ({"ticks": None, "clients": 5}, "generated clients need quotes"),
    ({"clients": -1}, "--clients -1"),
    ({"clients": 5, "day.toml": CONFIG.split("[[clients]]")[0]}, "has no [[clients]] table"),
    ({"clients": 5, "day.toml": CONFIG + "habits = { x = 1 }\n"}, "habits: 'x' is none of"),
    ({"clients": 5, "day.toml": CONFIG + "habits = { swing = 0 }\n"}, "all weights are 0"),
    ({"hooks": "no_such_module"}, "no_such_module"),
]


@pytest.mark.parametrize(("change", "sentence"), BAD)
def test_bad_input_gets_one_sentence_and_changes_nothing(
    inputs: Path, tmp_path: Path, call: Call, change: dict[str, Any], sentence: str
) -> None:
    given: dict[str, Any] = {
        "config": "day.toml", "ticks": ["EURUSD@one=eurusd.csv"], "day": "2014-05-05",
        "commands": "commands.jsonl", "clients": 2, "hooks": None,
    }  # fmt: skip
    for key, value in change.items():
        if "." in key:
            (inputs / key).write_text(value)
        else:
            given[key] = value
    arguments: list[object] = []
    for option in ("config", "commands"):
        if given[option] is not None:
            arguments += [f"--{option}", inputs / given[option]]
    for option in ("day", "clients", "hooks"):
        if given[option] is not None:
            arguments += [f"--{option}={given[option]}"]
    if given["ticks"] is not None:
        arguments += ["--ticks", *(t.replace("=", f"={inputs}/") for t in given["ticks"])]
    called = call("run", tmp_path / "day", *arguments)
    assert called.code == 2, called.out
    assert called.out == ""
    assert called.err.startswith("lockstep: ") and called.err.count("\n") == 1
    assert sentence in called.err
    assert not (tmp_path / "day").exists()


def test_run_into_a_directory_that_is_not_empty_is_refused(
    inputs: Path, tmp_path: Path, call: Call
) -> None:
    arguments = ("--config", inputs / "day.toml", "--ticks", f"EURUSD@one={inputs}/eurusd.csv")
    out = tmp_path / "day"
    assert call("run", out, *arguments).code == 0
    before = {p: p.stat().st_mtime_ns for p in out.rglob("*")}
    again = call("run", out, *arguments)
    assert again.code == 2
    assert "already holds a journal" in again.err
    assert {p: p.stat().st_mtime_ns for p in out.rglob("*")} == before
    assert call("demo", "--out", out).code == 2, "a demo does not replace a run either"


def test_run_with_hooks_is_replayed_with_the_same_hooks_or_refused(
    inputs: Path, tmp_path: Path, call: Call, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "house_hooks.py").write_text(
        "def stops_filter(login, instrument, ticket, kind, side, volume, trigger, price):\n"
        "    return 0\n"
    )
    monkeypatch.syspath_prepend(str(tmp_path))
    out = tmp_path / "day"
    called = call(
        "run", out, "--config", inputs / "day.toml", "--hooks", "house_hooks",
        "--ticks", f"EURUSD@one={inputs / 'eurusd.csv'}",
    )  # fmt: skip
    assert called.code == 0, called.err
    assert call("replay", out, "--verify", "--no-snapshot", "--hooks", "house_hooks").code == 0
    refused = call("replay", out, "--verify", "--no-snapshot")
    assert refused.code == 2
    assert "house_hooks" in refused.err
    told = call("replay", out, "--verify", "--no-snapshot", "--any-hooks")
    assert told.code == 0, "these hooks never had anything to decide"


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ("raise KeyError('EURUSD')", "stops_apply raised KeyError: 'EURUSD'"),
        ("return 0, -1", "BrokenHook: ticket 1: a hook answered price -1, expected 1 to 1348576"),
    ],
)
def test_run_with_a_hook_that_fails_is_one_sentence_and_no_difference(
    inputs: Path, tmp_path: Path, call: Call, monkeypatch: pytest.MonkeyPatch,
    body: str, message: str,
) -> None:  # fmt: skip
    name = f"failing_hooks_{len(body)}"
    (tmp_path / f"{name}.py").write_text(f"def stops_apply(*values):\n    {body}\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    (inputs / "commands.jsonl").write_text(
        '{"time": "2014-05-05T08:00:01Z", "command": "place_order", "login": 7,'
        ' "symbol": "EURUSD", "type": "market", "side": "buy", "volume": 0.20,'
        ' "take_profit": 1.38150}\n'
    )
    called = call(
        "run", tmp_path / "day", "--config", inputs / "day.toml", "--hooks", name,
        "--ticks", f"EURUSD@one={inputs / 'eurusd.csv'}",
        "--commands", inputs / "commands.jsonl",
    )  # fmt: skip
    assert called.code == 2
    assert called.err == f"lockstep: hooks {name}: {message}\n"


@pytest.mark.skipif(not REAL.is_dir(), reason=f"the real quotes are not in {REAL}")
def test_a_share_of_the_real_day_runs_with_clients_and_commands(tmp_path: Path, call: Call) -> None:
    ticks = []
    for symbol, provider, start, count in (
        ("XAUUSD", "oanda", 18_000_000, 2_500),
        ("EURUSD", "oanda", 18_000_000, 700),
        ("EURUSD", "fxcm", 0, 1_500),
        ("NZDUSD", "fxcm", 0, 1_500),
    ):
        name = f"{provider}_{symbol.lower()}"
        with zipfile.ZipFile(REAL / name / "20140505_quote.zip") as archive:
            lines = archive.read(archive.namelist()[0]).decode().splitlines()
        chosen = [text for text in lines if float(text.split(",")[0]) >= start][:count]
        path = tmp_path / f"{name}.zip"
        with zipfile.ZipFile(path, "w") as archive:
            archive.writestr("quotes.csv", "\n".join(chosen))
        ticks.append(f"{symbol}@{provider}={path}")
    out = tmp_path / "real-day"
    called = call(
        "run", out, "--config", REAL_DAY, "--day", "2014-05-05", "--clients", 400, "--seed", 1,
        "--commands", ROOT / "examples" / "commands.jsonl", "--ticks", *ticks, "--json",
    )  # fmt: skip
    assert called.code == 0, called.err
    answer = called.json()
    assert answer["quotes"] == 6_200
    assert answer["closes_with_conversion"] > 10
    assert answer["rejected"]["208 the bid is above the ask"] > 0
    assert answer["orders_filled"] > 100
    replayed = call("replay", out, "--verify", "--no-snapshot", "--json").json()
    assert replayed["verified"] is True
    assert replayed["state_hash"] == answer["state_hash"]
