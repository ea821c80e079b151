"""What can go wrong with a journal, one exception each.

This file may hold exceptions only. Their messages are one sentence for a person: which
file, which block, which sequence, what was found and what was expected. A program that
meets one stops (exit code 2); none of them is ever worked around.
"""


class JournalError(Exception):
    """Any trouble with a journal; the message is one clear sentence."""


class NoJournal(JournalError):
    """There is no journal at the place named, or only half of one."""


class JournalInUse(JournalError):
    """Another writer has the journal open; one directory has one writer."""


class JournalVersion(JournalError):
    """The journal was written in a format that this program does not read."""


class JournalFailed(JournalError):
    """A commit failed. Memory is ahead of the journal: the process must end and recover."""


class CorruptJournal(JournalError):
    """Acknowledged history is damaged. `file`, `block` and `sequence` say where.

    `block` is the first sequence of the block (its key), 0 where no block is concerned.
    `sequence` is the command at which reading stopped, 0 where it is not known.
    """

    def __init__(self, file: str, block: int, sequence: int, problem: str) -> None:
        self.file = file
        self.block = block
        self.sequence = sequence
        self.problem = problem
        where = f"{file}: " + (f"block {block}, " if block else "")
        super().__init__(f"{where}sequence {sequence}: {problem}" if sequence else where + problem)
