"""What is known of the schedules of an account's heaters, and their changes.

A heater reports a schedule only when it is asked for it. So each is read once a heater has reported that it is there,
again after every change, when another client writes one, and every few hours.
"""

from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from homeassistant.config_entries import ConfigEntry
from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers.event import async_call_later
from homeassistant.util import dt as dt_util

from ..const import LOGGER
from ..heater import HeaterSnapshots
from ..nwp500 import (
    Changed,
    ConnectionResumed,
    Device,
    DeviceFeature,
    FeatureReceived,
    NavienAPIClient,
    NavienError,
    NavienMqttClient,
    ScheduleWrite,
    ScheduleWritten,
    models,
    watched,
)
from .kept_lists import Change, KeptLists, Write
from .tou_plans import TouPlans

# A list that another client writes can be read after 3 to 6 s.
SECONDS_TO_LAND = 8.0
MAX_WRITES = 20


class ScheduleKind(StrEnum):
    """The schedules of a heater."""

    WEEKLY = "weekly"
    RECIRCULATION = "recirculation"
    TIME_OF_USE = "time_of_use"


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordedWrite:
    """A change of a schedule that was requested."""

    time: datetime
    mac_address: str
    kind: ScheduleKind
    action: str
    """What was requested, such as `set_schedule`."""
    outcome: str
    """A value of `WriteOutcome`, the class of the error for which nothing was written, or `canceled`."""
    attempts: int = 0
    """How often it was sent."""


type Lists = (
    KeptLists[models.ReservationEntry, models.ReservationSchedule]
    | KeptLists[models.RecirculationEntry, models.RecirculationSchedule]
)


class HeaterSchedules:
    """Knows the schedules of an account's heaters, and when to read them."""

    def __init__(
        self,
        hass: HomeAssistant,
        entry: ConfigEntry,
        client: NavienMqttClient,
        api_client: NavienAPIClient,
        snapshots: HeaterSnapshots,
    ) -> None:
        """Take the clients, and the snapshots by which the entities of a heater are updated."""
        self._hass = hass
        self._entry = entry
        self._client = client
        self._reading: set[str] = set()
        self._scheduled_reads: dict[str, Callable[[], None]] = {}
        """What calls off the look at a heater's schedules that follows another client's write."""
        self.writes: deque[RecordedWrite] = deque(maxlen=MAX_WRITES)
        """The last changes that were requested, the newest last."""

        self.plans = TouPlans(client, api_client)

        def on_read(mac_address: str) -> None:
            snapshots.outdate({mac_address})

        self.weekly_lists = KeptLists(
            client.queries.request_reservations,
            client.schedules.edit_reservations,
            lambda schedule: models.ReservationSchedule(schedule.use, schedule.entries),
            on_read,
        )
        self.recirculation_lists = KeptLists(
            client.queries.request_recirculation_schedule,
            client.schedules.edit_recirculation,
            lambda schedule: models.RecirculationSchedule(schedule.use, schedule.entries),
            on_read,
        )

    @callback
    def listen(self) -> list[Callable[[], None]]:
        """Begin to read; returns what ends it."""
        on = self._client.on
        return [
            on("connection_resumed", self._on_connection_resumed),
            on("device_online", self._on_device_online),
            on("feature_received", self._on_feature_received),
            on("schedule_written", self._on_schedule_written),
            self._cancel_reads,
        ]

    def weekly(self, mac_address: str) -> models.ReservationSchedule | None:
        """Return the weekly schedule as it was last read, None before that."""
        kept = self.weekly_lists.get(mac_address)
        return None if kept is None else kept.schedule

    def recirculation(self, mac_address: str) -> models.RecirculationSchedule | None:
        """Return the recirculation schedule as it was last read, None before that and for heaters without one."""
        kept = self.recirculation_lists.get(mac_address)
        return None if kept is None else kept.schedule

    async def async_change_weekly(
        self, device: Device, action: str, change: Change[models.ReservationEntry]
    ) -> Write[models.ReservationEntry]:
        """Change the weekly schedule of a heater, and record what became of that as one of `writes`.

        It is done now or not at all. Raises `NavienError` when nothing was written.
        """
        editing = self.weekly_lists.async_edit(device, change)
        return await self.async_recorded(device, ScheduleKind.WEEKLY, action, editing)

    async def async_change_recirculation(
        self, device: Device, action: str, change: Change[models.RecirculationEntry]
    ) -> Write[models.RecirculationEntry]:
        """Change the recirculation schedule of a heater, as `async_change_weekly` does the weekly one."""
        editing = self.recirculation_lists.async_edit(device, change)
        return await self.async_recorded(device, ScheduleKind.RECIRCULATION, action, editing)

    async def async_recorded[ContentT](
        self, device: Device, kind: ScheduleKind, action: str, writing: Awaitable[ScheduleWrite[ContentT]]
    ) -> ScheduleWrite[ContentT]:
        """Await a write, and record what became of it as one of `writes`."""
        record = RecordedWrite(
            time=dt_util.utcnow(), mac_address=device.mac_address, kind=kind, action=action, outcome="canceled"
        )
        try:
            write = await writing
            record = replace(record, outcome=write.outcome.value, attempts=write.attempts)
        except Exception as err:  # whatever it is, it is recorded and raised on
            record = replace(record, outcome=type(err).__name__)
            raise
        finally:
            self.writes.append(record)
        return write

    @callback
    def outdate(self, mac_address: str) -> None:
        """Have the schedules of a heater read again, with its next device info."""
        for lists in (self.weekly_lists, self.recirculation_lists):
            lists.outdate(mac_address)

    @callback
    def forget(self, mac_address: str) -> None:
        """Forget a heater that has left the account."""
        for lists in (self.weekly_lists, self.recirculation_lists):
            lists.forget(mac_address)
        self.plans.forget(mac_address)
        if (cancel := self._scheduled_reads.pop(mac_address, None)) is not None:
            cancel()

    # When they are read

    @callback
    def _on_connection_resumed(self, _event: ConnectionResumed) -> None:
        # What was changed meanwhile, nobody was there to notice.
        for lists in (self.weekly_lists, self.recirculation_lists):
            lists.outdate_all()

    @callback
    def _on_device_online(self, event: Changed) -> None:
        self.outdate(event.device.mac_address)

    @callback
    def _on_feature_received(self, event: FeatureReceived) -> None:
        """Read what is due of a heater that has just shown that it is there; what fails is due again the next time."""
        device, feature = event.device, event.feature
        due = [lists for lists in self._lists_of(feature) if lists.is_due(device.mac_address)]
        self._start_reading(device, due)

    @callback
    def _on_schedule_written(self, event: ScheduleWritten) -> None:
        """Read the schedules of a heater once what another client writes has landed; once for several writes."""
        device = event.device
        self.outdate(device.mac_address)

        @callback
        def read(_now: datetime) -> None:
            self._scheduled_reads.pop(device.mac_address, None)
            feature = self._client.feature(device)
            self._start_reading(device, self._lists_of(feature))

        if (cancel := self._scheduled_reads.pop(device.mac_address, None)) is not None:
            cancel()
        self._scheduled_reads[device.mac_address] = async_call_later(self._hass, SECONDS_TO_LAND, read)

    def _lists_of(self, feature: DeviceFeature | None) -> tuple[Lists, ...]:
        has_recirculation = feature is not None and feature.supports_recirculation_schedule is True
        return (self.weekly_lists, self.recirculation_lists) if has_recirculation else (self.weekly_lists,)

    def _start_reading(self, device: Device, lists: Sequence[Lists]) -> None:
        if lists and device.mac_address not in self._reading:
            self._reading.add(device.mac_address)
            reading = self._async_read(device, lists)
            watched(self._entry.async_create_background_task(self._hass, reading, "navilink schedules"))

    async def _async_read(self, device: Device, lists: Sequence[Lists]) -> None:
        try:
            for each in lists:
                try:
                    await each.async_read(device)
                except NavienError as err:
                    # It is still due.
                    LOGGER.debug("Could not read a schedule of a water heater: %s", err)
        finally:
            self._reading.discard(device.mac_address)

    @callback
    def _cancel_reads(self) -> None:
        while self._scheduled_reads:
            self._scheduled_reads.popitem()[1]()
