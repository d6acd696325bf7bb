"""What the logbook shows of a command that has its outcome."""

from collections.abc import Callable

from homeassistant.components.logbook.const import LOGBOOK_ENTRY_ENTITY_ID, LOGBOOK_ENTRY_MESSAGE, LOGBOOK_ENTRY_NAME
from homeassistant.const import ATTR_ENTITY_ID, ATTR_NAME
from homeassistant.core import Event, HomeAssistant, callback

from .const import DOMAIN
from .outcomes import EVENT_COMMAND_OUTCOME
from .wording import text

type Entry = dict[str, str | None]


@callback
def async_describe_events(
    hass: HomeAssistant,
    async_describe_event: Callable[[str, str, Callable[[Event], Entry]], None],
) -> None:
    """Describe the events of this integration."""

    @callback
    def describe(event: Event) -> Entry:
        data = event.data
        return {
            LOGBOOK_ENTRY_NAME: data[ATTR_NAME],
            LOGBOOK_ENTRY_MESSAGE: text(hass, "logbook", data["outcome"], data) or data["command"],
            LOGBOOK_ENTRY_ENTITY_ID: data[ATTR_ENTITY_ID],
        }

    async_describe_event(DOMAIN, EVENT_COMMAND_OUTCOME, describe)
