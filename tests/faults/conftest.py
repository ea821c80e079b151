"""Campaigns of this folder as tests run them: a share, in a process of its own."""

import json
import subprocess
import sys
from collections.abc import Callable
from typing import Any

import pytest

from tests.conftest import ROOT
from tests.faults import shim

RunCampaign = Callable[..., dict[str, Any]]
_WITHOUT_SHIM = {"kills"}


@pytest.fixture
def campaign() -> RunCampaign:
    """`campaign(name, seed, count, *options)`: its tally, after nothing failed.

    Skips where there can be no simulated disk and the campaign needs one.
    """

    def run(name: str, seed: int, count: int, *options: str) -> dict[str, Any]:
        problem = "" if name in _WITHOUT_SHIM else shim.why_not()
        if problem:
            pytest.skip(problem)
        command = [sys.executable, "-m", f"tests.faults.{name}", str(seed)]
        command += ["--count", str(count), "--json", *options]
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
        assert done.returncode == 0, done.stdout + done.stderr
        tally: dict[str, Any] = json.loads(done.stdout)
        assert tally["failures"] == []
        return tally

    return run
