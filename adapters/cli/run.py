"""`lockstep run`: quotes and commands from files, generated clients, into a new journal.

This file may run and print. All input is read and checked before the directory is made.
"""

from pathlib import Path
from typing import Annotated, Any

from cyclopts import Parameter

from adapters.cli import console, directory, origin, session
from adapters.cli.arguments import AsJson, HookModule, hooks_of
from adapters.cli.sources import day_from_files
from adapters.tick_files import TickSeries


def run(
    dir: Annotated[Path, Parameter(help="New or empty directory for journal and snapshots.")],
    /,
    *,
    config: Annotated[Path, Parameter(help="Configuration, such as examples/real_day.toml.")],
    ticks: Annotated[
        list[str] | None,
        Parameter(
            consume_multiple=True,
            negative="",
            help="SYMBOL@PROVIDER=FILE, several after each other: a zip of one day without a"
            " header (milliseconds since midnight, bid, ask), or a CSV with a header (time,"
            " time_ms or time_ns; bid; ask).",
        ),
    ] = None,
    day: Annotated[
        str | None,
        Parameter(help="Day of the zip files, such as 2014-05-05, in the time zone of the feed."),
    ] = None,
    clients: Annotated[int, Parameter(help="Generated clients that trade on the quotes.")] = 0,
    seed: Annotated[int, Parameter(help="Seed of the generated clients.")] = 1,
    commands: Annotated[
        Path | None, Parameter(help="Commands as JSON lines, such as examples/commands.jsonl.")
    ] = None,
    hooks: HookModule = None,
    json: AsJson = False,
) -> int:
    """Runs quotes from files, merged by time, with generated clients or commands of a file.

    Everything is checked first; a file with a line that can't be used changes nothing.
    """
    directory.check_new(dir)
    loaded = hooks_of(hooks)
    made, series = day_from_files(config, ticks or [], day, clients, seed, commands)
    label = origin.Origin(
        data=origin.REAL_WITH_CLIENTS if clients else origin.REAL,
        command="run",
        seed=seed,
        clients=clients,
        ticks=made.quote_count,
        files=[
            console.text_only(str(f))
            for f in (config, *(s.source.path for s in series), commands)
            if f
        ],
    )
    if not json:
        _print_input(label, series)
    live = session.run_into(dir, made, label, loaded)
    if json:
        console.say_json(_as_dict(label, live, series))
        return 0
    console.say(f"what happened ({label.data})")
    session.print_summary(live)
    session.print_exchange(live, label.data)
    console.say()
    console.say(f"prove it: {console.program()} replay {dir} --verify --no-snapshot")
    return 0


def _print_input(label: origin.Origin, series: list[TickSeries]) -> None:
    clients = f", {label.clients:,} generated clients, seed {label.seed}" if label.clients else ""
    console.say(f"{label.ticks:,} quotes from {len(series)} files{clients}")
    for one in series:
        first, last = console.moment(one.times_ns[0]), console.moment(one.times_ns[-1])
        crossed = f", {one.crossed:,} crossed" if one.crossed else ""
        console.say(f"  {one.source.path}: {len(one.times_ns):,}{crossed}, {first} to {last}")
    console.say()


def _as_dict(label: origin.Origin, live: session.Live, series: list[TickSeries]) -> dict[str, Any]:
    return {
        "data": label.data,
        "seed": label.seed,
        "clients": label.clients,
        "files": [
            {"file": str(s.source.path), "quotes": len(s.times_ns), "crossed": s.crossed}
            for s in series
        ],
        **session.summary(live),
        "seconds": round(live.seconds, 3),
    }
