"""The six hooks of the golden day: mostly yes, sometimes no, sometimes another price.

This file may compute from its arguments only, in a way that will never change: the golden
events depend on it.
"""

from collections.abc import Callable

from engine import Hooks
from engine import vocabulary as v


def _mixed(salt: int, arguments: tuple[int, ...]) -> int:
    """A number below 100 that depends on everything given."""
    total = salt
    for argument in arguments:
        total = (total * 48_271 + argument) % 2_147_483_647
    return total % 100


def _filter(salt: int) -> Callable[..., int]:
    def hook(*arguments: int) -> int:
        number = _mixed(salt, arguments)
        return v.RET_OK if number < 25 else v.RET_OK_NONE if number < 95 else 6

    return hook


def _apply(salt: int) -> Callable[..., tuple[int, int]]:
    def hook(*arguments: int) -> tuple[int, int]:
        number, price = _mixed(salt, arguments), arguments[-1]
        if number < 10:
            return v.RET_OK_NONE, price
        return v.RET_OK, price + (number - 20 if number < 35 else 0)

    return hook


def golden_hooks() -> Hooks:
    return Hooks(
        pendings_filter=_filter(11),
        pendings_apply=_apply(22),
        stops_filter=_filter(33),
        stops_apply=_apply(44),
        stop_outs_filter=_filter(55),
        stop_outs_apply=_apply(66),
    )
