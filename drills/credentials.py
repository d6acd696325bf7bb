"""Drills of the credentials: keys and tokens that expire, a password that changes, a sign-in service that is away."""

from collections.abc import Iterable

from homeassistant.config_entries import SOURCE_REAUTH

from custom_components.navilink.const import DOMAIN
from simulator.state import State

from .drill import Drill, Step
from .home import Home
from .steps import connected, disconnected, fault, over, wait
from .waiting import until

_NEW_PASSWORD = "another correct horse"  # noqa: S105 - of the simulated account
_MOST_REQUESTS = 8
"""For new credentials, in a minute in which the service refuses whatever is signed: two renewals, and lists."""


async def list_heaters(home: Home) -> None:
    """List the heaters of the account, as the integration does every quarter of an hour."""
    await home.coordinator.async_refresh()
    if not home.coordinator.last_update_success:
        home.errors.append("the list of heaters could not be refreshed")


async def sign_in_again(home: Home) -> None:
    """Give the new password in the dialog that Home Assistant asks for it with."""
    manager = home.hass.config_entries.flow

    def flows() -> list[str]:
        found = manager.async_progress_by_handler(DOMAIN, match_context={"source": SOURCE_REAUTH})
        return [flow["flow_id"] for flow in found]

    await until("Home Assistant asks for the new password", lambda: bool(flows()), 90)
    credentials = {"email": home.entry.data["email"], "password": _NEW_PASSWORD}
    await manager.async_configure(flows()[0], credentials)
    await until("the account is set up again", lambda: home.is_running and home.entry.data["password"] == _NEW_PASSWORD)


def few_requests(home: Home, state: State) -> Iterable[str]:
    """Refused signatures must not become a storm on the sign-in service."""
    begin, end = home.fault_lasted
    count = sum(begin <= request["time"] <= end for request in state["rest_requests"])
    if count > _MOST_REQUESTS:
        yield f"{count} REST requests, at most {_MOST_REQUESTS}"


def _expired(*faults: Step) -> tuple[Step, ...]:
    return (*faults, fault("cut"), over, disconnected, connected, list_heaters, wait(3))


DRILLS: tuple[Drill, ...] = (
    Drill(
        name="aws-keys-expired",
        about="The connection is lost, and the AWS keys have expired before their time.",
        steps=_expired(fault("expire_aws")),
        protection="new-keys-when-refused",
        is_quick=True,
    ),
    Drill(
        name="jwt-expired",
        about="The access token has expired before its time when the heaters are listed.",
        steps=_expired(fault("expire_jwt")),
        protection="token-refresh",
    ),
    Drill(
        name="keys-and-jwt-expired",
        about="AWS keys and access token have expired before their time.",
        steps=_expired(fault("expire_aws"), fault("expire_jwt")),
        protection="new-keys-when-refused",
    ),
    Drill(
        name="refresh-refused",
        about="AWS keys, access and refresh token are all refused: only the password is left.",
        steps=_expired(fault("expire_aws"), fault("expire_jwt", refresh=True)),
        protection="password-sign-in",
    ),
    Drill(
        name="password-changed",
        about="The owner changes the password elsewhere, and gives Home Assistant the new one half a minute later.",
        steps=(
            fault("change_password", password=_NEW_PASSWORD),
            fault("cut"),
            wait(30),
            sign_in_again,
            over,
            connected,
        ),
        protection="reauthentication",
    ),
    Drill(
        name="upgrade-forbidden",
        about="For a minute the service refuses every connection with 403.",
        steps=(
            fault("refuse_upgrade", status=403),
            fault("cut"),
            wait(60),
            fault("refuse_upgrade", status=None),
            over,
            connected,
        ),
        protection="reconnection",
        check=few_requests,
    ),
    Drill(
        name="sign-in-down",
        about="The sign-in service is away until the pauses are as long as they get, and nothing works without it.",
        steps=(
            fault("api_down"),
            fault("expire_aws"),
            fault("expire_jwt", refresh=True),
            fault("cut"),
            wait(70),
            fault("api_down", on=False),
            over,
            connected,
        ),
        protection="trouble-of-the-service",
    ),
    Drill(
        name="clock-wrong",
        about="The clock is ten minutes wrong, so that every signature is refused, and then right.",
        steps=(
            fault("service_clock", offset=600),
            fault("cut"),
            wait(60),
            fault("service_clock", offset=0),
            over,
            connected,
        ),
        protection="renewal-floor",
        check=few_requests,
    ),
)
