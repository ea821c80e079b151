"""Dependencies point one way: adapters -> snapshots -> journal -> engine.records.

The engine depends on nothing of ours. Nothing that is installed knows the tests or the
benchmarks. What is imported from outside is what pyproject.toml asks for.
"""

import ast
import re
import sys
import tomllib
from pathlib import Path

import pytest

from tests.conftest import ROOT
from tests.source_files import PACKAGES, files, imports, name, tree

pytestmark = pytest.mark.once

OURS = (*PACKAGES, "tests", "bench")
MAY_USE = {
    "engine": ("engine",),
    "journal": ("journal", "engine.records"),
    "snapshots": ("snapshots", "journal", "engine.records"),
    "adapters": ("adapters", "snapshots", "journal", "engine"),
}


def wrong_imports(package: str, source: ast.Module) -> list[str]:
    """Imports of ours that the package may not have, with their lines."""
    return [
        f"line {line}: {package} may not use {imported}"
        for line, imported in imports(source)
        if imported.partition(".")[0] in OURS
        and not any(imported == use or imported.startswith(f"{use}.") for use in MAY_USE[package])
    ]


@pytest.mark.parametrize("path", files(*PACKAGES), ids=name)
def test_imports_point_one_way(path: Path) -> None:
    assert wrong_imports(name(path).partition("/")[0], tree(path)) == []


@pytest.mark.parametrize(
    ("package", "code"),
    [
        ("engine", "from journal import Journal"),
        ("engine", "import adapters.cli"),
        ("journal", "from engine import Engine"),
        ("journal", "from engine.core import Core"),
        ("journal", "from snapshots import SnapshotStore"),
        ("snapshots", "from adapters import node"),
        ("adapters", "from tests.naive import NaiveEngine"),
        ("adapters", "import bench"),
    ],
)
def test_wrong_import_is_found(package: str, code: str) -> None:
    assert wrong_imports(package, ast.parse(code)) != []


def required() -> set[str]:
    """Names of the distributions that an installation brings."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    return {_plain(re.split(r"[<>=!~\[ ]", text)[0]) for text in project["dependencies"]}


def imported_from_outside() -> set[str]:
    """Top-level names that the installed packages import and Python does not bring."""
    return {
        full.partition(".")[0]
        for path in files(*PACKAGES)
        for _, full in imports(tree(path))
        if full.partition(".")[0] not in (*OURS, *sys.stdlib_module_names)
    }


def _plain(distribution: str) -> str:
    return distribution.lower().replace("_", "-")


def test_everything_imported_is_required_and_everything_required_is_imported() -> None:
    assert {_plain(module) for module in imported_from_outside()} == required()


def test_compiler_extra_allows_the_same_versions_as_the_installation() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    for line in project["optional-dependencies"]["compile"]:
        if not line.startswith("mypy=="):
            assert line in project["dependencies"]
