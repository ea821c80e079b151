"""Hooks that sometimes refuse and sometimes change prices.

Their answer may depend on nothing but their arguments and a number fixed at the start, so
that two engines that ask the same questions get the same answers.
"""

from collections.abc import Callable
from random import Random

from engine import bounds
from engine import vocabulary as v

FilterHook = Callable[[int, int, int, int, int, int, int, int], int]
ApplyHook = Callable[[int, int, int, int, int, int, int, int], tuple[int, int]]
FILTERS = ("pendings_filter", "stops_filter", "stop_outs_filter")
APPLIES = ("pendings_apply", "stops_apply", "stop_outs_apply")


def mixed(salt: int, arguments: tuple[int, ...]) -> int:
    """A number below 100 that depends on everything given."""
    total = salt
    for argument in arguments:
        total = (total * 1_000_003 + argument) % 2_147_483_647
    return total % 100


def filter_hook(salt: int) -> FilterHook:
    """Mostly no opinion, sometimes unconditional, sometimes another code."""

    def hook(*arguments: int) -> int:
        number = mixed(salt, arguments)
        return v.RET_OK_NONE if number < 60 else v.RET_OK if number < 90 else 7

    return hook


def apply_hook(salt: int) -> ApplyHook:
    """Mostly as offered, sometimes a few points off, sometimes refused."""

    def hook(*arguments: int) -> tuple[int, int]:
        number, price = mixed(salt, arguments), arguments[-1]
        if number < 15:
            return v.RET_OK_NONE, price
        if number < 35:
            return v.RET_OK, max(1, min(bounds.MAX_PRICE_POINTS, price + number - 25))
        return v.RET_OK, price

    return hook


def hooks_of_day(random: Random) -> dict[str, FilterHook | ApplyHook | None]:
    """The six hooks by name; on a third of the days none, otherwise each one or not."""
    none_at_all = random.randrange(3) == 0
    hooks: dict[str, FilterHook | ApplyHook | None] = {}
    for names, make in ((FILTERS, filter_hook), (APPLIES, apply_hook)):
        for name in names:
            salt, absent = random.randrange(1_000_000), random.randrange(3) == 0
            hooks[name] = None if none_at_all or absent else make(salt)
    return hooks
