"""The commands of an account that were not sent: kept until the user discards them or has them sent again."""

import asyncio
from collections.abc import Callable, Container, Iterable, Mapping

from homeassistant.config_entries import ConfigEntry
from homeassistant.core import HomeAssistant, callback
from homeassistant.exceptions import HomeAssistantError, ServiceValidationError

from .const import DOMAIN
from .devices import async_registered_device, shown_name
from .heater import UNNAMED, HeaterState, heater_name
from .nwp500 import (
    CommandCompleted,
    CommandOutcome,
    Device,
    HeaterCommand,
    NavienError,
    QueuedCommand,
    commands,
    setpoint,
)
from .outcomes import Delivery
from .wording import (
    command_words,
    error_words,
    escaped,
    reason_words,
    text,
    time_words,
    to_home_assistant_error,
    translation,
    user_unit,
)

# Nobody decided that these should not be carried out.
LOST = frozenset({CommandOutcome.EXPIRED, CommandOutcome.DROPPED})

# The newest ones can be listed and sent again.
MAX_LOST = 100

CONTROLS = tuple(each for each in vars(commands).values() if isinstance(each, commands.Control))

# The text of a line in the list of lost commands.
LINE_TEXTS = "lost_command"
# The texts for what became of a command that was sent again: without an outcome, and with one.
RESULT_TEXTS = "send_again_result"
QUEUED, REPLACED = "queued", "replaced"
OUTCOME_TEXTS = "event.command_outcome.state_attributes.event_type.state"


class LostCommands:
    """The commands of an account that expired or were dropped, until the user has decided about them."""

    def __init__(
        self,
        entry: ConfigEntry,
        delivery: Delivery,
        heaters: Callable[[], Mapping[str, HeaterState]],
        changed: Callable[[], None],
    ) -> None:
        """Take what sends a command again, the heaters that the account has, and what is called after each change."""
        self._hass = delivery.hass
        self._entry = entry
        self._delivery = delivery
        self._heaters = heaters
        self._changed = changed
        self._names: dict[str, str] = {}
        """What the heaters were called, should they be gone."""
        self.events: tuple[CommandCompleted, ...] = ()
        """Oldest first."""

    @callback
    def restore(self, events: Iterable[CommandCompleted], devices: Iterable[Device]) -> None:
        """Take up those of an earlier run."""
        self.events = tuple(events)
        self._names = {device.mac_address: heater_name(device) for device in devices}

    @callback
    def add(self, device: Device, event: CommandCompleted) -> None:
        """Take in a command that was lost."""
        self._names[device.mac_address] = heater_name(device)
        self.events = (*self.events, event)[-MAX_LOST:]
        self._changed()

    @callback
    def remove(self, events: Iterable[CommandCompleted]) -> None:
        """Forget those that the user has decided about."""
        decided = {event.command.id for event in events}
        self.events = tuple(event for event in self.events if event.command.id not in decided)
        self._changed()

    def of(self, mac_addresses: Container[str]) -> tuple[CommandCompleted, ...]:
        """Return those to some heaters."""
        return tuple(event for event in self.events if event.command.mac_address in mac_addresses)

    def line(self, event: CommandCompleted) -> str:
        """Describe a command in a line of Markdown: for which heater, what, since when, and why it was not sent."""
        about = {
            "heater": escaped(self._heater_name(event)),
            "command": escaped(command_words(self._hass, event.command)),
            "time": time_words(event.command.queued_at),
            "reason": escaped(reason_words(self._hass, event.result)),
        }
        return f"- {text(self._hass, LINE_TEXTS, 'line', about) or ', '.join(about.values())}"

    async def async_send_again(self, events: Iterable[CommandCompleted]) -> list[str]:
        """Send commands again, in their order; return a line of Markdown for each, with what became of it."""
        # Another dialog may have sent or discarded some of them meanwhile. Reloaded, they are the same but not equal.
        chosen = {event.command.id for event in events}
        lost = [event for event in self.events if event.command.id in chosen]
        results = await asyncio.gather(*(self._async_send(event, lost[place:]) for place, event in enumerate(lost, 1)))
        await self._delivery.store.async_saved()
        return [
            f"- {escaped(self._heater_name(event))}: {escaped(command_words(self._hass, event.command))}: {result}"
            for event, result in zip(lost, results, strict=True)
        ]

    async def async_discard(self, events: Iterable[CommandCompleted]) -> None:
        """Forget commands, also over a restart."""
        self.remove(events)
        await self._delivery.store.async_saved()

    async def _async_send(self, event: CommandCompleted, newer: Iterable[CommandCompleted]) -> str:
        """Send a command again; return its outcome, or why it has none, in words."""
        if any(each.command.replaces(event.command) for each in newer):
            self.remove((event,))
            return text(self._hass, RESULT_TEXTS, REPLACED) or REPLACED
        heater = self._heaters().get(event.command.mac_address or "")
        try:
            if heater is None:
                raise ServiceValidationError(translation_domain=DOMAIN, translation_key="heater_gone")
            [completed] = await self._delivery.async_send(
                heater.device,
                _renewed(self._hass, heater, event.command),
                # Off the list and into the queue by the same writing of the store, so that it is sent once.
                on_submitted=lambda: self.remove((event,)),
            )
        except HomeAssistantError as err:
            return escaped(error_words(self._hass, err))
        except NavienError as err:
            return escaped(error_words(self._hass, to_home_assistant_error(self._hass, err)))
        if completed is None:
            return text(self._hass, RESULT_TEXTS, QUEUED) or QUEUED
        outcome = completed.result.outcome
        return translation(self._hass, "entity", f"{OUTCOME_TEXTS}.{outcome}") or outcome

    def _heater_name(self, event: CommandCompleted) -> str:
        mac_address = event.command.mac_address or ""
        registered = async_registered_device(self._hass, self._entry, mac_address)
        return shown_name(registered) or self._names.get(mac_address, UNNAMED)


def _renewed(hass: HomeAssistant, heater: HeaterState, command: QueuedCommand) -> HeaterCommand:
    """Return a command to be sent anew; raises when the temperature is outside the limits that the heater has now."""
    [control] = [
        each for each in CONTROLS if each.name == command.kind and len(each.parameters) == len(command.parameters)
    ]
    if control is commands.DHW_TEMPERATURE:
        [raw] = command.parameters
        # Checked as if the user had entered it now, and not as it is shown: in °F, a half-degree may show as the next.
        temperature = setpoint.from_half_degrees(raw, user_unit(hass))
        return setpoint.dhw_temperature(heater.device, temperature, user_unit(hass), heater.feature)
    return HeaterCommand(heater.device, control, command.parameters, command.wanted)
