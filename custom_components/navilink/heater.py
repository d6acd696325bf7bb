"""One heater as the entities see it: an immutable picture of everything known about it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from homeassistant.core import HomeAssistant
from homeassistant.util import dt as dt_util

from .connection import ConnectionStatus, connection_status
from .nwp500 import CommandOutcome, CommandStage, Device, DeviceFeature, DeviceStatus, NavienMqttClient, QueuedCommand
from .wording import command_words, setting_words

# Measured values are not shown any longer than this after the heater's last message.
FRESH_FOR = timedelta(minutes=5)
# Where polls are rare, so many have to stay unanswered before that.
POLLS_TO_STALE = 3
# While the heater is online, the time of its last message is shown anew only after so long.
STEADY_FOR = timedelta(minutes=5)


@dataclass(frozen=True, slots=True)
class PendingCommand:
    """A command without an outcome, and where it is."""

    command: QueuedCommand
    stage: CommandStage
    age_minutes: int
    """How long ago it was given, when the picture was made."""

    def in_words(self, hass: HomeAssistant) -> dict[str, str | int | None]:
        """Describe it to people, in their unit and language, and to automations."""
        command = self.command
        return {
            "command": command_words(hass, command),
            "stage": self.stage.value,
            "queued_at": command.queued_at.isoformat(),
            "age_minutes": self.age_minutes,
            "expires_at": None if command.expires_at is None else command.expires_at.isoformat(),
            "attempts": command.attempts,
            "kind": command.kind,
            "setting": None if command.setting is None else setting_words(hass, command.setting),
            "command_id": command.id,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class HeaterState:
    """What is known about a heater at one moment."""

    device: Device
    feature: DeviceFeature | None
    status: DeviceStatus | None
    """What the heater last said."""
    shown: DeviceStatus | None
    """The same, with the values that commands on their way will set."""
    last_message_at: datetime | None
    shown_message_at: datetime | None
    """The same, but while the heater is online it stands still for some minutes."""
    is_fresh: bool
    """Whether the status is young enough for its measured values to be shown."""
    is_online: bool | None
    """Whether the link is up and the heater on line; None while nobody knows of the heater."""
    connection: ConnectionStatus
    """How it is reached, or why it is not."""
    takes_commands: bool
    """Whether it was ever seen, and the link is up or commands can wait for it."""
    pending: tuple[PendingCommand, ...]
    """Commands without an outcome, in order; questions to the heater go around the queue."""
    dropped: int
    """Commands that a full queue gave up since the start."""
    expired: int
    """Commands that became too old to be sent since the start."""

    @property
    def queued_count(self) -> int:
        """How many commands wait to be sent."""
        return sum(each.stage is CommandStage.WAITING for each in self.pending)


class HeaterView:
    """Takes the pictures of an account's heaters from what its client knows."""

    def __init__(self, client: NavienMqttClient, *, poll_interval: timedelta, has_queue: bool) -> None:
        """Say how often the heaters are polled, and whether commands wait while the link is down."""
        self._client = client
        self._stale_after = max(FRESH_FOR, poll_interval * POLLS_TO_STALE)
        self._has_queue = has_queue
        self._message_times: dict[str, datetime] = {}

    def state(self, device: Device) -> HeaterState:
        """Return everything known about a heater now."""
        client = self._client
        status, feature, received_at = client.status(device), client.feature(device), client.last_message_at(device)
        silence = None if received_at is None else dt_util.utcnow() - received_at
        is_online = self._is_online(device)
        outcomes = client.outcome_counts(device)
        return HeaterState(
            device=device,
            feature=feature,
            status=status,
            shown=_shown(status, client.wanted_members(device)),
            last_message_at=received_at,
            shown_message_at=self._shown_message_at(device.mac_address, received_at, is_online=is_online is True),
            is_fresh=(
                status is not None
                and not client.is_status_restored(device)
                and silence is not None
                and silence <= self._stale_after
            ),
            is_online=is_online,
            connection=connection_status(client, device),
            takes_commands=(status is not None or feature is not None) and (self._has_queue or client.is_connected),
            pending=tuple(
                PendingCommand(command, stage, int(command.age() / timedelta(minutes=1)))
                for command in client.pending_commands
                if command.mac_address == device.mac_address and (stage := client.stage(command.id)) is not None
            ),
            dropped=outcomes.get(CommandOutcome.DROPPED, 0),
            expired=outcomes.get(CommandOutcome.EXPIRED, 0),
        )

    def forget(self, mac_address: str) -> None:
        """Show a heater, should it come back, as one that was never heard."""
        self._message_times.pop(mac_address, None)

    def _is_online(self, device: Device) -> bool | None:
        if not self._client.is_connected:
            return False
        seen = self._client.is_online(device)
        # A heater of an earlier run is on line or not as the account's list has it, until it is heard.
        return device.connected if seen is None else seen

    def _shown_message_at(self, mac_address: str, received_at: datetime | None, *, is_online: bool) -> datetime | None:
        """Return the time of the last message, or while messages keep coming, one that is not much older."""
        shown = self._message_times.get(mac_address)
        is_steady = is_online and shown is not None and received_at is not None and received_at - shown < STEADY_FOR
        if received_at is not None and not is_steady:
            self._message_times[mac_address] = received_at
        return self._message_times.get(mac_address)


def _shown(status: DeviceStatus | None, wanted: Mapping[str, int]) -> DeviceStatus | None:
    """Return what a heater will say once every command has taken effect."""
    if status is not None:
        return status.with_members(wanted)
    return DeviceStatus(wanted) if wanted else None


def heater_name(device: Device) -> str:
    """Name a heater as its owner does, unless that would carry the MAC address into entity ids."""
    bare_name = "".join(character for character in device.name.lower() if character.isalnum())
    if not bare_name or device.mac_address in bare_name:
        return "NWP500"
    return device.name
