"""Home Assistant in a process of its own that is killed, and what it noted until then.

`python -m drills.killed` imports everything once and then runs one Home Assistant after the other, each in a fork of
itself that notes in a file what the ledger has to know.
"""

import asyncio
from collections.abc import Callable, Iterable
from contextlib import nullcontext
from dataclasses import asdict, dataclass
from enum import IntEnum
import json
import logging
import os
from pathlib import Path
from random import Random
import signal
import sys
from typing import Any, Self, override
from unittest.mock import patch

from homeassistant.core import Event, HomeAssistant, callback

from custom_components.navilink.nwp500 import CommandCompleted, CommandEvent, NavienMqttClient, QueuedCommand
from custom_components.navilink.outcomes import EVENT_COMMAND_OUTCOME
from simulator.process import SimulatorProcess
from simulator.state import Addresses

from .drill import Drill
from .home import ENTRY_ID, Home, surroundings
from .ledger import WALL_CLOCK, Ledger, outcome_of
from .protections import PROTECTIONS

MAX_SECONDS = 60
"""So long at the most does a Home Assistant live, whatever becomes of the one who is to kill it."""
_ACTIONS_PER_SECOND = 10.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Life:
    """What one run of Home Assistant is to do until it is killed."""

    folder: str
    addresses: Addresses
    notes: str
    """The file for what the ledger has to know."""
    sequence: int
    """The number of its first action."""
    fatal_writing: int | None
    """The writing of the queue within which it dies by its own hand; None: somebody else kills it."""
    seed: int
    """Decides where within the writing."""
    without: str | None
    """The protection that is taken out."""

    def to_json(self) -> str:
        """Write it in one line."""
        return json.dumps(asdict(self))

    @classmethod
    def from_json(cls, line: str) -> Self:
        """Read what `to_json` has written."""
        return cls(**json.loads(line))


class _Notes(Ledger):
    """Notes what the ledger of another process has to know, before anything else happens."""

    def __init__(self, file: Path) -> None:
        super().__init__()
        self._file = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        self._running: dict[str, list[str]] = {}
        """The commands of the action that is running for each heater."""

    @callback
    @override
    def listen_to_home_assistant(self, hass: HomeAssistant) -> Callable[[], None]:
        return hass.bus.async_listen(EVENT_COMMAND_OUTCOME, self._passed_on)

    @callback
    @override
    def listen_to_client(self, client: NavienMqttClient) -> list[Callable[[], None]]:
        return [
            client.on("command_given", self._given),
            client.on("command_sent", self._sent),
            client.on("command_completed", self._completed),
        ]

    def returned(self, mac_address: str) -> None:
        """The action for a heater has returned: from now on its commands outlive the process."""
        self._note("returned", ids=self._running.pop(mac_address, []))

    def _note(self, what: str, **members: object) -> None:
        # One call, so that a kill leaves whole lines; what the kernel has is not lost with the process.
        os.write(self._file, (json.dumps({"what": what, **members}) + "\n").encode())

    @callback
    def _given(self, event: CommandEvent) -> None:
        command = event.command
        if command.mac_address is None or not command.overwrites:
            return
        self._running.setdefault(command.mac_address, []).append(command.id)
        members = {name: getattr(command, name) for name in ("id", "kind", "wanted", "mac_address")}
        self._note("given", **members, overwrites=sorted(command.overwrites))

    @callback
    def _sent(self, event: CommandEvent) -> None:
        self._note("sent", id=event.command.id, sessions=event.command.sessions, at=WALL_CLOCK())

    @callback
    def _completed(self, event: CommandCompleted) -> None:
        self._note("completed", id=event.command.id, sessions=event.command.sessions)

    @callback
    def _passed_on(self, event: Event) -> None:
        self._note("outcome", id=event.data["command_id"], outcome=outcome_of(event))


# Any: decoded JSON, of a file that this module or the integration has written.
def take_over(ledger: Ledger, notes: Path, stored: dict[str, Any]) -> list[str]:
    """Enter into the ledger what a killed Home Assistant has noted, and return what went wrong, in words.

    What the killed one had stored is what counts: an outcome that is still to be passed on by the store will be passed
    on again, and an acknowledgement that is not stored yet is not known to the next run, which sends the command once
    more; so it may be with one command of each heater, since one at a time is in flight. A command whose action had not
    returned is promised to nobody, unless it is in the store.
    """
    lines = [json.loads(line) for line in notes.read_text(encoding="utf-8").splitlines()]
    outcomes = {stored_outcome["command"]["id"]: stored_outcome for stored_outcome in stored["outcomes"]}
    unsent = {command["id"]: command for command in stored["unsent"]}
    known = {*outcomes, *unsent, *(command["id"] for command in stored["sent"])}
    known |= {command_id for line in lines if line["what"] == "returned" for command_id in line["ids"]}
    known |= {line["id"] for line in lines if line["what"] == "outcome"}
    for line in lines:
        if line["what"] == "given" and line["id"] in known:
            members = {name: line[name] for name in ("id", "kind", "wanted", "mac_address")}
            overwrites = frozenset(line["overwrites"])
            ledger.add(QueuedCommand(**members, topic="", body=b"", overwrites=overwrites))
        elif line["what"] == "sent" and line["id"] not in unsent:
            ledger.acknowledge(line["id"], line["at"])
        elif line["what"] == "outcome" and line["id"] not in outcomes:
            ledger.end(line["id"], line["outcome"])
        if "sessions" in line:
            ledger.add_sessions(line["id"], line["sessions"])
    for command in (*unsent.values(), *stored["sent"]):
        ledger.add_sessions(command["id"], command["sessions"])
    in_doubt = [unsent[line["id"]]["mac_address"] for line in lines if line["what"] == "sent" and line["id"] in unsent]
    return [
        f"{in_doubt.count(mac_address)} acknowledged commands of a heater were stored as unsent"
        for mac_address in set(in_doubt)
        if in_doubt.count(mac_address) > 1
    ]


class _Step(IntEnum):
    """The steps of a writing, after each of which a process may be killed."""

    CREATED = 0
    HALF_WRITTEN = 1
    WRITTEN = 2
    PUT_ON_THE_DISK = 3
    PUT_IN_PLACE = 4


_WRITTEN_PARTS = {_Step.CREATED: 0.0, _Step.HALF_WRITTEN: 0.5, _Step.WRITTEN: 1.0}


class _Death:
    """Kills the process within the writing of the queue of a number, after one of its steps."""

    def __init__(self, life: Life) -> None:
        self._left = life.fatal_writing or 0
        self._step = Random(life.seed).choice(tuple(_Step))  # noqa: S311 - chance that can be repeated, no secret
        self._name = f"navilink.{ENTRY_ID}"

    def sync(self, descriptor: int) -> None:
        """Put a file on the disk, or die with a part of it."""
        self._left -= self._is_queue(descriptor)
        if self._left == 0 and self._step in _WRITTEN_PARTS:
            os.ftruncate(descriptor, round(os.fstat(descriptor).st_size * _WRITTEN_PARTS[self._step]))
            _die()
        _SYNC(descriptor)

    def replace(self, source: Path, target: Path) -> None:
        """Put a file in place, and die before or afterwards."""
        is_fatal = Path(target).name == self._name and self._left == 0
        if not is_fatal or self._step is _Step.PUT_IN_PLACE:
            _REPLACE(source, target)
        if is_fatal:
            _die()

    def _is_queue(self, descriptor: int) -> bool:
        path = Path(f"/proc/self/fd/{descriptor}").readlink()
        return path.name.endswith(self._name)


_SYNC, _REPLACE = os.fsync, os.replace


def _die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


async def _live(life: Life) -> None:
    """Run Home Assistant, and give commands to each heater, one as soon as the one before has returned."""
    drill = Drill(name="killed", about="", steps=(), protection="")
    home = Home(drill, SimulatorProcess(addresses=life.addresses), life.addresses, Path(life.folder))
    notes = _Notes(Path(life.notes))
    home.ledger = notes
    without = nullcontext() if life.without is None else PROTECTIONS[life.without].taken_out()
    with without, surroundings(home):
        await home.start()
        await asyncio.gather(*(_give(home, notes, mac_address, life.sequence) for mac_address in home.heaters))


async def _give(home: Home, notes: _Notes, mac_address: str, sequence: int) -> None:
    while True:
        await home.act(home.hass, mac_address, sequence)
        if home.errors:
            raise RuntimeError("; ".join(home.errors))
        notes.returned(mac_address)
        sequence += 1
        await asyncio.sleep(1 / _ACTIONS_PER_SECOND)


def _run(life: Life) -> None:
    signal.alarm(MAX_SECONDS)
    logging.basicConfig(level=logging.ERROR)
    if life.fatal_writing is None:
        asyncio.run(_live(life))
        return
    death = _Death(life)
    with patch.object(os, "fsync", death.sync), patch.object(os, "replace", death.replace):
        asyncio.run(_live(life))


def main(lives: Iterable[str]) -> None:
    """Run one Home Assistant after the other; prints its process id, and how it ended."""
    for line in lives:
        pid = os.fork()
        if pid == 0:
            _run(Life.from_json(line))
            os._exit(1)
        print(pid, flush=True)
        print(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]), flush=True)


if __name__ == "__main__":
    main(sys.stdin)
