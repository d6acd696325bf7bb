"""The one tree of errors: every error of this package is a NavienError.

Each carries what was wrong as data, and its text form is English. After an error everything is as before.
"""

from enum import StrEnum


class NavienError(Exception):
    """Base of every error of this package."""


class AuthenticationError(NavienError):
    """The sign-in service definitely refused the credentials (protocol.md 2.1); trying again will not help."""


class ApiError(NavienError):
    """The REST service answered with an error."""

    def __init__(self, path: str, code: int, message: str) -> None:
        super().__init__(f"{path} answered {code} {message}")
        self.path = path
        self.code = code
        self.message = message


class NotPermittedError(ApiError):
    """The account is of a type that may not make this call, which the service reports as code 404 (protocol.md 2.1)."""


class NotFoundError(ApiError):
    """The service has no such resource."""


class ServerError(ApiError):
    """The service has trouble of its own (5xx); trying again later may help."""


class MaintenanceError(ApiError):
    """The service is closed for maintenance; `notice` is its message to users, in one line."""

    def __init__(self, path: str, code: int, message: str, notice: str) -> None:
        super().__init__(path, code, message)
        self.notice = notice


class ApiConnectionError(NavienError):
    """The REST service could not be reached, did not answer in time, or answered with something unreadable."""


class InvalidResponseError(ApiConnectionError):
    """The REST service answered, but not with an envelope, or without what was asked for."""

    def __init__(self, path: str, problem: str) -> None:
        super().__init__(f"{path} answered {problem}")
        self.path = path


class MqttError(NavienError):
    """Base of the errors of the MQTT connection."""


class MqttConnectionError(MqttError):
    """The connection could not be made or was lost."""


class MqttSubscribeError(MqttError):
    """A subscription was refused, was not acknowledged in time, or is one more than the service allows."""


class NotConnectedError(MqttError, RuntimeError):
    """Disconnected, and the command queue is disabled, so the message cannot be sent."""


class CommandError(NavienError):
    """Base of the errors of a single command: it was not accepted, nothing was sent or queued."""


class InvalidParameterError(CommandError, ValueError):
    """A parameter is of the wrong kind or outside its range.

    `allowed` describes in English what it may be. Where that is a range, its ends and the unit of all three numbers
    are known as well.
    """

    def __init__(
        self,
        parameter: str,
        value: object,
        allowed: str,
        *,
        minimum: float | None = None,
        maximum: float | None = None,
        unit: str = "",
    ) -> None:
        super().__init__(f"{parameter} must be {allowed}, not {value!r}")
        self.parameter = parameter
        self.value = value
        self.allowed = allowed
        self.minimum = minimum
        self.maximum = maximum
        self.unit = unit


class UnsupportedCommandError(CommandError):
    """The heater reports in its device info that it does not have what the command needs."""

    def __init__(self, command: str, feature: str) -> None:
        super().__init__(f"the heater does not support {command}, according to its {feature}")
        self.command = command
        self.feature = feature


class SerialNumberUnknownError(CommandError):
    """The heater has not reported its serial number, without which a time-of-use plan cannot be written."""

    def __init__(self) -> None:
        super().__init__("the heater has not reported its serial number yet: request its device info first")


class PayloadError(CommandError, ValueError):
    """The message can never be sent: its payload cannot be encoded, or is larger than the service allows.

    `size` is that of one that is too large, and `maximum` what the service allows, in bytes; None for the other.
    """

    def __init__(self, *, size: int | None = None, maximum: int | None = None) -> None:
        super().__init__(
            "the payload cannot be written as text or JSON"
            if size is None
            else f"the message has {size} bytes; the service allows {maximum}"
        )
        self.size = size
        self.maximum = maximum


class ResponseFormatError(NavienError):
    """A message lacks what makes it readable (protocol.md 2.4 for the device list, 4.3 for a heater's reply)."""

    def __init__(self, *, lacking: str) -> None:
        super().__init__(f"the message has no {lacking}")
        self.lacking = lacking


class RequestTimeoutError(NavienError, TimeoutError):
    """A heater did not answer a request in time."""


class ScheduleProblem(StrEnum):
    """Why a schedule could not be read, in words."""

    UNREACHABLE = "the heater could not be reached"
    UNANSWERED = "the heater gave no answer that makes sense"
    INCOMPLETE = "it has members that make no sense"


class ScheduleReadError(NavienError):
    """The heater's schedule could not be read whole, so nothing was written: a write would have wiped what it has."""

    def __init__(self, problem: ScheduleProblem) -> None:
        super().__init__(f"the heater's schedule could not be read, so nothing was written: {problem}")
        self.problem = problem


class StoredQueueError(NavienError):
    """What is stored of an earlier queue cannot be read."""
