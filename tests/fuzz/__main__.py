"""`python -m tests.fuzz [SEED] [--target NAME] [--count N] [--minutes M] [--json]`: a campaign.

Every parser in turn is given inputs that are not what they should be: guided by coverage where
atheris is installed, each parser in a process of its own; otherwise by blind mutation. An input
that breaks a promise is kept, and told with the command that repeats it:

    python -m tests.fuzz --target NAME --input FILE
"""

import argparse
import importlib.util
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import traceback
from hashlib import blake2b
from pathlib import Path
from random import Random
from types import FrameType

from tests.conftest import ROOT
from tests.fuzz import good
from tests.fuzz.targets import TARGETS, Target
from tests.soak.campaign import Campaign, arguments_of

SLOWEST_S = 20
"""An input that takes longer has hung."""
LARGEST_BYTES = 64 << 10
MOST_MEMORY_MB = 3_000
_AGAIN = 3
"""A target that found something goes on, so often."""
_SHORTEST_S = 20.0
"""A target with less time than this is not worth the start of a process of its own."""
_PROGRESS = re.compile(r"#(\d+)\s+\w+\s+cov: (\d+) ft: (\d+) corp: (\d+)")
_FINAL = re.compile(r"stat::number_of_executed_units:\s*(\d+)")


class Hung(Exception):
    """An input took too long."""


class Share:
    """What is left for a target of the whole campaign."""

    def __init__(self, campaign: Campaign, names: list[str]) -> None:
        """`names`: this target and those after it."""
        weights = [TARGETS[name].weight for name in names]
        left = campaign.most - campaign.done
        self.count = max(1, int(left * weights[0] / sum(weights)))
        self.seconds = float("inf")
        if campaign.minutes is not None:
            self.seconds = max(1.0, (60 * campaign.minutes - campaign.seconds) / len(names))
        self.until = time.monotonic() + self.seconds


class Found:
    """Keeps inputs that broke a promise, and tells how to see it again."""

    def __init__(self, campaign: Campaign, folder: Path | None) -> None:
        self.campaign = campaign
        self.folder = folder
        self.known: set[tuple[str, str, int | None]] = set()

    def tell(self, name: str, data: bytes, problem: Exception) -> None:
        """Keeps an input whose exception was not raised at this place before."""
        last = traceback.extract_tb(problem.__traceback__)[-1]
        place = (type(problem).__name__, last.filename, last.lineno)
        if place not in self.known:
            self.known.add(place)
            said = str(problem).partition("\n")[0][:200]
            self.keep(name, data, f"{type(problem).__name__}: {said}")

    def keep(self, name: str, data: bytes, problem: str) -> None:
        if self.folder is None:
            self.folder = Path(tempfile.mkdtemp(prefix="lockstep-found-"))
        self.folder.mkdir(parents=True, exist_ok=True)
        path = self.folder / f"{name}-{blake2b(data, digest_size=6).hexdigest()}"
        path.write_bytes(data)
        again = f"python -m tests.fuzz --target {name} --input {path}"
        self.campaign.fail(f"{name}: {problem}: {again}")


# ---------------------------------------------------------------- blind


def run_blind(name: str, seed: int, share: Share, campaign: Campaign, found: Found) -> None:
    """Mutations of the good inputs, and mutations of those."""
    target = TARGETS[name]
    random = Random(f"{name} {seed}")
    pool = target.seeds()
    for number in range(share.count):
        if time.monotonic() >= share.until or not campaign.goes_on():
            break
        data = pool[number] if number < len(pool) else random.choice(pool)
        for _ in range(0 if number < len(pool) else random.choice((1, 1, 2, 4))):
            data = target.mutate(data, random)
        problem = problem_of(target, data)
        if problem is not None:
            found.tell(name, data, problem)
        campaign.count(**{f"inputs of {name}": 1})


def problem_of(target: Target, data: bytes) -> Exception | None:
    """What broke the promise; None if it is kept."""

    def hung(number: int, frame: FrameType | None) -> None:
        raise Hung(f"no answer within {SLOWEST_S} s")

    before = signal.signal(signal.SIGALRM, hung)
    signal.alarm(SLOWEST_S)
    try:
        target.run(data)
    except Exception as error:
        return error
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)
    return None


# ---------------------------------------------------------------- guided by coverage


class Guided:
    """libFuzzer in a process of its own for each target; one ends where a promise is broken."""

    def __init__(self, seed: int, campaign: Campaign, found: Found) -> None:
        self.seed = seed
        self.campaign = campaign
        self.found = found
        self.startup_s = 5.0
        """From the start of such a process to its first input, as last seen."""

    def run(self, name: str, share: Share) -> None:
        with tempfile.TemporaryDirectory(prefix="lockstep-fuzz-") as holder:
            folder = Path(holder)
            corpus = folder / "corpus"
            corpus.mkdir()
            for number, data in enumerate(TARGETS[name].seeds()):
                (corpus / str(number)).write_bytes(data)
            left = share.count
            for again in range(_AGAIN):
                seconds = share.until - time.monotonic()
                seconds -= min(self.startup_s, seconds / 2)
                if left < 1 or (again and seconds < 1):
                    return
                command = self._command(name, again, left, max(1.0, seconds), folder)
                done, code, output = self._watch(name, command)
                if code == 0:
                    return
                left -= done
                self._keep_artifacts(name, folder, code, output)

    def _command(
        self, name: str, again: int, count: int, seconds: float, folder: Path
    ) -> list[str]:
        return [
            sys.executable,
            "-m",
            "tests.fuzz.guided",
            name,
            f"-seed={(self.seed * 1_000 + again) % 2**31 + 1}",
            f"-runs={count}",
            f"-max_total_time={int(min(seconds, 10**8))}",
            f"-max_len={LARGEST_BYTES}",
            f"-timeout={SLOWEST_S}",
            f"-rss_limit_mb={MOST_MEMORY_MB}",
            f"-artifact_prefix={folder}/",
            "-len_control=0",
            "-print_final_stats=1",
            str(folder / "corpus"),
        ]

    def _watch(self, name: str, command: list[str]) -> tuple[int, int, list[str]]:
        """Runs a process and counts along: inputs, exit code, and its last lines."""
        started = time.monotonic()
        scratch = good.scratch() / "guided"  # libFuzzer ends a process before it can tidy up
        shutil.rmtree(scratch, ignore_errors=True)
        scratch.mkdir()
        environment = os.environ | {
            "LOCKSTEP_INTERPRETED": "1",
            "PYTHONPATH": str(ROOT),
            good.SCRATCH: str(scratch),
        }
        process = subprocess.Popen(
            command, cwd=ROOT, env=environment, stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE, text=True, errors="replace",
        )  # fmt: skip
        done, reached = 0, ""
        output: list[str] = []
        assert process.stderr is not None
        for line in process.stderr:
            output = [*output[-400:], line.rstrip()]
            progress = _PROGRESS.search(line)
            if progress:
                reached = f"coverage {progress[2]}, features {progress[3]}, corpus {progress[4]}"
                if not done:
                    self.startup_s = time.monotonic() - started
            counted = progress or _FINAL.match(line)
            if counted and int(counted[1]) > done:
                more = int(counted[1]) - done
                self.campaign.count(more, **{f"inputs of {name}": more})
                done += more
        code = process.wait()
        rate = done / max(0.1, time.monotonic() - started - self.startup_s)
        print(f"\n{name}: {done:,} inputs, {rate:,.0f}/s, {reached}", file=sys.stderr, flush=True)
        return done, code, output

    def _keep_artifacts(self, name: str, folder: Path, code: int, output: list[str]) -> None:
        """The input that ended a process, with what was said about it."""
        artifacts = [path for path in folder.iterdir() if path.is_file()]
        for path in artifacts:
            kind, data = path.name.partition("-")[0], path.read_bytes()
            problem = problem_of(TARGETS[name], data) if kind == "crash" else None
            if problem is None:
                self.found.keep(name, data, f"{kind} in a process of its own")
            else:
                self.found.tell(name, data, problem)
            path.unlink()
        if not artifacts:
            said = " / ".join(output[-5:])
            self.campaign.fail(f"{name}: a process ended with exit code {code}: {said}")


# ---------------------------------------------------------------- the campaign


def repeat(name: str, path: Path) -> int:
    """One input again, with its traceback; exit code 1 if it breaks the promise."""
    problem = problem_of(TARGETS[name], path.read_bytes())
    if problem is None:
        print(f"{name}: the promise is kept")
        return 0
    print("".join(traceback.format_exception(problem)).rstrip())
    return 1


def main(given: list[str] | None = None) -> int:
    parser = arguments_of("tests.fuzz", "inputs", 20_000)
    parser.add_argument("--target", action="append", choices=list(TARGETS), help="only these")
    parser.add_argument("--input", type=Path, help="run one input of --target again")
    parser.add_argument("--folder", type=Path, help="where to keep what is found")
    parser.add_argument("--blind", action="store_true", help="don't use atheris")
    arguments: argparse.Namespace = parser.parse_args(given)
    names = arguments.target or list(TARGETS)
    if arguments.input is not None:
        if len(names) != 1:
            parser.error("--input: name one --target")
        return repeat(names[0], arguments.input)
    blind = why_blind(arguments, names)
    how = f"blind mutation ({blind})" if blind else "guided by coverage"
    print(f"{len(names)} targets, {how}", file=sys.stderr)
    campaign = Campaign.of("inputs", arguments)
    found = Found(campaign, arguments.folder)
    guided = Guided(arguments.seed, campaign, found)
    for index, name in enumerate(names):
        if not campaign.goes_on():
            break
        share = Share(campaign, names[index:])
        if blind:
            run_blind(name, arguments.seed, share, campaign, found)
        else:
            guided.run(name, share)
    return campaign.finish()


def why_blind(arguments: argparse.Namespace, names: list[str]) -> str:
    """Why coverage does not guide this run; empty if it does."""
    if arguments.blind:
        return "as was asked for"
    if importlib.util.find_spec("atheris") is None:
        return "atheris is not installed"
    if arguments.minutes is not None and 60 * arguments.minutes < _SHORTEST_S * len(names):
        return f"less than {_SHORTEST_S:.0f} s for each target"
    return ""


if __name__ == "__main__":
    sys.exit(main())
