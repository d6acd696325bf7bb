"""The calendar of boosts: those that are planned, and the one that runs."""

from datetime import datetime
import re
from typing import Any, override

from homeassistant.components.calendar import CalendarEntity, CalendarEntityDescription, CalendarEvent
from homeassistant.components.calendar.const import (
    EVENT_END,
    EVENT_RRULE,
    EVENT_START,
    EVENT_SUMMARY,
    CalendarEntityFeature,
)
from homeassistant.components.water_heater.const import ATTR_OPERATION_MODE
from homeassistant.const import ATTR_TEMPERATURE, UnitOfTemperature
from homeassistant.core import HomeAssistant, callback
from homeassistant.exceptions import ServiceValidationError
from homeassistant.util import dt as dt_util
from homeassistant.util.unit_conversion import TemperatureConverter

from ..const import DOMAIN
from ..coordinator import NavilinkCoordinator
from ..entity import NavilinkEntity
from ..schedules.event_summary import normal
from ..schedules.weekly_events import shown_end
from ..water_heater import MODE_OF_OPERATION
from ..wording import errors_in_words, text
from .boost import Boost
from .boost_actions import async_start_boost
from .boost_words import settings_words

DESCRIPTION = CalendarEntityDescription(key="planned_heating", translation_key="planned_heating")
_TEMPERATURE = re.compile(r"([0-9]{1,3}(?:[.,][0-9])?)\s*°\s*([cf])")
# A name of a mode, and not a part of a longer word: "Second bath" is no bath in the mode eco. Chinese and Korean put
# other letters right beside it.
_WORDS = "(?<![a-z\u00df-\u024f]){}(?![a-z\u00df-\u024f])"
_UNITS = {"c": UnitOfTemperature.CELSIUS, "f": UnitOfTemperature.FAHRENHEIT}


class PlannedHeating(NavilinkEntity, CalendarEntity):
    """What a heater is to heat more for, once each; an event is a boost."""

    _attr_supported_features = CalendarEntityFeature.CREATE_EVENT | CalendarEntityFeature.DELETE_EVENT

    def __init__(self, coordinator: NavilinkCoordinator, mac_address: str) -> None:
        super().__init__(coordinator, mac_address, DESCRIPTION)
        self._known = self._boosts

    @property
    def _boosts(self) -> list[Boost]:
        boosts = self.coordinator.boosts.of(self._mac_address)
        running = [] if boosts.active is None else [boosts.active.boost]
        return [*running, *boosts.planned]

    @callback
    @override
    def _update_attrs(self) -> None:
        """Show open calendars what has changed."""
        if self._boosts != self._known:
            self._known = self._boosts
            self.async_update_event_listeners()

    @property
    @override
    def event(self) -> CalendarEvent | None:
        """Return the boost that runs, or the next one."""
        now = dt_util.utcnow()
        return next((self._as_event(boost) for boost in self._boosts if boost.end > now), None)

    @override
    async def async_get_events(
        self, hass: HomeAssistant, start_date: datetime, end_date: datetime
    ) -> list[CalendarEvent]:
        """Return the boosts of a time, in order."""
        return [self._as_event(boost) for boost in self._boosts if boost.start < end_date and boost.end > start_date]

    @override
    async def async_create_event(self, **kwargs: Any) -> None:
        """Plan a boost, with what its summary says: a temperature, a mode, both, or neither for the usual one."""
        with errors_in_words(self.hass):
            await async_start_boost(self.coordinator, self._mac_address, self._fields(kwargs))

    @override
    async def async_delete_event(
        self, uid: str, recurrence_id: str | None = None, recurrence_range: str | None = None
    ) -> None:
        """Drop a planned boost, or end the one that runs."""
        with errors_in_words(self.hass):
            if uid not in {boost.id for boost in self._boosts}:
                raise ServiceValidationError(translation_domain=DOMAIN, translation_key="unknown_boost")
        await self.coordinator.boosts.async_cancel(self.heater.device, uid)

    def _fields(self, event: dict[str, Any]) -> dict[str, Any]:
        """Return the fields of the action that an event stands for."""
        start, end, summary = event[EVENT_START], event[EVENT_END], event[EVENT_SUMMARY]
        plain = normal(summary).casefold()
        if event.get(EVENT_RRULE) or not isinstance(start, datetime):
            raise ServiceValidationError(translation_domain=DOMAIN, translation_key="boost_event_not_storable")
        data: dict[str, Any] = {"start": dt_util.as_utc(start), "until": dt_util.as_utc(end), "name": summary[:100]}
        if (match := _TEMPERATURE.search(plain)) is not None:
            unit = self.hass.config.units.temperature_unit
            number = float(match[1].replace(",", "."))
            data[ATTR_TEMPERATURE] = TemperatureConverter.convert(number, _UNITS[match[2]], unit)
        names = {name: text(self.hass, "schedule_mode", name) or name for name in MODE_OF_OPERATION}
        for name, words in names.items():
            if re.search(_WORDS.format(re.escape(words.casefold())), plain):
                data[ATTR_OPERATION_MODE] = name
        return data

    def _as_event(self, boost: Boost) -> CalendarEvent:
        words, start = settings_words(self.hass, boost.wanted), dt_util.as_local(boost.start)
        return CalendarEvent(
            start=start,
            end=shown_end(start, boost.end - boost.start),
            summary=boost.name or words,
            description=words,
            uid=boost.id,
        )
