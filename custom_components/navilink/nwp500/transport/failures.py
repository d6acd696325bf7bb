"""What an error means for the connection: from errors of the client, the network and the AWS runtime to a kind."""

from collections.abc import Mapping
from http import HTTPStatus
import socket
import ssl

import aiohttp

from ..exceptions import ApiConnectionError, ApiError, AuthenticationError, InvalidResponseError, MaintenanceError
from . import base
from .report import ConnectionFailure, ConnectionProblem

UNANSWERED = "requests stay unanswered"
"""Why a connection is replaced over which no answers come."""
UNEXPECTED = "an unexpected error"
"""Why a connection is replaced that could not be used because of an error that nobody foresaw."""

# The first that fits counts.
_KINDS: tuple[tuple[type[BaseException], ConnectionProblem], ...] = (
    (AuthenticationError, ConnectionProblem.SIGN_IN_REFUSED),
    (MaintenanceError, ConnectionProblem.MAINTENANCE),
    (InvalidResponseError, ConnectionProblem.NOT_THE_SERVICE),
    (ApiError, ConnectionProblem.SIGN_IN_SERVICE),
    (base.SubscriptionRefusedError, ConnectionProblem.SUBSCRIPTION_FAILED),
    (base.SubscriptionUnansweredError, ConnectionProblem.SUBSCRIPTION_FAILED),
    (aiohttp.ClientConnectorDNSError, ConnectionProblem.NAME_RESOLUTION),
    (socket.gaierror, ConnectionProblem.NAME_RESOLUTION),
    (aiohttp.ClientSSLError, ConnectionProblem.TLS),
    (ssl.SSLError, ConnectionProblem.TLS),
    (aiohttp.ClientError, ConnectionProblem.NETWORK),
    (ConnectionError, ConnectionProblem.NETWORK),
    (TimeoutError, ConnectionProblem.NETWORK),
    (ApiConnectionError, ConnectionProblem.NETWORK),
)
# How the names of the AWS runtime's errors begin. A broker that does not accept a client closes the connection.
_RUNTIME_NAMES: Mapping[str, ConnectionProblem] = {
    "AWS_IO_DNS": ConnectionProblem.NAME_RESOLUTION,
    "AWS_IO_TLS_NEGOTIATION_TIMEOUT": ConnectionProblem.NETWORK,
    "AWS_IO_TLS": ConnectionProblem.TLS,
    "CONNACK": ConnectionProblem.BROKER_REFUSED,
    "AWS_ERROR_MQTT_PROTOCOL_ERROR": ConnectionProblem.BROKER_REFUSED,
    "AWS_ERROR_MQTT_UNEXPECTED_HANGUP": ConnectionProblem.BROKER_REFUSED,
}


_OWN_REASONS: Mapping[str, ConnectionProblem] = {
    UNANSWERED: ConnectionProblem.NO_ANSWER,
    UNEXPECTED: ConnectionProblem.UNEXPECTED_ERROR,
}


def failure_of(error: BaseException) -> ConnectionFailure:
    """Return why an attempt to connect failed."""
    match error:
        case base.UpgradeRefusedError():
            answer = error.name if error.status is None else f"HTTP {error.status}"
            return ConnectionFailure(_refused_upgrade(error.status), f"MQTT service: {answer}")
        case base.CaFileError():
            # Its text names the file, which is nobody's business who reads a report.
            return ConnectionFailure(ConnectionProblem.CA_FILE, type(error.__cause__).__name__)
        case base.TransportError():
            known = (problem for start, problem in _RUNTIME_NAMES.items() if error.name.startswith(start))
            otherwise = next(known, ConnectionProblem.NETWORK)
            return ConnectionFailure(_kind(error, otherwise), f"MQTT service: {error.name}")
        case ApiError():
            # Named by its code; its text comes from outside.
            return ConnectionFailure(_kind(error), f"sign-in service: code {error.code}")
        case AuthenticationError() | InvalidResponseError():
            return ConnectionFailure(_kind(error), f"sign-in service: {type(error).__name__}")
    # What the sign-in service could not be reached for stands behind the client's own error.
    cause = error.__cause__ or error if isinstance(error, ApiConnectionError) else error
    problem = _kind(cause, _kind(error))
    service = "" if problem is ConnectionProblem.UNEXPECTED_ERROR else "sign-in service: "
    return ConnectionFailure(problem, f"{service}{type(cause).__name__}")


def failure_of_loss(reason: str) -> ConnectionFailure:
    """Return why a connection ended that was made."""
    problem = _OWN_REASONS.get(reason, ConnectionProblem.CONNECTION_LOST)
    return ConnectionFailure(problem, f"MQTT service: {reason}")


def _kind(error: BaseException, otherwise: ConnectionProblem = ConnectionProblem.UNEXPECTED_ERROR) -> ConnectionProblem:
    return next((problem for kind, problem in _KINDS if isinstance(error, kind)), otherwise)


def _refused_upgrade(status: int | None) -> ConnectionProblem:
    """Read the HTTP status of a refused upgrade; where it is not known, credentials are the usual reason."""
    if status is not None and status < HTTPStatus.BAD_REQUEST:
        return ConnectionProblem.NOT_THE_SERVICE
    if status is not None and (status == HTTPStatus.TOO_MANY_REQUESTS or status >= HTTPStatus.INTERNAL_SERVER_ERROR):
        return ConnectionProblem.SERVICE_BUSY
    return ConnectionProblem.UPGRADE_REFUSED
