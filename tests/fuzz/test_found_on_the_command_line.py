"""Arguments that once broke the promise of the command line: found by fuzzing."""

from pathlib import Path

import pytest

from adapters.cli import origin
from tests.fuzz import good
from tests.fuzz.of_cli import can_sign, run

pytestmark = pytest.mark.once

# ---------------------------------------------------------------- the command line


NAMES = {
    "too-long": ("n" * 300, "File name too long"),
    "too-deep": ("d." * 2_500, "File name too long"),
    "no-text": ("\udcff", "its name is not UTF-8 text"),
}


@pytest.mark.parametrize(("name", "said"), NAMES.values(), ids=NAMES)
@pytest.mark.parametrize(
    "call",
    [
        "run DIR --config CONFIG",
        "demo --out DIR --ticks 3 --clients 0",
        "verify DIR",
        "diff DIR .",
        "diff . DIR",
        "salvage DIR saved",
        "salvage . DIR",
    ],
)
def test_a_directory_that_can_not_be_is_bad_input(
    tmp_path: Path, call: str, name: str, said: str
) -> None:
    directory = tmp_path / name
    values = {"DIR": str(directory), "CONFIG": str(good.CONFIGURATION)}
    code, _, error = run([values.get(word, word) for word in call.split()])
    assert code == 2 and said in error
    assert list(tmp_path.iterdir()) == []


def test_a_file_whose_name_is_no_text_is_read_and_named(tmp_path: Path) -> None:
    for number, options in enumerate(([], ["--json"])):
        quotes = tmp_path / "quotes-\udcff.csv"
        quotes.write_bytes(good.CSV[0])
        directory = tmp_path / f"run-{number}"
        arguments = ["run", str(directory), "--config", str(good.CONFIGURATION)]
        code, said, _ = run([*arguments, "--ticks", f"EURUSD@oanda={quotes}", *options])
        assert code == 0 and "quotes-\\" in said
        label = origin.read(directory)
        assert label is not None and label.files[1].endswith("quotes-\\udcff.csv")


@pytest.mark.skipif(not can_sign(), reason="the library for signatures is not installed")
@pytest.mark.parametrize("name", ["n" * 300, "d/" * 2_500 + "d"], ids=["too-long", "too-deep"])
def test_a_checkpoint_in_a_file_that_can_not_be_is_bad_input(tmp_path: Path, name: str) -> None:
    directory, key = tmp_path / "run", tmp_path / "key"
    arguments = ["--config", str(good.CONFIGURATION), "--commands", str(good.COMMANDS)]
    assert run(["run", str(directory), *arguments])[0] == 0
    assert run(["keygen", str(key)])[0] == 0
    call = ["checkpoint", str(directory), "--key", str(key), "--out", str(tmp_path / name)]
    code, _, error = run(call)
    assert code == 2 and "File name too long" in error


@pytest.mark.skipif(not can_sign(), reason="the library for signatures is not installed")
def test_a_key_in_a_file_whose_name_is_no_text_is_made_and_named(tmp_path: Path) -> None:
    code, said, _ = run(["keygen", str(tmp_path / "key-\udcff"), "--json"])
    assert code == 0 and "key-\\\\udcff.pub" in said
    code, said, _ = run(["keygen", str(tmp_path / "other-\udcff")])
    assert code == 0 and "other-\\udcff.pub" in said
