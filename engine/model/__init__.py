"""What the core remembers: instruments, groups, accounts, trades and how they hang together.

This file may hold state and what follows from it by definition; rules live elsewhere.

- `Instrument`: configuration of a symbol and its current quote.
- `Group`, `Terms`: a group's profile, and the profile resolved for one instrument.
- `Route`, `Conversion`: how a currency converts, by which pairs.
- `Account`: money, and a list of exposures.
- `Exposure`: one account in one instrument: its positions in order of opening, its margin.
- `Trade`: one ticket, first a pending order or a request, later a position (as in MT4,
  the record is the same). Records of ended tickets are reused.

The records are not tracked by Python's cycle collector (`acyclic`), which would otherwise
walk millions of them again and again; `Core.release` unties the cycles between accounts,
exposures and trades when an engine goes.

Fields marked *derived* follow from the others and are not part of the logical state.
"""
