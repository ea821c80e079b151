"""The logical state as canonical bytes: what is hashed, and what a snapshot holds.

This file may write the state out and read it back, nothing else. The layout depends only
on what the state means: configuration in order of kind and number, accounts by login,
trades by ticket. Indexes, bands, free records and scratch fields are not in it; reading
builds them anew. Sequence and time of the last command are not in it either, so a
refused command leaves the bytes as they were. FORMAT.md has the layout as a table.
"""

from typing import Final

import msgspec
from mypy_extensions import i64

from engine import bounds, records
from engine import vocabulary as v
from engine.configuration.apply import apply_config
from engine.core import Core
from engine.exchange.state import dump_books, has_books, load_books
from engine.hooks import Hooks
from engine.model.accounts import Account, Exposure, Trade
from engine.records import CLASS_OF_CONFIG, CorruptRecord
from engine.risk import renew_bands
from engine.state_words import WordReader, WordWriter

_MAGIC: Final = 0x3154535F4B43534C  # b"LSCK_ST1" read as a word
_ACCOUNT_WORDS: Final = 12
_TRADE_WORDS: Final = 24
_QUOTE_WORDS: Final = 8


# ------------------------------------------------------------ writing


def dump(core: Core) -> bytes:
    """The canonical bytes of the logical state."""
    rows = len(core.accounts) * (_ACCOUNT_WORDS + 4) + int(core.trade_rows.count) * _TRADE_WORDS
    out = WordWriter(rows + 16_384)
    out.put(_MAGIC)
    out.put(core.last_ticket)
    out.put(core.last_opening_number)
    keys = sorted(core.config_payloads)
    out.put(len(keys))
    for key in keys:
        out.put(key[0])
        out.put_bytes(core.config_payloads[key])
    _dump_quotes(core, out)
    dealers = sorted(core.dealers)
    out.put(len(dealers))
    for dealer in dealers:
        out.put(dealer)
        out.put(1 if core.dealers[dealer] else 0)
    logins = sorted(core.accounts)
    out.put(len(logins))
    for login in logins:
        _dump_account(out, core.accounts[login])
    for login in logins:
        _dump_margins(out, core.accounts[login])
    out.put(core.trade_rows.count)
    for trade in core.trades_by_ticket():
        _dump_trade(out, trade)
    if has_books(core):
        dump_books(core, out)
    return bytes(memoryview(out.words).cast("B")[: int(out.used) * 8])


def _dump_quotes(core: Core, out: WordWriter) -> None:
    quoted = [i for i in core.instruments if i.configured]
    out.put(len(quoted))
    for instrument in quoted:
        out.put(instrument.number)
        out.put(instrument.bid)
        out.put(instrument.ask)
        out.put(instrument.previous_bid)
        out.put(instrument.previous_ask)
        out.put(instrument.quote_time_ns)
        out.put(instrument.quote_sequence)
        out.put(instrument.active_feed)


def _dump_account(out: WordWriter, account: Account) -> None:
    out.put(account.login)
    out.put(account.group.number)
    out.put(account.leverage_setting)
    out.put(account.mode)
    out.put(account.status)
    out.put(account.agent_login)
    out.put(account.balance_minor)
    out.put(account.credit_minor)
    out.put(account.margin_minor)
    out.put(account.entry_count)
    out.put(1 if account.under_call else 0)
    out.put(account.refused_stage << 32 | account.refused_reason)


def _dump_margins(out: WordWriter, account: Account) -> None:
    """Margin of every exposure that has one, by instrument."""
    charged: list[tuple[int, int]] = []
    for exposure in account.exposures:
        if exposure.margin_minor != 0:
            charged.append((int(exposure.instrument.number), int(exposure.margin_minor)))
    charged.sort()
    out.put(len(charged))
    for number, margin in charged:
        out.put(number)
        out.put(margin)


def _dump_trade(out: WordWriter, trade: Trade) -> None:
    out.put(trade.ticket)
    out.put(trade.exposure.account.login)
    out.put(trade.exposure.instrument.number)
    out.put(trade.state)
    out.put(trade.order_type)
    out.put(trade.side)
    out.put(trade.volume_units)
    out.put(trade.price_points)
    out.put(trade.limit_price_points)
    out.put(trade.stop_loss_points)
    out.put(trade.take_profit_points)
    out.put(trade.expiry_ns)
    out.put(trade.open_cost)
    out.put(trade.margin_rate_e8)
    out.put(trade.commission_minor)
    out.put(trade.opening_number)
    out.put(trade.open_time_ns)
    out.put(trade.refused_stage)
    out.put(trade.refused_reason)
    out.put(trade.request)
    waiting = trade.request != v.REQUEST_NONE
    out.put(trade.request_volume_units if waiting else 0)
    out.put(trade.request_price_points if waiting else 0)
    out.put(trade.request_deviation_points if waiting else 0)
    out.put(trade.request_timeout_ns if waiting else 0)


# ------------------------------------------------------------ reading


def load(state: bytes, hooks: Hooks) -> Core:
    """A core with this logical state. Raises `CorruptRecord`."""
    try:
        return _load(state, hooks)
    except CorruptRecord:
        raise
    except (ArithmeticError, AssertionError, LookupError, ValueError) as error:
        raise CorruptRecord(f"state: its parts do not fit together ({error!r})") from error


def _load(state: bytes, hooks: Hooks) -> Core:
    core = Core(hooks)
    reader = WordReader(state)
    if reader.get() != _MAGIC:
        raise CorruptRecord("state: does not begin like a state of this version")
    core.last_ticket = reader.get()
    core.last_opening_number = reader.get()
    count = reader.get_count(2)
    for _ in range(count):
        _load_config(core, reader)
    count = reader.get_count(_QUOTE_WORDS)
    for _ in range(count):
        _load_quote(core, reader)
    count = reader.get_count(2)
    for _ in range(count):
        dealer = reader.get()
        online = reader.get() == 1
        core.dealers[dealer] = online
        if online:
            core.dealers_online += 1
    count = reader.get_count(_ACCOUNT_WORDS)
    for _ in range(count):
        _load_account(core, reader)
    for account in core.accounts.values():
        agent = core.accounts.get(account.agent_login)
        if agent is not None:
            agent.is_agent = True
        for _ in range(reader.get_count(2)):
            _load_margin(core, account, reader)
    positions: list[tuple[int, Trade]] = []
    for _ in range(reader.get_count(_TRADE_WORDS)):
        trade = _load_trade(core, reader)
        if trade.state == v.POSITION_OPEN:
            positions.append((int(trade.opening_number), trade))
    positions.sort(key=_opening_number)
    for _, trade in positions:
        trade.exposure.append_position(trade)
        trade.exposure.account.position_count += 1
    if has_books(core):
        load_books(core, reader)
    if reader.at != i64(len(state)):
        raise CorruptRecord(f"state: {i64(len(state)) - reader.at} bytes too many")
    for trade in core.trades():
        core.watch(trade)
    for account in core.accounts.values():
        renew_bands(core, account)
    return core


def _opening_number(entry: tuple[int, Trade]) -> int:
    return entry[0]


def _load_config(core: Core, reader: WordReader) -> None:
    kind = reader.get()
    config_class = CLASS_OF_CONFIG.get(kind)
    if config_class is None:
        raise CorruptRecord(f"state: {kind} is no configuration kind")
    payload = reader.get_bytes()
    try:
        config: records.Config = msgspec.msgpack.decode(payload, type=config_class)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise CorruptRecord(f"state: configuration of kind {kind} is not readable") from error
    if not _is_small(config):
        raise CorruptRecord(f"state: configuration of kind {kind} is out of range")
    apply_config(core, config)


def _is_small(config: records.Config) -> bool:
    """Whether its numbers are of 64 bits, and tables and powers that grow with one stay small."""
    for name in config.__struct_fields__:
        value = getattr(config, name)
        if isinstance(value, int) and not -(2**63) <= value < 2**63:
            return False
    if isinstance(config, records.Instrument):
        small = 1 <= config.instrument <= bounds.MAX_INSTRUMENTS
        small = small and 0 <= config.volume_digits <= bounds.MAX_DIGITS
        return small and 0 <= config.digits <= bounds.MAX_DIGITS
    if isinstance(config, records.Currency):
        return 0 <= config.digits <= bounds.MAX_DIGITS
    return True


def _load_quote(core: Core, reader: WordReader) -> None:
    instrument = core.instrument(reader.get())
    if instrument is None:
        raise CorruptRecord("state: a quote of an instrument that is not configured")
    instrument.bid = reader.get()
    instrument.ask = reader.get()
    instrument.previous_bid = reader.get()
    instrument.previous_ask = reader.get()
    instrument.quote_time_ns = reader.get()
    instrument.quote_sequence = reader.get()
    instrument.active_feed = reader.get()


def _load_account(core: Core, reader: WordReader) -> None:
    login = reader.get()
    group = core.groups.get(reader.get())
    if group is None:
        raise CorruptRecord(f"state: account {login} is in a group that is not configured")
    account = Account(login, group, core.currencies[group.currency])
    account.leverage_setting = reader.get()
    account.leverage = account.leverage_setting
    if account.leverage == 0:
        account.leverage = group.leverage
    account.mode = reader.get()
    account.status = reader.get()
    account.agent_login = reader.get()
    account.balance_minor = reader.get()
    account.credit_minor = reader.get()
    account.margin_minor = reader.get()
    account.entry_count = reader.get()
    account.under_call = reader.get() == 1
    refused = reader.get()
    account.refused_stage = refused >> 32
    account.refused_reason = refused & 0xFFFFFFFF
    group.accounts += 1
    core.accounts[login] = account


def _exposure(core: Core, account: Account | None, number: i64) -> Exposure:
    instrument = core.instrument(number)
    if account is None or instrument is None:
        raise CorruptRecord(f"state: a trade of an unknown account or instrument {number}")
    return core.exposure(account, instrument)


def _load_margin(core: Core, account: Account, reader: WordReader) -> None:
    exposure = _exposure(core, account, reader.get())
    exposure.margin_minor = reader.get()


def _load_trade(core: Core, reader: WordReader) -> Trade:
    ticket = reader.get()
    account = core.accounts.get(reader.get())
    exposure = _exposure(core, account, reader.get())
    if ticket <= 0 or core.trade_rows.find(ticket) >= 0:
        raise CorruptRecord(f"state: ticket {ticket} is there twice, or below 1")
    trade = core.enter_trade(exposure, ticket)
    trade.state = reader.get()
    trade.order_type = reader.get()
    trade.side = reader.get()
    trade.volume_units = reader.get()
    trade.price_points = reader.get()
    trade.limit_price_points = reader.get()
    trade.stop_loss_points = reader.get()
    trade.take_profit_points = reader.get()
    trade.expiry_ns = reader.get()
    trade.open_cost = reader.get()
    trade.margin_rate_e8 = reader.get()
    trade.commission_minor = reader.get()
    trade.opening_number = reader.get()
    trade.open_time_ns = reader.get()
    trade.refused_stage = reader.get()
    trade.refused_reason = reader.get()
    trade.request = reader.get()
    trade.request_volume_units = reader.get()
    trade.request_price_points = reader.get()
    trade.request_deviation_points = reader.get()
    trade.request_timeout_ns = reader.get()
    if trade.state == v.POSITION_OPEN:
        trade.open_leg_minor = exposure.instrument.leg_minor(trade.open_cost)
    else:
        exposure.add_order(trade.side, trade.volume_units, 1)
        if trade.state == v.ORDER_REQUESTED:
            exposure.account.request_count += 1
    return trade
