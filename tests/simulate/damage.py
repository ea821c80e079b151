"""What happens to files while nobody runs: bits flip, and a page lands in the place of another.

This file may damage a copy, open it with the shipped code, and judge: either the damage is
named, in the journal by a `JournalError` with the file, in a snapshot by a report and a longer
replay; or all that is read is as it was. Never anything else.
"""

import shutil
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Final

from adapters.node import Node, SnapshotError
from adapters.replay import JOURNAL_FOLDER, SNAPSHOT_FOLDER
from engine import Hooks
from journal import JournalError, LmdbJournal
from journal.environment import DATA_FILE
from journal.salvage import Survey
from tests.faults.platter import PAGE
from tests.simulate.oracle import Oracle, Wrong

SALVAGED: Final = "salvaged"


@dataclass
class Damaged:
    """A damaged copy of a machine's folder."""

    folder: Path
    file: str
    told: str
    thorough: bool
    """Also verified, and salvaged."""

    def outcome(self, oracle: Oracle, hooks: Hooks | None) -> str:
        """Opens and reads all of it; the name of what came of it. Raises `Wrong`.

        The oracle knows what the undamaged folder holds: it was recovered just before.
        """
        in_journal = self.file.startswith(JOURNAL_FOLDER)
        where = "journal" if in_journal else "snapshots"
        try:
            found = self._read(oracle, hooks)
            if self.thorough and not in_journal:
                self._go_on_with_snapshots(oracle, hooks)
        except JournalError as error:
            if not in_journal:
                raise Wrong(f"{self.told}: the node does not open: {error}") from error
            if str(self.folder) not in str(error):
                raise Wrong(f"{self.told}: found without its file: {error}") from error
            if self.thorough:
                self._salvage(oracle)
            found = True
        except Wrong as wrong:
            raise Wrong(f"{self.told}: {wrong}") from wrong
        return f"damage to {where} {'found' if found else 'harmless'}"

    def _read(self, oracle: Oracle, hooks: Hooks | None) -> bool:
        """Everything that is served must be right; whether a trace of the damage is named."""
        node = Node.open(self.folder, hooks=hooks)
        try:
            oracle.hold_state(node)
            oracle.hold_blocks(node.journal.blocks())
            oracle.hold_index(node.journal.lookup_key)
            findings = []
            if self.thorough:
                verification = node.journal.verify()
                findings = verification.findings
                if not findings:
                    oracle.hold_verification(verification)
        finally:
            node.journal.close()
        if findings:
            self._salvage(oracle)
        return bool(findings or node.reports)

    def _go_on_with_snapshots(self, oracle: Oracle, hooks: Hooks | None) -> None:
        """A damaged store is used on, or made anew; what it says it has stored must be there."""
        stored = False
        node = Node.open(self.folder, hooks=hooks)
        try:
            node.snapshot(keep=2)
            stored = True
        except SnapshotError:
            pass
        finally:
            node.journal.close()
        node = Node.open(self.folder, hooks=hooks)
        try:
            oracle.hold_state(node)
            if stored and node.recovered_commands:
                raise Wrong(f"a new snapshot is not found: {'; '.join(node.reports)}")
        finally:
            node.journal.close()

    def _salvage(self, oracle: Oracle) -> None:
        """What is copied out is a true beginning of the journal, and whole in itself."""
        with closing(Survey(self.folder / JOURNAL_FOLDER)) as survey:
            saved = survey.copy(self.folder / SALVAGED)
        last = 0
        if (self.folder / SALVAGED).exists():
            with closing(LmdbJournal.open(self.folder / SALVAGED)) as journal:
                last = oracle.hold_blocks(journal.blocks(), salvaged=True)
                findings = journal.verify().findings
                if findings:
                    raise Wrong(f"what was salvaged is damaged: {'; '.join(findings)}")
        if last < oracle.acknowledged and not saved.findings:
            raise Wrong(f"salvage ends with {last} of {oracle.acknowledged}, and does not say why")


def damaged_copy(folder: Path, scratch: Path, random: Random) -> Damaged:
    """Copies a machine's folder and damages one of its files."""
    shutil.copytree(folder, scratch)
    files = [f"{JOURNAL_FOLDER}/{DATA_FILE}", f"{SNAPSHOT_FOLDER}/{DATA_FILE}"]
    files = [file for file in files if (scratch / file).exists()]
    file = random.choice(files)
    content = bytearray((scratch / file).read_bytes())
    whole_pages = range(0, len(content) - PAGE + 1, PAGE)
    used = [at for at in whole_pages if any(content[at : at + PAGE])]
    page = random.choice(used)
    if random.randrange(4):
        places = [(page + random.randrange(PAGE), random.randrange(8)) for _ in range(3)]
        places = places[: random.choice((1, 1, 3))]
        for place, bit in places:
            content[place] ^= 1 << bit
        told = f"flipped in {file}: {', '.join(f'{place}.{bit}' for place, bit in places)}"
    else:
        source = random.choice(used)
        content[page : page + PAGE] = content[source : source + PAGE]
        told = f"page {source // PAGE} of {file} also in the place of page {page // PAGE}"
    (scratch / file).write_bytes(content)
    return Damaged(scratch, file, told, thorough=random.randrange(2) == 0)
