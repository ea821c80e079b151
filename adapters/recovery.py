"""Recovery: what happens between opening a journal and taking the first new command.

This file may read a journal and execute it again; it writes nothing. Newest valid snapshot,
then the tail of the journal, every event compared.
"""

from adapters.hook_plugin import describe, identity_digest
from adapters.replay import OtherHooks, ReplayDiffers, Rerun
from engine import Engine, Hooks
from engine.records import HookSet
from journal import LmdbJournal, Progress


def check_hooks(journal: LmdbJournal, identity: HookSet | None, any_hooks: bool) -> None:
    """Raises `OtherHooks` where the journal goes on under other hooks than those given."""
    tail = journal.tail()
    if not tail.last_sequence or any_hooks or tail.hook_identity == identity_digest(identity):
        return
    raise OtherHooks(
        f"{journal.name}: it was decided with {'other' if any(tail.hook_identity) else 'no'}"
        f" hooks, given are {describe(identity)}"
    )


def execute_tail(
    journal: LmdbJournal,
    engine: Engine,
    hooks: Hooks | None,
    any_hooks: bool,
    progress: Progress | None,
) -> None:
    """Brings an engine to the end of the journal; every block must give the same events."""
    rerun = Rerun(engine, journal.name, hooks, any_hooks=any_hooks, verify=True)
    last = journal.tail().last_sequence
    for block in journal.blocks(engine.sequence + 1):
        rerun.step(block)
        if rerun.difference is not None:
            raise ReplayDiffers(journal.name, rerun.difference)
        if progress is not None:
            progress(engine.sequence, last)
