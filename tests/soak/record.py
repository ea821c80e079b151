"""The record of the long runs: kept as JSON, shown as a table in docs/reliability.md.

This file may read and write these two. A row stands until a run with as many cases takes its
place, or one with failures does: so the table shows the longest clean run of each campaign,
or the trouble.
"""

import json
from pathlib import Path
from typing import Any, Final

ROOT: Final = Path(__file__).resolve().parents[2]
RECORD: Final = Path(__file__).with_name("record.json")
DOCUMENT: Final = ROOT / "docs" / "reliability.md"
BEGIN: Final = "<!-- generated: soak -->\n"
END: Final = "<!-- end -->"
_MOST_NOTES = 8


def load() -> dict[str, Any]:
    """Campaign name -> its row."""
    if not RECORD.exists():
        return {}
    rows: dict[str, Any] = json.loads(RECORD.read_text(encoding="utf-8"))
    return rows


def takes_the_place(new: dict[str, Any], old: dict[str, Any] | None) -> bool:
    """Whether a run is to be shown instead of the one that is."""
    return old is None or bool(new["failures"]) or new["count"] >= old["count"]


def table(rows: dict[str, Any]) -> str:
    """The table in Markdown."""
    lines = [
        "| campaign | count | failures | what happened on the way | command | commit |",
        "|---|---|---|---|---|---|",
    ]
    for name, row in rows.items():
        notes = sorted(row["notes"].items(), key=lambda item: (-item[1], item[0]))[:_MOST_NOTES]
        told = ", ".join(f"{text} {number:,}" for text, number in notes)
        cells = [
            name,
            f"{row['count']:,} {row['unit']}",
            f"{len(row['failures'])}",
            told,
            f"`{row['command']}`",
            row["commit"],
        ]
        lines.append("| " + " | ".join(cells) + " |")
    return "\n".join(lines) + "\n"


def fill(document: str, rows: dict[str, Any]) -> str:
    """The document with its table made anew. Raises `ValueError` where it has no place for it."""
    before, begin, rest = document.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end:
        raise ValueError(f"{DOCUMENT}: no place for the table of the long run")
    return before + begin + table(rows) + end + after


def write(new: dict[str, Any]) -> None:
    """Takes new rows into the record and into the document."""
    rows = load()
    for name, row in new.items():
        if takes_the_place(row, rows.get(name)):
            rows[name] = row
    RECORD.write_text(json.dumps(rows, indent=1) + "\n", encoding="utf-8")
    DOCUMENT.write_text(fill(DOCUMENT.read_text(encoding="utf-8"), rows), encoding="utf-8")
