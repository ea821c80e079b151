"""A share of the power cuts; the long form is `python -m tests.faults.power_cuts`."""

import pytest

from tests.faults.conftest import RunCampaign

pytestmark = pytest.mark.once


def test_power_cut_at_any_point_loses_nothing_acknowledged(campaign: RunCampaign) -> None:
    tally = campaign("power_cuts", 1, 500)
    assert tally["count"] == 500
    notes = tally["notes"]
    assert notes["operations"] >= 70
    assert notes["cuts that tore a page"] >= 20
    assert notes["unacknowledged tails kept"] >= 20, "a commit that was all but finished"
    assert notes["unacknowledged tails lost"] >= 200


def test_one_cut_is_repeated_by_its_number(campaign: RunCampaign) -> None:
    assert campaign("power_cuts", 1, 10, "--cut", "77")["count"] == 1
