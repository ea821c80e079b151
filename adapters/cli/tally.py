"""What happened, counted from the events: orders, fills, calls, stop-outs, the house's money.

This file may count, not judge. Money is in minor units per currency. The house is the
other side of every client's trade on quotes (no order leaves the house), so its profit is the
clients' loss, plus commission, less what it paid agents and gave to negative balances; of
trades in books, where clients meet each other, it has the fees.
"""

from collections import Counter
from collections.abc import Iterable
from decimal import Decimal
from typing import Any

from adapters.cli.exchange import Exchange
from adapters.config import Settings
from adapters.units import LOT_DIGITS, unscaled
from engine import records, reject_codes
from engine import vocabulary as v

_HOUSE_ENTRIES = (
    v.ENTRY_TRADE_PNL,
    v.ENTRY_COMMISSION,
    v.ENTRY_AGENT_COMMISSION,
    v.ENTRY_STOP_OUT_COMPENSATION,
)


class Tally:
    """Counts events as they come."""

    def __init__(self, settings: Settings) -> None:
        self.currencies = {c.currency: c for c in settings.currencies.values()}
        self.profit_currency = {
            i.instrument: i.profit_currency for i in settings.instruments.values()
        }
        self.account_currency: dict[int, int] = {}
        self.exchange = Exchange(settings)
        self.events = 0
        self.placed: Counter[int] = Counter()
        self.filled = 0
        self.volume_units = 0
        self.removed: Counter[int] = Counter()
        self.closed: Counter[int] = Counter()
        self.partial_closes = 0
        self.converted_closes = 0
        self.rejected: Counter[int] = Counter()
        self.money: Counter[tuple[int, int]] = Counter()
        """(currency, ledger entry type) -> sum of balance and credit deltas."""
        self.others: Counter[type[records.Event]] = Counter()

    def add(self, events: Iterable[records.Event]) -> None:
        """Counts events."""
        for event in events:
            self.events += 1
            self.exchange.take(event)
            count = _COUNT.get(type(event))
            if count is None:
                self.others[type(event)] += 1
            else:
                count(self, event)

    def _account(self, event: records.AccountSet) -> None:
        self.account_currency[event.login] = event.currency

    def _placed(self, event: records.OrderPlaced) -> None:
        self.placed[event.order_type] += 1

    def _filled(self, event: records.OrderFilled) -> None:
        self.filled += 1
        self.volume_units += event.volume_units

    def _removed(self, event: records.OrderRemoved) -> None:
        self.removed[event.reason] += 1

    def _closed(self, event: records.PositionClosed) -> None:
        self.closed[event.reason] += 1
        self.partial_closes += event.rest_position != 0
        currency = self.account_currency.get(event.login)
        self.converted_closes += self.profit_currency.get(event.instrument) != currency

    def _rejected(self, event: records.Rejected) -> None:
        self.rejected[event.code] += 1

    def _entry(self, event: records.LedgerEntry) -> None:
        delta = event.balance_delta_minor + event.credit_delta_minor
        if delta:
            currency = self.account_currency.get(event.login, 0)
            self.money[(currency, event.entry_type)] += delta

    def _fee(self, event: records.FuturesFilled | records.SpotFilled) -> None:
        currency = self.profit_currency[event.instrument]
        self.money[(currency, v.ENTRY_COMMISSION)] -= event.fee_minor

    # ------------------------------------------------------------ results

    def house_profit(self) -> dict[str, Decimal]:
        """Profit of the house per currency code, in whole units with all decimals."""
        sums: Counter[int] = Counter()
        for (currency, entry_type), delta in self.money.items():
            if entry_type in _HOUSE_ENTRIES:
                sums[currency] -= delta
        return {
            self.currencies[c].code: unscaled(amount, self.currencies[c].digits)
            for c, amount in sorted(sums.items())
        }

    def as_dict(self) -> dict[str, Any]:
        """Everything counted, with words for numbers."""
        return {
            "events": self.events,
            "orders_placed": _worded(self.placed, v.ORDER_TYPE_NAMES),
            "orders_filled": self.filled,
            "lots_filled": unscaled(self.volume_units, LOT_DIGITS),
            "orders_removed": _worded(self.removed, v.REASON_NAMES),
            "positions_closed": _worded(self.closed, v.REASON_NAMES),
            "partial_closes": self.partial_closes,
            "closes_with_conversion": self.converted_closes,
            "margin_calls": self.others[records.MarginCall],
            "stop_outs": self.others[records.StopOut],
            "dealer_requests": self.others[records.DealerRequested],
            "requotes": self.others[records.Requoted],
            "feed_switches": self.others[records.FeedSwitched],
            "triggers_refused": self.others[records.TriggerRefused],
            "rejected": {
                f"{code} {reject_codes.SENTENCES.get(code, '')}": count
                for code, count in sorted(self.rejected.items())
            },
            "exchange": self.exchange.counts(),
            "house_profit": self.house_profit(),
        }


def _worded(counter: Counter[int], words: tuple[str, ...]) -> dict[str, int]:
    return {words[number]: count for number, count in sorted(counter.items())}


_COUNT: dict[type[records.Event], Any] = {
    records.AccountSet: Tally._account,
    records.OrderPlaced: Tally._placed,
    records.OrderFilled: Tally._filled,
    records.OrderRemoved: Tally._removed,
    records.PositionClosed: Tally._closed,
    records.Rejected: Tally._rejected,
    records.LedgerEntry: Tally._entry,
    records.FuturesFilled: Tally._fee,
    records.SpotFilled: Tally._fee,
}
