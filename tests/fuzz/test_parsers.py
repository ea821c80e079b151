"""Every parser under bad input that Hypothesis makes and shrinks: the short form of the fuzzing."""

import importlib.util
import json
import subprocess
import sys
from pathlib import Path
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.conftest import ROOT
from tests.fuzz import __main__ as campaign
from tests.fuzz.targets import TARGETS, Target

OF_THE_CORE = {"engine", "state", "node"}
"""Targets that depend on whether the core is compiled; the others run once."""
EXAMPLES = {"cli": 120, "node": 80, "journal": 80, "pages": 60, "salvage": 40, "engine": 100}
"""So many inputs; of those not named here `MOST_EXAMPLES`."""
MOST_EXAMPLES = 400


EACH_TARGET = [
    pytest.param(name, marks=() if name in OF_THE_CORE else (pytest.mark.once,), id=name)
    for name in TARGETS
]


@pytest.mark.parametrize("name", EACH_TARGET)
def test_good_input_keeps_the_promise(name: str) -> None:
    for data in TARGETS[name].seeds():
        TARGETS[name].run(data)


@pytest.mark.parametrize("name", EACH_TARGET)
def test_bad_input_keeps_the_promise(name: str) -> None:
    target = TARGETS[name]
    seeds = target.seeds()

    @settings(max_examples=EXAMPLES.get(name, MOST_EXAMPLES))
    @given(st.sampled_from(seeds), st.integers(1, 4), st.randoms(use_true_random=False))
    def mutated(data: bytes, times: int, random: Random) -> None:
        for _ in range(times):
            data = target.mutate(data, random)
        target.run(data)

    @settings(max_examples=EXAMPLES.get(name, MOST_EXAMPLES) // 4)
    @given(st.binary(max_size=200))
    def of_no_kind(data: bytes) -> None:
        target.run(data)

    mutated()
    of_no_kind()


# ---------------------------------------------------------------- the campaign


def planted(data: bytes) -> None:
    if b"\0" in data:
        raise AssertionError("no zero is read")


@pytest.mark.once
def test_a_broken_promise_is_told_with_the_command_that_repeats_it(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def zeros(data: bytes, random: Random) -> bytes:
        return data + bytes(random.randrange(2))

    monkeypatch.setitem(TARGETS, "planted", Target(planted, lambda: [b"good"], zeros, 1))
    arguments = ["--target", "planted", "--blind", "--count", "50", "--folder", str(tmp_path)]
    assert campaign.main([*arguments, "--json"]) == 1
    tally = json.loads(capsys.readouterr().out)
    assert tally["count"] == 50 and tally["notes"] == {"inputs of planted": 50}
    (failure,) = tally["failures"]
    (kept,) = tmp_path.iterdir()
    again = f"python -m tests.fuzz --target planted --input {kept}"
    assert failure == f"planted: AssertionError: no zero is read: {again}"
    assert kept.read_bytes() == b"good\0"
    assert campaign.main(again.split()[3:]) == 1
    assert "AssertionError: no zero is read" in capsys.readouterr().out
    kept.write_bytes(b"good")
    assert campaign.main(again.split()[3:]) == 0


@pytest.mark.once
def test_every_target_gets_its_share_of_the_inputs(capsys: pytest.CaptureFixture[str]) -> None:
    assert campaign.main(["3", "--blind", "--count", "100", "--json"]) == 0
    captured = capsys.readouterr()
    tally = json.loads(captured.out)
    assert tally["count"] == 100 and not tally["failures"]
    assert tally["notes"].keys() == {f"inputs of {name}" for name in TARGETS}
    assert "blind mutation" in captured.err


@pytest.mark.once
@pytest.mark.skipif(importlib.util.find_spec("atheris") is None, reason="atheris is not installed")
def test_inputs_are_guided_by_coverage_where_atheris_is_installed() -> None:
    command = [sys.executable, "-m", "tests.fuzz", "--target", "snapshot", "--count", "2000"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "guided by coverage" in done.stderr and "snapshot: 2,000 inputs, " in done.stderr
    assert "2,000 inputs in" in done.stdout
