"""What a settlement must find or refuse, and what it must leave as it is."""

import dataclasses
import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest

from adapters.node import Node
from adapters.settlement import folder, settle, work
from adapters.settlement.money import Amounts, Entry, Purse
from adapters.units import parse_time
from engine import Engine, records
from journal import BlockDraft, LmdbJournal
from tests.cli.conftest import Call, Called
from tests.settlement import world
from tests.settlement.world import TRADER

pytestmark = pytest.mark.once

MONDAY, TUESDAY, FRIDAY, SATURDAY = "2024-01-01", "2024-01-02", "2024-01-05", "2024-01-06"


def folders(directory: Path) -> list[str]:
    return sorted(os.listdir(directory / "settlement"))


def contents(path: Path) -> dict[str, tuple[int, bytes]]:
    return {p.name: (p.stat().st_ino, p.read_bytes()) for p in path.iterdir()}


# ---------------------------------------------------------------- twice


def test_settling_twice_changes_nothing_and_says_so(days: Path, call: Call) -> None:
    first = call("settle", days, "--day", TUESDAY)
    made = days / "settlement" / TUESDAY
    assert first.out.endswith(f"reconciled, written: {made}\n")
    before = contents(made)
    second = call("settle", days, "--day", TUESDAY)
    assert (second.code, second.err) == (0, "")
    assert second.out.endswith(f"reconciled, unchanged: {made}\n")
    assert contents(made) == before and folders(days) == [TUESDAY]
    assert call("settle", days, "--day", TUESDAY, "--json").json()["written"] is False


def replace(name: str, old: bytes, new: bytes) -> Callable[[Path], None]:
    def change(path: Path) -> None:
        data = (path / name).read_bytes()
        assert old in data
        (path / name).write_bytes(data.replace(old, new, 1))

    return change


def flip_last(path: Path) -> None:
    data = (path / "state.snapshot").read_bytes()
    (path / "state.snapshot").write_bytes(data[:-1] + bytes([data[-1] ^ 1]))


TAMPERED: list[tuple[Callable[[Path], None], str]] = [
    (
        replace("statements.jsonl", b'"balance":10085.00', b'"balance":10086.00'),
        "statements.jsonl, line 1 (account 10), money[0].opening.balance:"
        " 10086.00 is there, 10085.00 is computed now",
    ),
    (
        replace("reconciliation.jsonl", b'"count":1', b'"count":2'),
        "reconciliation.jsonl, line 1 (account 10), entries.withdrawal.count: 2 is there,"
        " 1 is computed now",
    ),
    (
        replace("profit_and_loss.jsonl", b'"USD"', b'"EUR"'),
        "profit_and_loss.jsonl, line 1 (account 10), currency: 'EUR' is there",
    ),
    (replace("totals.json", b"50.00", b"50.01"), "totals.json, line "),
    (replace("statements.txt", b"withdrawal", b"withdrawel"), "statements.txt, line "),
    (
        replace("manifest.json", b'"commands": 8', b'"commands": 9'),
        "manifest.json, line 9: '\"commands\": 9,' is there",
    ),
    (flip_last, "state.snapshot, byte "),
    (lambda path: (path / "totals.txt").unlink(), "totals.txt: is missing"),
    (lambda path: (path / "notes.txt").write_text("?"), "notes.txt: no settlement wrote this"),
    (
        lambda path: (path / "statements.jsonl").write_bytes(b""),
        "statements.jsonl, line 1: the file ends here, computed it does not",
    ),
]


@pytest.mark.parametrize(("tamper", "sentence"), TAMPERED)
def test_tampered_result_is_named_and_left_as_it_is(
    days: Path, call: Call, tamper: Callable[[Path], None], sentence: str
) -> None:
    assert call("settle", days, "--day", TUESDAY).code == 0
    made = days / "settlement" / TUESDAY
    tamper(made)
    before = contents(made)
    called = call("settle", days, "--day", TUESDAY)
    assert called.code == 1
    *_, difference, last = called.out.splitlines()
    assert difference.startswith(f"DIFFERENCE {made}: {sentence}")
    assert last == "what is there stays as it is"
    assert contents(made) == before and folders(days) == [TUESDAY]
    assert call("settle", days, "--day", TUESDAY, "--json").json()["difference"]


# ---------------------------------------------------------------- wrong money


def entry(number: int, delta: int, after: int, credit: tuple[int, int] = (0, 0)) -> Entry:
    return Entry(7, "USD", number, 1, Amounts(delta, credit[0], 0), Amounts(after, credit[1], 0))


BEFORE = Purse(7, "USD", Amounts(10_000, 0, 0), 3)


def after(balance: int, entries: int, credit: int = 0, margin: int = 0) -> Purse:
    return Purse(7, "USD", Amounts(balance, credit, margin), entries)


RECONCILED: dict[str, tuple[list[Entry], list[Purse], list[str]]] = {
    "nothing happened": ([], [after(10_000, 3)], []),
    "a deposit": ([entry(4, 500, 10_500)], [after(10_500, 4)], []),
    "a gap in the numbers": (
        [entry(5, 500, 10_500)],
        [after(10_500, 5)],
        ["account 7: sequence 100, entry number: expected 4, found 5"],
    ),
    "a number twice": (
        [entry(4, 500, 10_500), entry(4, 500, 11_000)],
        [after(11_000, 4)],
        ["account 7: sequence 101, entry number, a repeat: expected 5, found 4"],
    ),
    "after is not before + delta": (
        [entry(4, 500, 10_501)],
        [after(10_501, 4)],
        [
            "account 7: balance, sequence 100, entry 4 (deposit):"
            " expected 105.00 USD, found 105.01 USD",
            "account 7: balance, opening + entries: expected 105.00 USD, found 105.01 USD",
            "total USD: balance, opening + entries: expected 105.00 USD, found 105.01 USD",
        ],
    ),
    "the engine has another balance": (
        [entry(4, 500, 10_500)],
        [after(10_400, 4)],
        [
            "account 7: balance, opening + entries: expected 105.00 USD, found 104.00 USD",
            "account 7: balance, after the last entry: expected 105.00 USD, found 104.00 USD",
            "total USD: balance, opening + entries: expected 105.00 USD, found 104.00 USD",
        ],
    ),
    "credit and margin count, too": (
        [entry(4, 0, 10_000, credit=(50, 50))],
        [after(10_000, 4, credit=60, margin=1)],
        [
            "account 7: credit, opening + entries: expected 0.50 USD, found 0.60 USD",
            "account 7: margin, opening + entries: expected 0.00 USD, found 0.01 USD",
            "account 7: credit, after the last entry: expected 0.50 USD, found 0.60 USD",
            "account 7: margin, after the last entry: expected 0.00 USD, found 0.01 USD",
            "total USD: credit, opening + entries: expected 0.50 USD, found 0.60 USD",
            "total USD: margin, opening + entries: expected 0.00 USD, found 0.01 USD",
        ],
    ),
    "an entry without a trace in the engine": (
        [entry(4, 0, 10_000)],
        [after(10_000, 3)],
        ["account 7: number of the last entry: expected 4, found 3"],
    ),
    "an account that is gone": (
        [],
        [],
        [
            "account 7: the account in USD at the end of the day: expected one, found none",
            "total USD: balance, opening + entries: expected 100.00 USD, found 0.00 USD",
        ],
    ),
}


@pytest.mark.parametrize("case", RECONCILED)
def test_every_difference_of_the_funds_is_named(case: str) -> None:
    entries, closing, findings = RECONCILED[case]
    books = work.Reconciliation({"USD": 2})
    books.open([BEFORE])
    for sequence, one in enumerate(entries, 100):
        books.take([one], sequence)
    books.close(closing)
    assert [str(finding) for finding in books.findings] == findings


def fill(number: int, changes: list[tuple[str, int, int, int]]) -> list[Entry]:
    """Both sides of an exchange: (currency, type, delta, after) under one number."""
    return [
        Entry(7, currency, number, kind, Amounts(delta, 0, 0), Amounts(after, 0, 0))
        for currency, kind, delta, after in changes
    ]


BOUGHT = [("USD", 6, -3_000, 7_000), ("USD", 7, -10, 6_990), ("BTC", 6, 5, 5)]
"""5 minor units of BTC for 30.00 USD and a fee of 0.10 USD."""


def test_one_event_may_move_several_currencies_under_one_number() -> None:
    books = work.Reconciliation({"USD": 2, "BTC": 8})
    books.open([BEFORE])
    books.take(fill(4, BOUGHT), 100)
    assert books.last(7, "BTC") == Amounts(5, 0, 0)
    books.close([after(6_990, 4), Purse(7, "BTC", Amounts(5, 0, 0), 4)])
    assert (books.findings, books.entries) == ([], 1)
    assert {currency: line.moved().balance for currency, line in books.totals.items()} == {
        "USD": -3_010,
        "BTC": 5,
    }


def test_number_of_an_event_is_not_shared_by_the_next() -> None:
    books = work.Reconciliation({"USD": 2, "BTC": 8})
    books.open([BEFORE])
    books.take(fill(4, BOUGHT[:2]), 100)
    books.take(fill(4, BOUGHT[2:]), 100)
    books.close([after(6_990, 4), Purse(7, "BTC", Amounts(4, 0, 0), 4)])
    assert [str(finding) for finding in books.findings] == [
        "account 7: sequence 100, entry number, a repeat: expected 5, found 4",
        "account 7: balance, opening + entries: expected 0.00000005 BTC, found 0.00000004 BTC",
        "account 7: balance, after the last entry: expected 0.00000005 BTC, found 0.00000004 BTC",
        "total BTC: balance, opening + entries: expected 0.00000005 BTC, found 0.00000004 BTC",
    ]


def test_differences_beyond_a_thousand_are_counted() -> None:
    books = work.Reconciliation({"USD": 2})
    books.open([BEFORE])
    for number in range(2_000):
        books.take([entry(4, 0, 10_000)], number)
    books.close([after(10_000, 4)])
    assert (len(books.findings), books.untold) == (1_000, 999)


def purses_with_a_cent_too_much(engine: Engine, login: int) -> list[Purse]:
    (purse,) = real_purses(engine, login)
    if login == TRADER and engine.time_ns > parse_time(f"{TUESDAY}T09:00:00Z"):
        purse = purse._replace(amounts=purse.amounts.plus(Amounts(1, 0, 0)))
    return [purse]


def entries_without_withdrawals(event: Any, known: Any) -> list[Entry]:
    return [one for one in real_entries(event, known) if one.entry_type != 2]


real_purses, real_entries = work.purses_of, work.entries_of
PLANTED: dict[str, tuple[str, Any, list[str]]] = {
    "a cent too much in the engine": (
        "purses_of",
        purses_with_a_cent_too_much,
        [
            "account 10: balance, opening + entries: expected 9933.50 USD, found 9933.51 USD",
            "account 10: balance, after the last entry: expected 9933.50 USD, found 9933.51 USD",
            "total USD: balance, opening + entries: expected 10433.50 USD, found 10433.51 USD",
        ],
    ),
    "an entry that is left out": (
        "entries_of",
        entries_without_withdrawals,
        [
            "account 10: sequence 23, entry number: expected 12, found 13",
            "account 10: balance, sequence 23, entry 13 (margin_reprice):"
            " expected 10085.00 USD, found 9885.00 USD",
            "account 10: balance, opening + entries: expected 10133.50 USD, found 9933.50 USD",
            "total USD: balance, opening + entries: expected 10633.50 USD, found 10433.50 USD",
        ],
    ),
}


@pytest.mark.parametrize("case", PLANTED)
def test_wrong_money_is_found_and_nothing_is_written(
    days: Path, call: Call, monkeypatch: pytest.MonkeyPatch, case: str
) -> None:
    name, planted, findings = PLANTED[case]
    monkeypatch.setattr(work, name, planted)
    called = call("settle", days, "--day", TUESDAY)
    assert called.code == 1
    told = f"{len(findings)} differences; nothing was written"
    assert called.out.splitlines() == [*findings, told]
    assert folders(days) == []
    shown = call("settle", days, "--day", TUESDAY, "--json").json()
    assert (shown["reconciled"], len(shown["findings"])) == (False, len(findings))


def test_journal_with_another_balance_in_it_is_found(
    days: Path, tmp_path: Path, call: Call
) -> None:
    """A journal whose checksums and chain are right, but not what the commands give."""
    forged = tmp_path / "forged"
    source = LmdbJournal.open(days / "journal")
    target = LmdbJournal.open(forged / "journal", writable=True, create=True)
    (block,) = source.blocks()
    changed = []
    for event in records.decode_all(block.events):
        if isinstance(event, records.LedgerEntry) and event.entry_type == 2:
            event = msgspec.structs.replace(event, balance_minor=event.balance_minor + 1)
        changed.append(records.encode(event))
    draft = BlockDraft()
    header = block.header
    draft.add(block.commands, 1, header.last_sequence, header.first_time_ns)
    target.append(draft, b"".join(changed), header.last_time_ns, header.hook_identity)
    target.close()
    source.close()
    assert call("settle", forged, "--day", MONDAY).code == 0
    called = call("settle", forged, "--day", TUESDAY)
    assert called.code == 1
    assert called.out.splitlines() == [
        "sequence 18: event 0, LedgerEntry.balance_minor, executed again:"
        " expected 988501 as in the journal, found 988500",
        "1 differences; nothing was written",
    ]


def test_day_must_begin_where_the_day_before_ended(days: Path, call: Call) -> None:
    assert call("settle", days, "--day", MONDAY).code == 0
    assert call("settle", days, "--day", TUESDAY).code == 0
    path = days / "settlement" / MONDAY / "manifest.json"
    manifest = json.loads(path.read_text())
    path.write_text(json.dumps(manifest | {"state_hash": "00"}))
    called = call("settle", days, "--day", TUESDAY)
    assert called.code == 1
    assert called.out.startswith(
        f"opening: the state where {path.parent} ended: expected 00, found"
    )
    path.write_text(json.dumps(manifest))
    assert call("settle", days, "--day", TUESDAY).code == 0


# ---------------------------------------------------------------- days that can't be settled

BAD: list[tuple[tuple[object, ...], str]] = [
    (
        ("DAYS", "--day", FRIDAY),
        "--day 2024-01-05: the day is not over: DAYS/journal/data.mdb ends at"
        " 2024-01-05T07:00:01Z; --provisional settles what there is",
    ),
    (
        ("DAYS", "--day", "2023-12-31"),
        "--day 2023-12-31: DAYS/journal/data.mdb begins at 2024-01-01T09:00:00Z, after that day",
    ),
    (
        ("DAYS", "--day", "2023-12-31", "--provisional"),
        "--day 2023-12-31: DAYS/journal/data.mdb begins at 2024-01-01T09:00:00Z, after that day",
    ),
    (("DAYS", "--day", "Monday"), "--day: 'Monday' is not a day such as 2014-05-05"),
    (("DAYS", "--day", "9999-12-31"), "--day: "),
    (("NOWHERE", "--day", MONDAY), "NOWHERE"),
    (("EMPTY", "--day", MONDAY), "EMPTY/journal/data.mdb: holds no command"),
    (("DAYS", "--day", MONDAY, "--output", "FILE"), "FILE: can't be used: "),
    (("DAYS", "--day", MONDAY, "--output", "FILE/inside"), "FILE/inside: can't be used: "),
    (("DAYS", "--day", MONDAY, "--hooks", "tests.hooks_for_tests"), "was decided with no hooks"),
]


@pytest.mark.parametrize(("arguments", "sentence"), BAD)
def test_day_that_can_not_be_settled_is_refused_with_one_sentence(
    days: Path, tmp_path: Path, call: Call, arguments: tuple[object, ...], sentence: str
) -> None:
    places = {"DAYS": days, "NOWHERE": tmp_path / "nowhere", "EMPTY": tmp_path / "empty"}
    places["FILE"] = tmp_path / "file"
    places["FILE/inside"] = tmp_path / "file" / "inside"
    places["FILE"].write_text("a file")
    Node.open(places["EMPTY"], create=True).close()
    called = call("settle", *(places.get(str(a), a) for a in arguments))
    assert (called.code, called.out) == (2, "")
    for name, path in sorted(places.items(), reverse=True):
        sentence = sentence.replace(name, str(path))
    assert called.err.startswith("lockstep: ") and sentence in called.err
    assert called.err.count("\n") == 1
    assert not (days / "settlement").exists() or folders(days) == []


def test_hooks_count_also_where_nothing_is_executed(tmp_path: Path, call: Call) -> None:
    """The snapshot stands where the day, one without commands, begins."""
    timed = [*world.days()]
    with Node.open(tmp_path, create=True) as node:
        for part in (timed[:25], timed[25:]):
            world.run(node, iter(part))
            node.commit()
            node.snapshot()
    called = call("settle", tmp_path, "--day", "2024-01-03", "--hooks", "tests.hooks_for_tests")
    assert (called.code, called.out) == (2, "")
    assert "was decided with no hooks" in called.err
    assert call("settle", tmp_path, "--day", "2024-01-03").code == 0


def test_result_of_another_journal_differs_where_its_money_does(
    days: Path, tmp_path: Path, call: Call
) -> None:
    timed = [
        (when, msgspec.structs.replace(command, amount_minor=21_000))
        if isinstance(command, records.BalanceOperation) and command.operation == 2
        else (when, command)
        for when, command in world.days()
    ]
    other = world.make(tmp_path / "other", timed=iter(timed))
    output = tmp_path / "settled"
    assert call("settle", days, "--day", TUESDAY, "--output", output).code == 0
    called = call("settle", other, "--day", TUESDAY, "--output", output)
    assert called.code == 1
    assert (
        f"DIFFERENCE {output / TUESDAY}: reconciliation.jsonl, line 1 (account 10),"
        " entries.withdrawal.balance: -200.00 is there, -210.00 is computed now\n"
    ) in called.out


# ---------------------------------------------------------------- provisional


def test_provisional_result_is_marked_replaced_and_gone_when_the_day_is_over(
    days: Path, call: Call
) -> None:
    def provisional() -> Called:
        return call("settle", days, "--day", FRIDAY, "--provisional")

    first = provisional()
    made = days / "settlement" / f"{FRIDAY}.provisional"
    assert (first.code, first.err) == (0, "")
    assert "settlement of 2024-01-05 (UTC), PROVISIONAL: the day is not over" in first.out
    assert first.out.endswith(f"reconciled, written: {made}\n")
    assert "PROVISIONAL" in (made / "statements.txt").read_text()
    assert json.loads((made / "manifest.json").read_text())["provisional"] is True
    assert provisional().out.endswith(f"reconciled, unchanged: {made}\n")
    add(days, f"{FRIDAY}T12:00:00Z")
    assert provisional().out.endswith(f"reconciled, written: {made}\n")
    assert json.loads((made / "manifest.json").read_text())["commands"] == 3
    assert folders(days) == [made.name]
    add(days, f"{SATURDAY}T00:00:00Z")
    final = provisional()
    assert "settlement of 2024-01-05 (UTC), final" in final.out
    assert folders(days) == [FRIDAY]


def add(directory: Path, when: str) -> None:
    with Node.open(directory) as node:
        node.submit(world.tick(110_400), parse_time(when))
        node.commit()


def test_final_result_is_never_replaced_by_a_provisional_one(
    days: Path, tmp_path: Path, call: Call
) -> None:
    """An older copy of the journal, in which the day is not over."""
    copy = world.make(tmp_path / "copy")
    add(days, f"{SATURDAY}T00:00:00Z")
    output = tmp_path / "settled"
    assert call("settle", days, "--day", FRIDAY, "--output", output).code == 0
    before = contents(output / FRIDAY)
    called = call("settle", copy, "--day", FRIDAY, "--output", output, "--provisional")
    assert called.code == 2
    assert f"{output / FRIDAY}: is settled for good, but" in called.err
    assert contents(output / FRIDAY) == before


# ---------------------------------------------------------------- all of it or none


def test_interrupted_settlement_leaves_no_day_and_the_next_one_clears_up(
    days: Path, call: Call, monkeypatch: pytest.MonkeyPatch
) -> None:
    killed = days / "settlement" / ".settling-killed"
    killed.mkdir(parents=True)
    (killed / "statements.jsonl").write_text("half")

    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(settle, "write_files", interrupted)
        with pytest.raises(KeyboardInterrupt):
            settle.settle(settle.Order(days, MONDAY, days / "settlement"))
    assert folders(days) == []
    assert call("settle", days, "--day", MONDAY).code == 0
    assert folders(days) == [MONDAY]


def test_one_process_settles_at_a_time(days: Path, call: Call) -> None:
    with folder.opened(days / "settlement"):
        called = call("settle", days, "--day", MONDAY)
    assert (called.code, called.out) == (2, "")
    assert "another process settles there" in called.err
    assert call("settle", days, "--day", MONDAY).code == 0


def test_full_disk_is_told_in_one_sentence_and_leaves_nothing(
    days: Path, call: Call, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(folder.NewFile, "write", full)
    called = call("settle", days, "--day", MONDAY)
    assert (called.code, called.out) == (2, "")
    assert called.err.endswith("settlement: can't be written: No space left on device\n")
    assert folders(days) == []


def test_order_is_not_changed_by_settling(days: Path) -> None:
    order = settle.Order(days, MONDAY, days / "settlement")
    same = dataclasses.replace(order)
    assert settle.settle(order).written and order == same
