"""The devices of an account, as the REST service describes them (protocol.md 2.4 and 2.5).

What could tell who or where somebody is stays out of every repr: MAC, numbers, location, people.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Self

from .. import encoding
from ..enums import ConnectionStatus, DeviceType, InstallType
from ..exceptions import ResponseFormatError
from .members import NUMBER, TEXT, WHOLE, Kind, block, named, numeric

_DEFAULT_NAME = "NWP500"

_CONNECTIONS: dict[float, bool] = {ConnectionStatus.OFFLINE: False, ConnectionStatus.ONLINE: True}
_CONNECTED: Kind[bool] = numeric(_CONNECTIONS.get)
_INSTALL_TYPE = named(InstallType)
_ALARM = numeric(encoding.push_flag)


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Location:
    """Where a heater stands; latitude and longitude in degrees, altitude as the service has it."""

    state: str | None = None
    city: str | None = None
    address: str | None = None
    latitude: float | None = None
    longitude: float | None = None
    altitude: float | None = None

    @classmethod
    def from_message(cls, location: Mapping[str, object]) -> Self:
        """Read a `location` object."""
        return cls(
            state=TEXT.read(location.get("state")),
            city=TEXT.read(location.get("city")),
            address=TEXT.read(location.get("address")),
            latitude=NUMBER.read(location.get("latitude")),
            longitude=NUMBER.read(location.get("longitude")),
            altitude=NUMBER.read(location.get("altitude")),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Device:
    """One device of an account. MAC and additional value are its key in every request."""

    mac_address: str = field(repr=False)
    """12 lower-case hex digits without separators."""
    additional_value: str = field(repr=False)
    device_type: int = DeviceType.HEAT_PUMP_WATER_HEATER
    """Other numbers than 52 are other products."""
    home_seq: int | None = field(default=None, repr=False)
    name: str = field(default=_DEFAULT_NAME, repr=False)
    """The owner's label."""
    connected: bool | None = None
    """Whether the cloud has the device on line."""
    install_type: InstallType | None = None
    error_code: int | None = None
    """The last fault known to the cloud, also while the device is off line: 0 none, None when it knows nothing."""
    error_time: str | None = None
    """When that fault occurred: ISO date and time as received, without a time zone."""
    location: Location | None = field(default=None, repr=False)

    @classmethod
    def from_message(cls, message: Mapping[str, object]) -> Self:
        """Read one entry of the device list; what it does not tell, or tells in an odd way, is None.

        Raises:
            ResponseFormatError: the entry does not say which device it is (MAC, additional value) or of what type.

        """
        info = block(message, "deviceInfo")
        error = block(message, "error")
        mac_address = TEXT.read(info.get("macAddress"))
        additional_value = TEXT.read(info.get("additionalValue"))
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
            location=_location_in(message),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class DeviceInfo:
    """What the service tells about one device on request; it does not say which: whoever asked knows."""

    name: str | None = field(repr=False)
    device_type: int | None
    home_seq: int | None = field(repr=False)
    connected: bool | None
    install_type: InstallType | None
    location: Location | None = field(repr=False)
    error_alarm: bool | None
    """Whether the owner is notified of errors."""
    descaling_alarm: bool | None
    """Whether the owner is notified of descaling; members of an account are not told."""
    other_alarm: bool | None
    """Whether the owner is notified of anything else."""
    descaling_start: str | None
    descaling_end: str | None

    @classmethod
    def from_message(cls, message: Mapping[str, object]) -> Self:
        """Read the `data` of a device info reply; nothing in it is required."""
        info = block(message, "deviceInfo")
        alarms = block(message, "alarmInfo")
        descaling = block(message, "descaling")
        return cls(
            name=TEXT.read(info.get("deviceName")),
            device_type=WHOLE.read(info.get("deviceType")),
            home_seq=WHOLE.read(info.get("homeSeq")),
            connected=_CONNECTED.read(info.get("connected")),
            install_type=_INSTALL_TYPE.read(info.get("installType")),
            location=_location_in(message),
            error_alarm=_ALARM.read(alarms.get("isErrorAlarm")),
            descaling_alarm=_ALARM.read(alarms.get("isDescalingAlarm")),
            other_alarm=_ALARM.read(alarms.get("isEtcAlarm")),
            descaling_start=TEXT.read(descaling.get("descalingStartTime")),
            descaling_end=TEXT.read(descaling.get("descalingEndTime")),
        )


def _location_in(message: Mapping[str, object]) -> Location | None:
    location = block(message, "location")
    return Location.from_message(location) if location else None
