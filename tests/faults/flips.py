"""Every bit of a small journal and of its snapshots flipped in turn: found and named, or harmless.

This file may run through the bits and count; `flip_cases.py` says what must hold for each. The
cases run in a child process, so that one which ends its process is told apart like any other;
the next child goes on after it.

    python -m tests.faults.flips [SEED] [--count N] [--minutes M] [--json]

The seed is the number of the first case. Of any four cases three flip a bit of LMDB's structure
(meta pages, nodes and heads of pages), as long as there are some left, the others the rest: blocks,
free pages, unused space. Each part is gone through in strides, so that every page has its share
of any run; a run of as many cases as there are bits flips each once. One case is repeated with
its number and --count 1.
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

import numpy as np
import numpy.typing as npt

from tests.faults.flip_cases import Mask, Place, Stores, Wrong, judge, scratch
from tests.faults.session import make_stores_small
from tests.soak.campaign import Campaign, arguments_of

SHARE: Final = 3
"""Cases in the structure for one elsewhere."""
HANGS_AFTER_S: Final = 60.0
LONGEST_LINE: Final = 3_000
"""So that one write to the pipe is whole."""
_GOLDEN: Final = (math.sqrt(5) - 1) / 2
Bits = npt.NDArray[np.int64]


def main() -> int:
    arguments = arguments_of("tests.faults.flips", "flipped bits", count=2_000_000).parse_args()
    make_stores_small()
    folder = Path(tempfile.mkdtemp(prefix="flips-", dir=scratch()))
    try:
        stores = Stores(folder / "stores")
        arguments.count = min(arguments.count, stores.n_bits)
        campaign = Campaign.of("flipped bits", arguments)
        campaign.notes["bits of the files"] = stores.n_bits
        campaign.notes["bits of the structure"] = 8 * int(stores.structure.sum())
        run(Cases(stores), campaign, arguments.seed)
        return campaign.finish()
    finally:
        shutil.rmtree(folder)


def order_of(structure: Mask) -> Bits:
    """All bits in the order of the cases; `structure`: whether each byte is of it."""
    bits = np.repeat(structure, 8)
    first, rest = _in_strides(np.flatnonzero(bits)), _in_strides(np.flatnonzero(~bits))
    turns = np.concatenate([np.arange(len(first)) / SHARE, np.arange(len(rest))])
    return np.concatenate([first, rest])[np.argsort(turns, kind="stable")]


def _in_strides(bits: Bits) -> Bits:
    """Each of the bits once, far from the one before."""
    stride = int(len(bits) * _GOLDEN)
    while math.gcd(stride, len(bits)) != 1:
        stride += 1
    return bits[np.arange(len(bits)) * stride % len(bits)]


class Cases:
    """The cases by number, from 1; after the last bit the first comes again."""

    def __init__(self, stores: Stores) -> None:
        self.stores = stores
        self._order = order_of(stores.structure)

    def place(self, case: int) -> Place:
        return self.stores.place(int(self._order[(case - 1) % len(self._order)]))


def run(cases: Cases, campaign: Campaign, first: int) -> None:
    """Cases from `first` on, as many as the campaign wants, in child processes."""
    case = first
    last = first + campaign.most
    while campaign.goes_on() and case < last:
        reader, writer = os.pipe()
        child = os.fork()
        if not child:
            os.close(reader)
            _work(cases, case, last, writer)
        os.close(writer)
        try:
            case, hangs = _listen(cases, campaign, case, reader)
        finally:
            os.close(reader)
            how = _end(child)
        if campaign.goes_on() and case < last:
            how = f"nothing was heard of it for {HANGS_AFTER_S:.0f} s" if hangs else how
            _tell(cases, campaign, case, f"!{how}")
            cases.stores.restore()
            case += 1


def _work(cases: Cases, first: int, last: int, writer: int) -> None:
    """In the child: one line per case, what became of it or what went wrong. Never returns."""
    stores = cases.stores
    try:
        for case in range(first, last):
            place = cases.place(case)
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


def _listen(cases: Cases, campaign: Campaign, case: int, reader: int) -> tuple[int, bool]:
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
            _tell(cases, campaign, case, line.decode(errors="replace"))
            case += 1
    return case, False


def _tell(cases: Cases, campaign: Campaign, case: int, line: str) -> None:
    """Counts a case that is over."""
    place = cases.place(case)
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
