"""The numbers that stand for words in commands, events and state, with their names.

This file may hold constants only. The core uses the integers; `*_NAMES` are for people:
`NAMES[value]` is the word. Values are part of the record format: append, never renumber.
"""

from typing import Final

# Record types: commands.
TICK: Final = 1
CLOCK: Final = 2
CONFIGURE: Final = 3
SET_ACCOUNT: Final = 4
BALANCE_OPERATION: Final = 5
PLACE_ORDER: Final = 6
MODIFY_ORDER: Final = 7
CANCEL_ORDER: Final = 8
CLOSE_POSITION: Final = 9
MODIFY_POSITION: Final = 10
SET_DEALER: Final = 11
DEALER_CONFIRM: Final = 12
DEALER_REJECT: Final = 13
DEALER_REQUOTE: Final = 14
PLACE_BOOK_ORDER: Final = 15
REPLACE_ORDER: Final = 16
CANCEL_ALL: Final = 17
HOLDING_OPERATION: Final = 18
SET_PHASE: Final = 19
SETTLE_INSTRUMENT: Final = 20
PAY_FUNDING: Final = 21

# Record types: events.
REJECTED: Final = 101
CONFIGURED: Final = 102
ACCOUNT_SET: Final = 103
LEDGER_ENTRY: Final = 104
ORDER_PLACED: Final = 105
ORDER_MODIFIED: Final = 106
ORDER_REMOVED: Final = 107
ORDER_TRIGGERED: Final = 108
ORDER_FILLED: Final = 109
POSITION_OPENED: Final = 110
POSITION_CHANGED: Final = 111
POSITION_MODIFIED: Final = 112
POSITION_CLOSED: Final = 113
DEALER_REQUESTED: Final = 114
REQUOTED: Final = 115
DEALER_SET: Final = 116
MARGIN_CALL: Final = 117
MARGIN_CALL_CLEARED: Final = 118
STOP_OUT: Final = 119
TRIGGER_REFUSED: Final = 120
FEED_SWITCHED: Final = 121
BOOK_ORDER_PLACED: Final = 122
BOOK_ORDER_REPLACED: Final = 123
BOOK_ORDER_REMOVED: Final = 124
FUTURES_FILLED: Final = 125
SPOT_FILLED: Final = 126
HOLDING_ENTRY: Final = 127
DEPTH_CHANGED: Final = 128
BOOK_ORDER_TRIGGERED: Final = 129
PHASE_CHANGED: Final = 130
POSITION_SETTLED: Final = 131
FUNDING_PAID: Final = 132
INSTRUMENT_SETTLED: Final = 133
MARGIN_CHANGED: Final = 134

# Configuration kinds (payload of CONFIGURE).
CONFIG_PROFILE: Final = 1
CONFIG_CURRENCY: Final = 2
CONFIG_FEED: Final = 3
CONFIG_INSTRUMENT: Final = 4
CONFIG_GROUP: Final = 5
CONFIG_TERMS: Final = 6
CONFIG_HOOKS: Final = 7
CONFIG_NAMES: Final = ("", "profile", "currency", "feed", "instrument", "group", "terms", "hooks")

# Sides.
BUY: Final = 0
SELL: Final = 1
SIDE_NAMES: Final = ("buy", "sell")

# Order types. A position keeps the type of the order that opened it.
MARKET: Final = 0
LIMIT: Final = 1
STOP: Final = 2
STOP_LIMIT: Final = 3
ORDER_TYPE_NAMES: Final = ("market", "limit", "stop", "stop_limit")

# Venue of an instrument: where its orders go.
VENUE_QUOTED: Final = 0
VENUE_BOOK: Final = 1
VENUE_NAMES: Final = ("quoted", "book")

# What is traded on the book.
CONTRACT_FUTURES: Final = 0
CONTRACT_SPOT: Final = 1
CONTRACT_NAMES: Final = ("futures", "spot")

# Where the quote of a book instrument comes from.
MARK_BOOK: Final = 0
MARK_LAST: Final = 1
MARK_TICK: Final = 2
MARK_NAMES: Final = ("book", "last", "tick")

# Which price triggers stop orders and stops of positions on the book venue.
TRIGGER_LAST: Final = 0
TRIGGER_MARK: Final = 1
TRIGGER_NAMES: Final = ("last", "mark")

# What a book instrument does.
PHASE_CONTINUOUS: Final = 0
PHASE_HALTED: Final = 1
PHASE_AUCTION: Final = 2
PHASE_EXPIRED: Final = 3
PHASE_NAMES: Final = ("continuous", "halted", "auction", "expired")

# Settlements of a future.
SETTLEMENT_DAILY: Final = 0
SETTLEMENT_FINAL: Final = 1
SETTLEMENT_FUNDING: Final = 2
SETTLEMENT_NAMES: Final = ("daily", "final", "funding")

# How long an order of the book venue works.
GOOD_TILL_CANCELLED: Final = 0
DAY: Final = 1
GOOD_TILL_DATE: Final = 2
IMMEDIATE_OR_CANCEL: Final = 3
FILL_OR_KILL: Final = 4
TIME_IN_FORCE_NAMES: Final = (
    "good_till_cancelled",
    "day",
    "good_till_date",
    "immediate_or_cancel",
    "fill_or_kill",
)

# What an order of the book venue may not do; bits that add up.
POST_ONLY: Final = 1
REDUCE_ONLY: Final = 2
ORDER_FLAGS: Final = {POST_ONLY: "post_only", REDUCE_ONLY: "reduce_only"}

# What happens when an order would meet one of its own account.
SELF_TRADE_ALLOW: Final = 0
SELF_TRADE_CANCEL_NEWEST: Final = 1
SELF_TRADE_CANCEL_OLDEST: Final = 2
SELF_TRADE_CANCEL_BOTH: Final = 3
SELF_TRADE_NAMES: Final = ("allow", "cancel_newest", "cancel_oldest", "cancel_both")

# Why an order left the book unfilled.
REMOVAL_CLIENT: Final = 1
REMOVAL_REMAINDER: Final = 2
REMOVAL_SELF_TRADE: Final = 3
REMOVAL_REDUCE_ONLY: Final = 4
REMOVAL_EXPIRED: Final = 5
REMOVAL_REFUSED: Final = 6
REMOVAL_AUCTION: Final = 7
REMOVAL_LIQUIDATION: Final = 8
REMOVAL_SETTLED: Final = 9
REMOVAL_NAMES: Final = (
    "",
    "client",
    "remainder",
    "self_trade",
    "reduce_only",
    "expired",
    "refused",
    "auction",
    "liquidation",
    "settled",
)

# The side of a fill.
ROLE_MAKER: Final = 0
ROLE_TAKER: Final = 1
ROLE_AUCTION: Final = 2
ROLE_DELEVERAGED: Final = 3
ROLE_NAMES: Final = ("maker", "taker", "auction", "deleveraged")

# Profit and margin modes (SEMANTICS sections 3 and 4).
PROFIT_FOREX: Final = 0
PROFIT_CFD: Final = 1
PROFIT_MODE_NAMES: Final = ("forex", "cfd")
MARGIN_FOREX: Final = 0
MARGIN_FOREX_NO_LEVERAGE: Final = 1
MARGIN_CFD: Final = 2
MARGIN_CFD_LEVERAGE: Final = 3
MARGIN_CFD_INDEX: Final = 4
MARGIN_MODE_NAMES: Final = ("forex", "forex_no_leverage", "cfd", "cfd_leverage", "cfd_index")

# Trade modes of an instrument.
TRADE_DISABLED: Final = 0
TRADE_CLOSE_ONLY: Final = 1
TRADE_LONG_ONLY: Final = 2
TRADE_SHORT_ONLY: Final = 3
TRADE_FULL: Final = 4
TRADE_MODE_NAMES: Final = ("disabled", "close_only", "long_only", "short_only", "full")

# Execution modes of a group (seed 004: ConGroupSec::execution).
EXECUTION_MANUAL: Final = 0
EXECUTION_AUTO: Final = 1
EXECUTION_AUTO_IF_NO_DEALER: Final = 2
EXECUTION_MODE_NAMES: Final = ("manual", "auto", "auto_if_no_dealer")

# Gap policies (SEMANTICS section 8).
GAP_CLASSIC: Final = 0
GAP_TICK: Final = 1
GAP_POLICY_NAMES: Final = ("classic", "tick")

# Level types of margin call and stop-out.
LEVEL_PERCENT: Final = 0
LEVEL_MONEY: Final = 1
LEVEL_TYPE_NAMES: Final = ("percent", "money")

# Free margin modes (SEMANTICS section 5).
FREE_MARGIN_NONE: Final = 0
FREE_MARGIN_PROFIT_AND_LOSS: Final = 1
FREE_MARGIN_PROFIT: Final = 2
FREE_MARGIN_LOSS: Final = 3
FREE_MARGIN_MODE_NAMES: Final = ("none", "profit_and_loss", "profit_only", "loss_only")

# Negative balance compensation (SEMANTICS section 10).
COMPENSATE_NEVER: Final = 0
COMPENSATE_AFTER_STOP_OUT: Final = 1
COMPENSATE_AFTER_ANY_CLOSE: Final = 2
COMPENSATION_NAMES: Final = ("never", "after_stop_out", "after_any_close")

# Accounts.
HEDGING: Final = 0
NETTING: Final = 1
ACCOUNT_MODE_NAMES: Final = ("hedging", "netting")
ACCOUNT_ENABLED: Final = 0
ACCOUNT_READ_ONLY: Final = 1
ACCOUNT_DISABLED: Final = 2
ACCOUNT_STATUS_NAMES: Final = ("enabled", "read_only", "disabled")

# Balance operations.
DEPOSIT: Final = 1
WITHDRAWAL: Final = 2
CREDIT_IN: Final = 3
CREDIT_OUT: Final = 4
CORRECTION: Final = 5
BALANCE_OPERATION_NAMES: Final = (
    "",
    "deposit",
    "withdrawal",
    "credit_in",
    "credit_out",
    "correction",
)

# Ledger entry types (SEMANTICS section 12).
ENTRY_DEPOSIT: Final = 1
ENTRY_WITHDRAWAL: Final = 2
ENTRY_CREDIT_IN: Final = 3
ENTRY_CREDIT_OUT: Final = 4
ENTRY_CORRECTION: Final = 5
ENTRY_TRADE_PNL: Final = 6
ENTRY_COMMISSION: Final = 7
ENTRY_AGENT_COMMISSION: Final = 8
ENTRY_STOP_OUT_COMPENSATION: Final = 9
ENTRY_MARGIN_FREEZE: Final = 10
ENTRY_MARGIN_RELEASE: Final = 11
ENTRY_MARGIN_REPRICE: Final = 12
ENTRY_EXCHANGE: Final = 13
ENTRY_INSURANCE: Final = 14
ENTRY_VARIATION_MARGIN: Final = 15
ENTRY_FUNDING: Final = 16
ENTRY_TYPE_NAMES: Final = (
    "",
    "deposit",
    "withdrawal",
    "credit_in",
    "credit_out",
    "correction",
    "trade_pnl",
    "commission",
    "agent_commission",
    "so_compensation",
    "margin_freeze",
    "margin_release",
    "margin_reprice",
    "exchange",
    "insurance",
    "variation_margin",
    "funding",
)

# Why an order was removed or a position closed. `COMMENTS` are the texts that MT4 shows.
REASON_CLIENT: Final = 0
REASON_DEALER: Final = 1
REASON_TAKE_PROFIT: Final = 2
REASON_STOP_LOSS: Final = 3
REASON_STOP_OUT: Final = 4
REASON_NETTED: Final = 5
REASON_EXPIRED: Final = 6
REASON_NO_MONEY: Final = 7
REASON_CLOSE_ONLY: Final = 8
REASON_HEDGE_PROHIBITED: Final = 9
REASON_GAP: Final = 10
REASON_REQUEST_TIMEOUT: Final = 11
REASON_BOUND: Final = 12
REASON_NAMES: Final = (
    "client",
    "dealer",
    "take_profit",
    "stop_loss",
    "stop_out",
    "netted",
    "expired",
    "no_money",
    "close_only",
    "hedge_prohibited",
    "gap",
    "request_timeout",
    "bound",
)
COMMENTS: Final = (
    "",
    "",
    "[tp]",
    "[sl]",
    "so",
    "",
    "expired",
    "deleted [no money]",
    "deleted [close only]",
    "deleted [hedge is prohibited]",
    "cancelled",
    "timeout",
    "deleted [limit]",
)

# What a dealer is asked for.
REQUEST_NONE: Final = 0
REQUEST_OPEN: Final = 1
REQUEST_CLOSE: Final = 2
REQUEST_NAMES: Final = ("none", "open", "close")

# Stage and reason of a trigger that was reached but not acted on.
STAGE_PENDING: Final = 1
STAGE_TAKE_PROFIT: Final = 2
STAGE_STOP_LOSS: Final = 3
STAGE_STOP_OUT: Final = 4
STAGE_NAMES: Final = ("", "pending", "take_profit", "stop_loss", "stop_out")
REFUSED_NONE: Final = 0
REFUSED_LEFT_TO_DEALER: Final = 1
REFUSED_FIFO: Final = 2
REFUSED_HOOK: Final = 3
REFUSED_NOT_TRADABLE: Final = 4
REFUSED_NO_LIQUIDITY: Final = 5
REFUSED_NAMES: Final = (
    "none",
    "left_to_dealer",
    "fifo",
    "hook",
    "not_tradable",
    "no_liquidity",
)

# Return codes of hooks (MT4 server API names).
RET_OK: Final = 0
RET_OK_NONE: Final = 1

# Lifecycle of an order (ticket).
ORDER_PENDING: Final = 1
ORDER_REQUESTED: Final = 2
POSITION_OPEN: Final = 3
TRADE_STATE_NAMES: Final = ("", "pending", "requested", "open")
