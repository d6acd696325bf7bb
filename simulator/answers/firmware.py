"""What a heater answers about firmware that it has fetched, and how it installs it (protocol.md 5.3, 10.3, 11.9)."""

from collections.abc import Mapping

from ..heater.heater import Heater
from ..heater.records import FirmwareDownload
from ..heater.requests import Request, RequestError
from .replies import Reply, own_reply, reply

PARTS: Mapping[int, str] = {1: "controller", 2: "panel", 4: "wifi"}
"""By the number of the part: the beginning of its members' names in device info."""

_FETCHED = 1  # plausible: no values of `otaMode` and `status` are known but those of nothing


def send_download(heater: Heater, request: Request) -> tuple[Reply, ...]:
    """Give what waits to be installed, always on the heater's own topic."""
    download = heater.firmware_download
    entry = {"swCode": 0, "otaMode": 0, "swVersion": 0, "status": 0}
    if download is not None:
        entry = {"swCode": download.part, "otaMode": _FETCHED, "swVersion": download.version, "status": _FETCHED}
    return (own_reply(heater, request, "dl-sw-info", {"downloadSwInfo": [entry]}),)


def commit(heater: Heater, request: Request) -> tuple[Reply, ...]:
    """Install what was fetched, if that is what the request names. No reply was ever seen; this one says nothing."""
    wanted, download = request.members.get("commitOta"), heater.firmware_download
    if download is None or wanted != {"swCode": download.part, "swVersion": download.version}:
        raise RequestError("this firmware was not fetched")
    install(heater, download)
    return (reply(heater, request, {}),)


def install(heater: Heater, download: FirmwareDownload) -> None:
    """Run on fetched firmware from now on."""
    heater.feature[f"{PARTS[download.part]}SwVersion"] = download.version
    heater.firmware_download = None
