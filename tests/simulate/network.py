"""The network between clients and the machine: late, twice, out of order, or not at all.

This file may deliver messages; what they say is not its business. Delivery is at least once
only because those who wait for an answer send again.
"""

from collections import Counter
from collections.abc import Callable
from random import Random
from typing import Any

from tests.simulate.swarm import Swarm
from tests.simulate.timeline import MS, Timeline


class Network:
    """Messages on their way. Those of one sender may overtake each other."""

    def __init__(
        self, timeline: Timeline, random: Random, swarm: Swarm, notes: Counter[str]
    ) -> None:
        self._timeline = timeline
        self._random = random
        self._notes = notes
        self._lost = swarm.lost
        self._doubled = swarm.doubled
        self._late = swarm.late
        self._mean_ns = swarm.latency_ms * MS
        self._down_until = 0

    def send(self, deliver: Callable[..., None], *message: Any) -> None:
        """Calls `deliver(*message)` some time later: once, twice or never."""
        chance = self._random.random
        if chance() < self._lost or self._timeline.now < self._down_until:
            self._notes["messages lost"] += 1
            return
        self._timeline.after(self._delay(), deliver, *message)
        if chance() < self._doubled:
            self._notes["messages doubled"] += 1
            self._timeline.after(self._delay(), deliver, *message)

    def _delay(self) -> int:
        delay = self._random.expovariate(1) * self._mean_ns
        if self._random.random() < self._late:
            self._notes["messages very late"] += 1
            delay *= 100
        return 1 + int(delay)

    def go_down(self, for_ns: int) -> None:
        """Nothing gets through for a while."""
        self._down_until = self._timeline.now + for_ns

    def heal(self) -> None:
        """From now on every message arrives, once."""
        self._lost = self._doubled = self._late = 0.0
        self._down_until = 0
