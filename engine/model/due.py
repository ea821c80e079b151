"""Books to which something happened and that have a round after the command, in order.

This file may hold the line; who stands in it, and what a round is, `exchange/` decides
(RULES section 9, rounds).
"""

from mypy_extensions import mypyc_attr

from engine.model.instruments import Instrument


@mypyc_attr(acyclic=True)
class DueBooks:
    """A line of instruments, linked through them: nothing is allocated."""

    def __init__(self) -> None:
        self.first: Instrument | None = None
        self.last: Instrument | None = None

    def add(self, instrument: Instrument) -> None:
        """The instrument stands at the end of the line, unless it stands in it already."""
        if instrument.is_due:
            return
        instrument.is_due = True
        last = self.last
        if last is None:
            self.first = instrument
        else:
            last.next_due = instrument
        self.last = instrument

    def take(self) -> Instrument | None:
        """Takes the first out of the line; None: there is none."""
        instrument = self.first
        if instrument is not None:
            self.first = instrument.next_due
            instrument.next_due = None
            instrument.is_due = False
            if self.first is None:
                self.last = None
        return instrument
