"""The owner's heaters over REST: list, details, what can be changed, push settings (protocol.md 2.4, 2.5 and 2.8)."""

from collections.abc import Callable
from dataclasses import asdict
from typing import Any

from ..common.clock import local_time
from ..common.reading import BadRequestError, Json, JsonObject, number, part, text
from ..heater.heater import Heater
from ..heater.registration import ALARM_OFF, ALARM_ON, DEVICE_TYPE, MAC_FORMS, Location
from .api import RestApi
from .members import not_authorized, page

FOREIGN_DEVICE_TYPE = 2
"""A device of another product, which a client has to skip."""

_ONLINE, _OFFLINE = 2, 1
_NO_DESCALING: JsonObject = {"descalingStartTime": None, "descalingEndTime": None}
_ALARMS = range(ALARM_ON, ALARM_OFF + 1)
_OWN_TYPE = range(DEVICE_TYPE, DEVICE_TYPE + 1)
_COUNTS = range(1, 2**31)
_WORDS_OF_PLACE = ("state", "city", "address")


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
        {
            "macAddress": heater.identity.mac_address,
            "additionalValue": heater.identity.additional_value,
            "deviceType": DEVICE_TYPE,
            "modelTypeCode": None,
            "deviceName": heater.registration.name,
        }
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
        "location": asdict(books.location),
        "installer": {f"installer{name}": None for name in ("Id", "FirstName", "LastName", "PhoneNumber")},
        "alarmInfo": {**books.alarms},
        "descaling": {**_NO_DESCALING},
    }


def change_info(api: RestApi, body: JsonObject) -> Json:
    """Change name, kind of installation and place; what is left out stays."""
    device = part(body, "deviceInfo")
    heater = api.heater(device)
    number(device, "deviceType", _OWN_TYPE)
    name = text(device, "deviceName") if "deviceName" in device else heater.registration.name
    install_type = text(device, "installType") if "installType" in device else heater.registration.install_type
    location = heater.registration.location
    if "location" in body:
        location = _moved(location, part(body, "location"))
    if not name or install_type not in ("R", "C"):
        raise BadRequestError("no deviceName or installType that makes sense")
    heater.registration.name, heater.registration.install_type = name, install_type
    heater.registration.location = location
    return None


def push_settings(api: RestApi, body: JsonObject) -> Json:
    """Report which notifications are on."""
    return {**api.heater(body).registration.alarms}


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
    occurred = None if books.error_at is None else f"{local_time(books.error_at, heater.zone):%Y-%m-%dT%H:%M:%S}"
    place = books.location
    return _row(
        {
            "homeSeq": identity.home_seq,
            "macAddress": spell(identity.mac_address),
            "additionalValue": identity.additional_value,
            "deviceType": DEVICE_TYPE,
            "deviceName": books.name,
            "connected": _connected(heater),
        },
        location={"state": place.state, "city": place.city, "address": place.address},
        error={"errorCode": books.error_code, "errorOccuredTime": occurred},
    )


def _row(device: JsonObject, *, location: JsonObject, error: JsonObject) -> JsonObject:
    info: JsonObject = {"installerId": None, "modelTypeCode": None, **device}
    return {"deviceInfo": info, "location": location, "error": error, "descaling": {**_NO_DESCALING}}


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
        location={"state": None, "city": None, "address": None},
        error={"errorCode": None, "errorOccuredTime": None},
    )


def _moved(location: Location, members: JsonObject) -> Location:
    """Read the place from a request; what is left out stays."""
    moved: dict[str, Any] = {**asdict(location)}  # Any: texts and numbers, each checked
    for name in moved.keys() & members.keys():
        value = moved[name] = members[name]
        if not isinstance(value, str if name in _WORDS_OF_PLACE else int | float) or isinstance(value, bool):
            raise BadRequestError(f"{name} cannot be {value!r}")
    return Location(**moved)


def _connected(heater: Heater) -> int:
    return _ONLINE if heater.online else _OFFLINE
