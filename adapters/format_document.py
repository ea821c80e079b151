"""Writes the tables of FORMAT.md from the code that reads and writes the bytes.

`python -m adapters.format_document [--check] [FILE]`

This file may render tables and the worked example; the prose of FORMAT.md is written by
hand and left alone. What stands between `<!-- generated: NAME -->` and `<!-- end -->` is made
here. `--check` changes nothing and exits with 1 where the file is out of date.
"""

import argparse
import re
import struct
import sys
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, Final

from adapters.format_fields import annotations, docstrings, meaning
from engine import Engine, records
from engine.records import WORD, Record
from journal import BEFORE_FIRST, NO_HOOKS, BlockDraft, BlockHeader
from journal.block import FORMAT_VERSION, HEADER, HEADER_SIZE, MAGIC
from snapshots import SnapshotInfo
from snapshots import layout as snapshot_layout

_SECTION: Final = re.compile(r"(<!-- generated: ([a-z ]+) -->\n).*?(<!-- end -->)", re.DOTALL)
EXAMPLE_TIME_NS: Final = 1_399_248_000_000_000_000


def fill(document: str) -> str:
    """The document with every generated section made anew. Raises `KeyError` for an unknown one."""
    return _SECTION.sub(lambda m: f"{m[1]}{SECTIONS[m[2]]().rstrip()}\n{m[3]}", document)


def table(head: Iterable[str], rows: Iterable[Iterable[object]]) -> str:
    """A Markdown table."""
    lines = [tuple(head), *(tuple(str(c).replace("|", "\\|") for c in row) for row in rows)]
    rule = "|" + "---|" * len(lines[0])
    return "\n".join(["| " + " | ".join(lines[0]) + " |", rule, *map(_row, lines[1:])]) + "\n"


def _row(cells: tuple[str, ...]) -> str:
    return "| " + " | ".join(cells) + " |"


# ------------------------------------------------------------ headers of block and snapshot


def header_fields(layout: struct.Struct, described: type[Any]) -> list[tuple[int, int, str]]:
    """(offset, size, name) of every field of a header; three come before the named ones."""
    codes = re.findall(r"\d*[a-zA-Z]", layout.format)
    names = ["magic", "format_version", "header_size", *described._fields]
    offset = 0
    rows = []
    for code, name in zip(codes, names, strict=True):
        size = struct.calcsize("<" + code)
        rows.append((offset, size, name))
        offset += size
    assert offset == layout.size
    return rows


def _header_table(layout: struct.Struct, described: type[Any], magic: bytes, version: int) -> str:
    texts = {
        "magic": f"`{magic.decode()}`",
        "format_version": f"{version}",
        "header_size": f"{layout.size}",
        **docstrings(described),
    }
    return table(
        ("offset", "size", "field", "meaning"),
        ((o, s, f"`{n}`", texts[n]) for o, s, n in header_fields(layout, described)),
    )


def block_header() -> str:
    """The table of a block's header."""
    return _header_table(HEADER, BlockHeader, MAGIC, FORMAT_VERSION)


def snapshot_header() -> str:
    """The table of a snapshot's header."""
    return _header_table(
        snapshot_layout.HEADER,
        SnapshotInfo,
        snapshot_layout.MAGIC,
        snapshot_layout.FORMAT_VERSION,
    )


# ------------------------------------------------------------ records


def _first_sentence(described: type[Any]) -> str:
    """The first paragraph of a docstring, in one line."""
    paragraph = (described.__doc__ or "").partition("\n\n")[0]
    return " ".join(paragraph.split())


def _own_docstring(described: type[Any]) -> str:
    return _first_sentence(described) if "__doc__" in vars(described) else ""


def _record(record_class: type[Record]) -> str:
    """Heading, sentence and table of one record."""
    names = records.fields_of(record_class)
    size = records.record_size(record_class.TYPE)
    variable = record_class is records.Configure
    rows: list[tuple[object, ...]] = [
        (WORD * (i + 1), f"`{n}`", meaning(record_class, n)) for i, n in enumerate(names)
    ]
    if variable:
        rows.append((size, "`payload size`", "bytes of the payload, without padding"))
        rows.append((size + WORD, "`payload`", "msgpack, padded with zeros to a whole word"))
    length = f"{size + WORD} bytes and the payload" if variable else f"{size} bytes"
    return (
        f"#### {record_class.TYPE} {record_class.__name__} ({length})\n\n"
        f"{_first_sentence(record_class)}\n\n" + table(("offset", "field", "meaning"), rows)
    )


def commands() -> str:
    """All commands."""
    return "\n".join(map(_record, records.COMMAND_CLASSES))


def events() -> str:
    """All events."""
    return "\n".join(map(_record, records.EVENT_CLASSES))


def configuration() -> str:
    """All payloads of `Configure`."""
    parts = []
    for config_class in records.CONFIG_CLASSES:
        texts = docstrings(config_class)
        rows = (
            (f"`{name}`", f"`{kind}`", f"`{default}`" if default else "", texts.get(name, ""))
            for name, (kind, default) in annotations(config_class).items()
        )
        sentence = _own_docstring(config_class)
        parts.append(
            f"#### {config_class.KIND} {config_class.__name__}\n\n"
            + (f"{sentence}\n\n" if sentence else "")
            + table(("field", "type", "default", "meaning"), rows)
        )
    return "\n".join(parts)


# ------------------------------------------------------------ the worked example


def example_block() -> bytes:
    """The block of the worked example: a currency is configured, a quote is refused."""
    records_in: tuple[records.Record | records.Config, ...] = (
        records.Currency(currency=1, code="USD", digits=2),
        records.Tick(instrument=4, feed=1, bid_points=138_712, ask_points=138_719),
    )
    draft = BlockDraft()
    engine = Engine()
    for sequence, record in enumerate(records_in, 1):
        data = records.encode(record, sequence, EXAMPLE_TIME_NS + sequence)
        engine.apply(data)
        draft.add(data, sequence, sequence, EXAMPLE_TIME_NS + sequence)
    value = draft.seal(engine.events_view(), engine.time_ns, BEFORE_FIRST, NO_HOOKS)[1]
    return bytes(value)


def example() -> str:
    """The example as offset, bytes and what they are, one field a line."""
    value = example_block()
    lines = ["```", "header"]
    for offset, size, name in header_fields(HEADER, BlockHeader):
        lines += _dump(value, offset, size, _header_value(name, value[offset : offset + size]))
    position = HEADER_SIZE
    while position < len(value):
        record, after = records.decode(value, position)
        lines.append(type(record).__name__)
        head = f"type {record.TYPE}, version {records.VERSION}, size {after - position}"
        lines += _dump(value, position, WORD, head)
        for name in records.fields_of(type(record)):
            position += WORD
            lines += _dump(value, position, WORD, f"{name} {getattr(record, name)}")
        position += WORD
        if isinstance(record, records.Configure):
            lines += _dump(value, position, WORD, f"payload size {len(record.payload)}")
            position += WORD
            lines += _dump(value, position, after - position, "payload and padding")
        position = after
    return "\n".join([*lines, "```"])


def _header_value(name: str, data: bytes) -> str:
    if name == "magic":
        return f"magic {data.decode()}"
    if len(data) <= WORD:
        return f"{name} {int.from_bytes(data, 'little')}"
    return name


def _dump(value: bytes, offset: int, size: int, text: str) -> list[str]:
    """Lines of eight bytes; the text stands at the first."""
    lines = []
    for start in range(offset, offset + size, WORD):
        data = value[start : min(start + WORD, offset + size)].hex(" ")
        lines.append(f"{start:5}  {data:23}  {text if start == offset else ''}".rstrip())
    return lines


SECTIONS: Final[dict[str, Callable[[], str]]] = {
    "block header": block_header,
    "snapshot header": snapshot_header,
    "commands": commands,
    "events": events,
    "configuration": configuration,
    "example": example,
}


def main() -> int:
    """The command line."""
    parser = argparse.ArgumentParser(description="Writes the tables of FORMAT.md")
    parser.add_argument("--check", action="store_true", help="change nothing, exit 1 if stale")
    parser.add_argument("file", nargs="?", type=Path, default=Path("FORMAT.md"))
    arguments = parser.parse_args()
    try:
        before = arguments.file.read_text()
    except OSError as error:
        print(f"{arguments.file}: {error.strerror}", file=sys.stderr)
        return 2
    after = fill(before)
    if arguments.check:
        return 0 if after == before else 1
    arguments.file.write_text(after)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
