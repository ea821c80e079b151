"""Every benchmark runs at its tiny size, and the page shows what was measured."""

import json
import shutil
from pathlib import Path

import pytest

from bench import in_fresh_process, table
from bench.__main__ import NAMES, run
from tests.conftest import RunPython

pytestmark = pytest.mark.once


@pytest.mark.parametrize("name", NAMES)
def test_benchmark_runs_at_its_tiny_size_and_names_its_origin(name: str, tmp_path: Path) -> None:
    result = json.loads(run(name, True, tmp_path).read_text())
    assert result["benchmark"] == name
    assert {"seed", "machine", "rows", "date"} <= result.keys()
    assert {"processor", "cores", "python", "commit"} <= result["machine"].keys()
    assert result["rows"]
    text = table.tables(tmp_path)
    assert table.TABLES[name][0] in text and "nan" not in text


def test_page_shows_the_newest_results(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    shutil.copy(table.PAGE, page)
    table.render_page(page)
    assert page.read_text() == table.PAGE.read_text(), "run python -m bench.table"


def test_unknown_benchmark_is_refused_with_the_names_there_are(fresh_python: RunPython) -> None:
    result = fresh_python(arguments=["-m", "bench", "tick"])
    assert result.returncode == 2
    assert "no benchmark is called tick; there are ticks, orders" in result.stderr


def test_benchmark_processes_start_empty() -> None:
    assert in_fresh_process(max, 1, 2) == 2
