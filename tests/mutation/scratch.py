"""A copy of the project in which one mutant after the other lives, and what it must survive.

This file may copy the project, change a file of the copy, and run tests there. The tests of a
mutant are a list of steps, the quickest and most telling first; the first that fails ends it.
What passes them all has survived. That is a little harder on the tests than `make test`, which
has more of them: the longest ones are left out.
"""

import os
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from enum import Enum
from pathlib import Path

from tests.conftest import ROOT
from tests.mutation.mutants import Mutant, mutants_of

PARTS = (
    "engine",
    "journal",
    "snapshots",
    "adapters",
    "bench",
    "tests",
    "pyproject.toml",
    "FORMAT.md",
)
DAYS = {"days_1": range(1, 13), "days_2": [*range(13, 31), *range(101, 131), *range(201, 231)]}
"""The random days of tests/test_oracle_agrees.py."""
BOOK_DAYS = {"book_days_1": range(1, 21), "book_days_2": range(21, 91)}
"""And of the book venue."""

# Crowds of orders, and every pair of faults: long, and about admission.
_NOT_CROWDS = ["-k", "not most_positions and not worst_account and not test_rejects"]
_NOT_CROWDS[1] += " and not full_meanwhile"
_RULES = [
    *_NOT_CROWDS,
    "tests/rules",
    "tests/test_bounds.py",
    "tests/test_bounds_of_counts.py",
    "tests/test_bounds_of_routes.py",
    "tests/test_golden_vectors.py",
    "tests/test_oracle_accounts.py",
    "tests/test_oracle_admission.py",
    "tests/test_oracle_orders.py",
    "tests/test_oracle_stop_out.py",
    "tests/test_price_index.py",
    "tests/test_risk_bands.py",
    "tests/test_rounding.py",
    "tests/determinism/test_golden_journal.py",
]
_NOT_A_CROWD = ["-k", "not crowd"]
_MONEY = ["tests/rules/test_way_of_an_order_money.py", "tests/rules/test_way_of_an_order_profit.py"]
_MARGIN = ["tests/test_golden_vectors.py", "tests/rules/test_way_of_an_order_margin.py"]
_STOP_OUT = ["tests/rules/test_way_of_a_tick_stop_out.py", "tests/test_oracle_stop_out.py"]
_BANDS = "tests/test_risk_bands.py"
_WORST = "tests/test_bounds.py::test_the_worst_account_there_can_be_is_computed_exactly"
# The rest of the journal's tests is about LMDB and the disk.
_JOURNAL = ["-k", "not blocks_on_disk and not map_when and not failed_commit and not killed"]
_JOURNAL += ["tests/journal", "tests/snapshots", "tests/test_node_recovery.py"]
_JOURNAL += ["tests/test_node_client_keys.py"]
_CODEC = ["tests/test_format_document.py", "tests/determinism/test_golden_journal.py"]

_BOOK = [
    "tests/book",
    "tests/test_bounds_of_books.py",
    "tests/rules/test_rejects.py",
    "tests/determinism/test_golden_journal.py",
    "-k",
    "not oracle_book and not seed_002 and (book or golden)",
]
_SCENARIO = "tests/book/test_rules_"
_BARE = ["tests/book/test_book.py", "tests/book/test_keys.py", "tests/book/test_stream.py"]

# Of each file: the tests that know it best, and all that run it.
TESTS: dict[str, tuple[list[str], list[str]]] = {
    "engine/book/bare.py": (_BARE, _BOOK),
    "engine/book/book.py": ([*_BARE, "tests/book/test_depth.py"], _BOOK),
    "engine/book/keys.py": (_BARE, _BOOK),
    "engine/book/ladder.py": (_BARE, _BOOK),
    "engine/book/orders.py": (_BARE, _BOOK),
    "engine/conversion.py": (["tests/test_bounds_of_routes.py"], _RULES),
    "engine/exchange/admit.py": ([f"{_SCENARIO}sequence.py", f"{_SCENARIO}triggers.py"], _BOOK),
    "engine/exchange/band.py": ([f"{_SCENARIO}settlement.py", f"{_SCENARIO}phases.py"], _BOOK),
    "engine/exchange/closing.py": ([f"{_SCENARIO}position_stops.py"], _BOOK),
    "engine/exchange/cover.py": ([f"{_SCENARIO}liquidation.py"], _BOOK),
    "engine/exchange/deleverage.py": ([f"{_SCENARIO}liquidation.py"], _BOOK),
    "engine/exchange/fees.py": ([f"{_SCENARIO}money.py"], _BOOK),
    "engine/exchange/fill.py": ([f"{_SCENARIO}money.py", f"{_SCENARIO}phases.py"], _BOOK),
    "engine/exchange/freeze.py": ([f"{_SCENARIO}money.py"], _BOOK),
    "engine/exchange/funds.py": ([f"{_SCENARIO}money.py", f"{_SCENARIO}trading.py"], _BOOK),
    "engine/exchange/holdings.py": ([f"{_SCENARIO}money.py"], _BOOK),
    "engine/exchange/liquidation.py": ([f"{_SCENARIO}liquidation.py"], _BOOK),
    "engine/exchange/margins.py": ([f"{_SCENARIO}settlement.py"], _BOOK),
    "engine/exchange/match.py": ([f"{_SCENARIO}trading.py"], _BOOK),
    "engine/exchange/phases.py": ([f"{_SCENARIO}phases.py"], _BOOK),
    "engine/exchange/pipeline.py": ([f"{_SCENARIO}trading.py"], _BOOK),
    "engine/exchange/position.py": ([f"{_SCENARIO}money.py"], _BOOK),
    "engine/exchange/position_stops.py": ([f"{_SCENARIO}position_stops.py"], _BOOK),
    "engine/exchange/requests.py": ([f"{_SCENARIO}trading.py"], _BOOK),
    "engine/exchange/resting.py": ([f"{_SCENARIO}trading.py", f"{_SCENARIO}triggers.py"], _BOOK),
    "engine/exchange/rounds.py": ([f"{_SCENARIO}triggers.py"], _BOOK),
    "engine/exchange/settlement.py": ([f"{_SCENARIO}settlement.py"], _BOOK),
    "engine/exchange/state.py": (["tests/determinism/test_replay.py"], _BOOK),
    "engine/exchange/triggers.py": ([f"{_SCENARIO}triggers.py"], _BOOK),
    "engine/figures.py": (["tests/test_figures.py", *_MONEY, *_MARGIN], _RULES),
    "engine/margin.py": (_MARGIN, _RULES),
    "engine/money.py": ([*_MONEY, *_NOT_A_CROWD, "tests/rules/test_rejects.py"], _RULES),
    "engine/price_index.py": (["tests/test_price_index.py"], _RULES),
    "engine/records/codec.py": (["tests/test_records.py"], [*_CODEC, *_JOURNAL]),
    "engine/risk.py": ([_BANDS, "tests/test_engine_face.py", *_STOP_OUT], _RULES),
    "engine/tick/activate.py": (["tests/rules/test_way_of_a_tick_pendings.py"], _RULES),
    "engine/tick/detect.py": (["tests/rules/test_way_of_a_tick_pendings.py"], _RULES),
    "engine/tick/stop_out.py": ([*_STOP_OUT, "tests/book/test_caught.py", _WORST], _RULES),
    "engine/tick/stops.py": (["tests/rules/test_way_of_a_tick_stops.py"], _RULES),
    "journal/block.py": (
        ["tests/journal/test_block.py", "tests/journal/test_headers.py"],
        _JOURNAL,
    ),
    "journal/framing.py": (["tests/journal/test_framing.py"], _JOURNAL),
}
_MOST_MEMORY = 3 * 2**30
_SLOWER = 6.0
"""A step that takes so many times as long as without a change, and `_PATIENCE_S`, hangs."""
_PATIENCE_S = 10.0


class Fate(Enum):
    KILLED = "killed"
    TIMED_OUT = "timed out"
    SURVIVED = "survived"


def all_mutants(root: Path = ROOT) -> list[Mutant]:
    """The mutants of all files that `TESTS` names."""
    return [mutant for name in TESTS for mutant in mutants_of(root / name, name)]


class Scratch:
    """The copy; `with Scratch() as scratch:` takes it away at the end."""

    def __init__(self) -> None:
        self.root = Path(tempfile.mkdtemp(prefix="lockstep-mutation-"))
        self.times: dict[tuple[str, ...], float] = {}

    def __enter__(self) -> "Scratch":
        ignored = shutil.ignore_patterns(
            "__pycache__", "*.so", "_compiled.json", ".hypothesis", "results"
        )
        for part in PARTS:
            source, target = ROOT / part, self.root / part
            if source.is_dir():
                shutil.copytree(source, target, ignore=ignored)
            else:
                shutil.copy(source, target)
        return self

    def __exit__(self, *_: object) -> None:
        shutil.rmtree(self.root, ignore_errors=True)

    def steps(self, file: str) -> list[list[str]]:
        """What a mutant of this file goes through."""
        best, all_of_them = TESTS[file]
        pytest = ["-m", "pytest", "-q", "-x", "-p", "no:cacheprovider", "--no-header"]
        others = [x for x in all_of_them if not x.startswith("tests/") or x not in best]
        steps = [[*pytest, *best], [*pytest, *others]]
        days = ["-m", "tests.mutation.recorded_days"]
        if all_of_them is _RULES:
            return [[*days, "days_1"], steps[0], [*days, "days_2"], steps[1]]
        if all_of_them is _BOOK:
            return [[*days, "book_days_1"], steps[0], [*days, "book_days_2"], steps[1]]
        return steps

    def fate(self, mutant: Mutant) -> Fate:
        """What becomes of a mutant. Raises `RuntimeError` if the unchanged file fails, too."""
        path = self.root / mutant.file
        source = path.read_text(encoding="utf-8")
        for step in self.steps(mutant.file):
            timeout = _SLOWER * self.seconds_of(step) + _PATIENCE_S
            for compiled in (path.parent / "__pycache__").glob(f"{path.stem}.*.pyc"):
                compiled.unlink()
            path.write_text(mutant.applied_to(source), encoding="utf-8")
            try:
                if not self.run(step, timeout):
                    return Fate.KILLED
            except subprocess.TimeoutExpired:
                return Fate.TIMED_OUT
            finally:
                path.write_text(source, encoding="utf-8")
        return Fate.SURVIVED

    def seconds_of(self, step: list[str]) -> float:
        """How long a step takes without a change. Raises `RuntimeError` where it fails."""
        if tuple(step) not in self.times:
            if step[-1] in DAYS:
                self.run([*step, "--record", *map(str, DAYS[step[-1]])])
            elif step[-1] in BOOK_DAYS:
                self.run([*step, "--book", "--record", *map(str, BOOK_DAYS[step[-1]])])
            started = time.monotonic()
            if not self.run(step):
                raise RuntimeError(f"fails without any change: python {' '.join(step)}")
            self.times[tuple(step)] = time.monotonic() - started
        return self.times[tuple(step)]

    def run(self, step: list[str], timeout: float | None = None) -> bool:
        """Whether a step passes in the copy, with the core interpreted."""
        environment = {
            **os.environ,
            "LOCKSTEP_INTERPRETED": "1",
            "PYTHONPATH": str(self.root),
            "PYTHONHASHSEED": "0",
            "HYPOTHESIS_PROFILE": "unshrunk",
        }
        if timeout is not None:
            # The changed file has the time and may have the size of the original.
            environment["PYTHONDONTWRITEBYTECODE"] = "1"
        done = subprocess.run(
            [sys.executable, *step],
            cwd=self.root,
            env=environment,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            timeout=timeout,
            preexec_fn=_bounded,
            check=False,
        )
        return done.returncode == 0


def _bounded() -> None:
    """A mutant that asks for ever more memory is stopped, and is the first to yield."""
    resource.setrlimit(resource.RLIMIT_AS, (_MOST_MEMORY, _MOST_MEMORY))
    os.nice(max(0, 15 - os.nice(0)))
