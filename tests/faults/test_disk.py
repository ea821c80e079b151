"""The simulated disk, tried with real calls in a process of its own."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import ROOT
from tests.faults import shim

pytestmark = pytest.mark.once


def test_simulated_disk_does_what_a_disk_does() -> None:
    problem = shim.why_not()
    if problem:
        pytest.skip(problem)
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider"]
    done = subprocess.run(
        [*command, str(Path(__file__).with_name("under_shim.py"))],
        cwd=ROOT,
        env={**os.environ, "LD_PRELOAD": str(shim.library())},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert " passed" in done.stdout and "skipped" not in done.stdout


@pytest.mark.skipif(sys.platform != "linux", reason="is about Linux")
def test_machine_without_a_compiler_is_told_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("shutil.which", lambda name: None)
    assert "there is no cc" in shim.why_not() or "glibc" in shim.why_not()


def test_process_without_the_shim_knows_it() -> None:
    assert not shim.active()
