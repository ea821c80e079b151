"""Copies the sources, plants a bug in the copy, and runs there what should catch it.

This file may change copies only. Compiled modules stay behind, so that the copy runs what is
written in it; what Python made of the sources comes along, because it saves seconds.
"""

import os
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

from tests.conftest import ROOT
from tests.planted.bug import Bug

TAKEN = ("adapters", "bench", "docs", "engine", "examples", "journal", "snapshots", "tests")
LEFT = shutil.ignore_patterns("*.so", "_compiled.json", "results", ".hypothesis")
SECONDS = 300
"""A catcher that takes longer hangs; then the bug is not caught."""
_PYTEST = "pytest -q -x -p no:cacheprovider -p no:xdist"


class Run(NamedTuple):
    """How a command ended in a copy."""

    code: int | None
    """0: good; 1: what it tests is wrong; below 0: a signal ended it; None: it hung."""
    output: str

    def end(self) -> str:
        """The last lines, for a message."""
        return "\n".join(self.output.strip().splitlines()[-15:])


def copy_sources(folder: Path) -> Path:
    """The sources as they are here, in a folder of their own."""
    for name in TAKEN:
        shutil.copytree(ROOT / name, folder / name, ignore=LEFT)
    for path in ROOT.iterdir():
        if path.is_file() and not path.name.startswith("."):
            shutil.copy2(path, folder / path.name)
    return folder


def plant(bug: Bug, folder: Path) -> None:
    """Puts a bug into a copy. Raises `AssertionError` where the source has changed."""
    for edit in bug.edits:
        path = folder / edit.file
        text = path.read_text(encoding="utf-8")
        found = text.count(edit.old)
        assert found == 1, f"{bug.name}: {found} places in {edit.file} read {edit.old!r}"
        path.write_text(text.replace(edit.old, edit.new), encoding="utf-8")
        for stale in path.parent.glob(f"__pycache__/{path.stem}.*"):
            stale.unlink()


def run(catcher: str, folder: Path) -> Run:
    """Runs a catcher in a copy."""
    command = catcher.replace("pytest", _PYTEST, 1) if catcher.startswith("pytest") else catcher
    environment = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("PYTEST_", "PYTHON", "LD_PRELOAD"))
    }
    environment |= {"PYTHONPATH": str(folder), "LOCKSTEP_INTERPRETED": "1"}
    try:
        done = subprocess.run(
            [sys.executable, "-m", *shlex.split(command)],
            cwd=folder,
            env=environment,
            capture_output=True,
            text=True,
            timeout=SECONDS,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return Run(None, "")
    return Run(done.returncode, done.stdout + done.stderr)


def passes(catcher: str, folder: Path) -> str:
    """Runs a catcher on the sources as they are; what is wrong with that, or ""."""
    done = run(catcher, copy_sources(folder))
    if done.code != 0:
        return f"without a bug, {catcher} ends with {done.code}:\n{done.end()}"
    return ""


def catches(bug: Bug, folder: Path) -> str:
    """Plants a bug and runs its catcher; what is wrong with that, or ""."""
    plant(bug, copy_sources(folder))
    done = run(bug.catcher, folder)
    if done.code == 0:
        return f"not caught by {bug.catcher}: {bug.name}"
    if done.code is None or done.code > 1:
        return f"{bug.name}: {bug.catcher} ends with {done.code}, not 1:\n{done.end()}"
    if not re.search(bug.says, done.output):
        return f"{bug.name}: {bug.catcher} fails without saying {bug.says!r}:\n{done.end()}"
    return ""
