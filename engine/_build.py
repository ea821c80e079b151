"""Which modules of the core are compiled, and the guard that no stale one is loaded.

This file may use the standard library only: `engine/__init__.py` calls `check` before it
imports anything else, and the build reads this file without importing the package.

The idea: the build writes `_compiled.json` last, with the hash of every source of the
package and of the compiled library. A compiled module takes precedence over the source
beside it, so before the first of them is loaded `check` compares. Whatever does not match
refuses to load: running yesterday's rules under today's source would be a wrong replay.

With LOCKSTEP_INTERPRETED=1 the sources are loaded although compiled modules lie beside
them. The results are the same; that is how the tests compare the two.
"""

import hashlib
import json
import os
import sys
from collections.abc import Sequence
from importlib.abc import MetaPathFinder
from importlib.machinery import (
    EXTENSION_SUFFIXES,
    SOURCE_SUFFIXES,
    FileFinder,
    ModuleSpec,
    SourceFileLoader,
)
from pathlib import Path
from types import ModuleType
from typing import Any, Final

PACKAGE: Final = Path(__file__).resolve().parent
UNCOMPILED: Final = ("_build.py", "face.py", "views.py", "records/")
"""Sources and folders that stay Python, relative to the package; every `__init__.py`, too."""
LIBRARY: Final = "_core__mypyc"
"""Name of the compiled library; each compiled module is a small file that points into it."""
RECORD: Final = "_compiled.json"
SWITCH: Final = "LOCKSTEP_INTERPRETED"


def check(package: Path = PACKAGE) -> None:
    """Raises `ImportError` if the compiled modules do not match their sources.

    Installs the preference for sources when the process asks for it by `SWITCH`.
    """
    if interpreted():
        prefer_sources(package)
        return
    fault = find_fault(package)
    if fault:
        raise ImportError(
            f"the compiled core does not match its source ({fault}): run `make build`, "
            f"or set {SWITCH}=1 to run the source"
        )


def compiled(package: Path = PACKAGE) -> bool:
    """Whether this process runs the compiled core."""
    return not interpreted() and bool(modules_built(package))


def interpreted() -> bool:
    """Whether the environment asks for the sources."""
    return os.environ.get(SWITCH, "") not in ("", "0")


# ---------------------------------------------------------------- sources and their record


def sources(package: Path = PACKAGE) -> list[str]:
    """Every Python file of the package, relative to it, sorted."""
    return sorted(p.relative_to(package).as_posix() for p in package.rglob("*.py"))


def source_hashes(package: Path = PACKAGE) -> dict[str, str]:
    """The hash of every source, by name."""
    return {name: file_hash(package / name) for name in sources(package)}


def compiled_sources(package: Path = PACKAGE) -> list[str]:
    """The sources that are compiled."""
    return [
        name
        for name in sources(package)
        if not name.startswith(UNCOMPILED) and name.rpartition("/")[2] != "__init__.py"
    ]


def modules_built(package: Path = PACKAGE) -> list[str]:
    """Compiled modules that this interpreter would load, as names of sources, sorted."""
    found = []
    for path in package.rglob("*"):
        stem, dot, suffix = path.name.partition(".")
        if dot + suffix in EXTENSION_SUFFIXES and stem != LIBRARY:
            found.append(path.with_name(stem + ".py").relative_to(package).as_posix())
    return sorted(found)


def library_path(package: Path = PACKAGE) -> Path:
    """Where the compiled library is, or would be."""
    candidates = [package / (LIBRARY + suffix) for suffix in EXTENSION_SUFFIXES]
    return next((path for path in candidates if path.exists()), candidates[0])


def find_fault(package: Path = PACKAGE) -> str:
    """Why the compiled modules may not be loaded, in a few words; empty if they may.

    Without any compiled module for this interpreter there is nothing to hold against it.
    """
    built = modules_built(package)
    library = library_path(package)
    if not built and not library.exists():
        return ""
    record = read_record(package)
    if record is None:
        return f"{RECORD} is missing or unreadable"
    recorded = record["sources"]
    current = source_hashes(package)
    for name, source_hash in current.items():
        if name not in recorded:
            return f"{name} is new"
        if recorded[name] != source_hash:
            return f"{name} has changed"
    for name in recorded:
        if name not in current:
            return f"{name} is gone"
    wanted = compiled_sources(package)
    for name in wanted:
        if name not in built:
            return f"{name} is not compiled"
    for name in built:
        if name not in wanted:
            return f"a compiled module has no source {name}"
    if not library.exists():
        return f"{library.name} is missing"
    if record["library"] != file_hash(library):
        return f"{library.name} is not the one that was recorded"
    return ""


def is_current(recipe: str, package: Path = PACKAGE) -> bool:
    """Whether a build would change nothing. `recipe` is the hash of the build's own file."""
    record = read_record(package)
    if record is None or record["recipe"] != recipe or not modules_built(package):
        return False
    return not find_fault(package)


def read_record(package: Path = PACKAGE) -> dict[str, Any] | None:
    """What the last build recorded, or None if there is no complete record."""
    try:
        record = json.loads((package / RECORD).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    if not isinstance(record, dict) or not isinstance(record.get("sources"), dict):
        return None
    return record if all(key in record for key in ("recipe", "library", "tools")) else None


def write_record(package: Path, recipe: str, tools: dict[str, str], hashes: dict[str, str]) -> None:
    """Records that the compiled modules in `package` were made of these sources."""
    record = {
        "recipe": recipe,
        "tools": tools,
        "library": file_hash(library_path(package)),
        "sources": hashes,
    }
    (package / RECORD).write_text(json.dumps(record, indent=1) + "\n", encoding="utf-8")


def remove_built(package: Path = PACKAGE, keep: Sequence[str] = ()) -> None:
    """Deletes compiled modules of any interpreter, but those of the files named in `keep`."""
    for pattern in ("*.so", "*.pyd"):
        for path in package.rglob(pattern):
            if path.relative_to(package).as_posix() not in keep:
                path.unlink()


def file_hash(path: Path) -> str:
    """SHA-256 of a file's bytes, in hex."""
    return hashlib.sha256(path.read_bytes()).hexdigest()


# ---------------------------------------------------------------- the switch


class SourcesFirst(MetaPathFinder):
    """Finds modules of one package as sources only, before compiled ones are looked at."""

    def __init__(self, package: Path) -> None:
        self.package = package
        self.prefix = package.name + "."

    def find_spec(
        self,
        fullname: str,
        path: Sequence[str] | None,
        target: ModuleType | None = None,
    ) -> ModuleSpec | None:
        """The spec of a source of the package; None leaves the name to the other finders."""
        if not fullname.startswith(self.prefix):
            return None
        for folder in path or ():
            finder = FileFinder(folder, (SourceFileLoader, SOURCE_SUFFIXES))
            spec = finder.find_spec(fullname, target)
            if spec is not None:
                return spec
        return None


def prefer_sources(package: Path = PACKAGE) -> None:
    """Makes this process load the package's sources; once is enough."""
    for finder in sys.meta_path:
        if isinstance(finder, SourcesFirst) and finder.package == package:
            return
    sys.meta_path.insert(0, SourcesFirst(package))


def main(arguments: Sequence[str]) -> int:
    """Says how the core would run. Exit code 0: compiled, 1: interpreted, 2: it refuses."""
    fault = find_fault()
    if fault:
        state, code = f"the compiled core does not match its source: {fault}", 2
    elif compiled():
        state, code = "the core is compiled", 0
    else:
        state, code = "the core runs interpreted", 1
    if "--quiet" not in arguments:
        print(state)
    return code


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
