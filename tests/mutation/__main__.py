"""`python -m tests.mutation [SEED] [--count N] [--minutes M] [--json]`: a sample of mutants.

Changes margin, trigger and codec code in one place at a time, in a copy, and counts what the
tests notice: `score = killed / (all - equivalent)`. Who survives is shown with its change:
a hole in the tests, or a change without an effect, to be told in equivalent.toml. SEED 0
takes all in their order, any other a sample. A survivor is no failure of the campaign.
"""

import sys
from random import Random

from tests.mutation.equivalent import is_equivalent
from tests.mutation.mutants import Mutant
from tests.mutation.scratch import Fate, Scratch, all_mutants
from tests.soak.campaign import Campaign, arguments_of


def main() -> int:
    parser = arguments_of("tests.mutation", "mutants", 300)
    parser.add_argument("--file", default="", help="only files whose name contains this")
    arguments = parser.parse_args()
    campaign = Campaign.of("mutants", arguments)
    mutants = [mutant for mutant in all_mutants() if arguments.file in mutant.file]
    if arguments.seed:
        Random(arguments.seed).shuffle(mutants)
    survivors: list[Mutant] = []
    with Scratch() as scratch:
        for mutant in mutants:
            if not campaign.goes_on():
                break
            if is_equivalent(mutant):
                campaign.count(equivalent=1)
                continue
            try:
                fate = scratch.fate(mutant)
            except RuntimeError as error:
                campaign.fail(str(error))
                break
            if fate is Fate.SURVIVED:
                survivors.append(mutant)
                print(f"\nsurvived: {mutant.shown()}", file=sys.stderr, flush=True)
            campaign.count(**{fate.value: 1, f"{mutant.file} {fate.value}": 1})
    notes = campaign.notes
    tried = campaign.done - notes["equivalent"]
    if tried:
        score = 100 * (notes["killed"] + notes["timed out"]) / tried
        print(f"score: {score:.1f} % of {tried} mutants noticed", file=sys.stderr)
    return campaign.finish()


if __name__ == "__main__":
    sys.exit(main())
