"""A share of the single faults; the long form is `python -m tests.faults.nth_fault`."""

import pytest

from tests.faults.conftest import RunCampaign

pytestmark = pytest.mark.once


def test_single_fault_anywhere_ends_the_node_and_loses_nothing(campaign: RunCampaign) -> None:
    tally = campaign("nth_fault", 1, 120)
    assert tally["count"] == 120
    notes = tally["notes"]
    assert notes["possible faults"] >= 500
    assert notes["faults that struck"] >= 100
    assert notes["snapshots that failed"] >= 10
    assert notes["sessions that went on to their end"] >= 10, "what fails need not end a session"


def test_one_fault_is_repeated_by_its_number(campaign: RunCampaign) -> None:
    assert campaign("nth_fault", 1, 10, "--fault", "77")["count"] == 1
