"""The time-of-use plans of an account's heaters: the service keeps them, and they are read from it and written back.

A heater repeats a plan that is written to it, and the service reports the plan that counts. Both are asked, because a
write can be lost.
"""

import asyncio
from collections import Counter, defaultdict
from collections.abc import Awaitable, Callable, Mapping, Sequence

from homeassistant.util import dt as dt_util

from ..const import LOGGER
from ..nwp500 import (
    Device,
    NavienAPIClient,
    NavienError,
    NavienMqttClient,
    ScheduleWrite,
    WriteOutcome,
    exceptions,
    models,
)
from .kept_lists import ReadSchedule

# Seconds before each look at the plan after a write.
LOOK_PAUSES = (0.0, 2.0, 3.0)

type Plan = models.RegisteredPlan | None
"""The plan of a heater, None for a heater without one."""


class TouPlans:
    """Reads, keeps and changes the plans, by the MAC address of their heater."""

    def __init__(self, client: NavienMqttClient, api_client: NavienAPIClient) -> None:
        """Take the clients of the account."""
        self._client = client
        self._tou = api_client.tou
        self._kept: dict[str, ReadSchedule[Plan]] = {}
        self._locks: defaultdict[str, asyncio.Lock] = defaultdict(asyncio.Lock)

    def get(self, mac_address: str) -> ReadSchedule[Plan] | None:
        """Return the plan of a heater as it was last read."""
        return self._kept.get(mac_address)

    def forget(self, mac_address: str) -> None:
        """Forget a heater."""
        self._kept.pop(mac_address, None)
        self._locks.pop(mac_address, None)

    async def async_read(self, device: Device) -> ReadSchedule[Plan]:
        """Ask the service for the plan of a heater; raises `NavienError`."""
        try:
            plan = await self._tou.read(device, self._serial_number(device))
        except exceptions.NotFoundError:
            plan = None
        if plan is not None and not plan.plan.periods:
            plan = None
        read = self._kept[device.mac_address] = ReadSchedule(plan, dt_util.utcnow())
        return read

    async def async_convert(self, rate: Mapping[str, object]) -> models.TouPlan | None:
        """Have the service make a plan of a utility's rate; None when it finds no periods in it."""
        plans = await self._tou.convert([rate])
        return next((plan for plan in plans if plan.periods), None)

    async def async_write_periods(
        self, device: Device, periods: Sequence[models.TouPeriod], *, on: bool
    ) -> ScheduleWrite[Plan]:
        """Replace the plan of a heater by these periods, now or not at all, and switch time of use on or off."""

        async def send() -> bool:
            write = await self._client.schedules.write_tou(device, periods, on=on)
            return write.outcome is WriteOutcome.WRITTEN

        return await self._async_write(device, periods, send, on=on)

    async def async_write_rate(
        self, device: Device, plan: models.TouPlan, rate: Mapping[str, object]
    ) -> ScheduleWrite[Plan]:
        """Replace the plan of a heater by one that the service has made of a rate; that switches time of use on."""

        async def send() -> bool:
            return _is_same(await self._tou.write(device, plan, rate), plan.periods)

        return await self._async_write(device, plan.periods, send, on=True)

    async def async_delete(self, device: Device) -> ScheduleWrite[Plan]:
        """Delete the plan of a heater."""

        async def send() -> bool:
            kept = self._kept[device.mac_address].schedule
            path = None if kept is None else kept.register_path
            await self._tou.delete(
                device,
                register_path=path or models.RegisterPath.WIFI,
                controller_id=self._serial_number(device),
            )
            return True

        return await self._async_write(device, (), send, on=None)

    async def _async_write(
        self,
        device: Device,
        wanted: Sequence[models.TouPeriod],
        send: Callable[[], Awaitable[bool]],
        *,
        on: bool | None,
    ) -> ScheduleWrite[Plan]:
        """Send a plan unless the heater has it, and look what became of it; `send` returns whether it was repeated."""
        async with self._locks[device.mac_address]:
            before = (await self.async_read(device)).schedule
            if _is_same(before, wanted) and (on is None or self._is_on(device) is on):
                return ScheduleWrite(outcome=WriteOutcome.ALREADY_SO, before=before, after=before, attempts=0)
            is_repeated = await send()
            try:
                after = await self._async_look(device, wanted)
            except NavienError as err:
                LOGGER.debug("A time-of-use plan could not be read back: %s", err)
                self._kept.pop(device.mac_address, None)
                return ScheduleWrite(outcome=WriteOutcome.UNKNOWN, before=before, after=None, attempts=1)
        # Where only the switch was to change, the service's plan shows nothing.
        is_proved = is_repeated or not _is_same(before, wanted)
        if _is_same(after, wanted):
            outcome = WriteOutcome.WRITTEN if is_proved else WriteOutcome.UNKNOWN
        else:
            outcome = WriteOutcome.LOST if _is_same(after, _periods(before)) else WriteOutcome.CONFLICT
        return ScheduleWrite(outcome=outcome, before=before, after=after, attempts=1)

    async def _async_look(self, device: Device, wanted: Sequence[models.TouPeriod]) -> Plan:
        """Read until the plan is the wanted one, or for long enough."""
        after: Plan = None
        for pause in LOOK_PAUSES:
            await asyncio.sleep(pause)
            after = (await self.async_read(device)).schedule
            if _is_same(after, wanted):
                break
        return after

    def _is_on(self, device: Device) -> bool | None:
        status = self._client.status(device)
        return None if status is None else status.tou_enabled

    def _serial_number(self, device: Device) -> str:
        feature = self._client.feature(device)
        if feature is None or not feature.serial_number:
            raise exceptions.SerialNumberUnknownError
        return feature.serial_number


def _periods(plan: Plan | models.TouPlan) -> Sequence[models.TouPeriod]:
    match plan:
        case models.RegisteredPlan():
            return plan.plan.periods
        case models.TouPlan():
            return plan.periods
        case None:
            return ()


def _is_same(plan: Plan | models.TouPlan, periods: Sequence[models.TouPeriod]) -> bool:
    """Return whether a plan has exactly these periods, in any order."""
    return Counter(_periods(plan)) == Counter(periods)
