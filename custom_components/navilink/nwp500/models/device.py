"""The devices of an account, as the REST service describes them (protocol.md 2.4 and 2.5).

What could identify or locate somebody stays out of every repr: MAC, numbers, location, people.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Self, override

from ..enums import ConnectionStatus, DeviceType, InstallType
from ..exceptions import InvalidParameterError, ResponseFormatError
from .account import PushSettings
from .conversions import KEY, LONG_TEXT, TEXT
from .members import NUMBER, REQUIRED, WHOLE, Kind, Record, coded, inner, named, wire

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


_NAME = Kind(lambda value: TEXT.read(value) or None)
_MAC = Kind(lambda value: normalized_mac(KEY.read(value) or "") or None)
_LOCATION = inner(Location)
_DESCALING = inner(Descaling)


@dataclass(frozen=True, slots=True, kw_only=True)
class Device(Record):
    """One device of an account. MAC and additional value are its key in every request."""

    mac_address: str = wire("deviceInfo.macAddress", _MAC, default=REQUIRED, repr=False)
    """12 lower-case hex digits without separators, however it was written when the device was made."""
    additional_value: str = wire("deviceInfo.additionalValue", KEY, default=REQUIRED, repr=False)
    device_type: int = wire("deviceInfo.deviceType", WHOLE, default=DeviceType.HEAT_PUMP_WATER_HEATER)
    """Other numbers than 52 are other products."""
    home_seq: int | None = wire("deviceInfo.homeSeq", WHOLE, repr=False)
    name: str = wire("deviceInfo.deviceName", _NAME, default="NWP500", repr=False)
    """The owner's label."""
    connected: bool | None = wire("deviceInfo.connected", _CONNECTED)
    """Whether the cloud has the device online."""
    install_type: InstallType | None = wire("deviceInfo.installType", _INSTALL_TYPE)
    error_code: int | None = wire("error.errorCode", WHOLE)
    """The last fault known to the cloud, also while the device is offline: 0 none, None when it knows nothing."""
    error_time: str | None = wire("error.errorOccuredTime", TEXT)
    """When that fault occurred: ISO date and time as received, without a time zone."""
    location: Location | None = wire("location", _LOCATION, repr=False)
    descaling: Descaling = wire("descaling", _DESCALING, default=Descaling())
    installer_id: str | None = wire("deviceInfo.installerId", KEY, repr=False)
    """The registered installer."""
    model_type_code: int | None = wire("deviceInfo.modelTypeCode", WHOLE)
    """None on the units seen: decide nothing by it."""

    def __post_init__(self) -> None:
        # The one place: from here on a MAC is compared and sent as it is.
        object.__setattr__(self, "mac_address", normalized_mac(self.mac_address))

    @property
    def key(self) -> dict[str, str]:
        """The members that name it in a request."""
        return {"macAddress": self.mac_address, "additionalValue": self.additional_value}

    @classmethod
    @override
    def from_message(cls, message: Mapping[str, object]) -> Self:
        """Read one entry of the device list.

        Raises `ResponseFormatError` if the entry does not identify its device (MAC, additional value) or its type.
        """
        found = cls.readable(message)
        if not found.keys() >= {"mac_address", "additional_value", "device_type"}:
            raise ResponseFormatError(lacking="macAddress, additionalValue or deviceType")
        return cls(**found)


@dataclass(frozen=True, slots=True, kw_only=True)
class DeviceListing:
    """What one reading of the account's device list gave, in the service's order."""

    devices: tuple[Device, ...]
    is_complete: bool
    """Whether a device that is missing here is missing in the list: every row was readable, and the last page came."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DeviceInfo(Record):
    """What the service reports about one device on request, without naming it."""

    name: str | None = wire("deviceInfo.deviceName", TEXT, repr=False)
    device_type: int | None = wire("deviceInfo.deviceType", WHOLE)
    home_seq: int | None = wire("deviceInfo.homeSeq", WHOLE, repr=False)
    connected: bool | None = wire("deviceInfo.connected", _CONNECTED)
    install_type: InstallType | None = wire("deviceInfo.installType", _INSTALL_TYPE)
    location: Location | None = wire("location", _LOCATION, repr=False)
    installer: Installer = wire("installer", inner(Installer), default=Installer(), repr=False)
    push_settings: PushSettings = wire("alarmInfo", inner(PushSettings), default=PushSettings())
    descaling: Descaling = wire("descaling", _DESCALING, default=Descaling())
    model_type_code: int | None = wire("deviceInfo.modelTypeCode", WHOLE)
    """None on the units seen: decide nothing by it."""
