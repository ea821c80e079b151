"""The promise of the command line: an exit code and a sentence, whatever the arguments.

This file may run `execute` in a scratch folder that holds a run, a demo, a damaged journal and
files of input. Arguments are lines of text. What would leave the folder, import any module or
run for minutes is left out.
"""

import importlib.util
import io
import re
import shutil
from contextlib import chdir, redirect_stderr, redirect_stdout
from functools import cache
from pathlib import Path
from random import Random

from adapters.cli.main import BAD_INPUT, execute
from tests.fuzz import good, mutations
from tests.fuzz.of_files import configuration_seeds

HOOKS = ("tests.hooks_for_tests", "tests.other_hooks_for_tests", "no_such_module", ".", "", "json")
_MOST = 60
"""Of generated quotes and clients: a day of more takes too long here."""


@cache
def _folder() -> Path:
    """The scratch folder with everything that the seeds name."""
    folder = good.scratch() / "cli"
    folder.mkdir()
    (folder / "real.toml").write_bytes(configuration_seeds()[0])
    (folder / "small.toml").write_bytes(configuration_seeds()[1])
    (folder / "commands.jsonl").write_bytes(good.COMMANDS.read_bytes())
    (folder / "quotes.csv").write_text(_quotes(), encoding="ascii")
    (folder / "day.zip").write_bytes(good.day_zip())
    (folder / "bad.zip").write_bytes(good.day_zip()[:-9])
    (folder / "empty").mkdir()
    with chdir(folder):
        made = [seed.decode().split("\n") for seed in seeds()[:2]]
        made += [["snapshot", "run"]]
        if can_sign():
            made += [["keygen", "key"], ["checkpoint", "run", "--key", "key", "--out", "signed"]]
        for call in made:
            code, _, error = run(call)
            assert code == 0, error
        shutil.copytree("run", "damaged")
        stored = bytearray(Path("damaged/journal/data.mdb").read_bytes())
        at = stored.rindex(b"LOCKSTEP")
        stored[at + 200] ^= 1
        Path("damaged/journal/data.mdb").write_bytes(stored)
    return folder


def _quotes() -> str:
    """A day of EURUSD, with moves that reach what the commands of the example set."""
    lines = ["time,bid,ask"]
    for number in range(90):
        bid = 138_700 + 900 * (number // 15 % 2) - 11 * number
        time = f"2014-05-05T{6 + number // 6:02}:{number % 6 * 10:02}:00Z"
        lines.append(f"{time},{bid / 100_000:.5f},{(bid + 9) / 100_000:.5f}")
    return "\n".join(lines) + "\n"


def can_sign() -> bool:
    return importlib.util.find_spec("cryptography") is not None


def seeds() -> list[bytes]:
    """Calls of every command with every option; the first two make what the others look at."""
    calls = (
        "run run --config real.toml --commands commands.jsonl --ticks EURUSD@oanda=quotes.csv",
        "demo --out demo --ticks 40 --clients 3 --seed 2",
        "run new --config real.toml --ticks EURUSD@oanda=day.zip --day 2014-05-05 --clients 2"
        " --seed 4 --json",
        "run new --config small.toml --ticks EURUSD@oanda=quotes.csv --hooks tests.hooks_for_tests",
        "demo --out demo --ticks 10 --clients 0 --json",
        "replay run --to 20 --verify --no-snapshot",
        "replay run --to 2014-05-05T08:00:00Z --json --any-hooks",
        "replay damaged --verify",
        "state run --account 10007 --at 30 --json",
        "events run --account 10007 --symbol EURUSD --type order_placed position_opened",
        "events run --from 3 --to 2014-05-06 --json",
        "verify run --json",
        "verify damaged",
        "snapshot damaged --keep 2",
        "verify run --checkpoint signed --public-key key.pub",
        "keygen other-key --json",
        "checkpoint run --key key --out new-checkpoint",
        "diff run demo --json",
        "diff run demo --at 20 --accounts 3",
        "diff run run --at 2014-05-05T09:00:00Z",
        "salvage damaged saved",
        "--help",
        "--version",
        "",
    )
    return ["\n".join(call.split()).encode() for call in calls]


WORDS = (
    "run", "demo", "new", "damaged", "empty", "real.toml", "small.toml", "day.zip", "bad.zip",
    "quotes.csv", "commands.jsonl", "no-such-file", "--config", "--ticks", "--commands", "--day",
    "--seed", "--clients", "--out", "--to", "--from", "--at", "--account", "--symbol", "--type",
    "--verify", "--no-snapshot", "--hooks", "--any-hooks", "--json", "--keep", "--help",
    "--no-json", "--", "-", "--json=3", "--verify=maybe", "EURUSD@oanda=quotes.csv",
    "XAUUSD@oanda=day.zip", "@=", "a@b=c", "replay", "state", "events", "snapshot", "diff",
    "salvage", "checkpoint", "keygen", "key", "key.pub", "signed", "--checkpoint", "--key", *HOOKS,
    "stop_out", "2014-05-05T08:00Z", "\udcff", "\u20ac", "a" * 300, "9999-12-31", "0001-01-01",
)  # fmt: skip


_MUTATE_TEXT = mutations.text(" =@.", WORDS)


def mutated(data: bytes, random: Random) -> bytes:
    """Arguments exchanged, added, taken out; or the text of one changed."""
    if random.randrange(3) == 0:
        return _MUTATE_TEXT(data, random)
    given = data.decode("utf-8", "surrogateescape").split("\n")
    for _ in range(random.randrange(1, 4)):
        at = random.randrange(len(given) + 1)
        kind = random.randrange(6)
        if at == len(given) or kind == 0:
            given.insert(at, random.choice(WORDS))
        elif kind == 1 and len(given) > 1:
            del given[at]
        elif kind == 2:
            given.insert(at, random.choice(given))
        else:
            given[at] = random.choice(WORDS)
    return "\n".join(given).encode("utf-8", "surrogateescape")


def called(data: bytes) -> None:
    """`execute`: 0, 1 or 2; with 2 a sentence on stderr, and nothing written."""
    given = [a for a in data.decode("utf-8", "surrogateescape").split("\n") if a]
    if not _harmless(given):
        return
    folder = _folder()
    with chdir(folder):
        before = _listing()
        code, _, error = run(given)
        after = _listing()
        _clear(before)
    assert code in (0, 1, BAD_INPUT), f"exit code {code}: {error}"
    assert "Traceback" not in error, error
    if code == BAD_INPUT:
        last = error.rstrip().rsplit("\n", 1)[-1]
        assert last.startswith("lockstep: ") and len(last) > 20, error
        assert len(last) < 3_000 + 4 * len(data), f"a sentence of {len(last)} characters"
        assert after == before, "bad input, and something was written"


def _harmless(given: list[str]) -> bool:
    """Whether the call stays within its folder and ends soon."""
    for previous, argument in zip(["", *given], given, strict=False):
        if "\0" in argument or "/" in argument or ".." in argument or argument.startswith("~"):
            return False
        option, equals, value = argument.partition("=")
        option, value = (option, value) if equals else (previous, argument)
        if option == "--hooks" and value not in HOOKS:
            return False
        if option in ("--ticks", "--clients") and _most_of(value) > _MOST:
            return False
    command = next((argument for argument in given if not argument.startswith("-")), "")
    return command != "demo" or ("--ticks" in given and "--clients" in given)


def _most_of(text: str) -> float:
    """The number that a text might be read as; 0 where it can't be one."""
    if not re.fullmatch(r"\s*[-+]?[0-9a-fA-FxXoObB_.eE+-]*\s*", text):
        return 0
    for read in (lambda: int(text, 0), lambda: int(text), lambda: float(text)):
        try:
            return abs(read())
        except (ValueError, OverflowError):
            continue
    return 0


def run(given: list[str]) -> tuple[int, str, str]:
    """Exit code, stdout and stderr; both are as strict as those of a terminal."""
    out = io.TextIOWrapper(io.BytesIO(), encoding="utf-8", write_through=True)
    error = io.TextIOWrapper(
        io.BytesIO(), encoding="utf-8", errors="backslashreplace", write_through=True
    )
    with redirect_stdout(out), redirect_stderr(error):
        code = execute(given)
    said, told = (stream.buffer.getvalue().decode() for stream in (out, error))  # type: ignore[attr-defined]
    return code, said, told


def _listing() -> set[str]:
    return {str(path) for path in Path(".").iterdir()}


def _clear(kept: set[str]) -> None:
    """Removes what the call made; what seeds name stays as it is, or is made again later."""
    for path in Path(".").iterdir():
        if str(path) not in kept:
            if path.is_dir():
                shutil.rmtree(path)
            else:
                path.unlink()
