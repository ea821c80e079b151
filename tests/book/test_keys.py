"""The ordered set of keys against a sorted list."""

from hypothesis import given, settings
from hypothesis import strategies as st
from sortedcontainers import SortedSet

from engine.book.keys import KEY_LIMIT, KeySet

# Few keys, so that adding and removing meet; edges of words and nodes, and both ends.
EDGES = [
    *range(4),
    *(edge + step for edge in (31, 1023, 2**15, 2**20, 2**25, 2**30) for step in (-1, 0, 1, 2)),
    2**31 - 2,
    2**31 - 1,
]
KEYS = st.one_of(st.sampled_from(EDGES), st.integers(0, 200), st.integers(0, KEY_LIMIT - 1))


@settings(max_examples=300)
@given(st.lists(st.tuples(KEYS, st.booleans()), max_size=120), st.lists(KEYS, max_size=20))
def test_keys_are_those_of_a_sorted_set(steps: list[tuple[int, bool]], asked: list[int]) -> None:
    keys = KeySet()
    expected = SortedSet()
    for key, add in steps:
        if add:
            keys.add(key)
            expected.add(key)
        elif expected:
            near = expected[min(expected.bisect_left(key), len(expected) - 1)]
            keys.remove(near)
            expected.remove(near)
        assert keys.first() == (expected[0] if expected else KEY_LIMIT)
    keys.check()
    for key in [*asked, *expected]:
        place = expected.bisect_right(key)
        assert keys.after(key) == (expected[place] if place < len(expected) else KEY_LIMIT)


def test_memory_follows_the_number_of_keys_not_their_spread() -> None:
    keys = KeySet()
    for key in range(0, KEY_LIMIT, KEY_LIMIT // 100):
        keys.add(key)
        keys.remove(key)
    assert keys.used <= 7 * 33
    keys.check()
