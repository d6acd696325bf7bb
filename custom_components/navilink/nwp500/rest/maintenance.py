"""The log of filter cleaning and descaling (protocol.md 2.8)."""

from datetime import date

from ..models import Device, MaintenanceEntry, MaintenanceKind
from ..models.dates import date_text
from .calls import SignedCalls


class MaintenanceAPI:
    """The log's calls; they raise as those of `NavienAPIClient` do.

    It is a log in the cloud and nothing else: writing to it does not reset the heater's own filter timer.
    """

    def __init__(self, calls: SignedCalls) -> None:
        self._calls = calls

    async def write(self, device: Device, kind: MaintenanceKind, day: date) -> None:
        """Write down that maintenance was done on a day."""
        details: dict[str, object] = {"deviceType": device.device_type, "maintenanceDate": date_text(day)}
        await self._calls.post(f"/device/{kind}/change-info", self._calls.device_key(device) | details)

    async def read(self, device: Device, kind: MaintenanceKind) -> list[MaintenanceEntry]:
        """Return what was written down, the newest first."""
        path = f"/device/{kind}/history"
        log = await self._calls.all_rows(path, self._calls.device_key(device), may_be_null=True)
        return [MaintenanceEntry.from_message(row) for row in log.rows if isinstance(row, dict)]
