"""Fresh processes agree to the byte: interpreted and compiled, whatever the hash seed, time
zone, locale and optimization, with and without snapshots (DESIGN, bit-identical replay)."""

import json
import os
import shutil
import subprocess
from itertools import product
from pathlib import Path
from typing import Any

import pytest

from engine import _build
from tests.conftest import RunPython
from tests.determinism import golden
from tests.determinism.process import SNAPSHOT_AT

pytestmark = pytest.mark.once

CORES = {"interpreted": "1", "compiled": None}
"""The core, and the value of LOCKSTEP_INTERPRETED."""
HASH_SEEDS = ("0", "1", "4294967295")
ZONES = {"JST": "JST-9", "NDT": "NST3:30NDT,M1.1.0,M12.5.0"}
"""Tokyo; St. John's, half an hour off, with a summer that lasts the year: name shown, TZ."""
LOCALES = {"C": ".", "tr_TR.UTF-8": ","}
"""And the decimal point of each. In Turkish `"I".lower()` of the C library is another letter."""
MATRIX = list(product(CORES, HASH_SEEDS, ZONES, LOCALES))
OTHERS = [
    ("any hash seed", {"PYTHONHASHSEED": "random"}, []),
    ("no UTF-8", {"LC_ALL": "POSIX", "LANG": None, "PYTHONUTF8": "0"}, []),
    ("optimized", {}, ["-OO"]),
]
"""What else may be different about a process: its environment, options of Python."""
Environment = dict[str, str | None]


@pytest.fixture(scope="session")
def locales(tmp_path_factory: pytest.TempPathFactory) -> Environment:
    """The variable under which the C library finds the locales, made here where they can be."""
    folder = tmp_path_factory.mktemp("locales")
    if not shutil.which("localedef"):
        return {}
    for name in LOCALES:
        language, _, charset = name.partition(".")
        if charset:
            command = ["localedef", "-i", language, "-f", charset, str(folder / name)]
            subprocess.run(command, capture_output=True, check=False)
    made = all((folder / name).is_dir() for name in LOCALES if name != "C")
    return {"LOCPATH": os.fspath(folder)} if made else {}


def run(
    fresh_python: RunPython,
    core: str,
    env: Environment,
    options: list[str],
    folder: Path,
    day: golden.Day = golden.QUOTED,
) -> dict[str, Any]:
    """What a fresh process says of itself, once it has agreed with the golden digests."""
    if core == "compiled" and not _build.modules_built():
        pytest.skip("the core is not compiled here: `make build`")
    done = fresh_python(
        arguments=[*options, "-m", "tests.determinism.process", day.name],
        env={"LOCKSTEP_INTERPRETED": CORES[core], "TMPDIR": str(folder), **env},
    )
    assert done.returncode == 0, done.stderr
    found: dict[str, Any] = json.loads(done.stdout)
    about: dict[str, Any] = found.pop("process")
    wanted = golden.expected(day)
    same = {name: wanted[name] for name in ("command_bytes", "event_bytes", "state_hash")}
    assert found == {
        "live": {name: wanted[name] for name in ("state_hash", "state_hash_at")},
        "from the snapshot": {**same, "executed": wanted["commands"] - SNAPSHOT_AT, "reports": []},
        "from the start": {**same, "executed": wanted["commands"], "reports": []},
    }
    assert about["compiled"] == (core == "compiled")
    return about


@pytest.mark.parametrize(("core", "hash_seed", "zone", "language"), MATRIX)
def test_a_fresh_process_gives_the_golden_digests_with_and_without_snapshots(
    fresh_python: RunPython,
    locales: Environment,
    tmp_path: Path,
    core: str,
    hash_seed: str,
    zone: str,
    language: str,
) -> None:
    env = {"PYTHONHASHSEED": hash_seed, "TZ": ZONES[zone], "LC_ALL": language, **locales}
    about = run(fresh_python, core, env, [], tmp_path)
    assert (about["hash_seed"], about["zone"]) == (hash_seed, zone)
    assert about["random_hashes"] == (hash_seed != "0")
    if not about["decimal_point"]:
        pytest.skip(f"the digests agree, but the locale {language} is not installed here")
    assert about["decimal_point"] == LOCALES[language]


@pytest.mark.parametrize("core", CORES)
@pytest.mark.parametrize(("name", "env", "options"), OTHERS, ids=[o[0] for o in OTHERS])
def test_any_other_process_gives_the_golden_digests(
    fresh_python: RunPython,
    tmp_path: Path,
    core: str,
    name: str,
    env: Environment,
    options: list[str],
) -> None:
    run(fresh_python, core, env, options, tmp_path)


@pytest.mark.parametrize("core", CORES)
@pytest.mark.parametrize("hash_seed", HASH_SEEDS)
def test_a_fresh_process_gives_the_golden_digests_of_the_book_venue(
    fresh_python: RunPython, locales: Environment, tmp_path: Path, core: str, hash_seed: str
) -> None:
    env = {"PYTHONHASHSEED": hash_seed, "TZ": ZONES["NDT"], "LC_ALL": "tr_TR.UTF-8", **locales}
    run(fresh_python, core, env, [], tmp_path, golden.BOOK)
