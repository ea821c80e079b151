"""`python -m tests.soak [--minutes M] [--jobs J] [--only NAME ...]`: the long run.

Runs the campaigns of plan.py one after the other, each in J processes with seeds of their own,
within M minutes in all, shows a progress line, and writes the figures to docs/reliability.md.
Exit code 1 if anything failed.
"""

import argparse
import json
import os
import subprocess
import sys
import threading
import time
from collections import Counter
from typing import Any

from engine import _build
from tests.soak import record
from tests.soak.plan import PLAN, Planned

_SHOWN_EVERY_S = 0.5 if sys.stderr.isatty() else 30.0
_GRACE_S = 300.0
"""A campaign that is this much beyond its time has hung."""


class Job:
    """One process of a campaign; its last line of progress is read while it runs."""

    def __init__(self, planned: Planned, seed: int, count: int, minutes: float) -> None:
        self.arguments = ["-m", planned.module, str(seed), "--count", str(count), *planned.options]
        self.process = subprocess.Popen(
            [sys.executable, *self.arguments, "--minutes", f"{minutes:.3f}", "--json"],
            cwd=record.ROOT,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        self.lines: list[str] = []
        self.output = ""
        self.readers = [
            threading.Thread(target=self._read_progress, daemon=True),
            threading.Thread(target=self._read_result, daemon=True),
        ]
        for reader in self.readers:
            reader.start()

    def _read_progress(self) -> None:
        assert self.process.stderr is not None
        for line in self.process.stderr:
            if line.strip():
                self.lines = [*self.lines[-200:], line.rstrip()]

    def _read_result(self) -> None:
        assert self.process.stdout is not None
        self.output = self.process.stdout.read()

    def tally(self) -> dict[str, Any]:
        """What the process found; one that died or said nothing is a failure itself."""
        code = self.process.wait()
        for reader in self.readers:
            reader.join()
        command = "python " + " ".join(self.arguments)
        try:
            found: dict[str, Any] = json.loads(self.output.strip().splitlines()[-1])
        except (ValueError, IndexError):
            last = " / ".join(self.lines[-5:])
            told = f"{command}: ended with exit code {code} and no tally: {last}"
            return {"unit": "", "count": 0, "failures": [told], "notes": {}}
        if code not in (0, 1):
            found["failures"].append(f"{command}: ended with exit code {code}")
        return found


def run(planned: Planned, jobs: int, minutes: float, place: str, until: float) -> dict[str, Any]:
    """One campaign, to its count or its minutes: the row for the record."""
    share = -(-planned.count // jobs)
    running = [Job(planned, 1 + k * share, share, minutes) for k in range(jobs)]
    started = time.monotonic()
    shown = 0.0
    while any(job.process.poll() is None for job in running):
        now = time.monotonic()
        if now - started > 60 * minutes + _GRACE_S:
            for job in running:
                job.process.kill()
        if now - shown >= _SHOWN_EVERY_S:
            shown = now
            show(f"{place} {planned.name}: {progress(running)}", until - now)
        time.sleep(0.1)
    tallies = [job.tally() for job in running]
    notes: Counter[str] = Counter()
    for tally in tallies:
        notes.update(tally["notes"])
    count = sum(tally["count"] for tally in tallies)
    options = "".join(f" {option}" for option in planned.options)
    return {
        "unit": next((tally["unit"] for tally in tallies if tally["unit"]), "cases"),
        "count": count,
        "failures": [text for tally in tallies for text in tally["failures"]],
        "notes": dict(sorted(notes.items())),
        "seconds": round(time.monotonic() - started, 1),
        "command": f"python -m {planned.module} 1 --count {planned.count}{options}",
        "compiled": _build.compiled(),
        "commit": commit(),
    }


def progress(running: list[Job]) -> str:
    """The last words of every process."""
    return " | ".join(job.lines[-1].split(": ", 1)[-1] if job.lines else "..." for job in running)


def show(text: str, left_s: float) -> None:
    line = f"{text}; {max(0.0, left_s) / 60:.0f} min left"
    if sys.stderr.isatty():
        width = os.get_terminal_size(sys.stderr.fileno()).columns
        print(f"\r{line[: width - 1]:<{width - 1}}", end="", file=sys.stderr, flush=True)
    else:
        print(line, file=sys.stderr, flush=True)


def commit() -> str:
    """The commit that was tried; with a + where files differ from it."""

    def git(*arguments: str) -> str:
        command = ["git", *arguments]
        done = subprocess.run(command, cwd=record.ROOT, capture_output=True, text=True)
        return done.stdout.strip() if done.returncode == 0 else ""

    changed = git("status", "--porcelain", "--", "*.py", "*.c")
    return (git("rev-parse", "--short", "HEAD") or "unknown") + ("+" if changed else "")


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.soak")
    parser.add_argument("--minutes", type=float, default=60.0, help="for all campaigns together")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1, help="processes at a time")
    parser.add_argument("--only", nargs="*", default=[], metavar="MODULE", help="these campaigns")
    arguments = parser.parse_args()
    if arguments.minutes <= 0 or arguments.jobs < 1:
        parser.error("--minutes and --jobs: expected more than 0")
    known = {planned.module for planned in PLAN}
    unknown = [name for name in arguments.only if name not in known]
    if unknown:
        parser.error(f"--only {unknown[0]}: expected one of {', '.join(sorted(known))}")
    plan = [p for p in PLAN if not arguments.only or p.module in arguments.only]
    until = time.monotonic() + 60 * arguments.minutes
    failed = False
    for index, planned in enumerate(plan):
        left = max(0.0, until - time.monotonic()) / 60
        minutes = left * planned.weight / sum(p.weight for p in plan[index:])
        row = run(planned, arguments.jobs, minutes, f"[{index + 1}/{len(plan)}]", until)
        record.write({planned.name: row})
        told = f"{len(row['failures'])} FAILED" if row["failures"] else "none failed"
        print(f"\n{planned.name}: {row['count']:,} {row['unit']} in {row['seconds']:.0f} s, {told}")
        for text in row["failures"]:
            print(f"  {text}")
        failed = failed or bool(row["failures"])
    print(f"figures: {record.DOCUMENT}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
