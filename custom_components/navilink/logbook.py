"""What the logbook says of a command that has its outcome."""

from collections.abc import Callable

from homeassistant.components.logbook.const import LOGBOOK_ENTRY_ENTITY_ID, LOGBOOK_ENTRY_MESSAGE, LOGBOOK_ENTRY_NAME
from homeassistant.const import ATTR_ENTITY_ID, ATTR_NAME
from homeassistant.core import Event, HomeAssistant, callback

from .const import DOMAIN
from .nwp500 import CommandOutcome
from .outcomes import EVENT_COMMAND_OUTCOME

MESSAGES = {
    CommandOutcome.CONFIRMED: "{command} was confirmed by the heater",
    CommandOutcome.REJECTED: "{command} was not carried out: {reason}",
    CommandOutcome.HELD: "{command} is held by the heater until the peak period ends",
    CommandOutcome.UNCONFIRMED: "{command} was sent, but not confirmed: {reason}",
    CommandOutcome.EXPIRED: "{command} expired after waiting {waited}, and was not sent",
    CommandOutcome.SUPERSEDED: "{command} gave way: {reason}",
    CommandOutcome.DROPPED: "{command} was dropped: {reason}",
    CommandOutcome.CLEARED: "{command} was cleared: {reason}",
    CommandOutcome.FAILED: "{command} could not be sent: {reason}",
}

type Entry = dict[str, str | None]


@callback
def async_describe_events(
    _hass: HomeAssistant,
    async_describe_event: Callable[[str, str, Callable[[Event], Entry]], None],
) -> None:
    """Describe the events of this integration."""
    async_describe_event(DOMAIN, EVENT_COMMAND_OUTCOME, _entry)


@callback
def _entry(event: Event) -> Entry:
    data = event.data
    return {
        LOGBOOK_ENTRY_NAME: data[ATTR_NAME],
        LOGBOOK_ENTRY_MESSAGE: MESSAGES[CommandOutcome(data["outcome"])].format_map(data),
        LOGBOOK_ENTRY_ENTITY_ID: data[ATTR_ENTITY_ID],
    }
