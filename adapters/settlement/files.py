"""The files of a settlement, written one after the other, account by account.

This file may ask the engine at the end of the day and write into the folder it is given.

    reconciliation.jsonl   a line per account and currency: opening, entries by type, closing
    profit_and_loss.jsonl  a line per account and currency: realized by type, floating, result
    statements.jsonl       a line per account: all that its owner may want to know
    statements.txt         the same for reading
    state.snapshot         the state after the last command of the day (snapshots/layout.py)
    totals.json, .txt      all accounts together, per currency
    manifest.json          range, hashes, and a digest of every file above
"""

import contextlib
from collections.abc import Iterator
from itertools import groupby
from operator import itemgetter
from pathlib import Path
from typing import Any, Final

import msgspec

from adapters.settlement.folder import MANIFEST, NewFile, Written
from adapters.settlement.reconcile import Key, Line
from adapters.settlement.standing import Shown, figures_row, orders_of, positions_of
from adapters.settlement.statement import (
    flow_row,
    profit_row,
    read_rows,
    reconciliation_row,
    statement_row,
)
from adapters.settlement.tables import statement_lines, totals_lines
from adapters.settlement.work import Work
from adapters.units import JSON, format_time
from engine import AccountFigures, OrderView
from engine import vocabulary as v
from journal import LmdbJournal, Progress
from snapshots import layout

FORMAT_VERSION: Final = 1
RECONCILIATION: Final = "reconciliation.jsonl"
PROFIT_AND_LOSS: Final = "profit_and_loss.jsonl"
STATEMENTS: Final = "statements.jsonl"
STATEMENTS_TEXT: Final = "statements.txt"
SNAPSHOT: Final = "state.snapshot"
TOTALS: Final = "totals.json"
TOTALS_TEXT: Final = "totals.txt"
_BY_ACCOUNT: Final = (RECONCILIATION, PROFIT_AND_LOSS, STATEMENTS, STATEMENTS_TEXT)
_REPORT_EVERY: Final = 500


def write_files(
    work: Work, journal: LmdbJournal, made: Path, progress: Progress | None
) -> dict[str, Any]:
    """Writes them all; returns the totals."""
    written: dict[str, Written] = {}
    with contextlib.ExitStack() as stack:
        files = {name: _new(stack, made / name) for name in _BY_ACCOUNT}
        floating = _write_accounts(work, files, progress)
        written |= {name: file.done() for name, file in files.items()}
    block = journal.block_at(work.engine.sequence)
    assert block is not None, "the last command of the day is in the journal"
    header = block.header
    written[SNAPSHOT] = _write(made / SNAPSHOT, _snapshot(work, header.block_hash))
    totals = _head(work) | {"currencies": _currencies(work, floating)}
    totals["settlements"] = work.futures.rows
    written[TOTALS] = _write(made / TOTALS, _document(totals))
    text = "".join(f"{line}\n" for line in totals_lines(totals))
    written[TOTALS_TEXT] = _write(made / TOTALS_TEXT, text.encode())
    manifest: Shown = {"format": FORMAT_VERSION, **_head(work)}
    manifest["block"] = {
        "first_sequence": header.first_sequence,
        "last_sequence": header.last_sequence,
        "hash": header.block_hash.hex(),
    }
    manifest["files"] = {name: file._asdict() for name, file in written.items()}
    _write(made / MANIFEST, _document(manifest))
    return totals


def _new(stack: contextlib.ExitStack, path: Path) -> NewFile:
    file = NewFile(path)
    stack.callback(file.close)
    return file


def _write(path: Path, data: bytes) -> Written:
    with contextlib.ExitStack() as stack:
        file = _new(stack, path)
        file.write(data)
        return file.done()


def _document(value: Shown) -> bytes:
    return msgspec.json.format(JSON.encode(value), indent=2) + b"\n"


def _head(work: Work) -> Shown:
    """What day it is, and which part of the journal."""
    engine = work.engine
    return {
        "day": work.day,
        "provisional": work.provisional,
        "data": work.label,
        "first_sequence": work.first_sequence,
        "last_sequence": engine.sequence,
        "last_time": format_time(engine.time_ns),
        "commands": engine.sequence - work.first_sequence + 1,
        "events": work.events,
        "entries": work.books.entries,
        "accounts": len(engine.logins()),
        "opening_state_hash": work.opening_hash,
        "state_hash": engine.state_hash(),
    }


def _snapshot(work: Work, block_hash: bytes) -> bytes:
    """The state in the form of snapshots; not compressed, so that the bytes never change."""
    engine = work.engine
    _, value = layout.pack(
        engine.sequence,
        engine.time_ns,
        block_hash,
        engine.state_hash(),
        engine.state_bytes(),
        compress=False,
    )
    return value


# ---------------------------------------------------------------- account by account

_Floating = dict[str, tuple[int, int]]
"""Floating results of all accounts at opening and closing, by currency."""


def _write_accounts(work: Work, files: dict[str, NewFile], progress: Progress | None) -> _Floating:
    """A line or more per account into each of the files."""
    totals: _Floating = {}
    keys = sorted(work.books.lines)
    pending = work.engine.all_orders()
    for done, found in enumerate(_with_rows(keys, work.rows.groups())):
        login, currencies, rows = found
        lines = {currency: work.books.lines[login, currency] for currency in currencies}
        figures = work.engine.account(login)
        before, after = work.floating.get(login, 0), figures.floating_minor
        sums = totals.get(figures.currency, (0, 0))
        totals[figures.currency] = (sums[0] + before, sums[1] + after)
        _write_account(work, files, figures, lines, rows, pending.get(login, []))
        if progress is not None and done % _REPORT_EVERY == 0:
            progress(done, len(keys))
    return totals


def _write_account(
    work: Work,
    files: dict[str, NewFile],
    figures: AccountFigures,
    lines: dict[str, Line],
    rows: list[bytes],
    pending: list[OrderView],
) -> None:
    login = figures.login
    money = []
    for currency, line in lines.items():
        digits = work.digits[currency]
        key = {"login": login, "currency": currency}
        own = currency == figures.currency
        floating = (work.floating.get(login, 0), figures.floating_minor) if own else (0, 0)
        funds = reconciliation_row(line, digits)
        files[RECONCILIATION].write(JSON.encode(key | funds) + b"\n")
        files[PROFIT_AND_LOSS].write(JSON.encode(key | profit_row(line, floating, digits)) + b"\n")
        money.append({"currency": currency} | funds | flow_row(line, digits))
    statement = statement_row(
        {
            "login": login,
            "day": work.day,
            "provisional": work.provisional,
            "data": work.label,
            "group": work.names.of_config(v.CONFIG_GROUP, figures.group),
        },
        money,
        figures_row(figures),
        {
            **read_rows(rows),
            "positions": positions_of(work.engine, figures, work.names),
            "orders": orders_of(work.engine, figures, work.names, pending),
        },
    )
    files[STATEMENTS].write(JSON.encode(statement) + b"\n")
    for text in statement_lines(statement):
        files[STATEMENTS_TEXT].line(text)


def _with_rows(
    keys: list[Key], rows: Iterator[tuple[int, list[bytes]]]
) -> Iterator[tuple[int, list[str], list[bytes]]]:
    """(login, its currencies, its rows) for every login; keys and rows ascend by login."""
    waiting = next(rows, None)
    for login, group in groupby(keys, key=itemgetter(0)):
        own: list[bytes] = []
        if waiting is not None and waiting[0] == login:
            own = waiting[1]
            waiting = next(rows, None)
        yield login, [currency for _, currency in group], own
    assert waiting is None, "every row is of an account that is there"


def _currencies(work: Work, floating: _Floating) -> list[Shown]:
    """The totals of each currency."""
    shown = []
    for currency, line in sorted(work.books.totals.items()):
        digits = work.digits[currency]
        shown.append(
            {
                "currency": currency,
                "accounts": sum(1 for _, one in work.books.lines if one == currency),
                **reconciliation_row(line, digits),
                "profit_and_loss": profit_row(line, floating.get(currency, (0, 0)), digits),
            }
        )
    return shown
