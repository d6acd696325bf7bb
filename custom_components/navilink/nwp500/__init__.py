"""Client for Navien NWP500 heat-pump water heaters over the NaviLink cloud.

`NavienAuthClient` signs in, `NavienAPIClient` calls the REST service, and `NavienMqttClient` keeps the connection to
the heaters: it controls them, with a queue for commands that are given while disconnected, queries them, edits their
schedules, and reports what happens as events. What heaters and cloud report are immutable values; unknown is None.

Here is what callers use and annotate with. The modules `enums`, `exceptions` and `models` are public too: values,
models, and errors, of which every one is a `NavienError`. The tables behind the client are `commands` and `queries`.
"""

from .api_client import NavienAPIClient
from .auth import NavienAuthClient
from .common.background import watched
from .common.text import one_line, visible
from .config import MqttConnectionConfig
from .exceptions import AuthenticationError, NavienError, NotConnectedError
from .heaters import controls as heater_commands
from .heaters.events import Changed, FeatureReceived, ScheduleWritten, StatusReceived
from .heaters.schedule_editor import ScheduleWrite, WriteOutcome
from .models import Device, DeviceFeature, DeviceStatus
from .mqtt_client import NavienMqttClient
from .protocol import controls as commands
from .protocol import queries, setpoint
from .protocol.controls import HeaterCommand
from .queue.command import CommandCompleted, CommandEvent, CommandHandle, KnowledgeChanged, QueuedCommand
from .queue.migration import migrated_queue
from .queue.outcome import CommandOutcome, CommandReason, CommandResult, CommandStage
from .queue.persistence import StoredQueue
from .rest import servers
from .transport.failures import failure_of
from .transport.report import (
    ConnectionChanged,
    ConnectionFailure,
    ConnectionInterrupted,
    ConnectionProblem,
    ConnectionRefused,
    ConnectionReport,
    ConnectionResumed,
    ConnectionState,
)

__all__ = [
    "AuthenticationError",
    "Changed",
    "CommandCompleted",
    "CommandEvent",
    "CommandHandle",
    "CommandOutcome",
    "CommandReason",
    "CommandResult",
    "CommandStage",
    "ConnectionChanged",
    "ConnectionFailure",
    "ConnectionInterrupted",
    "ConnectionProblem",
    "ConnectionRefused",
    "ConnectionReport",
    "ConnectionResumed",
    "ConnectionState",
    "Device",
    "DeviceFeature",
    "DeviceStatus",
    "FeatureReceived",
    "HeaterCommand",
    "KnowledgeChanged",
    "MqttConnectionConfig",
    "NavienAPIClient",
    "NavienAuthClient",
    "NavienError",
    "NavienMqttClient",
    "NotConnectedError",
    "QueuedCommand",
    "ScheduleWrite",
    "ScheduleWritten",
    "StatusReceived",
    "StoredQueue",
    "WriteOutcome",
    "commands",
    "failure_of",
    "heater_commands",
    "migrated_queue",
    "one_line",
    "queries",
    "servers",
    "setpoint",
    "visible",
    "watched",
]
