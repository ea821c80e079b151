"""From bytes of commands to the functions that carry them out.

This file may read record heads, keep sequence and time, and call one function per
command type. It is the whole interface of the core: nothing else changes a `Core`.
"""

from typing import Final

from librt.strings import read_i64_le
from librt.vecs import vec
from mypy_extensions import i64

from engine import bounds
from engine import reject_codes as r
from engine import vocabulary as v
from engine.command_reader import Words, reject
from engine.configuration.command import configure
from engine.core import Core
from engine.dealers import dealer_confirm, dealer_reject, dealer_requote, set_dealer
from engine.exchange.holdings import holding_operation
from engine.exchange.phases import set_phase
from engine.exchange.requests import (
    cancel_all,
    cancel_book_order,
    place_book_order,
    replace_order,
)
from engine.exchange.rounds import run_rounds
from engine.exchange.settlement import pay_funding, settle_instrument
from engine.money import balance_operation, set_account
from engine.records import COMMAND_CLASSES, VERSION, Configure, CorruptRecord, record_size
from engine.requests import (
    cancel_order,
    close_position,
    modify_order,
    modify_position,
    place_order,
)
from engine.risk import renew_bands
from engine.tick.receive import receive
from engine.timers import fire_timers

_HEAD_BYTES: Final = 24
_SIZES: Final = {c.TYPE: record_size(c.TYPE) for c in COMMAND_CLASSES}
_CONFIGURE_HEAD_BYTES: Final = 40
_TYPES: Final = 64
_NO_HEADER: Final = -1


def _headers() -> vec[i64]:
    """The only header of each type of command; `_NO_HEADER` where the size depends on a payload."""
    headers = vec[i64]([_NO_HEADER] * _TYPES)
    for command_type, size in _SIZES.items():
        if command_type != Configure.TYPE:
            headers[i64(command_type)] = i64(command_type | VERSION << 16 | size << 32)
    return headers


_HEADERS: Final = _headers()


def apply(core: Core, block: bytes) -> None:
    """Applies a block of commands. Raises `CorruptRecord` naming offset and sequence."""
    words = Words(block)
    headers = _HEADERS
    end = i64(len(block))
    offset: i64 = 0
    while offset < end:
        if end - offset < _HEAD_BYTES:
            raise CorruptRecord(
                f"offset {offset}: {end - offset} bytes left, a command has at least 24"
            )
        header = read_i64_le(block, offset)
        size = header >> 32
        command_type = header & 0xFFFF
        if command_type >= _TYPES or header != headers[command_type]:
            _check_header(block, header, size, offset)
        if size > end - offset:
            raise CorruptRecord(
                f"offset {offset}: {end - offset} bytes left of a command of {size}"
            )
        sequence = read_i64_le(block, offset + 8)
        if sequence != core.sequence + 1:
            raise CorruptRecord(
                f"offset {offset}: sequence {sequence}, expected {core.sequence + 1}"
            )
        time_ns = read_i64_le(block, offset + 16)
        if time_ns < 0 or time_ns > bounds.MAX_TIME_NS:
            raise CorruptRecord(
                f"offset {offset}, sequence {sequence}: time {time_ns} is out of range"
            )
        words.start = offset
        _apply_command(core, words, command_type, sequence, time_ns)
        offset += size


def _check_header(block: bytes, header: i64, size: i64, offset: i64) -> None:
    """Type, version and size belong together."""
    command_type: int = int(header & 0xFFFF)
    expected = _SIZES.get(command_type)
    if expected is None:
        raise CorruptRecord(f"offset {offset}: {command_type} is not a command type")
    version = (header >> 16) & 0xFFFF
    if version != VERSION:
        raise CorruptRecord(
            f"offset {offset}: record version {version}, this program reads version {VERSION}"
        )
    good = size == expected
    if command_type == Configure.TYPE:
        good = i64(len(block)) - offset >= _CONFIGURE_HEAD_BYTES
        if good:
            length = read_i64_le(block, offset + _CONFIGURE_HEAD_BYTES - 8)
            good = (
                0 <= length <= bounds.MAX_PAYLOAD_BYTES
                and size == _CONFIGURE_HEAD_BYTES + (length + 7) // 8 * 8
            )
    if not good:
        raise CorruptRecord(f"offset {offset}: {size} is no size of command type {command_type}")


def _apply_command(
    core: Core, words: Words, command_type: i64, sequence: i64, time_ns: i64
) -> None:
    """Time, timers, the command, new bands."""
    core.sequence = sequence
    core.events.sequence = sequence
    core.events.time_ns = time_ns
    if time_ns < core.time_ns:
        _refuse_old(core, words, command_type)
        return
    core.time_ns = time_ns
    if (
        core.timers.tops[0] <= time_ns
        or core.order_timers.tops[0] <= time_ns
        or core.margin_timers.tops[0] <= time_ns
    ):
        fire_timers(core)
    if command_type == v.TICK:
        receive(core, words)
    else:
        _dispatch(core, words, command_type)
    if core.due.first is not None:
        run_rounds(core)
    if len(core.touched) > 0:
        _renew_touched(core)


def _dispatch(core: Core, words: Words, command_type: i64) -> None:
    if command_type == v.PLACE_BOOK_ORDER:
        place_book_order(core, words)
    elif command_type == v.PLACE_ORDER:
        place_order(core, words)
    elif command_type == v.MODIFY_ORDER:
        modify_order(core, words)
    elif command_type == v.CANCEL_ORDER:
        row = core.orders.find(words.at(1))
        if row >= 0:
            cancel_book_order(core, words, row)
        else:
            cancel_order(core, words)
    elif command_type == v.CLOSE_POSITION:
        close_position(core, words)
    elif command_type == v.MODIFY_POSITION:
        modify_position(core, words)
    elif command_type == v.BALANCE_OPERATION:
        balance_operation(core, words)
    elif command_type == v.SET_ACCOUNT:
        set_account(core, words)
    elif command_type == v.SET_DEALER:
        set_dealer(core, words)
    elif command_type == v.DEALER_CONFIRM:
        dealer_confirm(core, words)
    elif command_type == v.DEALER_REJECT:
        dealer_reject(core, words)
    elif command_type == v.DEALER_REQUOTE:
        dealer_requote(core, words)
    elif command_type == v.REPLACE_ORDER:
        replace_order(core, words)
    elif command_type == v.CANCEL_ALL:
        cancel_all(core, words)
    elif command_type == v.HOLDING_OPERATION:
        holding_operation(core, words)
    elif command_type == v.SET_PHASE:
        set_phase(core, words)
    elif command_type == v.SETTLE_INSTRUMENT:
        settle_instrument(core, words)
    elif command_type == v.PAY_FUNDING:
        pay_funding(core, words)
    elif command_type == v.CONFIGURE:
        configure(core, words)


def _refuse_old(core: Core, words: Words, command_type: i64) -> None:
    """A command older than the one before is refused, with what it names."""
    login: i64 = 0
    ticket: i64 = 0
    number: i64 = 0
    if (
        v.SET_ACCOUNT <= command_type <= v.MODIFY_POSITION
        or v.PLACE_BOOK_ORDER <= command_type <= v.HOLDING_OPERATION
    ):
        login = words.at(0)
    if (
        v.MODIFY_ORDER <= command_type <= v.MODIFY_POSITION
        or v.DEALER_CONFIRM <= command_type <= v.DEALER_REQUOTE
        or command_type == v.REPLACE_ORDER
    ):
        ticket = words.at(1)
    elif command_type == v.TICK or v.SET_PHASE <= command_type <= v.PAY_FUNDING:
        number = words.at(0)
    elif command_type in (v.PLACE_ORDER, v.PLACE_BOOK_ORDER, v.CANCEL_ALL):
        number = words.at(1)
    reject(core, login, command_type, r.TIME_BACKWARDS, ticket, number, core.time_ns)


def _renew_touched(core: Core) -> None:
    """Every account that changed gets new bands."""
    for account in core.touched:
        account.changed_positions = False
        account.touched = False
        if not account.has_new_bands:
            renew_bands(core, account)
    core.touched.clear()
