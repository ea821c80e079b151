"""Benchmarks. Each module is one: `python -m bench.<name> [--json] [--smoke]`.

Nothing here is part of the product. A benchmark names its workload, seed, machine and
commit, warms up, repeats, gives median and spread, and checks what it computed. All of
them, with results in bench/results: `python -m bench`.
"""

import multiprocessing
import os
import platform
import statistics
import subprocess
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent


def machine() -> dict[str, str | int]:
    """Where a benchmark ran: processor, memory, Python, how the core ran, and the commit."""
    from engine._build import compiled

    return {
        "processor": _line_of("/proc/cpuinfo", "model name") or platform.machine(),
        "cores": os.cpu_count() or 1,
        "memory": _line_of("/proc/meminfo", "MemTotal"),
        "kernel": platform.release(),
        "python": platform.python_version(),
        "core": "compiled" if compiled() else "interpreted",
        "commit": commit(),
    }


def _line_of(path: str, name: str) -> str:
    """What follows `name` and a colon in a file of /proc; empty if it is not there."""
    try:
        lines = Path(path).read_text().splitlines()
    except OSError:
        return ""
    found = (line.partition(":")[2].strip() for line in lines if line.startswith(name))
    return next(found, "")


def commit() -> str:
    """The commit of the source tree, marked `+` where files differ from it; "unknown" if none.

    Results of benchmarks do not count as a difference.
    """
    try:
        head = _git("rev-parse", "--short", "HEAD")
        changed = _git(
            "status", "--porcelain", "--untracked-files=no", "--", ".", ":!bench/results"
        )
    except (OSError, subprocess.CalledProcessError):
        return "unknown"
    return head + ("+" if changed else "")


def _git(*arguments: str) -> str:
    result = subprocess.run(
        ["git", "-C", str(ROOT), *arguments], capture_output=True, text=True, check=True
    )
    return result.stdout.strip()


def spread(values: Sequence[float]) -> dict[str, float]:
    """Median and extremes of repetitions."""
    return {
        "median": statistics.median(values),
        "lowest": min(values),
        "highest": max(values),
    }


class Stopwatch:
    """Adds up the time between `start` and `stop`, on the wall and of this process.

    Where the two differ, other work held the processor, and the figures are too low.
    """

    def __init__(self) -> None:
        self.seconds = 0.0
        self.own_seconds = 0.0
        self._started = (0.0, 0.0)

    def start(self) -> None:
        self._started = (time.process_time(), time.perf_counter())

    def stop(self) -> None:
        self.seconds += time.perf_counter() - self._started[1]
        self.own_seconds += time.process_time() - self._started[0]


def resident_bytes() -> int:
    """Memory of this process that is in RAM now."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE")


def in_fresh_process(function: Callable[..., Any], *arguments: Any) -> Any:
    """Calls a function of a module in a process of its own, so that nothing is left over."""
    spawn = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(max_workers=1, mp_context=spawn) as pool:
        return pool.submit(function, *arguments).result()
