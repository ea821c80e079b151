"""Whose hooks decided is part of the journal, and a replay with others refuses."""

import functools
import sys
from pathlib import Path
from types import ModuleType

import pytest

from adapters.hook_plugin import (
    WITHOUT_HOOKS,
    BadHooks,
    HookFailed,
    describe,
    identity_digest,
    identity_of,
    load_hooks,
)
from adapters.node import Node, NodeFailed, OtherHooks, ReplayDiffers
from adapters.replay import replay
from engine import Hooks, records
from journal import NO_HOOKS, LmdbJournal
from tests import hooks_for_tests
from tests.small_day import START_NS, day

NAME = "tests.hooks_for_tests"
OTHER = "tests.other_hooks_for_tests"


def run_day(directory: Path, hooks: Hooks | None, n_commands: int = 600) -> str:
    """A day through a node with hooks; the state hash at its end."""
    with Node.open(directory, create=True, hooks=hooks, commit_records=50) as node:
        for command, time_ns in day(1, n_commands):
            node.submit(command, time_ns)
        node.commit()
        return node.engine.state_hash()


def hook_sets(directory: Path) -> list[records.HookSet]:
    """The hook sets on record, in order."""
    journal = LmdbJournal.open(directory / "journal")
    found = [
        records.decode_config(command)
        for block in journal.blocks()
        for command in records.decode_all(block.commands)
        if isinstance(command, records.Configure) and command.kind == records.HookSet.KIND
    ]
    journal.close()
    return [f for f in found if isinstance(f, records.HookSet)]


def test_hooks_are_loaded_by_name_and_identified_by_module_version_and_source() -> None:
    hooks = load_hooks(NAME)
    assert hooks.stops_apply is hooks_for_tests.stops_apply
    assert hooks.pendings_apply is None
    identity = identity_of(hooks)
    assert identity is not None
    assert (identity.module, identity.version) == (NAME, "1.2")
    assert len(identity.source_hash) == 64
    assert identity == identity_of(load_hooks(NAME))
    other = identity_of(load_hooks(OTHER))
    assert other is not None and (other.module, other.version) == (OTHER, "0")
    one_less = identity_of(Hooks(stops_apply=hooks_for_tests.stops_apply))
    assert one_less is not None and one_less.source_hash != identity.source_hash


def test_no_hooks_have_no_identity() -> None:
    assert identity_of(None) is None
    assert identity_of(Hooks()) is None
    assert identity_digest(None) == identity_digest(WITHOUT_HOOKS) == NO_HOOKS
    assert describe(None) == describe(WITHOUT_HOOKS) == "no hooks"
    assert identity_digest(identity_of(load_hooks(NAME))) != NO_HOOKS


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("tests.no_such_module", "can't be imported: No module named"),
        ("tests.small_day", "none of pendings_filter, .* is defined"),
    ],
)
def test_module_that_is_no_plug_in_is_refused(name: str, message: str) -> None:
    with pytest.raises(BadHooks, match=message):
        load_hooks(name)


def test_hook_that_hides_its_source_is_refused() -> None:
    with pytest.raises(BadHooks, match="stops_apply is a partial, a function was expected"):
        identity_of(Hooks(stops_apply=functools.partial(hooks_for_tests.stops_apply)))
    typed_in: dict[str, object] = {"__name__": "sys"}
    exec("def stops_apply(*values): return 0, values[-1]", typed_in)
    with pytest.raises(BadHooks, match="the source of sys can't be read"):
        identity_of(Hooks(stops_apply=typed_in["stops_apply"]))  # type: ignore[arg-type]


def test_hooks_decide_and_their_identity_is_journalled_first(tmp_path: Path) -> None:
    hooks = load_hooks(NAME)
    with_hooks = run_day(tmp_path / "with", hooks)
    assert with_hooks != run_day(tmp_path / "without", None)
    assert hook_sets(tmp_path / "with") == [identity_of(hooks)]
    assert hook_sets(tmp_path / "without") == []
    result = replay(tmp_path / "with", hooks=hooks, verify=True)
    assert (result.difference, result.state_hash) == (None, with_hooks)
    with Node.open(tmp_path / "with", hooks=hooks) as node:
        assert node.engine.state_hash() == with_hooks
    assert len(hook_sets(tmp_path / "with")) == 1


@pytest.mark.parametrize("given", [None, OTHER])
def test_journal_with_hooks_is_refused_without_them_or_with_others(
    tmp_path: Path, given: str | None
) -> None:
    run_day(tmp_path, load_hooks(NAME))
    hooks = load_hooks(given) if given else None
    shown = describe(identity_of(hooks)).replace("(", r"\(").replace(")", r"\)")
    with pytest.raises(
        OtherHooks,
        match=rf"block 1 was decided with hooks {NAME} 1.2 \(.{{12}}\), given are {shown}$",
    ):
        replay(tmp_path, hooks=hooks)
    with pytest.raises(OtherHooks, match="was decided with other hooks, given are"):
        Node.open(tmp_path, hooks=hooks)


def test_journal_without_hooks_is_refused_with_some(tmp_path: Path) -> None:
    run_day(tmp_path, None, 50)
    with pytest.raises(OtherHooks, match="block 1 was decided with no hooks, given are hooks"):
        replay(tmp_path, hooks=load_hooks(NAME))
    with pytest.raises(OtherHooks, match="was decided with no hooks, given are hooks"):
        Node.open(tmp_path, hooks=load_hooks(NAME))


def test_any_hooks_lets_a_replay_try_and_the_difference_tells(tmp_path: Path) -> None:
    run_day(tmp_path, load_hooks(NAME))
    result = replay(tmp_path, hooks=load_hooks(OTHER), any_hooks=True, verify=True)
    assert result.difference is not None
    assert (result.difference.event, result.difference.field) == (
        "PositionClosed",
        "close_price_points",
    )
    assert result.difference.journal_value - result.difference.replay_value == 3
    with pytest.raises(ReplayDiffers):
        Node.open(tmp_path, hooks=load_hooks(OTHER), any_hooks=True)


def test_hooks_change_after_a_snapshot_when_told_so_and_each_stretch_keeps_its_own(
    tmp_path: Path,
) -> None:
    items = list(day(1, 600))
    sets = [load_hooks(NAME), load_hooks(OTHER), None]
    for stretch, hooks in enumerate(sets):
        with Node.open(tmp_path, create=True, hooks=hooks, any_hooks=stretch > 0) as node:
            for command, time_ns in items[stretch * 200 : stretch * 200 + 200]:
                node.submit(command, time_ns)
            node.snapshot()
            state_hash = node.engine.state_hash()
    identities = [identity_of(sets[0]), identity_of(sets[1]), WITHOUT_HOOKS]
    assert hook_sets(tmp_path) == identities
    with Node.open(tmp_path) as node:
        assert node.engine.state_hash() == state_hash
    with pytest.raises(OtherHooks, match=f"block 1 was decided with hooks {NAME}"):
        replay(tmp_path, use_snapshot=False)
    with pytest.raises(OtherHooks, match=rf"block \d+ was decided with hooks {OTHER} 0"):
        replay(tmp_path, to_sequence=300, hooks=sets[0])
    assert replay(tmp_path, to_sequence=201, hooks=sets[0]).sequence == 201


def test_time_of_the_recorded_hooks_is_that_of_the_core(tmp_path: Path) -> None:
    with Node.open(tmp_path, create=True) as node:
        node.submit(records.Clock(), START_NS)
        node.snapshot()
    with Node.open(tmp_path, hooks=load_hooks(NAME), any_hooks=True) as node:
        assert (node.sequence, node.engine.time_ns) == (2, START_NS)


def test_end_at_a_snapshot_is_refused_with_other_hooks_too(tmp_path: Path) -> None:
    hooks = load_hooks(NAME)
    state_hash = run_day(tmp_path, hooks)
    with Node.open(tmp_path, hooks=hooks) as node:
        node.snapshot()
        end = node.sequence
    for others in (None, load_hooks(OTHER)):
        with pytest.raises(OtherHooks, match=rf"was decided with hooks {NAME} 1.2"):
            replay(tmp_path, hooks=others)
        told = replay(tmp_path, hooks=others, any_hooks=True)
        assert (told.commands, told.sequence) == (0, end)
    same = replay(tmp_path, hooks=hooks)
    assert (same.commands, same.snapshot_sequence, same.state_hash) == (0, end, state_hash)


def plug_in(folder: Path, name: str, source: str) -> ModuleType:
    """A plug-in module of its own."""
    (folder / f"{name}.py").write_text(source)
    module = ModuleType(name)
    module.__file__ = str(folder / f"{name}.py")
    exec(source, module.__dict__)
    return module


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ("raise ZeroDivisionError('by none')", "stops_apply raised ZeroDivisionError: by none"),
        ("raise SystemExit(4)", "stops_apply raised SystemExit: 4"),
        ("return 0", r"BrokenHook: ticket \d+: an apply hook answered 0, expected two integers"),
        ("return 0, None", r"BrokenHook: .* an apply hook answered \(0, None\), expected two"),
        ("return 0, 0", r"BrokenHook: ticket \d+: a hook answered price 0, expected 1 to"),
    ],
)
def test_hook_that_fails_is_named_and_ends_the_node_but_not_its_journal(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, body: str, message: str
) -> None:
    module = plug_in(tmp_path, "failing_hooks", f"def stops_apply(*values):\n    {body}\n")
    monkeypatch.setitem(sys.modules, "failing_hooks", module)
    hooks = load_hooks("failing_hooks")
    with pytest.raises(HookFailed, match=f"^hooks failing_hooks: {message}"):
        run_day(tmp_path / "day", hooks)
    with Node.open(tmp_path / "day", hooks=hooks) as node:
        assert node.sequence > 0 and node.sequence % 50 == 1
        with pytest.raises(HookFailed):
            for command, time_ns in list(day(1, 600))[node.sequence - 1 :]:
                node.submit(command, time_ns)
        with pytest.raises(NodeFailed, match="failing_hooks"):
            node.commit()


def test_filter_that_answers_no_number_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    module = plug_in(tmp_path, "vague_hooks", "def stops_filter(*values):\n    return 'yes'\n")
    monkeypatch.setitem(sys.modules, "vague_hooks", module)
    message = r"^hooks vague_hooks: BrokenHook: ticket \d+: a filter hook answered 'yes', expected"
    with pytest.raises(HookFailed, match=message):
        run_day(tmp_path / "day", load_hooks("vague_hooks"))


def test_replay_with_a_hook_that_fails_names_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run_day(tmp_path / "day", load_hooks(NAME))
    module = plug_in(tmp_path, "sorry_hooks", "def stops_apply(*values):\n    return values[99]\n")
    monkeypatch.setitem(sys.modules, "sorry_hooks", module)
    with pytest.raises(HookFailed, match=r"^hooks sorry_hooks: stops_apply raised IndexError: "):
        replay(tmp_path / "day", hooks=load_hooks("sorry_hooks"), any_hooks=True)
