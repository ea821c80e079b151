"""The output buffer, and the events of `records/events.py`: one method each.

This file may write words, nothing else; the layout is that of the classes in
`records/` (a test decodes every method's output). The buffer is one vector that is
allocated once, grows by doubling and is reused after `clear`.
"""

from typing import Final

from librt.vecs import vec
from mypy_extensions import i64

from engine.vectors import grown

_START_WORDS: Final = 65_536
_LARGEST_EVENT_WORDS: Final = 32


class CommonEvents:
    """Words of the events written since `clear`; `sequence` and `time_ns` are the command's."""

    def __init__(self) -> None:
        self.words: vec[i64] = vec[i64]([0] * _START_WORDS)
        self.used: i64 = 0
        self.capacity: i64 = _START_WORDS
        self.sequence: i64 = 0
        self.time_ns: i64 = 0

    def clear(self) -> None:
        self.used = 0

    def view(self) -> memoryview:
        """The bytes of the events, without a copy; valid until the next write or `clear`."""
        return memoryview(self.words).cast("B")[: int(self.used) * 8]

    def _grow(self) -> None:
        self.words = grown(self.words, self.capacity)
        self.capacity = self.capacity * 2

    def _begin(self, header: i64, size_words: i64) -> i64:
        if self.used + _LARGEST_EVENT_WORDS > self.capacity:
            self._grow()
        at = self.used
        words = self.words
        words[at] = header
        words[at + 1] = self.sequence
        words[at + 2] = self.time_ns
        self.used = at + size_words
        return at + 3

    def rejected(
        self,
        login: i64,
        command_type: i64,
        code: i64,
        ticket: i64,
        instrument: i64,
        detail: i64,
    ) -> None:
        at = self._begin(101 | 1 << 16 | 72 << 32, 9)
        words = self.words
        words[at] = login
        words[at + 1] = command_type
        words[at + 2] = code
        words[at + 3] = ticket
        words[at + 4] = instrument
        words[at + 5] = detail

    def configured(
        self,
        kind: i64,
        identifier: i64,
        instrument: i64,
    ) -> None:
        at = self._begin(102 | 1 << 16 | 48 << 32, 6)
        words = self.words
        words[at] = kind
        words[at + 1] = identifier
        words[at + 2] = instrument

    def account_set(
        self,
        login: i64,
        group: i64,
        currency: i64,
        leverage: i64,
        mode: i64,
        status: i64,
        agent_login: i64,
    ) -> None:
        at = self._begin(103 | 1 << 16 | 80 << 32, 10)
        words = self.words
        words[at] = login
        words[at + 1] = group
        words[at + 2] = currency
        words[at + 3] = leverage
        words[at + 4] = mode
        words[at + 5] = status
        words[at + 6] = agent_login

    def ledger_entry(
        self,
        login: i64,
        tick_sequence: i64,
        order: i64,
        position: i64,
        entry_number: i64,
        entry_type: i64,
        balance_delta_minor: i64,
        credit_delta_minor: i64,
        margin_delta_minor: i64,
        balance_minor: i64,
        credit_minor: i64,
        margin_minor: i64,
        reference: i64,
    ) -> None:
        at = self._begin(104 | 1 << 16 | 128 << 32, 16)
        words = self.words
        words[at] = login
        words[at + 1] = tick_sequence
        words[at + 2] = order
        words[at + 3] = position
        words[at + 4] = entry_number
        words[at + 5] = entry_type
        words[at + 6] = balance_delta_minor
        words[at + 7] = credit_delta_minor
        words[at + 8] = margin_delta_minor
        words[at + 9] = balance_minor
        words[at + 10] = credit_minor
        words[at + 11] = margin_minor
        words[at + 12] = reference

    def order_placed(
        self,
        login: i64,
        tick_sequence: i64,
        order: i64,
        instrument: i64,
        order_type: i64,
        side: i64,
        volume_units: i64,
        price_points: i64,
        limit_price_points: i64,
        stop_loss_points: i64,
        take_profit_points: i64,
        expiry_ns: i64,
    ) -> None:
        at = self._begin(105 | 1 << 16 | 120 << 32, 15)
        words = self.words
        words[at] = login
        words[at + 1] = tick_sequence
        words[at + 2] = order
        words[at + 3] = instrument
        words[at + 4] = order_type
        words[at + 5] = side
        words[at + 6] = volume_units
        words[at + 7] = price_points
        words[at + 8] = limit_price_points
        words[at + 9] = stop_loss_points
        words[at + 10] = take_profit_points
        words[at + 11] = expiry_ns

    def order_modified(
        self,
        login: i64,
        tick_sequence: i64,
        order: i64,
        price_points: i64,
        limit_price_points: i64,
        stop_loss_points: i64,
        take_profit_points: i64,
        expiry_ns: i64,
    ) -> None:
        at = self._begin(106 | 1 << 16 | 88 << 32, 11)
        words = self.words
        words[at] = login
        words[at + 1] = tick_sequence
        words[at + 2] = order
        words[at + 3] = price_points
        words[at + 4] = limit_price_points
        words[at + 5] = stop_loss_points
        words[at + 6] = take_profit_points
        words[at + 7] = expiry_ns

    def order_removed(
        self,
        login: i64,
        tick_sequence: i64,
        order: i64,
        instrument: i64,
        reason: i64,
        dealer: i64,
    ) -> None:
        at = self._begin(107 | 1 << 16 | 72 << 32, 9)
        words = self.words
        words[at] = login
        words[at + 1] = tick_sequence
        words[at + 2] = order
        words[at + 3] = instrument
        words[at + 4] = reason
        words[at + 5] = dealer

    def order_triggered(
        self,
        login: i64,
        tick_sequence: i64,
        order: i64,
        price_points: i64,
    ) -> None:
        at = self._begin(108 | 1 << 16 | 56 << 32, 7)
        words = self.words
        words[at] = login
        words[at + 1] = tick_sequence
        words[at + 2] = order
        words[at + 3] = price_points

    def order_filled(
        self,
        login: i64,
        tick_sequence: i64,
        order: i64,
        position: i64,
        instrument: i64,
        side: i64,
        volume_units: i64,
        price_points: i64,
        dealer: i64,
    ) -> None:
        at = self._begin(109 | 1 << 16 | 96 << 32, 12)
        words = self.words
        words[at] = login
        words[at + 1] = tick_sequence
        words[at + 2] = order
        words[at + 3] = position
        words[at + 4] = instrument
        words[at + 5] = side
        words[at + 6] = volume_units
        words[at + 7] = price_points
        words[at + 8] = dealer

    def position_opened(
        self,
        login: i64,
        tick_sequence: i64,
        order: i64,
        position: i64,
        instrument: i64,
        side: i64,
        volume_units: i64,
        open_price_points: i64,
        stop_loss_points: i64,
        take_profit_points: i64,
        margin_rate_e8: i64,
        commission_minor: i64,
    ) -> None:
        at = self._begin(110 | 1 << 16 | 120 << 32, 15)
        words = self.words
        words[at] = login
        words[at + 1] = tick_sequence
        words[at + 2] = order
        words[at + 3] = position
        words[at + 4] = instrument
        words[at + 5] = side
        words[at + 6] = volume_units
        words[at + 7] = open_price_points
        words[at + 8] = stop_loss_points
        words[at + 9] = take_profit_points
        words[at + 10] = margin_rate_e8
        words[at + 11] = commission_minor

    def position_changed(
        self,
        login: i64,
        tick_sequence: i64,
        order: i64,
        position: i64,
        previous_position: i64,
        instrument: i64,
        side: i64,
        volume_units: i64,
        open_price_points: i64,
        open_cost: i64,
        stop_loss_points: i64,
        take_profit_points: i64,
        margin_rate_e8: i64,
        commission_minor: i64,
    ) -> None:
        at = self._begin(111 | 1 << 16 | 136 << 32, 17)
        words = self.words
        words[at] = login
        words[at + 1] = tick_sequence
        words[at + 2] = order
        words[at + 3] = position
        words[at + 4] = previous_position
        words[at + 5] = instrument
        words[at + 6] = side
        words[at + 7] = volume_units
        words[at + 8] = open_price_points
        words[at + 9] = open_cost
        words[at + 10] = stop_loss_points
        words[at + 11] = take_profit_points
        words[at + 12] = margin_rate_e8
        words[at + 13] = commission_minor

    def position_modified(
        self,
        login: i64,
        tick_sequence: i64,
        position: i64,
        stop_loss_points: i64,
        take_profit_points: i64,
    ) -> None:
        at = self._begin(112 | 1 << 16 | 64 << 32, 8)
        words = self.words
        words[at] = login
        words[at + 1] = tick_sequence
        words[at + 2] = position
        words[at + 3] = stop_loss_points
        words[at + 4] = take_profit_points

    def position_closed(
        self,
        login: i64,
        tick_sequence: i64,
        order: i64,
        position: i64,
        rest_position: i64,
        instrument: i64,
        side: i64,
        volume_units: i64,
        open_price_points: i64,
        close_price_points: i64,
        profit_minor: i64,
        commission_minor: i64,
        reason: i64,
        dealer: i64,
    ) -> None:
        at = self._begin(113 | 1 << 16 | 136 << 32, 17)
        words = self.words
        words[at] = login
        words[at + 1] = tick_sequence
        words[at + 2] = order
        words[at + 3] = position
        words[at + 4] = rest_position
        words[at + 5] = instrument
        words[at + 6] = side
        words[at + 7] = volume_units
        words[at + 8] = open_price_points
        words[at + 9] = close_price_points
        words[at + 10] = profit_minor
        words[at + 11] = commission_minor
        words[at + 12] = reason
        words[at + 13] = dealer

    def dealer_requested(
        self,
        login: i64,
        tick_sequence: i64,
        ticket: i64,
        request: i64,
        instrument: i64,
        side: i64,
        volume_units: i64,
        price_points: i64,
        deviation_points: i64,
        timeout_ns: i64,
    ) -> None:
        at = self._begin(114 | 1 << 16 | 104 << 32, 13)
        words = self.words
        words[at] = login
        words[at + 1] = tick_sequence
        words[at + 2] = ticket
        words[at + 3] = request
        words[at + 4] = instrument
        words[at + 5] = side
        words[at + 6] = volume_units
        words[at + 7] = price_points
        words[at + 8] = deviation_points
        words[at + 9] = timeout_ns

    def requoted(
        self,
        login: i64,
        ticket: i64,
        request: i64,
        price_points: i64,
        reason: i64,
        dealer: i64,
    ) -> None:
        at = self._begin(115 | 1 << 16 | 72 << 32, 9)
        words = self.words
        words[at] = login
        words[at + 1] = ticket
        words[at + 2] = request
        words[at + 3] = price_points
        words[at + 4] = reason
        words[at + 5] = dealer

    def dealer_set(
        self,
        dealer: i64,
        online: i64,
        dealers_online: i64,
    ) -> None:
        at = self._begin(116 | 1 << 16 | 48 << 32, 6)
        words = self.words
        words[at] = dealer
        words[at + 1] = online
        words[at + 2] = dealers_online

    def margin_call(
        self,
        login: i64,
        tick_sequence: i64,
        equity_minor: i64,
        margin_minor: i64,
        level_bp: i64,
        threshold: i64,
    ) -> None:
        at = self._begin(117 | 1 << 16 | 72 << 32, 9)
        words = self.words
        words[at] = login
        words[at + 1] = tick_sequence
        words[at + 2] = equity_minor
        words[at + 3] = margin_minor
        words[at + 4] = level_bp
        words[at + 5] = threshold

    def margin_call_cleared(
        self,
        login: i64,
        tick_sequence: i64,
        equity_minor: i64,
        margin_minor: i64,
        level_bp: i64,
    ) -> None:
        at = self._begin(118 | 1 << 16 | 64 << 32, 8)
        words = self.words
        words[at] = login
        words[at + 1] = tick_sequence
        words[at + 2] = equity_minor
        words[at + 3] = margin_minor
        words[at + 4] = level_bp

    def stop_out(
        self,
        login: i64,
        tick_sequence: i64,
        position: i64,
        instrument: i64,
        equity_minor: i64,
        margin_minor: i64,
        level_bp: i64,
        threshold: i64,
        profit_minor: i64,
        price_points: i64,
    ) -> None:
        at = self._begin(119 | 1 << 16 | 104 << 32, 13)
        words = self.words
        words[at] = login
        words[at + 1] = tick_sequence
        words[at + 2] = position
        words[at + 3] = instrument
        words[at + 4] = equity_minor
        words[at + 5] = margin_minor
        words[at + 6] = level_bp
        words[at + 7] = threshold
        words[at + 8] = profit_minor
        words[at + 9] = price_points

    def trigger_refused(
        self,
        login: i64,
        tick_sequence: i64,
        ticket: i64,
        instrument: i64,
        stage: i64,
        reason: i64,
    ) -> None:
        at = self._begin(120 | 1 << 16 | 72 << 32, 9)
        words = self.words
        words[at] = login
        words[at + 1] = tick_sequence
        words[at + 2] = ticket
        words[at + 3] = instrument
        words[at + 4] = stage
        words[at + 5] = reason

    def feed_switched(
        self,
        instrument: i64,
        previous_feed: i64,
        feed: i64,
        silence_ns: i64,
    ) -> None:
        at = self._begin(121 | 1 << 16 | 56 << 32, 7)
        words = self.words
        words[at] = instrument
        words[at + 1] = previous_feed
        words[at + 2] = feed
        words[at + 3] = silence_ns
