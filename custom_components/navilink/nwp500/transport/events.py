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
    """The link is gone; it is being made again."""

    reason: str


@dataclass(frozen=True, slots=True)
class ConnectionResumed:
    """The link is up, its subscriptions are in place and the queue is drained.

    Told of every link but the one that `connect()` itself waited for.
    """

    sent: int
    """How many messages were sent and acknowledged in the drain."""


@dataclass(frozen=True, slots=True)
class ConnectionRefused:
    """The sign-in service refused the credentials for good; nothing more is tried."""

    error: AuthenticationError
