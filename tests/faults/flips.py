"""Every bit of a small journal and of its snapshots flipped in turn: found and named, or harmless.

This file may run through the bits and count; `flip_cases.py` says what must hold for each. The
cases run in a child process, so that one which ends its process is told apart like any other;
the next child goes on after it.

    python -m tests.faults.flips [SEED] [--count N] [--minutes M] [--json]

The seed is the number of the first case. Cases step through the files in strides that meet each
bit once before one comes again, so that every part of a file has its share of any run, and a run of
as many cases as there are bits is complete. One case is repeated with its number and --count 1.
"""

import math
import os
import select
import shutil
import signal
import sys
import tempfile
import traceback
from pathlib import Path
from typing import Final

from tests.faults.flip_cases import Stores, Wrong, judge, scratch
from tests.faults.session import make_stores_small
from tests.soak.campaign import Campaign, arguments_of

HANGS_AFTER_S: Final = 60.0
LONGEST_LINE: Final = 3_000
"""So that one write to the pipe is whole."""
_GOLDEN: Final = (math.sqrt(5) - 1) / 2


def main() -> int:
    arguments = arguments_of("tests.faults.flips", "flipped bits", count=2_000_000).parse_args()
    make_stores_small()
    folder = Path(tempfile.mkdtemp(prefix="flips-", dir=scratch()))
    try:
        stores = Stores(folder / "stores")
        arguments.count = min(arguments.count, stores.n_bits)
        campaign = Campaign.of("flipped bits", arguments)
        campaign.notes["bits of the files"] = stores.n_bits
        run(stores, campaign, arguments.seed)
        return campaign.finish()
    finally:
        shutil.rmtree(folder)


def bit_of(case: int, n_bits: int) -> int:
    """The bit of a case, numbered from 1: each one once in `n_bits` cases in a row."""
    stride = int(n_bits * _GOLDEN)
    while math.gcd(stride, n_bits) != 1:
        stride += 1
    return (case - 1) * stride % n_bits


def run(stores: Stores, campaign: Campaign, first: int) -> None:
    """Cases from `first` on, as many as the campaign wants, in child processes."""
    case = first
    last = first + campaign.most
    while campaign.goes_on() and case < last:
        reader, writer = os.pipe()
        child = os.fork()
        if not child:
            os.close(reader)
            _work(stores, case, last, writer)
        os.close(writer)
        try:
            case, hangs = _listen(stores, campaign, case, reader)
        finally:
            os.close(reader)
            how = _end(child)
        if campaign.goes_on() and case < last:
            how = f"nothing was heard of it for {HANGS_AFTER_S:.0f} s" if hangs else how
            _tell(stores, campaign, case, f"!{how}")
            stores.restore()
            case += 1


def _work(stores: Stores, first: int, last: int, writer: int) -> None:
    """In the child: one line per case, what became of it or what went wrong. Never returns."""
    try:
        for case in range(first, last):
            place = stores.place(bit_of(case, stores.n_bits))
            stores.damage(place)
            try:
                line = judge(stores, place)
            except Wrong as error:
                line = f"!{error}"
            except Exception as error:
                line = f"!{type(error).__name__} came out: {error}"
            stores.restore()
            os.write(writer, line.replace("\n", " ").encode()[:LONGEST_LINE] + b"\n")
    except BaseException:
        traceback.print_exc()
    finally:
        os._exit(1)


def _listen(stores: Stores, campaign: Campaign, case: int, reader: int) -> tuple[int, bool]:
    """Takes the reports of a child, until it ends, hangs, or enough is done.

    Returns the first case that was not reported, and whether the child hangs.
    """
    pending = b""
    while campaign.goes_on():
        ready, _, _ = select.select([reader], [], [], HANGS_AFTER_S)
        data = os.read(reader, 1 << 16) if ready else b""
        if not data:
            return case, not ready
        *lines, pending = (pending + data).split(b"\n")
        for line in lines:
            _tell(stores, campaign, case, line.decode(errors="replace"))
            case += 1
    return case, False


def _tell(stores: Stores, campaign: Campaign, case: int, line: str) -> None:
    """Counts a case that is over."""
    place = stores.place(bit_of(case, stores.n_bits))
    name = place.file.partition("/")[0]
    if line.startswith("!"):
        campaign.fail(f"case {case}, {place}: {line[1:]}")
        campaign.count(1)
    else:
        campaign.count(1, **{f"{name}: {line}": 1})


def _end(child: int) -> str:
    """Ends a child, if it has not ended by itself; in words, how it did."""
    os.kill(child, signal.SIGKILL)
    _, status = os.waitpid(child, 0)
    if os.WIFSIGNALED(status):
        return f"the process died of {signal.Signals(os.WTERMSIG(status)).name}"
    return "the process ended"


if __name__ == "__main__":
    sys.exit(main())
