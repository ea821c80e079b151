"""The result of evaluating an account.

This file may hold its fields. The core has one as scratch.
"""

from mypy_extensions import i64, mypyc_attr


@mypyc_attr(acyclic=True)
class Evaluation:
    """Result of one exact evaluation, with what bands are made from."""

    def __init__(self) -> None:
        self.equity_minor: i64 = 0
        self.gross_minor: i64 = 0
        self.converted_minor: i64 = 0
        self.slop_minor: i64 = 0
