"""`lockstep diff`: the first difference field by field, then the accounts."""

import re
from pathlib import Path

import pytest

from adapters.hook_plugin import load_hooks
from adapters.node import Node
from adapters.units import format_time
from engine import records
from journal import LmdbJournal
from tests.adapters.test_compare import split, store
from tests.cli.conftest import Call, Demo
from tests.cli.test_proof import other_events
from tests.small_day import Item, day

HOOKS = ("tests.hooks_for_tests", "tests.other_hooks_for_tests")


def run_of(path: Path, items: list[Item], commit_records: int = 50, hooks: str = "") -> Path:
    """A run of these commands."""
    loaded = load_hooks(hooks) if hooks else None
    with Node.open(path, create=True, commit_records=commit_records, hooks=loaded) as node:
        for command, time_ns in items:
            node.submit(command, time_ns)
        node.commit()
    return path


@pytest.fixture(scope="module")
def items() -> list[Item]:
    return list(day(5, 250))


@pytest.fixture(scope="module")
def one(items: list[Item], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run that no test changes."""
    return run_of(tmp_path_factory.mktemp("diff") / "one", items)


def with_deposit(items: list[Item], at: int, amount_minor: int) -> list[Item]:
    """The same commands with one deposit of login 3 more."""
    more = records.BalanceOperation(login=3, operation=1, amount_minor=amount_minor)
    return [*items[:at], (more, items[at - 1][1]), *items[at:]]


def test_equal_runs_are_alike_whatever_their_blocks(
    one: Path, items: list[Item], tmp_path: Path, call: Call
) -> None:
    other = run_of(tmp_path / "other", items, commit_records=7)
    for second in (other, one):
        called = call("diff", one, second)
        assert called.code == 0
        assert called.out.splitlines()[-1] == (
            "alike: the same commands and the same events, byte for byte"
        )
    answer = call("diff", one, other, "--json").json()
    assert answer["alike"] is True and answer["difference"] is None and answer["accounts"] is None


def test_changed_command_is_shown_field_by_field_then_its_events_then_the_account(
    one: Path, items: list[Item], tmp_path: Path, call: Call
) -> None:
    at = next(i for i, (c, _) in enumerate(items) if isinstance(c, records.BalanceOperation))
    command, time_ns = items[at]
    fields = {n: getattr(command, n) for n in records.fields_of(type(command))}
    other = type(command)(**fields | {"amount_minor": 150_005})
    changed = [*items[:at], (other, time_ns), *items[at + 1 :]]
    called = call("diff", one, run_of(tmp_path / "other", changed))
    assert called.code == 1
    out = called.out
    assert f"FIRST DIFFERENCE at sequence {at + 1}, {format_time(time_ns)}: the commands" in out
    marked = [line.split()[1:] for line in out.splitlines() if line.startswith("  * ")]
    assert marked == [
        ["amount_minor", "150000", "150005"],
        ["balance_delta_minor", "150000", "150005"],
        ["balance_minor", "150000", "150005"],
    ]
    assert out.index("  command\n") < out.index("  event 0\n") < out.index("accounts: 12 in both")
    assert re.search(r"\n  1 +equity +[\d,.]+ +[\d,.]+  \+0\.05 USD\n", out)


def test_accounts_are_listed_by_their_difference_in_equity(
    one: Path, items: list[Item], tmp_path: Path, call: Call
) -> None:
    other = run_of(tmp_path / "other", with_deposit(items, 40, 777_777))
    answer = call("diff", one, other, "--json").json()
    assert answer["difference"]["sequence"] == 41 and answer["difference"]["what"] == "command"
    listed = answer["accounts"]["differ"]
    assert answer["accounts"]["in_both"] == 12
    assert listed[0]["login"] == 3
    differences = [abs(each.get("equity", {"difference": 0})["difference"]) for each in listed]
    assert differences == sorted(differences, reverse=True)
    first = listed[0]["equity"]
    assert first["difference"] == pytest.approx(first["b"] - first["a"])
    for side, path in (("a", one), ("b", other)):
        state = call("state", path, "--account", 3).json()
        assert state["equity"] == first[side]
        replayed = call("replay", path, "--json").json()
        assert answer["accounts"]["state_hash"][side] == replayed["state_hash"]
    text = call("diff", one, other, "--accounts", 1).out
    assert f"and {len(listed) - 1:,} more" in text or len(listed) == 1
    quick = call("diff", one, other, "--accounts", 0)
    assert quick.code == 1 and "accounts:" not in quick.out


def test_shorter_run_differs_where_it_ends_and_not_up_to_there(
    one: Path, items: list[Item], tmp_path: Path, call: Call
) -> None:
    short = run_of(tmp_path / "short", items[:120])
    called = call("diff", one, short)
    assert called.code == 1
    assert "FIRST DIFFERENCE at sequence 121, " in called.out
    assert ": B ends before; everything up to there is the same" in called.out
    assert "--at SEQ|TIME compares at one" in called.out
    assert ": A ends before; " in call("diff", short, one).out
    assert call("diff", one, short, "--at", 120).code == 0
    assert call("diff", one, short, "--at", format_time(items[119][1])).code == 0
    beyond = call("diff", one, short, "--at", 121)
    assert beyond.code == 2 and "sequence 121 is not in it, it has 1-120" in beyond.err


def test_same_command_with_other_events_says_whose_events_a_replay_gives(
    demo: Demo, tmp_path: Path, call: Call
) -> None:
    event = other_events(demo.path, tmp_path / "bad", sequence=300)
    for first, second, right in (
        (demo.path, tmp_path / "bad", "A"),
        (tmp_path / "bad", demo.path, "B"),
    ):
        called = call("diff", first, second)
        assert called.code == 1
        assert ": the same command, other events" in called.out
        assert f"a replay of the command gives the events of {right}" in called.out
        assert "accounts: 45 in both, 0 differ" in called.out, "the same commands, the same state"
        marked = [line.split()[1] for line in called.out.splitlines() if line.startswith("  * ")]
        assert marked == ["margin_rate_e8"]
    answer = call("diff", demo.path, tmp_path / "bad", "--json").json()
    assert answer["difference"]["what"] == "events"
    assert answer["difference"]["replay_gives"] == "A"
    assert answer["difference"]["sequence"] == event.sequence
    assert answer["a"]["data"] == "generated data"


def test_runs_with_other_hooks_are_replayed_each_with_its_own(
    items: list[Item], tmp_path: Path, call: Call
) -> None:
    a = run_of(tmp_path / "a", items, hooks=HOOKS[0])
    b = run_of(tmp_path / "b", items, hooks=HOOKS[1])
    without = run_of(tmp_path / "without", items)
    called = call("diff", a, b)
    assert called.code == 1
    assert "FIRST DIFFERENCE at sequence 1, " in called.out
    assert "* module" in called.out and "* source_hash" in called.out
    assert "accounts: not compared: " in called.out and "given are no hooks" in called.out
    answer = call("diff", a, b, "--json").json()
    assert answer["accounts"] is None and "given are no hooks" in answer["accounts_not_compared"]
    both = call("diff", a, b, "--hooks", HOOKS[0], "--hooks-b", HOOKS[1], "--json")
    assert both.code == 1 and both.json()["accounts"]["in_both"] == 12
    one_sided = call("diff", a, without, "--hooks", HOOKS[0], "--hooks-b", "none")
    assert one_sided.code == 1 and "12 in both" in one_sided.out
    missing = call("diff", a, b, "--hooks", "no_such_module_here")
    assert missing.code == 2 and "can't be imported" in missing.err


def test_many_events_of_a_command_are_cut_for_people_and_complete_as_json(
    tmp_path: Path, call: Call
) -> None:
    items = list(day(5, 3))
    path = run_of(tmp_path / "one", items)
    journal = LmdbJournal.open(path / "journal")
    block = next(journal.blocks())
    journal.close()
    last = block.header.last_sequence
    more = [records.encode(records.Configured(1, n, 0), last, 7) for n in range(9)]
    store(tmp_path / "two", split(block.commands), [*split(block.events), *more], lambda: 1)
    called = call("diff", path, tmp_path / "two")
    assert called.code == 1
    assert " more events (--json shows all)" in called.out
    shown = call("diff", path, tmp_path / "two", "--json").json()["difference"]["records"]
    assert len(shown) >= 10 and shown[-1]["fields"][0]["a"] is None


def test_input_that_can_not_be_used_is_refused_in_one_sentence(
    one: Path, tmp_path: Path, call: Call
) -> None:
    damaged = tmp_path / "damaged"
    (damaged / "journal").mkdir(parents=True)
    (damaged / "journal" / "data.mdb").write_bytes(b"no journal" * 2_000)
    table: list[tuple[tuple[object, ...], str]] = [
        ((one, tmp_path / "none"), "no such directory"),
        ((tmp_path / "none", one), "no such directory"),
        ((one, damaged), "data.mdb"),
        ((one, one, "--accounts", -1), "--accounts -1: expected 0 or more"),
        ((one, one, "--at", "noon"), "--at 'noon': is neither"),
        ((one, one, "--hooks-b", "no_such_module_here"), "can't be imported"),
    ]
    for arguments, sentence in table:
        called = call("diff", *arguments)
        assert called.code == 2, arguments
        assert sentence in called.err and called.err.count("\n") == 1, (arguments, called.err)
