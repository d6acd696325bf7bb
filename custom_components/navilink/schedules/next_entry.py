"""When the weekly schedule acts next, and what it does then."""

from datetime import UTC, datetime
from typing import override

from homeassistant.components.sensor import SensorDeviceClass, SensorEntity, SensorEntityDescription
from homeassistant.const import ATTR_MODE, ATTR_TEMPERATURE
from homeassistant.core import CALLBACK_TYPE, callback
from homeassistant.helpers.event import async_track_point_in_utc_time
from homeassistant.util import dt as dt_util

from ..coordinator import NavilinkCoordinator
from ..entity import NavilinkEntity
from ..nwp500 import enums
from ..wording import user_temperature, user_unit
from .entries import NAMES_OF_MODES
from .weekly_events import Occurrence, next_due

NEXT_ENTRY = SensorEntityDescription(
    key="next_schedule_entry",
    translation_key="next_schedule_entry",
    device_class=SensorDeviceClass.TIMESTAMP,
)


def next_entry_sensors(coordinator: NavilinkCoordinator, mac_address: str) -> list[SensorEntity]:
    """Return the sensors of a heater's weekly schedule."""
    return [NextEntrySensor(coordinator, mac_address)]


class NextEntrySensor(NavilinkEntity, SensorEntity):
    """The next entry of the weekly schedule; unknown while the schedule is off, or has no entry that acts."""

    def __init__(self, coordinator: NavilinkCoordinator, mac_address: str) -> None:
        super().__init__(coordinator, mac_address, NEXT_ENTRY)
        self._looked_in: tuple[object, ...] | None = None
        """What the next entry was looked for in."""
        self._cancel: CALLBACK_TYPE | None = None
        """Calls off the look that follows when it is due."""

    @override
    async def async_added_to_hass(self) -> None:
        """Look for the next entry."""
        await super().async_added_to_hass()
        self._update_attrs()

    @override
    async def async_will_remove_from_hass(self) -> None:
        """Look no more."""
        await super().async_will_remove_from_hass()
        self._stop()

    @property
    @override
    def available(self) -> bool:
        """Return whether the schedule was ever read since the start."""
        return super().available and self.coordinator.schedules.weekly(self._mac_address) is not None

    @callback
    @override
    def _update_attrs(self) -> None:
        """Look for the next entry if there is another schedule, zone or unit than before."""
        schedule = self.coordinator.schedules.weekly(self._mac_address)
        look_in = (schedule, dt_util.get_default_time_zone(), user_unit(self.hass))
        if look_in == self._looked_in:
            return
        self._looked_in = look_in
        entries = schedule.entries if schedule is not None and schedule.is_on else ()
        due = next_due(entries, dt_util.utcnow(), dt_util.get_default_time_zone())
        self._attr_native_value = None if due is None else due.start
        self._attr_extra_state_attributes = {} if due is None else self._details(due)
        self._stop()
        if due is not None:
            self._cancel = async_track_point_in_utc_time(self.hass, self._on_due, due.start.astimezone(UTC))

    @callback
    def _on_due(self, _now: datetime) -> None:
        self._looked_in = self._cancel = None
        self._handle_coordinator_update()

    @callback
    def _stop(self) -> None:
        if self._cancel is not None:
            self._cancel()
            self._cancel = None

    def _details(self, due: Occurrence) -> dict[str, object]:
        is_off = due.entry.mode is enums.ReservationMode.POWER_OFF
        raw = None if is_off else due.entry.setpoint_raw
        return {
            ATTR_MODE: None if due.entry.mode is None else NAMES_OF_MODES[due.entry.mode],
            ATTR_TEMPERATURE: None if raw is None else user_temperature(self.hass, raw),
        }
