"""What makes drills pass, each to be taken out, so that a drill is seen to fail.

A protection is a sentence, and a context in which the product works without it.
"""

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any
from unittest.mock import patch

from homeassistant.config_entries import ConfigEntry

from custom_components.navilink import api, nwp500
from custom_components.navilink.nwp500 import (
    ApiConnectionError,
    CommandOutcome,
    CommandReason,
    CommandResult,
    NavienAuthClient,
)
from custom_components.navilink.nwp500.queue.confirmation import Confirmations, Pacing


@dataclass(frozen=True, slots=True)
class Protection:
    """Something that the product does for the sake of the promise."""

    about: str
    """What it is, for the documentation."""
    taken_out: Callable[[], AbstractContextManager[object]]
    """The product without it, while the context lasts."""


def _settings(**changed: object) -> Callable[[], AbstractContextManager[object]]:
    """Let the integration configure its client otherwise."""

    def taken_out() -> AbstractContextManager[object]:
        settings = api.queue_settings

        # Any: as the function that it stands for.
        def changed_settings(options: Mapping[str, Any]) -> dict[str, Any]:
            return {**settings(options), **changed}

        return patch.object(api, "queue_settings", changed_settings)

    return taken_out


def _without(name: str, replacement: object) -> Callable[[], AbstractContextManager[object]]:
    """Put something else in the place of a part of the client."""
    return lambda: patch(f"{nwp500.__name__}.{name}", replacement)


async def _as_they_are(client: NavienAuthClient, _refused: object = None) -> object:
    return client.current_tokens


async def _nothing_signs_in(_client: NavienAuthClient) -> object:
    raise ApiConnectionError("no password is known")


def _confirmed_by_the_answer(confirmations: Confirmations, command_id: str) -> None:
    if (command := confirmations.forget(command_id)) is not None:
        confirmations._complete(command, CommandResult(CommandOutcome.CONFIRMED, CommandReason.ANSWERED))  # noqa: SLF001 - in the place of its own method


_PAUSE = Pacing.pause


def _one_pause_for_all(pacing: Pacing, _mac_address: str | None) -> float:
    return _PAUSE(pacing, "0478630a1b2c")


PROTECTIONS: Mapping[str, Protection] = {
    "reconnection": Protection(
        "The connection is made again, indefinitely.",
        _settings(auto_reconnect=False),
    ),
    "keep-alive": Protection(
        "A ping every minute shows that the connection is dead.",
        _settings(keep_alive_secs=1200, operation_timeout=300.0),
    ),
    "queue": Protection(
        "Commands given while disconnected wait in the queue.",
        _settings(enable_command_queue=False),
    ),
    "renewal": Protection(
        "A refused connection renews the AWS keys.",
        _without("transport.connection.Connection._renewal_is_due", lambda _: False),
    ),
    "renewal-floor": Protection(
        "Refused connections renew the credentials at most once a minute.",
        _without("transport.connection._RENEWAL_FLOOR_SECONDS", 0.0),
    ),
    "token-refresh": Protection(
        "A refused access token is renewed, and the request made again.",
        _without("auth.NavienAuthClient.refresh_jwt", _as_they_are),
    ),
    "password-sign-in": Protection(
        "Where no token is accepted any more, the password is.",
        _without("auth.NavienAuthClient._request_sign_in", _nothing_signs_in),
    ),
    "reauthentication": Protection(
        "A refused password is asked for again; meanwhile the queue is kept.",
        lambda: patch.object(ConfigEntry, "async_start_reauth"),
    ),
    "trouble-of-the-service": Protection(
        "Trouble of the sign-in service is not taken for a refused password.",
        _without("auth._refuses_credentials", lambda _: True),
    ),
    "waiting-for-the-heater": Protection(
        "What a heater missed by being offline goes out again, and the rest waits, until it reports.",
        _without("queue.pipeline.CommandPipeline.heater_offline", lambda *_: None),
    ),
    "confirmation-by-status": Protection(
        "Only a status that shows the effect confirms a command, not the heater's answer.",
        _without("queue.confirmation.Confirmations.answered", _confirmed_by_the_answer),
    ),
    "retry-after-refusal": Protection(
        "A command that came too soon is sent again after a pause.",
        _without("queue.confirmation.Pacing.refused", lambda *_: None),
    ),
    "heaters-apart": Protection(
        "Each heater has its own pauses.",
        _without("queue.confirmation.Pacing.pause", _one_pause_for_all),
    ),
    "let-go-of-the-refused": Protection(
        "Nothing is sent to a heater whose subscriptions the service refuses.",
        _without("mqtt_client.NavienMqttClient._is_denied", lambda *_: False),
    ),
}
"""By the name that drills have."""
