"""The tables of docs/benchmarks.md, made from the newest results in bench/results.

`python -m bench.table`. This file may not measure anything, and nobody types a figure.
"""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from bench import ROOT

RESULTS = ROOT / "bench" / "results"
PAGE = ROOT / "docs" / "benchmarks.md"
BEGIN = "<!-- figures: made by python -m bench.table -->"
END = "<!-- end of the figures -->"

Result = dict[str, Any]


def newest(folder: Path = RESULTS) -> dict[str, Result]:
    """The newest result of each benchmark. The time is in the name of the file."""
    found: dict[str, Result] = {}
    for path in sorted(folder.glob("*.json")):
        result = json.loads(path.read_text(encoding="utf-8"))
        found[result["benchmark"]] = result
    return found


def render_page(page: Path = PAGE, folder: Path = RESULTS) -> None:
    """Puts the tables into the page, between its two marks."""
    text = page.read_text(encoding="utf-8")
    head, _, rest = text.partition(BEGIN)
    _, _, tail = rest.partition(END)
    page.write_text(f"{head}{BEGIN}\n\n{tables(folder)}\n{END}{tail}", encoding="utf-8")


def tables(folder: Path = RESULTS) -> str:
    """All tables as Markdown."""
    results = newest(folder)
    parts = [
        "\n".join([f"### {title}", "", _origin(results[name]), "", *table(results[name]), ""])
        for name, (title, table) in TABLES.items()
        if name in results
    ]
    return "\n".join(parts) if parts else "No results yet.\n"


def _origin(result: Result) -> str:
    """Machine, commit, seed and date of a result, in one line."""
    on = result["machine"]
    core = f", core {on['core']}" if "core" in on else ""
    return (
        f"{result.get('date', 'undated')} UTC, commit `{on['commit']}`, seed {result['seed']}, "
        f"{on['processor']}, {on['cores']} cores, Python {on['python']}{core}."
    )


def _ticks(result: Result) -> list[str]:
    lines = [
        "| positions | funding (median level) | M ticks/s (lowest-highest) | ns a tick "
        "| evaluations a tick | margin calls | stop-outs | quiet tick, ns | own processor time |",
        "|---:|---|---|---:|---:|---:|---:|---:|---:|",
    ]
    for row in result["rows"]:
        lines.append(
            f"| {row['positions']:,} | {row['profile']} ({row['median_level_percent']:.0f} %) "
            f"| {_millions(row['ticks_per_second'])} | {row['tick_ns']['median']:.0f} "
            f"| {row['evaluations_per_tick']:.4f} | {row['events']['margin_calls']:,} "
            f"| {row['events']['stop_outs']:,} | {row['quiet_ns']['median']:.1f} "
            f"| {_percent(row['own_share'])} |"
        )
    ratio, naive = result["quiet_ratio"], result["naive"]
    lines += [
        "",
        f"A tick that triggers nothing costs at {ratio['positions'][1]:,} positions "
        f"{ratio['ratio']:.2f} times what it costs at {ratio['positions'][0]:,}. "
        f"The naive engine gives the same {naive['same_events']:,} events on {naive['ticks']:,} "
        f"wild ticks over {naive['positions']:,} positions, {naive['same_stop_outs']} stop-outs "
        f"and {naive['same_margin_calls']} margin calls among them.",
    ]
    return lines


def _orders(result: Result) -> list[str]:
    lines = [
        "| positions | command | M commands/s (lowest-highest) | ns each | own processor time |",
        "|---:|---|---|---:|---:|",
    ]
    for row in result["rows"]:
        lines.append(
            f"| {row['positions']:,} | {row['command']} | {_millions(row['commands_per_second'])} "
            f"| {row['command_ns']['median']:.0f} | {_percent(row['own_share'])} |"
        )
    return lines


def _matching(result: Result) -> list[str]:
    lines = [
        "| stream | commands | fills | resting orders | levels | fill hash "
        "| book alone, M commands/s (lowest-highest) | accounts | whole core | durable "
        "| own processor time | latency in the core, µs: p50, p99, p99.9, max |",
        "|---|---:|---:|---:|---:|---|---|---:|---|---|---:|---|",
    ]
    for row in result["rows"]:
        lines.append(
            f"| {row['workload']} | {row['commands']:,} | {row['fills']:,} | {row['resting']:,} "
            f"| {row['bid_levels'] + row['ask_levels']:,} | `{row['fill_hash']}` "
            f"| {_millions(row['commands_per_second'])} "
            f"| {row['accounts']:,} | {_millions(row['core_per_second'])} "
            f"| {_millions(row['durable_per_second'])} | {_percent(row['core_own_share'])} "
            f"| {', '.join(f'{value:.1f}' for value in row['latency_us'].values())} |"
        )
    return lines


def _journal(result: Result) -> list[str]:
    lines = [
        "| records a commit | client keys | raw file, M records/s | journal, M records/s "
        "| ratio (lowest-highest) | a commit, µs | raw, µs |",
        "|---:|---|---:|---:|---|---:|---:|",
    ]
    for row in result["rows"]:
        ratio = row["ratio"]
        lines.append(
            f"| {row['records_per_commit']:,} | {'yes' if row['client_keys'] else 'no'} "
            f"| {row['raw_records_per_second']['median'] / 1e6:.3f} "
            f"| {row['journal_records_per_second']['median'] / 1e6:.3f} "
            f"| {ratio['median']:.2f} ({ratio['lowest']:.2f}-{ratio['highest']:.2f}) "
            f"| {row['journal_commit_us']['median']:.0f} | {row['raw_commit_us']['median']:.0f} |"
        )
    return lines


def _replay(result: Result) -> list[str]:
    lines = [
        f"{result['ticks']:,} ticks, {result['positions']:,} open positions.",
        "",
        "| run | M commands/s (lowest-highest) | 10 million in |",
        "|---|---|---:|",
    ]
    for row in result["rows"]:
        rate = row["commands_per_second"]
        lines.append(f"| {row['run']} | {_millions(rate)} | {1e7 / rate['median']:.1f} s |")
    return lines


def _snapshot(result: Result) -> list[str]:
    lines = [
        "| positions | write, s per million | recover, s per million | memory, bytes a position "
        "| state | stored |",
        "|---:|---:|---:|---:|---:|---:|",
    ]
    for row in result["rows"]:
        lines.append(
            f"| {row['positions']:,} | {row['write_seconds_per_million']['median']:.2f} "
            f"| {row['recover_seconds_per_million']['median']:.2f} "
            f"| {row['memory_bytes_per_position']:.0f} "
            f"| {row['state_bytes_per_position']:.0f} | {row['stored_bytes_per_position']:.0f} |"
        )
    return lines


def _recovery(result: Result) -> list[str]:
    lines = [
        f"{result['positions']:,} open positions. Memory in MB: what the engine takes at the end, "
        "the most beyond that on the way, and the most with the pages of the file.",
        "",
        "| journal | GB | commands | client keys | opened | seconds "
        "| s per GB of journal (lowest-highest) | s per GB executed | M commands/s "
        "| memory, beyond, with file pages | own processor time |",
        "|---|---:|---:|---:|---|---:|---|---:|---:|---|---:|",
    ]
    for row in result["rows"]:
        whole, executed, rate = row["seconds_per_gb"], "", ""
        if "commands_per_second" in row:
            executed = f"{row['seconds_per_gb_executed']['median']:.2f}"
            rate = f"{row['commands_per_second']['median'] / 1e6:.2f}"
        memory = (row["after"] - row["before"], row["peak"] - row["after"], row["high_water"])
        lines.append(
            f"| {row['workload']} | {row['journal_bytes'] / 1e9:.2f} | {row['commands']:,} "
            f"| {row['keys']:,} | {row['start']} | {row['seconds']['median']:.2f} "
            f"| {whole['median']:.2f} ({whole['lowest']:.2f}-{whole['highest']:.2f}) "
            f"| {executed} | {rate} | {', '.join(f'{n / 1e6:.0f}' for n in memory)} "
            f"| {_percent(row['own_share'])} |"
        )
    return lines


def _percent(share: float) -> str:
    """A share of the wall-clock time; below 100 % other work held the processor."""
    return f"{100 * min(share, 1.0):.0f} %"


def _millions(rate: dict[str, float]) -> str:
    """Median and extremes of a rate, in millions."""
    return f"{rate['median'] / 1e6:.3f} ({rate['lowest'] / 1e6:.3f}-{rate['highest'] / 1e6:.3f})"


TABLES: dict[str, tuple[str, Callable[[Result], list[str]]]] = {
    "ticks": ("Ticks through the core", _ticks),
    "orders": ("Order commands through the core", _orders),
    "matching": ("The order book", _matching),
    "journal": ("Journal beside a raw file", _journal),
    "replay": ("Replay", _replay),
    "snapshot": ("Snapshot and recovery", _snapshot),
    "recovery": ("Recovery of a journal", _recovery),
}


if __name__ == "__main__":
    render_page()
