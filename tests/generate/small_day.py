"""A generated day through the bare core, for the tests of the generator.

`python -m tests.generate.small_day SEED TICKS CLIENTS` prints a digest of all commands and
events and the state hash.
"""

import hashlib
import sys
from collections.abc import Sequence

from adapters.cli.day import DayResult, run_day
from adapters.cli.sources import generated_day
from engine import Engine, records


class Recorder:
    """Applies commands to an engine; keeps commands and events."""

    def __init__(self) -> None:
        self.engine = Engine()
        self.digest = hashlib.sha256()
        self.commands: list[records.Command | records.Config] = []
        self.times: list[int] = []
        self.events: list[records.Event] = []

    def submit(
        self, command: records.Command | records.Config, time_ns: int
    ) -> Sequence[records.Event]:
        data = records.encode(command, self.engine.sequence + 1, time_ns)
        self.engine.apply(data)
        answer = self.engine.take_events()
        self.digest.update(data)
        self.digest.update(answer)
        events: list[records.Event] = list(records.decode_all(answer))
        self.commands.append(command)
        self.times.append(time_ns)
        self.events += events
        return events


def run(seed: int, ticks: int, clients: int) -> tuple[Recorder, DayResult]:
    """A whole generated day."""
    recorder = Recorder()
    return recorder, run_day(generated_day(seed, ticks, clients), recorder.submit)


if __name__ == "__main__":
    recorded, _ = run(*map(int, sys.argv[1:]))
    print(recorded.digest.hexdigest(), recorded.engine.state_hash())
