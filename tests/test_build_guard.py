"""A compiled module that does not match its source refuses to load; the switch loads sources.

The tests work on a small package of their own, with the project's guard and build beside it.
"""

import json
import shutil
import sys
from importlib.machinery import EXTENSION_SUFFIXES
from pathlib import Path

import pytest

from engine import _build as guard
from tests.conftest import ROOT, RunPython

pytestmark = pytest.mark.once

SMALL_PACKAGE = {
    "__init__.py": "from engine import _build\n\n_build.check()\n",
    "double.py": (
        "from mypy_extensions import i64\n\n\n"
        "def double(number: i64) -> i64:\n    return 2 * number\n"
    ),
    "records/__init__.py": "",
    "rules/__init__.py": "",
    "rules/triple.py": (
        "from mypy_extensions import i64\n\nfrom engine.double import double\n\n\n"
        "def triple(number: i64) -> i64:\n    return double(number) + number\n"
    ),
    "records/words.py": "WORD = 8\n",
}
SHOW = (
    "import engine, engine.rules.triple as t; from engine import _build;"
    "print(t.triple(14), _build.compiled(), t.__file__.rpartition('.')[2])"
)


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A project with a tiny package `engine` and this project's guard and build."""
    for name, text in SMALL_PACKAGE.items():
        path = tmp_path / "engine" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    shutil.copy(ROOT / "engine" / "_build.py", tmp_path / "engine")
    for name in ("setup.py", "pyproject.toml"):
        shutil.copy(ROOT / name, tmp_path)
    (tmp_path / "README.md").write_text("A small package.\n")
    return tmp_path


def pretend_compiled(package: Path) -> None:
    """Lays files that look compiled beside the sources, with a record that matches."""
    suffix = EXTENSION_SUFFIXES[0]
    for name in guard.compiled_sources(package):
        (package / (name.removesuffix(".py") + suffix)).write_bytes(b"not a library")
    (package / (guard.LIBRARY + suffix)).write_bytes(b"not a library either")
    guard.write_record(package, "recipe", {"python": "3"}, guard.source_hashes(package))


def change_a_source(package: Path) -> str:
    with open(package / "double.py", "a") as file:
        file.write("# changed\n")
    return "double.py has changed"


def change_an_uncompiled_source(package: Path) -> str:
    """Constants of uncompiled sources are part of compiled code, too."""
    (package / "records/words.py").write_text("WORD = 4\n")
    return "records/words.py has changed"


def add_a_source(package: Path) -> str:
    (package / "quadruple.py").write_text("")
    return "quadruple.py is new"


def delete_a_source(package: Path) -> str:
    (package / "double.py").unlink()
    return "double.py is gone"


def delete_the_record(package: Path) -> str:
    (package / guard.RECORD).unlink()
    return "_compiled.json is missing or unreadable"


def cut_the_record(package: Path) -> str:
    record = package / guard.RECORD
    record.write_bytes(record.read_bytes()[:-20])
    return "_compiled.json is missing or unreadable"


def replace_the_record(package: Path) -> str:
    (package / guard.RECORD).write_text("[]")
    return "_compiled.json is missing or unreadable"


def delete_a_compiled_module(package: Path) -> str:
    (package / ("rules/triple" + EXTENSION_SUFFIXES[0])).unlink()
    return "rules/triple.py is not compiled"


def delete_the_library(package: Path) -> str:
    guard.library_path(package).unlink()
    return "is missing"


def exchange_the_library(package: Path) -> str:
    guard.library_path(package).write_bytes(b"of another build")
    return "is not the one that was recorded"


def leave_a_compiled_module_behind(package: Path) -> str:
    (package / ("old" + EXTENSION_SUFFIXES[0])).write_bytes(b"")
    return "a compiled module has no source old.py"


@pytest.mark.parametrize(
    "damage",
    [
        change_a_source,
        change_an_uncompiled_source,
        add_a_source,
        delete_a_source,
        delete_the_record,
        cut_the_record,
        replace_the_record,
        delete_a_compiled_module,
        delete_the_library,
        exchange_the_library,
        leave_a_compiled_module_behind,
    ],
    ids=lambda damage: damage.__name__,
)
def test_check_when_compiled_modules_do_not_match_then_names_the_file_and_make_build(
    project: Path, damage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv(guard.SWITCH, raising=False)
    package = project / "engine"
    pretend_compiled(package)
    guard.check(package)
    reason = damage(package)
    with pytest.raises(ImportError) as error:
        guard.check(package)
    assert "`make build`" in str(error.value)
    assert reason in str(error.value)


def test_check_when_nothing_is_compiled_then_passes(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv(guard.SWITCH, raising=False)
    guard.check(project / "engine")
    assert not guard.compiled(project / "engine")


def test_check_when_only_modules_of_another_interpreter_lie_there_then_passes(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv(guard.SWITCH, raising=False)
    (project / "engine" / "double.cpython-99-none.so").write_bytes(b"")
    guard.check(project / "engine")
    assert not guard.compiled(project / "engine")


def test_a_build_is_current_until_a_source_or_the_recipe_changes(project: Path) -> None:
    package = project / "engine"
    assert not guard.is_current("recipe", package)
    pretend_compiled(package)
    assert guard.is_current("recipe", package)
    assert not guard.is_current("another recipe", package)
    change_a_source(package)
    assert not guard.is_current("recipe", package)


def test_what_was_built_is_removed_but_what_is_to_be_kept(project: Path) -> None:
    package = project / "engine"
    pretend_compiled(package)
    kept = "double" + EXTENSION_SUFFIXES[0]
    guard.remove_built(package, keep=[kept])
    assert [path.name for path in package.rglob("*.so")] == [kept]
    guard.remove_built(package)
    assert not guard.modules_built(package)


def test_the_finder_of_sources_leaves_other_names_to_the_other_finders(project: Path) -> None:
    package = project / "engine"
    finder = guard.SourcesFirst(package)
    found = finder.find_spec("engine.double", [str(project), str(package)])
    assert found is not None and found.origin == str(package / "double.py")
    assert finder.find_spec("engine.absent", [str(project), str(package)]) is None
    assert finder.find_spec("engine.absent", None) is None
    assert finder.find_spec("other.double", [str(package)]) is None


def test_sources_are_preferred_once(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "meta_path", list(sys.meta_path))
    guard.prefer_sources(project / "engine")
    guard.prefer_sources(project / "engine")
    mine = [x for x in sys.meta_path if getattr(x, "package", None) == project / "engine"]
    assert mine == sys.meta_path[:1]


@pytest.mark.parametrize(
    ("fault", "compiled", "code", "sentence"),
    [
        ("", True, 0, "the core is compiled"),
        ("", False, 1, "the core runs interpreted"),
        ("x is new", False, 2, "the compiled core does not match its source: x is new"),
    ],
)
def test_the_program_says_how_the_core_would_run(
    fault: str,
    compiled: bool,
    code: int,
    sentence: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr(guard, "find_fault", lambda: fault)
    monkeypatch.setattr(guard, "compiled", lambda: compiled)
    assert guard.main([]) == code
    assert capsys.readouterr().out == sentence + "\n"
    assert guard.main(["--quiet"]) == code
    assert capsys.readouterr().out == ""


def test_import_when_source_changed_then_process_ends_with_one_sentence(
    project: Path, fresh_python: RunPython
) -> None:
    pretend_compiled(project / "engine")
    change_a_source(project / "engine")
    result = fresh_python("import engine", env={guard.SWITCH: None}, cwd=project)
    assert result.returncode == 1
    last_line = result.stderr.strip().splitlines()[-1]
    assert last_line.startswith("ImportError: the compiled core does not match its source")
    assert "`make build`" in last_line


def test_import_when_switch_is_set_then_sources_load_although_compiled_ones_are_stale(
    project: Path, fresh_python: RunPython
) -> None:
    pretend_compiled(project / "engine")
    change_a_source(project / "engine")
    result = fresh_python(SHOW, env={guard.SWITCH: "1"}, cwd=project)
    assert result.stdout == "42 False py\n", result.stderr


def test_build_compiles_once_and_the_switch_still_loads_sources(
    project: Path, fresh_python: RunPython
) -> None:
    build = ["setup.py", "-q", "build_ext", "--inplace"]
    plain: dict[str, str | None] = {guard.SWITCH: None}
    first = fresh_python(arguments=build, env=plain, cwd=project)
    if "core runs interpreted" in first.stdout:
        pytest.skip("there is no C compiler here")
    assert first.returncode == 0, first.stderr
    assert "compiled 2 modules" in first.stdout
    suffix = EXTENSION_SUFFIXES[0].removeprefix(".").rpartition(".")[2]
    assert fresh_python(SHOW, env=plain, cwd=project).stdout == f"42 True {suffix}\n"
    assert fresh_python(SHOW, env={guard.SWITCH: "1"}, cwd=project).stdout == "42 False py\n"

    again = fresh_python(arguments=build, env=plain, cwd=project)
    assert "up to date" in again.stdout

    (project / "engine" / "rules" / "triple.py").rename(project / "engine" / "rules" / "three.py")
    refused = fresh_python("import engine", env=plain, cwd=project)
    assert "`make build`" in refused.stderr
    rebuilt = fresh_python(arguments=build, env=plain, cwd=project)
    assert rebuilt.returncode == 0, rebuilt.stderr
    assert guard.modules_built(project / "engine") == ["double.py", "rules/three.py"]
    assert fresh_python("import engine", env=plain, cwd=project).returncode == 0


def test_build_when_there_is_no_compiler_then_says_so_once_and_takes_old_modules_away(
    project: Path, fresh_python: RunPython
) -> None:
    pretend_compiled(project / "engine")
    change_a_source(project / "engine")
    result = fresh_python(
        arguments=["setup.py", "-q", "build_ext", "--inplace"],
        env={guard.SWITCH: None, "CC": "no-such-compiler"},
        cwd=project,
    )
    assert result.returncode == 0, result.stderr
    assert result.stdout == (
        "lockstep: there is no C compiler (no-such-compiler); "
        "the core runs interpreted, with the same results\n"
    )
    assert guard.modules_built(project / "engine") == []
    shown = fresh_python(SHOW, env={guard.SWITCH: None}, cwd=project)
    assert shown.stdout == "42 False py\n", shown.stderr


def test_record_of_this_checkout_when_compiled_then_names_the_tools() -> None:
    if not guard.modules_built():
        pytest.skip("the core is not compiled here")
    record = json.loads((guard.PACKAGE / guard.RECORD).read_text())
    assert record["tools"]["python"] == sys.version.split()[0]
    assert {"mypy", "librt"} <= record["tools"].keys()
    assert sorted(record["sources"]) == guard.sources()
