"""The chance of the generated world, the same on every machine.

This file may use nothing of `random` but `Random.random()` seeded with an integer: the
one method whose sequence Python promises to keep. All else is made from it with + - * /
on doubles, which IEEE 754 rounds the same way everywhere; functions of the C library
(logarithms, sines, `gauss`) may differ in the last bit from one machine to the next, and
one bit can move a price by a point.
"""

import random
from collections.abc import Sequence
from typing import Final, TypeVar

T = TypeVar("T")

_UNIT_DEVIATION: Final = 1.7320508075688772
"""The square root of 3: makes the sum of four uniform numbers one of deviation 1."""


class Dice:
    """Random numbers from a seed."""

    def __init__(self, seed: int) -> None:
        self._random = random.Random(seed).random

    def below(self, count: int) -> int:
        """An integer from 0 to count - 1."""
        return int(self._random() * count)

    def between(self, low: int, high: int) -> int:
        """An integer from low to high, both included."""
        return low + int(self._random() * (high - low + 1))

    def uniform(self) -> float:
        """A number from 0 up to, without, 1."""
        return self._random()

    def chance(self, probability: float) -> bool:
        """True with this probability."""
        return self._random() < probability

    def bell(self) -> float:
        """A bell-shaped number, mean 0 and deviation 1, never beyond 3.5."""
        r = self._random
        return (r() + r() + r() + r() - 2.0) * _UNIT_DEVIATION

    def pick(self, choices: Sequence[T]) -> T:
        """One of the choices, all alike."""
        return choices[int(self._random() * len(choices))]

    def weighted(self, choices: Sequence[T], weights: Sequence[int]) -> T:
        """One of the choices, each as likely as its weight says."""
        left = self.below(sum(weights))
        for choice, weight in zip(choices, weights, strict=True):
            left -= weight
            if left < 0:
                return choice
        return choices[-1]
