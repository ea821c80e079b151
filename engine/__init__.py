"""Lockstep's core: a pure function from a journal of commands to a log of events."""

from engine import _build

_build.check()

from engine.face import Engine  # noqa: E402
from engine.hooks import Hooks  # noqa: E402
from engine.views import (  # noqa: E402
    AccountFigures,
    BookOrderView,
    DepthLevel,
    HoldingView,
    OrderView,
    PositionView,
)

__all__ = [
    "AccountFigures",
    "BookOrderView",
    "DepthLevel",
    "Engine",
    "HoldingView",
    "Hooks",
    "OrderView",
    "PositionView",
]
