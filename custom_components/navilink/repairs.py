"""The dialogs of the repair issues: lost commands are sent again or discarded."""

import asyncio

from homeassistant.components.repairs import ConfirmRepairFlow, RepairsFlow, RepairsFlowResult
from homeassistant.config_entries import ConfigEntryState
from homeassistant.core import HomeAssistant
from homeassistant.exceptions import HomeAssistantError, ServiceValidationError
from homeassistant.helpers.translation import async_get_cached_translations
from homeassistant.util import dt as dt_util
import voluptuous as vol

from .const import DOMAIN
from .coordinator import NavilinkConfigEntry, NavilinkCoordinator
from .delivery import async_deliver
from .errors import to_home_assistant_error
from .heater import HeaterState
from .lost_commands import LOST_COMMANDS
from .markdown import escaped
from .nwp500 import (
    CommandCompleted,
    CommandOutcome,
    HeaterCommand,
    NavienError,
    QueuedCommand,
    commands,
    setpoint,
)
from .outcomes import outcome_details
from .wording import text, user_temperature, user_unit

CONTROLS = tuple(each for each in vars(commands).values() if isinstance(each, commands.Control))

# The texts for what became of a command that was sent again: without an outcome, and with one.
RESULT_TEXTS = "send_again_result"
OUTCOME_TEXTS = "event.command_outcome.state_attributes.event_type.state"
# The text of a line in the list of lost commands.
LINE_TEXTS = "lost_command"
QUEUED, REPLACED = "queued", "replaced"


async def async_create_fix_flow(
    _hass: HomeAssistant, issue_id: str, _data: dict[str, str | int | float | None] | None
) -> RepairsFlow:
    """Start the dialog of an issue."""
    kind, _, entry_id = issue_id.rpartition("_")
    return LostCommandsFlow(entry_id) if kind == LOST_COMMANDS else ConfirmRepairFlow()


class LostCommandsFlow(RepairsFlow):
    """The dialog in which lost commands are sent again or discarded."""

    def __init__(self, entry_id: str) -> None:
        """Take the account's entry."""
        self._entry_id = entry_id
        self._listed: tuple[CommandCompleted, ...] = ()

    async def async_step_init(self, _user_input: dict[str, str] | None = None) -> RepairsFlowResult:
        """List the commands, and let the user choose."""
        if (coordinator := self._coordinator()) is None:
            return self.async_abort(reason="not_loaded")
        self._listed = coordinator.lost.events
        lines = [lost_command_words(self.hass, coordinator, event) for event in self._listed]
        return self.async_show_menu(
            step_id="init",
            menu_options=["send_again", "discard"],
            description_placeholders={"count": str(len(lines)), "commands": "\n".join(lines)},
        )

    async def async_step_send_again(self, _user_input: dict[str, str] | None = None) -> RepairsFlowResult:
        """Send the commands again, in their order, and report what became of each."""
        if (coordinator := self._coordinator()) is None:
            return self.async_abort(reason="not_loaded")
        # Another dialog may have sent or discarded some of them meanwhile.
        self._listed = tuple(event for event in self._listed if event in coordinator.lost.events)
        if not self._listed:
            return await self.async_step_discard()
        results = await asyncio.gather(*(self._async_send(coordinator, event) for event in self._listed))
        await coordinator.store.async_saved()
        lines = [
            f"- {_about(self.hass, coordinator, event)}: {_result(self.hass, result)}"
            for event, result in zip(self._listed, results, strict=True)
        ]
        return self._show_results("\n".join(lines))

    def _show_results(self, results: str) -> RepairsFlowResult:
        form = vol.Schema({})
        return self.async_show_form(
            step_id="results",
            # Home Assistant puts its own library in the place of voluptuous; the type checker cannot know that.
            data_schema=form,  # type: ignore[arg-type]  # as said above
            description_placeholders={"results": results},
        )

    async def async_step_results(self, _user_input: dict[str, str] | None = None) -> RepairsFlowResult:
        """Have read what became of each; those that could not be sent are discarded."""
        return await self.async_step_discard()

    async def async_step_discard(self, _user_input: dict[str, str] | None = None) -> RepairsFlowResult:
        """Forget the commands that were listed."""
        if (coordinator := self._coordinator()) is None:
            return self.async_abort(reason="not_loaded")
        coordinator.lost.remove(self._listed)
        await coordinator.store.async_saved()
        if coordinator.lost.events:
            # They were lost while this dialog was open.
            return await self.async_step_init()
        return self.async_create_entry(data={})

    async def _async_send(self, coordinator: NavilinkCoordinator, event: CommandCompleted) -> str | HomeAssistantError:
        """Send a command again; return its outcome, or why it has none."""
        newer = self._listed[self._listed.index(event) + 1 :]
        if any(each.command.replaces(event.command) for each in newer):
            coordinator.lost.remove((event,))
            return REPLACED
        heater = coordinator.data.get(event.command.mac_address or "")
        try:
            if heater is None:
                raise ServiceValidationError(translation_domain=DOMAIN, translation_key="heater_gone")
            await async_deliver(
                coordinator,
                heater.device,
                _renewed(self.hass, heater, event.command),
                # Off the list and into the queue by the same writing of the store, so that it is sent once.
                on_submitted=lambda: coordinator.lost.remove((event,)),
            )
        except HomeAssistantError as err:
            return err
        except NavienError as err:
            return to_home_assistant_error(self.hass, err)
        wanted = _wanted(event.command)
        if wanted in map(_wanted, coordinator.client.pending_commands):
            return QUEUED
        # The command that was lost had the same, but before this.
        outcomes = [
            each for each in coordinator.outcomes.of(heater.device.mac_address) if _wanted(each.command) == wanted
        ]
        return outcomes[-1].result.outcome

    def _coordinator(self) -> NavilinkCoordinator | None:
        entry: NavilinkConfigEntry | None = self.hass.config_entries.async_get_entry(self._entry_id)
        return entry.runtime_data if entry is not None and entry.state is ConfigEntryState.LOADED else None


def _wanted(command: QueuedCommand) -> tuple[object, ...]:
    return command.mac_address, command.kind, command.parameters


def _renewed(hass: HomeAssistant, heater: HeaterState, command: QueuedCommand) -> HeaterCommand:
    """Return a command to be sent anew; raises when the temperature is outside the limits that the heater has now."""
    [control] = [
        each for each in CONTROLS if each.name == command.kind and len(each.parameters) == len(command.parameters)
    ]
    if control is commands.DHW_TEMPERATURE:
        [raw] = command.parameters
        # Checked as if the user had entered it now.
        return setpoint.dhw_temperature(heater.device, user_temperature(hass, raw), user_unit(hass), heater.feature)
    return HeaterCommand(heater.device, control, command.parameters, command.wanted)


def lost_command_words(hass: HomeAssistant, coordinator: NavilinkCoordinator, event: CommandCompleted) -> str:
    """Describe a lost command in a line of Markdown: for which heater, what, since when, and why it was not sent."""
    details = outcome_details(hass, event)
    about = {
        "heater": escaped(coordinator.lost.heater(event)),
        "command": escaped(str(details["command"])),
        "time": dt_util.as_local(event.command.queued_at).strftime("%Y-%m-%d %H:%M"),
        "reason": escaped(str(details["reason"])),
    }
    return f"- {text(hass, LINE_TEXTS, 'line', about) or ', '.join(about.values())}"


def _about(hass: HomeAssistant, coordinator: NavilinkCoordinator, event: CommandCompleted) -> str:
    return f"{escaped(coordinator.lost.heater(event))}: {escaped(str(outcome_details(hass, event)['command']))}"


def _result(hass: HomeAssistant, result: str | HomeAssistantError) -> str:
    """Put what became of a command that was sent again into the system's language."""
    language = hass.config.language
    if isinstance(result, CommandOutcome):
        texts = async_get_cached_translations(hass, language, "entity", DOMAIN)
        return texts[f"component.{DOMAIN}.entity.{OUTCOME_TEXTS}.{result}"]
    if isinstance(result, str):
        texts = async_get_cached_translations(hass, language, "selector", DOMAIN)
        return texts[f"component.{DOMAIN}.selector.{RESULT_TEXTS}.options.{result}"]
    texts = async_get_cached_translations(hass, language, "exceptions", DOMAIN)
    message = texts.get(f"component.{DOMAIN}.exceptions.{result.translation_key}.message")
    return escaped(str(result) if message is None else message.format_map(result.translation_placeholders or {}))
