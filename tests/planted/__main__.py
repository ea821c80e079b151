"""`python -m tests.planted [NUMBER] [--count N] [--minutes M] [--json]`: all planted bugs.

A campaign; it begins with the bug of that number (from 1) and ends with the last. Before the
first bug of a catcher, the catcher is run without any.
"""

import sys
import tempfile
from pathlib import Path

from tests.planted.bugs import BUGS
from tests.planted.plant import catches, passes
from tests.soak.campaign import Campaign, arguments_of


def main() -> int:
    arguments = arguments_of("tests.planted", "planted bugs", len(BUGS)).parse_args()
    campaign = Campaign.of("planted bugs", arguments)
    tried: set[str] = set()
    for number, bug in enumerate(BUGS[arguments.seed - 1 :], arguments.seed):
        if not campaign.goes_on():
            break
        with tempfile.TemporaryDirectory() as folder:
            wrong = ""
            if bug.catcher not in tried:
                tried.add(bug.catcher)
                wrong = passes(bug.catcher, Path(folder) / "clean")
            wrong = wrong or catches(bug, Path(folder) / "planted")
        if wrong:
            campaign.fail(f"python -m tests.planted {number} --count 1: {wrong}")
        campaign.count(**{"caught": not wrong})
    return campaign.finish()


if __name__ == "__main__":
    sys.exit(main())
