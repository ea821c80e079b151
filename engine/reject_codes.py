"""Reject codes, in bands by the check that gives them, in the order of the checks.

This file may hold constants only. A refused command changes nothing; its `Rejected`
event carries one of these. The order of the bands is the order of admission in
SEMANTICS section 6: request, symbol, account, price, volume and levels, margin, rules,
dealer; 900 and above belong to configuration. Codes are part of the record format:
append within a band, never renumber.
"""

from typing import Final

# 1xx: the request itself.
UNKNOWN_ACCOUNT: Final = 101
UNKNOWN_INSTRUMENT: Final = 102
UNKNOWN_ORDER: Final = 103
UNKNOWN_POSITION: Final = 104
NOT_YOUR_TICKET: Final = 105
BAD_ORDER_TYPE: Final = 106
BAD_SIDE: Final = 107
BAD_EXPIRY: Final = 108
BAD_DEVIATION: Final = 109
BAD_AMOUNT: Final = 110
BAD_OPERATION: Final = 111
TIME_BACKWARDS: Final = 112
BAD_REFERENCE: Final = 113
REQUEST_PENDING: Final = 114
OTHER_VENUE: Final = 115
BAD_TIME_IN_FORCE: Final = 116
BAD_FLAGS: Final = 117
BAD_PHASE: Final = 118
BAD_SETTLEMENT: Final = 119
NOT_PERPETUAL: Final = 120
BAD_RATE: Final = 121

# 2xx: the symbol and its quote.
TRADE_MODE_DISABLED: Final = 201
CLOSE_ONLY: Final = 202
LONG_ONLY: Final = 203
SHORT_ONLY: Final = 204
SESSION_CLOSED: Final = 205
NO_QUOTE: Final = 206
QUOTE_STALE: Final = 207
QUOTE_CROSSED: Final = 208
QUOTE_OUT_OF_BAND: Final = 209
UNKNOWN_FEED: Final = 210
QUOTE_OUTSIDE_SESSION: Final = 211
WRONG_PHASE: Final = 212

# 3xx: the account.
ACCOUNT_IS_DISABLED: Final = 301
ACCOUNT_IS_READ_ONLY: Final = 302
GROUP_TRADING_DISABLED: Final = 303
NO_CONVERSION_ROUTE: Final = 304
NO_CONVERSION_PRICE: Final = 305
VALUE_BOUND: Final = 306
ACCOUNT_MONEY_BOUND: Final = 307

# 4xx: the price.
PRICE_OFF: Final = 401
REQUOTE: Final = 402
PRICE_NOT_ALLOWED: Final = 403
BAD_PRICE: Final = 404
PRICE_OFF_TICK_SIZE: Final = 405
PRICE_OUTSIDE_BAND: Final = 406
WOULD_TRIGGER: Final = 407

# 5xx: volume, levels, counts.
VOLUME_BELOW_MINIMUM: Final = 501
VOLUME_ABOVE_MAXIMUM: Final = 502
VOLUME_OFF_STEP: Final = 503
STOPS_TOO_CLOSE: Final = 504
STOPS_WRONG_SIDE: Final = 505
PENDING_TOO_CLOSE: Final = 506
STOP_LIMIT_WRONG_SIDE: Final = 507
FROZEN: Final = 508
TOO_MANY_ORDERS: Final = 509
TOO_MANY_POSITIONS: Final = 510
VOLUME_LIMIT: Final = 511
VOLUME_ABOVE_POSITION: Final = 512
WOULD_TAKE: Final = 513
NOT_FILLABLE: Final = 514

# 6xx: margin and money.
NO_MONEY: Final = 601
NO_CREDIT: Final = 602

# 7xx: rules of the group.
FIFO_RULE: Final = 701
HEDGE_PROHIBITED: Final = 702

# 8xx: dealers.
UNKNOWN_DEALER: Final = 801
DEALER_OFFLINE: Final = 802
NO_REQUEST: Final = 803

# 9xx: configuration.
BAD_CONFIGURATION: Final = 901
UNKNOWN_CURRENCY: Final = 902
UNKNOWN_GROUP: Final = 903
INSTRUMENT_IN_USE: Final = 904
CURRENCY_IN_USE: Final = 905
ACCOUNT_IN_USE: Final = 906
NAME_TAKEN: Final = 907
PROFILE_NOT_SUPPORTED: Final = 908
UNKNOWN_AGENT: Final = 909
BAD_LEVERAGE: Final = 910
BAD_ACCOUNT_FIELD: Final = 911

SENTENCES: Final = {
    UNKNOWN_ACCOUNT: "no account has this login",
    UNKNOWN_INSTRUMENT: "no instrument has this number",
    UNKNOWN_ORDER: "no pending order has this ticket",
    UNKNOWN_POSITION: "no open position has this ticket",
    NOT_YOUR_TICKET: "the ticket belongs to another account",
    BAD_ORDER_TYPE: "the order type is not market, limit, stop or stop-limit",
    BAD_SIDE: "the side is not buy or sell",
    BAD_EXPIRY: "the expiry is not in the future, or a market order has one",
    BAD_DEVIATION: "the maximum deviation is negative or without a price",
    BAD_AMOUNT: "the amount is zero, of the wrong sign or beyond the bound",
    BAD_OPERATION: "the balance operation is not known",
    TIME_BACKWARDS: "the command is older than the one before it",
    BAD_REFERENCE: "the ledger entry that is corrected does not exist",
    REQUEST_PENDING: "a request for this ticket waits for a dealer",
    OTHER_VENUE: "the instrument trades on the other venue, which has commands of its own",
    BAD_TIME_IN_FORCE: "the time in force is not known or does not fit the order type",
    BAD_FLAGS: "the flags or the shown volume are not known or contradict the kind of order",
    BAD_PHASE: "the phase is not continuous, halted or auction",
    BAD_SETTLEMENT: "the instrument can't be settled so, or not yet",
    NOT_PERPETUAL: "only a future without expiry pays funding",
    BAD_RATE: "the rate is zero or beyond 10 percent",
    TRADE_MODE_DISABLED: "trading in the instrument is disabled",
    CLOSE_ONLY: "only closing is allowed in the instrument",
    LONG_ONLY: "only buying is allowed in the instrument",
    SHORT_ONLY: "only selling is allowed in the instrument",
    SESSION_CLOSED: "the trading session is closed",
    NO_QUOTE: "the instrument has no quote yet",
    QUOTE_STALE: "the quote is older than the staleness threshold",
    QUOTE_CROSSED: "the bid is above the ask",
    QUOTE_OUT_OF_BAND: "the quote is outside the instrument's price band",
    UNKNOWN_FEED: "the feed does not serve the instrument",
    QUOTE_OUTSIDE_SESSION: "the quote is outside the trading session",
    WRONG_PHASE: "the instrument is halted, in an auction or expired",
    ACCOUNT_IS_DISABLED: "the account is disabled",
    ACCOUNT_IS_READ_ONLY: "the account is read-only",
    GROUP_TRADING_DISABLED: "trading is disabled for the group",
    NO_CONVERSION_ROUTE: "no pair converts the instrument's currency to the account's",
    NO_CONVERSION_PRICE: "the converting pair has no quote yet",
    VALUE_BOUND: "the position could exceed the value bound in the account's currency",
    ACCOUNT_MONEY_BOUND: "the account's balance or credit is at its bound",
    PRICE_OFF: "the requested price is not positive or beyond the bound",
    REQUOTE: "the price moved further than the maximum deviation",
    PRICE_NOT_ALLOWED: "this order type takes no such price",
    BAD_PRICE: "a price is missing, negative or outside the price band",
    PRICE_OFF_TICK_SIZE: "a price is not a multiple of the tick size",
    PRICE_OUTSIDE_BAND: "the price is further from the base price than the band allows",
    WOULD_TRIGGER: "the trigger price is reached already",
    VOLUME_BELOW_MINIMUM: "the volume is below the minimum",
    VOLUME_ABOVE_MAXIMUM: "the volume is above the maximum",
    VOLUME_OFF_STEP: "the volume is not a multiple of the step",
    STOPS_TOO_CLOSE: "stop loss or take profit is closer than the stops level",
    STOPS_WRONG_SIDE: "stop loss or take profit is on the wrong side of the price",
    PENDING_TOO_CLOSE: "the order price is closer than the stops level or on the wrong side",
    STOP_LIMIT_WRONG_SIDE: "the limit price is on the wrong side of the stop price",
    FROZEN: "the price is within the freeze level",
    TOO_MANY_ORDERS: "the account has the most pending orders it may have",
    TOO_MANY_POSITIONS: "the account has the most positions it may have",
    VOLUME_LIMIT: "the volume in one direction would exceed the instrument's limit",
    VOLUME_ABOVE_POSITION: "the volume is above that of the position",
    WOULD_TAKE: "a post-only order would be filled at once",
    NOT_FILLABLE: "a fill-or-kill order can't be filled whole",
    NO_MONEY: "the free margin does not suffice",
    NO_CREDIT: "the credit does not suffice",
    FIFO_RULE: "the oldest position of the instrument must be closed first",
    HEDGE_PROHIBITED: "an opposite position or order is prohibited",
    UNKNOWN_DEALER: "no dealer has this number",
    DEALER_OFFLINE: "the dealer is offline",
    NO_REQUEST: "no request waits under this ticket",
    BAD_CONFIGURATION: "a configuration field is missing, of the wrong type or out of range",
    UNKNOWN_CURRENCY: "no currency has this number",
    UNKNOWN_GROUP: "no group has this number",
    INSTRUMENT_IN_USE: "the field can't change while the instrument is in use",
    CURRENCY_IN_USE: "the digits of a currency can't change once it exists",
    ACCOUNT_IN_USE: "the field can't change once the account has entries",
    NAME_TAKEN: "the name belongs to another object of this kind",
    PROFILE_NOT_SUPPORTED: "the profile is not supported by this version",
    UNKNOWN_AGENT: "the agent account does not exist or has another currency",
    BAD_LEVERAGE: "the leverage is out of range",
    BAD_ACCOUNT_FIELD: "mode, status or login of the account is out of range",
}
