"""What all tests share: Hypothesis profiles, the folder of real data, fresh processes.

This file may not know any rule of the engine.
"""

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, Phase, settings

ROOT = Path(__file__).resolve().parent.parent
SHARED_DATA = ROOT.parent / "shared" / "data"

# The same examples on every run, so that a failure is one everywhere. `explore` looks for new
# ones: HYPOTHESIS_PROFILE=explore pytest ... `unshrunk` is for who only asks whether one fails.
settings.register_profile(
    "repeatable",
    derandomize=True,
    deadline=None,
    print_blob=True,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
settings.register_profile(
    "unshrunk", settings.get_profile("repeatable"), phases=[Phase.explicit, Phase.generate]
)
settings.register_profile("explore", deadline=None, print_blob=True, max_examples=1_000)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "repeatable"))

RunPython = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The folder of real data beside the project; it is not part of it."""
    if not SHARED_DATA.is_dir():
        pytest.skip(f"the real data are not here: {SHARED_DATA} is no folder")
    return SHARED_DATA


@pytest.fixture
def fresh_python() -> RunPython:
    """Runs Python code (or arguments) in a fresh process, with changes to the environment.

    `fresh_python(code, env={...}, cwd=...)` or `fresh_python(arguments=[...])`. A value of
    None takes the variable out. The process sees the project's sources first.
    """

    def run(
        code: str = "",
        arguments: list[str] | None = None,
        env: dict[str, str | None] | None = None,
        cwd: Path = ROOT,
    ) -> "subprocess.CompletedProcess[str]":
        environment = {**os.environ, "PYTHONPATH": str(cwd)}
        for name, value in (env or {}).items():
            if value is None:
                environment.pop(name, None)
            else:
                environment[name] = value
        command = [sys.executable, *(arguments if arguments is not None else ["-c", code])]
        return subprocess.run(
            command, cwd=cwd, env=environment, capture_output=True, text=True, check=False
        )

    return run
