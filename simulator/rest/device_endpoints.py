"""The owner's heaters over REST: list, details, settings, firmware, maintenance logs (protocol.md 2.4 to 2.6, 2.8)."""

from collections.abc import Callable, Mapping
from datetime import datetime
from types import UnionType
from typing import Literal

from ..common.reading import BadRequestError, Json, JsonObject, number, part, text
from ..heater.heater import Heater
from ..heater.records import FIRMWARE_PARTS
from ..heater.registration import ALARM_OFF, ALARM_ON, DEVICE_TYPE, MAC_FORMS
from .api import RestApi, not_authorized, not_found, page

type Log = Literal["filter", "cip"]
"""The air filter, or descaling ("cleaning in place")."""

FOREIGN_DEVICE_TYPE = 2
"""A device of another product, which a client has to skip."""

_ONLINE, _OFFLINE = 2, 1
_NO_DESCALING: JsonObject = {"descalingStartTime": None, "descalingEndTime": None}
_ALARMS = range(ALARM_ON, ALARM_OFF + 1)
_OWN_TYPE = range(DEVICE_TYPE, DEVICE_TYPE + 1)
_COUNTS = range(1, 2**31)
_WORDS_OF_PLACE = ("state", "city", "address")
_PLACE: Mapping[str, type | UnionType] = {
    **dict.fromkeys(_WORDS_OF_PLACE, str),
    **dict.fromkeys(("latitude", "longitude", "altitude"), int | float),
}
_WORDS = range(2**32)
_CONTROLLER, _WIFI = 1, 4
_RELEASED = 1_700_000_000_000  # ms


def device_list(api: RestApi, body: JsonObject) -> Json:
    """Give one page of the devices of the account."""
    spell, faults = MAC_FORMS[api.faults.mac_form], api.faults
    rows: list[Json] = [_listed(heater, spell) for heater in api.heaters.values()]
    if api.foreign_device:
        rows.insert(0, _foreign_device())
    if faults.upcoming.due("short_list"):
        if faults.cut_to is None:
            return None
        rows = rows[: faults.cut_to]
    if faults.upcoming.due("unreadable_list"):
        rows = [{"deviceInfo": None} for _ in rows]
    return page(rows, body)


def simple_list(api: RestApi, body: JsonObject) -> Json:
    """Give one page of the devices of an account, which can only be the own one: the caller is no installer."""
    api.own({"userId": text(body, "targetUserId")})
    rows: list[Json] = [
        {**heater.identity.as_wire(), "modelTypeCode": None, "deviceName": heater.registration.name}
        for heater in api.heaters.values()
    ]
    return page(rows, body)


def device_info(api: RestApi, body: JsonObject) -> Json:
    """Give the details of a heater, without its MAC address."""
    heater = api.heater(body)
    books = heater.registration
    return {
        "deviceInfo": {
            "homeSeq": heater.identity.home_seq,
            "deviceName": books.name,
            "deviceType": DEVICE_TYPE,
            "modelTypeCode": None,
            "installType": books.install_type,
            "connected": _connected(heater),
        },
        "location": {**books.location},
        "installer": {f"installer{name}": None for name in ("Id", "FirstName", "LastName", "PhoneNumber")},
        "alarmInfo": {**books.alarms},
        "descaling": {**_NO_DESCALING},
    }


def change_info(api: RestApi, body: JsonObject) -> Json:
    """Change name, kind of installation and place; what is left out stays."""
    given = part(body, "deviceInfo")
    books = api.heater(given).registration
    number(given, "deviceType", _OWN_TYPE)
    device: JsonObject = {"deviceName": books.name, "installType": books.install_type, **given}
    name, install_type = text(device, "deviceName"), text(device, "installType")
    location = _moved(books.location, part({"location": {}, **body}, "location"))
    if not name or install_type not in ("R", "C"):
        raise BadRequestError("no deviceName or installType that makes sense")
    books.name, books.install_type, books.location = name, install_type, location
    return None


def set_push_settings(api: RestApi, body: JsonObject) -> Json:
    """Switch the notifications that the request names."""
    alarms = api.heater(body).registration.alarms
    alarms |= {name: number(body, name, _ALARMS) for name in alarms if name in body}
    return None


def error_list(api: RestApi, body: JsonObject) -> Json:
    """Refuse the history of errors, which is for installers alone."""
    text(body, "installerId")
    api.heater(body)
    number(body, "count", _COUNTS)
    raise not_authorized()


def preferences(_api: RestApi, _body: JsonObject) -> Json:
    """Refuse display preferences, which belong to another product."""
    raise BadRequestError("there are none")


def _listed(heater: Heater, spell: Callable[[str], str]) -> JsonObject:
    books, identity = heater.registration, heater.identity
    occurred = None if books.error_at is None else f"{datetime.fromtimestamp(books.error_at, heater.zone):%FT%T}"
    return _row(
        {
            **identity.as_wire(),
            "macAddress": spell(identity.mac_address),
            "homeSeq": identity.home_seq,
            "deviceName": books.name,
            "connected": _connected(heater),
        },
        books.location,
        {"errorCode": books.error_code, "errorOccuredTime": occurred},
    )


def _row(device: JsonObject, place: JsonObject, error: JsonObject) -> JsonObject:
    return {
        "deviceInfo": {"installerId": None, "modelTypeCode": None, **device},
        "location": {name: place.get(name) for name in _WORDS_OF_PLACE},
        "error": error,
        "descaling": {**_NO_DESCALING},
    }


def _foreign_device() -> JsonObject:
    return _row(
        {
            "homeSeq": 10000,
            "macAddress": "0478630a0000",
            "additionalValue": "1001",
            "deviceType": FOREIGN_DEVICE_TYPE,
            "deviceName": "Boiler",
            "connected": _ONLINE,
        },
        {},
        {"errorCode": None, "errorOccuredTime": None},
    )


def _moved(location: JsonObject, members: JsonObject) -> JsonObject:
    """Read the place from a request; what is left out stays."""
    given = {name: members[name] for name in _PLACE if name in members}
    for name, value in given.items():
        if not isinstance(value, _PLACE[name]) or isinstance(value, bool):
            raise BadRequestError(f"{name} cannot be {value!r}")
    return location | given


def _connected(heater: Heater) -> int:
    return _ONLINE if heater.online else _OFFLINE


def firmware(api: RestApi, body: JsonObject) -> Json:
    """Give what a heater runs on, and what it has fetched."""
    heater = api.heater(body)
    return {
        "firmwares": [
            {
                **heater.identity.as_wire(),
                "curSwCode": heater.feature[f"{FIRMWARE_PARTS[part_number]}SwCode"],
                "curVersion": heater.feature[f"{FIRMWARE_PARTS[part_number]}SwVersion"],
                "downloadedVersion": heater.fetched_firmware.get(part_number),
                "deviceGroup": None,
            }
            for part_number in (_CONTROLLER, _WIFI)
        ]
    }


def firmware_detail(api: RestApi, body: JsonObject) -> Json:
    """Describe firmware that some heater runs on or has fetched."""
    code, version = number(body, "swCode", _WORDS), number(body, "swVersion", _WORDS)
    for heater in api.heaters.values():
        for part_number, name in FIRMWARE_PARTS.items():
            versions = (heater.feature[f"{name}SwVersion"], heater.fetched_firmware.get(part_number))
            if heater.feature[f"{name}SwCode"] == code and version in versions:
                return _detail(part_number, code, version)
    raise not_found()


def _detail(part_number: int, code: int, version: int) -> JsonObject:
    """Only of the controller's is more known than its number: the rest may be null."""
    known: JsonObject = {
        "description": "Controller update",
        "modelNumber": 1,
        "modelType": 2,
        "productFamily": 3,
        "registerAt": _RELEASED,
        "runTime": 15,
    }
    return {**(known if part_number == _CONTROLLER else dict.fromkeys(known)), "swCode": code, "swVersion": version}


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
