"""The broker of the generated day: its currencies, instruments, groups and clients.

This file may hold tables only. They have the form of a configuration file
(`config_tables.py`), so the generated day goes the way of every other configuration.

Contract sizes, digits, spreads, leverage and levels are of the kind that retail brokers
publish. The companies are invented. Sessions are those of a northern winter (New York is
at UTC-5), and the day is Tuesday, 5 March 2024: it begins on Monday evening at 20:30 UTC,
before the close of New York, so that shares are held over night, and ends with the next
close at 21:00 UTC on Tuesday.
"""

from dataclasses import dataclass
from typing import Any, Final

from adapters.generate import venue

START: Final = "2024-03-04T20:30:00Z"
END: Final = "2024-03-05T21:00:00Z"
DAY: Final = END[:10]
FEED: Final = "generated"
BACKUP_FEED: Final = "generated-backup"

CURRENCIES: Final = (
    ("USD", 2), ("EUR", 2), ("GBP", 2), ("JPY", 0), ("CHF", 2), ("AUD", 2), ("NZD", 2), ("CAD", 2)
)  # fmt: skip

CURRENCY_VALUES: Final = {
    # currency: (value in USD, daily movement in basis points)
    "USD": (1.0, 0),
    "EUR": (1.08542, 55),
    "GBP": (1.26873, 62),
    "JPY": (0.006648, 70),
    "CHF": (1.13071, 58),
    "AUD": (0.65124, 72),
    "NZD": (0.60917, 75),
    "CAD": (0.73681, 48),
}

_FUTURES = ["sun 23:00 - mon 22:00", "mon 23:00 - tue 22:00", "tue 23:00 - wed 22:00",
            "wed 23:00 - thu 22:00", "thu 23:00 - fri 22:00"]  # fmt: skip
SESSIONS: Final[dict[str, list[str]]] = {
    "week": ["sun 22:00 - fri 22:00"],
    "always": [],
    "futures": _FUTURES,
    "new_york": ["mon-fri 14:30-21:00"],
    "frankfurt": ["mon-fri 08:00-16:30"],
    "london": ["mon-fri 08:00-16:30"],
    "tokyo": ["mon-fri 00:00-02:30", "mon-fri 03:30-06:00"],
}


@dataclass(frozen=True)
class Row:
    """One instrument; what is left out follows from its class."""

    symbol: str
    digits: int
    spread_points: int
    activity: int
    """Share of the quotes."""
    price: float = 0.0
    """At the start, in the profit currency; forex follows from `CURRENCY_VALUES`."""
    movement_bp: int = 0
    """Daily movement."""
    currency: str = "USD"
    contract: int = 100_000
    sessions: str = "week"


FOREX: Final = (
    Row("EURUSD", 5, 8, 90),
    Row("GBPUSD", 5, 11, 70),
    Row("USDJPY", 3, 9, 75),
    Row("USDCHF", 5, 13, 40),
    Row("AUDUSD", 5, 10, 45),
    Row("NZDUSD", 5, 15, 30),
    Row("USDCAD", 5, 14, 40),
    Row("EURGBP", 5, 12, 35),
    Row("EURJPY", 3, 16, 40),
    Row("GBPJPY", 3, 22, 35),
    Row("EURCHF", 5, 16, 20),
    Row("AUDJPY", 3, 18, 20),
)
METALS: Final = (
    Row("XAUUSD", 2, 22, 85, 2114.60, 130, contract=100, sessions="futures"),
    Row("XAGUSD", 3, 24, 40, 23.874, 210, contract=5_000, sessions="futures"),
    Row("XPTUSD", 2, 180, 12, 895.30, 190, contract=100, sessions="futures"),
)
COMMODITIES: Final = (
    Row("USOIL", 3, 30, 40, 78.742, 260, contract=1_000, sessions="futures"),
    Row("UKOIL", 3, 32, 25, 82.803, 240, contract=1_000, sessions="futures"),
    Row("NATGAS", 4, 45, 15, 1.9160, 420, contract=10_000, sessions="futures"),
    Row("COPPER", 4, 30, 12, 3.8510, 180, contract=10_000, sessions="futures"),
)
INDICES: Final = (
    Row("US500", 2, 45, 60, 5130.95, 110, contract=10, sessions="futures"),
    Row("US100", 2, 140, 60, 18226.50, 150, contract=5, sessions="futures"),
    Row("GER40", 1, 12, 40, 17716.2, 105, "EUR", 5, "frankfurt"),
    Row("UK100", 1, 11, 25, 7640.4, 85, "GBP", 10, "london"),
    Row("JPN225", 0, 9, 30, 40109, 160, "JPY", 100, "tokyo"),
)
STOCKS: Final = (
    Row("HELION.US", 2, 3, 25, 182.35, 260, contract=100, sessions="new_york"),
    Row("NORDLYS.US", 2, 5, 25, 611.80, 320, contract=100, sessions="new_york"),
    Row("ALPENWERK.DE", 2, 6, 15, 94.28, 210, "EUR", 100, "frankfurt"),
    Row("SAKURA.JP", 0, 4, 12, 3450, 240, "JPY", 100, "tokyo"),
)
CRYPTO: Final = (
    Row("BTCUSD", 2, 1_800, 65, 65840.00, 420, contract=1, sessions="always"),
    Row("ETHUSD", 2, 160, 40, 3590.40, 480, contract=10, sessions="always"),
    Row("SOLUSD", 3, 90, 20, 131.420, 700, contract=100, sessions="always"),
)
CLASSES: Final = {
    "forex": FOREX,
    "metals": METALS,
    "commodities": COMMODITIES,
    "indices": INDICES,
    "stocks": STOCKS,
    "crypto": CRYPTO,
}
_BY_CLASS: Final[dict[str, dict[str, Any]]] = {
    "forex": {"lot_max": 50, "position_limit": 500},
    "metals": {"lot_max": 50, "position_limit": 200, "margin_mode": "cfd_leverage"},
    "commodities": {"lot_max": 50, "position_limit": 200, "margin_mode": "cfd_leverage",
                    "margin_percent": 200},
    "indices": {"lot_max": 100, "position_limit": 500, "margin_mode": "cfd_leverage",
                "margin_percent": 150},
    "stocks": {"lot_max": 200, "position_limit": 1_000, "lot_min": "0.1", "lot_step": "0.1",
               "margin_mode": "cfd", "margin_percent": 20},
    "crypto": {"lot_max": 50, "position_limit": 100, "margin_mode": "cfd", "margin_percent": 10},
}  # fmt: skip
_BY_SYMBOL: Final[dict[str, dict[str, Any]]] = {
    "XAUUSD": {"hedged_size": 25},
    "XAGUSD": {"hedged_size": 1_250},
    # Margin by tick value: 0.01 / 0.25 of the value, which is 1:25 whatever the leverage.
    "US100": {"margin_mode": "cfd_index", "tick_size": "0.25", "tick_value": "0.01",
              "margin_percent": 100},
    # A fixed amount per lot, as for a future; half of it for a covered lot.
    "COPPER": {"margin_mode": "cfd", "initial_margin": 2_400, "hedged_size": 1_200,
               "margin_percent": 100},
}  # fmt: skip


def rows() -> list[tuple[str, Row]]:
    """(asset class, instrument), in the order of their numbers."""
    return [(name, row) for name, table in CLASSES.items() for row in table]


def start_price(asset_class: str, row: Row) -> float:
    """Price at the start, in the profit currency."""
    if asset_class != "forex":
        return row.price
    return CURRENCY_VALUES[row.symbol[:3]][0] / CURRENCY_VALUES[row.symbol[3:]][0]


def _instrument(asset_class: str, row: Row) -> dict[str, Any]:
    points = int(start_price(asset_class, row) * 10**row.digits)
    forex = asset_class == "forex"
    table = {
        "symbol": row.symbol,
        "base": row.symbol[:3] if forex else row.currency,
        "profit": row.symbol[3:] if forex else row.currency,
        "digits": row.digits,
        "contract_size": row.contract,
        "asset_class": asset_class,
        "profit_mode": "forex" if forex else "cfd",
        "price_min": _decimal(max(points // 8, 1), row.digits),
        "price_max": _decimal(points * 8, row.digits),
        "stops_level_points": row.spread_points,
        "freeze_level_points": row.spread_points // 4,
        "staleness_ms": 1_800_000,
        "sessions": SESSIONS[row.sessions],
        "feeds": [FEED, BACKUP_FEED],
    }
    return table | _BY_CLASS[asset_class] | _BY_SYMBOL.get(row.symbol, {})


def _decimal(points: int, digits: int) -> str:
    return f"{points // 10**digits}.{points % 10**digits:0{digits}d}" if digits else str(points)


GROUPS: Final[list[dict[str, Any]]] = [
    {"name": "retail-usd", "currency": "USD", "leverage": 30, "margin_call": 100, "stop_out": 50,
     "markup_bid_points": -3, "markup_ask_points": 3, "agent_commission_per_lot": 2},
    {"name": "pro-usd", "currency": "USD", "leverage": 500, "margin_call": 80, "stop_out": 20,
     "gap_policy": "tick", "commission_per_lot": "3.50", "compensation": "never"},
    {"name": "fifo-usd", "currency": "USD", "leverage": 50, "margin_call": 120, "stop_out": 100,
     "fifo": True, "hedge_prohibited": True, "markup_ask_points": 4},
    {"name": "netting-eur", "currency": "EUR", "leverage": 100, "margin_call": 100, "stop_out": 40,
     "gap_policy": "tick", "commission_per_lot": "2.80", "free_margin_mode": "loss_only"},
    {"name": "retail-eur", "currency": "EUR", "leverage": 30, "margin_call": 100, "stop_out": 50,
     "markup_bid_points": -4, "markup_ask_points": 4, "compensation": "after_any_close"},
    {"name": "desk-usd", "currency": "USD", "leverage": 200, "margin_call": 100, "stop_out": 30,
     "execution_mode": "manual", "request_timeout_ms": 30_000},
    {"name": "desk-gbp", "currency": "GBP", "leverage": 100, "margin_call": 100, "stop_out": 50,
     "execution_mode": "auto_if_no_dealer", "larger_leg": True, "request_timeout_ms": 20_000},
    {"name": "retail-jpy", "currency": "JPY", "leverage": 25, "margin_call": 100, "stop_out": 50,
     "markup_bid_points": -2, "markup_ask_points": 2},
]  # fmt: skip

TERMS: Final[list[dict[str, Any]]] = [
    {"group": "retail-usd", "asset_class": "crypto", "margin_percent": 50, "lot_max": 5},
    {"group": "retail-eur", "asset_class": "crypto", "margin_percent": 50, "lot_max": 5},
    {"group": "pro-usd", "asset_class": "crypto", "commission_per_lot": 12},
    {"group": "pro-usd", "asset_class": "stocks", "margin_percent": 5},
    {"group": "retail-jpy", "symbol": "JPN225", "markup_bid_points": -1, "markup_ask_points": 1},
    {"group": "fifo-usd", "asset_class": "crypto", "trade_mode": "close_only"},
    {"group": "desk-usd", "symbol": "EURUSD", "execution_mode": "auto"},
]

CLIENTS: Final[list[dict[str, Any]]] = [
    {"group": "retail-usd", "weight": 26, "deposit": [200, 12_000],
     "habits": {"scalper": 2, "martingale": 3, "swing": 3, "gambler": 2, "hedger": 2}},
    {"group": "pro-usd", "weight": 18, "deposit": [2_000, 60_000], "leverage": [100, 200, 500],
     "habits": {"scalper": 4, "martingale": 2, "swing": 2, "gambler": 1, "hedger": 2}},
    {"group": "fifo-usd", "weight": 10, "deposit": [500, 20_000],
     "habits": {"scalper": 2, "swing": 3, "gambler": 1, "martingale": 1}},
    {"group": "netting-eur", "weight": 12, "mode": "netting", "deposit": [1_000, 50_000],
     "habits": {"scalper": 2, "martingale": 2, "swing": 2, "gambler": 1}},
    {"group": "retail-eur", "weight": 14, "deposit": [200, 10_000],
     "habits": {"scalper": 1, "martingale": 3, "swing": 3, "gambler": 2, "hedger": 2}},
    {"group": "desk-usd", "weight": 6, "deposit": [5_000, 100_000],
     "habits": {"scalper": 1, "swing": 3, "hedger": 2, "gambler": 1}},
    {"group": "desk-gbp", "weight": 6, "deposit": [2_000, 40_000],
     "habits": {"martingale": 1, "swing": 2, "hedger": 3}},
    {"group": "retail-jpy", "weight": 8, "deposit": [50_000, 2_000_000],
     "habits": {"scalper": 2, "martingale": 3, "swing": 2, "gambler": 2, "hedger": 1}},
]  # fmt: skip


def tables() -> dict[str, Any]:
    """The whole configuration, in the form of a configuration file."""
    currencies = (*CURRENCIES, *venue.CURRENCIES)
    return {
        "currency": [{"code": code, "digits": digits} for code, digits in currencies],
        "feed": [{"name": FEED}, {"name": BACKUP_FEED}],
        "instrument": [_instrument(c, row) for c, row in rows()] + venue.INSTRUMENTS,
        "group": GROUPS + venue.GROUPS,
        "terms": TERMS,
        "account": venue.accounts(),
        "clients": CLIENTS,
    }
