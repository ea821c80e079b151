"""Runs this process under disk_shim.c, so that its calls to the disk can be decided upon.

This file may build the library, start the process again with it, and set its callback. A
library can be put in front of libc only when a process starts; so a campaign calls
`run_under_shim()` first of all, and comes back in the same process image, started anew.
"""

import ctypes
import functools
import hashlib
import os
import platform
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

SOURCE: Final = Path(__file__).with_name("disk_shim.c")

WRITE: Final = 1
SYNC: Final = 2
ALLOCATE: Final = 3
TRUNCATE: Final = 4
MALLOC: Final = 5
DO_THEN_FAIL: Final = -1000
"""Added to a negative errno: the call is made, and fails then."""

Decide = Callable[[int, int, int, int, int, int, int | None, int], int]
"""(kind, descriptor, inode, size of the file, open flags, offset, address of the data, length) ->
what to do; see disk_shim.c."""
_CALLBACK: Final = ctypes.CFUNCTYPE(
    ctypes.c_int64,
    ctypes.c_int,
    ctypes.c_int,
    ctypes.c_int64,
    ctypes.c_int64,
    ctypes.c_int,
    ctypes.c_int64,
    ctypes.c_void_p,
    ctypes.c_int64,
)
_kept: list[Any] = []
"""The callback that is set: ctypes must not free it."""


def why_not() -> str:
    """Why a process can't be run under the shim here; "" where it can."""
    if sys.platform != "linux":
        return f"the simulated disk needs Linux, this is {sys.platform}"
    if platform.libc_ver()[0] != "glibc":
        return "the simulated disk needs glibc"
    if shutil.which("cc") is None:
        return "the simulated disk needs a C compiler, and there is no cc"
    try:
        library()
    except subprocess.CalledProcessError as error:
        return f"disk_shim.c does not compile: {error.stderr.decode(errors='replace').strip()}"
    return ""


@functools.cache
def library() -> Path:
    """The shared library, built where it is not there yet; its name holds the source's hash."""
    digest = hashlib.blake2b(SOURCE.read_bytes(), digest_size=8).hexdigest()
    folder = Path(tempfile.gettempdir()) / f"lockstep-shim-{os.getuid()}"
    folder.mkdir(mode=0o700, exist_ok=True)
    built = folder / f"disk_shim-{digest}.so"
    if not built.exists():
        with tempfile.TemporaryDirectory(dir=folder) as scratch:
            fresh = Path(scratch) / built.name
            command = ["cc", "-O2", "-shared", "-fPIC", "-o", str(fresh), str(SOURCE)]
            subprocess.run(command, check=True, capture_output=True)
            fresh.rename(built)
    return built


def run_under_shim() -> None:
    """Starts this process anew under the shim, once; does nothing where it runs under it.

    Call it first in `__main__`: nothing before it counts. Exits where there can be no shim.
    """
    if active():
        return
    problem = why_not()
    if problem:
        sys.exit(problem)
    preload = " ".join(filter(None, (str(library()), os.environ.get("LD_PRELOAD"))))
    environment = {**os.environ, "LD_PRELOAD": preload}
    sys.stdout.flush()
    sys.stderr.flush()
    os.execve(sys.executable, [sys.executable, *sys.orig_argv[1:]], environment)


def active() -> bool:
    """Whether this process runs under the shim."""
    return hasattr(ctypes.CDLL(None), "disk_shim_arm")


def arm(decide: Decide) -> None:
    """From now on `decide` is asked about every call. It must not raise."""
    callback = _CALLBACK(decide)
    ctypes.CDLL(None).disk_shim_arm(callback)
    _kept[:] = [callback]


def disarm() -> None:
    """Calls go straight through again."""
    ctypes.CDLL(None).disk_shim_arm(None)
    _kept.clear()


def watch_memory(module_file: str | None) -> None:
    """Asks about malloc, too, where it is called by the code of a module; None: no longer."""
    start, end = _code_of(module_file) if module_file else (0, 0)
    ctypes.CDLL(None).disk_shim_watch(ctypes.c_size_t(start), ctypes.c_size_t(end))


def _code_of(module_file: str) -> tuple[int, int]:
    """The addresses between which a loaded library lies in this process."""
    found = [
        [int(address, 16) for address in line.split()[0].split("-")]
        for line in Path("/proc/self/maps").read_text().splitlines()
        if line.endswith(os.path.realpath(module_file))
    ]
    if not found:
        raise ValueError(f"{module_file}: not loaded in this process")
    return min(low for low, _ in found), max(high for _, high in found)


def memory_folder() -> str | None:
    """Where temporary folders are best made: in memory, if there is such a place."""
    return "/dev/shm" if os.access("/dev/shm", os.W_OK) else None
