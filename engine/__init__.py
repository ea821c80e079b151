"""Lockstep's core: a pure function from a journal of commands to a log of events."""

from engine import _build

_build.check()

from engine.face import AccountFigures, Engine, OrderView, PositionView  # noqa: E402
from engine.hooks import Hooks  # noqa: E402

__all__ = ["AccountFigures", "Engine", "Hooks", "OrderView", "PositionView"]
