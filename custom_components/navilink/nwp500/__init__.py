"""Client for Navien NWP500 heat-pump water heaters over the NaviLink cloud."""

from .api_client import NavienAPIClient
from .auth import NavienAuthClient
from .command_queue import QueuedCommand
from .connection import ConnectionState
from .enums import DhwMode, RecirculationMode, TemperatureUnit
from .events import (
    Changed,
    CommandEvent,
    CommandSettled,
    ConnectionChanged,
    ConnectionInterrupted,
    ConnectionRefused,
    ConnectionResumed,
    FeatureReceived,
    QueueChanged,
    StatusReceived,
)
from .exceptions import (
    ApiConnectionError,
    ApiError,
    AuthenticationError,
    CommandError,
    InvalidParameterError,
    MqttConnectionError,
    MqttError,
    MqttSubscribeError,
    NavienError,
    NotConnectedError,
    PayloadError,
    RequestTimeoutError,
    ResponseFormatError,
    StoredQueueError,
    UnreadableAnswerError,
    UnsupportedCommandError,
)
from .heater_command import HeaterCommand
from .models import Device, DeviceFeature, DeviceStatus
from .mqtt_client import MqttConnectionConfig, NavienMqttClient
from .outcomes import CommandHandle, CommandOutcome, CommandStage, Settled
from .stored_queue import StoredQueue

__all__ = [
    "ApiConnectionError",
    "ApiError",
    "AuthenticationError",
    "Changed",
    "CommandError",
    "CommandEvent",
    "CommandHandle",
    "CommandOutcome",
    "CommandSettled",
    "CommandStage",
    "ConnectionChanged",
    "ConnectionInterrupted",
    "ConnectionRefused",
    "ConnectionResumed",
    "ConnectionState",
    "Device",
    "DeviceFeature",
    "DeviceStatus",
    "DhwMode",
    "FeatureReceived",
    "HeaterCommand",
    "InvalidParameterError",
    "MqttConnectionConfig",
    "MqttConnectionError",
    "MqttError",
    "MqttSubscribeError",
    "NavienAPIClient",
    "NavienAuthClient",
    "NavienError",
    "NavienMqttClient",
    "NotConnectedError",
    "PayloadError",
    "QueueChanged",
    "QueuedCommand",
    "RecirculationMode",
    "RequestTimeoutError",
    "ResponseFormatError",
    "Settled",
    "StatusReceived",
    "StoredQueue",
    "StoredQueueError",
    "TemperatureUnit",
    "UnreadableAnswerError",
    "UnsupportedCommandError",
]
