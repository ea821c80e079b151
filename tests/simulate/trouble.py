"""What goes wrong by the hour: the clock, the network, the process, the power, a full disk.

This file may cause trouble between commands; what goes wrong within an operation of the disk is
disk_faults.py's.
"""

from collections import Counter
from collections.abc import Callable
from random import Random
from typing import Final

from tests.simulate.disk_faults import FaultyDisk
from tests.simulate.machine import Machine
from tests.simulate.network import Network
from tests.simulate.swarm import Swarm
from tests.simulate.timeline import MINUTE, MS, SECOND, Timeline

LONGEST_OUTAGE: Final = 10 * SECOND
LONGEST_FULL: Final = 8 * SECOND
LONGEST_STANDSTILL: Final = 4 * SECOND
FARTHEST_BACK: Final = 2 * SECOND
ROOM_LEFT: Final = 1 << 16


class Trouble:
    """Comes as often as the seed says, until the world comes to rest."""

    def __init__(
        self,
        random: Random,
        timeline: Timeline,
        network: Network,
        machine: Machine,
        disk: FaultyDisk,
        notes: Counter[str],
        tell: Callable[[str], None],
    ) -> None:
        self._random = random
        self._timeline = timeline
        self._network = network
        self._machine = machine
        self._disk = disk
        self._notes = notes
        self._tell = tell

    def begin(self, swarm: Swarm, every: Callable[[float, Callable[[], None]], None]) -> None:
        every(swarm.clock_s, self._set_clock)
        every(swarm.outage_s, self._outage)
        every(swarm.kill_s, self._end_process)
        every(swarm.power_cut_s, self._cut_power)
        every(swarm.full_disk_s, self._fill_disk)

    def end(self) -> None:
        """From now on everything works. What is down comes up by itself."""
        self._network.heal()
        self._disk.behave()

    def _set_clock(self) -> None:
        """Forward by up to days, back by a little, or not at all for a while."""
        clock, random = self._machine.clock, self._random
        kind = random.randrange(4)
        if kind == 0:
            by = random.choice((SECOND, 5 * MINUTE, 3 * 24 * 60 * MINUTE))
            self._note("clock set forward", f"the clock jumps {by // SECOND} s forward")
            clock.forward(by)
        elif kind == 1:
            by = random.randrange(1, FARTHEST_BACK)
            self._note("clock set back", f"the clock goes back by {by // MS} ms")
            clock.back(by)
        else:
            self._note("clock stood still", "the clock stands still")
            clock.stand_still(random.randrange(LONGEST_STANDSTILL))

    def _outage(self) -> None:
        self._note("network outages", "the network is down")
        self._network.go_down(self._random.randrange(LONGEST_OUTAGE))

    def _end_process(self) -> None:
        if self._machine.node is not None:
            if self._random.randrange(5) == 0:
                self._machine.stop()
            else:
                self._machine.crash(power=False, why="killed")

    def _cut_power(self) -> None:
        if self._machine.node is not None:
            self._machine.crash(power=True, why="the power goes")

    def _fill_disk(self) -> None:
        """Somebody fills the disk, but for a little; later he tidies up."""
        if self._disk.capacity_bytes is None:
            room = self._random.randrange(ROOM_LEFT)
            self._disk.capacity_bytes = self._disk.used_bytes + room
            self._note("full disks", f"the disk is full but for {room} bytes")
            self._timeline.after(self._random.randrange(1, LONGEST_FULL), self._tidy_up)

    def _tidy_up(self) -> None:
        self._disk.capacity_bytes = None
        self._tell("there is room on the disk again")

    def _note(self, name: str, text: str) -> None:
        self._notes[name] += 1
        self._tell(text)
