"""A broker's day in a simulated world around the shipped node, one seed a world.

The node, its journal in LMDB, its snapshots and its core are those that ship. Everything around
them is simulated and follows from the seed: who sends what, when it arrives and how often, what
the clock says, what the disk does with every write. So a seed is a bug report.

swarm.py       what a seed draws: sizes, rates, and which kinds of trouble its world knows
timeline.py    simulated time: what happens when; and the clock of the machine, often wrong
network.py     messages that are late, doubled, out of order or lost
office.py      the broker: configuration, accounts, dealers
market.py      prices: walks with gaps, stale and crossed quotes, two feeds
floor.py       the book venue: instruments, prices, market makers, halts, auctions, settlements
clients.py     clients with keyed commands, who read their answers and retry
member.py      what a client wants of the book venue
nonsense.py    what is no command, and must change nothing
trouble.py     what goes wrong by the hour: clock, network, process, power, a full disk
disk_faults.py the disk under the node, failing at the Nth operation
damage.py      bits that flip and pages that go astray while nobody runs
oracle.py      what must be true: an engine in memory that is fed what was acknowledged
machine.py     the machine: disk, clock and the process with the node, which dies and comes back
gateway.py     messages go into the node, answers go out once they are durable
world.py       all of it wired together: one seed, from the creation of the journal to the end

    python -m tests.simulate [SEED] [--commands N] [--count K] [--minutes M] [--json] [--trace]

runs K seeds. A failure names seed, the last faults and the first difference, and the command
line that repeats it; with `--trace` that tells every fault and every death on the way.
"""
