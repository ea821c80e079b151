"""The long run itself: bounds, tallies, the record and its table."""

import json
import subprocess
import sys
from argparse import Namespace
from pathlib import Path

import pytest

from tests.conftest import ROOT
from tests.soak import record
from tests.soak.campaign import MOST_FAILURES, Campaign
from tests.soak.plan import PLAN, Planned

pytestmark = pytest.mark.once


def row(count: int, *failures: str) -> dict[str, object]:
    return {
        "unit": "cases",
        "count": count,
        "failures": list(failures),
        "notes": {"found": 3},
        "command": "python -m tests.nothing 1",
        "commit": "abc",
    }


def test_campaign_ends_at_its_count_its_minutes_or_too_many_failures() -> None:
    campaign = Campaign("cases", 3)
    while campaign.goes_on():
        campaign.count(found=2)
    assert (campaign.done, campaign.notes["found"], campaign.finish()) == (3, 6, 0)
    assert not Campaign("cases", 3, minutes=0.0).goes_on()
    failing = Campaign("cases", 1_000)
    while failing.goes_on():
        failing.count()
        failing.fail("case 7: lost")
    assert (failing.done, failing.finish()) == (MOST_FAILURES, 1)


def test_campaign_says_its_tally_as_json(capsys: pytest.CaptureFixture[str]) -> None:
    campaign = Campaign.of("cases", Namespace(count=1, minutes=None, json=True))
    campaign.count(found=1)
    campaign.finish()
    told = json.loads(capsys.readouterr().out)
    assert (told["unit"], told["count"], told["failures"]) == ("cases", 1, [])


@pytest.mark.parametrize(
    ("new", "old", "taken"),
    [
        (row(10), None, True),
        (row(10), row(10), True),
        (row(10), row(11), False),
        (row(1, "seed 1: lost"), row(1_000), True),
        (row(10), row(1_000, "seed 1: lost"), False),
    ],
)
def test_record_keeps_the_longest_clean_run_and_shows_every_failure(
    new: dict[str, object], old: dict[str, object] | None, taken: bool
) -> None:
    assert record.takes_the_place(new, old) is taken


def test_table_of_the_document_is_the_record() -> None:
    document = record.DOCUMENT.read_text(encoding="utf-8")
    assert record.fill(document, record.load()) == document, "run: make soak"
    with pytest.raises(ValueError, match="no place for the table"):
        record.fill("nothing", {})


@pytest.mark.parametrize("planned", PLAN, ids=lambda p: p.module)
def test_every_planned_campaign_is_there_and_takes_its_arguments(planned: Planned) -> None:
    done = subprocess.run(
        [sys.executable, "-m", planned.module, "--help"], cwd=ROOT, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    for option in ("--count", "--minutes", "--json", *planned.options[::2]):
        assert option in done.stdout


def test_long_run_writes_what_its_processes_found(tmp_path: Path) -> None:
    """In a copy of the two files that it writes; the campaign is the real one of random days."""
    script = (
        "import sys\nfrom pathlib import Path\nfrom tests.soak import __main__, record\n"
        "record.RECORD, record.DOCUMENT = Path('record.json'), Path('table.md')\n"
        "sys.argv[1:] = ['--minutes', '0.03', '--jobs', '1', '--only', 'tests.random_days']\n"
        "sys.exit(__main__.main())\n"
    )
    (tmp_path / "table.md").write_text(f"before\n{record.BEGIN}{record.END}after\n")
    done = subprocess.run(
        [sys.executable, "-P", "-c", script],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        env={"PYTHONPATH": str(ROOT), "PATH": "/usr/bin:/bin"},
    )
    assert done.returncode == 0, done.stderr + done.stdout
    (name, row), *_ = json.loads((tmp_path / "record.json").read_text()).items()
    assert row["count"] >= 1 and not row["failures"]
    text = (tmp_path / "table.md").read_text()
    assert text.startswith("before\n") and text.endswith("after\n")
    assert f"| {name} | {row['count']:,} days | 0 |" in text
