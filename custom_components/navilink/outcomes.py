"""What became of the commands of an account: told to each heater's listener, kept a while, and waited for."""

import asyncio
from collections import OrderedDict
from collections.abc import Callable

from homeassistant.core import callback

from .nwp500 import CommandSettled

# Outcomes of so many commands can be asked for later: a full queue may expire as a whole before anybody listens.
REMEMBERED = 1000

type OutcomeListener = Callable[[CommandSettled], None]


class Outcomes:
    """The outcomes of an account's controls."""

    def __init__(self) -> None:
        """Start with none."""
        self._recent: OrderedDict[str, CommandSettled] = OrderedDict()
        self._told: set[str] = set()
        self._listeners: dict[str | None, OutcomeListener] = {}
        self._awaited: dict[str, asyncio.Future[CommandSettled]] = {}

    @callback
    def settled(self, event: CommandSettled) -> None:
        """Take in an outcome."""
        command = event.command
        self._recent[command.id] = event
        if len(self._recent) > REMEMBERED:
            forgotten, _ = self._recent.popitem(last=False)
            self._told.discard(forgotten)
        if (awaited := self._awaited.pop(command.id, None)) is not None and not awaited.done():
            awaited.set_result(event)
        if (listener := self._listeners.get(command.mac_address)) is not None:
            self._tell(listener, event)

    @callback
    def listen(self, mac_address: str, listener: OutcomeListener) -> Callable[[], None]:
        """Tell a heater's outcomes, beginning with those that nobody was told yet; returns what ends that."""
        self._listeners[mac_address] = listener
        for event in tuple(self._recent.values()):
            if event.command.mac_address == mac_address and event.command.id not in self._told:
                self._tell(listener, event)

        @callback
        def stop() -> None:
            del self._listeners[mac_address]

        return stop

    def of(self, mac_address: str) -> tuple[CommandSettled, ...]:
        """Return what is remembered of a heater, oldest first."""
        return tuple(event for event in self._recent.values() if event.command.mac_address == mac_address)

    def future(self, command_id: str) -> asyncio.Future[CommandSettled]:
        """Return the outcome of a command, to be awaited; it is cancelled when the account is taken down."""
        if (event := self._recent.get(command_id)) is not None:
            known: asyncio.Future[CommandSettled] = asyncio.get_running_loop().create_future()
            known.set_result(event)
            return known
        return self._awaited.setdefault(command_id, asyncio.get_running_loop().create_future())

    @callback
    def close(self) -> None:
        """Let nobody wait any longer: the commands are not at their end, but stored."""
        for awaited in self._awaited.values():
            awaited.cancel()
        self._awaited.clear()

    def _tell(self, listener: OutcomeListener, event: CommandSettled) -> None:
        self._told.add(event.command.id)
        listener(event)
