"""A share of the kills; the long form is `python -m tests.faults.kills`."""

import os

import pytest

from tests.faults.conftest import RunCampaign
from tests.faults.kills import Told, heard
from tests.faults.session import Script

pytestmark = pytest.mark.once

needs_fork = pytest.mark.skipif(not hasattr(os, "fork"), reason="kills need fork")


@needs_fork
def test_killed_process_loses_nothing_acknowledged(campaign: RunCampaign) -> None:
    tally = campaign("kills", 1, 60)
    assert tally["count"] == 60
    notes = tally["notes"]
    assert notes.get("reached nothing", 0) <= 45, "most children get somewhere before they die"
    assert notes["killed when opening"] >= 1
    assert notes["with a follower"] >= 5


SCRIPT = Script(1, 10)


@pytest.mark.parametrize(
    ("lines", "told"),
    [
        ([], Told()),
        ([["opening", "0", ""]], Told("opening")),
        (
            [["opening", "0", ""], ["idle", "3", SCRIPT.hashes[3]], ["sending", "9", ""]],
            Told("sending", 3, 9),
        ),
        ([["idle", "3", SCRIPT.hashes[4]]], Told(durable=3, wrong="the child's state at 3")),
        ([["failed", "OSError:", "no"]], Told("failed", wrong="the child failed: OSError: no")),
    ],
)
def test_last_words_of_a_child_are_understood(lines: list[list[str]], told: Told) -> None:
    found = heard(SCRIPT, lines)
    assert found[:3] == told[:3]
    assert found.wrong.startswith(told.wrong) and bool(found.wrong) == bool(told.wrong)
