"""The exchange of the generated day: what trades in its books, and the accounts that trade it.

This file may hold tables only, in the form of a configuration file (`config_tables.py`).

Three instruments: a gold future with an opening auction and a daily settlement, bitcoin
against dollars as spot, and a perpetual future on bitcoin that takes its quotes from a feed
and pays funding. Their prices follow those of the quoted gold and bitcoin.
"""

from dataclasses import dataclass
from typing import Any, Final

GOLD: Final = "GDJ4"
SPOT: Final = "BTC/USD"
PERPETUAL: Final = "BTC-PERP"
BITCOIN: Final = "BTC"
GROUP: Final = "exchange"
FUND: Final = 900_001
STRETCHED_LOGIN: Final = 900_052
SHORT_LOGIN: Final = 900_053


@dataclass(frozen=True)
class Quoting:
    """How the makers of an instrument quote, in its points and units."""

    follows: str
    """The quoted instrument whose price this one is near."""
    basis_bp: int
    """How far above it."""
    share: int
    """Of the moments at which something happens on the exchange."""
    half_spread: int
    gap: int
    """Between the levels of a maker."""
    units: tuple[int, int]
    """Smallest and largest volume of a level."""
    trade_units: tuple[int, int]
    """Of a trader's order."""
    step_bp: int
    """Most that makers move their prices at a time."""


BOOKS: Final = {
    GOLD: Quoting("XAUUSD", 45, 5, 2, 3, (4, 9), (1, 3), 20),
    SPOT: Quoting("BTCUSD", 0, 3, 6, 5, (20, 90), (5, 60), 60),
    PERPETUAL: Quoting("BTCUSD", 4, 3, 40, 35, (50, 120), (5, 30), 500),
}


@dataclass(frozen=True)
class Member:
    """An account of the exchange."""

    login: int
    role: str
    deposit: int
    bitcoin: int = 0
    book: str = ""
    """What a trader trades."""


MAKER: Final = "maker"
TRADER: Final = "trader"
LARGE: Final = "large"
"""Sells much gold and shows little of it."""
STRETCHED: Final = "stretched"
"""As much of the gold future as its money is good for."""
SHORT: Final = "short"
"""Against bitcoin, with a hundred times its money."""
MEMBERS: Final = (
    Member(FUND, "fund", 1_000_000),
    Member(900_011, MAKER, 25_000_000, 400),
    Member(900_012, MAKER, 25_000_000, 400),
    Member(900_021, TRADER, 250_000, 0, GOLD),
    Member(900_022, TRADER, 250_000, 0, GOLD),
    Member(900_023, TRADER, 250_000, 0, GOLD),
    Member(900_024, TRADER, 250_000, 0, GOLD),
    Member(900_031, TRADER, 600_000, 5, SPOT),
    Member(900_032, TRADER, 600_000, 5, SPOT),
    Member(900_033, TRADER, 600_000, 5, SPOT),
    Member(900_041, TRADER, 150_000, 0, PERPETUAL),
    Member(900_042, TRADER, 150_000, 0, PERPETUAL),
    Member(900_051, LARGE, 1_200_000, 0, GOLD),
    Member(STRETCHED_LOGIN, STRETCHED, 106_500, 0, GOLD),
    Member(SHORT_LOGIN, SHORT, 14_000, 0, PERPETUAL),
)
ICEBERG_LOTS: Final = 60
ICEBERG_SHOWN_LOTS: Final = 5
STRETCHED_LOTS: Final = 12
SHORT_UNITS: Final = 200
"""20 bitcoin."""
FUNDING_RATE_E8: Final = 10_000
"""0.01 %."""

AUCTION_MINUTE: Final = 470
"""Minutes of the main day (UTC)."""
OPEN_MINUTE: Final = 480
ICEBERG_MINUTE: Final = 570
STRETCHED_MINUTE: Final = 785
FUNDING_MINUTE: Final = 960
SHORT_MINUTE: Final = 1_138
SETTLE_MINUTE: Final = 1_245
CLOSE_MINUTE: Final = 1_250

GROUPS: Final[list[dict[str, Any]]] = [
    {"name": GROUP, "currency": "USD", "leverage": 1, "margin_call": 105, "stop_out": 100},
]
_ALIKE: Final[dict[str, Any]] = {
    "base": "USD", "profit": "USD", "asset_class": "exchange", "profit_mode": "cfd",
    "margin_mode": "cfd", "venue": "book", "lot_min": 1, "lot_step": 1, "lot_max": 100,
}  # fmt: skip
INSTRUMENTS: Final[list[dict[str, Any]]] = [
    # Gold, April 2024: 100 ounces, ten cents an ounce are 10 dollars a lot.
    _ALIKE | {
        "symbol": GOLD, "digits": 1, "volume_digits": 0, "contract_size": 100,
        "price_min": "500.0", "price_max": "9000.0", "position_limit": 500,
        "initial_margin": 8_800, "maintenance_margin": 8_000,
        "maker_fee_per_lot": "0.40", "taker_fee_per_lot": "1.60",
        "trigger": "last", "band_percent": 10, "liquidation_lots": 1,
        "insurance_login": FUND, "auto_deleveraging": True,
        "delivery_month": "2024-04", "expires": "2024-04-26T17:30:00Z",
        "margins": [{"from": "2024-03-28T00:00:00Z", "initial": 17_600, "maintenance": 16_000}],
    },
    # Spot: whole dollars, hundredths of a bitcoin; the makers get a part of the fee.
    _ALIKE | {
        "symbol": SPOT, "base": BITCOIN, "contract": "spot", "digits": 0, "volume_digits": 2,
        "contract_size": 1, "price_min": 1_000, "price_max": 1_000_000, "position_limit": 5_000,
        "lot_min": "0.01", "lot_step": "0.01", "maker_fee_ppm": -50, "taker_fee_ppm": 250,
        "depth_events": True,
    },
    # A perpetual on bitcoin, a hundred times the money at most; a little less from noon on.
    _ALIKE | {
        "symbol": PERPETUAL, "digits": 1, "volume_digits": 1, "contract_size": 1,
        "price_min": "1000.0", "price_max": "1000000.0", "position_limit": 1_000,
        "lot_min": "0.1", "lot_step": "0.1", "initial_margin": 660, "maintenance_margin": 330,
        "taker_fee_ppm": 50, "mark": "tick", "trigger": "mark",
        "insurance_login": FUND, "auto_deleveraging": True,
        "margins": [{"from": "2024-03-05T12:00:00Z", "initial": 670, "maintenance": 335}],
    },
]  # fmt: skip
CURRENCIES: Final = ((BITCOIN, 8),)


def accounts() -> list[dict[str, Any]]:
    """The accounts with their money; what they have of bitcoin comes as commands."""
    return [
        {"login": m.login, "group": GROUP, "mode": "netting", "deposit": m.deposit} for m in MEMBERS
    ]
