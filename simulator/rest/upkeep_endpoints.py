"""Firmware and the maintenance logs over REST (protocol.md 2.6 and 2.8)."""

from datetime import datetime
from typing import Literal

from ..common.reading import BadRequestError, Json, JsonObject, number, text
from ..heater.heater import Heater
from ..heater.records import FIRMWARE_PARTS
from ..heater.registration import DEVICE_TYPE
from .api import RestApi, not_found, page

type Log = Literal["filter", "cip"]
"""The air filter, or descaling ("cleaning in place")."""

_OWN_TYPE = range(DEVICE_TYPE, DEVICE_TYPE + 1)
_WORDS = range(2**32)
_CONTROLLER, _WIFI = 1, 4
_RELEASED = 1_700_000_000_000  # ms


def firmware(api: RestApi, body: JsonObject) -> Json:
    """Give what a heater runs on, and what it has fetched."""
    heater = api.heater(body)
    return {"firmwares": [_running(heater, number) for number in (_CONTROLLER, _WIFI)]}


def firmware_detail(api: RestApi, body: JsonObject) -> Json:
    """Describe firmware that some heater runs on or has fetched."""
    code, version = number(body, "swCode", _WORDS), number(body, "swVersion", _WORDS)
    for heater in api.heaters.values():
        for part, name in FIRMWARE_PARTS.items():
            versions = (heater.feature[f"{name}SwVersion"], _fetched(heater, part))
            if heater.feature[f"{name}SwCode"] == code and version in versions:
                return _detail(part, code, version)
    raise not_found()


def _running(heater: Heater, part: int) -> JsonObject:
    return {
        **heater.identity.as_wire(),
        "curSwCode": heater.feature[f"{FIRMWARE_PARTS[part]}SwCode"],
        "curVersion": heater.feature[f"{FIRMWARE_PARTS[part]}SwVersion"],
        "downloadedVersion": _fetched(heater, part),
        "deviceGroup": None,
    }


def _fetched(heater: Heater, part: int) -> int | None:
    download = heater.firmware_download
    return download.version if download is not None and download.part == part else None


def _detail(part: int, code: int, version: int) -> JsonObject:
    """Only of the controller's is more known than its number: the rest may be null."""
    known: JsonObject = {
        "description": "Controller update",
        "modelNumber": 1,
        "modelType": 2,
        "productFamily": 3,
        "registerAt": _RELEASED,
        "runTime": 15,
    }
    return {**(known if part == _CONTROLLER else dict.fromkeys(known)), "swCode": code, "swVersion": version}


def write_log(api: RestApi, body: JsonObject, *, log: Log) -> Json:
    """Note that the air filter was cleaned or the heater descaled; the heater's own timer goes on."""
    heater = api.heater(body)
    number(body, "deviceType", _OWN_TYPE)
    day = text(body, "maintenanceDate")
    if not _is_day(day):
        raise BadRequestError("maintenanceDate is no day")
    heater.registration.maintenance[log].append({"maintenanceDate": day, "registerAt": int(heater.now)})
    return None


def _is_day(text: str) -> bool:
    """Whether it is a day without leading zeros."""
    try:
        day = datetime.strptime(text, "%Y-%m-%d")  # noqa: DTZ007 - a day has no time zone
    except ValueError:
        return False
    return text == f"{day.year:04}-{day.month}-{day.day}"


def read_log(api: RestApi, body: JsonObject, *, log: Log) -> Json:
    """Give one page of a log, newest first; null when there is nothing."""
    newest_first = api.heater(body).registration.maintenance[log][::-1]
    return page(newest_first, body) or None
