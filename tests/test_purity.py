"""The core is a pure function of its journal: this test reads its source and says so.

What a syntax tree can't show (iteration over something whose order is not fixed) the tests
with different hash seeds do. `_build.py` is not part of the core: it looks at files before
the core is loaded.
"""

import ast
from pathlib import Path

import pytest

from tests.source_files import files, imports, name, tree

pytestmark = pytest.mark.once

ALLOWED_IMPORTS = (
    "collections.abc.",
    "engine.",
    "hashlib.blake2b",
    "librt.",
    "mypy_extensions.",
    "typing.",
)
ALLOWED_IN_THE_FACE = ("hashlib", "msgspec")
"""The Python face names its structs with msgspec and its state with hashlib."""
ALLOWED_IN_RECORDS = ("msgspec", "numpy", "struct")
"""records/ is the NumPy and msgspec face of the records."""
MORE_ALLOWED = {
    "engine/__init__.py": ("engine",),
    "engine/configuration/apply.py": ("msgspec",),
    "engine/configuration/command.py": ("msgspec",),
    "engine/face.py": ALLOWED_IN_THE_FACE,
    "engine/logical_state.py": ("msgspec",),
    "engine/views.py": ("msgspec",),
    "engine/records/base.py": ("msgspec",),
    "engine/records/codec.py": ALLOWED_IN_RECORDS,
    "engine/records/configs.py": ("msgspec",),
}
NOT_IN_THE_CORE = ("engine/_build.py",)
FORBIDDEN_NAMES = {
    "float": "a float",
    "complex": "a float",
    "set": "a set: its order is not fixed",
    "frozenset": "a set: its order is not fixed",
    "hash": "hash(): differs from process to process",
    "id": "id(): differs from process to process",
    "open": "a file",
    "print": "output",
    "input": "input",
    "eval": "code from a string",
    "exec": "code from a string",
    "globals": "the module's names as data",
    "__import__": "an import at run time",
}


def impurities(source: ast.Module, more_allowed: tuple[str, ...] = ()) -> list[str]:
    """Everything in a source that a pure core may not have, with its line."""
    found = []
    for line, imported in imports(source):
        allowed = imported.startswith(ALLOWED_IMPORTS) or any(
            imported == module or imported.startswith(f"{module}.") for module in more_allowed
        )
        if not allowed:
            found.append((line, f"imports {imported}"))
    for node in ast.walk(source):
        reason = _impurity_of(node)
        if reason:
            found.append((getattr(node, "lineno", 0), reason))
    return [f"line {line}: {reason}" for line, reason in sorted(found)]


def _impurity_of(node: ast.AST) -> str:
    if isinstance(node, ast.Constant) and isinstance(node.value, float | complex):
        return f"the float {node.value}"
    if isinstance(node, ast.BinOp | ast.AugAssign) and isinstance(node.op, ast.Div):
        return "true division gives a float"
    if isinstance(node, ast.Set | ast.SetComp):
        return "a set: its order is not fixed"
    if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load):
        return FORBIDDEN_NAMES.get(node.id, "")
    if isinstance(node, ast.Global | ast.Nonlocal):
        return "state outside of the engine object"
    if isinstance(node, ast.AsyncFunctionDef | ast.Await | ast.AsyncFor | ast.AsyncWith):
        return "waits for something outside"
    return ""


CORE = [path for path in files("engine") if name(path) not in NOT_IN_THE_CORE]


@pytest.mark.parametrize("path", CORE, ids=name)
def test_core_source_holds_nothing_impure(path: Path) -> None:
    assert impurities(tree(path), MORE_ALLOWED.get(name(path), ())) == []


@pytest.mark.parametrize(
    ("code", "reason"),
    [
        ("import time", "imports time"),
        ("from os import environ", "imports os.environ"),
        ("from datetime import datetime", "imports datetime.datetime"),
        ("import random", "imports random"),
        ("import numpy as np", "imports numpy"),
        ("from . import core", "imports ..core"),
        ("import enginex", "imports enginex"),
        ("x = 0.5", "the float 0.5"),
        ("x = a / b", "true division"),
        ("x /= 2", "true division"),
        ("x: float = y", "a float"),
        ("x = {1, 2}", "a set"),
        ("x = {y for y in z}", "a set"),
        ("x = set(y)", "a set"),
        ("x = sorted(y, key=hash)", "hash()"),
        ("x = id(y)", "id()"),
        ("print(x)", "output"),
        ("x = open('y')", "a file"),
        ("def f():\n    global x\n    x = 1", "state outside"),
        ("async def f():\n    pass", "waits for something outside"),
    ],
)
def test_impure_source_is_found_with_its_reason(code: str, reason: str) -> None:
    found = impurities(ast.parse(code))
    assert any(reason in finding for finding in found), found


def test_pure_source_passes() -> None:
    code = (
        "from typing import Final\nX: Final = {1: 2}\n\ndef f(a: int) -> int:\n    return a // 3\n"
    )
    assert impurities(ast.parse(code)) == []


def test_every_exception_to_the_imports_is_still_needed() -> None:
    for file, modules in MORE_ALLOWED.items():
        (path,) = [p for p in CORE if name(p) == file]
        imported = [full for _, full in imports(tree(path))]
        for module in modules:
            assert any(full == module or full.startswith(f"{module}.") for full in imported), (
                f"{file} no longer imports {module}: take it out of MORE_ALLOWED"
            )
