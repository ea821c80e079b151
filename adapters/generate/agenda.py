"""What is planned in the generated world: who acts when.

This file may keep plans and hand out commands in the order of their times.
"""

import heapq
from collections.abc import Callable, Iterator
from typing import Final

from adapters.generate.dice import Dice
from engine import records

SECOND_NS: Final = 10**9
MINUTE_NS: Final = 60 * SECOND_NS

Action = Callable[[int], tuple[list[records.Command], int]]
"""Called with the time; returns commands and the seconds until the next call (0: never)."""


class Agenda:
    """Everybody's plans in one heap; what waits costs nothing."""

    def __init__(self, dice: Dice) -> None:
        """`dice`: for the part of a second by which nobody is punctual."""
        self._dice = dice
        self._heap: list[tuple[int, int, Action]] = []
        self._planned = 0

    def plan(self, time_ns: int, action: Action) -> None:
        self._planned += 1
        heapq.heappush(self._heap, (time_ns, self._planned, action))

    def due(self, before_ns: int) -> Iterator[tuple[int, records.Command]]:
        """Everything that is done before a time, in order, as (time_ns, command).

        Apply each command and tell its events before taking the next.
        """
        while self._heap and self._heap[0][0] < before_ns:
            time_ns, _, action = heapq.heappop(self._heap)
            commands, seconds = action(time_ns)
            for command in commands:
                yield time_ns, command
            if seconds:
                self.plan(time_ns + seconds * SECOND_NS + self._dice.below(SECOND_NS), action)


def once(commands: list[records.Command]) -> Action:
    """The commands, and never again."""
    return lambda _: (commands, 0)
