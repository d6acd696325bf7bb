"""The firmware of a device, as the REST service describes it (protocol.md 2.6)."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Self

from .members import TEXT, VERSION, WHOLE


@dataclass(frozen=True, slots=True, kw_only=True)
class Firmware:
    """One software part of a device and its versions, written as 11.5.0.0."""

    mac_address: str | None = field(repr=False)
    additional_value: str | None = field(repr=False)
    device_type: int | None
    software_code: int | None
    """Which part and product it is for: 33556241 the controller, 268435985 the Wi-Fi module."""
    current_version: str | None
    downloaded_version: str | None
    """None when nothing is waiting to be installed."""

    @classmethod
    def from_message(cls, firmware: Mapping[str, object]) -> Self:
        """Read one entry of the `firmwares` of a reply; nothing in it is required."""
        return cls(
            mac_address=TEXT.read(firmware.get("macAddress")),
            additional_value=TEXT.read(firmware.get("additionalValue")),
            device_type=WHOLE.read(firmware.get("deviceType")),
            software_code=WHOLE.read(firmware.get("curSwCode")),
            current_version=VERSION.read(firmware.get("curVersion")),
            downloaded_version=VERSION.read(firmware.get("downloadedVersion")),
        )
