"""The README and ARCHITECTURE.md say what the code does: sessions run, file names exist."""

import ast
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")
ARCHITECTURE = (ROOT / "ARCHITECTURE.md").read_text(encoding="utf-8")
TICK_STEPS = ["mark", "detect", "stops", "activate", "stop_out"]
ORDER_STEPS = ["admit", "freeze", "match", "fill", "release", "position", "settle"]


def calls_in(path: Path, function: str) -> list[str]:
    """Names of the functions called in a function, in order of appearance."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    body = next(n for n in ast.walk(tree) if isinstance(n, ast.FunctionDef) and n.name == function)
    found = [
        (n.lineno, n.func.id)
        for n in ast.walk(body)
        if isinstance(n, ast.Call) and isinstance(n.func, ast.Name)
    ]
    return [name for _, name in sorted(found)]


@pytest.mark.once
def test_session_on_the_first_screen_prints_what_the_readme_says() -> None:
    code, output = re.search(r"```python\n(.*?)```\n\n```\n(.*?)```", README, re.DOTALL).groups()
    assert README.index("```python") < 500, "the session is on the first screen"
    result = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT, check=False
    )
    assert result.stderr == ""
    assert result.stdout == output


def test_way_of_a_tick_is_the_same_in_readme_folder_and_pipeline() -> None:
    rows = re.findall(r"^\| (\w+) \| `engine/tick/(\w+)\.py` \|", README, re.MULTILINE)
    assert [step for step, _ in rows] == ["receive", *TICK_STEPS]
    assert all(step == file for step, file in rows)
    calls = calls_in(ROOT / "engine/tick/receive.py", "receive")
    assert [name for name in calls if name in TICK_STEPS] == TICK_STEPS
    files = {path.stem for path in (ROOT / "engine/tick").glob("*.py")} - {"__init__", "refusals"}
    assert files == {"receive", *TICK_STEPS}


def test_way_of_an_order_is_the_same_in_readme_folder_and_pipeline() -> None:
    assert " → ".join(ORDER_STEPS) in README
    calls = calls_in(ROOT / "engine/order/pipeline.py", "execute")
    steps = [name for name in calls if name in ("freeze", "fill", "release", "settle")]
    assert steps == ["freeze", "fill", "release", "settle"]
    assert calls.index("release") < calls.index("update_position") < calls.index("settle")
    files = {path.stem for path in (ROOT / "engine/order").glob("*.py")}
    assert files - {"__init__", "pipeline", "plan"} == set(ORDER_STEPS)


@pytest.mark.parametrize("document", [README, ARCHITECTURE], ids=["README", "ARCHITECTURE"])
def test_every_file_that_is_named_exists(document: str) -> None:
    named = re.findall(r"`((?:engine|journal|snapshots|adapters|tests|docs)/[\w/.]+)`", document)
    missing = [name for name in named if not (ROOT / name).exists()]
    assert missing == []
