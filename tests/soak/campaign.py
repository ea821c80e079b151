"""What every long campaign shares: arguments, bounds, a progress line, a tally, an exit code.

This file may count, print and stop. A campaign is a module that is run by itself:

    python -m tests.NAME [SEED] [--count N] [--minutes M] [--json]

It takes a `Campaign`, works through its cases while `campaign.goes_on()`, calls `count` for
each and `fail` for one that went wrong (with what reproduces it), and returns `finish()`.
"""

import argparse
import json
import sys
import time
from collections import Counter
from dataclasses import dataclass, field

MOST_FAILURES = 20
"""A campaign stops after so many: the first few say what is wrong."""
_TERMINAL_S = 0.5
_LOG_S = 30.0


def arguments_of(program: str, unit: str, count: int, **more: int) -> argparse.ArgumentParser:
    """The parser all campaigns begin with; `more`: further options that are numbers."""
    parser = argparse.ArgumentParser(prog=f"python -m {program}")
    parser.add_argument("seed", type=int, nargs="?", default=1, help="where randomness begins")
    parser.add_argument("--count", type=int, default=count, help=f"{unit} at most")
    parser.add_argument("--minutes", type=float, default=None, help="time at most")
    parser.add_argument("--json", action="store_true", help="print the tally as one line of JSON")
    for name, default in more.items():
        parser.add_argument(f"--{name}", type=int, default=default)
    return parser


@dataclass
class Campaign:
    """The tally of one run, and when it ends."""

    unit: str
    """What is counted, in the plural: "power cuts"."""
    most: int
    minutes: float | None = None
    as_json: bool = False
    done: int = 0
    failures: list[str] = field(default_factory=list)
    notes: Counter[str] = field(default_factory=Counter)
    """What happened on the way, by name: how often a fault struck, how often it was found."""
    _started: float = field(default_factory=time.monotonic)
    _shown: float = 0.0

    @classmethod
    def of(cls, unit: str, arguments: argparse.Namespace) -> "Campaign":
        return cls(unit, arguments.count, arguments.minutes, arguments.json)

    @property
    def seconds(self) -> float:
        return time.monotonic() - self._started

    def goes_on(self) -> bool:
        """Whether another case is to be run."""
        late = self.minutes is not None and self.seconds >= 60 * self.minutes
        return self.done < self.most and not late and len(self.failures) < MOST_FAILURES

    def count(self, cases: int = 1, **notes: int) -> None:
        """So many cases are done; `notes` are added to the notes."""
        self.done += cases
        self.notes.update(notes)
        self._show()

    def fail(self, text: str) -> None:
        """A case went wrong; `text` says what, and how to see it again."""
        self.failures.append(text)
        print(f"\nFAILURE: {text}", file=sys.stderr, flush=True)

    def finish(self) -> int:
        """Prints the tally; the exit code: 0, or 1 if anything failed."""
        self._show(last=True)
        if self.as_json:
            print(json.dumps(self.as_dict()))
        else:
            for name, number in sorted(self.notes.items()):
                print(f"{number:12,}  {name}")
            failed = f"{len(self.failures)} FAILED" if self.failures else "none failed"
            print(f"{self.done:,} {self.unit} in {self.seconds:.1f} s, {failed}")
        return 1 if self.failures else 0

    def as_dict(self) -> dict[str, object]:
        return {
            "unit": self.unit,
            "count": self.done,
            "failures": self.failures,
            "notes": dict(sorted(self.notes.items())),
            "seconds": round(self.seconds, 1),
        }

    def _show(self, last: bool = False) -> None:
        terminal = sys.stderr.isatty()
        now = time.monotonic()
        if not last and now - self._shown < (_TERMINAL_S if terminal else _LOG_S):
            return
        self._shown = now
        rate = self.done / self.seconds if self.seconds else 0.0
        line = f"{self.unit}: {self.done:,} of {self.most:,}, {rate:,.0f}/s, {self.seconds:,.0f} s"
        line += f", {len(self.failures)} failures" if self.failures else ""
        end = "\n" if last or not terminal else ""
        print(f"\r{line}" if terminal else line, end=end, file=sys.stderr, flush=True)
