"""Files that once broke a promise of their parser: found by fuzzing, kept in readable form."""

import io
import zipfile
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from adapters import checkpoint, config, jsonl
from adapters.cli.day import check_settings
from adapters.tick_files import TickSource, read_ticks
from adapters.units import BadInput, check_zone, midnight_ns, scaled_decimal
from tests.fuzz import good, of_files

pytestmark = pytest.mark.once

# ---------------------------------------------------------------- units


@pytest.mark.parametrize(
    ("number", "digits", "said"),
    [
        ("9223372036854775808", 0, "beyond 64 bits"),
        ("-9223372036854775808", 0, "beyond 64 bits"),
        ("99999.99999999999999", 14, "beyond 64 bits"),
        ("0." + "0" * 4_400 + "1", 5, "has more than 5 decimals"),
        ("1" + "0" * 4_400, 0, "beyond 64 bits"),
    ],
)
def test_a_number_too_large_or_too_long_is_refused_briefly(
    number: str, digits: int, said: str
) -> None:
    with pytest.raises(BadInput, match=said) as refused:
        scaled_decimal(Decimal(number), digits)
    assert len(str(refused.value)) < 100


def test_thousands_of_zeros_behind_the_point_change_nothing() -> None:
    assert scaled_decimal(Decimal("1.38756" + "0" * 5_000), 5) == 138_756
    assert scaled_decimal(Decimal("-9223372036854775807"), 0) == -(2**63) + 1
    assert scaled_decimal(Decimal("0." + "0" * 5_000), 2) == 0


def test_the_last_day_of_the_calendar_is_refused() -> None:
    for zone in ("UTC", "UTC-05", "Europe/Berlin"):
        with pytest.raises(BadInput, match="9999-12-31 is beyond the calendar"):
            midnight_ns(date.max, zone)


def test_the_name_of_a_zone_can_be_as_long_as_it_likes() -> None:
    with pytest.raises(BadInput, match="is not a time zone"):
        check_zone("a." * 1_000 + "/a")


# ---------------------------------------------------------------- commands


CONFIGURE = '{"time": "2014-05-05T08:00:00Z", "command": "configure", "kind": "group", '


@pytest.mark.parametrize(
    ("line", "said"),
    [
        (
            CONFIGURE + '"configuration": {"group": 18446744073709551616, "name": "g",'
            ' "currency": 1}}',
            "a number is no 64-bit integer",
        ),
        (
            CONFIGURE + '"configuration": {"group": 1, "name": "\\ud800", "currency": 1}}',
            "a text holds half a character",
        ),
        (
            CONFIGURE + f'"configuration": {{"{"k" * 5_000}": 1}}}}',
            "unknown field",
        ),
        (
            '{"time": "2014-05-05T08:00:00Z", "command": "balance_operation", "login": 1.'
            + "0" * 4_400
            + ', "operation": "deposit", "amount": 1}',
            "opens account 1.000",
        ),
        (
            '{"time": "2014-05-05T08:00:00Z", "command": "dealer_confirm", "dealer": 1,'
            ' "ticket": 3, "symbol": "EURUSD", "price": 92233720368547.75808}',
            "beyond 64 bits",
        ),
    ],
)
def test_a_line_that_no_record_can_hold_is_refused(tmp_path: Path, line: str, said: str) -> None:
    path = tmp_path / "commands.jsonl"
    path.write_text(line + "\n", encoding="utf-8")
    with pytest.raises(BadInput, match=f"line 1: .*{said}") as refused:
        jsonl.read_commands(path, good.settings())
    assert len(str(refused.value)) < 600


# ---------------------------------------------------------------- configuration


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("login = 7", "login = 9999999999999999999", r"account 7|login: expected"),
        ("login = 7", "login = -9223372036854775809", r"login: expected"),
        ("leverage = 100", "leverage = 18446744073709551616", r"leverage: expected"),
        ("digits = 5", "digits = 0x" + "f" * 4_000, r"digits: expected"),
        ('symbol = "EURUSD"', "symbol = 0x" + "f" * 4_000, r"instrument number 1, symbol"),
        ('symbol = "EURUSD"', f'symbol = "{"E" * 5_000}"', r"expected str of length <= 31"),
        ('name = "g"', f'name = "g"\n{"k" * 5_000} = 1', r"unknown field"),
        ('asset_class = "x"', f'asset_class = "{"x" * 20_000}"', r"at most 16384 are allowed"),
    ],
)
def test_a_configuration_that_no_record_can_hold_is_refused(
    tmp_path: Path, old: str, new: str, said: str
) -> None:
    good_text = (
        '[[currency]]\ncode = "USD"\n[[currency]]\ncode = "EUR"\n'
        '[[instrument]]\nsymbol = "EURUSD"\nbase = "EUR"\nprofit = "USD"\ndigits = 5\n'
        'contract_size = 100_000\nprice_min = 0.5\nprice_max = 3\nasset_class = "x"\n'
        '[[group]]\nname = "g"\ncurrency = "USD"\nleverage = 100\n'
        '[[account]]\nlogin = 7\ngroup = "g"\n'
    )
    path = tmp_path / "broker.toml"
    path.write_text(good_text, encoding="utf-8")
    check_settings(config.load(path))
    assert good_text.count(old) == 1
    path.write_text(good_text.replace(old, new), encoding="utf-8")
    with pytest.raises(BadInput, match=said) as refused:
        check_settings(config.load(path))
    assert len(str(refused.value)) < 500


# ---------------------------------------------------------------- quotes


METHODS = {
    "stored": zipfile.ZIP_STORED,
    "deflated": zipfile.ZIP_DEFLATED,
    "bzip2": zipfile.ZIP_BZIP2,
    "lzma": zipfile.ZIP_LZMA,
}


@pytest.mark.parametrize("method", METHODS.values(), ids=METHODS)
def test_every_byte_of_a_zip_may_be_wrong(tmp_path: Path, method: int) -> None:
    path = tmp_path / "day.zip"
    whole = good.day_zip(method=method)
    refused = 0
    for position in range(2, len(whole)):
        for wrong in (0, 255, whole[position] ^ 1):
            path.write_bytes(whole[:position] + bytes([wrong]) + whole[position + 1 :])
            try:
                read_ticks(TickSource(path, 1, 1, 5, good.MIDNIGHT_NS))
            except BadInput:
                refused += 1
    assert refused > len(whole)


def test_a_zip_that_unpacks_to_gigabytes_is_not_unpacked(tmp_path: Path) -> None:
    stored = io.BytesIO()
    with zipfile.ZipFile(stored, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("quotes.csv", b"0,1.1,1.2\n" * 100)
    data = bytearray(stored.getvalue())
    size_at = data.rindex(b"PK\x01\x02") + 24
    data[size_at : size_at + 4] = (2**31).to_bytes(4, "little")
    path = tmp_path / "day.zip"
    path.write_bytes(data)
    with pytest.raises(BadInput, match="unpacks to 2147483648 bytes, at most"):
        read_ticks(TickSource(path, 1, 1, 5, good.MIDNIGHT_NS))


# ---------------------------------------------------------------- checkpoints


def test_a_checkpoint_of_another_millennium_is_none(tmp_path: Path) -> None:
    path = tmp_path / "checkpoint.json"
    (whole,) = of_files.checkpoint_seeds()
    path.write_bytes(whole)
    assert checkpoint.read(path).held.sequence == 90
    path.write_bytes(whole.replace(b'"2014-05-05T', b'"6014-05-05T'))
    with pytest.raises(BadInput, match="is no checkpoint: time 6014-05-05T00:00:00Z"):
        checkpoint.read(path)
    path.write_bytes(whole.replace(b'"format"', b'"' + b"f" * 5_000 + b'"'))
    with pytest.raises(BadInput, match="is no checkpoint: Object contains unknown") as refused:
        checkpoint.read(path)
    assert len(str(refused.value)) < 500
