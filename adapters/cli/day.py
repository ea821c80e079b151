"""Runs a day through the node: quotes, generated clients and commands of a file, by time.

This file may order and send; what a command does is the core's business. At equal times
quotes come first, then the file's commands, then the clients: everybody has seen the
quote of their moment.
"""

import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import TypeGuard

from adapters.cli.console import Report
from adapters.cli.tally import Tally
from adapters.config import Settings, describe_config
from adapters.generate.crowd import Crowd
from adapters.generate.floor import Floor
from adapters.generate.market import Market
from adapters.generate.prices import QuoteRow
from adapters.jsonl import FileCommand
from adapters.units import BadInput
from engine import Engine, records, reject_codes
from engine import vocabulary as v

Submit = Callable[[records.Command | records.Config, int], Sequence[records.Event]]
"""Applies one command at a time and returns its events."""

_REPORT_EVERY = 4_096


@dataclass
class Day:
    """A day to run: the configuration, the quotes, and who trades on them."""

    settings: Settings
    start_ns: int
    quotes: Iterable[QuoteRow]
    """In the order of time."""
    quote_count: int
    market: Market
    crowd: Crowd
    file_commands: list[FileCommand]
    floor: Floor | None = None
    """The members of the exchange, on the generated day."""
    end_ns: int = 0
    """Until when everybody acts, should the last quote be earlier."""
    over_ns: int = 0
    """When the clock tells that the day is over; 0: it does not."""


@dataclass
class DayResult:
    """What a run did."""

    tally: Tally
    quotes: int = 0
    commands: int = 0
    """All commands, quotes among them."""
    seconds: float = 0.0


def run_day(day: Day, submit: Submit, report: Report | None = None) -> DayResult:
    """Sends the whole day. The caller commits what is left at the end."""
    return _Runner(day, submit).run(report)


class _Runner:
    """The state of a run."""

    def __init__(self, day: Day, submit: Submit) -> None:
        self.day = day
        self.submit = submit
        self.result = DayResult(Tally(day.settings))
        self.tickets: dict[str, int] = {}
        self.positions: dict[str, int] = {}
        """Of named orders that were filled in a book."""
        self.name_of_ticket: dict[int, str] = {}
        self.file = iter(day.file_commands)
        self.next_command = next(self.file, None)

    def run(self, report: Report | None) -> DayResult:
        started = time.perf_counter()
        for config in opening_commands(self.day.settings):
            self.send(config, self.day.start_ns)
        for command in self.day.crowd.opening():
            self.send(command, self.day.start_ns)
        if self.day.floor is not None:
            for command in self.day.floor.opening():
                self.send(command, self.day.start_ns)
        self.quotes(report)
        if self.day.over_ns:
            self.send(records.Clock(), self.day.over_ns)
        self.result.seconds = time.perf_counter() - started
        return self.result

    def quotes(self, report: Report | None) -> None:
        market, tally = self.day.market, self.result.tally
        submit, total = self.submit, self.day.quote_count
        time_ns = self.day.start_ns
        for count, (time_ns, instrument, feed, bid, ask) in enumerate(self.day.quotes, 1):
            self.others(time_ns)
            tick = records.Tick(instrument=instrument, feed=feed, bid_points=bid, ask_points=ask)
            events = submit(tick, time_ns)
            market.quote(tick, time_ns, events)
            if events:
                tally.add(events)
                self.hear(events, time_ns)
                if self.name_of_ticket:
                    self.follow_names(events)
            self.result.quotes = count
            if report is not None and count % _REPORT_EVERY == 0:
                report(count, total)
        self.result.commands += self.result.quotes
        self.others(max(time_ns + 1, self.day.end_ns))
        while self.next_command is not None:
            self.from_file(self.next_command)

    def others(self, before_ns: int) -> None:
        """What file and clients do before a time: the file first at equal times."""
        while self.next_command is not None and self.next_command.time_ns < before_ns:
            for time_ns, command in self.day.crowd.due(self.next_command.time_ns):
                self.send(command, time_ns)
            self.from_file(self.next_command)
        for time_ns, command in self.day.crowd.due(before_ns):
            self.send(command, time_ns)

    def from_file(self, command: FileCommand) -> None:
        self.next_command = next(self.file, None)
        record = command.record(self.tickets, self.positions)
        if command.repeated:
            events = self.submit(record, command.time_ns)
        else:
            events = self.send(record, command.time_ns)
        if command.name is not None:
            for event in events:
                if _is_placed(event, record):
                    self.tickets[command.name] = event.order
                    self.name_of_ticket[event.order] = command.name
            self.follow_names(events)

    def send(
        self, command: records.Command | records.Config, time_ns: int
    ) -> Sequence[records.Event]:
        events = self.submit(command, time_ns)
        self.result.commands += 1
        self.result.tally.add(events)
        self.hear(events, time_ns)
        if self.name_of_ticket:
            self.follow_names(events)
        return events

    def hear(self, events: Sequence[records.Event], time_ns: int) -> None:
        self.day.crowd.hear(events, time_ns)
        if self.day.floor is not None:
            self.day.floor.hear(events)

    def follow_names(self, events: Iterable[records.Event]) -> None:
        """A name stays with its position when that gets another ticket."""
        for event in events:
            if isinstance(event, records.PositionChanged):
                name = self.name_of_ticket.get(event.previous_position)
                if name is not None and event.position != event.previous_position:
                    self.tickets[name] = event.position
                    self.name_of_ticket[event.position] = name
            elif isinstance(event, records.OrderFilled) and event.position != event.order:
                name = self.name_of_ticket.get(event.order)
                if name is not None:
                    self.tickets[name] = event.position
            elif isinstance(event, records.FuturesFilled):
                name = self.name_of_ticket.get(event.order)
                if name is not None:
                    self.positions[name] = event.position


def _is_placed(
    event: records.Event, record: records.Command
) -> TypeGuard[records.OrderPlaced | records.BookOrderPlaced]:
    """Whether the event accepts this order: one command may have orders of others follow it."""
    if isinstance(event, records.OrderPlaced):
        return isinstance(record, records.PlaceOrder)
    if not isinstance(event, records.BookOrderPlaced):
        return False
    fields = ("login", "instrument", "order_type", "side", "volume_units", "time_in_force")
    return isinstance(record, records.PlaceBookOrder) and all(
        getattr(event, name) == getattr(record, name) for name in fields
    )


def opening_commands(settings: Settings) -> Iterator[records.Command | records.Config]:
    """The configuration, then the accounts of the configuration file with their money."""
    yield from settings.configs
    for account in settings.accounts:
        yield account.account
    for account in settings.accounts:
        for operation, amount in (
            (v.DEPOSIT, account.deposit_minor),
            (v.CREDIT_IN, account.credit_minor),
        ):
            if amount:
                yield records.BalanceOperation(
                    login=account.account.login,
                    operation=operation,
                    amount_minor=amount,
                    key_high=account.account.login,
                    key_low=-operation,
                )


def check_settings(settings: Settings) -> None:
    """Raises `BadInput` if the core refuses any of the configuration; nothing is written."""
    engine = Engine()
    for command in opening_commands(settings):
        if isinstance(command, records.Config):
            what = describe_config(command)
        else:
            what = f"account {getattr(command, 'login', 0)}"
        try:
            events = engine.send(command, time_ns=1)
        except ValueError as error:
            raise BadInput(f"{settings.source}: {what}: {error}") from None
        for event in events:
            if isinstance(event, records.Rejected):
                sentence = reject_codes.SENTENCES.get(event.code, "")
                raise BadInput(
                    f"{settings.source}: {what}: refused with code {event.code}: {sentence}"
                    f" (detail {event.detail})"
                )
