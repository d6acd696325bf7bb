"""The schedules of the heaters, to be changed by whoever holds the client (protocol.md 7)."""

from collections import Counter
from collections.abc import Sequence
import logging

from ..enums import TemperatureUnit
from ..exceptions import MqttConnectionError, RequestTimeoutError, ResponseFormatError, SerialNumberUnknownError
from ..json_types import JsonMessage
from ..models import Device, RecirculationEntry, RecirculationSchedule, ReservationEntry, ReservationSchedule, TouPeriod
from ..models.members import block, objects
from ..models.schedule import ON, WeeklySchedule
from ..protocol.fields import Record
from ..protocol.queries import (
    RECIRCULATION_ENTRY,
    WRITE_RECIRCULATION_SCHEDULE,
    WRITE_RESERVATIONS,
    WRITE_TOU,
    reservation_entry,
)
from ..protocol.setpoint import raw_limits
from .queries import HeaterQueries
from .schedule_editor import HeaterLocks, ScheduleEditor, ScheduleKind, ScheduleWrite, WriteOutcome, raw_switch

_LOGGER = logging.getLogger(__name__)

type ReservationWrite = ScheduleWrite[WeeklySchedule[ReservationEntry]]
type RecirculationWrite = ScheduleWrite[WeeklySchedule[RecirculationEntry]]
type TouWrite = ScheduleWrite[tuple[TouPeriod, ...]]


class Schedules:
    """Changes the weekly schedule, the recirculation schedule and the time-of-use plan of a heater.

    Schedule writes never enter the command queue: a list that was read before an outage is stale after it, and would
    wipe what was changed meanwhile. They need a connection, now. The edits of one heater go one after another.

    Every method but `write_tou` reads the heater's list first and raises `ScheduleReadError` when that fails. All raise
    `InvalidParameterError` for an entry outside the ranges of protocol.md 7, and `UnsupportedCommandError` when the
    heater reports that it lacks what is to be set. After an error nothing was written; what became of a write is
    returned.
    """

    def __init__(self, heaters: HeaterQueries) -> None:
        self._heaters = heaters
        self._reservations = ScheduleEditor(
            heaters,
            ScheduleKind(
                read=heaters.request_reservations,
                decode=ReservationSchedule.from_message,
                write=WRITE_RESERVATIONS,
                entry=self._reservation_entry,
            ),
        )
        self._recirculation = ScheduleEditor(
            heaters,
            ScheduleKind(
                read=heaters.request_recirculation_schedule,
                decode=RecirculationSchedule.from_message,
                write=WRITE_RECIRCULATION_SCHEDULE,
                entry=lambda _: RECIRCULATION_ENTRY,
            ),
        )
        self._tou_locks = HeaterLocks()

    # The weekly schedule

    async def put_reservation(self, device: Device, entry: ReservationEntry) -> ReservationWrite:
        """Add an entry, in the place of the one with the same days, hour and minute if there is one.

        Whether the schedule as a whole is on stays as it is.
        """
        return await self._reservations.put(device, entry)

    async def remove_reservation(self, device: Device, entry: ReservationEntry) -> ReservationWrite:
        """Remove the entry with the same days, hour and minute."""
        return await self._reservations.remove(device, entry)

    async def replace_reservations(
        self, device: Device, entries: Sequence[ReservationEntry], *, on: bool | None = None
    ) -> ReservationWrite:
        """Replace all entries, and switch the schedule on or off unless `on` is None.

        An entry that the heater has already is written back as it is, also outside the ranges.
        """
        return await self._reservations.replace(device, entries, on=on)

    async def set_reservation_use(self, device: Device, *, on: bool) -> ReservationWrite:
        """Switch the schedule as a whole on or off; its entries stay."""
        return await self._reservations.set_use(device, on=on)

    async def clear_reservations(self, device: Device) -> ReservationWrite:
        """Remove all entries and switch the schedule off."""
        return await self._reservations.replace(device, (), on=False)

    # The recirculation schedule

    async def put_recirculation(self, device: Device, entry: RecirculationEntry) -> RecirculationWrite:
        """Add an entry, in the place of the one with the same days, hour and minute; at most 20 have room.

        Whether the schedule as a whole is on stays as it is.
        """
        return await self._recirculation.put(device, entry)

    async def remove_recirculation(self, device: Device, entry: RecirculationEntry) -> RecirculationWrite:
        """Remove the entry with the same days, hour and minute."""
        return await self._recirculation.remove(device, entry)

    async def replace_recirculation(
        self, device: Device, entries: Sequence[RecirculationEntry], *, on: bool | None = None
    ) -> RecirculationWrite:
        """Replace all entries, and switch the schedule on or off unless `on` is None."""
        return await self._recirculation.replace(device, entries, on=on)

    async def set_recirculation_use(self, device: Device, *, on: bool) -> RecirculationWrite:
        """Switch the schedule as a whole on or off; its entries stay."""
        return await self._recirculation.set_use(device, on=on)

    async def clear_recirculation(self, device: Device) -> RecirculationWrite:
        """Remove all entries and switch the schedule off."""
        return await self._recirculation.replace(device, (), on=False)

    # Time of use

    async def write_tou(self, device: Device, periods: Sequence[TouPeriod], *, on: bool) -> TouWrite:
        """Replace the time-of-use plan and switch it on or off; the echo returns whether the heater took it.

        The plan cannot be read over MQTT, so without an echo the outcome is unknown and nothing is repeated;
        the REST service has the plan. Raises `SerialNumberUnknownError` until the heater has reported its device info,
        and `NotConnectedError` while disconnected.
        """
        feature = self._heaters.feature(device)
        if feature is None or not feature.serial_number:
            raise SerialNumberUnknownError
        content = {
            "controllerSerialNumber": feature.serial_number,
            "reservationUse": raw_switch(on=on),
            "reservation": [period.as_message() for period in periods],
        }

        def echoed(message: JsonMessage) -> tuple[TouPeriod, ...]:
            reply = block(message, "response") or message
            echo = tuple(TouPeriod.from_message(period) for period in objects(reply, "reservation"))
            if Counter(echo) != Counter(periods) or (reply.get("reservationUse") == ON) is not on:
                raise ResponseFormatError(lacking="plan that was written")
            return echo

        outcome, after = WriteOutcome.UNKNOWN, None
        async with self._tou_locks.of(device):
            try:
                after = await self._heaters.exchange(device, WRITE_TOU, echoed, content=content)
                outcome = WriteOutcome.WRITTEN
            except (MqttConnectionError, RequestTimeoutError) as error:
                _LOGGER.debug("A time-of-use plan was not echoed: %s", error)
        return ScheduleWrite(outcome=outcome, before=None, after=after, attempts=1)

    def _reservation_entry(self, device: Device) -> Record:
        return reservation_entry(*raw_limits(TemperatureUnit.FAHRENHEIT, self._heaters.feature(device)))
