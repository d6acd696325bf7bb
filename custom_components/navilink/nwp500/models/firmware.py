"""The firmware of a device, as the REST service describes it (protocol.md 2.6)."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from ..enums import FirmwarePart
from ..exceptions import ResponseFormatError
from .conversions import EPOCH_MILLISECONDS, KEY, LONG_TEXT, VERSION, WHOLE_OR_ZERO
from .members import WHOLE, Member, Message, Record, inner, objects, one_of, reply_members, wire


@dataclass(frozen=True, slots=True, kw_only=True)
class DeviceGroup(Record):
    """The group of units that a device works in."""

    group_seq: int | None = wire("groupSeq", WHOLE)
    unit_number: int | None = wire("unitNum", WHOLE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Firmware(Record):
    """One software part of a device and its versions."""

    mac_address: str | None = wire("macAddress", KEY, repr=False)
    additional_value: str | None = wire("additionalValue", KEY, repr=False)
    device_type: int | None = wire("deviceType", WHOLE)
    software_code: int | None = wire("curSwCode", WHOLE)
    """Which part and product it is for: 33556241 the controller, 268435985 the Wi-Fi module."""
    current_version_raw: int | None = wire("curVersion", WHOLE)
    downloaded_version_raw: int | None = wire("downloadedVersion", WHOLE)
    device_group: DeviceGroup | None = wire("deviceGroup", inner(DeviceGroup))
    """None for a unit by itself."""
    device_group_unit_number: int | None = wire("deviceGroupUnitNo", WHOLE)

    @property
    def current_version(self) -> str | None:
        """The version that runs, written as 11.5.0.0."""
        return VERSION.read(self.current_version_raw)

    @property
    def downloaded_version(self) -> str | None:
        """The version that waits to be installed, None when none does."""
        return VERSION.read(self.downloaded_version_raw)


@dataclass(frozen=True, slots=True, kw_only=True)
class FirmwareDetail(Record):
    """What the service reports about one version of a software part; numbers that it leaves open are 0."""

    software_code: int | None = wire("swCode", WHOLE_OR_ZERO)
    version_raw: int | None = wire("swVersion", WHOLE_OR_ZERO)
    description: str | None = wire("description", LONG_TEXT)
    model_number: int | None = wire("modelNumber", WHOLE_OR_ZERO)
    model_type: int | None = wire("modelType", WHOLE_OR_ZERO)
    product_family: int | None = wire("productFamily", WHOLE_OR_ZERO)
    registered_raw: int | None = wire("registerAt", WHOLE_OR_ZERO)
    """When the version was published, in milliseconds since 1970."""
    run_time_minutes: int | None = wire("runTime", WHOLE_OR_ZERO)
    """How long the update takes, estimated."""

    @property
    def version(self) -> str | None:
        """The version, written as 11.5.0.0."""
        return VERSION.read(self.version_raw)

    @property
    def registered_at(self) -> datetime | None:
        """When the version was published, in UTC."""
        return EPOCH_MILLISECONDS.read(self.registered_raw) if self.registered_raw else None


class FirmwareDownload(Message):
    """One download."""

    __slots__ = ()

    part = Member("swCode", one_of(FirmwarePart), "The part that it is for")
    part_raw = part.in_raw()
    ota_mode = Member("otaMode", WHOLE, "How it is installed; numbers unknown")
    version = Member("swVersion", VERSION, "Its version")
    version_raw = version.in_raw()
    status = Member("status", WHOLE, "How far it is; numbers unknown")


def firmware_downloads(message: Mapping[str, object]) -> tuple[FirmwareDownload, ...]:
    """Decode a whole reply as it came off the wire; empty when nothing waits, for which the wire has an entry of zeros.

    Raises `ResponseFormatError` if the message has no list.
    """
    reply = reply_members(message)
    if not isinstance(reply.get("downloadSwInfo"), list):
        raise ResponseFormatError(lacking="downloadSwInfo")
    downloads = (FirmwareDownload(download) for download in objects(reply, "downloadSwInfo"))
    return tuple(download for download in downloads if any(download.raw.values()))
