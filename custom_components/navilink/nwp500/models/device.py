"""The devices of an account, as the REST service describes them (protocol.md 2.4 and 2.5).

What could identify or locate somebody stays out of every repr: MAC, numbers, location, people.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Self

from ..enums import ConnectionStatus, DeviceType, InstallType
from ..exceptions import InvalidParameterError, ResponseFormatError
from .account import PushSettings
from .conversions import KEY, LONG_TEXT, TEXT
from .members import NUMBER, WHOLE, Record, block, coded, inner, named, wire

_DEFAULT_NAME = "NWP500"

_CONNECTED = coded({ConnectionStatus.OFFLINE: False, ConnectionStatus.ONLINE: True})
_INSTALL_TYPE = named(InstallType)


def normalized_mac(mac_address: str) -> str:
    """Return a MAC as requests and topics carry it: lower case, without separators (protocol.md 2.4)."""
    return "".join(character for character in mac_address.lower() if character.isalnum())


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Location(Record):
    """Where a heater stands; latitude and longitude in degrees, altitude as the service has it."""

    state: str | None = wire("state", TEXT)
    city: str | None = wire("city", TEXT)
    address: str | None = wire("address", LONG_TEXT)
    latitude: float | None = wire("latitude", NUMBER)
    longitude: float | None = wire("longitude", NUMBER)
    altitude: float | None = wire("altitude", NUMBER)

    def as_message(self) -> dict[str, object]:
        """Write a `location` object without what is unknown, empty or zero, as the service wants it.

        Raises `InvalidParameterError` if neither state nor city nor address is set.
        """
        if not (self.state or self.city or self.address):
            raise InvalidParameterError(
                parameter="location", value=self, allowed="one with a state, a city or an address"
            )
        return {name: value for name, value in self.by_wire_name().items() if value}


_LOCATION = inner(Location)


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Installer(Record):
    """Who installed a device and is registered for it."""

    installer_id: str | None = wire("installerId", KEY)
    first_name: str | None = wire("installerFirstName", TEXT)
    last_name: str | None = wire("installerLastName", TEXT)
    phone_number: str | None = wire("installerPhoneNumber", TEXT)


@dataclass(frozen=True, slots=True, kw_only=True)
class Descaling(Record):
    """When a device was descaled last, as received; the format was never seen."""

    start: str | None = wire("descalingStartTime", TEXT)
    end: str | None = wire("descalingEndTime", TEXT)


@dataclass(frozen=True, slots=True, kw_only=True)
class Device:
    """One device of an account. MAC and additional value are its key in every request."""

    mac_address: str = field(repr=False)
    """12 lower-case hex digits without separators, however it was written when the device was made."""
    additional_value: str = field(repr=False)
    device_type: int = DeviceType.HEAT_PUMP_WATER_HEATER
    """Other numbers than 52 are other products."""
    home_seq: int | None = field(default=None, repr=False)
    name: str = field(default=_DEFAULT_NAME, repr=False)
    """The owner's label."""
    connected: bool | None = None
    """Whether the cloud has the device online."""
    install_type: InstallType | None = None
    error_code: int | None = None
    """The last fault known to the cloud, also while the device is offline: 0 none, None when it knows nothing."""
    error_time: str | None = None
    """When that fault occurred: ISO date and time as received, without a time zone."""
    location: Location | None = field(default=None, repr=False)
    descaling: Descaling = Descaling()
    installer_id: str | None = field(default=None, repr=False)
    """The registered installer."""
    model_type_code: int | None = None
    """None on the units seen: decide nothing by it."""

    def __post_init__(self) -> None:
        # The one place: from here on a MAC is compared and sent as it is.
        object.__setattr__(self, "mac_address", normalized_mac(self.mac_address))

    @property
    def key(self) -> dict[str, str]:
        """The members that name it in a request."""
        return {"macAddress": self.mac_address, "additionalValue": self.additional_value}

    @classmethod
    def from_message(cls, message: Mapping[str, object]) -> Self:
        """Read one entry of the device list; what is missing or unreadable is None.

        Raises `ResponseFormatError` if the entry does not identify its device (MAC, additional value) or its type.
        """
        info = block(message, "deviceInfo")
        error = block(message, "error")
        mac_address = normalized_mac(KEY.read(info.get("macAddress")) or "")
        additional_value = KEY.read(info.get("additionalValue"))
        device_type = WHOLE.read(info.get("deviceType"))
        if not mac_address or additional_value is None or device_type is None:
            raise ResponseFormatError(lacking="macAddress, additionalValue or deviceType")
        return cls(
            mac_address=mac_address,
            additional_value=additional_value,
            device_type=device_type,
            home_seq=WHOLE.read(info.get("homeSeq")),
            name=TEXT.read(info.get("deviceName")) or _DEFAULT_NAME,
            connected=_CONNECTED.read(info.get("connected")),
            install_type=_INSTALL_TYPE.read(info.get("installType")),
            error_code=WHOLE.read(error.get("errorCode")),
            error_time=TEXT.read(error.get("errorOccuredTime")),
            location=_LOCATION.read(message.get("location")),
            descaling=Descaling.from_message(block(message, "descaling")),
            installer_id=KEY.read(info.get("installerId")),
            model_type_code=WHOLE.read(info.get("modelTypeCode")),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class DeviceListing:
    """What one reading of the account's device list gave, in the service's order."""

    devices: tuple[Device, ...]
    is_complete: bool
    """Whether a device that is missing here is missing in the list: every row was readable, and the last page came."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DeviceInfo:
    """What the service reports about one device on request, without naming it."""

    name: str | None = field(repr=False)
    device_type: int | None
    home_seq: int | None = field(repr=False)
    connected: bool | None
    install_type: InstallType | None
    location: Location | None = field(repr=False)
    installer: Installer = field(repr=False)
    push_settings: PushSettings
    descaling: Descaling
    model_type_code: int | None
    """None on the units seen: decide nothing by it."""

    @classmethod
    def from_message(cls, message: Mapping[str, object]) -> Self:
        """Read the `data` of a device info reply; nothing in it is required."""
        info = block(message, "deviceInfo")
        return cls(
            name=TEXT.read(info.get("deviceName")),
            device_type=WHOLE.read(info.get("deviceType")),
            home_seq=WHOLE.read(info.get("homeSeq")),
            connected=_CONNECTED.read(info.get("connected")),
            install_type=_INSTALL_TYPE.read(info.get("installType")),
            location=_LOCATION.read(message.get("location")),
            installer=Installer.from_message(block(message, "installer")),
            push_settings=PushSettings.from_message(block(message, "alarmInfo")),
            descaling=Descaling.from_message(block(message, "descaling")),
            model_type_code=WHOLE.read(info.get("modelTypeCode")),
        )
