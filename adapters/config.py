"""Configuration files: names and human units in, configuration records out.

This file may not decide what the core accepts: it turns words into numbers, exactly, and
refuses what it can't turn. Bounds and relations are checked by the core itself, on a
scratch engine, before a journal is created (`check`).

A file is TOML with arrays of tables, all optional but `currency`, `instrument`, `group`:

    [[currency]]   code, digits
    [[feed]]       name, time_zone, crossed_quotes
    [[instrument]] symbol, base, profit, digits, contract_size, ...
    [[group]]      name, currency, leverage, levels in percent or money, fees per lot, ...
    [[terms]]      group, symbol or asset_class, and what differs from the group
    [[account]]    login, group, mode, leverage, deposit, credit
    [[clients]]    which generated clients belong to which group, with which habits

Objects get their numbers by their order in the file. Prices, money, lots and percentages
are decimals (`0.01` or `"0.01"`), read exactly. `examples/real_day.toml` uses every table.
"""

import tomllib
from collections.abc import Iterator, Mapping
from decimal import Decimal
from pathlib import Path
from typing import Any

import msgspec

from adapters.config_book import book_terms
from adapters.config_tables import (
    AccountTable,
    ClientsTable,
    CurrencyTable,
    FeedTable,
    File,
    GroupTable,
    InstrumentTable,
    TermsTable,
)
from adapters.config_values import (
    amount_of,
    at_key,
    check_new_name,
    convert,
    known_name,
    word_number,
)
from adapters.sessions import sessions_of
from adapters.units import I64_MAX, LOT_DIGITS, BadInput, check_zone, cut, shown
from engine import bounds, records
from engine import vocabulary as v


class Feed(msgspec.Struct, frozen=True):
    """What the tool itself needs to know of a feed."""

    number: int
    time_zone: str
    keep_crossed: bool


class Account(msgspec.Struct, frozen=True):
    """An account of the file, as the commands that open it."""

    account: records.SetAccount
    deposit_minor: int
    credit_minor: int


class ClientShare(msgspec.Struct, frozen=True):
    """A share of the generated clients; deposits in minor units of the group's currency."""

    group: int
    weight: int
    mode: int
    habits: dict[str, int]
    deposit_minor: tuple[int, int]
    leverages: list[int]
    instruments: list[int]


class Settings(msgspec.Struct, frozen=True):
    """A configuration, by name and as the records that make it, in sending order."""

    source: str
    configs: list[records.Config]
    currencies: dict[str, records.Currency]
    feeds: dict[str, Feed]
    instruments: dict[str, records.Instrument]
    groups: dict[str, records.Group]
    accounts: list[Account]
    clients: list[ClientShare]


def load(path: Path) -> Settings:
    """Reads a configuration file. Raises `BadInput` with the file and the key."""
    try:
        tables = tomllib.loads(path.read_text(encoding="utf-8"), parse_float=Decimal)
    except OSError as error:
        raise BadInput(f"{path}: can't be read: {error.strerror}") from None
    except UnicodeDecodeError as error:
        raise BadInput(f"{path}: is not UTF-8 text (byte {error.start})") from None
    except (tomllib.TOMLDecodeError, RecursionError, ValueError) as error:
        raise BadInput(f"{path}: is not TOML: {error}") from None
    return settings_of(tables, str(path))


def settings_of(tables: Mapping[str, Any], source: str) -> Settings:
    """A configuration from tables as in the file; `source` names them in errors."""
    file = convert(tables, File, source)
    build = _Build(source)
    build.configs.append(records.Profile(profile=file.profile))
    for number, raw in enumerate(file.currency, 1):
        build.currency(number, raw)
    for number, raw in enumerate(file.feed, 1):
        build.feed(number, raw)
    for number, raw in enumerate(file.instrument, 1):
        build.instrument(number, raw)
    for number, raw in enumerate(file.group, 1):
        build.group(number, raw)
    for number, raw in enumerate(file.terms, 1):
        build.terms(number, raw)
    for number, raw in enumerate(file.account, 1):
        build.account(number, raw)
    for number, raw in enumerate(file.clients, 1):
        build.clients_share(number, raw)
    return Settings(
        source,
        build.configs,
        build.currencies,
        build.feeds,
        build.instruments,
        build.groups,
        build.accounts,
        build.clients,
    )


def describe_config(config: records.Config) -> str:
    """What a configuration record is, for a message: `instrument EURUSD`."""
    kind = v.CONFIG_NAMES[config.KIND]
    for name in ("symbol", "code", "name", "profile"):
        if hasattr(config, name):
            return f"{kind} {getattr(config, name)}"
    return kind


# ---------------------------------------------------------------- one table each


class _Build:
    """Collects the objects of a file; names resolve to what came before."""

    def __init__(self, source: str) -> None:
        self.source = source
        self.configs: list[records.Config] = []
        self.currencies: dict[str, records.Currency] = {}
        self.feeds: dict[str, Feed] = {}
        self.instruments: dict[str, records.Instrument] = {}
        self.groups: dict[str, records.Group] = {}
        self.accounts: list[Account] = []
        self.clients: list[ClientShare] = []

    def place(self, kind: str, number: int, raw: Mapping[str, Any], *names: str) -> str:
        """`FILE: instrument EURUSD`, or its position where it has no usable name."""
        for name in names:
            value = raw.get(name)
            if isinstance(value, int) and abs(value) > I64_MAX:
                continue
            if isinstance(value, str | int):
                return f"{self.source}: {kind} {cut(str(value), 40)}"
        return f"{self.source}: {kind} number {number}"

    def currency(self, number: int, raw: dict[str, Any]) -> None:
        place = self.place("currency", number, raw, "code")
        t = convert(raw, CurrencyTable, place)
        check_new_name(t.code, self.currencies, place)
        if not 0 <= t.digits <= bounds.MAX_DIGITS:
            raise BadInput(f"{place}, digits: {t.digits} is not within 0 to {bounds.MAX_DIGITS}")
        self.currencies[t.code] = records.Currency(currency=number, code=t.code, digits=t.digits)
        self.configs.append(self.currencies[t.code])

    def feed(self, number: int, raw: dict[str, Any]) -> None:
        place = self.place("feed", number, raw, "name")
        t = convert(raw, FeedTable, place)
        check_new_name(t.name, self.feeds, place)
        at_key(place, "time_zone", lambda: check_zone(t.time_zone))
        self.feeds[t.name] = Feed(number, t.time_zone, t.crossed_quotes == "reject")
        self.configs.append(records.Feed(feed=number, name=t.name))

    def instrument(self, number: int, raw: dict[str, Any]) -> None:
        place = self.place("instrument", number, raw, "symbol")
        t = convert(raw, InstrumentTable, place)
        check_new_name(t.symbol, self.instruments, place)
        if not 0 <= t.digits <= bounds.MAX_DIGITS:
            raise BadInput(f"{place}, digits: {t.digits} is not within 0 to {bounds.MAX_DIGITS}")
        if not 0 <= t.volume_digits <= bounds.MAX_DIGITS:
            limit = bounds.MAX_DIGITS
            raise BadInput(f"{place}, volume_digits: {t.volume_digits} is not within 0 to {limit}")
        margin_mode = word_number(place, "margin_mode", t.margin_mode, v.MARGIN_MODE_NAMES)
        forex_margin = margin_mode in (v.MARGIN_FOREX, v.MARGIN_FOREX_NO_LEVERAGE)
        base = self._currency(place, "base", t.base)
        profit = self._currency(place, "profit", t.profit)
        if t.margin is None:
            margin = base if forex_margin else profit
        else:
            margin = self._currency(place, "margin", t.margin)

        def price(key: str, value: Decimal) -> int:
            return amount_of(place, key, value, t.digits)

        def lots(key: str, value: Decimal) -> int:
            return amount_of(place, key, value, t.volume_digits)

        hedged_digits = margin.digits if t.initial_margin else 0
        self.instruments[t.symbol] = records.Instrument(
            instrument=number,
            symbol=t.symbol,
            base_currency=base.currency,
            profit_currency=profit.currency,
            margin_currency=margin.currency,
            digits=t.digits,
            contract_size=t.contract_size,
            asset_class=t.asset_class,
            profit_mode=word_number(place, "profit_mode", t.profit_mode, v.PROFIT_MODE_NAMES),
            margin_mode=margin_mode,
            trade_mode=word_number(place, "trade_mode", t.trade_mode, v.TRADE_MODE_NAMES),
            tick_size_points=1 if t.tick_size is None else price("tick_size", t.tick_size),
            tick_value_minor=amount_of(place, "tick_value", t.tick_value, profit.digits),
            lot_min_units=lots("lot_min", t.lot_min),
            lot_max_units=lots("lot_max", t.lot_max),
            lot_step_units=lots("lot_step", t.lot_step),
            position_limit_units=lots("position_limit", t.position_limit),
            margin_percent_bp=amount_of(place, "margin_percent", t.margin_percent, 2),
            initial_margin_minor=amount_of(
                place, "initial_margin", t.initial_margin, margin.digits
            ),
            hedged_size=amount_of(place, "hedged_size", t.hedged_size, hedged_digits),
            stops_level_points=t.stops_level_points,
            freeze_level_points=t.freeze_level_points,
            staleness_ms=t.staleness_ms,
            price_min_points=price("price_min", t.price_min),
            price_max_points=price("price_max", t.price_max),
            sessions=at_key(place, "sessions", lambda: sessions_of(t.sessions)),
            feeds=[self._feed(place, name) for name in t.feeds],
            depth_events=t.depth_events,
            **book_terms(place, t, profit, margin),
        )
        self.configs.append(self.instruments[t.symbol])

    def group(self, number: int, raw: dict[str, Any]) -> None:
        place = self.place("group", number, raw, "name")
        t = convert(raw, GroupTable, place)
        check_new_name(t.name, self.groups, place)
        currency = self._currency(place, "currency", t.currency)
        level_type = word_number(place, "level_type", t.level_type, v.LEVEL_TYPE_NAMES)
        level_digits = 2 if level_type == v.LEVEL_PERCENT else currency.digits

        def money(key: str, value: Decimal) -> int:
            return amount_of(place, key, value, currency.digits)

        self.groups[t.name] = records.Group(
            group=number,
            name=t.name,
            currency=currency.currency,
            leverage=t.leverage,
            level_type=level_type,
            margin_call_level=amount_of(place, "margin_call", t.margin_call, level_digits),
            stop_out_level=amount_of(place, "stop_out", t.stop_out, level_digits),
            free_margin_mode=word_number(
                place, "free_margin_mode", t.free_margin_mode, v.FREE_MARGIN_MODE_NAMES
            ),
            withdraw_free_margin=t.withdraw_free_margin,
            execution_mode=word_number(
                place, "execution_mode", t.execution_mode, v.EXECUTION_MODE_NAMES
            ),
            request_timeout_ms=t.request_timeout_ms,
            trading_enabled=t.trading_enabled,
            fifo=t.fifo,
            hedge_prohibited=t.hedge_prohibited,
            larger_leg=t.larger_leg,
            strong_hedged=t.strong_hedged,
            skip_fully_hedged=t.skip_fully_hedged,
            compensation=word_number(place, "compensation", t.compensation, v.COMPENSATION_NAMES),
            virtual_credit_minor=money("virtual_credit", t.virtual_credit),
            max_orders=t.max_orders,
            gap_policy=word_number(place, "gap_policy", t.gap_policy, v.GAP_POLICY_NAMES),
            markup_bid_points=t.markup_bid_points,
            markup_ask_points=t.markup_ask_points,
            commission_per_lot_minor=money("commission_per_lot", t.commission_per_lot),
            agent_commission_per_lot_minor=money(
                "agent_commission_per_lot", t.agent_commission_per_lot
            ),
            stp_pendings=t.stp_pendings,
            stp_stops=t.stp_stops,
            stp_stop_outs=t.stp_stop_outs,
        )
        self.configs.append(self.groups[t.name])

    def terms(self, number: int, raw: dict[str, Any]) -> None:
        place = f"{self.source}: terms number {number}"
        t = convert(raw, TermsTable, place)
        group = self._group(place, t.group)
        digits = self._currency_of(group).digits

        def optional(key: str, value: Decimal | None, scale: int) -> int | None:
            return None if value is None else amount_of(place, key, value, scale)

        def word(key: str, value: str | None, names: tuple[str, ...]) -> int | None:
            return None if value is None else word_number(place, key, value, names)

        for instrument in self._instruments_of_terms(place, t):
            self.configs.append(
                records.Terms(
                    group=group.group,
                    instrument=instrument.instrument,
                    trade_mode=word("trade_mode", t.trade_mode, v.TRADE_MODE_NAMES),
                    execution_mode=word("execution_mode", t.execution_mode, v.EXECUTION_MODE_NAMES),
                    gap_policy=word("gap_policy", t.gap_policy, v.GAP_POLICY_NAMES),
                    markup_bid_points=t.markup_bid_points,
                    markup_ask_points=t.markup_ask_points,
                    commission_per_lot_minor=optional(
                        "commission_per_lot", t.commission_per_lot, digits
                    ),
                    agent_commission_per_lot_minor=optional(
                        "agent_commission_per_lot", t.agent_commission_per_lot, digits
                    ),
                    margin_percent_bp=optional("margin_percent", t.margin_percent, 2),
                    lot_min_units=optional("lot_min", t.lot_min, LOT_DIGITS),
                    lot_max_units=optional("lot_max", t.lot_max, LOT_DIGITS),
                    lot_step_units=optional("lot_step", t.lot_step, LOT_DIGITS),
                    stp_pendings=t.stp_pendings,
                    stp_stops=t.stp_stops,
                )
            )

    def account(self, number: int, raw: dict[str, Any]) -> None:
        place = self.place("account", number, raw, "login")
        t = convert(raw, AccountTable, place)
        if any(a.account.login == t.login for a in self.accounts):
            raise BadInput(f"{place}: is given twice")
        group = self._group(place, t.group)
        digits = self._currency_of(group).digits
        account = records.SetAccount(
            login=t.login,
            group=group.group,
            leverage=t.leverage,
            mode=word_number(place, "mode", t.mode, v.ACCOUNT_MODE_NAMES),
            status=word_number(place, "status", t.status, v.ACCOUNT_STATUS_NAMES),
            agent_login=t.agent,
        )
        deposit = amount_of(place, "deposit", t.deposit, digits)
        credit = amount_of(place, "credit", t.credit, digits)
        self.accounts.append(Account(account, deposit, credit))

    def clients_share(self, number: int, raw: dict[str, Any]) -> None:
        place = f"{self.source}: clients number {number}"
        t = convert(raw, ClientsTable, place)
        group = self._group(place, t.group)
        digits = self._currency_of(group).digits
        low, high = (amount_of(place, "deposit", amount, digits) for amount in t.deposit)
        if not 0 < low <= high:
            raise BadInput(f"{place}, deposit: expected two amounts above 0, the smaller first")
        instruments = [self._symbol(place, s).instrument for s in t.symbols]
        self.clients.append(
            ClientShare(
                group.group,
                t.weight,
                word_number(place, "mode", t.mode, v.ACCOUNT_MODE_NAMES),
                t.habits,
                (low, high),
                t.leverage,
                instruments,
            )
        )

    # names

    def _currency(self, place: str, key: str, code: str) -> records.Currency:
        return known_name(place, key, code, self.currencies, "currency")

    def _currency_of(self, group: records.Group) -> records.Currency:
        return next(c for c in self.currencies.values() if c.currency == group.currency)

    def _feed(self, place: str, name: str) -> int:
        return known_name(place, "feeds", name, self.feeds, "feed").number

    def _group(self, place: str, name: str) -> records.Group:
        return known_name(place, "group", name, self.groups, "group")

    def _symbol(self, place: str, symbol: str) -> records.Instrument:
        return known_name(place, "symbols", symbol, self.instruments, "instrument")

    def _instruments_of_terms(self, place: str, t: TermsTable) -> Iterator[records.Instrument]:
        if (t.symbol is None) == (t.asset_class is None):
            raise BadInput(f"{place}: expected either symbol or asset_class")
        if t.symbol is not None:
            yield known_name(place, "symbol", t.symbol, self.instruments, "instrument")
            return
        found = [i for i in self.instruments.values() if i.asset_class == t.asset_class]
        if not found:
            wanted = shown(t.asset_class or "")
            raise BadInput(f"{place}, asset_class: no instrument is of class {wanted}")
        yield from found
