"""Faults of the MQTT connections, the REST service, the credentials and the account; see `FAULTS` of `control`."""

from collections.abc import Mapping
from http import HTTPStatus
from ssl import TLSVersion
from typing import Annotated

from ..cloud import Cloud
from ..common.reading import MAX_COUNT, BadRequestError, Count, Interval, Seconds, Span
from ..heater.registration import MAC_FORMS
from ..mqtt.connection import LIFETIME_IS_OVER, Withheld
from ..options import MAX_HEATERS
from ..rest.api import RestError
from ..rest.endpoints import ENDPOINTS

_TLS_VERSIONS: Mapping[str, TLSVersion] = {
    "1.0": TLSVersion.TLSv1,
    "1.1": TLSVersion.TLSv1_1,
    "1.2": TLSVersion.TLSv1_2,
}
_ERROR_STATUSES = frozenset(status.value for status in HTTPStatus if status.is_client_error or status.is_server_error)
_TEN_YEARS = 10 * 365 * 86400.0
_PATHS = frozenset(path for _, path in ENDPOINTS)


def mqtt_down(cloud: Cloud) -> None:
    """Cut every MQTT connection and refuse new ones."""
    cloud.broker.take_down()


def mqtt_up(cloud: Cloud) -> None:
    """End `mqtt_down`, `blackhole` and `withhold`."""
    cloud.broker.bring_up()


def cut(
    cloud: Cloud, *, fin: bool = True, after: Annotated[int, Span(1, MAX_COUNT)] | None = None, puback: bool = True
) -> None:
    """Cut every MQTT connection, now or after so many further messages."""
    cloud.broker.cut(fin=fin, after=after, puback=puback)


def blackhole(cloud: Cloud, *, new_connections: bool = False) -> None:
    """Let connections go dead without closing them."""
    cloud.broker.blackhole(new_connections=new_connections)


def withhold(cloud: Cloud, *, what: Annotated[str, tuple(Withheld)], new_connections: bool = False) -> None:
    """Let connections work but for one thing, with which no message arrives, or no PUBACK; several calls add up."""
    cloud.broker.withhold(Withheld(what), new_connections=new_connections)


def tls(cloud: Cloud, *, newest: Annotated[str, _TLS_VERSIONS] | None) -> None:
    """Limit the broker to this version of TLS, such as `1.1`; null: as it should be."""
    cloud.limit_tls(None if newest is None else _TLS_VERSIONS[newest])


def refuse_upgrade(cloud: Cloud, *, status: Annotated[int, _ERROR_STATUSES] | None = 403) -> None:
    """Answer every WebSocket upgrade with an HTTP error; null: no longer."""
    cloud.broker.faults.upgrade_status = None if status is None else HTTPStatus(status)


def expire_aws(cloud: Cloud) -> None:
    """Let every AWS set issued so far expire."""
    cloud.accounts.expire_aws()


def expire_jwt(cloud: Cloud, *, refresh: bool = False) -> None:
    """Let every access token issued so far expire, and on request every refresh token."""
    cloud.accounts.expire_web_tokens(refresh_tokens=refresh)


def change_password(cloud: Cloud, *, password: str) -> None:
    """Let the owner choose another password, and end every credential that the old one gave."""
    cloud.accounts.password = password
    cloud.accounts.expire_web_tokens(refresh_tokens=True)
    cloud.accounts.expire_aws()


def lose_suback(cloud: Cloud, *, count: Count = 1) -> None:
    """Neither perform nor answer the next subscriptions."""
    cloud.broker.faults.upcoming["lose_suback"] = count


def refuse_suback(cloud: Cloud, *, count: Count = 1) -> None:
    """Refuse every filter of the next subscriptions."""
    cloud.broker.faults.upcoming["refuse_suback"] = count


def hang_up_after_connack(cloud: Cloud, *, count: Count = 1) -> None:
    """Close the next connections right after their CONNACK."""
    cloud.broker.faults.upcoming["hang_up_after_connack"] = count


def deliver_twice(cloud: Cloud, *, on: bool = True) -> None:
    """Deliver each message of QoS 1 twice, as the service may when it misses a PUBACK."""
    cloud.broker.service.deliveries = 2 if on else 1


def end_sessions(cloud: Cloud) -> None:
    """Close every connection, as the service does after a day."""
    cloud.broker.hang_up_all(LIFETIME_IS_OVER)


def drop_session(cloud: Cloud) -> None:
    """Forget persistent sessions and close connections."""
    cloud.broker.hang_up_all("sessions dropped")
    cloud.broker.service.forget_sessions()


def latency(cloud: Cloud, *, seconds: Seconds) -> None:
    """Give MQTT a round trip time."""
    cloud.broker.faults.round_trip = seconds


def api_down(cloud: Cloud, *, on: bool = True, close: bool = False) -> None:
    """Answer REST requests with 503, or close their connections."""
    cloud.rest.faults.down, cloud.rest.faults.closes = on, close


def maintenance(cloud: Cloud, *, on: bool = True) -> None:
    """Answer REST requests with 403 and a notice."""
    cloud.rest.faults.maintenance = on


def portal(cloud: Cloud, *, on: bool = True) -> None:
    """Answer every REST request and every WebSocket upgrade with 200 and a web page, as a captive portal does."""
    cloud.rest.faults.portal = cloud.broker.faults.portal = on


def service_clock(cloud: Cloud, *, offset: Annotated[float, Span(-_TEN_YEARS, _TEN_YEARS)] | None) -> None:
    """Let the service's clock be so many seconds ahead of the machine's, as if the client's were slow; null: right."""
    cloud.service_clock_offset = offset or 0.0


def refuse_request(
    cloud: Cloud,
    *,
    path: Annotated[str, _PATHS] = "/user/sign-in",
    code: Annotated[int, Span(HTTPStatus.BAD_REQUEST, 599)] = 401,
    msg: str = "UNAUTHORIZED",
    count: Count = 1,
) -> None:
    """Answer the next requests to a path with an error, whatever they ask for."""
    cloud.rest.faults.refusals[path], cloud.rest.faults.upcoming[path] = RestError(code, msg), count


def bloat(cloud: Cloud, *, mebibytes: Annotated[int, Span(0, 1024)] = 200, count: Count = 1) -> None:
    """Pad the next REST answers with so many MiB of blanks, and compress them to a thousandth of that."""
    cloud.rest.faults.padding, cloud.rest.faults.upcoming["bloat"] = mebibytes, count


def short_list(cloud: Cloud, *, devices: Annotated[int, Span(0, MAX_HEATERS)] | None = 0, count: Count = 1) -> None:
    """Let the next device lists have only the first so many devices; null: there is `null` instead of a list."""
    cloud.rest.faults.cut_to, cloud.rest.faults.upcoming["short_list"] = devices, count


def unreadable_list(cloud: Cloud, *, count: Count = 1) -> None:
    """Let the next device lists have rows without content."""
    cloud.rest.faults.upcoming["unreadable_list"] = count


def mac_form(cloud: Cloud, *, form: Annotated[str, MAC_FORMS] = "plain") -> None:
    """Let the device list spell MAC addresses in another way."""
    cloud.rest.faults.mac_form = form


def new_heater(cloud: Cloud) -> None:
    """Add a heater to the account that it never had; its MAC address is one above that of the last one."""
    if len(cloud.heaters) >= MAX_HEATERS:
        raise BadRequestError(f"there cannot be more than {MAX_HEATERS} heaters")
    cloud.add_heater()


def reply_delay(cloud: Cloud, *, seconds: Seconds) -> None:
    """Let the heaters take so long to answer."""
    cloud.dispatcher.reply_delay = seconds


def push(cloud: Cloud, *, seconds: Interval | None) -> None:
    """Let the heaters send status unasked to active clients, every so many seconds; null: no more."""
    cloud.push_interval = seconds


def vendor_app(cloud: Cloud, *, on: bool = True, seconds: Interval = 1.0) -> None:
    """Let the owner look at the heaters with the vendor's app, which asks them every so many seconds."""
    cloud.vendor_app.show(seconds if on else None)
