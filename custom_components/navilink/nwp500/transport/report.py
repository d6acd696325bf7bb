"""How the connection is doing, for people (state, why there is none, since when, the next attempt), and its events."""

from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import Self, override

from ..common.text import WordedEnum
from ..exceptions import AuthenticationError

_MAX_ATTEMPTS = 10
"""The newest attempts are kept."""


class ConnectionState(StrEnum):
    """Where the connection is."""

    IDLE = "idle"
    CONNECTING = "connecting"
    CONNECTED = "connected"
    WAITING = "waiting"
    CLOSED = "closed"


class ConnectionProblem(WordedEnum):
    """Why there is no connection, or the last attempt to make one failed."""

    NAME_RESOLUTION = "name_resolution", "the host name of the service cannot be resolved"
    NETWORK = "network", "the service cannot be reached over the network"
    TLS = "tls", "no secure connection: the certificate of the service, or its TLS version, is not accepted"
    CA_FILE = "ca_file", "the CA file cannot be used"
    NOT_THE_SERVICE = "not_the_service", "something other than the service answers, such as a captive portal or a proxy"
    SIGN_IN_SERVICE = "sign_in_service", "the sign-in service answers with an error"
    SIGN_IN_REFUSED = "sign_in_refused", "the email or the password was refused"
    MAINTENANCE = "maintenance", "the service is closed for maintenance"
    UPGRADE_REFUSED = "upgrade_refused", "the MQTT service refuses the credentials"
    SERVICE_BUSY = "service_busy", "the MQTT service is busy or down"
    BROKER_REFUSED = "broker_refused", "the MQTT broker refuses the connection"
    SUBSCRIPTION_FAILED = "subscription_failed", "the MQTT broker does not accept the subscriptions"
    NO_ANSWER = "no_answer", "the water heaters do not answer"
    CONNECTION_LOST = "connection_lost", "the connection was lost"
    UNEXPECTED_ERROR = "unexpected_error", "an unexpected error, which the log shows"


@dataclass(frozen=True, slots=True)
class ConnectionFailure:
    """What went wrong, as a kind and as the name that the runtime or the service has for it. Holds no secret."""

    problem: ConnectionProblem
    detail: str

    @override
    def __str__(self) -> str:
        """Return it in plain words."""
        return f"{self.problem.words} ({self.detail})"


@dataclass(frozen=True, slots=True)
class ConnectionAttempt:
    """When an attempt to connect ended (aware, UTC), and how; None: it succeeded."""

    at: datetime
    failure: ConnectionFailure | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ConnectionReport:
    """The connection at one moment. Times are aware, UTC."""

    state: ConnectionState = ConnectionState.IDLE
    since: datetime | None = None
    """When the connection was made, or since when there is none; None before it was ever wanted."""
    failure: ConnectionFailure | None = None
    """Why there is none; None when there is one, and before the first attempt has ended."""
    next_attempt_at: datetime | None = None
    """When it is tried again, as long as there is none; while it is being tried, the time when that began."""
    failed_attempts: int = 0
    """How many attempts in a row have failed."""
    attempts: tuple[ConnectionAttempt, ...] = ()
    """The last attempts, oldest first."""

    def connecting(self, now: datetime) -> Self:
        """An attempt begins."""
        return replace(self, state=ConnectionState.CONNECTING, since=self.since or now)

    def connected(self, now: datetime) -> Self:
        """An attempt succeeded."""
        return replace(
            self,
            state=ConnectionState.CONNECTED,
            since=now,
            failure=None,
            next_attempt_at=None,
            failed_attempts=0,
            attempts=self._with_attempt(now, None),
        )

    def attempt_failed(self, now: datetime, failure: ConnectionFailure) -> Self:
        """An attempt failed; what is done about it changes the state."""
        return replace(
            self, failure=failure, failed_attempts=self.failed_attempts + 1, attempts=self._with_attempt(now, failure)
        )

    def lost(self, now: datetime, failure: ConnectionFailure) -> Self:
        """The connection ended; whether another is made changes the state."""
        return replace(self, since=now, failure=failure)

    def waiting(self, next_attempt_at: datetime | None) -> Self:
        """Another attempt will be made."""
        return replace(self, state=ConnectionState.WAITING, next_attempt_at=next_attempt_at)

    def ended(self, state: ConnectionState) -> Self:
        """No more attempts are made."""
        return replace(self, state=state, next_attempt_at=None)

    def _with_attempt(self, now: datetime, failure: ConnectionFailure | None) -> tuple[ConnectionAttempt, ...]:
        return (*self.attempts, ConnectionAttempt(now, failure))[-_MAX_ATTEMPTS:]


@dataclass(frozen=True, slots=True)
class ConnectionChanged:
    """The connection is in another state, or more is known about it."""

    report: ConnectionReport


@dataclass(frozen=True, slots=True)
class ConnectionInterrupted:
    """Disconnected; reconnecting."""

    reason: str


@dataclass(frozen=True, slots=True)
class ConnectionResumed:
    """Connected again: the subscriptions are in place and the queue is drained.

    Emitted for every connection but the one that `connect()` itself waited for.
    """

    sent: int
    """How many messages were sent and acknowledged in the drain."""


@dataclass(frozen=True, slots=True)
class ConnectionRefused:
    """The sign-in service refused the credentials for good; nothing more is tried."""

    error: AuthenticationError
