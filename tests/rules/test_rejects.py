"""Every reject code is reached, the earlier check answers, and nothing changes
(RULES sections 1 to 5).

That a refused command leaves the state as it was is checked by the world after every one.
"""

import dataclasses

import msgspec
import pytest

from engine import bounds, reject_codes
from engine import records as r
from tests.rules import (
    faults_of_books,
    faults_of_futures,
    faults_of_office,
    faults_of_orders,
    faults_of_tickets,
)
from tests.rules.faults import Command, Fault, name_of
from tests.rules.told import CODE_NAMES, told
from tests.rules.world import START_NS

COMMANDS = [
    *faults_of_orders.COMMANDS,
    *faults_of_tickets.COMMANDS,
    *faults_of_office.COMMANDS,
    *faults_of_books.COMMANDS,
    *faults_of_futures.COMMANDS,
]
CASES = [
    pytest.param(command, fault, id=f"{command.name}-{name_of(fault)}".replace(" ", "_"))
    for command in COMMANDS
    for fault in command.faults
]


@pytest.mark.parametrize("command", COMMANDS, ids=lambda command: command.name.replace(" ", "_"))
def test_the_good_command_is_accepted(command: Command) -> None:
    events = command.send()
    assert not any(isinstance(event, r.Rejected) for event in events)


@pytest.mark.parametrize(("command", "fault"), CASES)
def test_a_fault_is_answered_by_its_code_and_an_earlier_one_goes_first(
    command: Command, fault: Fault
) -> None:
    (alone,) = command.send(fault)
    assert CODE_NAMES[alone.code] == CODE_NAMES[fault.code]
    if fault.detail is not None:
        assert alone.detail == fault.detail
    for later in command.pairs(fault):
        (both,) = command.send(fault, later)
        assert CODE_NAMES[both.code] == CODE_NAMES[fault.code], f"with {name_of(later)}"


# The last value before a check fails: command and fields.
EDGES = [
    (faults_of_orders.MARKET, {"take_profit_points": bounds.MAX_PRICE_POINTS}),
    (faults_of_orders.MARKET, {"stop_loss_points": 1}),
    (faults_of_orders.MARKET, {"stop_loss_points": 109_999, "take_profit_points": 110_001}),
    (faults_of_orders.MARKET, {"volume_units": 1}),
    (faults_of_orders.MARKET, {"price_points": 110_015, "deviation_points": 5}),
    (faults_of_orders.MARKET, {"price_points": 110_005, "deviation_points": 5}),
    (faults_of_orders.MARKET, {"price_points": 110_010, "deviation_points": 2**63 - 1}),
    (faults_of_orders.PENDING, {"price_points": 27_500, "stop_loss_points": 0}),
    (faults_of_orders.PENDING, {"price_points": 110_009}),
    (faults_of_orders.PENDING, {"volume_units": 10_000}),
    (faults_of_orders.PENDING, {"expiry_ns": START_NS + 1}),
    (faults_of_orders.PENDING, {"expiry_ns": bounds.MAX_TIME_NS}),
    (faults_of_orders.STOP_LIMIT, {"limit_price_points": 110_099}),
    (faults_of_orders.STOP_LIMIT, {"limit_price_points": 27_500, "stop_loss_points": 0}),
    (faults_of_orders.STOP_LIMIT, {"price_points": 440_000}),
    (
        faults_of_orders.STOP_LIMIT,
        {"price_points": 110_011, "limit_price_points": 110_010, "stop_loss_points": 110_009},
    ),
    (faults_of_tickets.CONFIRM, {"price_points": 27_500}),
    (faults_of_tickets.CONFIRM, {"price_points": 440_000}),
    (faults_of_tickets.REQUOTE, {"price_points": 27_500}),
    (faults_of_tickets.CLOSE, {"volume_units": 100}),
    (faults_of_tickets.LEVELS, {"stop_loss_points": 0, "take_profit_points": 0}),
    (faults_of_tickets.DEALER, {"dealer": 2**31 - 1}),
    (faults_of_office.TICK, {"bid_points": 27_500, "ask_points": 440_000}),
    (faults_of_office.TICK, {"bid_points": 440_000, "ask_points": 440_000}),
    (faults_of_office.ACCOUNT, {"leverage": 10_000}),
    (faults_of_office.ACCOUNT, {"leverage": 0, "agent_login": 0}),
    (faults_of_office.CURRENCY, {"currency": bounds.MAX_CURRENCIES, "code": "x" * 31}),
    (faults_of_office.CURRENCY, {"currency": 100, "code": "!", "digits": 10}),
    (faults_of_office.FEED, {"feed": bounds.MAX_FEEDS, "name": "last"}),
    (faults_of_office.INSTRUMENT, {"instrument": bounds.MAX_INSTRUMENTS, "symbol": "LAST"}),
    (faults_of_office.INSTRUMENT, {"hedged_size": 100_000}),
    (faults_of_office.INSTRUMENT, {"lot_max_units": 100_000}),
    (faults_of_office.INSTRUMENT, {"margin_percent_bp": 40_000}),
    (faults_of_office.INSTRUMENT, {"price_min_points": 439_999}),
    (faults_of_office.INSTRUMENT, {"staleness_ms": 10**12}),
    (faults_of_office.INSTRUMENT, {"sessions": [(0, 5), (5, 10_080)]}),
    (faults_of_office.INSTRUMENT, {"feeds": [1] * 8}),
    (faults_of_office.OF_GROUP, {"margin_call_level": 10**9, "stop_out_level": 10**9}),
    (faults_of_office.OF_GROUP, {"leverage": 10_000, "max_orders": 512}),
    (faults_of_office.OF_GROUP, {"level_type": 1, "margin_call_level": 0, "stop_out_level": 2**50}),
    (faults_of_office.OF_GROUP, {"markup_bid_points": -999, "markup_ask_points": 2**20}),
    (faults_of_office.OF_GROUP, {"commission_per_lot_minor": 2**31}),
    (faults_of_office.TERMS, {"markup_ask_points": -31_249, "margin_percent_bp": 0}),
    (faults_of_office.TERMS, {"lot_max_units": 100_000, "lot_step_units": 2**31 - 1}),
    (faults_of_office.HOOKS, {"source_hash": "0" * 128}),
    *faults_of_books.EDGES,
    *faults_of_futures.EDGES,
]


@pytest.mark.parametrize(
    ("command", "fields"), EDGES, ids=lambda x: getattr(x, "name", str(x))[:60]
)
def test_the_last_good_value_is_accepted(command: Command, fields: dict[str, int]) -> None:
    last = dataclasses.replace(command, good=msgspec.structs.replace(command.good, **fields))
    events = last.send()
    assert not any(isinstance(event, r.Rejected) for event in events), told(events)


def test_every_reject_code_has_a_case() -> None:
    reached = {fault.code for command in COMMANDS for fault in command.faults}
    missing = sorted(CODE_NAMES[code] for code in set(reject_codes.SENTENCES) - reached)
    assert not missing, f"no case reaches {missing}"


def test_every_reject_code_has_a_sentence_and_a_name() -> None:
    assert set(CODE_NAMES) == set(reject_codes.SENTENCES)
    for sentence in reject_codes.SENTENCES.values():
        assert sentence[0].islower() and not sentence.endswith(".")
