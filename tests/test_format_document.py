"""FORMAT.md says what the code does: its tables are fresh, its example decodes."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from adapters import format_document
from adapters.format_fields import MEANINGS, meaning
from engine import Engine, records
from journal import BEFORE_FIRST, GENESIS_HASH
from journal.block import HEADER_SIZE, read_block
from journal.layout import KEY_SIZE, META_VALUE, SEQUENCE, STORED_SEQUENCE
from snapshots.layout import HEADER_SIZE as SNAPSHOT_HEADER_SIZE

ROOT = Path(__file__).resolve().parents[1]
DOCUMENT = (ROOT / "FORMAT.md").read_text()
EXAMPLE = DOCUMENT.partition("<!-- generated: example -->")[2].partition("<!-- end -->")[0]
LINE = re.compile(r"^ *(\d+)  ((?:[0-9a-f]{2} ?)+)(?: +(.*))?$")


def example_lines() -> list[tuple[int, bytes, str]]:
    """(offset, bytes, text) of every line of the worked example that has bytes."""
    found = [LINE.match(line) for line in EXAMPLE.splitlines()]
    return [(int(m[1]), bytes.fromhex(m[2]), m[3] or "") for m in found if m]


def test_tables_are_up_to_date() -> None:
    assert format_document.fill(DOCUMENT) == DOCUMENT, "run: python -m adapters.format_document"


def test_check_from_the_command_line_tells_a_stale_file_from_a_fresh_one(tmp_path: Path) -> None:
    stale = tmp_path / "FORMAT.md"
    stale.write_text("<!-- generated: block header -->\n<!-- end -->\n")
    command = [sys.executable, "-m", "adapters.format_document"]

    def run(*arguments: str) -> int:
        return subprocess.run([*command, *arguments], cwd=ROOT, capture_output=True).returncode

    assert run("--check", str(stale)) == 1
    assert run(str(stale)) == 0
    assert run("--check", str(stale)) == 0
    assert "| 152 | 32 | `block_hash` |" in stale.read_text()
    assert run("--check", str(tmp_path / "missing")) == 2


def test_lines_of_the_example_are_one_block_without_a_gap() -> None:
    position = 0
    for offset, data, _ in example_lines():
        assert offset == position
        position += len(data)
    assert b"".join(d for _, d, _ in example_lines()) == format_document.example_block()


def test_example_decodes_to_what_is_written_beside_it() -> None:
    value = b"".join(data for _, data, _ in example_lines())
    block = read_block(value, 1, "FORMAT.md", BEFORE_FIRST)
    texts = {text for _, _, text in example_lines()}
    for name in ("block_number", "first_sequence", "last_sequence", "command_bytes", "key_total"):
        assert f"{name} {getattr(block.header, name)}" in texts
    decoded = [*records.decode_all(block.commands), *records.decode_all(block.events)]
    assert [type(r).__name__ for r in decoded] == ["Configure", "Tick", "Configured", "Rejected"]
    for record in decoded:
        assert type(record).__name__ in EXAMPLE.splitlines()
        for name in records.fields_of(type(record)):
            assert f"{name} {getattr(record, name)}" in texts
    assert records.decode_config(decoded[0]) == records.Currency(currency=1, code="USD", digits=2)


def test_events_of_the_example_are_those_of_the_engine() -> None:
    block = read_block(format_document.example_block(), 1, "FORMAT.md", BEFORE_FIRST)
    engine = Engine()
    engine.apply(block.commands)
    assert engine.events_view() == block.events


@pytest.mark.parametrize(
    "record_class", [*records.COMMAND_CLASSES, *records.EVENT_CLASSES], ids=lambda c: c.__name__
)
def test_every_field_of_every_record_has_a_row_at_its_offset(
    record_class: type[records.Record],
) -> None:
    section = DOCUMENT.partition(f"#### {record_class.TYPE} {record_class.__name__} (")[2]
    section = section.partition("####")[0]
    data = records.encode(
        record_class(
            **{n: i + 1 for i, n in enumerate(records.fields_of(record_class))},
            **({"payload": b""} if record_class is records.Configure else {}),
        )
    )
    for name in records.fields_of(record_class):
        assert meaning(record_class, name)
        row = re.search(rf"^\| (\d+) \| `{name}` \| .+ \|$", section, re.MULTILINE)
        assert row, name
        offset = int(row[1])
        expected = records.fields_of(record_class).index(name) + 1
        assert int.from_bytes(data[offset : offset + 8], "little") == expected


def test_sizes_in_the_prose_are_those_of_the_code() -> None:
    assert f"a header of {HEADER_SIZE} bytes, the commands" in DOCUMENT
    assert f"A header of {SNAPSHOT_HEADER_SIZE} bytes, then the state" in DOCUMENT
    assert f"{META_VALUE.size} bytes: magic" in DOCUMENT
    assert (SEQUENCE.size, STORED_SEQUENCE.size, KEY_SIZE) == (8, 8, 16)
    import blake3

    assert blake3.blake3(b"lockstep journal, format 1").digest() == GENESIS_HASH


def test_no_meaning_is_left_over() -> None:
    used = {n for c in records.CLASS_OF_TYPE.values() for n in records.fields_of(c)}
    assert set(MEANINGS) <= used
