"""What is reported of the connection."""

from dataclasses import dataclass

from ..exceptions import AuthenticationError
from .report import ConnectionReport, ConnectionState


@dataclass(frozen=True, slots=True)
class ConnectionChanged:
    """The connection is in another state, or more is known about it."""

    report: ConnectionReport

    @property
    def state(self) -> ConnectionState:
        """Where the connection is."""
        return self.report.state


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
