"""The account, and what its owner is notified of (protocol.md 2.8)."""

from datetime import date

from ..models import Device, MaintenanceEntry, MaintenanceKind, PushSettings, UserInfo
from .calls import SignedCalls, records


class AccountAPI:
    """The account's calls; they raise as those of `NavienAPIClient` do."""

    def __init__(self, calls: SignedCalls) -> None:
        self._calls = calls

    async def get_user_info(self) -> UserInfo:
        """Return who the account belongs to."""
        return await self._calls.read(UserInfo, "/user/info", {"userId": self._calls.user_id})

    async def get_push_settings(self, device: Device) -> PushSettings:
        """Return what the account is notified of about a device."""
        return await self._calls.read(PushSettings, "/user/get-push-settings", self._calls.device_key(device))

    async def set_push_settings(self, device: Device, settings: PushSettings) -> None:
        """Set what the account is notified of about a device.

        The service wants every flag that the account has: take the settings as they are and replace what changes. The
        flags that are None are left out; raises `InvalidParameterError` if all are.
        """
        body = {**self._calls.device_key(device), **settings.as_message()}
        await self._calls.post("/user/set-push-settings", body)


class MaintenanceAPI:
    """The log's calls; they raise as those of `NavienAPIClient` do.

    It is a log in the cloud and nothing else: writing to it does not reset the heater's own filter timer.
    """

    def __init__(self, calls: SignedCalls) -> None:
        self._calls = calls

    async def write(self, device: Device, kind: MaintenanceKind, day: date) -> None:
        """Write down that maintenance was done on a day."""
        # Without leading zeros, as the service writes it: 2026-3-7.
        details = {"deviceType": device.device_type, "maintenanceDate": f"{day.year}-{day.month}-{day.day}"}
        await self._calls.post(f"/device/{kind}/change-info", {**self._calls.device_key(device), **details})

    async def read(self, device: Device, kind: MaintenanceKind) -> list[MaintenanceEntry]:
        """Return what was written down, the newest first."""
        path = f"/device/{kind}/history"
        log = await self._calls.all_rows(path, self._calls.device_key(device), may_be_null=True)
        return records(MaintenanceEntry, log.rows)
