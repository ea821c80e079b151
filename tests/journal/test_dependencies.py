"""Dependencies point one way: adapters, snapshots, journal, engine.records."""

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
OURS = ("adapters", "bench", "engine", "journal", "snapshots", "tests")
ALLOWED = {"journal": ("engine.records", "journal"), "snapshots": ("journal", "snapshots")}


def imported(file: Path) -> set[str]:
    """Full names of all modules (or what is taken from them) that a file imports."""
    names: set[str] = set()
    for node in ast.walk(ast.parse(file.read_text())):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{file}: relative import"
            names |= {f"{node.module}.{alias.name}" for alias in node.names}
    return names


@pytest.mark.parametrize("package", ALLOWED)
def test_package_imports_only_what_lies_below_it(package: str) -> None:
    for file in sorted((ROOT / package).rglob("*.py")):
        for name in imported(file):
            if name.partition(".")[0] in OURS:
                below = any(name == a or name.startswith(a + ".") for a in ALLOWED[package])
                assert below, f"{file.name} imports {name}"
