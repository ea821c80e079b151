"""NaiveEngine: one record in, its events out (RULES section 1).

The face of the naive engine. It reads the clock of the command, lets come what has come by
then, and lets the command be decided; a refusal becomes one `Rejected` event. Each of the
three is followed by the rounds of the books that it made due.
"""

from collections.abc import Callable
from typing import Any

from engine import records as r
from engine import reject_codes as c
from tests.naive import (
    clients,
    config,
    dealers,
    exchange,
    figures,
    margin_dates,
    phases,
    settlement,
    tick,
)
from tests.naive.rounds import run_rounds
from tests.naive.world import BookOrder, Order, Position, Refused, World

Named = Order | Position | BookOrder

DECIDE: dict[type[r.Record], Callable[[World, Any], None]] = {
    r.Tick: tick.tick,
    r.Configure: config.configure,
    r.SetAccount: config.set_account,
    r.BalanceOperation: clients.balance_operation,
    r.PlaceOrder: clients.place_order,
    r.ModifyOrder: clients.modify_order,
    r.CancelOrder: exchange.cancel_order,
    r.ClosePosition: clients.close_position,
    r.ModifyPosition: clients.modify_position,
    r.SetDealer: dealers.set_dealer,
    r.DealerConfirm: dealers.confirm,
    r.DealerReject: dealers.reject,
    r.DealerRequote: dealers.requote,
    r.PlaceBookOrder: exchange.place_book_order,
    r.ReplaceOrder: exchange.replace_order,
    r.CancelAll: exchange.cancel_all,
    r.HoldingOperation: exchange.holding_operation,
    r.SetPhase: phases.set_phase,
    r.SettleInstrument: settlement.settle_instrument,
    r.PayFunding: settlement.pay_funding,
}

NAMED_TICKET = {
    r.ModifyOrder: "order",
    r.CancelOrder: "order",
    r.ReplaceOrder: "order",
    r.ClosePosition: "position",
    r.ModifyPosition: "position",
    r.DealerConfirm: "ticket",
    r.DealerReject: "ticket",
    r.DealerRequote: "ticket",
}
DEALER_COMMANDS = (r.DealerConfirm, r.DealerReject, r.DealerRequote)


class NaiveEngine:
    """The whole engine, slow and plain. `hooks` has six attributes, each None or callable."""

    def __init__(self, hooks: Any = None) -> None:
        self.world = World(hooks)

    @property
    def sequence(self) -> int:
        return self.world.sequence

    @property
    def time_ns(self) -> int:
        return self.world.time_ns

    def apply(self, record: r.Command) -> list[r.Event]:
        """Events of one stamped command. Raises `CorruptRecord` for a wrong sequence."""
        world = self.world
        if record.sequence != world.sequence + 1:
            raise r.CorruptRecord(
                f"sequence {record.sequence} where {world.sequence + 1} was expected"
            )
        world.sequence = record.sequence
        world.command_time_ns = record.time_ns
        world.touched = []
        world.filled = []
        world.events = []
        if record.time_ns < world.time_ns:
            self.reject(record, Refused(c.TIME_BACKWARDS, world.time_ns), None)
            return world.events
        world.time_ns = record.time_ns
        for come in (margin_dates.fire, dealers.fire_timers):
            come(world)
            run_rounds(world)
        named = self.trade_named(record)
        decide = DECIDE.get(type(record))
        if decide is not None:
            try:
                decide(world, record)
            except Refused as refusal:
                self.reject(record, refusal, named)
        run_rounds(world)
        return world.events

    def trade_named(self, record: r.Command) -> Named | None:
        """The order or position under the ticket that the command names."""
        field = NAMED_TICKET.get(type(record))
        ticket = getattr(record, field) if field else 0
        world = self.world
        found = world.orders.get(ticket) or world.positions.get(ticket)
        return found or world.book_orders.get(ticket) or world.waiting_orders.get(ticket)

    def reject(self, record: r.Command, refusal: Refused, named: Named | None) -> None:
        """The one event of a refused command."""
        field = NAMED_TICKET.get(type(record))
        of_ticket = 0
        not_found = (c.UNKNOWN_ACCOUNT, c.UNKNOWN_ORDER, c.UNKNOWN_POSITION)
        if named is not None and refusal.code not in not_found:
            of_ticket = named.instrument
        if isinstance(record, DEALER_COMMANDS):
            of_ticket = 0
        self.world.emit(
            r.Rejected,
            login=getattr(record, "login", 0),
            command_type=record.TYPE,
            code=refusal.code,
            ticket=getattr(record, field) if field else 0,
            instrument=getattr(record, "instrument", of_ticket),
            detail=refusal.detail,
        )

    def account(self, login: int) -> figures.Figures:
        """Figures of an account. Raises `KeyError`."""
        return figures.figures_of(self.world, self.world.accounts[login])

    def logins(self) -> list[int]:
        return sorted(self.world.accounts)
