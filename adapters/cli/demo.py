"""`lockstep demo`: a generated trading day into a journal, and back out of it.

This file may run and print. The data is generated, and every output says so.
"""

from decimal import Decimal
from pathlib import Path
from typing import Annotated, Any, Final

from cyclopts import Parameter

from adapters.cli import console, directory, origin, session
from adapters.cli.arguments import AsJson
from adapters.cli.settle import settled_row
from adapters.cli.sources import generated_day
from adapters.generate import catalogue, venue
from adapters.replay import ReplayResult
from adapters.replay import replay as run_replay
from adapters.settlement.files import RECONCILIATION
from adapters.settlement.settle import OUTPUT_FOLDER, Order, Settled, settle
from adapters.settlement.standing import aligned
from adapters.settlement.statement import READ
from engine._build import compiled


def demo(
    *,
    out: Annotated[Path, Parameter(help="Where to; an earlier demo there is replaced.")] = Path(
        "demo-day"
    ),
    seed: Annotated[int, Parameter(help="The same seed gives the same day, to the byte.")] = 1,
    ticks: Annotated[int, Parameter(help="Quotes of the day.")] = 200_000,
    clients: Annotated[int, Parameter(help="Generated clients.")] = 500,
    json: AsJson = False,
) -> int:
    """Runs a generated trading day into a durable journal, and proves it by a replay.

    About 30 instruments of six asset classes with sessions, spreads and gaps; clients with
    different habits, dealers, deposits, stop-outs; an exchange with a future, a spot pair and
    a perpetual, auctions and liquidations. Prints what happened, replays it all from the
    journal, says whether events and state hash agree, and settles the day. All data is
    generated.
    """
    day = generated_day(seed, ticks, clients)
    if directory.check_demo(out):
        console.note(f"replacing the earlier demo in {out}")
        directory.clear_demo(out)
    label = origin.Origin(
        data=origin.GENERATED, command="demo", seed=seed, clients=clients, ticks=ticks
    )
    if not json:
        console.say(
            f"generated data: {ticks:,} quotes of {len(catalogue.rows())} instruments,"
            f" {clients:,} clients, seed {seed}"
        )
        console.say(
            f"an exchange with {len(venue.BOOKS)} order books and {len(venue.MEMBERS)} members"
        )
        console.say(f"a trading day, {catalogue.START} to {catalogue.END}, into {out}")
        console.say(f"the core {'is compiled' if compiled() else 'runs interpreted'}")
        console.say()
    live = session.run_into(out, day, label)
    if not json:
        console.say("what happened (generated data)")
        session.print_summary(live)
        session.print_exchange(live, label.data)
        console.say()
    with console.progress("replaying") as report:
        replayed = run_replay(out, use_snapshot=False, verify=True, progress=report)
    agrees = replayed.difference is None and replayed.state_hash == live.state_hash
    with console.progress("settling") as report:
        order = Order(out, catalogue.DAY, out / OUTPUT_FOLDER, label=origin.GENERATED)
        settled = settle(order, report)
    if json:
        told = _as_dict(label, live, replayed, agrees)
        console.say_json(told | {"settlement": settled_row(settled)})
    else:
        _print_replay(live, replayed)
        _print_settlement(live, settled)
        _print_advice(out)
    return 0 if agrees and not settled.findings else 1


def _print_replay(live: session.Live, replayed: ReplayResult) -> None:
    console.say("replayed from the journal, from its first command")
    console.say(f"  {console.rate(replayed.commands, replayed.seconds, 'commands')}")
    if replayed.difference is None:
        console.say(f"  events      agree, byte for byte: {replayed.events:,}")
    else:
        console.say(f"  events      DIFFER: {replayed.difference}")
    if replayed.state_hash == live.state_hash:
        console.say(f"  state hash  agrees: {replayed.state_hash}")
    else:
        console.say(
            f"  state hash  DIFFERS: {live.state_hash} live, {replayed.state_hash} replayed"
        )
    console.say()


def _print_settlement(live: session.Live, settled: Settled) -> None:
    """Opening + entries = closing, in total and of the accounts that were liquidated."""
    console.say(f"settled, {settled.day} (UTC)")
    if settled.findings:
        for finding in settled.findings:
            console.say(f"  {finding}")
        console.say(f"  {len(settled.findings)} differences; nothing was written")
        console.say()
        return
    logins = {one.login for one in live.result.tally.exchange.liquidations.values()}
    rows = [_balances(f"{one['accounts']:,} accounts", one) for one in settled.totals["currencies"]]
    with (settled.path / RECONCILIATION).open("rb") as lines:
        accounts = [row for row in map(READ.decode, lines) if row["login"] in logins]
    rows += [_balances(f"account {row['login']}", row) for row in accounts]
    for line in aligned(rows, _BALANCE_COLUMNS):
        console.say(line)
    entries = settled.totals["entries"]
    console.say(f"  reconciled to the last minor unit: {entries:,} entries, {settled.path}")
    console.say()


def _balances(whose: str, row: dict[str, Any]) -> dict[str, Any]:
    entries = row["entries"].values()
    return {
        "whose": whose,
        "currency": row["currency"],
        "opening": row["opening"]["balance"],
        "entries": sum((one["balance"] for one in entries), Decimal()),
        "closing": row["closing"]["balance"],
    }


_BALANCE_COLUMNS: Final = {
    "whose": "balances",
    "currency": "currency",
    "opening": "opening",
    "entries": "+ entries",
    "closing": "= closing",
}


def _print_advice(out: Path) -> None:
    program = console.program()
    console.say("look further")
    console.say(f"  {program} events {out} --type stop_out")
    console.say(f"  {program} events {out} --account {venue.STRETCHED_LOGIN}")
    console.say(f"  {program} state {out} --account 100001 --at 2024-03-05T14:03:00Z")
    console.say(f"  {program} replay {out} --verify --no-snapshot")
    console.say(f"  {program} settle {out} --day {catalogue.DAY}")


def _as_dict(
    label: origin.Origin, live: session.Live, replayed: ReplayResult, agrees: bool
) -> dict[str, Any]:
    return {
        "data": label.data,
        "seed": label.seed,
        "clients": label.clients,
        **session.summary(live),
        "liquidations": live.result.tally.exchange.as_rows(),
        "seconds": round(live.seconds, 3),
        "replay": {
            "commands": replayed.commands,
            "events": replayed.events,
            "seconds": round(replayed.seconds, 3),
            "state_hash": replayed.state_hash,
            "difference": None if replayed.difference is None else str(replayed.difference),
            "agrees": agrees,
        },
    }
