"""What became of the commands of an account: told to each heater's listener, kept a while, and waited for."""

import asyncio
from collections import OrderedDict
from collections.abc import Callable

from homeassistant.config_entries import ConfigEntry
from homeassistant.const import Platform
from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers import device_registry as dr
from homeassistant.helpers import entity_registry as er
from homeassistant.util import dt as dt_util

from .const import DOMAIN
from .heater import heater_name
from .nwp500 import CommandSettled, Device
from .wording import command_words

# Outcomes of so many commands can be asked for later: a full queue may expire as a whole before anybody listens.
REMEMBERED = 1000

EVENT_COMMAND_OUTCOME = f"{DOMAIN}_command_outcome"

type OutcomeListener = Callable[[CommandSettled], None]


def outcome_details(hass: HomeAssistant, event: CommandSettled) -> dict[str, str | int | None]:
    """Describe a command and its end to people, in their unit and language, and to automations."""
    command, settled = event.command, event.settled
    return {
        "command": command_words(hass, command),
        "reason": settled.reason,
        "code": settled.code,
        "queued_at": command.queued_at.isoformat(),
        "command_id": command.id,
        "setting": command.setting,
    }


@callback
def async_fire_outcome(hass: HomeAssistant, entry: ConfigEntry, device: Device, event: CommandSettled) -> None:
    """Tell the event bus of an outcome, under the names by which the heater and its entity are known there."""
    registered = dr.async_get(hass).async_get_device_by_identifier((DOMAIN, device.mac_address), entry.entry_id)
    known_name = None if registered is None else registered.name_by_user or registered.name
    entities = [] if registered is None else er.async_entries_for_device(er.async_get(hass), registered.id)
    # A clock that was set back has it given in the future.
    given = min(event.command.queued_at, dt_util.utcnow())
    hass.bus.async_fire(
        EVENT_COMMAND_OUTCOME,
        {
            **outcome_details(hass, event),
            "outcome": event.settled.outcome.value,
            "waited": dt_util.get_age(given),
            "name": known_name or heater_name(device),
            "device_id": None if registered is None else registered.id,
            "entity_id": next((each.entity_id for each in entities if each.domain == Platform.WATER_HEATER), None),
        },
    )


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
