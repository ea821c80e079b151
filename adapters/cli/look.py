"""`lockstep state` and `lockstep events`: questions about a journal.

This file may read and print.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any

from cyclopts import Parameter

from adapters.cli import console, origin
from adapters.cli.arguments import AsJson, Directory, HookModule, hooks_of, point
from adapters.describe import EVENT_NAMES, Names, describe, line
from adapters.replay import JOURNAL_FOLDER, ReplayResult
from adapters.replay import replay as run_replay
from adapters.units import BadInput, format_time, shown, unscaled
from engine import AccountFigures, records
from journal import Block, LmdbJournal, framing


def state(
    dir: Directory,
    /,
    *,
    account: Annotated[
        int | None, Parameter(help="Login of the account; default: all, one object a line.")
    ] = None,
    at: Annotated[
        str | None, Parameter(help="SEQ|TIME: the state then; default: the end of the journal.")
    ] = None,
    hooks: HookModule = None,
    json: Annotated[
        bool, Parameter(name="--json", negative="", help="The state is always JSON.")
    ] = True,
) -> int:
    """Prints the state of an account, or of all, as JSON, now or at any point of the past.

    Amounts are in the account's currency, the margin level in percent (null without margin).
    `sequence` and `time` are those of the last command before the point.
    """
    result = replayed_to(dir, at, hooks)
    label = origin.label(dir)
    when = {"sequence": result.sequence, "time": format_time(result.time_ns)}
    tail = when if label is None else when | {"data": label}
    if account is None:
        for login in result.engine.logins():
            console.say_json(account_state(result.engine.account(login)) | tail, indent=-1)
        return 0
    try:
        figures = result.engine.account(account)
    except KeyError:
        raise BadInput(
            f"{dir}: there is no account {account} at sequence {result.sequence}"
        ) from None
    console.say_json(account_state(figures) | tail)
    return 0


def replayed_to(dir: Path, at: str | None, hooks: str | None) -> ReplayResult:
    """The journal executed again up to `--at` or its end."""
    to_sequence, to_time_ns = point("--at", at)
    with console.progress("replaying") as report:
        result = run_replay(
            dir,
            to_sequence=to_sequence,
            to_time_ns=to_time_ns,
            hooks=hooks_of(hooks),
            progress=report,
        )
    for text in result.reports:
        console.note(f"snapshot not used: {text}")
    return result


def account_state(figures: AccountFigures) -> dict[str, Any]:
    """The figures of an account in the shape of `GET /api/crm/accounts/{login}/state`."""
    digits = figures.currency_digits
    return {
        "login": str(figures.login),
        "equity": unscaled(figures.equity_minor, digits),
        "pnl": unscaled(figures.floating_minor, digits),
        "free_margin": unscaled(figures.free_margin_minor, digits),
        "margin_level": unscaled(figures.level_bp, 2) if figures.margin_minor else None,
        "margin_used": unscaled(figures.margin_minor, digits),
        "max_withdrawable": unscaled(figures.max_withdrawable_minor, digits),
        "gross_exposure": unscaled(figures.gross_exposure_minor, digits),
        "net_exposure": unscaled(figures.net_exposure_minor, digits),
        "currency": figures.currency,
        "stale": figures.stale,
        "age_s": unscaled(figures.age_ns // 1_000_000, 3),
    }


def events(
    dir: Directory,
    /,
    *,
    account: Annotated[int | None, Parameter(help="Only events of this login.")] = None,
    symbol: Annotated[
        str | None, Parameter(help="Only events of this instrument, its orders and positions.")
    ] = None,
    type: Annotated[
        list[str] | None,
        Parameter(
            negative="",
            consume_multiple=True,
            help=f"Only these kinds, several after each other: {', '.join(EVENT_NAMES)}.",
        ),
    ] = None,
    from_: Annotated[
        str | None, Parameter(name="--from", help="SEQ|TIME: from here on, inclusive.")
    ] = None,
    to: Annotated[str | None, Parameter(help="SEQ|TIME: up to here, inclusive.")] = None,
    json: AsJson = False,
) -> int:
    """Prints the events of a journal, one a line; --json: one JSON object a line."""
    for name in type or []:
        if name not in EVENT_NAMES:
            raise BadInput(f"--type {shown(name)}: is none of {', '.join(EVENT_NAMES)}")
    kinds = tuple(EVENT_NAMES[name] for name in type or EVENT_NAMES)
    first_sequence, first_time_ns = point("--from", from_)
    last_sequence, last_time_ns = point("--to", to)
    if _is_after(first_sequence, last_sequence) or _is_after(first_time_ns, last_time_ns):
        raise BadInput(f"--from {from_} --to {to}: the end lies before the beginning")
    label = origin.label(dir)
    if label is not None:
        console.note(label)
    names = Names()
    journal = LmdbJournal.open(dir / JOURNAL_FOLDER)
    try:
        for event in _named_events(journal, names, last_sequence, last_time_ns):
            if not isinstance(event, kinds) or (
                account is not None and getattr(event, "login", 0) != account
            ):
                continue
            if event.sequence < (first_sequence or 0) or event.time_ns < (first_time_ns or 0):
                continue
            if symbol is not None and not _is_about(event, symbol, names):
                continue
            described = describe(event, names)
            if json:
                console.say_json(described, indent=-1)
            else:
                console.say(line(described))
    finally:
        journal.close()
    if symbol is not None and all(i.symbol != symbol for i in names.instruments.values()):
        known = ", ".join(i.symbol for i in names.instruments.values()) or "none"
        raise BadInput(f"--symbol {shown(symbol)}: no such instrument there; known: {known}")
    return 0


def _is_after(first: int | None, last: int | None) -> bool:
    return first is not None and last is not None and first > last


def _is_about(event: records.Event, symbol: str, names: Names) -> bool:
    instrument = names.instruments.get(names.instrument_of(event))
    return instrument is not None and instrument.symbol == symbol


def _named_events(
    journal: LmdbJournal, names: Names, last_sequence: int | None, last_time_ns: int | None
) -> Iterator[records.Event]:
    """Every event up to a point; `names` knows what came before each."""
    for block in journal.blocks(to_sequence=last_sequence):
        configs = _configurations(block)
        for event in records.decode_all(block.events):
            if (last_sequence is not None and event.sequence > last_sequence) or (
                last_time_ns is not None and event.time_ns > last_time_ns
            ):
                return
            if isinstance(event, records.Configured):
                names.learn_config(configs[event.sequence])
            names.learn(event)
            yield event


def _configurations(block: Block) -> dict[int, records.Config]:
    """The configuration objects of a block by their sequences; other commands aren't decoded."""
    words = framing.words_of(block.commands)
    starts = framing.record_starts(block.commands)
    found = starts[(words[starts] & 0xFFFF) == records.Configure.TYPE]
    configs: dict[int, records.Config] = {}
    for start in found.tolist():
        command, _ = records.decode(block.commands, start * records.WORD)
        assert isinstance(command, records.Configure)
        configs[command.sequence] = records.decode_config(command)
    return configs
