"""Files of commands and described records: what is printed can be fed in again."""

import json
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from adapters.config import Settings, load
from adapters.describe import NAME_OF_TYPE, Names, describe, key_text, line
from adapters.jsonl import FileCommand, read_commands
from adapters.units import JSON, BadInput, parse_time
from engine import records
from engine import vocabulary as v

pytestmark = pytest.mark.once

ROOT = Path(__file__).parents[2]
AT = '"time": "2014-05-05T08:00:00Z"'
AT_NS = parse_time("2014-05-05T08:00:00Z")


@pytest.fixture(scope="module")
def broker() -> Settings:
    return load(ROOT / "examples" / "real_day.toml")


def commands_of(tmp_path: Path, broker: Settings, *lines: str) -> list[FileCommand]:
    path = tmp_path / "commands.jsonl"
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return read_commands(path, broker)


LINES: list[tuple[str, records.Command]] = [
    (
        f'{{{AT}, "command": "place_order", "login": 10007, "symbol": "EURUSD", "type": "limit",'
        ' "side": "sell", "volume": 0.10, "price": "1.39000", "take_profit": 1.38,'
        ' "expiry": "2014-05-05T20:00:00Z", "key": "00000000000000010000000000000002"}',
        records.PlaceOrder(
            login=10007, instrument=1, order_type=v.LIMIT, side=v.SELL, volume_units=10,
            price_points=139_000, take_profit_points=138_000,
            expiry_ns=parse_time("2014-05-05T20:00:00Z"), key_high=1, key_low=2,
        ),
    ),
    (
        f'{{"time": {AT_NS}, "command": "place_order", "login": 1, "symbol": 3, "type": "market",'
        ' "side": "buy", "volume": 1, "price": 1300, "deviation_points": 50}',
        records.PlaceOrder(
            login=1, instrument=3, order_type=v.MARKET, side=v.BUY, volume_units=100,
            price_points=1_300_000, deviation_points=50,
        ),
    ),
    (
        f'{{{AT}, "command": "balance_operation", "login": 10008, "operation": "withdrawal",'
        ' "amount": 12.30}',
        records.BalanceOperation(login=10008, operation=v.WITHDRAWAL, amount_minor=1_230),
    ),
    (
        f'{{{AT}, "command": "balance_operation", "login": 5, "operation": "correction",'
        ' "amount": "-1", "currency": "EUR", "reference": 3}',
        records.BalanceOperation(
            login=5, operation=v.CORRECTION, amount_minor=-100, reference=3
        ),
    ),
    (
        f'{{{AT}, "command": "modify_position", "login": 1, "position": 9, "symbol": "XAUUSD",'
        ' "stop_loss": 1290.5, "take_profit": null}',
        records.ModifyPosition(
            login=1, position=9, stop_loss_points=1_290_500, take_profit_points=0
        ),
    ),
    (
        f'{{{AT}, "command": "tick", "symbol": "EURUSD", "feed": "fxcm",'
        ' "bid": 1.38, "ask": 1.39}',
        records.Tick(instrument=1, feed=2, bid_points=138_000, ask_points=139_000),
    ),
    (
        f'{{{AT}, "command": "set_account", "login": 3, "group": "retail-eur", "mode": "netting",'
        ' "status": "read_only", "agent": 10008}',
        records.SetAccount(
            login=3, group=3, mode=v.NETTING, status=v.ACCOUNT_READ_ONLY, agent_login=10008
        ),
    ),
    (
        f'{{{AT}, "command": "place_book_order", "login": 1, "symbol": "GCZ4",'
        ' "type": "stop_limit", "side": "buy", "volume": 3, "trigger": 1320, "price": "1321.5"}',
        records.PlaceBookOrder(
            login=1, instrument=4, order_type=v.STOP_LIMIT, side=v.BUY, volume_units=3,
            price_points=13_215, trigger_points=13_200,
        ),
    ),
    (
        f'{{{AT}, "command": "place_book_order", "login": 1, "symbol": "GCZ4", "type": "limit",'
        ' "side": "sell", "volume": 30, "price": 1321.5, "shown": 5, "trigger": null}',
        records.PlaceBookOrder(
            login=1, instrument=4, order_type=v.LIMIT, side=v.SELL, volume_units=30,
            price_points=13_215, shown_units=5,
        ),
    ),
    (f'{{{AT}, "command": "set_phase", "symbol": "GCZ4", "phase": "auction"}}',
     records.SetPhase(instrument=4, phase=v.PHASE_AUCTION)),
    (
        f'{{{AT}, "command": "settle_instrument", "symbol": "GCZ4", "price": 1309.4,'
        ' "settlement": "final", "key": "00000000000000010000000000000002"}',
        records.SettleInstrument(
            instrument=4, price_points=13_094, settlement=v.SETTLEMENT_FINAL, key_high=1, key_low=2
        ),
    ),
    (f'{{{AT}, "command": "settle_instrument", "symbol": "GCZ4", "price": 1309.4}}',
     records.SettleInstrument(instrument=4, price_points=13_094)),
    (f'{{{AT}, "command": "pay_funding", "symbol": "GCZ4", "rate": -0.0001}}',
     records.PayFunding(instrument=4, rate_e8=-10_000)),
    (f'{{{AT}, "command": "pay_funding", "symbol": "GCZ4", "rate": "0.00000001"}}',
     records.PayFunding(instrument=4, rate_e8=1)),
    (f'{{{AT}, "command": "set_dealer", "dealer": 2, "online": true}}',
     records.SetDealer(dealer=2, online=1)),
    (f'{{{AT}, "command": "clock"}}', records.Clock()),
    (
        f'{{{AT}, "command": "configure", "kind": "feed", "configuration":'
        ' {"feed": 3, "name": "third"}}',
        records.Configure(
            kind=v.CONFIG_FEED, payload=msgspec.msgpack.encode(records.Feed(feed=3, name="third"))
        ),
    ),
]  # fmt: skip


@pytest.mark.parametrize(("text", "expected"), LINES)
def test_line_becomes_its_command(
    tmp_path: Path, broker: Settings, text: str, expected: records.Command
) -> None:
    (command,) = commands_of(tmp_path, broker, text)
    assert command.time_ns == AT_NS
    assert command.record({}) == expected


BAD_LINES = [
    ("{", "is not JSON"),
    ("[1]", "is not a JSON object"),
    ('{"time": 1, "x": NaN}', "is not JSON: NaN is not a number"),
    ("{}", "the key 'time' is missing"),
    ('{"time": "noon"}', "'noon' is not a time such as"),
    ('{"time": 1.5}', "expected an integer"),
    ('{"time": true}', "expected an integer"),
    (f"{{{AT}}}", "the key 'command' is missing"),
    (f'{{{AT}, "command": "buy"}}', "command: 'buy' is none of tick, clock"),
    (f'{{{AT}, "command": ["tick"]}}', "command: \"['tick']\" is none of"),
    (f'{{{AT}, "command": "clock", "x": 1}}', "clock has no key 'x'"),
    (f'{{{AT}, "command": "cancel_order", "login": 1}}', "the key 'order' is missing"),
    (f'{{{AT}, "command": "cancel_order", "login": "a", "order": 1}}', "login: expected an int"),
    (
        f'{{{AT}, "command": "cancel_order", "login": 1, "order": "x"}}',
        "order: no earlier line places an order named 'x'",
    ),
    (
        f'{{{AT}, "command": "modify_position", "login": 1, "position": 9, "stop_loss": 1}}',
        "stop_loss: a price with a ticket number needs the symbol",
    ),
    (
        f'{{{AT}, "command": "tick", "symbol": "GBPUSD", "feed": 1, "bid": 1, "ask": 1}}',
        "symbol: there is no instrument 'GBPUSD'; known: EURUSD, NZDUSD, XAUUSD",
    ),
    (
        f'{{{AT}, "command": "tick", "symbol": 9, "feed": 1, "bid": 1, "ask": 1}}',
        "bid: there is no instrument number 9",
    ),
    (
        f'{{{AT}, "command": "tick", "symbol": 1, "feed": 1, "bid": 1.000001, "ask": 1}}',
        "bid: 1.000001 has more than 5 decimals",
    ),
    (
        f'{{{AT}, "command": "tick", "symbol": 1, "feed": 1, "bid": [], "ask": 1}}',
        "bid: expected a number",
    ),
    (
        f'{{{AT}, "command": "balance_operation", "login": 1, "operation": "deposit",'
        ' "amount": 1}',
        "neither the configuration nor an earlier line opens account 1",
    ),
    (
        f'{{{AT}, "command": "balance_operation", "login": 10007, "operation": "", "amount": 1}}',
        "operation: '' is none of deposit",
    ),
    (
        f'{{{AT}, "command": "cancel_order", "login": 1, "order": 1, "key": "123"}}',
        "key: expected 32 hexadecimal digits",
    ),
    (f'{{{AT}, "command": "configure", "kind": "x"}}', "'x' is none of profile"),
    (
        f'{{{AT}, "command": "set_phase", "symbol": "GCZ4", "phase": 2}}',
        "phase: '2' is none of continuous, halted, auction",
    ),
    (
        f'{{{AT}, "command": "pay_funding", "symbol": "GCZ4", "rate": 0.000000001}}',
        "rate: 1E-9 has more than 8 decimals",
    ),
    (
        f'{{{AT}, "command": "place_book_order", "login": 1, "symbol": "GCZ4", "type": "limit",'
        ' "side": "sell", "volume": 3, "price": 1321.5, "shown": 0.5}',
        "shown: 0.5 has more than 0 decimals",
    ),
    (
        f'{{{AT}, "command": "configure", "kind": "feed", "configuration": {{"feed": "x"}}}}',
        "configuration: ",
    ),
    (f'{{{AT}, "command": "set_account", "login": 1, "group": "x"}}', "group: there is no group"),
    (f'{{{AT}, "command": "clock", "y": {"[" * 100_000}}}', "is not JSON"),
]


@pytest.mark.parametrize(("text", "sentence"), BAD_LINES)
def test_line_that_is_no_command_refuses_the_file_with_its_number(
    tmp_path: Path, broker: Settings, text: str, sentence: str
) -> None:
    with pytest.raises(BadInput) as caught:
        commands_of(tmp_path, broker, f'{{{AT}, "command": "clock"}}', "", text)
    assert "commands.jsonl, line 3: " in str(caught.value)
    assert sentence in str(caught.value)
    assert "\n" not in str(caught.value)


def test_time_that_goes_back_is_refused(tmp_path: Path, broker: Settings) -> None:
    clock = '{"time": %d, "command": "clock"}'
    with pytest.raises(BadInput, match="line 2: time goes back"):
        commands_of(tmp_path, broker, clock % 5, clock % 4)


def test_account_opened_by_a_line_has_the_currency_of_its_group(
    tmp_path: Path, broker: Settings
) -> None:
    commands = commands_of(
        tmp_path,
        broker,
        f'{{{AT}, "command": "set_account", "login": 77, "group": "retail-nzd"}}',
        f'{{{AT}, "command": "balance_operation", "login": 77, "operation": "deposit",'
        ' "amount": 1.5}',
    )
    assert commands[1].record({}).amount_minor == 150  # type: ignore[attr-defined]


def test_name_stands_for_the_ticket_and_for_its_instrument(
    tmp_path: Path, broker: Settings
) -> None:
    order = (
        f'{{{AT}, "command": "place_order", "name": "a", "login": 1, "symbol": "XAUUSD",'
        ' "type": "market", "side": "buy", "volume": 1}'
    )
    change = (
        f'{{{AT}, "command": "modify_position", "login": 1, "position": "a",'
        ' "stop_loss": 1290.5, "take_profit": 0}'
    )
    _, modify = commands_of(tmp_path, broker, order, change)
    assert modify.record({"a": 12}).position == 12  # type: ignore[attr-defined]
    assert modify.record({}).position == 0, "the order was refused"  # type: ignore[attr-defined]
    assert modify.fields["stop_loss_points"] == 1_290_500
    with pytest.raises(BadInput, match="name: expected a new"):
        commands_of(tmp_path, broker, order, order)


def test_example_file_shows_every_command_but_the_quote(broker: Settings) -> None:
    commands = read_commands(ROOT / "examples" / "commands.jsonl", broker)
    shown = {c.command for c in commands}
    assert shown == set(records.COMMAND_CLASSES) - {records.Tick}


# ---------------------------------------------------------------- describing


def names_of(broker: Settings) -> Names:
    names = Names()
    for config in broker.configs:
        names.learn_config(config)
    names.account_group.update(dict.fromkeys(range(1, 50), 1))
    names.ticket_instrument.update({ticket: 1 + ticket % 3 for ticket in range(1, 50)})
    return names


def word(name: str) -> st.SearchStrategy[int]:
    words = {"order_type": 4, "side": 2, "mode": 2, "status": 3, "flags": 4}
    words |= {"time_in_force": 5, "self_trade": 4, "phase": 4, "settlement": 3}
    if name in words:
        return st.integers(0, words[name] - 1)
    if name == "operation":
        return st.integers(1, 5)
    if name == "online":
        return st.integers(0, 1)
    if name == "currency":
        return st.integers(1, 3)
    if name in ("login", "instrument", "group", "feed", "order", "position", "ticket"):
        return st.integers(1, 2 if name == "feed" else 3)
    if name in ("key_high", "key_low", "amount_minor"):
        return st.integers(-(2**62), 2**62)
    return st.integers(0, 2**40)


COMMANDS = [c for c in records.COMMAND_CLASSES if c is not records.Configure]


@settings(max_examples=150)
@given(st.data())
def test_described_command_fed_in_again_is_the_same_command(
    tmp_path_factory: Any, broker: Settings, data: st.DataObject
) -> None:
    command_class = data.draw(st.sampled_from(COMMANDS))
    fields = {n: data.draw(word(n), n) for n in records.fields_of(command_class)[2:]}
    command = command_class(**fields, time_ns=AT_NS, sequence=3)
    names = names_of(broker)
    shown = describe(command, names)
    if "amount" in shown and command_class is records.BalanceOperation:
        shown["currency"] = "USD"
    ticket = fields.get("order") or fields.get("position") or fields.get("ticket")
    if ticket:
        number = names.ticket_instrument[ticket]
        shown["symbol"] = names.instruments[number].symbol
    del shown["sequence"]
    text = JSON.encode(shown).decode()
    path = tmp_path_factory.mktemp("again")
    (again,) = commands_of(path, broker, text)
    assert again.time_ns == AT_NS
    assert again.record({}) == command_class(**fields)


def test_every_record_is_described_and_fits_on_one_line(broker: Settings) -> None:
    for record_class in (*records.COMMAND_CLASSES, *records.EVENT_CLASSES):
        fields: dict[str, Any] = dict.fromkeys(records.fields_of(record_class)[2:], 1)
        if record_class is records.Configure:
            payload = msgspec.msgpack.encode(records.Feed(feed=1, name="x"))
            fields = {"kind": v.CONFIG_FEED, "payload": payload}
        for names in (Names(), names_of(broker)):
            shown = describe(record_class(**fields, sequence=9, time_ns=AT_NS), names)
            assert json.loads(JSON.encode(shown))["sequence"] == 9
            assert NAME_OF_TYPE[record_class.TYPE] in line(shown)
            assert "\n" not in line(shown)


def test_prices_and_money_have_the_decimals_of_instrument_and_account(broker: Settings) -> None:
    names = names_of(broker)
    closed = records.PositionClosed(
        login=1, tick_sequence=4, order=0, position=7, rest_position=0, instrument=3, side=v.SELL,
        volume_units=10, open_price_points=1_300_335, close_price_points=1_300_799,
        profit_minor=-464, commission_minor=0, reason=v.REASON_STOP_LOSS, dealer=0, sequence=5,
        time_ns=AT_NS,
    )  # fmt: skip
    shown = {key: str(value) for key, value in describe(closed, names).items()}
    assert shown["symbol"] == "XAUUSD"
    assert shown["open_price"] == "1300.335"
    assert shown["profit"] == "-4.64"
    assert shown["volume"] == "0.10"
    assert shown["reason"] == "stop_loss"
    assert shown["event"] == "position_closed"
    assert key_text(0, 0) is None
    assert key_text(1, -1) == "0000000000000001ffffffffffffffff"


BOOK_EVENTS: list[tuple[type[records.Event], dict[str, int], dict[str, str]]] = [
    (
        records.BookOrderPlaced,
        {"instrument": 4, "trigger_points": 13_205, "shown_units": 3, "price_points": 0},
        {"symbol": "GCZ4", "trigger": "1320.5", "shown": "3", "price": "None"},
    ),
    (
        records.PhaseChanged,
        {"instrument": 4, "phase": v.PHASE_AUCTION, "price_points": 13_205, "volume_units": 7},
        {"symbol": "GCZ4", "phase": "auction", "price": "1320.5", "volume": "7"},
    ),
    (
        records.BookOrderTriggered,
        {"instrument": 4, "order": 8, "position": 7, "stage": v.STAGE_STOP_LOSS},
        {"symbol": "GCZ4", "order": "8", "position": "7", "stage": "stop_loss"},
    ),
    (
        records.PositionSettled,
        {"instrument": 4, "position": 7, "settlement": v.SETTLEMENT_FINAL, "position_units": -2,
         "open_cost": 26_410, "profit_minor": -5},
        {"settlement": "final", "position": "7", "position_volume": "-2", "open_cost": "2641.0",
         "profit": "-0.05"},
    ),
    (
        records.FundingPaid,
        {"instrument": 4, "position": 7, "rate_e8": -1, "amount_minor": 12, "position_units": 3},
        {"rate": "-0.00000001", "amount": "0.12", "position_volume": "3", "position": "7"},
    ),
    (
        records.InstrumentSettled,
        {"instrument": 4, "settlement": v.SETTLEMENT_FUNDING, "rate_e8": 10_000,
         "long_units": 40, "paid_minor": 31, "received_minor": 30},
        {"settlement": "funding", "rate": "0.00010000", "long_volume": "40", "paid": "0.31",
         "received": "0.30"},
    ),
    (
        records.MarginChanged,
        {"instrument": 4, "initial_margin_minor": 66_000, "maintenance_margin_minor": 6},
        {"symbol": "GCZ4", "initial_margin": "660.00", "maintenance_margin": "0.06"},
    ),
    (
        records.FuturesFilled,
        {"instrument": 4, "position": 9, "position_units": 5, "role": v.ROLE_DELEVERAGED},
        {"position": "9", "position_volume": "5", "role": "deleveraged"},
    ),
]  # fmt: skip


@pytest.mark.parametrize(("event_class", "fields", "expected"), BOOK_EVENTS)
def test_events_of_the_book_venue_are_told_in_words_lots_and_prices(
    broker: Settings,
    event_class: type[records.Event],
    fields: dict[str, int],
    expected: dict[str, str],
) -> None:
    given = dict.fromkeys(records.fields_of(event_class)[2:], 1) | fields
    shown = describe(event_class(**given, sequence=1, time_ns=AT_NS), names_of(broker))
    assert {key: str(shown[key]) for key in expected} == expected


def test_ticket_of_a_closing_order_is_known_by_its_instrument(broker: Settings) -> None:
    names = names_of(broker)
    fields = dict.fromkeys(records.fields_of(records.BookOrderTriggered)[2:], 1)
    names.learn(records.BookOrderTriggered(**fields | {"order": 99, "instrument": 4}))
    ended = records.CancelOrder(login=1, order=99)
    assert names.instrument_of(ended) == 4
