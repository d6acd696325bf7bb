"""From errors to kinds of failure: one line for each error that has been seen, in whatever it is wrapped."""

import socket
import ssl

import aiohttp
from aiohttp.client_reqrep import ConnectionKey
import pytest

from nwp500 import AuthenticationError, ConnectionProblem, NavienError
from nwp500.exceptions import ApiConnectionError, ApiError, InvalidResponseError, MaintenanceError, ServerError
from nwp500.transport.base import (
    CaFileError,
    SubscriptionRefusedError,
    SubscriptionUnansweredError,
    TransportError,
    UpgradeRefusedError,
)
from nwp500.transport.failures import UNANSWERED, UNEXPECTED, failure_of, failure_of_loss
from nwp500.transport.report import ConnectionFailure

HOST = "private.example.com"
KEY = ConnectionKey(HOST, 443, True, True, None, None, None)
UPGRADE = "AWS_ERROR_HTTP_WEBSOCKET_UPGRADE_FAILURE"


def caused(cause: BaseException) -> ApiConnectionError:
    """Return what the REST service makes of an error of the network."""
    error = ApiConnectionError(f"/user/sign-in could not be called: {cause}")
    error.__cause__ = cause
    return error


@pytest.mark.parametrize(
    ("error", "problem", "detail"),
    [
        (TransportError("AWS_IO_DNS_INVALID_NAME"), "name_resolution", "MQTT service: AWS_IO_DNS_INVALID_NAME"),
        (TransportError("AWS_IO_DNS_QUERY_FAILED"), "name_resolution", "MQTT service: AWS_IO_DNS_QUERY_FAILED"),
        (TransportError("AWS_IO_SOCKET_TIMEOUT"), "network", "MQTT service: AWS_IO_SOCKET_TIMEOUT"),
        (TransportError("no connection within 35 s"), "network", "MQTT service: no connection within 35 s"),
        (TransportError("AWS_IO_TLS_NEGOTIATION_TIMEOUT"), "network", "MQTT service: AWS_IO_TLS_NEGOTIATION_TIMEOUT"),
        # As seen with a certificate that the CA file does not vouch for.
        (
            TransportError("AWS_IO_TLS_ERROR_NEGOTIATION_FAILURE"),
            "tls",
            "MQTT service: AWS_IO_TLS_ERROR_NEGOTIATION_FAILURE",
        ),
        (
            TransportError("AWS_ERROR_MQTT_PROTOCOL_ERROR"),
            "broker_refused",
            "MQTT service: AWS_ERROR_MQTT_PROTOCOL_ERROR",
        ),
        (TransportError("CONNACK NOT_AUTHORIZED"), "broker_refused", "MQTT service: CONNACK NOT_AUTHORIZED"),
        (UpgradeRefusedError(UPGRADE), "upgrade_refused", f"MQTT service: {UPGRADE}"),
        (UpgradeRefusedError(UPGRADE, 403), "upgrade_refused", "MQTT service: HTTP 403"),
        (UpgradeRefusedError(UPGRADE, 404), "upgrade_refused", "MQTT service: HTTP 404"),
        (UpgradeRefusedError(UPGRADE, 429), "service_busy", "MQTT service: HTTP 429"),
        (UpgradeRefusedError(UPGRADE, 502), "service_busy", "MQTT service: HTTP 502"),
        (UpgradeRefusedError(UPGRADE, 200), "not_the_service", "MQTT service: HTTP 200"),
        (UpgradeRefusedError(UPGRADE, 302), "not_the_service", "MQTT service: HTTP 302"),
        (SubscriptionRefusedError("0x80"), "subscription_failed", "MQTT service: 0x80"),
        (SubscriptionUnansweredError(), "subscription_failed", "MQTT service: no SUBACK"),
        (AuthenticationError("no"), "sign_in_refused", "sign-in service: AuthenticationError"),
        (MaintenanceError("/user/sign-in", 403, "x", "Back soon"), "maintenance", "sign-in service: code 403"),
        (ServerError("/user/sign-in", 503, "secret"), "sign_in_service", "sign-in service: code 503"),
        (ApiError("/user/sign-in", 400, "secret"), "sign_in_service", "sign-in service: code 400"),
        (
            InvalidResponseError("/user/sign-in", "HTTP 200 with something other than JSON"),
            "not_the_service",
            "sign-in service: InvalidResponseError",
        ),
        (
            caused(aiohttp.ClientConnectorDNSError(KEY, OSError("secret"))),
            "name_resolution",
            "sign-in service: ClientConnectorDNSError",
        ),
        (
            caused(aiohttp.ClientConnectorCertificateError(KEY, ssl.SSLCertVerificationError("secret"))),
            "tls",
            "sign-in service: ClientConnectorCertificateError",
        ),
        (
            caused(aiohttp.ClientConnectorError(KEY, OSError("secret"))),
            "network",
            "sign-in service: ClientConnectorError",
        ),
        (caused(TimeoutError()), "network", "sign-in service: TimeoutError"),
        (ApiConnectionError("secret"), "network", "sign-in service: ApiConnectionError"),
        # Of a source of credentials that is not this package's.
        (socket.gaierror(-2, "secret"), "name_resolution", "sign-in service: gaierror"),
        (ConnectionRefusedError("secret"), "network", "sign-in service: ConnectionRefusedError"),
        (TypeError("secret"), "unexpected_error", "TypeError"),
        (NavienError("not signed in yet"), "unexpected_error", "NavienError"),
    ],
)
def test_the_kind_of_a_failure_and_no_more_than_its_name(error: Exception, problem: str, detail: str) -> None:
    failure = failure_of(error)
    assert failure == ConnectionFailure(ConnectionProblem(problem), detail)
    assert HOST not in str(failure)
    assert "secret" not in str(failure)


def test_a_file_is_not_named() -> None:
    error = CaFileError("the CA file cannot be used: [Errno 2] No such file: '/home/somebody/ca.pem'")
    error.__cause__ = FileNotFoundError(2, "No such file", "/home/somebody/ca.pem")
    assert str(failure_of(error)) == "the CA file cannot be used (FileNotFoundError)"


@pytest.mark.parametrize(
    ("reason", "problem"),
    [
        (UNANSWERED, ConnectionProblem.NO_ANSWER),
        (UNEXPECTED, ConnectionProblem.UNEXPECTED_ERROR),
        ("AWS_ERROR_MQTT_TIMEOUT", ConnectionProblem.CONNECTION_LOST),
    ],
)
def test_why_a_connection_ended(reason: str, problem: ConnectionProblem) -> None:
    assert failure_of_loss(reason) == ConnectionFailure(problem, f"MQTT service: {reason}")


@pytest.mark.parametrize("problem", ConnectionProblem)
def test_every_kind_has_its_words(problem: ConnectionProblem) -> None:
    assert str(ConnectionFailure(problem, "detail")).endswith(" (detail)")
