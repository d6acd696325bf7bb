"""What the REST service tells about the devices of an account (protocol.md 2.4 to 2.6)."""

from http import HTTPMethod, HTTPStatus
import logging

from .auth import NavienAuthClient
from .enums import DeviceType
from .exceptions import ApiError, ResponseFormatError, UnreadableAnswerError
from .models import Device, DeviceInfo, Firmware

_LOGGER = logging.getLogger(__name__)

_PAGE_SIZE = 20
_MOST_DEVICES = 1000
"""Where paging ends in any case: a service that ignored the offset would be asked for ever."""

_DEVICE_LIST = "/device/list"
_DEVICE_INFO = "/device/info"
_FIRMWARE_INFO = "/device/firmware/info"


class NavienAPIClient:
    """The signed-in calls of one account.

    Every method raises `AuthenticationError` when the credentials are definitely refused, `ApiError` when the service
    answers with an error, and `ApiConnectionError` when it cannot be reached or its answer cannot be read.
    """

    def __init__(self, auth_client: NavienAuthClient) -> None:
        self._auth_client = auth_client

    async def list_devices(self, *, device_type: int | None = DeviceType.HEAT_PUMP_WATER_HEATER) -> list[Device]:
        """Return the account's devices of one type, or of every type for None, in the service's order.

        An entry that does not say which device it is, is left out: one odd entry does not hide the others.
        """
        devices: dict[str, Device] = {}
        for offset in range(0, _MOST_DEVICES, _PAGE_SIZE):
            page = await self._device_page(offset)
            for entry in page:
                device = _device(entry)
                if device is not None and device_type in (None, device.device_type):
                    # The same device comes twice when the list grows between two pages.
                    devices.setdefault(device.mac_address, device)
            if len(page) < _PAGE_SIZE:
                break
        return list(devices.values())

    async def get_device_info(self, device: Device) -> DeviceInfo:
        """Return name, place and notifications of one device."""
        data = await self._request(_DEVICE_INFO, self._key(device))
        if not isinstance(data, dict):
            raise UnreadableAnswerError(_DEVICE_INFO, "success without an object")
        return DeviceInfo.from_message(data)

    async def get_firmware_info(self, device: Device) -> list[Firmware]:
        """Return the software parts of one device, with the versions they run and those that wait."""
        data = await self._request(_FIRMWARE_INFO, self._key(device))
        firmwares = data.get("firmwares") if isinstance(data, dict) else None
        if not isinstance(firmwares, list):
            raise UnreadableAnswerError(_FIRMWARE_INFO, "success without a list of firmwares")
        return [Firmware.from_message(firmware) for firmware in firmwares if isinstance(firmware, dict)]

    async def _device_page(self, offset: int) -> list[object]:
        body = {"userId": self._auth_client.email, "offset": offset, "count": _PAGE_SIZE}
        data = await self._request(_DEVICE_LIST, body)
        if data is None:
            return []
        if not isinstance(data, list):
            raise UnreadableAnswerError(_DEVICE_LIST, "success without a list")
        return data

    def _key(self, device: Device) -> dict[str, object]:
        return {
            "macAddress": device.mac_address,
            "additionalValue": device.additional_value,
            "userId": self._auth_client.email,
        }

    async def _request(self, path: str, body: dict[str, object]) -> object:
        """Make a signed-in call; after a 401, once more with a new JWT (protocol.md 2.1)."""
        rest = self._auth_client.rest
        tokens = await self._auth_client.ensure_valid_token()
        try:
            return await rest.request(HTTPMethod.POST, path, body=body, access_token=tokens.access_token)
        except ApiError as err:
            if err.code != HTTPStatus.UNAUTHORIZED:
                raise
            _LOGGER.debug("The access token was refused, refreshing it: %s", err)
        tokens = await self._auth_client.refresh_jwt(tokens)
        return await rest.request(HTTPMethod.POST, path, body=body, access_token=tokens.access_token)


def _device(entry: object) -> Device | None:
    try:
        return Device.from_message(entry if isinstance(entry, dict) else {})
    except ResponseFormatError as err:
        _LOGGER.debug("An entry of the device list cannot be read: %s", err)
        return None
