"""One small demo, made once, and ways to call the command line."""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from adapters.cli.main import execute

ROOT = Path(__file__).parents[2]


@dataclass
class Called:
    """What a call of the command line gave."""

    code: int
    out: str
    err: str

    def json(self) -> Any:
        return json.loads(self.out)


Call = Callable[..., Called]


@pytest.fixture
def call(capsys: pytest.CaptureFixture[str]) -> Call:
    """Calls `lockstep` within this process."""

    def run(*arguments: object) -> Called:
        capsys.readouterr()
        code = execute([str(a) for a in arguments])
        captured = capsys.readouterr()
        return Called(code, captured.out, captured.err)

    return run


def call_outside(*arguments: object, **environment: str) -> Called:
    """Calls `lockstep` in a process of its own."""
    done = subprocess.run(
        [sys.executable, "-m", "adapters.cli", *map(str, arguments)],
        cwd=ROOT,
        env=os.environ | environment,
        capture_output=True,
        text=True,
        timeout=300,
    )
    return Called(done.returncode, done.stdout, done.stderr)


@dataclass
class Demo:
    """A directory with a demo in it, and what the demo printed."""

    path: Path
    text: str
    hash: str


@pytest.fixture(scope="session")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Demo:
    """A demo at smoke size. Tests must not write into it."""
    path = tmp_path_factory.mktemp("cli") / "demo-day"
    called = call_outside("demo", "--out", path, "--ticks", 3_000, "--clients", 30, "--seed", 5)
    assert (called.code, called.err) == (0, ""), called.err
    words = called.out.split()
    return Demo(path, called.out, words[words.index("agrees:") + 1])
