"""The firmware of a device, as the REST service describes it (protocol.md 2.6)."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Self

from ..enums import FirmwarePart
from ..exceptions import ResponseFormatError
from .members import EPOCH_MILLISECONDS, KEY, LONG_TEXT, VERSION, WHOLE, Member, Message, block, objects, one_of


@dataclass(frozen=True, slots=True, kw_only=True)
class DeviceGroup:
    """The group of units that a device works in."""

    group_seq: int | None
    unit_number: int | None

    @classmethod
    def from_message(cls, group: Mapping[str, object]) -> Self:
        """Read a `deviceGroup` object; nothing in it is required."""
        return cls(group_seq=WHOLE.read(group.get("groupSeq")), unit_number=WHOLE.read(group.get("unitNum")))


@dataclass(frozen=True, slots=True, kw_only=True)
class Firmware:
    """One software part of a device and its versions."""

    mac_address: str | None = field(repr=False)
    additional_value: str | None = field(repr=False)
    device_type: int | None
    software_code: int | None
    """Which part and product it is for: 33556241 the controller, 268435985 the Wi-Fi module."""
    current_version_raw: int | None
    downloaded_version_raw: int | None
    device_group: DeviceGroup | None = None
    """None for a unit by itself."""
    device_group_unit_number: int | None = None

    @property
    def current_version(self) -> str | None:
        """The version that runs, written as 11.5.0.0."""
        return VERSION.read(self.current_version_raw)

    @property
    def downloaded_version(self) -> str | None:
        """The version that waits to be installed, None when none does."""
        return VERSION.read(self.downloaded_version_raw)

    @classmethod
    def from_message(cls, firmware: Mapping[str, object]) -> Self:
        """Read one entry of the `firmwares` of a reply; nothing in it is required."""
        group = block(firmware, "deviceGroup")
        return cls(
            mac_address=KEY.read(firmware.get("macAddress")),
            additional_value=KEY.read(firmware.get("additionalValue")),
            device_type=WHOLE.read(firmware.get("deviceType")),
            software_code=WHOLE.read(firmware.get("curSwCode")),
            current_version_raw=WHOLE.read(firmware.get("curVersion")),
            downloaded_version_raw=WHOLE.read(firmware.get("downloadedVersion")),
            device_group=DeviceGroup.from_message(group) if group else None,
            device_group_unit_number=WHOLE.read(firmware.get("deviceGroupUnitNo")),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class FirmwareDetail:
    """What the service reports about one version of a software part; numbers that it leaves open are 0."""

    software_code: int | None
    version_raw: int | None
    description: str | None
    model_number: int | None
    model_type: int | None
    product_family: int | None
    registered_raw: int | None
    """When the version was published, in milliseconds since 1970."""
    run_time_minutes: int | None
    """How long the update takes, estimated."""

    @property
    def version(self) -> str | None:
        """The version, written as 11.5.0.0."""
        return VERSION.read(self.version_raw)

    @property
    def registered_at(self) -> datetime | None:
        """When the version was published, in UTC."""
        return EPOCH_MILLISECONDS.read(self.registered_raw) if self.registered_raw else None

    @classmethod
    def from_message(cls, detail: Mapping[str, object]) -> Self:
        """Read the `data` of a reply; nothing in it is required."""
        return cls(
            software_code=_number_or_zero(detail, "swCode"),
            version_raw=_number_or_zero(detail, "swVersion"),
            description=LONG_TEXT.read(detail.get("description")),
            model_number=_number_or_zero(detail, "modelNumber"),
            model_type=_number_or_zero(detail, "modelType"),
            product_family=_number_or_zero(detail, "productFamily"),
            registered_raw=_number_or_zero(detail, "registerAt"),
            run_time_minutes=_number_or_zero(detail, "runTime"),
        )


def _number_or_zero(detail: Mapping[str, object], name: str) -> int | None:
    value = detail.get(name)
    return 0 if value is None else WHOLE.read(value)


@dataclass(frozen=True, slots=True, repr=False)
class FirmwareDownload(Message):
    """One download."""

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
    reply = block(message, "response") or message
    if not isinstance(reply.get("downloadSwInfo"), list):
        raise ResponseFormatError(lacking="downloadSwInfo")
    downloads = (FirmwareDownload(download) for download in objects(reply, "downloadSwInfo"))
    return tuple(download for download in downloads if any(download.raw.values()))
