"""Every reject code is reached, the earlier check answers, and nothing changes
(RULES sections 1 to 5).

That a refused command leaves the state as it was is checked by the world after every one.
"""

import pytest

from engine import records as r
from engine import reject_codes
from tests.rules import faults_of_office, faults_of_orders, faults_of_tickets
from tests.rules.faults import Command, Fault, name_of
from tests.rules.told import CODE_NAMES

COMMANDS = [
    *faults_of_orders.COMMANDS,
    *faults_of_tickets.COMMANDS,
    *faults_of_office.COMMANDS,
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


def test_every_reject_code_has_a_case() -> None:
    reached = {fault.code for command in COMMANDS for fault in command.faults}
    missing = sorted(CODE_NAMES[code] for code in set(reject_codes.SENTENCES) - reached)
    assert not missing, f"no case reaches {missing}"


def test_every_reject_code_has_a_sentence_and_a_name() -> None:
    assert set(CODE_NAMES) == set(reject_codes.SENTENCES)
    for sentence in reject_codes.SENTENCES.values():
        assert sentence[0].islower() and not sentence.endswith(".")
