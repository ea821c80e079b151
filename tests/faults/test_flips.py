"""A share of the flipped bits in every run of the tests; `python -m tests.faults.flips` has all."""

import faulthandler
import os
import signal
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from journal import JournalError
from journal.pages import PAGE
from tests.faults import flips
from tests.faults.flip_cases import FILES, Place, Stores, Wrong, judge
from tests.soak.campaign import Campaign

pytestmark = pytest.mark.once
FLIPS = 800


@pytest.fixture(scope="module")
def stores(tmp_path_factory: pytest.TempPathFactory) -> Stores:
    return Stores(tmp_path_factory.mktemp("flips") / "stores")


def test_flipped_bits_all_over_the_files_are_found_or_harmless(
    stores: Stores, capsys: pytest.CaptureFixture[str]
) -> None:
    campaign = Campaign("flipped bits", FLIPS)
    flips.run(flips.Cases(stores), campaign, first=1)
    assert campaign.failures == [] and campaign.done == FLIPS
    assert set(campaign.notes) == {
        "journal: refused at opening",
        "journal: found by reading",
        "journal: harmless",
        "snapshots: reported",
        "snapshots: harmless",
    }
    assert sum(campaign.notes.values()) == FLIPS


@pytest.mark.parametrize("n_bytes", [8, 4_096, 12_343])
@pytest.mark.parametrize("n_structure", [1, 5])
def test_as_many_cases_as_there_are_bits_flip_each_once(n_bytes: int, n_structure: int) -> None:
    structure = np.arange(n_bytes) % 8 < n_structure
    order = flips.order_of(structure)
    assert sorted(order.tolist()) == list(range(8 * n_bytes))
    first = structure[order[: 2 * n_bytes] // 8]
    assert n_structure == 1 or first.mean() == pytest.approx(0.75, abs=0.2)


def test_a_run_of_any_length_meets_every_page(stores: Stores) -> None:
    cases = flips.Cases(stores)
    for first in (1, 400_000):
        places = [cases.place(case) for case in range(first, first + 1_600)]
        pages = {(place.file, place.byte // PAGE) for place in places}
        assert len(pages) == stores.n_bits // (8 * PAGE)
    assert cases.place(1) == cases.place(1 + stores.n_bits)


def test_every_kind_of_page_is_there(stores: Stores) -> None:
    """A branch, a small and a big block, free pages, two snapshots."""
    places = [stores.place(bit) for bit in range(0, stores.n_bits, 64)]
    blocks = {place.block for place in places} - {0}
    assert len(blocks) == len(stores.blocks) == 7
    sizes = [len(block[1]) + len(block[2]) for block in stores.blocks]
    assert min(sizes) < 400 and max(sizes) > 2 * PAGE
    assert len(stores.answers) > 126, "more client keys than one page holds"
    assert stores.replayed < stores.sequence, "recovery begins with a snapshot"


# ---------------------------------------------------------------- the campaign can fail


def play(stores: Stores, monkeypatch: pytest.MonkeyPatch, fault: Callable[[], str]) -> Campaign:
    """Six cases of which the third has a fault."""

    cases = flips.Cases(stores)

    def judged(stores: Stores, place: Place) -> str:
        return fault() if place == cases.place(3) else "harmless"

    monkeypatch.setattr(flips, "judge", judged)
    monkeypatch.setattr(flips, "HANGS_AFTER_S", 0.5)
    campaign = Campaign("flipped bits", 6)
    flips.run(cases, campaign, first=1)
    assert campaign.done == 6 and sum(campaign.notes.values()) == 5
    return campaign


def dies() -> str:
    faulthandler.disable()
    os.kill(os.getpid(), signal.SIGSEGV)
    return "never"


def ends() -> str:
    os._exit(0)


def hangs() -> str:
    time.sleep(60)
    return "late"


def raises() -> str:
    raise KeyError("no such thing")


def is_wrong() -> str:
    raise Wrong("two\nlines")


@pytest.mark.parametrize(
    ("fault", "sentence"),
    [
        (dies, "the process died of SIGSEGV"),
        (ends, "the process ended"),
        (hangs, "nothing was heard of it for 0 s"),
        (raises, "KeyError came out: 'no such thing'"),
        (is_wrong, "two lines"),
    ],
)
def test_case_that_goes_wrong_in_whatever_way_is_told_and_the_rest_goes_on(
    stores: Stores,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    fault: Callable[[], str],
    sentence: str,
) -> None:
    campaign = play(stores, monkeypatch, fault)
    place = flips.Cases(stores).place(3)
    assert campaign.failures == [f"case 3, {place}: {sentence}"]
    assert (stores.folder / FILES[0]).read_bytes() == stores.content(FILES[0])


@pytest.mark.parametrize(
    ("error", "sentence"),
    [
        ("a file, block 77: damaged", "the file is not named"),
        ("journal/data.mdb: damaged", "block 77 is not named"),
        ("journal/data.mdb, block 77: damaged", ""),
    ],
)
def test_damage_in_a_block_must_be_told_with_file_and_block(
    stores: Stores, monkeypatch: pytest.MonkeyPatch, error: str, sentence: str
) -> None:
    def refuse(folder: Path) -> None:
        raise JournalError(error)

    monkeypatch.setattr("tests.faults.flip_cases.Node.open", refuse)
    place = Place(FILES[0], 1, 1, 77)
    if sentence:
        with pytest.raises(Wrong, match=sentence):
            judge(stores, place)
    else:
        assert judge(stores, place) == "refused at opening"
