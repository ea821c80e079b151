"""The order of the book venue that is at work: decided on, not yet resting or done.

This file may hold its fields. There is one, made once and used for every order.
"""

from mypy_extensions import i64, mypyc_attr

from engine.model.accounts import Exposure


@mypyc_attr(acyclic=True)
class Incoming:
    """Scratch of the command at work."""

    def __init__(self) -> None:
        self.exposure: Exposure | None = None
        self.ticket: i64 = 0
        self.order_type: i64 = 0
        self.side: i64 = 0
        self.units: i64 = 0
        """What is left to fill."""
        self.price_points: i64 = 0
        self.limit_key: i64 = 0
        """The last price level on the other side that it may take."""
        self.time_in_force: i64 = 0
        self.flags: i64 = 0
        self.post_only: bool = False
        self.reduces: bool = False
        self.self_trade: i64 = 0
        self.expiry_ns: i64 = 0
        self.trigger_points: i64 = 0
        """A stop or stop-limit order waits for it; 0: it goes to the book at once."""
        self.shown_units: i64 = 0
        """Iceberg: most that the book shows; 0: all."""
        self.frozen_minor: i64 = 0
        """Spot: what is frozen for it and not used yet."""
        self.taken_units: i64 = 0
        self.taken_cost: i64 = 0
        """Spot market buy: what it is still going to take, points x units."""
        self.replaced_units: i64 = 0
        self.replaced_minor: i64 = 0
        """Volume and (spot) frozen amount of the order that this one replaces."""
        self.removal: i64 = 0
        """Why what is left may not rest; 0: it may."""

    def begin(self) -> None:
        """Forgets what the order before it left: what most orders have none of is 0."""
        self.trigger_points = 0
        self.shown_units = 0
        self.frozen_minor = 0
        self.replaced_units = 0
        self.replaced_minor = 0
        self.removal = 0
