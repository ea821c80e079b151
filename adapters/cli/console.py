"""How the command line speaks: results on stdout, progress and labels on stderr.

This file may print, nothing else. Results are plain lines or JSON whose decimals keep all
their digits. A progress bar shows only where stderr is a terminal.
"""

import shutil
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import msgspec
from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn

from adapters.units import JSON, format_time

Report = Callable[[int, int], None]
"""Called with (done, total) now and then."""


class OutputFailed(Exception):
    """The result can't be written to where it should go; the message is one sentence."""


def say(text: str = "") -> None:
    """A line of the result. Raises `OutputFailed`, or `BrokenPipeError`.

    What the output has no letter for is escaped: names of files need not be text.
    """
    with _output():
        try:
            print(text)
        except UnicodeEncodeError:
            encoding = sys.stdout.encoding
            print(text.encode(encoding, "backslashreplace").decode(encoding))


def flush() -> None:
    """Writes what was said. Raises as `say` does."""
    with _output():
        sys.stdout.flush()


@contextmanager
def _output() -> Iterator[None]:
    try:
        yield
    except BrokenPipeError:
        raise
    except OSError as error:
        raise OutputFailed(f"the output can't be written: {error.strerror}") from error


def note(text: str) -> None:
    """A line for the person at the terminal that is not part of the result."""
    print(text, file=sys.stderr)


def say_json(value: Any, indent: int = 2) -> None:
    """A JSON value; `indent` -1 puts it on one line. What is no text is escaped as in `say`."""
    try:
        data = JSON.encode(value)
    except UnicodeEncodeError:
        data = JSON.encode(_printable(value))
    if indent >= 0:
        data = msgspec.json.format(data, indent=indent)
    say(data.decode())


def table(rows: dict[str, Any], indent: int = 2) -> None:
    """Names and values, aligned; empty ones are left out."""
    shown = {key: value for key, value in rows.items() if value not in (None, "", {})}
    width = max((len(key) for key in shown), default=0)
    for key, value in shown.items():
        say(f"{' ' * indent}{key.ljust(width)}  {text_of(value)}")


def text_of(value: Any) -> str:
    """A value for a person: thousands apart, dictionaries as `name 1, name 2`."""
    if isinstance(value, dict):
        return ", ".join(f"{key.replace('_', ' ')} {text_of(v)}" for key, v in value.items())
    if isinstance(value, bool) or not isinstance(value, int):
        return str(value)
    return f"{value:,}"


def text_only(text: str) -> str:
    """A text, or the name of a file, with what is no text in it escaped."""
    return text.encode("utf-8", "backslashreplace").decode()


def _printable(value: Any) -> Any:
    """The same with all texts escaped that are none."""
    if isinstance(value, dict):
        return {key: _printable(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_printable(inner) for inner in value]
    return text_only(value) if isinstance(value, str) else value


def rate(count: int, seconds: float, what: str) -> str:
    """`1,234 commands in 0.5 s (2,468/s)`."""
    per_second = f" ({int(count / seconds):,}/s)" if seconds > 0 else ""
    return f"{count:,} {what} in {seconds:.2f} s{per_second}"


def moment(time_ns: int) -> str:
    """A time for a person; `-` before the first command."""
    return format_time(time_ns) if time_ns else "-"


def program() -> str:
    """How this command was called, for advice that can be typed again."""
    called = Path(sys.argv[0])
    if called.name != "lockstep" or shutil.which("lockstep") == str(called):
        return "lockstep"
    try:
        return str(called.relative_to(Path.cwd()))
    except ValueError:
        return str(called)


@contextmanager
def progress(label: str) -> Iterator[Report | None]:
    """A progress bar while the block runs; None, and nothing shown, without a terminal."""
    if not sys.stderr.isatty():
        yield None
        return
    columns = (TextColumn(label), BarColumn(), TaskProgressColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task(label, total=None)

        def report(done: int, total: int) -> None:
            bar.update(task, completed=done, total=total)

        yield report
