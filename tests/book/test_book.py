"""The fast book beside the naive one: same fills, same depth, sound at every step."""

import struct

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.book.bare import BadRecord, BareBook
from engine.book.keys import KEY_LIMIT
from engine.book.ladder import key_of
from tests.naive.book import BUY, SELL, Fill, NaiveBook

LIMIT, CANCEL, MARKET = 0, 1, 2
Step = tuple[int, int, int, int, int]
"""Operation, side, ticket, price, quantity; a cancel names the ticket of an earlier step."""


def record(step: Step) -> bytes:
    operation, side, ticket, price, quantity = step
    return struct.pack("<BBHIii", operation, side, 0, ticket, price, quantity)


def fills_of(book: BareBook) -> list[Fill]:
    words = list(book.fill_words())
    book.clear()
    return [Fill(*words[at : at + 4]) for at in range(0, len(words), 4)]


def depth_of(book: BareBook, side: int) -> list[tuple[int, int, int]]:
    ladder = book.book.side(side)
    levels = book.book.levels
    found = []
    key = ladder.keys.first()
    while key < KEY_LIMIT:
        level = ladder.find(key)
        price = KEY_LIMIT - 1 - key if side == BUY else key
        assert key_of(side, price) == key
        found.append((price, levels[level + 3], levels[level + 4]))
        key = ladder.keys.after(key)
    return found


def run_naive(book: NaiveBook, step: Step) -> list[Fill]:
    operation, side, ticket, price, quantity = step
    if operation == CANCEL:
        book.cancel(ticket)
        return []
    if operation == MARKET:
        return book.market(ticket, side, quantity)
    return book.limit(ticket, side, price, quantity)


@st.composite
def days(draw: st.DrawFn) -> list[Step]:
    """Few prices and small quantities, so that levels fill, empty and meet all the time."""
    prices = draw(
        st.sampled_from(
            [
                st.integers(1, 6),
                st.integers(995, 1_005),
                st.sampled_from([1, 2, 1_000, 2**20, 2**31 - 2, 2**31 - 1]),
                st.integers(1, 2**31 - 1),
            ]
        )
    )
    steps: list[Step] = []
    for ticket in range(1, draw(st.integers(1, 80))):
        operation = draw(st.sampled_from([LIMIT, LIMIT, LIMIT, CANCEL, MARKET]))
        if operation == CANCEL:
            steps.append((CANCEL, 0, draw(st.integers(1, ticket)), 0, 0))
        else:
            side = draw(st.sampled_from([BUY, SELL]))
            steps.append((operation, side, ticket, draw(prices), draw(st.integers(1, 9))))
    return steps


@settings(max_examples=300)
@given(days())
def test_fills_and_depth_are_those_of_the_naive_book(steps: list[Step]) -> None:
    fast = BareBook()
    naive = NaiveBook()
    for step in steps:
        expected = run_naive(naive, step)
        fast.apply(record(step))
        assert fills_of(fast) == expected
        fast.check()
        assert depth_of(fast, BUY) == naive.depth(BUY)
        assert depth_of(fast, SELL) == naive.depth(SELL)


def test_orders_of_a_price_are_taken_in_order_of_time() -> None:
    book = BareBook()
    for ticket in (7, 3, 5):
        book.apply(record((LIMIT, SELL, ticket, 100, 10)))
    book.apply(record((MARKET, BUY, 9, 0, 25)))
    assert fills_of(book) == [Fill(7, 10, 9, 100), Fill(3, 10, 9, 100), Fill(5, 5, 9, 100)]


def test_a_book_grows_and_gives_back_what_it_no_longer_needs() -> None:
    book = BareBook()
    for round_ in range(3):
        first = 1 + round_ * 5_000
        for ticket in range(first, first + 5_000):
            book.apply(record((LIMIT, BUY, ticket, 1 + 7 * (ticket - first), 1)))
        for ticket in range(first, first + 5_000):
            book.apply(record((CANCEL, 0, ticket, 0, 0)))
        book.check()
    assert book.orders.count() == 0
    assert book.orders.used <= 5_000 * 8


@pytest.mark.parametrize(
    ("step", "sentence"),
    [
        ((3, BUY, 1, 10, 1), "record 2: op 3, side 0, quantity 1"),
        ((LIMIT, 2, 1, 10, 1), "record 2: op 0, side 2, quantity 1"),
        ((LIMIT, BUY, 1, 10, 0), "record 2: op 0, side 0, quantity 0"),
        ((MARKET, BUY, 1, 10, -5), "record 2: op 2, side 0, quantity -5"),
        ((LIMIT, BUY, 1, 0, 1), "record 2: price 0 is out of range"),
        ((LIMIT, BUY, 1, -7, 1), "record 2: price -7 is out of range"),
        ((LIMIT, BUY, 5, 10, 1), "record 2: an order with id 5 rests already"),
        ((LIMIT, SELL, 5, 1, 1), "record 2: an order with id 5 rests already"),
    ],
)
def test_a_record_that_no_book_can_hold_is_refused(step: Step, sentence: str) -> None:
    book = BareBook()
    with pytest.raises(BadRecord) as error:
        book.apply(record((LIMIT, BUY, 5, 10, 1)) + record(step))
    assert str(error.value) == sentence


def test_half_a_record_is_refused_before_any_other() -> None:
    book = BareBook()
    with pytest.raises(BadRecord, match="31 bytes are no whole number of records of 16 bytes"):
        book.apply(record((LIMIT, BUY, 5, 10, 1)) + bytes(15))
    assert book.orders.count() == 0
