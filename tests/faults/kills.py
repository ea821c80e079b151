"""kill -9 of a real process at a random moment, again and again on the same directory.

This file may fork, kill, and look at what was left. A child opens the node (which recovers
what the one before it left), sends commands in commits of random size, takes snapshots, closes
and opens; it tells through a pipe what it is about to do, and what was acknowledged once the
commit has returned. Often a follower, another process, reads the journal meanwhile, so that
the writer dies in the middle of something shared; it is killed now and then, too. After every
kill the parent opens the directory with the shipped node and holds it against an engine in
memory that was fed the same commands.

    python -m tests.faults.kills [SEED] [--count N] [--minutes M] [--json]

A kill can't be repeated exactly; a failure keeps the directory as the kill left it.
"""

import itertools
import os
import shutil
import signal
import sys
import tempfile
import time
from pathlib import Path
from random import Random
from typing import Final, NamedTuple

from adapters.node import Node
from adapters.replay import replay
from journal import JournalError, LmdbJournal, environment
from tests.faults.session import Script, recovered
from tests.soak.campaign import Campaign, arguments_of

N_COMMANDS: Final = 1_500
"""A directory is left when so many commands are in it."""
MOST_KILLS: Final = 60
"""Or after so many kills."""
MOST_DELAY_S: Final = 0.05
COMMIT_SIZES: Final = (3, 12, 60)
REPLAY_EVERY: Final = 8
"""Every so many kills the whole journal is executed again from its start."""


class Told(NamedTuple):
    """What a child said before it died."""

    stage: str = "nothing"
    """What it did last: nothing, opening, sending, committing, idle, snapshot, closing, done;
    or failed."""
    durable: int = 0
    """The last sequence that it acknowledged, or found durable when it opened."""
    sent: int = 0
    """The last sequence that it was about to submit."""
    wrong: str = ""


def work(script: Script, folder: Path, seed: str, create: bool, pipe: int) -> None:
    """The child: a node at work until it is killed, or the script is over."""

    def tell(stage: str, number: int = 0, state_hash: str = "") -> None:
        os.write(pipe, f"{stage} {number} {state_hash}\n".encode())

    random = Random(seed)
    while True:
        tell("opening")
        node = Node.open(folder, create=create)
        create = False
        tell("idle", node.durable_sequence, node.engine.state_hash())
        while node.sequence < script.length:
            size = random.randrange(1, random.choice(COMMIT_SIZES))
            end = min(script.length, node.sequence + size)
            tell("sending", end)
            for command, time_ns in script.items[node.sequence : end]:
                node.submit(command, time_ns)
            tell("committing", end)
            node.commit()
            tell("idle", node.durable_sequence, node.engine.state_hash())
            if random.randrange(6) == 0:
                tell("snapshot")
                node.snapshot(keep=2)
            if random.randrange(12) == 0:
                break
        tell("closing")
        node.close()
        if node.sequence == script.length:
            tell("done")
            return


def follow(folder: Path, pipe: int) -> None:
    """A reader of the journal: blocks are right, and never fewer than before."""
    os.write(pipe, b"opening 0 \n")
    last = 0
    journal = LmdbJournal.open(folder / "journal")
    while True:
        found = journal.tail().last_sequence
        block = journal.block_at(found)
        if found < last or (block is None) != (found == 0):
            os.write(pipe, f"failed the follower saw {last}, and then {found}\n".encode())
            return
        last = found
        time.sleep(0.001)


class Child:
    """A process that runs one of the two functions above, until it is killed."""

    def __init__(self, *job: object) -> None:
        assert not environment._open_environments, "a child must open its files itself"
        self._pipe, other_end = os.pipe()
        self._heard = b""
        self.pid = os.fork()
        if self.pid:
            os.close(other_end)
            return
        try:
            function, *arguments = job
            function(*arguments, other_end)  # type: ignore[operator]
        except BaseException as error:
            os.write(other_end, f"failed {type(error).__name__}: {error}\n".encode())
        finally:
            os._exit(0)

    def wait_for(self, stage: str) -> None:
        """Returns when the child has told of a stage, or has ended."""
        while stage.encode() not in self._heard:
            told = os.read(self._pipe, 1 << 16)
            if not told:
                return
            self._heard += told

    def kill(self) -> list[list[str]]:
        """kill -9; returns the lines that the child told, in words."""
        os.kill(self.pid, signal.SIGKILL)
        os.waitpid(self.pid, 0)
        with os.fdopen(self._pipe, "rb") as pipe:
            self._heard += pipe.read()
        lines = self._heard.decode().split("\n")[:-1]
        return [line.split(" ", 2) for line in lines]


def heard(script: Script, lines: list[list[str]]) -> Told:
    """What the lines of a worker mean."""
    told = Told()
    for stage, *rest in lines:
        if stage == "failed":
            return told._replace(stage=stage, wrong=f"the child failed: {' '.join(rest)}")
        number, state_hash = int(rest[0]), rest[1]
        if stage == "idle":
            told = told._replace(durable=number)
            if state_hash != script.hashes[number]:
                return told._replace(wrong=f"the child's state at {number} is another")
        elif stage in ("sending", "committing"):
            told = told._replace(sent=number)
        told = told._replace(stage=stage)
    return told


class Directory:
    """One directory and all that happens to it."""

    def __init__(self, seed: int, folder: Path) -> None:
        self.seed = seed
        self.folder = folder
        self.script = Script(seed, N_COMMANDS)
        self.random = Random(seed)
        self.acknowledged = 0
        self.submitted = 0
        self.kills = 0
        self.follower: Child | None = None
        self.last = Told()

    def goes_on(self) -> bool:
        return self.last.stage != "done" and self.kills < MOST_KILLS

    def kill(self) -> str:
        """One child, killed after a random time; what is wrong then, "" if nothing."""
        self.kills += 1
        wrong = self._end_follower(self.random.randrange(3) == 0)
        if self.follower is None and self.acknowledged and self.random.randrange(2):
            self.follower = Child(follow, self.folder)
        create = not self.acknowledged
        child = Child(work, self.script, self.folder, f"{self.seed} {self.kills}", create)
        if self.random.randrange(2):
            child.wait_for("idle")
        time.sleep(self.random.uniform(0, MOST_DELAY_S))
        self.last = told = heard(self.script, child.kill())
        self.acknowledged = max(self.acknowledged, told.durable)
        self.submitted = max(self.submitted, told.sent)
        return wrong or told.wrong

    def check(self) -> str:
        """Opens the directory as the next process would, and compares."""
        outcome = recovered(self.script, self.folder, self.acknowledged, self.submitted)
        if outcome.wrong:
            return outcome.wrong
        now = min(outcome.durable + 1, self.script.length)
        self.acknowledged = max(self.acknowledged, now)
        self.submitted = max(self.submitted, now)
        if self.kills % REPLAY_EVERY == 0:
            result = replay(self.folder, use_snapshot=False, verify=True)
            if result.difference or result.state_hash != self.script.hashes[now]:
                return f"executed again from the start: {result}"
        return ""

    def end(self) -> str:
        return self._end_follower(True)

    def _end_follower(self, wanted: bool) -> str:
        if self.follower is None or not wanted:
            return ""
        lines = self.follower.kill()
        self.follower = None
        return " ".join(lines[-1]).strip() if lines and lines[-1][0] == "failed" else ""


def run_directory(directory: Directory, campaign: Campaign, kept: Path) -> None:
    """Kills on one directory until it is full."""
    campaign.count(0, directories=1)
    before = directory.folder.with_name("before")
    while directory.goes_on() and campaign.goes_on():
        wrong = directory.kill()
        shutil.rmtree(before, ignore_errors=True)
        shutil.copytree(directory.folder, before)
        with_follower = directory.follower is not None
        try:
            wrong = wrong or directory.check()
        except (JournalError, AssertionError) as error:
            wrong = f"{type(error).__name__}: {error}"
        stage = directory.last.stage
        notes = {f"killed when {stage}": 1, "with a follower": int(with_follower)}
        if stage == "done":
            notes = {"done before the kill, not counted": 1}
        elif not directory.last.durable:
            notes["reached nothing"] = 1
        campaign.count(int(stage != "done"), **notes)
        if wrong:
            place = kept / f"lockstep-kill-{directory.seed}-{directory.kills}"
            shutil.copytree(before, place, dirs_exist_ok=True)
            campaign.fail(
                f"seed {directory.seed}, kill {directory.kills}, last told {directory.last},"
                f" kept as {place}: {wrong}"
            )
            break
    wrong = directory.end()
    if wrong:
        campaign.fail(f"seed {directory.seed}, at the end: {wrong}")
    shutil.rmtree(before, ignore_errors=True)


def main(arguments: list[str]) -> int:
    parsed = arguments_of("tests.faults.kills", "kills", 1_000).parse_args(arguments)
    campaign = Campaign.of("kills", parsed)
    kept = Path(tempfile.gettempdir())
    for seed in itertools.count(parsed.seed):
        if not campaign.goes_on():
            break
        with tempfile.TemporaryDirectory() as scratch:
            folder = Path(scratch) / "directory"
            folder.mkdir()
            run_directory(Directory(seed, folder), campaign, kept)
    return campaign.finish()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
