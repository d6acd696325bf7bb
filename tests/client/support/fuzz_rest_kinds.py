"""Every kind of answer of the REST service that the client reads, for the fuzz test."""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime

from nwp500.exceptions import ResponseFormatError
from nwp500.models import (
    AppVersion,
    Device,
    DeviceInfo,
    Firmware,
    FirmwareDetail,
    MaintenanceEntry,
    PastError,
    PushSettings,
    RegisteredPlan,
    TouPlan,
    UserInfo,
)
from nwp500.rest.tokens import AuthTokens
from tests.client.support.fuzz_kinds import Document, Kind, fixture, parts_at, parts_of_rows
from tests.client.support.mutations import Path

_DEVICE: Mapping[Path, str] = {
    ("deviceInfo", "homeSeq"): "home_seq",
    ("deviceInfo", "deviceName"): "name",
    ("deviceInfo", "connected"): "connected",
    ("deviceInfo", "installType"): "install_type",
    ("error", "errorCode"): "error_code",
    ("error", "errorOccuredTime"): "error_time",
    ("location",): "location",
}
_SIMPLE_DEVICE: Mapping[Path, str] = {("modelTypeCode",): "model_type_code", ("deviceName",): "name"}
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
    ("deviceGroup",): "device_group",
}
_FIRMWARE_DETAIL: Mapping[Path, str] = {
    ("description",): "description",
    ("modelNumber",): "model_number",
    ("productFamily",): "product_family",
    ("registerAt",): "registered_at",
    ("runTime",): "run_time_minutes",
    ("swVersion",): "version",
}
_PLAN: Mapping[Path, str] = {
    ("name",): "name",
    ("utility",): "utility",
    ("zipCode",): "zip_code",
    ("schedule",): "periods",
}
_REGISTERED_PLAN: Mapping[Path, str] = {
    ("registerPath",): "register_path",
    ("sourceType",): "source_type",
    ("touInfo", "controllerId"): "controller_id",
    ("touInfo", "manufactureId"): "manufacture_id",
    **{("touInfo", *path): f"plan.{attribute}" for path, attribute in _PLAN.items()},
}
_USER: Mapping[Path, str] = {
    ("userType",): "user_type",
    ("userSeq",): "user_seq",
    ("userEmail",): "email",
    ("userFirstName",): "first_name",
    ("userPhoneNumber",): "phone_number",
}
_PUSH_SETTINGS: Mapping[Path, str] = {
    ("isErrorAlarm",): "errors",
    ("isDescalingAlarm",): "descaling",
    ("isEtcAlarm",): "others",
}
_APP_VERSION: Mapping[Path, str] = {("appVersion",): "newest", ("appForceVersion",): "oldest_accepted"}
_MAINTENANCE: Mapping[Path, str] = {("maintenanceDate",): "day", ("registerAt",): "registered_raw"}
_PAST_ERROR: Mapping[Path, str] = {
    ("errorCode",): "error_code",
    ("subError",): "sub_code",
    ("errorOccuredTime",): "occurred_at",
    ("channelNumber",): "channel_number",
    ("unitType",): "unit_type",
}
_SIGN_IN: Mapping[Path, str] = {
    ("userInfo", "userType"): "user_type",
    ("token", "idToken"): "jwt.id_token",
    ("token", "refreshToken"): "jwt.refresh_token",
    ("token", "authenticationExpiresIn"): "jwt.expires_in",
    ("token", "authorizationExpiresIn"): "aws.expires_in",
}
_SIGN_IN_KEYS = frozenset({"userInfo", "userSeq", "accessToken", "accessKeyId", "secretKey", "sessionToken"})
_NOW = datetime(2026, 3, 1, tzinfo=UTC)

_REST = fixture("rest_all")


def _body(exchange: str) -> Document:
    body: Document = _REST[exchange]["response"]["body"]
    return body


def _object(value: object) -> Document:
    return value if isinstance(value, dict) else {}


def _device(entry: Document) -> Device | None:
    """Read an entry of a device list; one that cannot be read does not hide the others."""
    try:
        return Device.from_message(entry)
    except ResponseFormatError:
        return None


def _answer(
    name: str,
    exchange: str,
    read: Callable[[Document], object],
    sequences: Mapping[Path, str],
    *,
    keys: Callable[[Path], Path | None] = lambda _: None,
) -> Kind:
    """Describe an answer whose `data` is one object."""
    return Kind(
        name=name,
        document=_body(exchange),
        read=lambda document: read(_object(document.get("data"))),
        parts=parts_at(sequences, "data"),
        keys=keys,
    )


def _rows(
    name: str,
    exchange: str,
    read: Callable[[Document], object],
    sequences: Mapping[Path, str],
    *inside: str,
    keys: Callable[[Path], Path | None] = lambda _: None,
) -> Kind:
    """Describe an answer whose `data` is a list, or has one inside."""

    def read_all(document: Document) -> list[object]:
        found: object = document.get("data")
        for step in inside:
            found = _object(found).get(step)
        return [read(_object(entry)) for entry in found] if isinstance(found, list) else []

    return Kind(
        name=name,
        document=_body(exchange),
        read=read_all,
        parts=parts_of_rows(sequences, "data", *inside),
        keys=keys,
    )


def _device_named(path: Path) -> Path | None:
    """Let what identifies a device decide about its entry of the list."""
    is_key = len(path) == 3 or path[-1] in _DEVICE_KEYS
    return path[:2] if is_key and path[2:3] == ("deviceInfo",) else None


def _simple_device_named(path: Path) -> Path | None:
    return path[:2] if path[-1] in _DEVICE_KEYS else None


def _plan_found(path: Path) -> Path | None:
    """Let an answer without a plan be none."""
    return () if path == ("data", "touInfo") else None


def _signed_in(path: Path) -> Path | None:
    """Let what nobody can be signed in without decide about all."""
    return () if path[-1] in _SIGN_IN_KEYS or path == ("data", "token") else None


REST_KINDS = (
    _answer("REST sign-in", "sign_in", lambda data: AuthTokens.from_answer(data, _NOW), _SIGN_IN, keys=_signed_in),
    _rows("REST device list", "device_list", _device, _DEVICE, keys=_device_named),
    _rows(
        "REST simple list",
        "device_simple_list",
        lambda row: _device({"deviceInfo": row}),
        _SIMPLE_DEVICE,
        keys=_simple_device_named,
    ),
    _answer("REST device info", "device_info", DeviceInfo.from_message, _DEVICE_INFO),
    _rows("REST firmware", "device_firmware_info", Firmware.from_message, _FIRMWARE, "firmwares"),
    _answer("REST firmware detail", "firmware_info", FirmwareDetail.from_message, _FIRMWARE_DETAIL),
    _rows("REST error history", "device_error_list_installer", PastError.from_message, _PAST_ERROR, "errorInfo"),
    _rows("REST maintenance log", "filter_history", MaintenanceEntry.from_message, _MAINTENANCE),
    _answer("REST time-of-use plan", "tou_get", RegisteredPlan.from_message, _REGISTERED_PLAN, keys=_plan_found),
    _rows("REST converted plans", "tou_convert", TouPlan.from_message, _PLAN, "touInfo"),
    _answer("REST user", "user_info", UserInfo.from_message, _USER),
    _answer("REST notifications", "get_push_settings", PushSettings.from_message, _PUSH_SETTINGS),
    _answer("REST app version", "app_version", AppVersion.from_message, _APP_VERSION),
)
