"""One world: all of it wired together, from the creation of the journal to the last check.

This file may make the parts of a seed and let time pass. At first the office sets up the house,
over a line that loses nothing, as often as it takes. Then everybody does what he does, and
everything goes wrong that the seed knows. At the end all faults are over, the network is whole,
and every client must get every answer it still waits for; then the journal is read from the
start once more.
"""

import hashlib
from collections import Counter
from collections.abc import Callable
from functools import partial
from pathlib import Path
from random import Random
from typing import Final

from adapters.node import Node
from adapters.replay import replay
from engine import Hooks
from engine import vocabulary as v
from engine.records import Command
from journal import framing
from tests.random_days.hook_set import hooks_of_day
from tests.simulate import swarm
from tests.simulate.clients import Answer, Client
from tests.simulate.disk_faults import FaultyDisk
from tests.simulate.floor import Floor
from tests.simulate.gateway import Gateway, Item
from tests.simulate.machine import Machine
from tests.simulate.market import Market
from tests.simulate.member import Member
from tests.simulate.network import Network
from tests.simulate.office import Office
from tests.simulate.oracle import Oracle, Wrong
from tests.simulate.timeline import SECOND, Timeline
from tests.simulate.trouble import Trouble

TICK_S: Final = 0.2
COMMIT_EVERY: Final = 3 * SECOND
"""Most commits come by the number of commands."""
DESK_TAKES: Final = 2 * SECOND
MOST_STEPS_PER_COMMAND: Final = 100
"""A world that takes more goes in circles."""
TOLD_FAULTS: Final = 3
"""So many of the last ones are told with a failure."""
KEYS_AT_THE_END: Final = 25
COUNTED: Final = {
    v.STOP_OUT: "events: stop-outs",
    v.MARGIN_CALL: "events: margin calls",
    v.POSITION_CLOSED: "events: positions closed",
    v.REJECTED: "events: commands refused",
    v.TRIGGER_REFUSED: "events: triggers refused",
    v.FUTURES_FILLED: "events: fills of futures",
    v.SPOT_FILLED: "events: fills of spot",
    v.BOOK_ORDER_PLACED: "events: book orders placed",
    v.BOOK_ORDER_REPLACED: "events: book orders replaced",
    v.BOOK_ORDER_TRIGGERED: "events: book orders triggered",
    v.PHASE_CHANGED: "events: phases changed",
    v.POSITION_SETTLED: "events: positions settled",
    v.FUNDING_PAID: "events: funding paid",
    v.MARGIN_CHANGED: "events: margins changed",
}
FLOOR_TICKS: Final = 0.25
"""Share of the quotes that are for a contract of the book venue."""


class World:
    """A seed at work. `run` lets it live; `digest` says afterwards what happened in it."""

    def __init__(
        self,
        seed: int,
        n_commands: int,
        scratch: Path,
        *,
        node_class: type[Node] = Node,
        trace: Callable[[str], None] | None = None,
    ) -> None:
        """`scratch`: an empty folder, best in memory. `trace` is told every fault."""
        self.seed = seed
        self.notes: Counter[str] = Counter()
        self.last_faults: list[str] = []
        self._n_commands = n_commands
        self.scratch = scratch
        self._trace = trace
        self._digest = hashlib.blake2b(digest_size=16)
        self._swarm = drawn = swarm.draw(seed)
        self._timeline = Timeline()
        self._network = Network(self._timeline, self._random("network"), drawn, self.notes)
        self._market = Market(self._random("market"))
        self._floor = Floor(self._random("floor")) if drawn.books else None
        self._office = Office(self._random("office"), drawn.clients, self._floor)
        self._hooks = Hooks(**hooks_of_day(self._random("hooks"))) if drawn.hooks else None
        self._oracle = Oracle(self._hooks, self._digest.update)
        (scratch / "life-1").mkdir()
        self._disk = FaultyDisk(
            scratch / "life-1", drawn, self._random("disk"), self.notes, self._tell
        )
        self._machine = Machine(
            drawn,
            self._random("machine"),
            self._timeline,
            self._disk,
            self._oracle,
            self._hooks,
            self.notes,
            self._tell,
        )
        self._machine.node_class = node_class
        self._machine.on_start.append(self._after_start)
        self._gateway = Gateway(
            self._machine, self._network, self._random("gateway"), drawn, self.notes
        )
        self._opening = self._office.opening()
        self._set_up = 0
        """So much of the opening is known to be durable."""
        self._bulk_random = self._random("bulk")
        self._floor_random = self._random("floor ticks")
        self._bulk_money: Command | None = None
        self._clients: list[Client] = []

    def _random(self, name: str) -> Random:
        """Each part has its own, so that one can change without moving all others."""
        return Random(f"{self.seed} {name}")

    def _tell(self, text: str) -> None:
        """A fault or a death: told with a failure, and part of the digest."""
        text = text.replace(f"{self.scratch}/", "")
        self._digest.update(f"{self._timeline.now} {text}".encode())
        self.last_faults = [*self.last_faults[1 - TOLD_FAULTS :], text]
        if self._trace is not None:
            self._trace(
                f"{self._timeline.now / SECOND:9.3f} s, after {self._oracle.sequence}: {text}"
            )

    @property
    def digest(self) -> str:
        """Of all that was committed, and of every fault with its time."""
        return self._digest.hexdigest()

    # ------------------------------------------------------------ the whole

    def run(self) -> None:
        """From the beginning to the end. Raises `Wrong`."""
        with self._disk:
            self._machine.start()
            trouble = self._begin()
            self._go_on_while(lambda: self._gateway.commands < self._n_commands)
            self._timeline.ending = True
            trouble.end()
            self._go_on_while(self._somebody_waits)
            self._final_checks()
        self._digest.update(repr(sorted(self.notes.items())).encode())

    def close(self) -> None:
        """Leaves nothing open, also where something was wrong."""
        if self._machine.node is not None:
            self._machine.node.journal.close()

    def _begin(self) -> Trouble:
        """Everybody starts doing what he does."""
        drawn, machine, gateway = self._swarm, self._machine, self._gateway
        trouble = Trouble(
            self._random("trouble"),
            self._timeline,
            self._network,
            machine,
            self._disk,
            self.notes,
            self._tell,
        )
        trouble.begin(drawn, self._every)
        self._every(TICK_S, self._tick)
        self._commit_from_time_to_time()
        self._every(drawn.bulk_s, self._bulk)
        self._every(drawn.office_s, self._change)
        if drawn.books:
            self._every(drawn.operator_s, self._operate)
            self._every(drawn.makers_s, self._make_markets)
        self._every(drawn.nonsense_s, gateway.nonsense)
        self._every(drawn.snapshot_s, machine.snapshot)
        self._every(drawn.reserve_s, machine.reserve)
        self._every(drawn.reader_s, machine.look)
        for login in self._office.logins:
            client = Client(
                login,
                drawn,
                self._random(f"client {login}"),
                self._timeline,
                self._network,
                self._market,
                self.notes,
                gateway.submit,
                self._ask_the_desk,
                self._member(login),
            )
            self._clients.append(client)
        return trouble

    def _member(self, login: int) -> Member | None:
        if self._floor is None:
            return None
        currency = self._office.currency_of(login)
        return Member(login, currency, self._random(f"member {login}"), self._floor)

    def _every(self, mean_s: float, call: Callable[[], None]) -> None:
        """Calls again and again; 0: never."""
        if mean_s:
            random = self._random(f"every {call.__qualname__}")
            self._timeline.every(random, mean_s * SECOND, call)

    def _go_on_while(self, condition: Callable[[], bool]) -> None:
        most = self._timeline.steps + MOST_STEPS_PER_COMMAND * (self._n_commands + 100)
        while condition():
            if not self._timeline.step() or self._timeline.steps > most:
                raise Wrong(
                    f"nothing moves: {self._gateway.commands} commands are executed,"
                    f" {sum(len(client.open) for client in self._clients)} requests wait"
                )

    def _somebody_waits(self) -> bool:
        """At the end: is there an answer that did not arrive yet?"""
        return self._machine.node is None or any(client.open for client in self._clients)

    # ------------------------------------------------------------ who sends what

    def _after_start(self) -> None:
        """What of the opening is not known to be durable is sent again, in order."""
        for number in range(self._set_up, len(self._opening)):
            self._gateway.submit(self._opening[number], partial(self._set_up_to, number + 1))

    def _set_up_to(self, number: int, answer: Answer) -> None:
        self._set_up = max(self._set_up, number)

    def _commit_from_time_to_time(self) -> None:
        """Also at the end, when only answers are missing."""
        self._gateway.commit()
        self._timeline.after(COMMIT_EVERY, self._commit_from_time_to_time)

    def _tick(self) -> None:
        undated = self._timeline.now % 16 == 0
        floor = self._floor
        of_floor = floor is not None and self._floor_random.random() < FLOOR_TICKS
        quote = floor.tick() if floor is not None and of_floor else self._market.next()
        self._network.send(partial(self._gateway.submit, undated=undated), quote)

    def _bulk(self) -> None:
        """Quotes in one block, at times with money among them, at times the same money again."""
        random = self._bulk_random
        now = self._machine.clock.read()
        items: list[Item] = [(self._market.next(), now + k) for k in range(random.randrange(1, 30))]
        if random.randrange(2):
            if self._bulk_money is None or random.randrange(4):
                self._bulk_money = self._office.deposit()
            items.append((self._bulk_money, now + len(items)))
        self._gateway.submit_block(items)

    def _change(self) -> None:
        self._gateway.submit(self._office.change())

    def _operate(self) -> None:
        assert self._floor is not None
        record = self._floor.operate(self._machine.clock.read())
        self._gateway.submit(record, self._operated)

    def _make_markets(self) -> None:
        assert self._floor is not None
        now = self._machine.clock.read()
        self._gateway.submit_block([(quote, now) for quote in self._floor.quotes()])

    def _operated(self, answer: Answer) -> None:
        assert self._floor is not None
        self._floor.learn(answer.events, self._machine.clock.read())

    def _ask_the_desk(self, ticket: int, instrument: int) -> None:
        answer = self._office.answer_of_the_desk(ticket, self._market.price(instrument))
        self._timeline.after(DESK_TAKES, self._gateway.submit, answer)

    # ------------------------------------------------------------ at the end

    def _final_checks(self) -> None:
        """Closed, opened once more, read from the start, and asked about old keys."""
        oracle, machine, random = self._oracle, self._machine, self._random("end")
        machine.stop()
        self._check_replay(random)
        machine.start()
        node = machine.node
        assert node is not None
        if random.randrange(4) == 0:
            oracle.hold_verification(node.journal.verify())
        keyed = list(oracle.keys.values())
        for sequence, record in random.sample(keyed, min(KEYS_AT_THE_END, len(keyed))):
            again = node.submit(record, machine.clock.read())
            if not again.repeated or again.events != oracle.answer(sequence):
                raise Wrong(f"{record}, sequence {sequence}, gets another answer at the end")
        machine.crash(power=False, why="the end")
        self._count_events()

    def _check_replay(self, random: Random) -> None:
        """Without a snapshot, and to a point in the past: the same events, the same state."""
        oracle, folder = self._oracle, self._disk.folder
        oracle.hashes[oracle.acknowledged] = oracle.engine.state_hash()
        for sequence in (oracle.acknowledged, random.choice(list(oracle.hashes))):
            result = replay(
                folder,
                to_sequence=sequence,
                use_snapshot=sequence != oracle.acknowledged,
                verify=True,
                hooks=self._hooks,
            )
            if result.difference is not None or result.state_hash != oracle.hashes[sequence]:
                raise Wrong(f"the replay to {sequence} gives another state: {result.difference}")

    def _count_events(self) -> None:
        """What the trading was like, for the notes."""
        self.notes["commands"] += self._gateway.commands
        self.notes["commands lost unacknowledged"] += (
            self._gateway.commands - self._oracle.acknowledged
        )
        for block in self._oracle.blocks:
            if block.events:
                types = framing.words_of(block.events)[framing.record_starts(block.events)] & 0xFFFF
                for number in types.tolist():
                    if number in COUNTED:
                        self.notes[COUNTED[number]] += 1
