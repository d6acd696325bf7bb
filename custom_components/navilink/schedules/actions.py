"""The actions for the weekly schedule and the recirculation schedule: get, set, add an entry, delete an entry.

A change is made now or not at all: a schedule that waited for a connection would overwrite what was changed meanwhile.
"""

from collections.abc import Awaitable, Callable, Coroutine, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from homeassistant.auth.permissions.const import POLICY_CONTROL, POLICY_READ
from homeassistant.const import ATTR_DEVICE_ID
from homeassistant.core import HomeAssistant, ServiceCall, ServiceResponse, SupportsResponse
from homeassistant.exceptions import HomeAssistantError
from homeassistant.helpers import config_validation as cv
import voluptuous as vol

from ..action_heaters import ONE_DEVICE, Heater, async_heater
from ..const import DOMAIN
from ..heater import HeaterState
from ..nwp500 import Device, NavienError, models
from .entries import ENABLED, SLOT, EntryForm, RecirculationForm, WeeklyForm, content_hash, is_at
from .fields import ATTR_ENABLED
from .heater_schedules import HeaterSchedules
from .kept_lists import Change, ReadSchedule, ScheduleChangedError, Write
from .results import schedule_error, write_error

ATTR_ENTRIES = "entries"
ATTR_IF_UNCHANGED_SINCE = "if_unchanged_since"
ATTR_REFRESH = "refresh"

type Read[EntryT: models.WeeklyEntry] = ReadSchedule[models.WeeklySchedule[EntryT]]
type Handler = Callable[[ServiceCall], Coroutine[Any, Any, ServiceResponse]]  # Any: as Home Assistant has it


@dataclass(frozen=True, slots=True, kw_only=True)
class ScheduleActions[EntryT: models.WeeklyEntry]:
    """The actions for one kind of schedule."""

    name: str
    entry_name: str
    form: Callable[[HomeAssistant, HeaterState], EntryForm[EntryT]]
    fields: Mapping[vol.Marker, Any]
    """Of an entry, beside days and time."""
    kept: Callable[[HeaterSchedules, str], Read[EntryT] | None]
    read: Callable[[HeaterSchedules, Device], Awaitable[Read[EntryT]]]
    change: Callable[[HeaterSchedules, Device, str, Change[EntryT]], Awaitable[Write[EntryT]]]

    @property
    def table(self) -> tuple[tuple[str, Handler, vol.Schema, SupportsResponse], ...]:
        """The actions as they are registered."""
        entry = {**SLOT, **self.fields, **ENABLED}
        get = vol.Schema({**ONE_DEVICE, vol.Optional(ATTR_REFRESH, default=True): cv.boolean})
        change = vol.Schema(
            {
                **ONE_DEVICE,
                vol.Required(ATTR_ENTRIES): vol.All(cv.ensure_list, [vol.Schema(entry)]),
                vol.Optional(ATTR_ENABLED): cv.boolean,
                vol.Optional(ATTR_IF_UNCHANGED_SINCE): cv.string,
            }
        )
        add, delete = vol.Schema({**ONE_DEVICE, **entry}), vol.Schema({**ONE_DEVICE, **SLOT})
        return (
            (f"get_{self.name}", self._async_get, get, SupportsResponse.ONLY),
            (f"set_{self.name}", self._async_set, change, SupportsResponse.OPTIONAL),
            (f"add_{self.entry_name}", self._async_add, add, SupportsResponse.OPTIONAL),
            (f"delete_{self.entry_name}", self._async_delete, delete, SupportsResponse.OPTIONAL),
        )

    async def _async_get(self, call: ServiceCall) -> ServiceResponse:
        """Return the schedule, asking the heater for it unless the user wants what is known."""
        heater, form = await self._async_heater(call, POLICY_READ)
        schedules = heater.coordinator.schedules
        if not call.data[ATTR_REFRESH]:
            read = self.kept(schedules, heater.mac_address)
            if read is None:
                raise HomeAssistantError(translation_domain=DOMAIN, translation_key="schedule_not_read")
            return self._shown(form, read.schedule, read.read_at)
        require_connection(heater)
        try:
            read = await self.read(schedules, heater.state.device)
        except NavienError as err:
            raise schedule_error(call.hass, err) from err
        return self._shown(form, read.schedule, read.read_at)

    async def _async_set(self, call: ServiceCall) -> ServiceResponse:
        """Replace all entries, and switch the schedule on or off if that is wanted."""
        heater, form = await self._async_heater(call, POLICY_CONTROL)
        expected = call.data.get(ATTR_IF_UNCHANGED_SINCE)
        entries = call.data[ATTR_ENTRIES]
        form.check_room(len(entries))

        def change(schedule: models.WeeklySchedule[EntryT]) -> models.WeeklySchedule[EntryT]:
            if expected is not None and content_hash(schedule) != expected:
                raise ScheduleChangedError
            wanted = tuple(form.entry(words, schedule.entries) for words in entries)
            return replace(schedule, entries=wanted).switched(on=call.data.get(ATTR_ENABLED))

        return self._answer(call, form, await self._async_write(call, heater, change))

    async def _async_add(self, call: ServiceCall) -> ServiceResponse:
        """Add an entry, in the place of the one with the same days and time if there is one."""
        heater, form = await self._async_heater(call, POLICY_CONTROL)
        added: list[EntryT] = []

        def change(schedule: models.WeeklySchedule[EntryT]) -> models.WeeklySchedule[EntryT]:
            added[:] = [form.entry(call.data, schedule.entries)]
            entries = (*_without(schedule, call.data), *added)
            form.check_room(len(entries))
            return replace(schedule, entries=entries)

        write = await self._async_write(call, heater, change)
        return self._answer(call, form, write, entry=form.words(added[-1]))

    async def _async_delete(self, call: ServiceCall) -> ServiceResponse:
        """Delete the entry with these days and this time; when there is none, nothing is to be done."""
        heater, form = await self._async_heater(call, POLICY_CONTROL)

        def change(schedule: models.WeeklySchedule[EntryT]) -> models.WeeklySchedule[EntryT]:
            return replace(schedule, entries=_without(schedule, call.data))

        return self._answer(call, form, await self._async_write(call, heater, change))

    async def _async_heater(self, call: ServiceCall, permission: str) -> tuple[Heater, EntryForm[EntryT]]:
        [device_id] = call.data[ATTR_DEVICE_ID]
        heater = await async_heater(call, device_id, permission)
        return heater, self.form(call.hass, heater.state)

    async def _async_write(self, call: ServiceCall, heater: Heater, change: Change[EntryT]) -> Write[EntryT]:
        require_connection(heater)
        try:
            return await self.change(heater.coordinator.schedules, heater.state.device, call.service, change)
        except NavienError as err:
            raise schedule_error(call.hass, err) from err

    def _answer(
        self, call: ServiceCall, form: EntryForm[EntryT], write: Write[EntryT], **about: object
    ) -> ServiceResponse:
        """Return what became of a write to those who asked for it; others get an error when it is not as requested."""
        if call.return_response:
            return {"result": write.outcome.value, **about, **self._shown(form, write.after)}
        if (err := write_error(write)) is not None:
            raise err
        return None

    def _shown(
        self,
        form: EntryForm[EntryT],
        schedule: models.WeeklySchedule[EntryT] | None,
        read_at: datetime | None = None,
    ) -> dict[str, Any]:
        """Return a schedule as users see it; all of it is None when it could not be read back."""
        shown = {} if read_at is None else {"read_at": read_at.isoformat()}
        if schedule is None:
            return {ATTR_ENABLED: None, "hash": None, ATTR_ENTRIES: None}
        return {
            ATTR_ENABLED: schedule.is_on is True,
            **shown,
            "hash": content_hash(schedule),
            ATTR_ENTRIES: [form.words(entry) for entry in schedule.entries],
        }


def require_connection(heater: Heater) -> None:
    """Raise unless the account is connected: what concerns schedules never waits for that."""
    if not heater.coordinator.client.is_connected:
        raise HomeAssistantError(translation_domain=DOMAIN, translation_key="not_connected")


def _without[EntryT: models.WeeklyEntry](
    schedule: models.WeeklySchedule[EntryT], slot: Mapping[str, Any]
) -> tuple[EntryT, ...]:
    return tuple(entry for entry in schedule.entries if not is_at(entry, slot))


SCHEDULE_ACTIONS = (
    *ScheduleActions(
        name="schedule",
        entry_name="schedule_entry",
        form=WeeklyForm,
        fields=WeeklyForm.fields,
        kept=lambda schedules, mac_address: schedules.weekly_lists.get(mac_address),
        read=lambda schedules, device: schedules.weekly_lists.async_read(device),
        change=HeaterSchedules.async_change_weekly,
    ).table,
    *ScheduleActions(
        name="recirculation_schedule",
        entry_name="recirculation_entry",
        form=RecirculationForm,
        fields=RecirculationForm.fields,
        kept=lambda schedules, mac_address: schedules.recirculation_lists.get(mac_address),
        read=lambda schedules, device: schedules.recirculation_lists.async_read(device),
        change=HeaterSchedules.async_change_recirculation,
    ).table,
)
