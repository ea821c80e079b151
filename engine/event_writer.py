"""The events of the book venue, `records/book_events.py`: one method each.

This file may write words, nothing else, like `common_events.py`, whose buffer it continues.
"""

from mypy_extensions import i64

from engine.common_events import CommonEvents


class EventWriter(CommonEvents):
    """All events of the core."""

    def book_order_placed(
        self,
        login: i64,
        order: i64,
        instrument: i64,
        order_type: i64,
        side: i64,
        volume_units: i64,
        price_points: i64,
        time_in_force: i64,
        flags: i64,
        expiry_ns: i64,
        trigger_points: i64,
        shown_units: i64,
        currency: i64,
        frozen_minor: i64,
    ) -> None:
        at = self._begin(122 | 1 << 16 | 136 << 32, 17)
        words = self.words
        words[at] = login
        words[at + 1] = order
        words[at + 2] = instrument
        words[at + 3] = order_type
        words[at + 4] = side
        words[at + 5] = volume_units
        words[at + 6] = price_points
        words[at + 7] = time_in_force
        words[at + 8] = flags
        words[at + 9] = expiry_ns
        words[at + 10] = trigger_points
        words[at + 11] = shown_units
        words[at + 12] = currency
        words[at + 13] = frozen_minor

    def book_order_replaced(
        self,
        login: i64,
        order: i64,
        instrument: i64,
        volume_units: i64,
        price_points: i64,
        currency: i64,
        frozen_minor: i64,
    ) -> None:
        at = self._begin(123 | 1 << 16 | 80 << 32, 10)
        words = self.words
        words[at] = login
        words[at + 1] = order
        words[at + 2] = instrument
        words[at + 3] = volume_units
        words[at + 4] = price_points
        words[at + 5] = currency
        words[at + 6] = frozen_minor

    def book_order_removed(
        self,
        login: i64,
        order: i64,
        instrument: i64,
        volume_units: i64,
        removal: i64,
        currency: i64,
        frozen_minor: i64,
    ) -> None:
        at = self._begin(124 | 1 << 16 | 80 << 32, 10)
        words = self.words
        words[at] = login
        words[at + 1] = order
        words[at + 2] = instrument
        words[at + 3] = volume_units
        words[at + 4] = removal
        words[at + 5] = currency
        words[at + 6] = frozen_minor

    def futures_filled(
        self,
        login: i64,
        order: i64,
        instrument: i64,
        side: i64,
        role: i64,
        volume_units: i64,
        price_points: i64,
        counter_order: i64,
        left_units: i64,
        position: i64,
        position_units: i64,
        open_cost: i64,
        profit_minor: i64,
        fee_minor: i64,
        balance_minor: i64,
        margin_minor: i64,
        frozen_minor: i64,
        entry_number: i64,
    ) -> None:
        at = self._begin(125 | 1 << 16 | 168 << 32, 21)
        words = self.words
        words[at] = login
        words[at + 1] = order
        words[at + 2] = instrument
        words[at + 3] = side
        words[at + 4] = role
        words[at + 5] = volume_units
        words[at + 6] = price_points
        words[at + 7] = counter_order
        words[at + 8] = left_units
        words[at + 9] = position
        words[at + 10] = position_units
        words[at + 11] = open_cost
        words[at + 12] = profit_minor
        words[at + 13] = fee_minor
        words[at + 14] = balance_minor
        words[at + 15] = margin_minor
        words[at + 16] = frozen_minor
        words[at + 17] = entry_number

    def spot_filled(
        self,
        login: i64,
        order: i64,
        instrument: i64,
        side: i64,
        role: i64,
        volume_units: i64,
        price_points: i64,
        counter_order: i64,
        left_units: i64,
        fee_minor: i64,
        base_delta_minor: i64,
        base_minor: i64,
        base_frozen_minor: i64,
        quote_delta_minor: i64,
        quote_minor: i64,
        quote_frozen_minor: i64,
        entry_number: i64,
    ) -> None:
        at = self._begin(126 | 1 << 16 | 160 << 32, 20)
        words = self.words
        words[at] = login
        words[at + 1] = order
        words[at + 2] = instrument
        words[at + 3] = side
        words[at + 4] = role
        words[at + 5] = volume_units
        words[at + 6] = price_points
        words[at + 7] = counter_order
        words[at + 8] = left_units
        words[at + 9] = fee_minor
        words[at + 10] = base_delta_minor
        words[at + 11] = base_minor
        words[at + 12] = base_frozen_minor
        words[at + 13] = quote_delta_minor
        words[at + 14] = quote_minor
        words[at + 15] = quote_frozen_minor
        words[at + 16] = entry_number

    def holding_entry(
        self,
        login: i64,
        currency: i64,
        entry_number: i64,
        entry_type: i64,
        delta_minor: i64,
        balance_minor: i64,
        frozen_minor: i64,
        reference: i64,
    ) -> None:
        at = self._begin(127 | 1 << 16 | 88 << 32, 11)
        words = self.words
        words[at] = login
        words[at + 1] = currency
        words[at + 2] = entry_number
        words[at + 3] = entry_type
        words[at + 4] = delta_minor
        words[at + 5] = balance_minor
        words[at + 6] = frozen_minor
        words[at + 7] = reference

    def depth_changed(
        self,
        instrument: i64,
        side: i64,
        price_points: i64,
        volume_units: i64,
        orders: i64,
    ) -> None:
        at = self._begin(128 | 1 << 16 | 64 << 32, 8)
        words = self.words
        words[at] = instrument
        words[at + 1] = side
        words[at + 2] = price_points
        words[at + 3] = volume_units
        words[at + 4] = orders

    def book_order_triggered(
        self,
        login: i64,
        order: i64,
        position: i64,
        instrument: i64,
        stage: i64,
        volume_units: i64,
        price_points: i64,
    ) -> None:
        at = self._begin(129 | 1 << 16 | 80 << 32, 10)
        words = self.words
        words[at] = login
        words[at + 1] = order
        words[at + 2] = position
        words[at + 3] = instrument
        words[at + 4] = stage
        words[at + 5] = volume_units
        words[at + 6] = price_points

    def phase_changed(
        self,
        instrument: i64,
        phase: i64,
        price_points: i64,
        volume_units: i64,
    ) -> None:
        at = self._begin(130 | 1 << 16 | 56 << 32, 7)
        words = self.words
        words[at] = instrument
        words[at + 1] = phase
        words[at + 2] = price_points
        words[at + 3] = volume_units

    def position_settled(
        self,
        login: i64,
        position: i64,
        instrument: i64,
        settlement: i64,
        position_units: i64,
        price_points: i64,
        open_cost: i64,
        profit_minor: i64,
        balance_minor: i64,
        margin_minor: i64,
        frozen_minor: i64,
        entry_number: i64,
    ) -> None:
        at = self._begin(131 | 1 << 16 | 120 << 32, 15)
        words = self.words
        words[at] = login
        words[at + 1] = position
        words[at + 2] = instrument
        words[at + 3] = settlement
        words[at + 4] = position_units
        words[at + 5] = price_points
        words[at + 6] = open_cost
        words[at + 7] = profit_minor
        words[at + 8] = balance_minor
        words[at + 9] = margin_minor
        words[at + 10] = frozen_minor
        words[at + 11] = entry_number

    def funding_paid(
        self,
        login: i64,
        position: i64,
        instrument: i64,
        position_units: i64,
        price_points: i64,
        rate_e8: i64,
        amount_minor: i64,
        balance_minor: i64,
        entry_number: i64,
    ) -> None:
        at = self._begin(132 | 1 << 16 | 96 << 32, 12)
        words = self.words
        words[at] = login
        words[at + 1] = position
        words[at + 2] = instrument
        words[at + 3] = position_units
        words[at + 4] = price_points
        words[at + 5] = rate_e8
        words[at + 6] = amount_minor
        words[at + 7] = balance_minor
        words[at + 8] = entry_number

    def instrument_settled(
        self,
        instrument: i64,
        settlement: i64,
        price_points: i64,
        rate_e8: i64,
        positions: i64,
        long_units: i64,
        paid_minor: i64,
        received_minor: i64,
    ) -> None:
        at = self._begin(133 | 1 << 16 | 88 << 32, 11)
        words = self.words
        words[at] = instrument
        words[at + 1] = settlement
        words[at + 2] = price_points
        words[at + 3] = rate_e8
        words[at + 4] = positions
        words[at + 5] = long_units
        words[at + 6] = paid_minor
        words[at + 7] = received_minor

    def margin_changed(
        self,
        instrument: i64,
        initial_margin_minor: i64,
        maintenance_margin_minor: i64,
    ) -> None:
        at = self._begin(134 | 1 << 16 | 48 << 32, 6)
        words = self.words
        words[at] = instrument
        words[at + 1] = initial_margin_minor
        words[at + 2] = maintenance_margin_minor
