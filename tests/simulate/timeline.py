"""Simulated time: the order in which things happen, and a clock that is often wrong.

This file may order calls and count nanoseconds; no real time passes here. The timeline is the
truth of the simulation and only goes forward. What the machine's clock says is another thing:
it jumps, stands still, and goes back.
"""

import heapq
from collections.abc import Callable
from random import Random
from typing import Any, Final

MS: Final = 1_000_000
SECOND: Final = 1_000_000_000
MINUTE: Final = 60 * SECOND
START_NS: Final = 1_700_000_000 * SECOND
"""When a world begins: 2023-11-14, a Tuesday, 22:13:20 UTC."""


class Timeline:
    """Calls to come, by simulated time; at the same time in the order they were asked for."""

    def __init__(self) -> None:
        self.now = 0
        """Nanoseconds since the world began."""
        self.steps = 0
        self.ending = False
        """What repeats itself is not repeated any more."""
        self._coming: list[tuple[int, int, Callable[..., None], tuple[Any, ...]]] = []
        self._asked = 0

    def after(self, delay_ns: int, call: Callable[..., None], *arguments: Any) -> None:
        """Calls once, later."""
        self._asked += 1
        heapq.heappush(self._coming, (self.now + delay_ns, self._asked, call, arguments))

    def every(self, random: Random, mean_ns: float, call: Callable[[], None]) -> None:
        """Calls again and again, after random delays, until the world is ending."""

        def again() -> None:
            if not self.ending:
                call()
                self.every(random, mean_ns, call)

        self.after(1 + int(random.expovariate(1) * mean_ns), again)

    def step(self) -> bool:
        """Makes the next call; False if there is none."""
        if not self._coming:
            return False
        self.now, _, call, arguments = heapq.heappop(self._coming)
        self.steps += 1
        call(*arguments)
        return True


class Clock:
    """The clock of the machine: nanoseconds since 1970, right until somebody sets it."""

    def __init__(self, timeline: Timeline) -> None:
        self._timeline = timeline
        self._offset = START_NS
        self._stands_at = 0
        """What it says while it stands still; 0 where it goes."""

    def read(self) -> int:
        return self._stands_at or self._timeline.now + self._offset

    def forward(self, by_ns: int) -> None:
        self._offset += by_ns

    def back(self, by_ns: int) -> None:
        self._offset -= by_ns

    def stand_still(self, for_ns: int) -> None:
        """Says the same for a while, then the right time again."""
        self._stands_at = self.read()
        self._timeline.after(for_ns, self._go_on)

    def _go_on(self) -> None:
        self._stands_at = 0
