"""Every bound of the core, in one place, with the relations between them.

This file may hold constants and the assertions that tie them together, nothing else.

The core computes in 64-bit integers, and compiled 64-bit arithmetic wraps silently.
So nothing is admitted that could overflow later: each bound below is checked once, when
a command asks to enter the state, and the relations at the end of the file show that
no sum or product of admitted values leaves the 64-bit range. `tests/test_bounds.py`
repeats the argument with exact integers at the extremes.
"""

from typing import Final

# Prices and volumes.
MAX_PRICE_POINTS: Final = 2**31 - 1
MAX_MARKUP_POINTS: Final = 2**20
"""Largest markup of a group, to either side."""
MAX_DIGITS: Final = 10
"""Most decimal digits of a price or of a currency."""
MAX_CONTRACT_SIZE: Final = 10**9
MAX_VOLUME_UNITS: Final = 2**31 - 1
"""One unit is 0.01 lot (SEMANTICS section 1)."""
MAX_LEVERAGE: Final = 10_000
MAX_MARGIN_PERCENT_BP: Final = 40_000
MAX_RATE_E8: Final = 2**47
"""Largest stored margin rate: currency units times 10**8."""

# Money.
MAX_LEG_NUMERATOR: Final = 2**60
"""price x contract size x volume x scale: the exact value of one price leg before rounding."""
MAX_POSITION_VALUE_MINOR: Final = 2**50
"""Value of one position, in minor units of the profit currency and of the account's currency."""
MAX_AMOUNT_MINOR: Final = 2**50
"""Largest single deposit, withdrawal, credit or correction; largest fee per lot."""
MAX_ACCOUNT_MONEY_MINOR: Final = 2**55
"""|balance| and credit beyond which an account may neither receive money nor open."""

# Counts.
MAX_POSITIONS_PER_ACCOUNT: Final = 512
MAX_ORDERS_PER_ACCOUNT: Final = 512
MAX_INSTRUMENTS: Final = 4_096
MAX_CURRENCIES: Final = 1_024
MAX_GROUPS: Final = 4_096
MAX_TRADES: Final = 2**24
"""Orders and positions at one time."""
MAX_TICKET: Final = 2**38
"""No order is accepted beyond this ticket; the rest of the range is for partial closes."""
MAX_FEEDS: Final = 256
MAX_DEALER: Final = 2**31 - 1
"""Largest number of a dealer."""
MAX_DEALERS: Final = 4_096
MAX_FEEDS_PER_INSTRUMENT: Final = 8
MAX_SESSIONS_PER_INSTRUMENT: Final = 64
MAX_PAYLOAD_BYTES: Final = 16_384
MAX_TIME_NS: Final = 2**62
"""About the year 2116."""

# Loops.
MAX_STOP_OUT_STEPS: Final = MAX_POSITIONS_PER_ACCOUNT
"""A stop-out closes one position a step, so it ends after this many."""

MAX_ROUNDS: Final = 64
"""Rounds of books after one command (RULES section 9)."""
MAX_ICEBERG_PARTS: Final = 100
"""An iceberg shows at least this share of its volume: so often it comes back at most."""
MAX_MARGIN_ROWS: Final = 64
"""Of an instrument's margin by date."""

# Relations.
_I64_MAX: Final = 2**63 - 1
assert 2 * MAX_LEG_NUMERATOR <= _I64_MAX, "a leg, doubled for rounding, fits"
assert (MAX_POSITIONS_PER_ACCOUNT * MAX_POSITION_VALUE_MINOR * 4) * 2 <= _I64_MAX, (
    "margin of all positions at the largest margin percentage, and equity beside it, fit; a "
    "covered lot is charged on both legs, which are two positions"
)
assert MAX_MARGIN_PERCENT_BP <= 4 * 10_000
assert (
    MAX_ACCOUNT_MONEY_MINOR * 2 + MAX_POSITIONS_PER_ACCOUNT * MAX_POSITION_VALUE_MINOR * 2
    <= _I64_MAX // 4
), "equity fits after the largest profit or loss of every position"
assert MAX_STOP_OUT_STEPS >= MAX_POSITIONS_PER_ACCOUNT
