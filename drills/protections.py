"""What makes drills pass, each to be taken out, so that a drill is seen to fail.

A protection is a sentence, and a context in which the product works without it.
"""

from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass
from typing import Any
from unittest.mock import patch

import aiohappyeyeballs
from homeassistant.config_entries import ConfigEntry
import orjson

from custom_components.navilink import config
from custom_components.navilink.heater import HeaterSnapshots
from custom_components.navilink.nwp500 import NavienAuthClient, NavienMqttClient, auth, mqtt_client
from custom_components.navilink.nwp500.heaters.watchdog import ResponseWatchdog
from custom_components.navilink.nwp500.queue.confirmation import Confirmations
from custom_components.navilink.nwp500.queue.guard import CommandGuard
from custom_components.navilink.nwp500.queue.pipeline import CommandPipeline
from custom_components.navilink.nwp500.queue.queue import CommandQueue
from custom_components.navilink.nwp500.queue.registry import CommandRecord
from custom_components.navilink.nwp500.queue.timing import Silence
from custom_components.navilink.nwp500.rest import service
from custom_components.navilink.nwp500.transport import connection
from custom_components.navilink.nwp500.transport.connection import Connection
from custom_components.navilink.nwp500.transport.subscriptions import ConnectionSubscriptions

from . import unprotected, unprotected_storage


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
        settings = config.queue_settings

        # Any: as the function that it stands for.
        def changed_settings(options: Mapping[str, Any]) -> dict[str, Any]:
            return {**settings(options), **changed}

        return patch.object(config, "queue_settings", changed_settings)

    return taken_out


def _patched(target: object, **functions: object) -> Callable[[], AbstractContextManager[object]]:
    """Let functions do something else."""

    @contextmanager
    def taken_out() -> Iterator[None]:
        with ExitStack() as stack:
            for name, function in functions.items():
                stack.enter_context(patch.object(target, name, function))
            yield

    return taken_out


def _both(
    one: Callable[[], AbstractContextManager[object]], other: Callable[[], AbstractContextManager[object]]
) -> Callable[[], AbstractContextManager[object]]:
    """Take out two protections of which each by itself is enough."""

    @contextmanager
    def taken_out() -> Iterator[None]:
        with one(), other():
            yield

    return taken_out


PROTECTIONS: Mapping[str, Protection] = {
    "reconnection": Protection(
        "The connection is made again, indefinitely.",
        _settings(auto_reconnect=False),
    ),
    "keep-alive": Protection(
        "A ping every minute shows that the connection is dead.",
        _settings(keep_alive_secs=1200),
    ),
    "queue": Protection(
        "Commands given while disconnected wait in the queue.",
        _settings(enable_command_queue=False),
    ),
    "in-flight-returns": Protection(
        "Commands in flight when a connection ends are sent again.",
        _patched(CommandQueue, return_in_flight=unprotected.ended_unconfirmed),
    ),
    "puback-time-out": Protection(
        "Acknowledgements that do not come, of one message for ten seconds or of several for less, show that the"
        " connection is dead.",
        _both(_settings(operation_timeout=300.0), _patched(Silence, watch=lambda _: None)),
    ),
    "suback-time-out": Protection(
        "A subscription that is not answered within ten seconds is made again.",
        _settings(operation_timeout=300.0),
    ),
    "connect-interval": Protection(
        "At least a second passes between two connections, as the service demands it.",
        _patched(Connection, _back_off=unprotected.not_at_all, _keep_connect_interval=unprotected.not_at_all),
    ),
    "growing-pauses": Protection(
        "The pauses between attempts that fail grow.",
        _patched(Connection, _back_off=unprotected.not_at_all),
    ),
    "new-keys-when-refused": Protection(
        "Credentials that the service refuses are renewed, however valid they look.",
        _patched(Connection, _renewal_is_due=lambda _: False),
    ),
    "next-attempt": Protection(
        "Whatever an attempt fails for, another one follows.",
        _patched(Connection, _attempt_failed=unprotected.raised),
    ),
    "subscriptions-renewed": Protection(
        "Every subscription is made again on each connection.",
        _patched(ConnectionSubscriptions, make_on=unprotected.made_once),
    ),
    "refused-subscriptions-tried-again": Protection(
        "A subscription that was refused is made again, at once and when the heater is asked the next time.",
        _patched(NavienMqttClient, _use=unprotected.only_made_known, is_refused=lambda *_: False),
    ),
    "reply-is-proof": Protection(
        "A heater's reply shows that a command has arrived, acknowledged or not.",
        _patched(CommandPipeline, _has_arrived=lambda *_: None),
    ),
    "refusal-counts-once": Protection(
        "A refusal that is delivered twice counts once.",
        _patched(CommandRecord, was_refused=lambda _: False),
    ),
    "messages-checked": Protection(
        "A message that is no JSON object, or larger or deeper than any of the service's, is dropped.",
        _patched(mqtt_client, decoded=orjson.loads),
    ),
    "one-update-a-round": Protection(
        "However many messages come at once, entities are updated once.",
        _patched(HeaterSnapshots, outdate=unprotected.updated_at_once),
    ),
    "silence-noticed": Protection(
        "A connection over which requests stay unanswered is replaced.",
        _patched(ResponseWatchdog, _unanswered_once_more=lambda *_: None),
    ),
    "page-is-no-refusal": Protection(
        "A web page in place of an answer is not taken for a refusal of the credentials.",
        _patched(service, _data=unprotected.page_as_refusal),
    ),
    "addresses-side-by-side": Protection(
        "The addresses of the sign-in service are tried side by side (by `aiohttp`; the AWS runtime does it anyway).",
        _patched(aiohappyeyeballs, start_connection=unprotected.one_address_after_the_other),
    ),
    "renewal-floor": Protection(
        "Refused connections renew the credentials at most once a minute.",
        _patched(connection, _RENEWAL_FLOOR_SECONDS=0.0),
    ),
    "token-refresh": Protection(
        "A refused access token is renewed, and the request made again.",
        _patched(NavienAuthClient, refresh_jwt=unprotected.tokens_as_they_are),
    ),
    "password-sign-in": Protection(
        "Where no token is accepted any more, the password is.",
        _patched(NavienAuthClient, _sign_in_with_password=unprotected.no_password),
    ),
    "reauthentication": Protection(
        "A refused password is asked for again; meanwhile the queue is kept.",
        _patched(ConfigEntry, async_start_reauth=lambda *_: None),
    ),
    "trouble-of-the-service": Protection(
        "Trouble of the sign-in service is not taken for a refused password.",
        _patched(auth, _refuses_credentials=lambda _: True),
    ),
    "waiting-for-the-heater": Protection(
        "What a heater missed by being offline goes out again, and the rest waits, until it reports.",
        _patched(CommandPipeline, heater_offline=lambda *_: None),
    ),
    "confirmation-by-status": Protection(
        "Only a status that shows the effect confirms a command, not the heater's answer.",
        _patched(Confirmations, answered=unprotected.confirmed_by_the_answer),
    ),
    "retry-after-refusal": Protection(
        "A command that came too soon is sent again after a pause.",
        _patched(CommandRecord, refused=lambda _: None),
    ),
    "heaters-apart": Protection(
        "Each heater has its own pauses.",
        _patched(CommandGuard, pause=unprotected.one_pause_for_all),
    ),
    "let-go-of-the-refused": Protection(
        "Nothing is sent to a heater whose subscriptions the service refuses.",
        _patched(NavienMqttClient, _is_denied=lambda *_: False),
    ),
    "attempt-ended": Protection(
        "An attempt to connect ends with the run of Home Assistant that began it.",
        unprotected_storage.attempt_abandoned,
    ),
    "sending-finished": Protection(
        "Before the last writing nothing more is sent, and what is in flight is waited for.",
        unprotected_storage.sent_while_stored,
    ),
    "known-heaters": Protection(
        "Heaters of an earlier run take commands at once, whether the service answers or not.",
        unprotected_storage.without_heaters,
    ),
    "last-writing": Protection(
        "What an account has to do is written once more when it is unloaded, before its client ends.",
        unprotected_storage.not_stored_at_the_end,
    ),
    "stored-before-return": Protection(
        "An action returns only when its command is on the disk.",
        unprotected_storage.stored_later,
    ),
    "replaced-as-a-whole": Protection(
        "The stored queue is replaced as a whole, by a file that is on the disk already.",
        unprotected_storage.written_in_place,
    ),
    "stored-outcomes": Protection(
        "An outcome that nobody could hear is stored, and passed on by the next run.",
        unprotected_storage.without_outcomes,
    ),
    "stored-commands": Protection(
        "Commands without an outcome are taken up again by the next run.",
        unprotected_storage.without_commands,
    ),
    "runtime-waits": Protection(
        "How long an acknowledgement takes is measured in the threads of the AWS runtime, not in the event loop.",
        unprotected_storage.acknowledged_by_the_loop,
    ),
    "stale-store-voided": Protection(
        "A stored queue that cannot be replaced is made void, so that what it held is not sent again.",
        unprotected_storage.stale_store_kept,
    ),
    "age-by-monotonic-clock": Protection(
        "The age of a command is measured by the monotonic clock.",
        unprotected_storage.aged_by_the_wall_clock,
    ),
    "expiration": Protection(
        "A command that is too old is not sent, also when it grew old while nothing ran.",
        unprotected_storage.never_expired,
    ),
}
"""By the name that drills have."""
