"""The parsers that are fuzzed: a function each that raises only if a promise is broken.

This file may name targets only; the promises are in the modules `of_*.py`. A target takes the
very bytes that its parser reads, so that a found input is a file that anybody can look at.
"""

from collections.abc import Callable
from dataclasses import dataclass

from tests.fuzz import good, mutations, of_cli, of_core, of_files, of_journal, of_node, of_pages
from tests.fuzz.mutations import Mutation


@dataclass(frozen=True)
class Target:
    """A parser, what to begin with, and how to make worse of it."""

    run: Callable[[bytes], None]
    seeds: Callable[[], list[bytes]]
    mutate: Mutation
    weight: float
    """Its share of the inputs, beside the other targets: those that are slow get fewer."""


def _codec_seeds() -> list[bytes]:
    single = [*good.command_of_each_kind(), *good.event_of_each_kind()]
    return [*single, b"".join(good.command_of_each_kind()), b"".join(good.event_of_each_kind())]


_text = mutations.text
TARGETS: dict[str, Target] = {
    "records": Target(of_core.decoded, _codec_seeds, mutations.of_records(1, good.any_command), 10),
    "described": Target(
        of_core.described, _codec_seeds, mutations.of_records(1, good.any_command), 10
    ),
    "engine": Target(
        of_core.applied,
        good.blocks_for_world,
        mutations.of_records(good.GOLDEN_COMMANDS + 1, good.any_command),
        3,
    ),
    "state": Target(of_core.state_loaded, of_core.state_seeds, of_core.state_mutated, 3),
    "node": Target(
        of_node.submitted, of_node.seeds, mutations.of_records(of_node.FIRST, good.any_command), 2
    ),
    "block": Target(of_journal.block_read, of_journal.block_seeds, of_journal.block_mutated, 10),
    "framing": Target(
        of_journal.framed,
        of_journal.framing_seeds,
        mutations.of_records(1, good.any_command),
        10,
    ),
    "journal": Target(
        of_journal.journal_read, of_journal.stored_blocks, of_journal.block_mutated, 2
    ),
    "snapshot": Target(
        of_journal.snapshot_read, of_journal.snapshot_seeds, of_journal.snapshot_mutated, 10
    ),
    "pages": Target(of_pages.checked, of_pages.seeds, of_pages.mutated, 2),
    "salvage": Target(of_pages.salvaged, of_pages.seeds, of_pages.mutated, 1),
    "commands": Target(
        of_files.commands_read,
        of_files.command_seeds,
        _text(' ,:{}"\n', of_files.COMMAND_WORDS),
        4,
    ),
    "configuration": Target(
        of_files.configuration_read,
        of_files.configuration_seeds,
        _text(" =[],\n", of_files.CONFIGURATION_WORDS),
        3,
    ),
    "ticks": Target(of_files.ticks_read, of_files.tick_seeds, of_files.ticks_mutated, 10),
    "texts": Target(
        of_files.text_read, of_files.text_seeds, _text(" -:.+T", of_files.TEXT_WORDS), 10
    ),
    "origin": Target(of_files.origin_read, of_files.origin_seeds, _text(' ,:{}"[]'), 10),
    "checkpoint": Target(of_files.checkpoint_read, of_files.checkpoint_seeds, _text(' ,:{}"'), 5),
    "keys": Target(of_files.key_read, of_files.key_seeds, mutations.some_bytes, 5),
    "cli": Target(of_cli.called, of_cli.seeds, of_cli.mutated, 1),
}
