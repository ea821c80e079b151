"""How amounts of one currency become amounts of another, by which pairs."""

from typing import Final

from mypy_extensions import i64, mypyc_attr

from engine.model.instruments import Instrument
from engine.rounding import round_div_exact, round_mul_div, wide_power_of_ten

_WIDE: Final = 2**31


@mypyc_attr(acyclic=True)
class Route:
    """How amounts of one currency become amounts of another: no, one or two pairs.

    A step multiplies by its pair's price or divides by it. The ratio is exact; an amount
    is rounded once, at the end (SEMANTICS sections 3 and 4).
    """

    def __init__(self) -> None:
        self.exists: bool = False
        self.steps: i64 = 0
        self.first: Instrument | None = None
        self.first_divides: bool = False
        self.second: Instrument | None = None
        self.second_divides: bool = False
        self.up: i64 = 1
        self.down: i64 = 1
        self.major_exponent: i64 = 0
        """The ratio of whole units is prices x 10**major_exponent (<= 0 when multiplying)."""

    def is_priced(self) -> bool:
        """Every step has a quote."""
        first = self.first
        second = self.second
        if first is not None and first.quote_sequence == 0:
            return False
        return not (second is not None and second.quote_sequence == 0)

    def convert(self, amount_minor: i64, at_ask: bool) -> i64:
        """An amount in minor units of the source, in minor units of the target."""
        first = self.first
        if first is None:
            return amount_minor
        price = first.ask if at_ask else first.bid
        second = self.second
        if second is None:
            if self.first_divides:
                divisor: i64 = self.down * price
                return round_mul_div(amount_minor, self.up, divisor)
            return round_mul_div(amount_minor, price * self.up, self.down)
        wide_up: int = int(amount_minor) * int(self.up)
        wide_down: int = int(self.down)
        second_price = second.ask if at_ask else second.bid
        if self.first_divides:
            wide_down *= int(price)
        else:
            wide_up *= int(price)
        if self.second_divides:
            wide_down *= int(second_price)
        else:
            wide_up *= int(second_price)
        return round_div_exact(wide_up, wide_down)

    def largest(self, amount_minor: i64) -> i64:
        """An upper bound of `convert(amount, ...)` for either side, of a route with steps.

        `amount_minor` >= 0.
        """
        first = self.first
        assert first is not None
        if self.second is None and amount_minor < _WIDE:
            if self.first_divides and self.up < _WIDE:
                return (amount_minor * self.up) // (self.down * first.bid) + 1
            if not self.first_divides and first.ask * self.up < _WIDE:
                return (amount_minor * first.ask * self.up) // self.down + 1
        numerator: int = int(amount_minor) * int(self.up)
        denominator: int = int(self.down)
        if self.first_divides:
            denominator *= int(first.bid)
        else:
            numerator *= int(first.ask)
        second = self.second
        if second is not None:
            if self.second_divides:
                denominator *= int(second.bid)
            else:
                numerator *= int(second.ask)
        return i64(numerator // denominator + 1)

    def margin_rate_e8(self, traded: Instrument, open_price: i64) -> i64:
        """Whole target units per whole source unit, times 10**8, at mid prices.

        One step through the traded instrument itself uses the open price.
        """
        first = self.first
        if first is None:
            return 100_000_000
        numerator: int = 100_000_000
        denominator: int = 1
        second = self.second
        doubled: int = int(first.bid) + int(first.ask)
        if second is None and first is traded:
            doubled = 2 * int(open_price)
        if self.first_divides:
            numerator *= 2
            denominator *= doubled
        else:
            numerator *= doubled
            denominator *= 2
        if second is not None:
            doubled = int(second.bid) + int(second.ask)
            if self.second_divides:
                numerator *= 2
                denominator *= doubled
            else:
                numerator *= doubled
                denominator *= 2
        if self.major_exponent >= 0:
            numerator *= wide_power_of_ten(self.major_exponent)
        else:
            denominator *= wide_power_of_ten(-self.major_exponent)
        return round_div_exact(numerator, denominator)


@mypyc_attr(acyclic=True)
class Conversion:
    """An instrument's profit and margin routes into one account currency."""

    def __init__(self, profit: Route, margin: Route, within_bounds: bool) -> None:
        self.profit = profit
        self.margin = margin
        self.exists: bool = profit.exists and margin.exists
        self.within_bounds = within_bounds
