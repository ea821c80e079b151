"""The generated clients together: who they are, when each looks, who hears what.

This file may not touch the engine: it hands out commands with their times (`due`) and is
told the events (`hear`). It does the same again for the same configuration, seed, quotes
and events, on any machine.

Every client looks at the market at its own times, kept in one heap; between two looks it
costs nothing. A look gives commands, which the caller applies at once, so that the next
look of anybody sees what came of them.
"""

from collections.abc import Iterable, Iterator
from typing import Final

from adapters.config import ClientShare, Settings
from adapters.generate import office
from adapters.generate.agenda import MINUTE_NS, Action, Agenda, once
from adapters.generate.client import Client
from adapters.generate.dice import Dice
from adapters.generate.habits import HABITS
from adapters.generate.market import Market
from adapters.units import BadInput, shown
from engine import records

FIRST_LOGIN: Final = 100_001
_FIRST_LOOKS_SHARE: Final = 10
"""All clients have looked for the first time after this part of the day."""


class Crowd:
    """`count` clients, the dealers and the back office."""

    def __init__(
        self,
        settings: Settings,
        market: Market,
        seed: int,
        count: int,
        instruments: list[int],
        start_ns: int,
        end_ns: int,
    ) -> None:
        """`instruments`: those that are quoted. Raises `BadInput` for a share that can't be."""
        self.market = market
        self.dice = Dice(seed)
        self.start_ns = start_ns
        self.agenda = Agenda(self.dice)
        self.clients: dict[int, Client] = {}
        _check_shares(settings, count)
        self._make_clients(settings, count, instruments)
        if self.clients:
            for time_ns, command in office.shifts(start_ns, end_ns):
                self.agenda.plan(time_ns, once([command]))
            for client in self.clients.values():
                self._plan_life(client, end_ns)

    # ------------------------------------------------------------ for the caller

    def opening(self) -> Iterator[records.Command]:
        """The commands that open the accounts, agents first."""
        agents: dict[int, int] = {}
        for client in self.clients.values():
            agent = agents.setdefault(client.group.group, client.login)
            pays = client.group.agent_commission_per_lot_minor > 0
            named = agent if pays and agent != client.login and self.dice.chance(0.4) else 0
            yield from office.opening(client, self.dice, named)

    def due(self, before_ns: int) -> Iterator[tuple[int, records.Command]]:
        """Everything that is planned before a time; see `Agenda.due`."""
        return self.agenda.due(before_ns)

    def hear(self, events: Iterable[records.Event], now_ns: int) -> None:
        """Tells each client the events of its account, and the dealers the requests."""
        for event in events:
            client = self.clients.get(getattr(event, "login", 0))
            if client is None:
                continue
            client.hear(event, now_ns)
            if isinstance(event, records.DealerRequested):
                answer = office.reply(event, self.market, self.dice, now_ns)
                if answer is not None:
                    self.agenda.plan(answer[0], once([answer[1]]))
            elif isinstance(event, records.MarginCall) and self.dice.chance(0.3):
                self._plan_deposit(client, now_ns, 1, 12)

    # ------------------------------------------------------------ making

    def _make_clients(self, settings: Settings, count: int, quoted: list[int]) -> None:
        groups = {g.group: g for g in settings.groups.values()}
        digits = {c.currency: c.digits for c in settings.currencies.values()}
        taken = [a.account.login for a in settings.accounts]
        logins = [n for n in range(FIRST_LOGIN, FIRST_LOGIN + count + len(taken)) if n not in taken]
        for login in logins[:count]:
            share = self.dice.weighted(settings.clients, [s.weight for s in settings.clients])
            group = groups[share.group]
            choice = [i for i in share.instruments or quoted if i in quoted] or quoted
            whole = 10 ** digits[group.currency]
            self.clients[login] = Client(
                login=login,
                group=group,
                leverage=self.dice.pick(share.leverages or [group.leverage]),
                mode=share.mode,
                habit=HABITS[self._habit_of(share)],
                instruments=[self.dice.pick(choice) for _ in range(self.dice.between(1, 4))],
                deposit_minor=self._deposit_of(share, whole),
                currency_digits=digits[group.currency],
            )

    def _habit_of(self, share: ClientShare) -> str:
        habits = share.habits or dict.fromkeys(HABITS, 1)
        return self.dice.weighted(list(habits), list(habits.values()))

    def _deposit_of(self, share: ClientShare, whole: int) -> int:
        """Many small deposits, few large ones; whole units of the currency."""
        low, high = share.deposit_minor
        part = self.dice.uniform()
        amount = low + int((high - low) * part * part * part)
        return max(amount // whole * whole, low)

    # ------------------------------------------------------------ planning

    def _plan_life(self, client: Client, end_ns: int) -> None:
        """The first look, and for some a visit of the back office."""
        span = max(end_ns - self.start_ns, _FIRST_LOOKS_SHARE)
        first = self.start_ns + 1 + self.dice.below(span // _FIRST_LOOKS_SHARE)
        self.agenda.plan(first, self._look_of(client))
        moment = self.start_ns + 1 + self.dice.below(span)
        visit = self.dice.below(1_000)
        if visit < 30:
            self.agenda.plan(moment, lambda _: (office.correction(client), 0))
        elif visit < 50:
            self.agenda.plan(moment, lambda _: ([office.freeze_account(client)], 0))
            self.agenda.plan(moment + 45 * MINUTE_NS, lambda _: ([office.free_account(client)], 0))
        elif visit < 80:
            self.agenda.plan(moment, lambda _: ([office.halve_leverage(client)], 0))
        elif visit < 330:
            self.agenda.plan(moment, lambda _: (_listed(office.bonus_back(client)), 0))

    def _plan_deposit(self, client: Client, now_ns: int, least: int, most: int) -> None:
        time_ns = now_ns + self.dice.between(least, most) * MINUTE_NS
        self.agenda.plan(time_ns, lambda _: ([office.deposit(client, self.dice)], 0))

    def _look_of(self, client: Client) -> Action:
        def look(now_ns: int) -> tuple[list[records.Command], int]:
            if client.stopped_out and not client.positions:
                return self._after_stop_out(client, now_ns)
            commands, seconds = client.habit(client, self.market, self.dice, now_ns)
            if not client.positions and client.habit is not HABITS["martingale"]:
                commands += _listed(office.cash_in(client, self.dice))
            return commands, seconds

        return look

    def _after_stop_out(self, client: Client, now_ns: int) -> tuple[list[records.Command], int]:
        """All is lost: a fresh deposit and another look, or never again."""
        client.stopped_out = False
        if self.dice.chance(0.45):
            self._plan_deposit(client, now_ns, 5, 60)
            return [], self.dice.between(3_700, 9_000)
        return [
            records.CancelOrder(login=client.login, order=o, **client.key()) for o in client.orders
        ], 0


def _check_shares(settings: Settings, count: int) -> None:
    if count and not settings.clients:
        raise BadInput(
            f"{settings.source}: has no [[clients]] table, so no clients can be generated"
        )
    for number, share in enumerate(settings.clients, 1):
        wrong = [name for name in share.habits if name not in HABITS]
        if wrong:
            raise BadInput(
                f"{settings.source}: clients number {number}, habits: {shown(wrong[0])} is none of"
                f" {', '.join(HABITS)}"
            )
        if share.habits and not sum(share.habits.values()):
            raise BadInput(f"{settings.source}: clients number {number}, habits: all weights are 0")


def _listed(command: records.Command | None) -> list[records.Command]:
    return [] if command is None else [command]
