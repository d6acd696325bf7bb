"""Everything that can be made to go wrong, one function for each kind of fault.

The name of a function is the kind, its keyword parameters are the members that `POST /fault` takes beside it.
A fault that concerns heaters takes `mac`; without it, it concerns all of them.
"""

from collections.abc import Callable, Collection, Mapping
from inspect import Parameter, signature
from typing import get_args

from .cloud import Cloud
from .heater import Draw, Heater

MAX_COUNT = 1_000_000
MAX_SECONDS = 600.0
_ERROR_CODES = range(1000)


class FaultError(Exception):
    """The kind or a member of a fault is wrong; nothing was changed."""


def inject(cloud: Cloud, members: Mapping[str, object]) -> None:
    """Bring about the fault that `members` describe."""
    kind = members.get("kind")
    fault = FAULTS.get(kind) if isinstance(kind, str) else None
    if fault is None:
        raise FaultError(f"kind must be one of {', '.join(sorted(FAULTS))}, not {kind!r}")
    arguments = {name: value for name, value in members.items() if name != "kind"}
    _check(fault, arguments)
    try:
        fault(cloud, **arguments)
    except ValueError as err:  # the broker's way to say that a value is out of range
        raise FaultError(str(err)) from err


def _check(fault: Callable[..., None], arguments: Mapping[str, object]) -> None:
    """Compare members with the parameters of a fault."""
    parameters = {
        name: parameter
        for name, parameter in signature(fault).parameters.items()
        if parameter.kind is Parameter.KEYWORD_ONLY
    }
    unknown = arguments.keys() - parameters.keys()
    if unknown:
        raise FaultError(f"{fault.__name__} has no {', '.join(sorted(unknown))}")
    for name, parameter in parameters.items():
        if name not in arguments:
            if parameter.default is Parameter.empty:
                raise FaultError(f"{fault.__name__} needs {name}")
        elif not _is_of(arguments[name], get_args(parameter.annotation) or (parameter.annotation,)):
            raise FaultError(f"{name} cannot be {arguments[name]!r}")


def _is_of(value: object, types: Collection[type]) -> bool:
    """Whether a JSON value is of one of the types, where a whole number may stand for a decimal one."""
    return type(value) in types or (type(value) is int and float in types)


def _within(name: str, value: float, allowed: range | tuple[float, float]) -> None:
    if isinstance(allowed, range):
        fits, least, most = value in allowed, float(allowed.start), float(allowed.stop - 1)
    else:
        least, most = allowed
        fits = least <= value <= most
    if not fits:
        raise FaultError(f"{name} must be {least:g} to {most:g}, not {value}")


def _heaters(cloud: Cloud, mac: str | None) -> Collection[Heater]:
    if mac is None:
        return cloud.heaters.values()
    if mac not in cloud.heaters:
        raise FaultError(f"there is no heater {mac}")
    return (cloud.heaters[mac],)


def link_down(cloud: Cloud) -> None:
    """Cut every MQTT connection and refuse new ones."""
    cloud.broker.link_down()


def link_up(cloud: Cloud) -> None:
    """End `link_down` and `blackhole`."""
    cloud.broker.link_up()


def cut(cloud: Cloud, *, fin: bool = True, after: int | None = None, puback: bool = True) -> None:
    """Cut every MQTT connection, now or after so many further messages."""
    cloud.broker.cut(fin=fin, after=after, puback=puback)


def blackhole(cloud: Cloud, *, new_connections: bool = False) -> None:
    """Let connections go dead without closing them."""
    cloud.broker.blackhole(new_connections=new_connections)


def refuse_upgrade(cloud: Cloud, *, status: int | None = 403) -> None:
    """Answer every WebSocket upgrade with an HTTP error, or none any more."""
    cloud.broker.refuse_upgrade(status)


def expire_aws(cloud: Cloud) -> None:
    """Let every AWS set issued so far expire."""
    cloud.accounts.expire_aws()


def expire_jwt(cloud: Cloud, *, refresh: bool = False) -> None:
    """Let every access token issued so far expire, and on request every refresh token."""
    cloud.accounts.expire_web_tokens(refresh_tokens=refresh)


def change_password(cloud: Cloud, *, password: str) -> None:
    """Let the owner choose another password, and end every credential that the old one gave."""
    cloud.accounts.change_password(password)
    cloud.accounts.expire_web_tokens(refresh_tokens=True)
    cloud.accounts.expire_aws()


def lose_suback(cloud: Cloud, *, count: int = 1) -> None:
    """Neither perform nor answer the next subscriptions."""
    _within("count", count, range(MAX_COUNT))
    cloud.broker.lose_suback(count)


def drop_session(cloud: Cloud) -> None:
    """Forget persistent sessions and close connections."""
    cloud.broker.drop_session()


def latency(cloud: Cloud, *, seconds: float) -> None:
    """Give the MQTT link a round trip time."""
    _within("seconds", seconds, (0.0, MAX_SECONDS))
    cloud.broker.delay(seconds)


def api_down(cloud: Cloud, *, on: bool = True, close: bool = False) -> None:
    """Answer REST requests with 503, or close their connections."""
    cloud.rest.faults.down, cloud.rest.faults.closes = on, close


def maintenance(cloud: Cloud, *, on: bool = True) -> None:
    """Answer REST requests with 403 and a notice."""
    cloud.rest.faults.maintenance = on


def device_offline(cloud: Cloud, *, on: bool = True, mac: str | None = None) -> None:
    """Cut a heater off from the cloud; on false: connect it again."""
    for heater in _heaters(cloud, mac):
        heater.online = not on


def ctrl_fail(cloud: Cloud, *, count: int = 1, code: int = 2, mac: str | None = None) -> None:
    """Let a heater refuse its next controls."""
    _within("count", count, range(MAX_COUNT))
    for heater in _heaters(cloud, mac):
        heater.faults.refusals, heater.faults.refusal_code = count, code


def control_interval(cloud: Cloud, *, seconds: float, mac: str | None = None) -> None:
    """Let a heater refuse a DHW control that follows another one sooner."""
    _within("seconds", seconds, (0.0, MAX_SECONDS))
    for heater in _heaters(cloud, mac):
        heater.faults.least_control_interval = seconds


def ignore_write(cloud: Cloud, *, count: int = 1, mac: str | None = None) -> None:
    """Let a heater acknowledge its next controls and do nothing."""
    _within("count", count, range(MAX_COUNT))
    for heater in _heaters(cloud, mac):
        heater.faults.ignored_writes = count


def reply_delay(cloud: Cloud, *, seconds: float) -> None:
    """Let the heaters take so long to answer."""
    _within("seconds", seconds, (0.0, MAX_SECONDS))
    cloud.dispatcher.reply_delay = seconds


def push(cloud: Cloud, *, seconds: float | None) -> None:
    """Let the heaters send status unasked to active clients, every so many seconds; null: no more."""
    if seconds is not None:
        _within("seconds", seconds, (0.1, MAX_SECONDS))
    cloud.push_interval = seconds


def tou_window(cloud: Cloud, *, on: bool = True, mac: str | None = None) -> None:
    """Open or close a costly time-of-use window."""
    for heater in _heaters(cloud, mac):
        heater.open_window(is_open=on)


def error(cloud: Cloud, *, code: int, sub_code: int = 0, mac: str | None = None) -> None:
    """Let a heater report an error, 0 for none any more; the device list follows."""
    _within("code", code, _ERROR_CODES)
    _within("sub_code", sub_code, _ERROR_CODES)
    for heater in _heaters(cloud, mac):
        heater.members |= {"errorCode": code, "subErrorCode": sub_code}
        heater.listed_error, heater.listed_error_at = code, heater.now if code else None


def listed_error(cloud: Cloud, *, code: int | None, mac: str | None = None) -> None:
    """Let the device list show an error code of any kind, or that the cloud knows nothing."""
    for heater in _heaters(cloud, mac):
        heater.listed_error, heater.listed_error_at = code, heater.now if code else None


def draw(cloud: Cloud, *, litres: float, flow: float = 8.0, mac: str | None = None) -> None:
    """Draw hot water, at so many litres per minute of the heater's clock."""
    _within("litres", litres, (0.0, 10_000.0))
    _within("flow", flow, (0.1, 100.0))
    for heater in _heaters(cloud, mac):
        heater.draw = Draw(litres_left=litres, litres_per_minute=flow)


FAULTS: Mapping[str, Callable[..., None]] = {
    fault.__name__: fault
    for fault in (
        link_down,
        link_up,
        cut,
        blackhole,
        refuse_upgrade,
        expire_aws,
        expire_jwt,
        change_password,
        lose_suback,
        drop_session,
        latency,
        api_down,
        maintenance,
        device_offline,
        ctrl_fail,
        control_interval,
        ignore_write,
        reply_delay,
        push,
        tou_window,
        error,
        listed_error,
        draw,
    )
}
"""By kind."""
