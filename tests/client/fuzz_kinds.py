"""Every kind of message that the client reads: a recorded one, where it arrives, and what its parts decode to.

A kind is one entry of `KINDS`. `read` makes of a message what the client makes of it, and `parts` gives, for each place
in the message, what that place decodes to: it must stay the same when a mutation touches other places. `kept` is what
the client itself has of the message when it has taken it in. A kind without `read` is only taken in.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
import json
from operator import attrgetter
from pathlib import Path as FilePath
from typing import Any

from nwp500 import NavienMqttClient
from nwp500.exceptions import ResponseFormatError
from nwp500.models import (
    Device,
    DeviceFeature,
    DeviceInfo,
    DeviceStatus,
    Firmware,
    FirmwareDetail,
    RegisteredPlan,
    UserInfo,
)
from nwp500.presence import announced_presence
from tests.client.mutations import Path
from tests.client.own_link import DEVICE
from tests.client.stage import MAC

FIXTURES = FilePath(__file__).parents[1] / "fixtures"
REPLY = f"cmd/52/navilink-{MAC}/ha-client-3f9a1c07/res"

# Any: decoded JSON, as it comes off the wire.
type Document = dict[str, Any]
type Parts = Mapping[Path, object]


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """One kind of message."""

    name: str
    document: Document
    topic: str | None = None
    """Where it arrives; None for what the REST service answers."""
    # Any: what `read` returns, `parts` takes, and it is another class for each kind.
    read: Callable[[Document], Any] | None = None
    parts: Callable[[Any], Parts] = lambda _: {}
    kept: Callable[[NavienMqttClient], object] | None = None
    keys: Callable[[Path], Path | None] = lambda _: None
    """For a place that decides about more than itself: what of the message it decides about, () for all of it."""


def _fixture(name: str, *inside: str) -> Any:  # noqa: ANN401 - decoded JSON
    found = json.loads((FIXTURES / f"{name}.json").read_text())
    for step in inside:
        found = found[step]
    return found


def _members_of(content: str) -> Callable[[DeviceStatus | DeviceFeature], Parts]:
    """Give every member of a status or a feature, read from where `content` says."""

    def parts(message: DeviceStatus | DeviceFeature) -> Parts:
        _read_derived(message)
        return {
            ("response", content, member.wire_name, attribute): getattr(message, attribute)
            for attribute, member in message.members().items()
        }

    return parts


def _read_derived(message: object) -> None:
    """Read what is worked out from several members: whatever they are, it must not fail."""
    for name, value in vars(type(message)).items():
        if isinstance(value, property):
            getattr(message, name)


_DEVICE: Mapping[Path, str] = {
    ("deviceInfo", "homeSeq"): "home_seq",
    ("deviceInfo", "deviceName"): "name",
    ("deviceInfo", "connected"): "connected",
    ("deviceInfo", "installType"): "install_type",
    ("error", "errorCode"): "error_code",
    ("error", "errorOccuredTime"): "error_time",
    ("location",): "location",
}
_DEVICE_KEYS = frozenset({"macAddress", "additionalValue", "deviceType"})
_DEVICE_INFO: Mapping[Path, str] = {
    ("deviceInfo", "deviceName"): "name",
    ("deviceInfo", "connected"): "connected",
    ("location",): "location",
    ("installer",): "installer",
    ("alarmInfo", "isErrorAlarm"): "push_settings.errors",
    ("alarmInfo", "isDescalingAlarm"): "push_settings.descaling",
    ("alarmInfo", "isEtcAlarm"): "push_settings.others",
    ("descaling",): "descaling",
}
_FIRMWARE: Mapping[Path, str] = {
    ("macAddress",): "mac_address",
    ("deviceType",): "device_type",
    ("curSwCode",): "software_code",
    ("curVersion",): "current_version",
    ("downloadedVersion",): "downloaded_version",
}
_FIRMWARE_DETAIL: Mapping[Path, str] = {
    ("description",): "description",
    ("registerAt",): "registered_at",
    ("runTime",): "run_time_minutes",
    ("swVersion",): "version",
}
_PLAN: Mapping[Path, str] = {
    ("registerPath",): "register_path",
    ("sourceType",): "source_type",
    ("touInfo", "controllerId"): "controller_id",
    ("touInfo", "name"): "plan.name",
    ("touInfo", "zipCode"): "plan.zip_code",
    ("touInfo", "schedule"): "plan.periods",
}
_USER: Mapping[Path, str] = {
    ("userType",): "user_type",
    ("userSeq",): "user_seq",
    ("userEmail",): "email",
    ("userFirstName",): "first_name",
}


def _parts_at(places: Mapping[Path, str], *prefix: str | int) -> Callable[[object], Parts]:
    """Give attributes of a model by the places that they are read from; of no model, none."""

    def parts(model: object) -> Parts:
        if model is None:
            return {}
        _read_derived(model)
        return {(*prefix, *path): attrgetter(attribute)(model) for path, attribute in places.items()}

    return parts


def _device_list(document: Document) -> list[Device | None]:
    """Read a device list; an entry that cannot be read does not hide the others."""
    return [_device(entry) for entry in _list(document.get("data"))]


def _device(entry: Document) -> Device | None:
    try:
        return Device.from_message(entry)
    except ResponseFormatError:
        return None


def _parts_of_list(devices: list[Device | None]) -> Parts:
    return _merged(_parts_at(_DEVICE, "data", number)(device) for number, device in enumerate(devices))


def _firmware(document: Document) -> list[Firmware]:
    return [Firmware.from_message(entry) for entry in _list(_object(document.get("data")).get("firmwares"))]


def _parts_of_firmware(firmwares: list[Firmware]) -> Parts:
    return _merged(
        _parts_at(_FIRMWARE, "data", "firmwares", number)(firmware) for number, firmware in enumerate(firmwares)
    )


def _merged(parts: Iterable[Parts]) -> Parts:
    return {place: value for each in parts for place, value in each.items()}


def _answer(
    name: str, exchange: str, read: Callable[[Document], object], places: Mapping[Path, str], *, essential: str = ""
) -> Kind:
    """Describe an answer of the REST service whose `data` is one object, which is nothing without `essential`."""
    return Kind(
        name=name,
        document=_REST[exchange]["response"]["body"],
        read=lambda document: read(_object(document.get("data"))),
        parts=_parts_at(places, "data"),
        keys=lambda path: () if path == ("data", essential) else None,
    )


def _object(value: object) -> Document:
    return value if isinstance(value, dict) else {}


def _list(value: object) -> list[Document]:
    return [_object(entry) for entry in value] if isinstance(value, list) else []


def _heater_named(path: Path) -> Path | None:
    """Let the MAC decide about the whole message: it says whose it is."""
    return () if path in {("response", "macAddress"), ("event", "macAddress")} else None


def _entry_named(path: Path) -> Path | None:
    """Let what identifies a device decide about its entry of the list."""
    is_key = len(path) == 3 or path[-1] in _DEVICE_KEYS
    return path[:2] if is_key and path[2:3] == ("deviceInfo",) else None


def _status(name: str, document: Document, content: str = "status") -> Kind:
    return Kind(
        name=name,
        document=document,
        topic=REPLY,
        read=DeviceStatus.from_message,
        parts=_members_of(content),
        kept=lambda client: client.status(DEVICE),
        keys=_heater_named,
    )


def _taken_in(name: str, fixture: str, *inside: str) -> Kind:
    """Describe a message of which nothing is read yet but whose it is."""
    recorded = _fixture(fixture, *inside)
    return Kind(name=name, document=recorded["payload"], topic=recorded["topic"], keys=_heater_named)


_RECORDED_EVENT = _fixture("app_connection", "device_connection_event")
_REST = _fixture("rest_all")

KINDS = (
    _status("status", _fixture("status_hybrid_boost_element")),
    _status("status, short", _fixture("status_short_key"), "st"),
    _status("control ack", _fixture("control_ack", "reply", "payload")),
    Kind(
        name="feature",
        document=_fixture("feature"),
        topic=REPLY,
        read=DeviceFeature.from_message,
        parts=_members_of("feature"),
        kept=lambda client: client.feature(DEVICE),
        keys=_heater_named,
    ),
    Kind(
        name="heater's connection",
        document=_RECORDED_EVENT["payload"],
        topic=_RECORDED_EVENT["topic"],
        read=announced_presence,
        parts=lambda is_online: {("event", "connection", "status"): is_online},
        kept=lambda client: client.is_online(DEVICE),
        keys=_heater_named,
    ),
    _taken_in("ctrl-fail", "control_fail"),
    _taken_in("reservations", "reservations_json"),
    _taken_in("reservations, hex", "reservations_hex"),
    _taken_in("recirculation schedule", "recirculation_schedule_json"),
    _taken_in("recirculation schedule, hex", "recirculation_schedule_hex"),
    _taken_in("TOU echo", "tou_write_echo"),
    _taken_in("energy, daily", "energy_daily"),
    _taken_in("energy, monthly", "energy_monthly"),
    _taken_in("diagnostics", "diagnostics"),
    _taken_in("firmware download", "firmware_download_info"),
    _taken_in("app connection", "app_connection", "last_will"),
    Kind(
        name="REST device list",
        document=_REST["device_list"]["response"]["body"],
        read=_device_list,
        parts=_parts_of_list,
        keys=_entry_named,
    ),
    _answer("REST device info", "device_info", DeviceInfo.from_message, _DEVICE_INFO),
    _answer("REST firmware detail", "firmware_info", FirmwareDetail.from_message, _FIRMWARE_DETAIL),
    _answer("REST user", "user_info", UserInfo.from_message, _USER),
    _answer("REST time-of-use plan", "tou_get", RegisteredPlan.from_message, _PLAN, essential="touInfo"),
    Kind(
        name="REST firmware",
        document=_REST["device_firmware_info"]["response"]["body"],
        read=_firmware,
        parts=_parts_of_firmware,
    ),
)
