"""`lockstep demo`: a generated trading day into a journal, and back out of it.

This file may run and print. The data is generated, and every output says so.
"""

from pathlib import Path
from typing import Annotated, Any

from cyclopts import Parameter

from adapters.cli import console, directory, origin, session
from adapters.cli.arguments import AsJson
from adapters.cli.sources import generated_day
from adapters.generate import catalogue
from adapters.replay import ReplayResult
from adapters.replay import replay as run_replay
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
    different habits, dealers, deposits, stop-outs. Prints what happened, replays it all from
    the journal, and says whether events and state hash agree. All data is generated.
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
            f"generated data: {ticks:,} quotes of {len(day.settings.instruments)} instruments,"
            f" {clients:,} clients, seed {seed}"
        )
        console.say(f"a trading day, {catalogue.START} to {catalogue.END}, into {out}")
        console.say(f"the core {'is compiled' if compiled() else 'runs interpreted'}")
        console.say()
    live = session.run_into(out, day, label)
    if not json:
        console.say("what happened (generated data)")
        session.print_summary(live)
        console.say()
    with console.progress("replaying") as report:
        replayed = run_replay(out, use_snapshot=False, verify=True, progress=report)
    agrees = replayed.difference is None and replayed.state_hash == live.state_hash
    if json:
        console.say_json(_as_dict(label, live, replayed, agrees))
    else:
        _print_replay(out, live, replayed)
    return 0 if agrees else 1


def _print_replay(out: Path, live: session.Live, replayed: ReplayResult) -> None:
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
    console.say("look further")
    console.say(f"  {console.program()} events {out} --type stop_out")
    console.say(f"  {console.program()} state {out} --account 100001 --at 2024-03-05T14:03:00Z")
    console.say(f"  {console.program()} replay {out} --verify --no-snapshot")


def _as_dict(
    label: origin.Origin, live: session.Live, replayed: ReplayResult, agrees: bool
) -> dict[str, Any]:
    return {
        "data": label.data,
        "seed": label.seed,
        "clients": label.clients,
        **session.summary(live),
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
