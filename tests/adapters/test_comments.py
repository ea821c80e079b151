"""Comments as MT4 shows them: one row per event."""

import pytest

from adapters.comments import comment_of
from engine import records
from engine import vocabulary as v


def removed(reason: int) -> records.OrderRemoved:
    return records.OrderRemoved(10007, 1, 5, 1, reason, 0)


def closed(reason: int, rest_position: int = 0) -> records.PositionClosed:
    return records.PositionClosed(
        10007, 1, 0, 5, rest_position, 1, v.BUY, 100, 110_000, 109_000, -100_000, 0, reason, 0
    )


def changed(position: int, previous_position: int) -> records.PositionChanged:
    return records.PositionChanged(
        10007, 1, 0, position, previous_position, 1, v.BUY, 50, 110_000, 5_500_000, 0, 0, 1, 0
    )


STOP_OUT = records.StopOut(10007, 1, 5, 1, 140_982, 353_889, 3_983, 4_000, -333_590, 109_000)


@pytest.mark.parametrize(
    ("event", "comment"),
    [
        (removed(v.REASON_NO_MONEY), "deleted [no money]"),
        (removed(v.REASON_CLOSE_ONLY), "deleted [close only]"),
        (removed(v.REASON_HEDGE_PROHIBITED), "deleted [hedge is prohibited]"),
        (removed(v.REASON_GAP), "cancelled"),
        (removed(v.REASON_CLIENT), ""),
        (closed(v.REASON_TAKE_PROFIT), "[tp]"),
        (closed(v.REASON_STOP_LOSS), "[sl]"),
        (closed(v.REASON_STOP_OUT), "so: 39.83%/1409.82/3538.89"),
        (closed(v.REASON_CLIENT, rest_position=9), "to #9"),
        (closed(v.REASON_NETTED, rest_position=5), ""),
        (changed(9, 5), "from #5"),
        (changed(5, 5), ""),
        (STOP_OUT, ""),
    ],
)
def test_comment_is_the_one_that_mt4_shows(event: records.Event, comment: str) -> None:
    assert comment_of(event, STOP_OUT, 2) == comment


def test_comments_have_at_most_31_bytes() -> None:
    wide = records.StopOut(10007, 1, 5, 1, -(10**15), 10**15, -(10**15), 4_000, -1, 1)
    assert len(comment_of(closed(v.REASON_STOP_OUT), wide, 2)) <= 31
    assert all(len(comment) <= 31 for comment in v.COMMENTS)
