"""The weekly schedule as a calendar, in which whole series are created, changed and deleted."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import UTC, datetime, tzinfo
from typing import Any, override

from homeassistant.components.calendar import CalendarEntity, CalendarEntityDescription, CalendarEvent
from homeassistant.components.calendar.const import (
    EVENT_RRULE,
    EVENT_START,
    EVENT_SUMMARY,
    CalendarEntityFeature,
)
from homeassistant.const import ATTR_MODE, ATTR_TEMPERATURE
from homeassistant.core import HomeAssistant, callback
from homeassistant.exceptions import HomeAssistantError, ServiceValidationError
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback
from homeassistant.util import dt as dt_util

from .const import DOMAIN
from .coordinator import NavilinkConfigEntry, NavilinkCoordinator
from .entity import NavilinkEntity, async_add_for_each_heater
from .heating.planned_calendar import PlannedHeating
from .nwp500 import NavienError, enums, models
from .nwp500.exceptions import InvalidParameterError
from .schedules.entries import NAMES_OF_MODES, WeeklyForm
from .schedules.event_summary import SummaryGrammar
from .schedules.fields import ATTR_DAYS, ATTR_ENABLED, ATTR_TIME
from .schedules.results import schedule_error, write_error
from .schedules.weekly_events import (
    Occurrence,
    UnstorableEventError,
    current_or_next,
    days_of_rule,
    entries_by_uid,
    occurrences,
    recurrence_rule,
)
from .wording import errors_in_words, quantity, text, to_home_assistant_error, user_temperature, user_unit

# A write returns once it was read back; those of one heater go one after another, and must not hold up another's.
PARALLEL_UPDATES = 0

# How the frontend names what it calls all future events. For a heater that is the whole series.
THIS_AND_FUTURE = "THISANDFUTURE"

# What an event that was only moved keeps of its entry.
KEPT_MEMBERS = ("enable", "mode", "param")

DESCRIPTION = CalendarEntityDescription(key="weekly_schedule", translation_key="weekly_schedule")

type Schedule = models.WeeklySchedule[models.ReservationEntry]
type Change = Callable[[Schedule], Schedule]


async def async_setup_entry(
    _hass: HomeAssistant, entry: NavilinkConfigEntry, async_add_entities: AddConfigEntryEntitiesCallback
) -> None:
    """Set up the calendars."""
    async_add_for_each_heater(
        entry,
        async_add_entities,
        lambda coordinator, mac_address: [
            WeeklyCalendar(coordinator, mac_address),
            PlannedHeating(coordinator, mac_address),
        ],
    )


class WeeklyCalendar(NavilinkEntity, CalendarEntity):
    """What the weekly schedule of a heater will do; nothing while the schedule as a whole is off.

    The heater has no time zone that it would report, and lives where Home Assistant does.
    """

    _attr_supported_features = (
        CalendarEntityFeature.CREATE_EVENT | CalendarEntityFeature.UPDATE_EVENT | CalendarEntityFeature.DELETE_EVENT
    )

    def __init__(self, coordinator: NavilinkCoordinator, mac_address: str) -> None:
        super().__init__(coordinator, mac_address, DESCRIPTION)
        self._known: Schedule | None = None
        self._next: Occurrence | None = None
        self._next_for: tuple[Schedule, tzinfo] | None = None
        """What the next one was looked for in."""
        self._update_attrs()

    @callback
    @override
    def _update_attrs(self) -> None:
        """Take in the schedule, and show open calendars what has changed in it."""
        known = self.coordinator.schedules.weekly(self._mac_address)
        if known is not self._known:
            self._known = known
            self.async_update_event_listeners()

    @property
    @override
    def available(self) -> bool:
        """Return whether the schedule was ever read since the start."""
        return super().available and self._known is not None

    @property
    @override
    def event(self) -> CalendarEvent | None:
        """Return the event that is shown now, or the next one."""
        if self._known is None:
            return None
        now, zone = dt_util.utcnow(), dt_util.get_default_time_zone()
        is_over = self._next is not None and self._next.end.astimezone(UTC) <= now
        if is_over or self._next_for != (self._known, zone):
            self._next = current_or_next(self._active, now, zone)
            self._next_for = (self._known, zone)
        return None if self._next is None else self._as_event(self._next)

    @override
    async def async_get_events(
        self, hass: HomeAssistant, start_date: datetime, end_date: datetime
    ) -> list[CalendarEvent]:
        """Return the single events of a time, in order."""
        if self._known is None:
            raise HomeAssistantError(translation_domain=DOMAIN, translation_key="schedule_not_read")
        found = occurrences(self._active, start_date, end_date, dt_util.get_default_time_zone())
        return [self._as_event(each) for each in found]

    @override
    async def async_create_event(self, **kwargs: Any) -> None:
        """Add an entry to the schedule."""
        with errors_in_words(self.hass):
            wanted = self._entry(kwargs)

            def with_entry(schedule: Schedule) -> Schedule:
                _check_free(schedule.entries, wanted)
                WeeklyForm(self.hass, self.heater).check_room(len(schedule.entries) + 1)
                return replace(schedule, entries=(*schedule.entries, wanted))

            await self._async_change("create_event", with_entry)

    @override
    async def async_update_event(
        self,
        uid: str,
        event: dict[str, Any],
        recurrence_id: str | None = None,
        recurrence_range: str | None = None,
    ) -> None:
        """Change a whole series, which is one entry."""
        with errors_in_words(self.hass):
            _check_whole(recurrence_id, recurrence_range)
            old = self._entry_of(uid)
            wanted = self._entry(event, old)

            def with_other_entry(schedule: Schedule) -> Schedule:
                before, after = _around(schedule, old)
                _check_free((*before, *after), wanted)
                return replace(schedule, entries=(*before, wanted, *after))

            await self._async_change("update_event", with_other_entry)

    @override
    async def async_delete_event(
        self, uid: str, recurrence_id: str | None = None, recurrence_range: str | None = None
    ) -> None:
        """Delete a whole series, which is one entry."""
        with errors_in_words(self.hass):
            _check_whole(recurrence_id, recurrence_range)
            old = self._entry_of(uid)

            def without_entry(schedule: Schedule) -> Schedule:
                before, after = _around(schedule, old)
                return replace(schedule, entries=(*before, *after))

            await self._async_change("delete_event", without_entry)

    @property
    def _active(self) -> tuple[models.ReservationEntry, ...]:
        return self._known.entries if self._known is not None and self._known.is_on else ()

    @property
    def _grammar(self) -> SummaryGrammar:
        names = {mode: text(self.hass, "schedule_mode", name) or name for mode, name in NAMES_OF_MODES.items()}
        return SummaryGrammar(names, user_unit(self.hass))

    def _as_event(self, occurrence: Occurrence) -> CalendarEvent:
        return CalendarEvent(
            start=occurrence.start,
            end=occurrence.end,
            summary=self._summary(occurrence.entry),
            uid=occurrence.uid,
            recurrence_id=occurrence.start.isoformat(),
            rrule=recurrence_rule(occurrence.entry),
        )

    def _summary(self, entry: models.ReservationEntry) -> str:
        temperature = quantity(
            user_temperature(self.hass, entry.setpoint_raw or 0), self.hass.config.units.temperature_unit
        )
        return self._grammar.write(entry.mode, temperature)

    def _entry(self, event: Mapping[str, Any], old: models.ReservationEntry | None = None) -> models.ReservationEntry:
        """Return the entry that an event wants; raises for one that the heater cannot store."""
        try:
            return self._stored(event, old)
        except UnstorableEventError as err:
            raise ServiceValidationError(
                translation_domain=DOMAIN,
                translation_key=err.translation_key,
                translation_placeholders=err.placeholders,
            ) from err
        except InvalidParameterError as err:
            raise to_home_assistant_error(self.hass, err) from err

    def _stored(self, event: Mapping[str, Any], old: models.ReservationEntry | None) -> models.ReservationEntry:
        start, summary = event[EVENT_START], event[EVENT_SUMMARY]
        if not isinstance(start, datetime):
            raise UnstorableEventError(translation_key="event_all_day")
        days = days_of_rule(event.get(EVENT_RRULE), start)
        if start.second or start.microsecond:
            raise UnstorableEventError(translation_key="event_not_at_a_minute")
        if old is not None and summary.strip() == self._summary(old):
            # What it sets stays as it is, to the half-degree: in °F two setpoints may have the same summary.
            moved = models.ReservationEntry.of(days, start.hour, start.minute, enums.ReservationMode.POWER_OFF, 0)
            return models.ReservationEntry({**moved.raw, **{name: old.raw[name] for name in KEPT_MEMBERS}})
        mode, raw = self._grammar.read(summary, self.heater.feature)
        words = {
            ATTR_DAYS: days,
            ATTR_TIME: start.time(),
            ATTR_MODE: NAMES_OF_MODES[mode],
            ATTR_TEMPERATURE: None if raw is None else user_temperature(self.hass, raw),
            ATTR_ENABLED: True,
        }
        entry = WeeklyForm(self.hass, self.heater).entry(words, ())
        # Entered in the other unit, the setpoint may lie between the user's.
        return entry if raw is None else models.ReservationEntry({**entry.raw, "param": raw})

    def _entry_of(self, uid: str) -> models.ReservationEntry:
        found = None if self._known is None else entries_by_uid(self._known.entries).get(uid)
        if found is None:
            raise _event_gone()
        return found

    async def _async_change(self, action: str, change: Change) -> None:
        """Change the schedule as the heater has it then; returns once the heater shows the change."""

        def of_one_that_is_on(schedule: Schedule) -> Schedule:
            if not schedule.is_on:
                raise ServiceValidationError(translation_domain=DOMAIN, translation_key="schedule_is_off")
            return change(schedule)

        device = self.heater.device
        try:
            write = await self.coordinator.schedules.async_change_weekly(device, action, of_one_that_is_on)
        except NavienError as err:
            raise schedule_error(self.hass, err) from err
        if (error := write_error(write)) is not None:
            raise error


def _around(
    schedule: Schedule, entry: models.ReservationEntry
) -> tuple[tuple[models.ReservationEntry, ...], tuple[models.ReservationEntry, ...]]:
    """Return what is before and after an entry; raises when the heater no longer has it."""
    if entry not in schedule.entries:
        raise _event_gone()
    index = schedule.entries.index(entry)
    return schedule.entries[:index], schedule.entries[index + 1 :]


def _check_free(entries: tuple[models.ReservationEntry, ...], wanted: models.ReservationEntry) -> None:
    if any(entry.slot == wanted.slot for entry in entries):
        raise ServiceValidationError(translation_domain=DOMAIN, translation_key="event_time_taken")


def _check_whole(recurrence_id: str | None, recurrence_range: str | None) -> None:
    """Refuse one event of a series. The frontend gives no range for it, and always the id, which the events have."""
    if recurrence_id is not None and recurrence_range != THIS_AND_FUTURE:
        raise ServiceValidationError(translation_domain=DOMAIN, translation_key="event_only_this")


def _event_gone() -> ServiceValidationError:
    return ServiceValidationError(translation_domain=DOMAIN, translation_key="event_gone")
