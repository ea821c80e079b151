"""What a day is made from: the generated one, and the one from files.

This file may read and check, never write: whatever is wrong with the input shows here,
before a journal exists.
"""

from pathlib import Path

from adapters import config, jsonl
from adapters.cli.day import Day, check_settings, opening_commands
from adapters.config import Settings
from adapters.describe import key_text
from adapters.generate import catalogue, prices
from adapters.generate.agenda import MINUTE_NS
from adapters.generate.crowd import Crowd
from adapters.generate.floor import Floor
from adapters.generate.market import Market
from adapters.jsonl import FileCommand
from adapters.tick_files import TickSeries, TickSource, merge, read_ticks
from adapters.units import BadInput, midnight_ns, parse_day, parse_time, shown
from engine import records
from engine import vocabulary as v

MAX_CLIENTS = 1_000_000
MAX_TICKS = 100_000_000
MIN_BEATS = 150
"""Least and most times that something happens on the exchange of the generated day."""
MAX_BEATS = 2_000
_TICKS_PER_BEAT = 100


def generated_day(seed: int, ticks: int, clients: int) -> Day:
    """The generated trading day. Raises `BadInput` for counts out of range."""
    _check_count("--ticks", ticks, 1, MAX_TICKS)
    _check_count("--clients", clients, 0, MAX_CLIENTS)
    settings = config.settings_of(catalogue.tables(), "generated day")
    market = Market(settings)
    start_ns, end_ns = parse_time(catalogue.START), parse_time(catalogue.END)
    quoted = [i.instrument for i in settings.instruments.values() if i.venue == v.VENUE_QUOTED]
    crowd = Crowd(settings, market, seed, clients, quoted, start_ns, end_ns)
    midnight_ns = parse_time(catalogue.DAY)
    beats = max(MIN_BEATS, min(ticks // _TICKS_PER_BEAT, MAX_BEATS))
    floor = Floor(settings, market, crowd.agenda, seed, midnight_ns, beats)
    return Day(
        settings,
        start_ns,
        prices.quotes(settings, seed, ticks),
        ticks,
        market,
        crowd,
        [],
        floor,
        end_ns,
        midnight_ns + 24 * 60 * MINUTE_NS,
    )


def day_from_files(
    config_path: Path,
    tick_arguments: list[str],
    day: str | None,
    clients: int,
    seed: int,
    commands_path: Path | None,
) -> tuple[Day, list[TickSeries]]:
    """A day of quotes from files. Raises `BadInput` for anything that can't be used."""
    _check_count("--clients", clients, 0, MAX_CLIENTS)
    settings = config.load(config_path)
    check_settings(settings)
    sources = [_source(text, day, settings) for text in tick_arguments]
    commands = [] if commands_path is None else jsonl.read_commands(commands_path, settings)
    series = [read_ticks(source) for source in sources]
    quotes = merge(series)
    if not len(quotes) and not commands:
        raise BadInput("nothing to run: give --ticks SYMBOL@PROVIDER=FILE or --commands FILE")
    times = [int(quotes.times_ns[0]), int(quotes.times_ns[-1])] if len(quotes) else []
    times += [commands[0].time_ns, commands[-1].time_ns] if commands else []
    market = Market(settings)
    quoted = sorted({source.instrument for source in sources})
    if clients and not quoted:
        raise BadInput("--clients: generated clients need quotes (--ticks)")
    crowd = Crowd(settings, market, seed, clients, quoted, min(times), max(times))
    _check_keys(commands_path, commands, settings, crowd)
    return Day(settings, min(times), quotes.rows(), len(quotes), market, crowd, commands), series


def _check_keys(
    path: Path | None, commands: list[FileCommand], settings: Settings, crowd: Crowd
) -> None:
    """Raises `BadInput` for a client key that a command of another origin will have."""
    opening = {
        (command.key_high, command.key_low): command.login
        for command in opening_commands(settings)
        if isinstance(command, records.BalanceOperation)
    }
    for command in commands:
        high, low = command.fields.get("key_high", 0), command.fields.get("key_low", 0)
        if (high, low) in opening:
            owner = f"the opening money of account {opening[high, low]}"
        elif high in crowd.clients and low > 0:
            owner = f"commands of the generated client {high}"
        else:
            continue
        raise BadInput(
            f"{path}, line {command.line}: key: {key_text(high, low)} is kept for {owner}"
        )


def _source(text: str, day: str | None, settings: Settings) -> TickSource:
    """`SYMBOL@PROVIDER=FILE` with what the configuration says about both."""
    name, equals, path = text.partition("=")
    symbol, at, provider = name.partition("@")
    if not (equals and at and symbol and provider and path):
        raise BadInput(f"--ticks {shown(text)}: expected SYMBOL@PROVIDER=FILE")
    instrument = settings.instruments.get(symbol)
    if instrument is None:
        raise BadInput(
            f"--ticks {shown(text)}: {settings.source} has no instrument {shown(symbol)};"
            f" known: {', '.join(settings.instruments) or 'none'}"
        )
    feed = settings.feeds.get(provider)
    if feed is None:
        raise BadInput(
            f"--ticks {shown(text)}: {settings.source} has no feed {shown(provider)};"
            f" known: {', '.join(settings.feeds) or 'none'}"
        )
    if instrument.feeds and feed.number not in instrument.feeds:
        raise BadInput(
            f"--ticks {shown(text)}: {settings.source} does not list the feed {shown(provider)}"
            f" for {symbol}"
        )
    midnight = None
    if day is not None:
        try:
            midnight = midnight_ns(parse_day(day), feed.time_zone)
        except BadInput as error:
            raise BadInput(f"--day: {error}") from None
    return TickSource(
        Path(path),
        instrument.instrument,
        feed.number,
        instrument.digits,
        midnight,
        feed.keep_crossed,
    )


def _check_count(option: str, count: int, least: int, most: int) -> None:
    if not least <= count <= most:
        raise BadInput(f"{option} {count}: expected {least} to {most:,}")
