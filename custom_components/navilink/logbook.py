"""What the logbook shows: commands that have their outcomes, and boosts that have ended."""

from collections.abc import Callable

from homeassistant.components.logbook.const import LOGBOOK_ENTRY_ENTITY_ID, LOGBOOK_ENTRY_MESSAGE, LOGBOOK_ENTRY_NAME
from homeassistant.const import ATTR_ENTITY_ID, ATTR_NAME
from homeassistant.core import Event, HomeAssistant, callback

from .const import DOMAIN
from .heating.boost_words import EVENT_BOOST_ENDED
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

    @callback
    def describe_boost(event: Event) -> Entry:
        data = event.data
        group = "boost_ended_and_left" if data["not_restored"] else "boost_ended"
        return {
            LOGBOOK_ENTRY_NAME: data[ATTR_NAME],
            LOGBOOK_ENTRY_MESSAGE: text(hass, group, data["reason"], data),
            LOGBOOK_ENTRY_ENTITY_ID: data[ATTR_ENTITY_ID],
        }

    async_describe_event(DOMAIN, EVENT_COMMAND_OUTCOME, describe)
    async_describe_event(DOMAIN, EVENT_BOOST_ENDED, describe_boost)
