"""Faults of the link, the REST service and the credentials; see `faults`."""

from collections.abc import Mapping
from ssl import TLSVersion

from ..cloud import Cloud
from ..mqtt.connection import Withheld
from .fault_arguments import MAX_COUNT, MAX_SECONDS, FaultError, within

_TLS_VERSIONS: Mapping[str, TLSVersion] = {
    "1.0": TLSVersion.TLSv1,
    "1.1": TLSVersion.TLSv1_1,
    "1.2": TLSVersion.TLSv1_2,
}


def link_down(cloud: Cloud) -> None:
    """Cut every MQTT connection and refuse new ones."""
    cloud.broker.link_down()


def link_up(cloud: Cloud) -> None:
    """End `link_down`, `blackhole` and `withhold`."""
    cloud.broker.link_up()


def cut(cloud: Cloud, *, fin: bool = True, after: int | None = None, puback: bool = True) -> None:
    """Cut every MQTT connection, now or after so many further messages."""
    cloud.broker.cut(fin=fin, after=after, puback=puback)


def blackhole(cloud: Cloud, *, new_connections: bool = False) -> None:
    """Let connections go dead without closing them."""
    cloud.broker.blackhole(new_connections=new_connections)


def withhold(cloud: Cloud, *, what: str, new_connections: bool = False) -> None:
    """Let connections work but for one thing, with which no message arrives, or no PUBACK; several calls add up."""
    if what not in Withheld:
        raise FaultError(f"what must be one of {', '.join(Withheld)}, not {what!r}")
    cloud.broker.withhold(Withheld(what), new_connections=new_connections)


def tls(cloud: Cloud, *, newest: str | None) -> None:
    """Let the broker speak no newer version of TLS, `1.1` say; null: as it should be."""
    if newest is not None and newest not in _TLS_VERSIONS:
        raise FaultError(f"newest must be one of {', '.join(_TLS_VERSIONS)}, not {newest!r}")
    cloud.limit_tls(None if newest is None else _TLS_VERSIONS[newest])


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
    within("count", count, range(MAX_COUNT))
    cloud.broker.lose_suback(count)


def drop_session(cloud: Cloud) -> None:
    """Forget persistent sessions and close connections."""
    cloud.broker.drop_session()


def latency(cloud: Cloud, *, seconds: float) -> None:
    """Give the MQTT link a round trip time."""
    within("seconds", seconds, (0.0, MAX_SECONDS))
    cloud.broker.delay(seconds)


def api_down(cloud: Cloud, *, on: bool = True, close: bool = False) -> None:
    """Answer REST requests with 503, or close their connections."""
    cloud.rest.faults.down, cloud.rest.faults.closes = on, close


def maintenance(cloud: Cloud, *, on: bool = True) -> None:
    """Answer REST requests with 403 and a notice."""
    cloud.rest.faults.maintenance = on


def reply_delay(cloud: Cloud, *, seconds: float) -> None:
    """Let the heaters take so long to answer."""
    within("seconds", seconds, (0.0, MAX_SECONDS))
    cloud.dispatcher.reply_delay = seconds


def push(cloud: Cloud, *, seconds: float | None) -> None:
    """Let the heaters send status unasked to active clients, every so many seconds; null: no more."""
    if seconds is not None:
        within("seconds", seconds, (0.1, MAX_SECONDS))
    cloud.push_interval = seconds


def vendor_app(cloud: Cloud, *, on: bool = True, seconds: float = 1.0) -> None:
    """Let the owner look at the heaters with the vendor's app, which asks them every so many seconds."""
    within("seconds", seconds, (0.1, MAX_SECONDS))
    if on:
        cloud.vendor_app.open(seconds)
    else:
        cloud.vendor_app.close()
