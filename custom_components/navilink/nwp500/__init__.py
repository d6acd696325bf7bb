"""Client for Navien NWP500 heat-pump water heaters over the NaviLink cloud."""

from .api_client import NavienAPIClient
from .auth import NavienAuthClient
from .command_queue import QueuedCommand
from .connection import ConnectionState
from .enums import DhwMode, TemperatureUnit
from .events import (
    Changed,
    CommandEvent,
    ConnectionChanged,
    ConnectionInterrupted,
    ConnectionRefused,
    ConnectionResumed,
    FeatureReceived,
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
    ResponseFormatError,
    UnreadableAnswerError,
    UnsupportedCommandError,
)
from .models import Device, DeviceFeature, DeviceStatus
from .mqtt_client import MqttConnectionConfig, NavienMqttClient

__all__ = [
    "ApiConnectionError",
    "ApiError",
    "AuthenticationError",
    "Changed",
    "CommandError",
    "CommandEvent",
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
    "QueuedCommand",
    "ResponseFormatError",
    "StatusReceived",
    "TemperatureUnit",
    "UnreadableAnswerError",
    "UnsupportedCommandError",
]
