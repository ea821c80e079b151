"""Fresh processes agree to the byte: interpreted and compiled, whatever the hash seed, time
zone, locale and optimization (DESIGN, bit-identical replay)."""

import json
from typing import Any

import pytest

from engine import _build
from tests.conftest import RunPython
from tests.determinism import golden

pytestmark = pytest.mark.once

INTERPRETED = {"LOCKSTEP_INTERPRETED": "1"}
COMPILED = {"LOCKSTEP_INTERPRETED": None}
# What is different about the process: its environment, options of Python.
PROCESSES = [
    ("hash seed 0", {"PYTHONHASHSEED": "0"}, []),
    ("hash seed 1", {"PYTHONHASHSEED": "1"}, []),
    ("any hash seed", {"PYTHONHASHSEED": "random"}, []),
    ("Tokyo", {"TZ": "Asia/Tokyo", "LC_ALL": "C"}, []),
    ("St. John's", {"TZ": "America/St_Johns", "LC_ALL": "tr_TR.UTF-8", "LANG": "tr_TR.UTF-8"}, []),
    ("a bare locale", {"LC_ALL": "POSIX", "LANG": None, "PYTHONUTF8": "0"}, []),
    ("optimized", {}, ["-OO"]),
]


def run(fresh_python: RunPython, env: dict[str, str | None], options: list[str]) -> dict[str, Any]:
    """The digests that a fresh process prints."""
    done = fresh_python(arguments=[*options, "-m", "tests.determinism.golden"], env=env)
    assert done.returncode == 0, done.stderr
    found: dict[str, Any] = json.loads(done.stdout)
    return found


@pytest.mark.parametrize("core", ["interpreted", "compiled"])
@pytest.mark.parametrize(("name", "env", "options"), PROCESSES, ids=[p[0] for p in PROCESSES])
def test_a_fresh_process_gives_the_golden_digests(
    fresh_python: RunPython, core: str, name: str, env: dict[str, str | None], options: list[str]
) -> None:
    if core == "compiled" and not _build.modules_built():
        pytest.skip("the core is not compiled here: `make build`")
    switch = COMPILED if core == "compiled" else INTERPRETED
    found = run(fresh_python, {**switch, **env}, options)
    assert found.pop("compiled") == (core == "compiled")
    assert found == golden.expected()
