"""`python -m tests.simulate [SEED] [--commands N] [--count K] [--minutes M] [--json] [--trace]`.

Lets K worlds live, from SEED on, and counts what happened in them. A failure prints the seed,
the last faults, the first difference, and the command line that repeats it. The digest at the
end covers every event, fault and outcome: the same seeds give the same digest everywhere.
"""

import hashlib
import sys
import tempfile
from pathlib import Path

from tests.faults import shim

if __name__ == "__main__":
    shim.run_under_shim()

from adapters.node import Node
from tests.faults.session import make_stores_small
from tests.simulate.oracle import Wrong
from tests.simulate.world import World
from tests.soak.campaign import Campaign, arguments_of

COMMANDS = 1_000


def run_seed(
    seed: int,
    n_commands: int,
    campaign: Campaign,
    *,
    node_class: type[Node] = Node,
    trace: bool = False,
) -> str:
    """One world; its digest, or "" where something was wrong with it."""
    with tempfile.TemporaryDirectory(dir=shim.memory_folder()) as scratch:
        tell = show if trace else None
        world = World(seed, n_commands, Path(scratch), node_class=node_class, trace=tell)
        try:
            world.run()
        except Exception as error:
            campaign.fail(told(world, n_commands, error))
            return ""
        finally:
            world.close()
            campaign.count(1, **world.notes)
        return world.digest


def told(world: World, n_commands: int, error: Exception) -> str:
    """A failure: what is wrong, what went before, how to see it again."""
    what = str(error) if isinstance(error, Wrong) else f"{type(error).__name__}: {error}"
    before = " / ".join(world.last_faults) or "none"
    again = f"python -m tests.simulate {world.seed} --commands {n_commands} --trace"
    text = f"seed {world.seed}: {what}\n  last faults: {before}\n  again: {again}"
    return text.replace(f"{world.scratch}/", "")


def show(text: str) -> None:
    print(text, file=sys.stderr)


def main(arguments: list[str], node_class: type[Node] = Node) -> int:
    """`node_class`: the shipped node; a test puts a broken one in its place."""
    parser = arguments_of("tests.simulate", "worlds", 1, commands=COMMANDS)
    parser.add_argument("--trace", action="store_true", help="tell every fault as it happens")
    parsed = parser.parse_args(arguments)
    campaign = Campaign.of("worlds", parsed)
    make_stores_small()
    digest = hashlib.blake2b(digest_size=16)
    while campaign.goes_on():
        seed = parsed.seed + campaign.done
        world = run_seed(seed, parsed.commands, campaign, node_class=node_class, trace=parsed.trace)
        digest.update(world.encode())
    show(f"digest of {campaign.done} worlds from seed {parsed.seed}: {digest.hexdigest()}")
    return campaign.finish()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
