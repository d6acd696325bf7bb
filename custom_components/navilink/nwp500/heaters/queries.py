"""What can be asked of a heater, each request with a typed answer (protocol.md 5.3)."""

from collections.abc import Awaitable, Callable, Mapping, Sequence

from ..exceptions import InvalidParameterError, RequestTimeoutError
from ..json_types import JsonMessage
from ..models import (
    Device,
    DeviceFeature,
    Diagnostics,
    EnergyUsage,
    FirmwareDownload,
    RecirculationSchedule,
    ReservationSchedule,
)
from ..models.firmware import firmware_downloads
from ..protocol import queries
from ..protocol.queries import Query, Request
from .inbox import Inbox
from .requests import HeaterRequests

REPLY_SECONDS = 10.0
"""A reply takes 2 to 4 s, the first after connecting up to 8 s (protocol.md 4.4)."""


class HeaterQueries:
    """Requests to a heater, made now, around the queue, and each answered by the heater itself.

    Every method raises `NotConnectedError` while disconnected, `MqttConnectionError` when the connection is lost
    meanwhile, `RequestTimeoutError` when the heater gives no answer that makes sense in time, `InvalidParameterError`
    for a wrong value, `UnsupportedCommandError` when the heater reports that it lacks what is asked for, and
    `MqttSubscribeError` when no subscription is left for the topic of the reply.
    """

    def __init__(self, requests: HeaterRequests, inbox: Inbox, subscribe: Callable[[Device], Awaitable[None]]) -> None:
        self._requests = requests
        self._inbox = inbox
        self._subscribe = subscribe

    async def exchange[T](
        self,
        device: Device,
        request: Request,
        read: Callable[[JsonMessage], T],
        *,
        content: Mapping[str, object] | None = None,
        timeout: float = REPLY_SECONDS,  # noqa: ASYNC109 - as in `request`
    ) -> T:
        """Send a request and return what `read` makes of its reply, the first that it does not refuse.

        `read` refuses a message with `ResponseFormatError`. Schedules are better changed through `Schedules`, which
        read before they write.
        """
        checked = request.checked(content or {}, self._inbox.record(device).feature)
        # Waited for, because a quick reply would come before the second of the subscriptions is made.
        await self._subscribe(device)
        return await self._requests.request(request, device, checked, read, timeout)

    def feature(self, device: Device) -> DeviceFeature | None:
        """Return what a heater last reported to have."""
        return self._inbox.record(device).feature

    async def request(
        self,
        device: Device,
        query: Query,
        timeout: float = REPLY_SECONDS,  # noqa: ASYNC109 - the name in the public contract
        *,
        content: Mapping[str, object] | None = None,
    ) -> JsonMessage:
        """Ask any query of the table `queries`, with its own members as `content`; return the whole reply."""
        return await self.exchange(device, query, lambda message: message, content=content, timeout=timeout)

    async def request_reservations(self, device: Device) -> ReservationSchedule:
        """Ask for the weekly schedule."""
        return await self.exchange(device, queries.RESERVATIONS, ReservationSchedule.from_message)

    async def request_recirculation_schedule(self, device: Device) -> RecirculationSchedule:
        """Ask for the recirculation schedule."""
        return await self.exchange(device, queries.RECIRCULATION_SCHEDULE, RecirculationSchedule.from_message)

    async def request_energy_daily(self, device: Device, year: int, months: Sequence[int]) -> EnergyUsage:
        """Ask for the energy used on each day of some months of a year."""
        return await self._energy(device, queries.ENERGY_DAILY, year=year, month=months)

    async def request_energy_monthly(self, device: Device, years: Sequence[int]) -> EnergyUsage:
        """Ask for the energy used in each month of some years."""
        return await self._energy(device, queries.ENERGY_MONTHLY, year=years)

    async def request_energy_hourly(
        self, device: Device, year: int, month: int, days: Sequence[int]
    ) -> EnergyUsage | None:
        """Ask for the energy used in each hour of some days; None without an answer, as from the heater seen so far."""
        try:
            return await self._energy(device, queries.ENERGY_HOURLY, year=year, month=month, day=days)
        except RequestTimeoutError:
            return None

    async def request_diagnostics(self, device: Device) -> Diagnostics:
        """Ask for the counters for the installer."""
        return await self.exchange(device, queries.DIAGNOSTICS, Diagnostics.from_message)

    async def request_firmware_download(self, device: Device) -> tuple[FirmwareDownload, ...]:
        """Ask for the firmware that is downloaded and not installed; empty when there is none."""
        return await self.exchange(device, queries.FIRMWARE_DOWNLOAD, firmware_downloads)

    async def install_firmware(self, device: Device, download: FirmwareDownload) -> JsonMessage:
        """Install a firmware that the heater itself reports to have downloaded, for controller, panel or Wi-Fi module.

        Nobody has been seen to do this, so its reply, returned whole, is not known, nor whether there is one.
        """
        if download not in await self.request_firmware_download(device):
            raise InvalidParameterError("download", download, "a firmware that the heater has downloaded")
        content = {"commitOta": {"swCode": download.part_raw, "swVersion": download.version_raw}}
        return await self.exchange(device, queries.COMMIT_FIRMWARE, lambda message: message, content=content)

    async def _energy(self, device: Device, query: Query, **content: int | Sequence[int]) -> EnergyUsage:
        return await self.exchange(device, query, EnergyUsage.from_message, content=content)
