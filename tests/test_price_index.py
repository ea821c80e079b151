"""The price index against a plain list: random actions, every invariant after each."""

from random import Random

import pytest

from engine.price_index import (
    ALWAYS,
    ASK_DOWN,
    ASK_UP,
    BID_DOWN,
    BID_UP,
    DIRECTIONS,
    NEVER,
    PriceIndex,
)

INSTRUMENTS, WATCHES = 3, 40


class NaiveIndex:
    """Where every watch is; everything is found by looking at all of them."""

    def __init__(self) -> None:
        self.places: dict[int, tuple[int, int, int]] = {}

    def reached(self, instrument: int, direction: int, price: int) -> list[int]:
        return sorted(
            watch
            for watch, (at, way, key) in self.places.items()
            if (at, way) == (instrument, direction) and key <= price
        )

    def top(self, instrument: int, direction: int) -> int:
        keys = [k for at, way, k in self.places.values() if (at, way) == (instrument, direction)]
        return min(keys, default=NEVER)


def made() -> PriceIndex:
    index = PriceIndex()
    index.ensure_instruments(INSTRUMENTS)
    index.ensure_watches(WATCHES)
    return index


# Keys in a narrow range make ties and repeated places common; a wide one makes deep heaps.
@pytest.mark.parametrize("span", [2, 12, 10**9])
@pytest.mark.parametrize("seed", range(4))
def test_the_index_finds_what_a_list_finds(seed: int, span: int) -> None:
    random = Random(seed)
    index, naive = made(), NaiveIndex()
    for _ in range(1_500):
        instrument = random.randrange(INSTRUMENTS)
        direction = random.randrange(DIRECTIONS)
        key = random.choice((random.randint(-span, span), ALWAYS, 2**31 + span))
        watch = random.randrange(WATCHES)
        action = random.randrange(10)
        if action < 6:
            index.set(watch, instrument, direction, key)
            naive.places[watch] = (instrument, direction, key)
        elif action < 9:
            index.remove(watch)
            naive.places.pop(watch, None)
        elif random.randrange(100) == 0:
            for place in list(naive.places):
                index.remove(place)
            naive.places.clear()
        index.check()
        price = random.randint(-span - 1, span + 1)
        found: list[int] = [77]
        index.collect(instrument, direction, price, found)
        assert found[0] == 77, "what was found before stays"
        assert sorted(found[1:]) == naive.reached(instrument, direction, price)
        top = index.tops[instrument * DIRECTIONS + direction]
        assert top == naive.top(instrument, direction)


@pytest.mark.parametrize("seed", range(4))
def test_a_quote_finds_the_watches_of_all_four_directions(seed: int) -> None:
    random = Random(seed)
    index, naive = made(), NaiveIndex()
    for watch in range(WATCHES):
        place = (random.randrange(2), random.randrange(DIRECTIONS), 0)
        sign = 1 if place[1] in (BID_UP, ASK_UP) else -1
        naive.places[watch] = (*place[:2], sign * random.randint(900, 1_100))
        index.set(watch, *naive.places[watch])
    for _ in range(300):
        instrument, bid = random.randrange(INSTRUMENTS), random.randint(890, 1_110)
        ask = bid + random.randrange(20)
        found = [5, 6]
        reached = sorted(
            naive.reached(instrument, BID_UP, bid)
            + naive.reached(instrument, BID_DOWN, -bid)
            + naive.reached(instrument, ASK_UP, ask)
            + naive.reached(instrument, ASK_DOWN, -ask)
        )
        if index.find_reached(instrument, bid, ask, found):
            assert sorted(found) == reached != []
        else:
            assert reached == []


@pytest.mark.parametrize(
    ("direction", "key", "bid", "ask"),
    [
        (BID_UP, 100, 99, 200),
        (BID_DOWN, -100, 101, 200),
        (ASK_UP, 100, 50, 99),
        (ASK_DOWN, -100, 50, 101),
    ],
)
def test_a_quote_that_reaches_nothing_is_answered_without_a_search(
    direction: int, key: int, bid: int, ask: int
) -> None:
    index = made()
    index.set(0, 0, direction, key)
    found = [5, 6]
    assert not index.find_reached(0, bid, ask, found)
    assert found == [5, 6], "nothing was looked for"
    assert not index.find_reached(1, bid, ask, found)
    toward = 1 if key > 0 else -1
    assert index.find_reached(0, bid + toward, ask + toward, found)
    assert found == [0]


def test_a_watch_is_in_one_place_only() -> None:
    index = made()
    index.set(0, 0, BID_UP, 100)
    index.set(0, 1, ASK_DOWN, -50)
    assert index.tops[BID_UP] == NEVER
    found: list[int] = []
    index.collect(1, ASK_DOWN, -50, found)
    assert found == [0]


def test_a_watch_is_reached_at_its_key() -> None:
    index = made()
    index.set(0, 0, BID_UP, 100)
    for price, expected in ((99, []), (100, [0]), (101, [0])):
        found: list[int] = []
        index.collect(0, BID_UP, price, found)
        assert found == expected


def test_a_watch_on_every_tick_is_always_reached() -> None:
    index = made()
    index.set(3, 0, ASK_UP, ALWAYS)
    found: list[int] = []
    index.collect(0, ASK_UP, -(2**31), found)
    assert found == [3]


def test_an_empty_heap_is_never_reached_by_any_price_or_time() -> None:
    index = made()
    index.set(0, 0, BID_UP, 5)
    index.remove(0)
    index.remove(0)
    for price in (5, 2**31, 2**62):
        found: list[int] = []
        index.collect(0, BID_UP, price, found)
        assert found == []


def test_check_names_the_place_of_a_broken_heap() -> None:
    index = made()
    for watch in range(6):
        index.set(watch, 0, BID_UP, watch)
    index.heaps[BID_UP].keys[4] = -1
    with pytest.raises(AssertionError, match="heap 0, slot 4: no key is smaller"):
        index.check()
