"""One target, guided by coverage: what the process does that `__main__.py` starts for it.

This file may be run only as `python -m tests.fuzz.guided NAME [libFuzzer's arguments]`, and
needs atheris. The packages of the product are instrumented as they are imported, so nothing of
them may be imported before that; the core runs interpreted, because compiled code can't be
instrumented. libFuzzer never returns: it ends the process.
"""

import importlib.util
import sys
from pathlib import Path
from random import Random

import atheris

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = ["adapters", "engine", "journal", "snapshots"]


def prefer_sources() -> None:
    """The core's switch to its sources, thrown before atheris looks for modules.

    A package that is loaded throws it itself, but then its finder stands before that of
    atheris, and its modules are not instrumented.
    """
    spec = importlib.util.spec_from_file_location("engine._build", ROOT / "engine" / "_build.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["engine._build"] = module
    spec.loader.exec_module(module)
    module.prefer_sources()


def main() -> None:
    prefer_sources()
    with atheris.instrument_imports(include=PACKAGES):
        from tests.fuzz.targets import TARGETS

    target = TARGETS[sys.argv[1]]

    def mutated(data: bytes, most: int, seed: int) -> bytes:
        """libFuzzer's own mutation, which knows what the code compares with; ours; or both."""
        random = Random(seed)
        kind = random.randrange(4)
        if kind != 0:
            data = target.mutate(data, random)
        if kind <= 1:
            data = atheris.Mutate(data[:most], most)
        return data[:most]

    arguments = [sys.argv[0], *sys.argv[2:]]
    atheris.Setup(arguments, target.run, custom_mutator=mutated)
    atheris.Fuzz()


if __name__ == "__main__":
    main()
