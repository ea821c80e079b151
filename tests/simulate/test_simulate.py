"""A share of the simulated worlds; and that a seed is a bug report: repeatable, and telling.

The worlds live in processes of their own, under the shim of the simulated disk.
"""

import json
import re
import subprocess

import pytest

from tests.conftest import RunPython
from tests.faults import shim
from tests.simulate import swarm

pytestmark = [
    pytest.mark.once,
    pytest.mark.skipif(bool(shim.why_not()), reason=shim.why_not()),
]
WORLDS, COMMANDS = 40, 1_000
FEW_COMMANDS = 300

# Every kind of trouble has to be met, or the worlds prove nothing about it.
MET = (
    "answers repeated",
    "clock set back",
    "clock set forward",
    "commands",
    "commands in bulk",
    "commands lost unacknowledged",
    "damage to journal found",
    "damage to journal harmless",
    "damage to snapshots found",
    "damage to snapshots harmless",
    "events: book orders replaced",
    "events: book orders triggered",
    "events: fills of futures",
    "events: fills of spot",
    "events: funding paid",
    "events: margins changed",
    "events: phases changed",
    "events: positions settled",
    "events: stop-outs",
    "full disks",
    "key conflicts",
    "keys retried",
    "kills in an operation",
    "messages doubled",
    "messages lost",
    "nodes ended by poison",
    "nonsense refused",
    "orderly stops",
    "power cuts",
    "process crashes",
    "snapshots",
    "snapshots refused",
    "snapshots used",
    "verifications",
    *(f"faults: {kind}" for kind in swarm.DISK_FAULTS),
)


def test_worlds_with_all_faults_lose_nothing_that_was_acknowledged(
    fresh_python: RunPython,
) -> None:
    arguments = ["1", "--count", str(WORLDS), "--commands", str(COMMANDS), "--json"]
    done = fresh_python(arguments=["-m", "tests.simulate", *arguments])
    assert done.returncode == 0, done.stderr
    tally = json.loads(done.stdout)
    assert tally["count"] == WORLDS and not tally["failures"]
    assert [name for name in MET if not tally["notes"].get(name)] == []
    assert tally["notes"]["commands"] >= WORLDS * COMMANDS


def digest(done: "subprocess.CompletedProcess[str]") -> str:
    found = re.search(r"digest of \d+ worlds from seed \d+: (\w+)", done.stderr)
    assert found, done.stderr
    return found[1]


def test_same_seed_gives_the_same_world_in_every_process(fresh_python: RunPython) -> None:
    """Events, faults and outcomes; whatever the hash seed, compiled or not."""
    digests = set()
    arguments = ["-m", "tests.simulate", "3", "--count", "8", "--commands", str(FEW_COMMANDS)]
    for hash_seed, interpreted in (("0", "1"), ("77", None)):
        done = fresh_python(
            arguments=arguments,
            env={"PYTHONHASHSEED": hash_seed, "LOCKSTEP_INTERPRETED": interpreted},
        )
        assert done.returncode == 0, done.stderr
        digests.add(digest(done))
    assert len(digests) == 1
    other = fresh_python(
        arguments=["-m", "tests.simulate", "4", "--count", "8", "--commands", "30"]
    )
    assert digest(other) not in digests


# ---------------------------------------------------------------- it must be able to fail

EARLY = """
class Early(Node):
    '''Tells before it commits.'''

    def commit(self, *, wait=True):
        told, self.on_commit = self.on_commit, None
        draft = self._open.draft
        if told is not None and draft.first_sequence:
            events = bytes(self.engine.events_view())
            told(Committed(draft.first_sequence, draft.last_sequence, events))
        try:
            return super().commit(wait=wait)
        finally:
            self.on_commit = told

node_class = Early
"""
UNSYNCED = """
shipped = environment.lmdb.open
environment.lmdb.open = lambda *a, **k: shipped(*a, **(k | {"sync": False, "metasync": False}))
"""
FORGETFUL = """
LmdbJournal.lookup_key = lambda self, key: None
"""
OTHER_STATE = """
from snapshots import SnapshotStore
write = SnapshotStore.write

def write_late(self, sequence, time_ns, *rest, **options):
    return write(self, sequence, time_ns + 1, *rest, **options)

SnapshotStore.write = write_late
"""
PROGRAM = """
import sys
from tests.faults import shim
shim.run_under_shim()
from adapters.node import Committed, Node
from journal import LmdbJournal, environment
from tests.simulate.__main__ import main
node_class = Node
{bug}
sys.exit(main(["1", "--count", "40", "--commands", "{commands}", "--json"], node_class))
"""


@pytest.mark.parametrize(
    ("bug", "told"),
    [
        (EARLY, "acknowledged commands are lost|is acknowledged after"),
        (UNSYNCED, "acknowledged commands are lost|CorruptJournal"),
        (FORGETFUL, "leads to None|was executed again"),
        (OTHER_STATE, "differs from the journal: sequence|is given|state"),
    ],
    ids=["acknowledged early", "not synced", "keys forgotten", "snapshot of another time"],
)
def test_planted_bug_is_told_with_seed_and_difference_and_the_seed_repeats_it(
    fresh_python: RunPython, bug: str, told: str
) -> None:
    code = PROGRAM.format(bug=bug, commands=FEW_COMMANDS)
    done = fresh_python(code)
    assert done.returncode == 1, done.stderr
    first = json.loads(done.stdout)["failures"][0]
    assert re.search(told, first)
    seed = re.match(r"seed (\d+): ", first)
    assert seed and "last faults: " in first
    assert f"python -m tests.simulate {seed[1]} --commands {FEW_COMMANDS}" in first
    again = fresh_python(code.replace('["1", "--count", "40"', f'["{seed[1]}", "--count", "1"'))
    assert json.loads(again.stdout)["failures"] == [first]
