"""What a platter keeps: bytes through syncs and cuts, sizes, names."""

from collections.abc import Iterable
from random import Random

import pytest

from tests.faults.platter import ALL, PAGE, SECTOR, Image, Platter, Stored, random_masks

pytestmark = pytest.mark.once

A, B, C = (bytes([letter]) * PAGE for letter in b"ABC")


def outcomes(platter: Platter, name: str, tries: int = 400) -> set[bytes | None]:
    """What a file may hold after the power went now; None: it is not there."""
    found: set[bytes | None] = set()
    for seed in range(tries):
        stored = platter.power_cut(Random(seed)).files.get(name)
        found.add(None if stored is None else bytes(stored.durable).ljust(stored.size, b"\0"))
    return found


def with_file(*writes: tuple[int, bytes]) -> tuple[Platter, Stored]:
    """A platter with one file whose name is durable, and the writes to it."""
    platter = Platter()
    stored = platter.file("file", 1)
    for offset, data in writes:
        stored.write(offset, data)
    platter.sync_folder("")
    return platter, stored


def first_letters(contents: Iterable[bytes | None]) -> set[str]:
    """One letter per page; - for zeros."""
    return {
        "".join(chr(c[i] or 45) for i in range(0, len(c), PAGE)) for c in contents if c is not None
    }


def test_synced_bytes_when_the_power_goes_are_all_there() -> None:
    platter, stored = with_file((0, A + B))
    stored.sync()
    assert outcomes(platter, "file", 20) == {A + B}


def test_unsynced_pages_when_the_power_goes_are_there_in_any_combination() -> None:
    platter, stored = with_file((0, A + A))
    stored.sync()
    stored.write(0, B + B)
    whole = {c for c in outcomes(platter, "file") if c and len(set(c[:PAGE] + c[PAGE:])) <= 2}
    assert first_letters(whole) == {"AA", "AB", "BA", "BB"}


def test_unsynced_page_when_the_power_goes_may_be_torn_into_sectors() -> None:
    platter, stored = with_file((0, A))
    stored.sync()
    stored.write(0, B)
    for content in outcomes(platter, "file"):
        assert content is not None
        sectors = [set(content[i : i + SECTOR]) for i in range(0, PAGE, SECTOR)]
        assert all(len(sector) == 1 for sector in sectors), "a sector is whole"
    assert len(outcomes(platter, "file")) > 10


def test_later_write_of_the_same_page_goes_over_the_earlier_one() -> None:
    _, stored = with_file((0, A), (0, B))
    assert stored.left([ALL, ALL], PAGE).durable == B
    assert stored.left([ALL, 0], PAGE).durable == A
    assert stored.left([0, 1], PAGE).durable.rstrip(b"\0") == B[:SECTOR]


def test_write_across_pages_is_cut_where_pages_begin() -> None:
    _, stored = with_file((PAGE - 100, B[:300]))
    assert [(p.offset, len(p.data)) for p in stored.pieces()] == [(PAGE - 100, 100), (PAGE, 200)]
    left = stored.left([0, ALL], PAGE + 200)
    assert bytes(left.durable) == bytes(PAGE) + B[:200]
    left = stored.left([1 << 7, 0], PAGE + 200)
    assert bytes(left.durable) == bytes(PAGE - 100) + B[:100]
    assert not any(stored.left([1 << 6, 0], PAGE + 200).durable)


def test_growth_when_it_is_unsynced_may_be_zeros_or_missing() -> None:
    platter, stored = with_file((0, A))
    stored.sync()
    stored.resize(3 * PAGE)
    stored.write(PAGE, B)
    letters = first_letters(outcomes(platter, "file"))
    assert {"A", "A--", "AB-"} <= letters <= {"A", "A--", "AB-"} | {"A-"}


def test_write_that_is_synced_by_itself_leaves_other_pages_unsynced() -> None:
    platter, stored = with_file((0, A + A))
    stored.sync()
    stored.write(0, B + B)
    stored.put(PAGE + SECTOR, C[:SECTOR])
    for content in outcomes(platter, "file"):
        assert content is not None
        assert content[PAGE : PAGE + 2 * SECTOR] == B[:SECTOR] + C[:SECTOR], "its page is synced"
    assert {c[:1] for c in outcomes(platter, "file") if c} == {b"A", b"B"}
    stored.sync()
    assert outcomes(platter, "file", 5) == {B + B[:SECTOR] + C[:SECTOR] + B[2 * SECTOR :]}


def test_failed_sync_when_followed_by_a_good_one_brings_nothing_back() -> None:
    platter, stored = with_file((0, A))
    stored.sync()
    stored.write(0, B)
    stored.fail_sync([0], PAGE)
    stored.sync()
    assert outcomes(platter, "file", 20) == {A}
    assert stored.now == PAGE


def test_name_when_its_folder_was_not_synced_may_be_missing_with_all_below() -> None:
    platter = Platter()
    platter.sync_folder("")
    stored = platter.file("folder/file", 1)
    stored.write(0, A)
    stored.sync()
    assert outcomes(platter, "folder/file") == {None, A}
    platter.sync_folder("folder")
    assert outcomes(platter, "folder/file") == {None, A}
    platter.sync_folder("")
    assert outcomes(platter, "folder/file", 20) == {A}


def test_file_when_renamed_over_another_is_the_old_or_the_new_one() -> None:
    platter, stored = with_file((0, A))
    stored.sync()
    fresh = platter.file("fresh", 2)
    fresh.write(0, B)
    fresh.sync()
    platter.take_over("", [("file", 2)])
    assert outcomes(platter, "file") == {A, B}
    platter.sync_folder("")
    assert outcomes(platter, "file", 20) == {B}
    assert outcomes(platter, "fresh", 20) == {None}


def test_file_when_removed_may_be_there_until_its_folder_is_synced() -> None:
    platter, stored = with_file((0, A))
    stored.sync()
    platter.take_over("", [])
    assert outcomes(platter, "file") == {None, A}
    platter.sync_folder("")
    assert outcomes(platter, "file", 20) == {None}


def test_disk_that_is_made_of_an_image_holds_it_durably() -> None:
    platter, stored = with_file((0, A))
    stored.sync()
    again = Platter.of(platter.power_cut(Random(1)))
    again.file("file", 77).write(0, B)
    assert first_letters(c for c in outcomes(again, "file") if c in (A, B)) == {"A", "B"}


def test_chosen_masks_are_told_and_obeyed() -> None:
    platter, stored = with_file((0, A + A + A))
    stored.sync()
    stored.write(0, B + B + B)
    image = platter.power_cut(Random(1), [ALL, 0, 0b11])
    content = bytes(image.files["file"].durable)
    assert content == B + A + B[: 2 * SECTOR] + A[2 * SECTOR :]
    assert image.told == f"power cut: file {3 * PAGE} bytes, sectors +-(03)"


def test_flipped_bits_are_told_with_their_places() -> None:
    image = Image(files={"file": Stored(A, PAGE)})
    image.flip(Random(3), 2, "file")
    changed = [i for i in range(PAGE) if image.files["file"].durable[i] != A[i]]
    assert len(changed) == 2
    assert all(f"{place}." in image.told for place in changed)


def test_chance_chooses_everything_nothing_and_all_between() -> None:
    random = Random(1)
    chosen = [tuple(random_masks(random, 3)) for _ in range(500)]
    assert {(0, 0, 0), (ALL, ALL, ALL), (ALL, 0, ALL), (0, ALL, 0)} <= set(chosen)
    assert any(mask not in (0, ALL) for masks in chosen for mask in masks)
    assert random_masks(random, 0) == []
