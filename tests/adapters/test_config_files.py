"""Configuration files: names and decimals in, records out, errors with file and key."""

from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from adapters.cli.day import check_settings
from adapters.config import Settings, load, settings_of
from adapters.generate import catalogue
from adapters.sessions import sessions_of
from adapters.units import BadInput, parse_time
from engine import records
from engine import vocabulary as v

pytestmark = pytest.mark.once

ROOT = Path(__file__).parents[2]

MINIMAL = """
[[currency]]
code = "USD"
[[currency]]
code = "EUR"
[[feed]]
name = "one"
time_zone = "UTC-05"
crossed_quotes = "reject"
[[instrument]]
symbol = "EURUSD"
base = "EUR"
profit = "USD"
digits = 5
contract_size = 100_000
price_min = 0.5
price_max = "3.00000"
feeds = ["one"]
[[group]]
name = "retail"
currency = "USD"
"""


def from_text(tmp_path: Path, text: str) -> Settings:
    path = tmp_path / "day.toml"
    path.write_text(text, encoding="utf-8")
    return load(path)


def test_objects_get_numbers_in_the_order_of_the_file_and_decimals_become_integers(
    tmp_path: Path,
) -> None:
    text = MINIMAL + 'stop_out = 12.5\ncommission_per_lot = "3.50"\nmargin_call = 80\n'
    settings_read = from_text(tmp_path, text)
    assert [type(c).__name__ for c in settings_read.configs] == [
        "Profile", "Currency", "Currency", "Feed", "Instrument", "Group"
    ]  # fmt: skip
    instrument = settings_read.instruments["EURUSD"]
    assert (instrument.base_currency, instrument.profit_currency) == (2, 1)
    assert instrument.margin_currency == 2, "forex margin is in the base currency by default"
    assert (instrument.price_min_points, instrument.price_max_points) == (50_000, 300_000)
    group = settings_read.groups["retail"]
    assert (group.margin_call_level, group.stop_out_level) == (8_000, 1_250)
    assert group.commission_per_lot_minor == 350
    feed = settings_read.feeds["one"]
    assert (feed.number, feed.time_zone, feed.keep_crossed) == (1, "UTC-05", True)
    check_settings(settings_read)


def test_level_in_money_has_the_decimals_of_the_currency(tmp_path: Path) -> None:
    text = MINIMAL + 'level_type = "money"\nmargin_call = 1_000\nstop_out = 500.25\n'
    group = from_text(tmp_path, text).groups["retail"]
    assert (group.margin_call_level, group.stop_out_level) == (100_000, 50_025)


def test_terms_for_an_asset_class_reach_every_instrument_of_it(tmp_path: Path) -> None:
    text = MINIMAL + '[[terms]]\ngroup = "retail"\nasset_class = "forex"\nlot_max = 2.5\n'
    terms = from_text(tmp_path, text).configs[-1]
    assert terms == records.Terms(group=1, instrument=1, lot_max_units=250)


def test_accounts_and_clients_are_read(tmp_path: Path) -> None:
    text = MINIMAL + (
        '[[account]]\nlogin = 7\ngroup = "retail"\nmode = "netting"\ndeposit = 10.05\n'
        '[[clients]]\ngroup = "retail"\nhabits = { swing = 2 }\nsymbols = ["EURUSD"]\n'
        "deposit = [1, 2.50]\n"
    )
    read = from_text(tmp_path, text)
    assert read.accounts[0].account.mode == v.NETTING
    assert read.accounts[0].deposit_minor == 1_005
    assert read.clients[0].deposit_minor == (100, 250)
    assert read.clients[0].instruments == [1]


FUTURE = """
[[instrument]]
symbol = "GCZ4"
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
tick_size = 0.1
lot_min = 1
lot_max = 100
lot_step = 1
initial_margin = 6600
maintenance_margin = 6000
mark = "last"
trigger = "mark"
band_percent = 2.5
liquidation_lots = 10
insurance_login = 90
auto_deleveraging = true
delivery_month = "2014-12"
expires = "2014-12-29T18:30:00Z"
margins = [
    { from = "2014-11-01T00:00:00+01:00", initial = 7_000, maintenance = 6500.50 },
    { from = "2014-12-01", initial = "9000" },
]
"""


def test_future_has_its_words_lots_months_times_and_margins_by_date(tmp_path: Path) -> None:
    future = from_text(tmp_path, MINIMAL + FUTURE).instruments["GCZ4"]
    assert (future.mark, future.trigger) == (v.MARK_LAST, v.TRIGGER_MARK)
    assert (future.band_bp, future.liquidation_units) == (250, 10)
    assert (future.insurance_login, future.auto_deleveraging) == (90, True)
    assert future.delivery_month == 201_412
    assert future.expires_ns == parse_time("2014-12-29T18:30:00Z")
    assert future.margins == [
        (parse_time("2014-10-31T23:00:00Z"), 700_000, 650_050),
        (parse_time("2014-12-01T00:00:00Z"), 900_000, 0),
    ]


FUTURE_ADDITIONS = [
    # what is replaced in FUTURE, by what, what the sentence says
    ('"2014-12"\n', '"12/2014"\n', "delivery_month: '12/2014' is not a month such as 2014-12"),
    ('"2014-12"\n', '"2014-13"\n', "delivery_month: '2014-13' is not a month such as 2014-12"),
    ("2014-12-29T18:30:00Z", "Christmas", "expires: 'Christmas' is not a time such as"),
    ("2014-12-29", "1969-12-29", "expires: '1969-12-29T18:30:00Z' is not between 1970 and 2116"),
    ("2014-12-01", "soon", "margins, from: 'soon' is not a time such as"),
    ("7_000,", "7_000.001,", "margins, initial: 7000.001 has more than 2 decimals"),
    ("from =", "since =", "margins[0]: object contains unknown field since"),
    ('"last"', '"first"', "mark: 'first' is none of book, last, tick"),
    ('trigger = "mark"', 'trigger = "bid"', "trigger: 'bid' is none of last, mark"),
    ("liquidation_lots = 10", "liquidation_lots = 0.5", "liquidation_lots: 0.5 has more than 0"),
    ("2.5\n", "2.505\n", "band_percent: 2.505 has more than 2 decimals"),
]


@pytest.mark.parametrize(("old", "new", "sentence"), FUTURE_ADDITIONS)
def test_wrong_key_of_a_future_is_named(tmp_path: Path, old: str, new: str, sentence: str) -> None:
    assert old in FUTURE
    with pytest.raises(BadInput) as caught:
        from_text(tmp_path, MINIMAL + FUTURE.replace(old, new, 1))
    assert str(caught.value).startswith(f"{tmp_path / 'day.toml'}: instrument GCZ4, {sentence}")


ADDITIONS = [
    # text appended to MINIMAL, what the sentence says after the file name
    ("x = 1\n", "group retail: object contains unknown field x"),
    ('leverage = "30"\n', "group retail, leverage: expected int, got str"),
    ("stop_out = 50.001\n", "group retail, stop_out: 50.001 has more than 2 decimals"),
    ("stop_out = 1e999\n", "group retail, stop_out: 1E+999 is beyond 64 bits"),
    ("stop_out = nan\n", "group retail, stop_out: NaN is not a number"),
    ('gap_policy = "none"\n', "group retail, gap_policy: 'none' is none of classic, tick"),
    ("fifo = 1\n", "group retail, fifo: expected bool, got int"),
    ('[[group]]\nname = "retail"\ncurrency = "USD"\n', "group retail: the name is given twice"),
    ('[[group]]\nname = "b"\ncurrency = "GBP"\n', "group b, currency: there is no currency 'GBP'"),
    ('[[group]]\ncurrency = "USD"\n', "group number 2: object missing required field name"),
    ('[[feed]]\nname = "b"\ntime_zone = "X"\n', "feed b, time_zone: 'X' is not a time zone"),
    ('[[feed]]\nname = "b"\ncrossed_quotes = "x"\n', "feed b, crossed_quotes: invalid enum"),
    ('[[terms]]\ngroup = "x"\nsymbol = "EURUSD"\n', "terms number 1, group: there is no group"),
    ('[[terms]]\ngroup = "retail"\n', "terms number 1: expected either symbol or asset_class"),
    ('[[terms]]\ngroup = "retail"\nasset_class = "x"\n', "terms number 1, asset_class: no instr"),
    ('[[terms]]\ngroup = "retail"\nsymbol = "X"\n', "terms number 1, symbol: there is no instr"),
    ('[[account]]\nlogin = 1\ngroup = "x"\n', "account 1, group: there is no group 'x'"),
    ('[[account]]\nlogin = 1\ngroup = "retail"\nmode = "x"\n', "account 1, mode: 'x' is none of"),
    (
        '[[account]]\nlogin = 1\ngroup = "retail"\n' * 2,
        "account 1: is given twice",
    ),
    ('[[clients]]\ngroup = "retail"\ndeposit = [5, 1]\n', "clients number 1, deposit: expected"),
    ('[[clients]]\ngroup = "retail"\nweight = 0\n', "clients number 1, weight: expected int >= 1"),
    ('[[clients]]\ngroup = "retail"\nsymbols = ["X"]\n', "clients number 1, symbols: there is no"),
    ("[[color]]\n", "object contains unknown field color"),
    ("profile = [\n", "is not TOML: "),
]  # fmt: skip


@pytest.mark.parametrize(("text", "sentence"), ADDITIONS)
def test_wrong_key_is_named_with_its_object_and_file(
    tmp_path: Path, text: str, sentence: str
) -> None:
    with pytest.raises(BadInput) as caught:
        from_text(tmp_path, MINIMAL + text)
    assert str(caught.value).startswith(f"{tmp_path / 'day.toml'}: {sentence}")
    assert "\n" not in str(caught.value)


def test_missing_file_and_text_that_is_not_utf8_are_refused(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="can't be read"):
        load(tmp_path / "none.toml")
    (tmp_path / "a.toml").write_bytes(b"\xff\xfe")
    with pytest.raises(BadInput, match="is not UTF-8 text"):
        load(tmp_path / "a.toml")


REFUSED_BY_THE_CORE = [
    ("leverage = 20_000\n", "group retail: refused with code 9"),
    ('[[account]]\nlogin = 0\ngroup = "retail"\n', "account 0: refused with code 911"),
    ('[[account]]\nlogin = 1\ngroup = "retail"\ndeposit = -5\n', "account 1: refused with code 1"),
]


@pytest.mark.parametrize(("text", "sentence"), REFUSED_BY_THE_CORE)
def test_what_the_core_would_refuse_is_found_before_anything_is_written(
    tmp_path: Path, text: str, sentence: str
) -> None:
    read = from_text(tmp_path, MINIMAL + text)
    with pytest.raises(BadInput, match=sentence):
        check_settings(read)


@pytest.mark.parametrize("name", ["real_day.toml"])
def test_example_files_are_accepted_by_the_core(name: str) -> None:
    check_settings(load(ROOT / "examples" / name))


def test_generated_broker_is_accepted_by_the_core() -> None:
    broker = settings_of(catalogue.tables(), "generated day")
    check_settings(broker)
    by_venue = Counter(i.venue for i in broker.instruments.values())
    assert by_venue == {v.VENUE_QUOTED: 31, v.VENUE_BOOK: 3}
    classes = {i.asset_class for i in broker.instruments.values()}
    quoted = {"forex", "metals", "commodities", "indices", "stocks", "crypto"}
    assert classes == quoted | {"exchange"}


SESSIONS: list[tuple[list[str], Any]] = [
    ([], []),
    (["mon 08:00-16:30"], [(480, 990)]),
    (["mon-wed 00:00-24:00"], [(0, 4_320)]),
    (["sat-mon 10:00-11:00"], [(600, 660), (7_800, 7_860), (9_240, 9_300)]),
    (["sun 22:00 - fri 21:00"], [(0, 7_020), (9_960, 10_080)]),
    (["mon 23:00 - tue 22:00", "mon 00:00-22:00"], [(0, 1_320), (1_380, 2_760)]),
    (["mon 00:00-12:00", "mon 12:00-13:00"], [(0, 780)]),
    (["monday 08:00-16:30"], "is not a session"),
    (["mon 8-16"], "is not a session"),
    (["xyz 08:00-16:30"], "'xyz' is none of mon"),
    (["mon 08:00-25:00"], "'25:00' is not a time of day"),
    (["mon 16:00-08:00"], "ends before it begins"),
    (["mon 08:00-08:00"], "ends before it begins"),
    (["mon 08:00-12:00", "mon 11:00-13:00"], "two sessions overlap"),
]


@pytest.mark.parametrize(("lines", "expected"), SESSIONS)
def test_sessions_become_minutes_of_the_week(lines: list[str], expected: Any) -> None:
    if isinstance(expected, list):
        assert sessions_of(lines) == expected
        return
    with pytest.raises(BadInput, match=expected):
        sessions_of(lines)


@given(st.lists(st.text("montuewdhrfisa 0123456789:-", max_size=24), max_size=4))
def test_any_session_text_is_read_or_refused(lines: list[str]) -> None:
    try:
        spans = sessions_of(lines)
    except BadInput:
        return
    edges = [edge for span in spans for edge in span]
    assert edges == sorted(set(edges)) and all(0 <= edge <= 10_080 for edge in edges)


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5) | st.decimals(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=5,
)


@settings(max_examples=200)
@given(st.data())
def test_any_value_under_any_key_is_accepted_or_refused_with_one_sentence(
    data: st.DataObject,
) -> None:
    tables = catalogue.tables()
    kind = data.draw(
        st.sampled_from(["currency", "feed", "instrument", "group", "terms", "clients"])
    )
    rows = [dict(row) for row in tables[kind]]
    row = data.draw(st.sampled_from(rows))
    row[data.draw(st.sampled_from(sorted(row)))] = data.draw(VALUES)
    try:
        settings_of(tables | {kind: rows}, "generated day")
    except BadInput as error:
        assert str(error).startswith("generated day: ") and "\n" not in str(error)


def test_decimal_of_toml_is_never_a_float(tmp_path: Path) -> None:
    text = MINIMAL.replace("price_min = 0.5", "price_min = 0.1234567")
    with pytest.raises(BadInput, match=r"price_min: 0\.1234567 has more than 5 decimals"):
        from_text(tmp_path, text)
