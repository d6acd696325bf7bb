"""The outcomes of an account's commands: stored, then passed on, kept a while, and waited for by actions."""

import asyncio
from collections import OrderedDict
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from homeassistant.config_entries import ConfigEntry
from homeassistant.core import HomeAssistant, callback
from homeassistant.exceptions import HomeAssistantError
from homeassistant.util import dt as dt_util

from .const import DOMAIN
from .devices import names_in_events
from .nwp500 import CommandCompleted, Device, HeaterCommand, NavienError, NavienMqttClient, QueuedCommand, watched
from .queue_store import QueueStore
from .wording import command_words, duration, outcome_error, reason_words, setting_words, to_home_assistant_error

# Seconds that an action waits for the heater.
OUTCOME_TIME = 10.0

# Outcomes of so many commands can be looked up later.
REMEMBERED = 1000

EVENT_COMMAND_OUTCOME = f"{DOMAIN}_command_outcome"

type OutcomeListener = Callable[[CommandCompleted], None]


def outcome_details(hass: HomeAssistant, event: CommandCompleted) -> dict[str, str | int | None]:
    """Describe a command and its outcome: in words of the system's language and the user's unit, and in codes."""
    command, result = event.command, event.result
    return {
        "command": command_words(hass, command),
        "setting": None if command.setting is None else setting_words(hass, command.setting),
        "reason": reason_words(hass, result),
        "kind": command.kind,
        "reason_code": result.reason.value,
        "code": result.code,
        "queued_at": command.queued_at.isoformat(),
        "command_id": command.id,
    }


@callback
def async_fire_outcome(hass: HomeAssistant, entry: ConfigEntry, device: Device, event: CommandCompleted) -> None:
    """Fire an outcome on the event bus, with the names by which the heater and its entity are known there."""
    hass.bus.async_fire(
        EVENT_COMMAND_OUTCOME,
        {
            **outcome_details(hass, event),
            "outcome": event.result.outcome.value,
            "waited": duration(dt_util.utcnow() - event.command.queued_at),
            **names_in_events(hass, entry, device),
        },
    )


class Outcomes:
    """The outcomes of an account's controls.

    Each takes three steps, so that there is exactly one for each command, also when the process is killed: it is taken
    in, stored, and passed on. An action that waits for it gets it once it is stored; everybody else, once there are
    listeners. Until then it is in the store, and the next run passes it on.
    """

    def __init__(self, pass_on: Callable[[CommandCompleted], None]) -> None:
        """Take the callback for everybody but the heaters' listeners; nothing is passed on before `open`."""
        self._pass_on = pass_on
        self._is_open = False
        self._new: dict[str, CommandCompleted] = {}
        """Taken in, and not known to be stored."""
        self._stored: dict[str, CommandCompleted] = {}
        """Stored, and not passed on."""
        self._recent: OrderedDict[str, CommandCompleted] = OrderedDict()
        """Stored, whether passed on or not."""
        self._listeners: dict[str | None, OutcomeListener] = {}
        self._awaited: dict[str, asyncio.Future[CommandCompleted]] = {}

    @property
    def to_store(self) -> tuple[CommandCompleted, ...]:
        """What was not passed on, oldest first."""
        return (*self._stored.values(), *self._new.values())

    @callback
    def completed(self, event: CommandCompleted) -> None:
        """Take in an outcome; only the first one of a command counts."""
        if event.command.id not in self._recent:
            self._new.setdefault(event.command.id, event)

    @callback
    def restore(self, events: Iterable[CommandCompleted]) -> None:
        """Take in outcomes that an earlier run has stored and not passed on."""
        for event in events:
            self._stored[event.command.id] = event
            self._remember(event)

    @callback
    def stored(self, events: Iterable[CommandCompleted]) -> bool:
        """Pass on what is stored now, or could not be; return whether anything was passed on."""
        self.restore(self._new.pop(event.command.id) for event in events if event.command.id in self._new)
        return self._flush()

    @callback
    def open(self) -> bool:
        """Pass on outcomes from now on, to listeners that are there; return whether anything was passed on now."""
        self._is_open = True
        return self._flush()

    @callback
    def hold(self) -> None:
        """Pass nothing on until the next `open`, of this run or another: the listeners are about to go."""
        self._is_open = False

    @callback
    def listen(self, mac_address: str, listener: OutcomeListener) -> Callable[[], None]:
        """Call a listener for each outcome of a heater; returns what ends that."""
        self._listeners[mac_address] = listener

        @callback
        def stop() -> None:
            del self._listeners[mac_address]

        return stop

    def of(self, mac_address: str) -> tuple[CommandCompleted, ...]:
        """Return the remembered outcomes of a heater, oldest first."""
        known = (*self._recent.values(), *self._new.values())
        return tuple(event for event in known if event.command.mac_address == mac_address)

    def future(self, command_id: str) -> asyncio.Future[CommandCompleted]:
        """Return the outcome of a command, to be awaited; it is canceled when the account is unloaded."""
        if (event := self._recent.get(command_id)) is not None:
            known: asyncio.Future[CommandCompleted] = asyncio.get_running_loop().create_future()
            known.set_result(event)
            return known
        return self._awaited.setdefault(command_id, asyncio.get_running_loop().create_future())

    async def async_wait(self, command_ids: Iterable[str]) -> None:
        """Wait for the outcomes of commands, for as long as an action waits for the heater."""
        if outcomes := [self.future(command_id) for command_id in command_ids]:
            await asyncio.wait(outcomes, timeout=OUTCOME_TIME)

    @callback
    def forget(self, mac_address: str) -> None:
        """Forget the outcomes of a heater that was removed."""
        for known in (self._new, self._stored, self._recent):
            for command_id in [each for each, event in known.items() if event.command.mac_address == mac_address]:
                del known[command_id]

    @callback
    def close(self) -> None:
        """End all waits: the commands, or their outcomes, are stored."""
        self.hold()
        for awaited in self._awaited.values():
            awaited.cancel()
        self._awaited.clear()

    def _remember(self, event: CommandCompleted) -> None:
        self._recent[event.command.id] = event
        if len(self._recent) > REMEMBERED:
            self._recent.popitem(last=False)
        if (awaited := self._awaited.pop(event.command.id, None)) is not None and not awaited.done():
            awaited.set_result(event)

    def _flush(self) -> bool:
        if not self._is_open or not self._stored:
            return False
        while self._stored:
            event = self._stored.pop(next(iter(self._stored)))
            if (listener := self._listeners.get(event.command.mac_address)) is not None:
                listener(event)
            self._pass_on(event)
        return True


@dataclass(frozen=True, slots=True)
class Delivery:
    """Sends commands on behalf of an action or a dialog, and waits for their outcomes."""

    hass: HomeAssistant
    client: NavienMqttClient
    outcomes: Outcomes
    store: QueueStore

    async def async_send(
        self, device: Device, *commands: HeaterCommand, on_submitted: Callable[[], None] | None = None
    ) -> list[CommandCompleted | None]:
        """Send commands in order; return once they are completed, or stored until a connection is there.

        Returns the outcome of each, None for one that waits. Raises `ServiceValidationError` for what the heater would
        not accept, `HomeAssistantError` for what failed, or is not confirmed in time.
        """
        given = await self._async_submit(device, commands)
        if on_submitted is not None:
            on_submitted()
        outcomes = [self.outcomes.future(command.id) for command in given]
        was_reachable = await self._async_wait(device, outcomes)
        if not all(outcome.done() for outcome in outcomes):
            # From now on the commands outlive this process.
            await self.store.async_saved()
        for command, outcome in zip(given, outcomes, strict=True):
            # Canceled, because the account is being unloaded, its command is stored.
            if not outcome.cancelled() and (err := self._error(command, outcome, was_reachable=was_reachable)):
                raise err
        return [outcome.result() if outcome.done() and not outcome.cancelled() else None for outcome in outcomes]

    async def _async_submit(self, device: Device, commands: tuple[HeaterCommand, ...]) -> list[QueuedCommand]:
        """Check all commands of an action, then submit them: it is carried out as a whole or not at all."""
        try:
            for command in commands:
                command.control.checked(command.parameters, self.client.feature(device))
            return [(await self.client.submit(command)).command for command in commands]
        except NavienError as err:
            raise to_home_assistant_error(self.hass, err) from err

    async def _async_wait(self, device: Device, outcomes: list[asyncio.Future[CommandCompleted]]) -> bool:
        """Wait for all outcomes while the heater can be reached; return whether it could be reached all the time."""
        if not self.client.is_connected or self.client.is_waiting_for_status(device):
            return False
        on_disconnected: asyncio.Future[None] = asyncio.get_running_loop().create_future()

        @callback
        def lost(_event: object) -> None:
            if not on_disconnected.done():
                on_disconnected.set_result(None)

        stop = self.client.on("connection_interrupted", lost)
        result = watched(asyncio.create_task(asyncio.wait(outcomes)))
        try:
            await asyncio.wait((result, on_disconnected), timeout=OUTCOME_TIME, return_when=asyncio.FIRST_COMPLETED)
        finally:
            stop()
            result.cancel()
        return not on_disconnected.done()

    def _error(
        self, command: QueuedCommand, outcome: asyncio.Future[CommandCompleted], *, was_reachable: bool
    ) -> HomeAssistantError | None:
        """Return why a command counts as not carried out, if it does."""
        if outcome.done():
            return outcome_error(self.hass, outcome.result())
        about = {"command": command_words(self.hass, command)}
        if was_reachable:
            return HomeAssistantError(
                translation_domain=DOMAIN, translation_key="command_not_completed", translation_placeholders=about
            )
        if self.store.has_failed:
            return HomeAssistantError(
                translation_domain=DOMAIN, translation_key="command_not_stored", translation_placeholders=about
            )
        return None
