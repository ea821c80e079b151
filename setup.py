"""Compiles the core with mypyc. Everything else about the distribution is in pyproject.toml.

This file may not say what is compiled: `engine/_build.py` lists it and guards the result.

Where no C compiler (or no Python header) is at hand, or LOCKSTEP_INTERPRETED=1 is set,
nothing is compiled: the same sources run interpreted, with the same results, slower.
"""

import contextlib
import importlib.util
import os
import shlex
import shutil
import subprocess
import sys
import sysconfig
import tempfile
import tomllib
from importlib.metadata import version
from pathlib import Path
from types import ModuleType

from setuptools import Extension, setup
from setuptools.command.build_ext import build_ext
from setuptools.command.build_py import build_py

ROOT = Path(__file__).resolve().parent
OPTIMIZATION = "3"
INLINING = ["--param", "max-inline-insns-auto=200", "--param", "inline-unit-growth=300"]
"""The core is many small functions in one unit; by itself gcc leaves most calls between them."""


def load_guard() -> ModuleType:
    """`engine/_build.py`, without importing the package around it."""
    spec = importlib.util.spec_from_file_location("_build", ROOT / "engine" / "_build.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


GUARD = load_guard()
RECIPE = GUARD.file_hash(Path(__file__).resolve())


def why_interpreted() -> str:
    """Why nothing can be compiled here, in a few words; empty if it can."""
    if GUARD.interpreted():
        return f"{GUARD.SWITCH} is set"
    command = compiler()
    if shutil.which(command[0]) is None:
        return f"there is no C compiler ({command[0]})"
    return "" if compiles([]) else "the C compiler can't compile against Python.h"


def compiler() -> list[str]:
    """The command that compiles C."""
    return shlex.split(os.environ.get("CC") or sysconfig.get_config_var("CC") or "cc")


def compiles(flags: list[str]) -> bool:
    """Whether the C compiler compiles a probe; with flags, without a warning about them."""
    with tempfile.TemporaryDirectory() as folder:
        probe = Path(folder) / "probe.c"
        probe.write_text("#include <Python.h>\n")
        include = "-I" + sysconfig.get_path("include")
        result = subprocess.run(
            [
                *compiler(),
                *(["-Werror"] if flags else []),
                *flags,
                include,
                "-c",
                str(probe),
                "-o",
                f"{probe}.o",
            ],
            capture_output=True,
            check=False,
        )
    return result.returncode == 0


def compile_requirements() -> list[str]:
    """What compiling needs, as pyproject.toml has it."""
    with open(ROOT / "pyproject.toml", "rb") as file:
        return tomllib.load(file)["project"]["optional-dependencies"]["compile"]


def compiled_extensions() -> list[Extension]:
    """The C extensions that mypyc makes of the core. Type errors in it end the build."""
    from mypyc.build import mypycify

    paths = [f"engine/{name}" for name in GUARD.compiled_sources(ROOT / "engine")]
    extensions = mypycify(
        ["--config-file=", *paths],
        opt_level=OPTIMIZATION,
        debug_level="0",
        group_name=f"engine.{GUARD.LIBRARY.removesuffix('__mypyc')}",
    )
    inlining = INLINING if compiles(INLINING) else []
    for extension in extensions:
        # A newer C compiler may warn of something new; that is no reason to refuse.
        flags = [flag for flag in extension.extra_compile_args if flag != "-Werror"]
        # Hidden, the functions of the core can be inlined into each other.
        extension.extra_compile_args = [*flags, "-fvisibility=hidden", *inlining]
    return extensions


class BuildModules(build_py):
    """Copies the sources into a clean folder, so that no deleted one gets into a wheel."""

    def run(self) -> None:
        if not self.editable_mode:
            shutil.rmtree(Path(self.build_lib) / "engine", ignore_errors=True)
        super().run()


class BuildCore(build_ext):
    """Compiles, takes away what is left from earlier builds, and records the sources last."""

    def run(self) -> None:
        in_place = self.inplace or self.editable_mode
        source = ROOT / "engine"
        if in_place and GUARD.is_current(RECIPE, source):
            print("lockstep: the compiled core is up to date")
            return
        target = source if in_place else Path(self.build_lib).resolve() / "engine"
        previous = GUARD.read_record(source)
        hashes = GUARD.source_hashes(source)  # of what is compiled now, not of a later edit
        (target / GUARD.RECORD).unlink(missing_ok=True)
        # The extensions are known only now: asking mypyc takes seconds, and most commands
        # of setuptools need only to know that there are some.
        self.distribution.ext_modules = compiled_extensions()
        self.distribution.reinitialize_command(self)
        self.inplace = in_place
        self.ensure_finalized()
        self.force = previous is None or previous["recipe"] != RECIPE
        self.parallel = os.cpu_count()
        super().run()
        names = [self.get_ext_filename(extension.name) for extension in self.extensions]
        GUARD.remove_built(target, keep=[Path(n).relative_to("engine").as_posix() for n in names])
        tools = {name: version(name) for name in ("mypy", "librt", "setuptools")}
        tools["python"] = sys.version.split()[0]
        GUARD.write_record(target, RECIPE, tools, hashes)
        print(f"lockstep: compiled {len(names) - 1} modules of the core")

    def get_outputs(self) -> list[str]:
        """The compiled modules and the record beside them."""
        return [*super().get_outputs(), str(Path(self.build_lib) / "engine" / GUARD.RECORD)]

    def get_source_files(self) -> list[str]:
        """None: the C sources are made from the Python sources, which are listed elsewhere."""
        return []


def say(sentence: str) -> None:
    """Tells whoever installs, once. pip hides what a build prints, so then to the terminal."""
    if "build_ext" in sys.argv:
        print(sentence)
    elif {"bdist_wheel", "editable_wheel"} & set(sys.argv):
        print(sentence)
        with contextlib.suppress(OSError), open("/dev/tty", "w") as terminal:
            terminal.write(sentence + "\n")


def main() -> None:
    reason = why_interpreted()
    if reason:
        if not GUARD.interpreted() and not GUARD.is_current(RECIPE, ROOT / "engine"):
            GUARD.remove_built(ROOT / "engine")
            (ROOT / "engine" / GUARD.RECORD).unlink(missing_ok=True)
            say(f"lockstep: {reason}; the core runs interpreted, with the same results")
        setup(cmdclass={"build_py": BuildModules})
        return
    setup(
        cmdclass={"build_py": BuildModules, "build_ext": BuildCore},
        ext_modules=[Extension(f"engine.{GUARD.LIBRARY}", sources=[])],
        # Asked for by installers before they build; a direct call has to have them already.
        setup_requires=compile_requirements() if "egg_info" in sys.argv else [],
    )


main()
