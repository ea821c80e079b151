"""`lockstep positions`: who held what, at any point of the past.

This file may read and print.
"""

from collections.abc import Iterator
from typing import Annotated

from cyclopts import Parameter

from adapters.cli import console, origin
from adapters.cli.arguments import AsJson, Directory, HookModule
from adapters.cli.look import replayed_to
from adapters.replay import ReplayResult
from adapters.settlement.standing import (
    ORDER_COLUMNS,
    POSITION_COLUMNS,
    Shown,
    aligned,
    names_of,
    orders_of,
    positions_of,
)
from adapters.units import BadInput, format_time
from engine import AccountFigures


def positions(
    dir: Directory,
    /,
    *,
    account: Annotated[
        int | None, Parameter(help="Login of the account; default: all accounts.")
    ] = None,
    at: Annotated[
        str | None, Parameter(help="SEQ|TIME: the positions then; default: end of the journal.")
    ] = None,
    orders: Annotated[
        bool, Parameter(negative="", help="Pending orders, too, and those that wait for a dealer.")
    ] = False,
    hooks: HookModule = None,
    json: AsJson = False,
) -> int:
    """Prints open positions, now or at any point of the past; --json: one object a line.

    Prices, floating results and amounts are those of that moment, in the account's currency.
    """
    result = replayed_to(dir, at, hooks)
    if account is not None and account not in result.engine.logins():
        raise BadInput(f"{dir}: there is no account {account} at sequence {result.sequence}")
    label = origin.label(dir)
    if label is not None:
        console.note(label)
    if json:
        head = {"sequence": result.sequence, "time": format_time(result.time_ns)}
        for figures, own, pending in _held(result, account, orders):
            for row in (*own, *pending):
                console.say_json(head | _who(figures) | row, indent=-1)
    else:
        _print(result, account, orders)
    return 0


def _who(figures: AccountFigures) -> Shown:
    return {"login": figures.login, "currency": figures.currency}


def _held(
    result: ReplayResult, account: int | None, orders: bool
) -> Iterator[tuple[AccountFigures, list[Shown], list[Shown]]]:
    """(account, positions, orders) of those that have some, by login."""
    engine = result.engine
    names = names_of(engine)
    waiting = engine.all_orders() if orders else {}
    for login in engine.logins() if account is None else [account]:
        figures = engine.account(login)
        own = positions_of(engine, figures, names)
        pending = orders_of(engine, figures, names, waiting.get(login, [])) if orders else []
        if own or pending:
            yield figures, own, pending


def _print(result: ReplayResult, account: int | None, orders: bool) -> None:
    counts = [0, 0]
    console.say(f"sequence {result.sequence}, {console.moment(result.time_ns)}")
    for figures, own, pending in _held(result, account, orders):
        console.say()
        console.say(f"account {figures.login}, {figures.currency}")
        for rows, columns in ((own, POSITION_COLUMNS), (pending, ORDER_COLUMNS)):
            if rows:
                for line in aligned(rows, columns):
                    console.say(line)
        counts[0] += len(own)
        counts[1] += len(pending)
    console.say()
    tail = f", {counts[1]:,} orders" if orders else ""
    console.say(f"{counts[0]:,} positions{tail}")
