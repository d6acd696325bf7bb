"""Every call of the REST service, with the type that it declares to return."""

from collections.abc import Callable, Iterable, Mapping, Sequence
import dataclasses
from dataclasses import dataclass
from datetime import date
from functools import cache
from types import NoneType, UnionType
from typing import Any, Union, get_args, get_origin, get_type_hints

from nwp500.api_client import NavienAPIClient
from nwp500.auth import NavienAuthClient
from nwp500.enums import InstallType
from nwp500.models import Device, Location, MaintenanceKind, PushSettings, TouPlan
from nwp500.rest.account import AccountAPI, MaintenanceAPI
from nwp500.rest.tou import TouAPI
from tests.client.support.fuzz_kinds import read_derived
from tests.client.support.scripted_service import RECORDED

_CONTROLLER = "00000000BT00000001"
_DEVICE = Device(mac_address="0478630a1b2c", additional_value="5322", install_type=InstallType.RESIDENTIAL)
_PLAN = TouPlan.from_message(RECORDED["tou_put"]["request"]["body"]["touInfo"])
_SOURCE = {"label": "000000000000000000000001", "name": "Example TOU plan"}
_SETTINGS = PushSettings(errors=True, descaling=False, others=False)
_HOME = Location(state="Ohio", city="Anytown", address="1 Example Street")


@dataclass(frozen=True, slots=True)
class Call:
    """A method that makes a recorded exchange, on which object, and what it is called with."""

    exchange: str
    method: Callable[..., Any]
    of: Callable[[NavienAPIClient], object]
    arguments: tuple[object, ...] = ()

    async def make(self, api: NavienAPIClient) -> None:
        """Make the call; its result has to be of the type that the method declares, to the last field."""
        result = await self.method(self.of(api), *self.arguments)
        assert conforms(result, _hints(self.method)["return"]), result


def _tou(api: NavienAPIClient) -> TouAPI:
    return api.tou


def _maintenance(api: NavienAPIClient) -> MaintenanceAPI:
    return api.maintenance


def _account(api: NavienAPIClient) -> AccountAPI:
    return api.account


def _devices(api: NavienAPIClient) -> NavienAPIClient:
    return api


CALLS = (
    Call("device_list", NavienAPIClient.list_devices, _devices),
    Call("device_list", NavienAPIClient.device_listing, _devices),
    Call("device_simple_list", NavienAPIClient.list_simple_devices, _devices),
    Call("device_info", NavienAPIClient.get_device_info, _devices, (_DEVICE,)),
    Call("device_error_list_installer", NavienAPIClient.get_error_history, _devices, (_DEVICE,)),
    Call("device_firmware_info", NavienAPIClient.get_firmware_info, _devices, (_DEVICE,)),
    Call("firmware_info", NavienAPIClient.get_firmware_detail, _devices, (33556241, 184877056)),
    Call("app_version", NavienAPIClient.get_app_version, _devices),
    Call(
        "device_change_info",
        lambda api, device: api.change_device_info(device, name="Garage heater", location=_HOME),
        _devices,
        (_DEVICE,),
    ),
    Call(
        "filter_change_info",
        MaintenanceAPI.write,
        _maintenance,
        (_DEVICE, MaintenanceKind.FILTER, date(2026, 3, 7)),
    ),
    Call("filter_history", MaintenanceAPI.read, _maintenance, (_DEVICE, MaintenanceKind.FILTER)),
    Call("cip_history_empty", MaintenanceAPI.read, _maintenance, (_DEVICE, MaintenanceKind.DESCALING)),
    Call("tou_get", TouAPI.read, _tou, (_DEVICE, _CONTROLLER)),
    Call("tou_put", TouAPI.write, _tou, (_DEVICE, _PLAN, _SOURCE)),
    Call("tou_delete", TouAPI.delete, _tou, (_DEVICE,)),
    Call("tou_manufacture_id", TouAPI.get_manufacture_id, _tou, (_DEVICE, _CONTROLLER)),
    Call("tou_convert", TouAPI.convert, _tou, ([_SOURCE],)),
    Call("user_info", AccountAPI.get_user_info, _account),
    Call("get_push_settings", AccountAPI.get_push_settings, _account, (_DEVICE,)),
    Call("set_push_settings", AccountAPI.set_push_settings, _account, (_DEVICE, _SETTINGS)),
)

RENEWALS: Mapping[str, Callable[..., Any]] = {
    "sign_in": NavienAuthClient.sign_in,
    "auth_refresh": NavienAuthClient.refresh_jwt,
    "auth_refresh_rotating": NavienAuthClient.refresh_jwt,
    "session_refresh": NavienAuthClient.renew_aws_credentials,
    "secured_sign_in": NavienAuthClient.renew_aws_credentials,
}
"""The calls of the account itself, which all return its tokens."""


def conforms(value: object, hint: object) -> bool:
    """Return whether a value is of a type as annotated, and so are its parts."""
    origin, arguments = get_origin(hint), get_args(hint)
    if origin in (Union, UnionType):
        return any(conforms(value, each) for each in arguments)
    if origin is not None:
        return isinstance(value, origin) and _parts_conform(value, arguments)
    if hint is None or hint is float:
        return isinstance(value, NoneType if hint is None else int | float)
    return isinstance(hint, type) and isinstance(value, hint) and _fields_conform(value)


def _parts_conform(value: object, arguments: Sequence[object]) -> bool:
    if isinstance(value, Mapping):
        return all(conforms(key, arguments[0]) and conforms(part, arguments[1]) for key, part in value.items())
    return isinstance(value, Iterable) and all(conforms(part, arguments[0]) for part in value)


def _fields_conform(value: object) -> bool:
    if not dataclasses.is_dataclass(value) or isinstance(value, type):
        return True
    read_derived(value)
    hints = _hints(type(value))
    return all(conforms(getattr(value, each.name), hints[each.name]) for each in dataclasses.fields(value))


@cache
def _hints(of: Callable[..., Any]) -> Mapping[str, object]:
    return get_type_hints(of) or {"return": None}
