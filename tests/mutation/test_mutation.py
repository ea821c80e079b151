"""The mutants are those that are meant, the list of harmless ones is true, and one is caught."""

import ast
from pathlib import Path

import pytest

from tests.conftest import ROOT
from tests.mutation.equivalent import equivalents
from tests.mutation.mutants import mutants_of
from tests.mutation.scratch import TESTS, Fate, Scratch, all_mutants

pytestmark = pytest.mark.once

# A line, and every line that becomes of it.
LINES = [
    ("x = a < b", ["x = a <= b", "x = a >= b"]),
    ("x = a >= b", ["x = a > b", "x = a < b"]),
    ("x = a == b", ["x = a != b"]),
    ("x = a is not b", ["x = a is b"]),
    ("x = a not in b", ["x = a in b"]),
    ("x = a + b", ["x = a - b"]),
    ("x = a * b // c", ["x = a // b // c", "x = a * b * c"]),
    ("x = a << b | c", ["x = a >> b | c", "x = a << b & c"]),
    ("x = a and b and c", ["x = a or b and c", "x = a and b or c"]),
    ("x = not a", ["x = a"]),
    ("x = -a", ["x = a"]),
    ("x = True", ["x = False"]),
    ("x = 7", ["x = 8"]),
    ("x += y", ["x -= y", "pass"]),
    ("x.y = z", ["pass"]),
    ("x[y] = z", ["pass"]),
    ("x = y", []),
    ("f(x)", ["pass"]),
    ("if x: f", ["if False: f", "if x: pass"]),
    ("x = a if b else c", ["x = a if False else c"]),
    ("while x: break", ["while False: break", "while x: continue"]),
    ("for x in y: continue", ["for x in y: break"]),
    ("assert x < 1, y", []),
    ("raise x(f'{y + 1}')", []),
    ("x = f'{y + 1}'", []),
    ("'x + 1'", []),
    ("def f(x: a[1] = 3) -> b[2]: ...", ["def f(x: a[1] = 4) -> b[2]: ..."]),
]


@pytest.mark.parametrize(("line", "becomes"), LINES, ids=lambda x: str(x)[:30])
def test_a_line_is_changed_in_every_way_and_one_at_a_time(
    line: str, becomes: list[str], tmp_path: Path
) -> None:
    path = tmp_path / "x.py"
    path.write_text(line)
    assert sorted(x.after for x in mutants_of(path, "x.py")) == sorted(becomes)


def test_an_operator_at_the_beginning_of_the_next_line_is_found(tmp_path: Path) -> None:
    path = tmp_path / "x.py"
    path.write_text("x = (\n    a\n    or b\n)\n")
    (mutant,) = mutants_of(path, "x.py")
    assert mutant.applied_to(path.read_text()) == "x = (\n    a\n    and b\n)\n"


@pytest.mark.parametrize("file", TESTS)
def test_mutants_of_the_product_are_programs(file: str) -> None:
    source = (ROOT / file).read_text(encoding="utf-8")
    found = mutants_of(ROOT / file, file)
    assert len(found) >= 5
    for mutant in found[::10]:
        changed = mutant.applied_to(source)
        assert changed != source
        ast.parse(changed)


def test_every_change_that_is_told_to_be_harmless_is_still_a_mutant() -> None:
    changes = {(x.file, x.before, x.after) for x in all_mutants()}
    for entry in equivalents():
        assert (entry.file, entry.line, entry.becomes) in changes, entry
        assert len(entry.reason) > 10, entry
    assert len(set(equivalents())) == len(equivalents())


def test_a_mutant_is_killed_in_the_copy_and_the_copy_is_whole_again() -> None:
    file = "engine/price_index.py"
    before = (ROOT / file).read_text(encoding="utf-8")
    mutant = next(x for x in mutants_of(ROOT / file, file) if x.after == "if key > child_key:")
    with Scratch() as scratch:
        assert scratch.fate(mutant) is Fate.KILLED
        assert (scratch.root / file).read_text(encoding="utf-8") == before
    assert not scratch.root.exists()
