"""Firmware that the heater has downloaded and not installed yet (protocol.md 10.3)."""

from collections.abc import Mapping
from dataclasses import dataclass

from ..enums import FirmwarePart
from ..exceptions import ResponseFormatError
from .members import VERSION, WHOLE, Member, Message, block, objects, one_of


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

    Raises:
        ResponseFormatError: the message has no list.

    """
    reply = block(message, "response") or message
    if not isinstance(reply.get("downloadSwInfo"), list):
        raise ResponseFormatError(lacking="downloadSwInfo")
    downloads = (FirmwareDownload(download) for download in objects(reply, "downloadSwInfo"))
    return tuple(download for download in downloads if any(download.raw.values()))
