"""The REST service's calls about devices, and the way to all others (protocol.md 2.4 to 2.8).

Two are left out. The display preferences belong to another product and are always refused for this one;
a push token is the address of a phone's app, which no user of this client has, and a wrong one would do harm.
"""

from collections.abc import Mapping
from dataclasses import replace
from http import HTTPMethod
import logging

from .auth import NavienAuthClient
from .enums import DeviceType, InstallType
from .exceptions import InvalidParameterError, ResponseFormatError
from .models import (
    AppVersion,
    Device,
    DeviceInfo,
    DeviceListing,
    ErrorHistory,
    Firmware,
    FirmwareDetail,
    Location,
    PastError,
)
from .models.conversions import TEXT
from .models.members import WHOLE, block
from .protocol.topics import check_device
from .rest.account import AccountAPI, MaintenanceAPI
from .rest.calls import MAX_ROWS, PAGE_SIZE, Rows, SignedCalls, as_list, as_object
from .rest.tou import TouAPI

_LOGGER = logging.getLogger(__name__)

_ERROR_LIST = "/device/error/list"
_APP_VERSION = "/app/version"


class NavienAPIClient:
    """What the REST service does for one account.

    Every method raises `AuthenticationError` when the credentials are definitely refused, `ApiError` when the service
    answers with an error (`NotPermittedError` when the account is of the wrong type, `MaintenanceError` while the
    service is closed), `ApiConnectionError` when it cannot be reached, and `InvalidResponseError`, one of those, when
    its answer cannot be read.
    """

    def __init__(self, auth_client: NavienAuthClient) -> None:
        self._calls = SignedCalls(
            auth_client.rest, auth_client.email, auth_client.ensure_valid_token, auth_client.refresh_jwt
        )
        self.account = AccountAPI(self._calls)
        """The account itself, and what its owner is notified of."""
        self.maintenance = MaintenanceAPI(self._calls)
        """The log of filter cleaning and descaling."""
        self.tou = TouAPI(self._calls)
        """Time-of-use plans."""

    # --- Devices ------------------------------------------------------------------------------------------------------

    async def list_devices(self, *, device_type: int | None = DeviceType.HEAT_PUMP_WATER_HEATER) -> list[Device]:
        """Return the account's devices of one type, or of every type for None, in the service's order.

        An entry that does not identify its device is left out: it does not hide the others.
        """
        return list((await self.device_listing(device_type=device_type)).devices)

    async def device_listing(self, *, device_type: int | None = DeviceType.HEAT_PUMP_WATER_HEATER) -> DeviceListing:
        """Return the same, and whether a device that is not in it is known to have left the account."""
        rows = await self._calls.all_rows("/device/list", {"userId": self._calls.user_id})
        return _listing(rows, device_type)

    async def list_simple_devices(
        self, target_user_id: str | None = None, *, device_type: int | None = DeviceType.HEAT_PUMP_WATER_HEATER
    ) -> list[Device]:
        """Return devices with no more than key, type and name; an installer may ask for an owner's."""
        body = {"userId": self._calls.user_id, "targetUserId": target_user_id or self._calls.user_id}
        simple = await self._calls.all_rows("/device/simple-list", body)
        rows = replace(simple, rows=[{"deviceInfo": row} for row in simple.rows])
        return list(_listing(rows, device_type).devices)

    async def get_device_info(self, device: Device) -> DeviceInfo:
        """Return name, place, installer and notifications of one device."""
        return await self._calls.read(DeviceInfo, "/device/info", self._calls.device_key(device))

    async def change_device_info(
        self,
        device: Device,
        *,
        name: str | None = None,
        install_type: InstallType | None = None,
        location: Location | None = None,
    ) -> None:
        """Change the name of a device, where it stands, or both; what is not given stays as the device has it.

        Empty texts and coordinates of 0 cannot be set: the service wants them left out.

        Raises `InvalidParameterError` if the name is empty, or the location has neither state nor city nor address.
        """
        if name is not None and not name.strip():
            raise InvalidParameterError(parameter="name", value=name, allowed="a text that is not empty")
        info = {
            **device.key,
            "deviceType": device.device_type,
            "deviceName": name or device.name,
            "installType": install_type or device.install_type,
        }
        body = {
            "userId": self._calls.user_id,
            "deviceInfo": {member: value for member, value in info.items() if value is not None},
            "location": None if location is None else location.as_message(),
        }
        await self._calls.post("/device/change-info", body)

    async def get_error_history(self, device: Device) -> ErrorHistory:
        """Return the errors that a device had, in the service's order.

        Raises `NotPermittedError` for an owner's account, because the service answers installers only.
        """
        errors: dict[PastError, None] = {}
        time_zone = None
        continuous_key = None
        while len(errors) < MAX_ROWS:
            page, page_time_zone = await self._error_page(device, continuous_key)
            time_zone = time_zone or page_time_zone
            # Whether the row that the key names comes again is not known, so each is kept once.
            news = [error for error in page if error not in errors]
            errors |= dict.fromkeys(news)
            continuous_key = page[-1].occurred_raw if page else None
            if len(page) < PAGE_SIZE or not news or continuous_key is None:
                break
        return ErrorHistory(errors=tuple(errors), time_zone=time_zone)

    async def _error_page(self, device: Device, continuous_key: int | None) -> tuple[list[PastError], str | None]:
        body = {"installerId": self._calls.user_id, **device.key, "continuousKey": continuous_key, "count": PAGE_SIZE}
        data = await self._calls.post(_ERROR_LIST, body)
        if data is None:
            return [], None
        content = as_object(_ERROR_LIST, data)
        rows = content.get("errorInfo")
        entries = [] if rows is None else as_list(_ERROR_LIST, rows)
        # An entry that cannot be read is kept as one of which nothing is known: it is an error all the same.
        page = [PastError.from_message(entry if isinstance(entry, dict) else {}) for entry in entries]
        return page, TEXT.read(content.get("timeZone"))

    # --- Firmware and app ---------------------------------------------------------------------------------------------

    async def get_firmware_info(self, device: Device) -> list[Firmware]:
        """Return the software parts of one device, with the versions they run and those that wait."""
        body = self._calls.device_key(device)
        return await self._calls.read_list(Firmware, "/device/firmware/info", body, "firmwares")

    async def get_firmware_detail(self, software_code: int, version: int) -> FirmwareDetail:
        """Return what is known of one version, a raw number, of a software part."""
        body = {"swCode": software_code, "swVersion": version}
        return await self._calls.read(FirmwareDetail, "/firmware/info", body)

    async def get_app_version(self) -> AppVersion:
        """Return the versions of the vendor's app; needs no signing in.

        Raises `MaintenanceError` while the service is closed, with its notice, so this is the call to check that with.
        """
        data = await self._calls.rest.request(HTTPMethod.POST, _APP_VERSION, body={"os": "A"})
        return AppVersion.from_message(as_object(_APP_VERSION, data))


def _listing(found: Rows, device_type: int | None) -> DeviceListing:
    devices: dict[str, Device] = {}
    is_complete = found.is_complete
    for row in found.rows:
        entry = row if isinstance(row, dict) else {}
        listed_type = WHOLE.read(block(entry, "deviceInfo").get("deviceType"))
        if device_type is not None and listed_type not in (None, device_type):
            # Of another product, whatever else is odd about it.
            continue
        if (device := _device(entry)) is None:
            is_complete = False
        else:
            # The same device comes twice when the list grows between two pages.
            devices.setdefault(device.mac_address, device)
    return DeviceListing(devices=tuple(devices.values()), is_complete=is_complete)


def _device(entry: Mapping[str, object]) -> Device | None:
    try:
        device = Device.from_message(entry)
        check_device(device)
    except (ResponseFormatError, InvalidParameterError) as err:
        _LOGGER.debug("Ignoring an unreadable entry of the device list: %s", err)
        return None
    return device
