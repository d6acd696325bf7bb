"""The options of the MQTT client."""

from dataclasses import dataclass, field, fields
import os
from types import NoneType
from typing import get_args

_RANGES: dict[str, tuple[float, float]] = {
    "port": (1, 65535),
    # The service would clamp a keep-alive outside its range, and a wild one aborts the process in the native runtime.
    "keep_alive_secs": (30, 1200),
    "operation_timeout": (0.1, 300),
    "initial_reconnect_delay": (1, 3600),
    "max_reconnect_delay": (1, 86400),
    "reconnect_spread": (0, 3600),
    "max_queued_commands": (1, 1_000_000),
    "max_queued_command_age": (0, 10 * 365 * 86400),
    "max_in_flight": (1, 1000),
    "max_publish_rate": (1, 1_000_000),
    "command_interval": (0, 3600),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class MqttConnectionConfig:
    """How to connect, reconnect and queue. Checked on construction: a wrong value raises `ValueError`."""

    endpoint: str = "a1t30mldyslmuq-ats.iot.us-east-1.amazonaws.com"
    region: str = "us-east-1"
    port: int = 443
    ca_file: str | None = None
    """PEM bundle to trust instead of the system's, for a private server."""
    client_id: str = field(default_factory=lambda: f"nwp500-{os.urandom(8).hex()}")
    """One that no other installation has: two equal ones push each other out (protocol.md 3).

    Also a topic segment, so without `/`, `+` and `#`, and not like that of a device.
    """
    clean_session: bool = True
    keep_alive_secs: int = 60
    """Seconds, 30 to 1200."""
    operation_timeout: float = 10.0
    """Seconds to wait for a PUBACK or a SUBACK."""
    auto_reconnect: bool = True
    """`False`: one connection, then closed."""
    initial_reconnect_delay: float = 1.25
    """The most seconds before an attempt with a command waiting; the service allows one connect a second.

    Doubled with each failed attempt, those left out that find nobody in the first half minute of an outage.
    """
    max_reconnect_delay: float = 60.0
    reconnect_spread: float = 24.0
    """Seconds over which clients without a command return after a lost connection, doubled with each failed attempt.

    0 to 3600. A command given meanwhile ends the longer pause. 0: no client waits longer than one with commands.
    """
    enable_command_queue: bool = True
    """`False`: publishing while disconnected raises `NotConnectedError`, a `RuntimeError`."""
    max_queued_commands: int = 100
    """When full the oldest is dropped with a warning and the new one is added."""
    max_queued_command_age: float | None = None
    """Seconds; older commands end as expired instead of being sent. `None`: no limit."""
    expire_by_class: bool = False
    """Commands expire by class: what adds heat after 1 hour, other settings after 24, momentary ones after 60 s."""
    coalesce_commands: bool = False
    """A newer command for the same setting of the same device supersedes the queued older one."""
    max_in_flight: int = 10
    """Messages awaiting their PUBACK at a time."""
    max_publish_rate: int | None = 90
    """Messages in any one second; the service allows 100. `None`: unlimited."""
    command_interval: float = 0.0
    """Minimum seconds between two controls to one device. Above 0 also: the next goes when the last is answered."""
    guard_commands: bool = False
    """After each connection a control waits for a status of its heater; a change made there meanwhile wins."""
    skip_redundant: bool = False
    """A command whose wanted value the heater already reports is not sent, but confirmed at once."""

    def __post_init__(self) -> None:
        """Refuse a value of the wrong kind or outside its range."""
        for described in fields(self):
            _check(described.name, get_args(described.type) or (described.type,), getattr(self, described.name))
        _check_client_id(self.client_id)
        if self.max_reconnect_delay < self.initial_reconnect_delay:
            raise ValueError(
                f"max_reconnect_delay ({self.max_reconnect_delay}) must not be less than "
                f"initial_reconnect_delay ({self.initial_reconnect_delay})"
            )


def _check_client_id(client_id: str) -> None:
    if any(character in client_id for character in "/+#\0"):
        raise ValueError(f"client_id is a topic segment, so it may not contain '/', '+' or '#': {client_id!r}")
    if client_id.startswith("navilink-"):
        # Replies on `cmd/52/{client_id}/res/...` would be taken for those of a device of that name.
        raise ValueError(f"client_id may not start with 'navilink-' as the names of devices do: {client_id!r}")


def _check(name: str, kinds: tuple[object, ...], value: object) -> None:
    """Raise `ValueError` unless `value` is of one of the kinds that `name` is annotated with, and in its range."""
    if value is None and NoneType in kinds:
        return
    if bool in kinds:
        if not isinstance(value, bool):
            raise ValueError(f"{name} must be True or False, not {value!r}")
    elif str in kinds:
        if not isinstance(value, str) or not value:
            raise ValueError(f"{name} must be a text that is not empty, not {value!r}")
    else:
        low, high = _RANGES[name]
        numbers, kind = ((int, float), "a number") if float in kinds else ((int,), "a whole number")
        if isinstance(value, bool) or not isinstance(value, numbers) or not low <= value <= high:
            raise ValueError(f"{name} must be {kind} from {low:g} to {high:g}, not {value!r}")
