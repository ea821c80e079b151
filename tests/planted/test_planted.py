"""Each planted bug is caught, and the same tests pass without it."""

from pathlib import Path

import pytest

from tests.planted.bug import Bug
from tests.planted.bugs import BUGS
from tests.planted.plant import catches, copy_sources, passes, plant

pytestmark = pytest.mark.once

CHEAP = [bug for bug in BUGS if not bug.costly]


@pytest.mark.parametrize("catcher", dict.fromkeys(bug.catcher for bug in CHEAP))
def test_what_catches_bugs_passes_without_one(catcher: str, tmp_path: Path) -> None:
    wrong = passes(catcher, tmp_path)
    assert not wrong, wrong


@pytest.mark.parametrize("bug", CHEAP, ids=lambda bug: bug.name)
def test_planted_bug_is_caught(bug: Bug, tmp_path: Path) -> None:
    wrong = catches(bug, tmp_path)
    assert not wrong, wrong


def test_every_bug_fits_the_sources_as_they_are(tmp_path: Path) -> None:
    """Also those that only the campaign runs."""
    copy_sources(tmp_path)
    originals = {edit.file: (tmp_path / edit.file).read_bytes() for b in BUGS for edit in b.edits}
    for bug in BUGS:
        plant(bug, tmp_path)
        for edit in bug.edits:
            assert (tmp_path / edit.file).read_bytes() != originals[edit.file], bug.name
        for file, data in originals.items():
            (tmp_path / file).write_bytes(data)
    assert len({bug.name for bug in BUGS}) == len(BUGS) >= 12
