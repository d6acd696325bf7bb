"""The schedules of the heaters, to be changed by whoever holds the client (protocol.md 7)."""

import asyncio
from collections import Counter, defaultdict
from collections.abc import Sequence
import logging

from ..enums import TemperatureUnit
from ..exceptions import MqttConnectionError, RequestTimeoutError, ResponseFormatError, SerialNumberUnknownError
from ..json_types import JsonMessage
from ..models import Device, RecirculationSchedule, ReservationSchedule, TouPeriod
from ..models.members import check_switch, objects, reply_members
from ..models.schedule import OFF, ON
from ..protocol import queries
from ..protocol.fields import Record
from ..protocol.setpoint import raw_limits
from .queries import HeaterQueries
from .schedule_editor import ScheduleEditor, ScheduleWrite, WriteOutcome

_LOGGER = logging.getLogger(__name__)

type TouWrite = ScheduleWrite[tuple[TouPeriod, ...]]


class Schedules:
    """Changes the weekly schedule, the recirculation schedule and the time-of-use plan of a heater.

    Schedule writes never enter the command queue: a list that was read before an outage is stale after it, and would
    wipe what was changed meanwhile. They need a connection, now. The edits of one heater go one after another. The
    methods for the two weekly lists are those of `ScheduleEditor`; of the recirculation schedule, 20 entries have room.

    Every method but `write_tou` reads the heater's list first and raises `ScheduleReadError` when that fails. All raise
    `InvalidParameterError` for an entry outside the ranges of protocol.md 7, and `UnsupportedCommandError` when the
    heater reports that it lacks what is to be set. After an error nothing was written; what became of a write is
    returned.
    """

    def __init__(self, heaters: HeaterQueries) -> None:
        self._heaters = heaters
        weekly = ScheduleEditor(
            heaters,
            read=heaters.request_reservations,
            decode=ReservationSchedule.from_message,
            write=queries.WRITE_RESERVATIONS,
            entry=self._reservation_entry,
        )
        self.put_reservation, self.remove_reservation = weekly.put, weekly.remove
        self.replace_reservations, self.clear_reservations = weekly.replace, weekly.clear
        self.set_reservation_use, self.edit_reservations = weekly.set_use, weekly.edit
        recirculation = ScheduleEditor(
            heaters,
            read=heaters.request_recirculation_schedule,
            decode=RecirculationSchedule.from_message,
            write=queries.WRITE_RECIRCULATION_SCHEDULE,
            entry=lambda _: queries.RECIRCULATION_ENTRY,
        )
        self.put_recirculation, self.remove_recirculation = recirculation.put, recirculation.remove
        self.replace_recirculation, self.clear_recirculation = recirculation.replace, recirculation.clear
        self.set_recirculation_use, self.edit_recirculation = recirculation.set_use, recirculation.edit
        self._tou_locks: defaultdict[str, asyncio.Lock] = defaultdict(asyncio.Lock)

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
            "reservationUse": ON if check_switch(on) else OFF,
            "reservation": [period.as_message() for period in periods],
        }

        def echoed(message: JsonMessage) -> tuple[TouPeriod, ...]:
            reply = reply_members(message)
            echo = tuple(TouPeriod.from_message(period) for period in objects(reply, "reservation"))
            if Counter(echo) != Counter(periods) or (reply.get("reservationUse") == ON) is not on:
                raise ResponseFormatError(lacking="plan that was written")
            return echo

        outcome, after = WriteOutcome.UNKNOWN, None
        async with self._tou_locks[device.mac_address]:
            try:
                after = await self._heaters.exchange(device, queries.WRITE_TOU, echoed, content=content)
                outcome = WriteOutcome.WRITTEN
            except (MqttConnectionError, RequestTimeoutError) as error:
                _LOGGER.debug("A time-of-use plan was not echoed: %s", error)
        return ScheduleWrite(outcome=outcome, before=None, after=after, attempts=1)

    def _reservation_entry(self, device: Device) -> Record:
        return queries.reservation_entry(*raw_limits(TemperatureUnit.FAHRENHEIT, self._heaters.feature(device)))
