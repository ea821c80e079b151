"""Stop loss and take profit of a futures position (RULES section 9).

This file may decide whether a position may have them. What they set off is in `triggers.py`.
"""

from mypy_extensions import i64

from engine import reject_codes as r
from engine import vocabulary as v
from engine.core import Core
from engine.exchange.admit import phase_now
from engine.model.accounts import Trade
from engine.order.admit import check_account, check_prices, check_stops, refuse


def admit_stops(core: Core, trade: Trade, loss: i64, profit: i64) -> i64:
    """Reject code of new stops, or 0."""
    exposure = trade.exposure
    instrument = exposure.instrument
    if exposure.terms.trade_mode == v.TRADE_DISABLED:
        return refuse(core, r.TRADE_MODE_DISABLED, 0)
    if not instrument.session_open(core.time_ns):
        return refuse(core, r.SESSION_CLOSED, 0)
    if phase_now(core, instrument) == v.PHASE_EXPIRED:
        return refuse(core, r.WRONG_PHASE, v.PHASE_EXPIRED)
    code = check_account(core, exposure.account)
    if code != 0:
        return code
    code = check_prices(core, exposure, v.MARKET, 0, 0, loss, profit)
    if code != 0:
        return code
    reference = instrument.trigger_price(v.SELL - trade.side)
    if reference == 0:
        return 0
    return check_stops(core, exposure, trade.side, reference, loss, profit)
