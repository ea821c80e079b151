"""Benchmarks. Each module is one: `python -m bench.<name> [--json] [--smoke]`.

Nothing here is part of the product. A benchmark names its workload, seed, machine and
commit, repeats, and gives median and spread.
"""

import os
import platform
import subprocess
from pathlib import Path


def machine() -> dict[str, str | int]:
    """Where a benchmark ran: processor, cores, kernel, Python, and the commit of the source."""
    processor = platform.processor() or platform.machine()
    info = Path("/proc/cpuinfo")
    if info.exists():
        for line in info.read_text().splitlines():
            if line.startswith("model name"):
                processor = line.partition(":")[2].strip()
                break
    return {
        "processor": processor,
        "cores": os.cpu_count() or 1,
        "kernel": platform.release(),
        "python": platform.python_version(),
        "commit": commit(),
    }


def commit() -> str:
    """The commit of the source tree, marked `+` where files differ from it; "unknown" if none."""
    root = Path(__file__).resolve().parent.parent
    try:
        head = _git(root, "rev-parse", "--short", "HEAD")
        changed = _git(root, "status", "--porcelain", "--untracked-files=no")
    except (OSError, subprocess.CalledProcessError):
        return "unknown"
    return head + ("+" if changed else "")


def _git(root: Path, *arguments: str) -> str:
    result = subprocess.run(
        ["git", "-C", str(root), *arguments], capture_output=True, text=True, check=True
    )
    return result.stdout.strip()
