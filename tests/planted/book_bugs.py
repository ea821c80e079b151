"""The planted bugs of the book venue: what is wrong, the text that makes it so, what catches it.

This file may hold the table only. Most bugs are caught by random days, whose fast engine is
restored from its state again and again; what is rare there, a scenario catches.
"""

from typing import Final

from tests.planted.bug import Bug, Edit

DAYS: Final = "tests.planted.book_days 1 --count 12"
TRADING: Final = "pytest tests/book/test_rules_trading.py"
MONEY: Final = "pytest tests/book/test_rules_money.py"
TRIGGERS: Final = "pytest tests/book/test_rules_triggers.py"
ICEBERG: Final = "pytest tests/book/test_rules_iceberg.py"
PHASES: Final = "pytest tests/book/test_rules_phases.py"
LIQUIDATION: Final = "pytest tests/book/test_rules_liquidation.py"
STOPS: Final = "pytest tests/book/test_rules_position_stops.py"
SETTLEMENT: Final = "pytest tests/book/test_rules_settlement.py"
BANDS: Final = "pytest tests/book/test_rules_bands.py"
CAUGHT: Final = "pytest tests/book/test_caught.py"

DIFFERENCE: Final = "FAILURE: .*Difference"
BROKEN: Final = "FAILURE: .*AssertionError"
"""An invariant of the engine does not hold."""
UNREADABLE: Final = "FAILURE: .*CorruptRecord"
"""A state that gives another one when it is read back."""
FAILED: Final = "FAILED"


def in_one_place(
    name: str, file: str, old: str, new: str, catcher: str = DAYS, says: str = DIFFERENCE
) -> Bug:
    return Bug(name, (Edit(f"engine/{file}", old, new),), catcher, says)


BOOK_BUGS: Final = (
    # ---------------------------------------------------------------- bands that fills keep
    in_one_place(
        "a fill keeps bands that its account has outgrown",
        "risk.py",
        "equity > call_threshold_minor(account) and equity >",
        "equity >",
        BANDS,
        FAILED,
    ),
    in_one_place(
        "a fill keeps bands although there are positions elsewhere",
        "risk.py",
        "account.position_count > 1 or exposure.count == 0 or account.under_call",
        "exposure.count == 0 or account.under_call",
        BANDS,
        FAILED,
    ),
    in_one_place(
        "bands that are gone are remembered",
        "risk.py",
        """def _clear_exposure(core: Core, exposure: Exposure) -> None:
    exposure.band_low_points = 0
    exposure.band_high_points = 0
""",
        "def _clear_exposure(core: Core, exposure: Exposure) -> None:\n",
        says=BROKEN,
    ),
    in_one_place(
        "bands of a book are on the wrong sides",
        "risk.py",
        "    worst = exposure.band_low_points if units > 0 else exposure.band_high_points\n",
        "    worst = exposure.band_low_points if units < 0 else exposure.band_high_points\n",
        BANDS,
        FAILED,
    ),
    # ---------------------------------------------------------------- place in the book
    in_one_place(
        "an order that gets smaller loses its place",
        "exchange/requests.py",
        "    if smaller:\n",
        "    if smaller and incoming.shown_units > 0:\n",
        TRADING,
        FAILED,
    ),
    in_one_place(
        "an order that is replaced by the same keeps its place",
        "exchange/requests.py",
        "incoming.units < incoming.replaced_units",
        "incoming.units <= incoming.replaced_units",
        TRADING,
        FAILED,
    ),
    in_one_place(
        "a level forgets who is last in it",
        "book/book.py",
        "            levels[level + LAST] = before\n",
        "            pass\n",
        says=BROKEN,
    ),
    in_one_place(
        "a level that is as it was before is told, too",
        "book/book.py",
        "if now != self.levels_before[place]:",
        "if now is not None:",
    ),
    in_one_place(
        "orders that the engine ends by the clock leave their depth untold",
        "timers.py",
        "            core.due.add(core.exposures[core.orders.rows[row + FLAGS]"
        " >> OWNER_SHIFT].instrument)\n",
        "",
    ),
    # ---------------------------------------------------------------- icebergs
    in_one_place(
        "a replaced iceberg releases only what it showed",
        "exchange/requests.py",
        "incoming.replaced_units = core.orders.left_units(row)",
        "incoming.replaced_units = core.orders.left_units(row) - core.orders.hidden_units(row)",
    ),
    in_one_place(
        "a removed iceberg leaves its hidden part frozen",
        "exchange/resting.py",
        "    units = core.orders.left_units(row)\n    ticket =",
        "    units = rows[row + UNITS]\n    ticket =",
        says="FAILURE",
    ),
    in_one_place(
        "an iceberg shows all of its rest at once",
        "exchange/resting.py",
        "    if shown > hidden:\n        shown = hidden\n",
        "    shown = hidden\n",
    ),
    in_one_place(
        "a smaller iceberg gives up what it shows, and hides as much",
        "exchange/resting.py",
        "        cut = less if less < hidden else hidden\n",
        "        cut = 0\n",
        ICEBERG,
        FAILED,
    ),
    in_one_place(
        "fill-or-kill does not count what is hidden",
        "exchange/funds.py",
        "        units += hidden\n        if units >= incoming.units:\n",
        "        if units >= incoming.units:\n",
        ICEBERG,
        FAILED,
    ),
    in_one_place(
        "a market order that buys spot freezes for what is shown",
        "exchange/funds.py",
        "        cost += hidden * price\n",
        "",
        ICEBERG,
        FAILED,
    ),
    # ---------------------------------------------------------------- money
    in_one_place(
        "both sides of a futures book are frozen for, not the larger",
        "exchange/freeze.py",
        "most = buying if buying > selling else selling",
        "most = buying + selling",
    ),
    in_one_place(
        "a rebate is rounded in favour of the maker",
        "exchange/fees.py",
        "fee = _share(value_minor, ppm) if ppm > 0 else -_share(value_minor, -ppm)",
        "fee = _share(value_minor, ppm)",
        MONEY,
        FAILED,
    ),
    in_one_place(
        "a position that turns over opens with the whole fill",
        "exchange/position.py",
        "_open(core, exposure, side, units - closing, price)",
        "_open(core, exposure, side, units, price)",
        says="FAILURE",
    ),
    in_one_place(
        "what an auction fills releases at the price of the auction",
        "exchange/fill.py",
        "    released = spot_frozen_minor(instrument, side, left + units, limit)\n"
        "    released -= spot_frozen_minor(instrument, side, left, limit)\n"
        "    _spot_side",
        "    released = spot_frozen_minor(instrument, side, left + units, price)\n"
        "    released -= spot_frozen_minor(instrument, side, left, price)\n"
        "    _spot_side",
        CAUGHT,
        FAILED,
    ),
    in_one_place(
        "reduce-only orders of the maker are not trimmed",
        "exchange/match.py",
        "        if maker.reduce_orders > 0:\n            trim_reducing(core, maker)\n",
        "",
    ),
    # ---------------------------------------------------------------- auctions and bands
    in_one_place(
        "buyers alone are left, and the auction takes the lowest price",
        "exchange/phases.py",
        "    if min(surpluses) > 0:\n        return tied[-1][0]\n",
        "    if min(surpluses) > 0:\n        return tied[0][0]\n",
        PHASES,
        FAILED,
    ),
    in_one_place(
        "of two prices equally near an auction takes the lower",
        "exchange/phases.py",
        "if abs(price - last) <= abs(chosen - last):",
        "if abs(price - last) < abs(chosen - last):",
        PHASES,
        FAILED,
    ),
    in_one_place(
        "reduce-only orders stay for the auction",
        "exchange/phases.py",
        "        withdraw_instrument(core, instrument, v.REMOVAL_AUCTION, kinds, REDUCES)\n",
        "        pass\n",
        PHASES,
        FAILED,
    ),
    in_one_place(
        "an order at the edge of the band is refused",
        "exchange/band.py",
        "price_points > band_edge(instrument, v.BUY)",
        "price_points >= band_edge(instrument, v.BUY)",
        PHASES,
        FAILED,
    ),
    in_one_place(
        "the band narrows what sells by the upper edge",
        "exchange/band.py",
        "    if side == v.BUY:\n        return instrument.base_points + width\n",
        "    if side == v.SELL:\n        return instrument.base_points + width\n",
    ),
    in_one_place(
        "an order may take beyond the band",
        "exchange/band.py",
        "        if edge < limit_key:\n            return edge\n",
        "        if edge > limit_key:\n            return edge\n",
    ),
    in_one_place(
        "a daily settlement leaves the base price",
        "exchange/settlement.py",
        "    else:\n        instrument.base_points = price\n",
        "",
    ),
    # ---------------------------------------------------------------- rounds and triggers
    in_one_place(
        "an empty side leaves the quote, whatever was filled",
        "exchange/rounds.py",
        "if instrument.filled_sequence == core.sequence:",
        "if instrument.filled_sequence > core.sequence:",
    ),
    in_one_place(
        "one round too many",
        "exchange/rounds.py",
        "if rounds < bounds.MAX_ROUNDS:",
        "if rounds <= bounds.MAX_ROUNDS:",
        TRIGGERS,
        "test_rounds_after_a_command_are_bounded",
    ),
    in_one_place(
        "a quote from outside triggers nothing",
        "exchange/rounds.py",
        "    mark(core, instrument, bid, ask)\n    if instrument.watched > 0:\n"
        "        run_triggers(core, instrument)\n",
        "    mark(core, instrument, bid, ask)\n",
    ),
    in_one_place(
        "a stop order that is just reached waits on",
        "exchange/resting.py",
        "core.order_triggers.set(number, instrument, ASK_UP, incoming.trigger_points)",
        "core.order_triggers.set(number, instrument, ASK_UP, incoming.trigger_points + 1)",
    ),
    in_one_place(
        "a stop order may be placed at the price that triggers it",
        "exchange/admit.py",
        "return price >= trigger if side == v.BUY else price <= trigger",
        "return price > trigger if side == v.BUY else price < trigger",
    ),
    in_one_place(
        "what a price reaches is activated in the order of the index",
        "exchange/triggers.py",
        "    tickets.sort()\n",
        "",
    ),
    in_one_place(
        "a triggered reduce-only order may open a position",
        "exchange/triggers.py",
        "        if incoming.units > opposite:\n            incoming.units = opposite\n",
        "        if opposite == 0:\n            incoming.units = opposite\n",
        TRIGGERS,
        FAILED,
    ),
    in_one_place(
        "a triggered stop-limit order forgets when it ends",
        "exchange/triggers.py",
        "    incoming.expiry_ns = core.orders.expiry_ns(row)\n",
        "    incoming.expiry_ns = 0\n",
    ),
    in_one_place(
        "a take profit that is just reached does not close",
        "model/accounts.py",
        "return price_points >= self.take_profit_points",
        "return price_points > self.take_profit_points",
        STOPS,
        FAILED,
    ),
    in_one_place(
        "stops are checked against the price at which the position opens",
        "exchange/position_stops.py",
        "instrument.trigger_price(v.SELL - trade.side)",
        "instrument.trigger_price(trade.side)",
        STOPS,
        FAILED,
    ),
    in_one_place(
        "an order of its own is in the way of a closing order",
        "exchange/closing.py",
        "incoming.self_trade = v.SELF_TRADE_CANCEL_OLDEST",
        "incoming.self_trade = v.SELF_TRADE_CANCEL_NEWEST",
        STOPS,
        FAILED,
    ),
    in_one_place(
        "a future trades at the very moment at which it ends",
        "exchange/admit.py",
        "if 0 < instrument.expires_ns <= core.time_ns:",
        "if 0 < instrument.expires_ns < core.time_ns:",
        PHASES,
        FAILED,
    ),
    # ---------------------------------------------------------------- liquidation
    in_one_place(
        "a position in a halted book is liquidated",
        "tick/stop_out.py",
        "        return instrument.is_trading(core.time_ns)\n",
        "        return instrument.session_open(core.time_ns)\n",
        LIQUIDATION,
        FAILED,
    ),
    in_one_place(
        "accounts that a liquidation met wait for the next command",
        "tick/stop_out.py",
        "            _add_met(core, account.login)\n",
        "            pass\n",
        LIQUIDATION,
        FAILED,
    ),
    in_one_place(
        "orders of its own stay while a position is liquidated",
        "exchange/liquidation.py",
        "    withdraw_tickets(core, tickets, v.REMOVAL_LIQUIDATION)\n",
        "",
    ),
    in_one_place(
        "the fund does not count in how far a liquidation may take",
        "exchange/liquidation.py",
        "own + fund_minor(core, exposure)",
        "own",
        LIQUIDATION,
        FAILED,
    ),
    in_one_place(
        "the fund pays more than it has",
        "exchange/cover.py",
        "    pays = fund_minor(core, exposure)\n",
        "    pays = -account.balance_minor\n",
        LIQUIDATION,
        FAILED,
    ),
    in_one_place(
        "the fund pays with what is margin or frozen",
        "exchange/cover.py",
        "at_least_zero(spendable_minor(fund))",
        "at_least_zero(fund.balance_minor)",
        LIQUIDATION,
        FAILED,
    ),
    in_one_place(
        "an account that still holds something is covered",
        "exchange/cover.py",
        "if account.position_count > 0 or account.balance_minor >= 0:",
        "if account.balance_minor >= 0:",
    ),
    in_one_place(
        "deleveraging goes by ticket alone",
        "exchange/deleverage.py",
        "ranked.append((-rank, int(trade.ticket), int(other.number)))",
        "ranked.append((0, int(trade.ticket), int(other.number)))",
        LIQUIDATION,
        FAILED,
    ),
    in_one_place(
        "deleveraging goes by profit, whatever it was made with",
        "exchange/deleverage.py",
        "rank: int = int(profit) * _MILLION // int(value)",
        "rank: int = int(profit) * _MILLION // (int(value) * 0 + 1)",
        LIQUIDATION,
        FAILED,
    ),
    in_one_place(
        "who is deleveraged keeps reduce-only orders for what is gone",
        "exchange/deleverage.py",
        "        if other.reduce_orders > 0:\n",
        "        if other.reduce_orders < 0:\n",
        LIQUIDATION,
        FAILED,
    ),
    # ---------------------------------------------------------------- settlement
    in_one_place(
        "short positions pay what they should get at a settlement",
        "exchange/settlement.py",
        "    if trade.side == v.SELL:\n        profit = -profit\n",
        "",
    ),
    in_one_place(
        "a settled position keeps its open price",
        "exchange/settlement.py",
        "        trade.open_cost = cost\n",
        "        trade.open_cost += 0\n",
    ),
    in_one_place(
        "funding is rounded in favour of who pays, too",
        "exchange/settlement.py",
        "rate_e8 if rate_e8 > 0 else -rate_e8, True)",
        "rate_e8 if rate_e8 > 0 else -rate_e8, False)",
    ),
    in_one_place(
        "a margin is in force one row late",
        "exchange/margins.py",
        "        if from_ns > time_ns:\n",
        "        if from_ns >= time_ns:\n",
    ),
    in_one_place(
        "what orders freeze keeps the margin of yesterday",
        "exchange/margins.py",
        "        if exposure.instrument is instrument:\n            refreeze_futures(exposure)\n",
        "        if exposure.instrument is instrument and exposure.count > 0:\n"
        "            refreeze_futures(exposure)\n",
        says="FAILURE",
    ),
    # ---------------------------------------------------------------- configuration
    in_one_place(
        "the margin in force may change while somebody holds",
        "configuration/admit_instrument.py",
        "(_structure_differs(existing, config) or _margin_differs(core, existing, config))",
        "_structure_differs(existing, config)",
    ),
    in_one_place(
        "two rows of margin may begin at the same time",
        "configuration/admit_instrument.py",
        "within(from_ns, last + 1, bounds.MAX_TIME_NS)",
        "within(from_ns, last, bounds.MAX_TIME_NS)",
        SETTLEMENT,
        FAILED,
    ),
    in_one_place(
        "where a quote comes from may change while somebody holds",
        "configuration/admit_instrument.py",
        "        or existing.mark != config.mark\n",
        "",
    ),
    in_one_place(
        "the dates of a new configuration are not watched",
        "configuration/apply.py",
        "    watch_margins(core, instrument)\n",
        "",
    ),
    # ---------------------------------------------------------------- state
    in_one_place(
        "orders that wait are in no snapshot",
        "exchange/state.py",
        "        wait(core, exposure, incoming)\n",
        "",
        says=UNREADABLE,
    ),
    in_one_place(
        "a snapshot makes stop-limit orders stop orders",
        "exchange/state.py",
        "        _dump_order(core, out, row, core.orders.more[row + LIMIT])\n",
        "        _dump_order(core, out, row, 0)\n",
    ),
    in_one_place(
        "a snapshot shows an iceberg whole again",
        "exchange/state.py",
        "        set_shown(core, exposure, core.orders.find(incoming.ticket), units, hidden)\n",
        "        pass\n",
        CAUGHT,
        FAILED,
    ),
    in_one_place(
        "the last price is in no snapshot",
        "exchange/state.py",
        "        out.put(instrument.last_points)\n",
        "        out.put(0)\n",
    ),
    in_one_place(
        "a snapshot does not know which positions have stops",
        "exchange/state.py",
        "            trade.exposure.instrument.watched += trade.has_stops()\n",
        "            pass\n",
        says=BROKEN,
    ),
    in_one_place(
        "books become due in the order of the first orders of an account",
        "exchange/requests.py",
        "        if number == 0 or exposure.instrument.number == number:\n",
        "        if number == 0 or exposure.instrument.number == number:\n"
        "            core.due.add(exposure.instrument)\n",
        CAUGHT,
        FAILED,
    ),
    in_one_place(
        "rounds that are left over leave their depth untold",
        "exchange/rounds.py",
        "            _tell_depth(core, instrument)\n            if",
        "            if",
        CAUGHT,
        FAILED,
    ),
    in_one_place(
        "an instrument that is quoted now keeps its book",
        "configuration/apply.py",
        "    instrument.book = None\n",
        "",
        CAUGHT,
        FAILED,
    ),
)
