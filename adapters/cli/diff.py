"""`lockstep diff`: where two journals part, and what became of the accounts.

This file may compare and print. How it is compared is in adapters/compare.py and
compare_accounts.py.
"""

from contextlib import ExitStack, closing
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Any

from cyclopts import Parameter

from adapters import compare
from adapters.cli import console, origin
from adapters.cli.arguments import AsJson, HookModule, hooks_of, point, reachable
from adapters.compare import END, EVENTS, Parting, Row, Side, executed_again, side_by_side
from adapters.compare_accounts import AccountDifference, Accounts, accounts_of
from adapters.replay import OtherHooks
from adapters.replay import replay as run_replay
from adapters.units import BadInput, format_time, unscaled
from engine import AccountFigures, Hooks
from engine.records import Record

_MOST_EVENTS = 5
"""Events of the differing command that are shown to people; --json has all of them."""
_NO_HOOKS = "none"
_STAMP = ("sequence", "time_ns")
"""Fields that an event has from its command."""
_WHAT = {
    compare.COMMAND: "the commands differ",
    compare.EVENTS: "the same command, other events",
}


def diff(
    dir_a: Annotated[Path, Parameter(validator=reachable, help="Directory of one run.")],
    dir_b: Annotated[Path, Parameter(validator=reachable, help="Directory of the other.")],
    /,
    *,
    at: Annotated[
        str | None,
        Parameter(help="SEQ|TIME: compare both up to there; default: each to its end."),
    ] = None,
    accounts: Annotated[
        int, Parameter(help="Accounts to list at most; 0: compare the records alone, quickly.")
    ] = 10,
    hooks: HookModule = None,
    hooks_b: Annotated[
        str | None,
        Parameter(help="Hooks of DIR_B where they are not those of --hooks; none: no hooks."),
    ] = None,
    json: AsJson = False,
) -> int:
    """Shows the first command where two journals differ, field by field, then the accounts.

    The command itself is compared first, then the events it caused. How commands were grouped
    into blocks makes no difference. Then both journals are replayed, and the accounts that differ
    are listed, the largest difference in equity first, in the account's currency; differences
    are B minus A. What is equal by its hashes is not read again (`verify` does that). Exit code 0
    if the journals are alike, 1 if they differ.
    """
    if accounts < 0:
        raise BadInput(f"--accounts {accounts}: expected 0 or more")
    to_sequence, to_time_ns = point("--at", at)
    loaded = hooks_of(hooks)
    chosen = (loaded, loaded if hooks_b is None else _hooks_of_b(hooks_b))
    with ExitStack() as stack:
        a, b = (
            stack.enter_context(closing(Side.open(path, to_sequence, to_time_ns)))
            for path in (dir_a, dir_b)
        )
        with console.progress("comparing") as report:
            parting = compare.parting(a, b, report)
        ends = {"a": _end(a), "b": _end(b)}
    replayed = _replayed(a, parting, chosen[0]) if parting and accounts else None
    if not json:
        _print_parting(ends, parting, replayed)
    found, why_not = None, ""
    if parting and accounts:
        found, why_not = _accounts((a, b), chosen)
    if json:
        console.say_json(
            {"alike": parting is None, **ends}
            | {"difference": _parting_as_dict(parting, replayed)}
            | {"accounts": _accounts_as_dict(found), "accounts_not_compared": why_not or None}
        )
    elif parting and accounts:
        _print_accounts(found, why_not, accounts)
        if ends["a"]["sequence"] != ends["b"]["sequence"]:
            console.say("the journals end at different points; --at SEQ|TIME compares at one")
    return 0 if parting is None else 1


def _hooks_of_b(module: str) -> Hooks | None:
    return None if module == _NO_HOOKS else hooks_of(module)


def _end(side: Side) -> dict[str, Any]:
    """Where one side ends."""
    time_ns = side.time_ns()
    return {
        "directory": str(side.directory),
        "data": origin.label(side.directory),
        "sequence": side.end,
        "time": format_time(time_ns) if time_ns else None,
    }


# ---------------------------------------------------------------- the first difference


def _replayed(a: Side, parting: Parting, hooks: Hooks | None) -> str | None:
    """Where the same command has other events: whose events this program gives, "A" or "B".

    None where the commands differ, or where the hooks to replay with are not given.
    """
    ours, theirs = parting.answers
    if parting.what != EVENTS or ours is None or theirs is None:
        return None
    try:
        events = executed_again(a.directory, ours.command, hooks)
    except OtherHooks:
        return None
    return "A" if events == ours.events else "B" if events == theirs.events else "neither"


def _pairs(parting: Parting) -> list[tuple[str, Record | None, Record | None]]:
    """The differing command and each of its events: what it is called, on either side."""
    ours, theirs = parting.answers
    events = [answer.events if answer else [] for answer in parting.answers]
    found: list[tuple[str, Record | None, Record | None]] = [
        ("command", ours.command if ours else None, theirs.command if theirs else None)
    ]
    for index in range(max(map(len, events))):
        a, b = (side[index] if index < len(side) else None for side in events)
        found.append((f"event {index}", a, b))
    return found


def _parting_as_dict(parting: Parting | None, replayed: str | None) -> dict[str, Any] | None:
    if parting is None:
        return None
    records = []
    for name, a, b in _pairs(parting):
        fields = [{"field": n, "a": x, "b": y} for n, x, y in side_by_side(a, b)]
        records.append({"record": name, "differs": a != b, "fields": fields})
    return {
        "sequence": parting.sequence,
        "what": parting.what,
        "records": records,
        "replay_gives": replayed,
    }


def _print_parting(ends: dict[str, Any], parting: Parting | None, replayed: str | None) -> None:
    width = max(len(end["directory"]) for end in ends.values())
    for name, end in ends.items():
        label = f"  ({end['data']})" if end["data"] else ""
        console.say(
            f"{name.upper()}  {end['directory'].ljust(width)}  sequence {end['sequence']},"
            f" {end['time'] or '-'}{label}"
        )
    if parting is None:
        console.say("alike: the same commands and the same events, byte for byte")
        return
    console.say()
    if parting.what == END:
        short = "A" if parting.answers[0] is None else "B"
        what = f"{short} ends before; everything up to there is the same"
    else:
        what = _WHAT[parting.what]
    moments = [format_time(answer.command.time_ns) for answer in parting.answers if answer]
    console.say(f"FIRST DIFFERENCE at sequence {parting.sequence}, {min(moments)}: {what}")
    pairs = _pairs(parting)
    _print_rows([(name, side_by_side(a, b)) for name, a, b in pairs[: 1 + _MOST_EVENTS]])
    if len(pairs) > 1 + _MOST_EVENTS:
        console.say(f"  and {len(pairs) - 1 - _MOST_EVENTS} more events (--json shows all)")
    if replayed is not None:
        console.say(f"a replay of the command gives the events of {replayed}")


def _print_rows(records: list[tuple[str, list[Row]]]) -> None:
    """Records field by field, the fields that differ marked."""
    records = [
        (heading, [r for r in record if r[0] not in _STAMP or r[1] != r[2] or heading == "command"])
        for heading, record in records
    ]
    rows = [row for _, record in records for row in record]
    name_width = max(len(name) for name, *_ in rows)
    value_width = max(*(len(_shown(a)) for _, a, _ in rows), 1)
    console.say(f"    {''.ljust(name_width)}  {'A'.ljust(value_width)}  B")
    for heading, record in records:
        console.say(f"  {heading}")
        for name, a, b in record:
            mark = " " if a == b else "*"
            console.say(
                f"  {mark} {name.ljust(name_width)}  {_shown(a).ljust(value_width)}  {_shown(b)}"
            )


def _shown(value: Any) -> str:
    return "-" if value is None else str(value)


# ---------------------------------------------------------------- accounts


def _accounts(
    sides: tuple[Side, Side], hooks: tuple[Hooks | None, Hooks | None]
) -> tuple[Accounts | None, str]:
    """Both journals replayed, and their accounts compared; or why that can't be."""
    engines = []
    for side, own, name in zip(sides, hooks, "AB", strict=True):
        with console.progress(f"replaying {name}") as report:
            try:
                result = run_replay(
                    side.directory, to_sequence=side.end, hooks=own, progress=report
                )
            except OtherHooks as error:
                return None, str(error)
        for text in result.reports:
            console.note(f"snapshot not used: {text}")
        engines.append(result.engine)
    with console.progress("accounts") as report:
        return accounts_of(engines[0], engines[1], report), ""


def _accounts_as_dict(found: Accounts | None) -> dict[str, Any] | None:
    if found is None:
        return None
    return {
        "in_both": found.in_both,
        "differ": [_account_as_dict(each) for each in found.differ],
        "only_a": [_figures_as_dict(each) for each in found.only_a],
        "only_b": [_figures_as_dict(each) for each in found.only_b],
        "state_hash": dict(zip("ab", found.state_hashes, strict=True)),
    }


def _account_as_dict(found: AccountDifference) -> dict[str, Any]:
    shown: dict[str, Any] = {"login": found.login, "currency": found.a.currency}
    if not found.same_money:
        shown["currency"] = {"a": found.a.currency, "b": found.b.currency}
    for name, (a, b) in found.amounts().items():
        shown[name] = {"a": a, "b": b, "difference": b - a if found.same_money else None}
    for name, (x, y) in found.counts().items():
        shown[name] = {"a": x, "b": y, "difference": y - x}
    return shown | {"other_positions": found.other_positions}


def _figures_as_dict(figures: AccountFigures) -> dict[str, Any]:
    return {
        "login": figures.login,
        "currency": figures.currency,
        "equity": _equity(figures),
        "positions": figures.positions,
    }


def _equity(figures: AccountFigures) -> Decimal:
    return unscaled(figures.equity_minor, figures.currency_digits)


def _print_accounts(found: Accounts | None, why_not: str, most: int) -> None:
    console.say()
    if found is None:
        console.say(f"accounts: not compared: {why_not} (--hooks, --hooks-b)")
        return
    console.say(f"accounts: {found.in_both:,} in both, {len(found.differ):,} differ")
    if found.alike and found.state_hashes[0] != found.state_hashes[1]:
        console.say("  the states differ elsewhere: configuration, quotes, orders or dealers")
    _print_table([row for each in found.differ[:most] for row in _rows_of(each)])
    if len(found.differ) > most:
        console.say(f"  and {len(found.differ) - most:,} more (--accounts N, or --json for all)")
    for name, only in (("A", found.only_a), ("B", found.only_b)):
        if only:
            console.say(f"accounts only in {name}: {len(only):,}")
        for figures in only[:most]:
            console.say(f"  {figures.login}  equity {_equity(figures):,} {figures.currency}")
        if len(only) > most:
            console.say(f"  and {len(only) - most:,} more")


def _rows_of(found: AccountDifference) -> list[tuple[str, str, str, str, str]]:
    """An account as lines of the table: login, figure, A, B, difference."""
    money = found.a.currency
    if not found.same_money:
        money = f"{found.a.currency}, in B {found.b.currency}"
    rows = []
    for name, (a, b) in found.amounts().items():
        difference = f"{b - a:+,} {money}" if found.same_money else money
        rows.append((name, f"{a:,}", f"{b:,}", difference))
    for name, (x, y) in found.counts().items():
        rows.append((name, f"{x:,}", f"{y:,}", f"{y - x:+,}"))
    if found.other_positions and "positions" not in found.counts():
        rows.append(("positions", f"{found.a.positions:,}", f"{found.b.positions:,}", "others"))
    rows.sort(key=lambda row: row[0] != "equity")
    return [(str(found.login) if n == 0 else "", *row) for n, row in enumerate(rows)]


def _print_table(rows: list[tuple[str, str, str, str, str]]) -> None:
    if not rows:
        return
    rows = [("login", "", "A", "B", "B - A"), *rows]
    login, name, a, b, _ = (max(map(len, column)) for column in zip(*rows, strict=True))
    for row in rows:
        console.say(
            f"  {row[0].ljust(login)}  {row[1].ljust(name)}  {row[2].rjust(a)}"
            f"  {row[3].rjust(b)}  {row[4]}"
        )
