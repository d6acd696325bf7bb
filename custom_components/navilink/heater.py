"""One heater as the entities see it: an immutable snapshot of everything known about it."""

import asyncio
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial

from homeassistant.core import CALLBACK_TYPE, HomeAssistant, callback
from homeassistant.util import dt as dt_util

from .const import LOGGER
from .nwp500 import (
    CommandOutcome,
    CommandStage,
    ConnectionProblem,
    Device,
    DeviceFeature,
    DeviceStatus,
    NavienMqttClient,
    QueuedCommand,
)
from .nwp500.enums import DhwMode
from .wording import command_words, setting_words

# Measured values are not shown any longer than this after the heater's last message.
FRESH_FOR = timedelta(minutes=5)
# While the heater is online, the time of its last message is shown anew only after so long.
STEADY_FOR = timedelta(minutes=5)

# What a heater is called that has no name of its own.
UNNAMED = "NWP500"

CONNECTED = "connected"
CONNECTING = "connecting"
HEATER_OFFLINE = "heater_offline"
CONNECTION_STATES = (CONNECTED, CONNECTING, HEATER_OFFLINE, *(problem.value for problem in ConnectionProblem))


@dataclass(frozen=True, slots=True)
class ConnectionStatus:
    """How a heater is reached at the moment, or why it is not; times are aware."""

    state: str
    """One of `CONNECTION_STATES`."""
    detail: str | None = None
    """The name that the service, or the part that connects to it, has for what is wrong."""
    since: datetime | None = None
    next_attempt_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class PendingCommand:
    """A command without an outcome, and where it is."""

    command: QueuedCommand
    stage: CommandStage
    age_minutes: int
    """How long ago it was given, when the snapshot was taken."""

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
    """What the heater last reported."""
    shown: DeviceStatus | None
    """The same, with the values that commands on their way will set."""
    last_message_at: datetime | None
    shown_message_at: datetime | None
    """The same, but while the heater is online it stands still for some minutes."""
    is_fresh: bool
    """Whether the status is young enough for its measured values to be shown."""
    is_online: bool | None
    """Whether the account is connected and the heater online; None while nothing is known of the heater."""
    connection: ConnectionStatus
    """How it is reached, or why it is not."""
    takes_commands: bool
    """Whether it was ever seen, and is connected or commands can wait for that."""
    pending: tuple[PendingCommand, ...]
    """Commands without an outcome, in order; questions to the heater go around the queue."""
    dropped: int
    """Commands that were dropped from a full queue since the start."""
    expired: int
    """Commands that have expired since the start."""

    @property
    def shown_mode(self) -> DhwMode | None:
        """The mode that it has, or will have."""
        return None if self.shown is None else self.shown.dhw_mode

    @property
    def queued_count(self) -> int:
        """How many commands wait to be sent."""
        return sum(each.stage is CommandStage.WAITING for each in self.pending)


class HeaterSnapshots:
    """Keeps the snapshots of an account's heaters, and calls back whoever shows one that is outdated.

    That is done once in each round of the loop, whatever else happens to a heater in it: entities show the end.
    """

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        client: NavienMqttClient,
        other_pending: Callable[[], Iterable[QueuedCommand]],
        *,
        has_queue: bool,
    ) -> None:
        """Take the client, what returns commands that wait elsewhere, and whether there is a queue."""
        self._loop = loop
        self._client = client
        self._has_queue = has_queue
        self._message_times: dict[str, datetime] = {}
        self._taken: dict[str, HeaterState] = {}
        self._outdated: set[str] = set()
        self._scheduled: asyncio.Handle | None = None
        self._listeners: dict[str, list[CALLBACK_TYPE]] = {}
        self._other_pending = other_pending

    def take(self, devices: Iterable[Device]) -> dict[str, HeaterState]:
        """Return the snapshots of these heaters by MAC address, which are kept up to date from now on."""
        pending = self._pending()
        self._taken = {device.mac_address: self._snapshot(device, pending) for device in devices}
        for mac_address in self._listeners:
            self.call_back(mac_address)
        return self._taken

    @callback
    def listen(self, mac_address: str, update_callback: CALLBACK_TYPE) -> Callable[[], None]:
        """Call back with each new snapshot of a heater; returns what ends that."""
        listeners = self._listeners.setdefault(mac_address, [])
        listeners.append(update_callback)
        return partial(listeners.remove, update_callback)

    @callback
    def outdate(self, mac_addresses: Iterable[str] = ()) -> None:
        """Take new snapshots soon: of these heaters, and of those with other commands than before."""
        self._outdated.update(mac_addresses)
        if self._scheduled is None:
            self._scheduled = self._loop.call_soon(self._update)

    @callback
    def call_back(self, mac_address: str) -> None:
        """Let those who show a heater look at its snapshot."""
        for update_callback in tuple(self._listeners.get(mac_address, ())):
            try:
                update_callback()
            except Exception:  # noqa: BLE001 - one entity that cannot be shown must not cost the others
                LOGGER.exception("Unexpected error updating an entity")

    @callback
    def forget(self, mac_address: str) -> None:
        """Show a heater, should it come back, as one that has never reported."""
        self._message_times.pop(mac_address, None)

    @callback
    def close(self) -> None:
        """Call nobody back any more."""
        if self._scheduled is not None:
            self._scheduled.cancel()

    @callback
    def _update(self) -> None:
        self._scheduled = None
        outdated, self._outdated = self._outdated, set()
        pending = self._pending()
        outdated |= {mac for mac, heater in self._taken.items() if heater.pending != pending.get(mac, ())}
        for mac_address in outdated & self._taken.keys():
            self._taken[mac_address] = self._snapshot(self._taken[mac_address].device, pending)
            self.call_back(mac_address)

    def _snapshot(self, device: Device, pending: Mapping[str, tuple[PendingCommand, ...]]) -> HeaterState:
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
                and silence <= FRESH_FOR
            ),
            is_online=is_online,
            connection=_connection_status(client, device),
            takes_commands=(status is not None or feature is not None) and (self._has_queue or client.is_connected),
            pending=pending.get(device.mac_address, ()),
            dropped=outcomes.get(CommandOutcome.DROPPED, 0),
            expired=outcomes.get(CommandOutcome.EXPIRED, 0),
        )

    def _pending(self) -> dict[str, tuple[PendingCommand, ...]]:
        """Return the commands without an outcome by MAC address."""
        found: dict[str, tuple[PendingCommand, ...]] = {}
        staged = [(command, self._client.stage(command.id)) for command in self._client.pending_commands]
        staged += [(command, CommandStage.WAITING) for command in self._other_pending()]
        for command, stage in staged:
            if command.mac_address is not None and stage is not None:
                pending = PendingCommand(command, stage, int(command.age() / timedelta(minutes=1)))
                found[command.mac_address] = (*found.get(command.mac_address, ()), pending)
        return found

    def _is_online(self, device: Device) -> bool | None:
        if not self._client.is_connected:
            return False
        seen = self._client.is_online(device)
        # A heater of an earlier run is online or not as the account's list has it, until it reports.
        return device.connected if seen is None else seen

    def _shown_message_at(self, mac_address: str, received_at: datetime | None, *, is_online: bool) -> datetime | None:
        """Return the time of the last message, or while messages keep coming, one that is not much older."""
        shown = self._message_times.get(mac_address)
        is_steady = is_online and shown is not None and received_at is not None and received_at - shown < STEADY_FOR
        if received_at is not None and not is_steady:
            self._message_times[mac_address] = received_at
        return self._message_times.get(mac_address)


def _connection_status(client: NavienMqttClient, device: Device) -> ConnectionStatus:
    """Return how a heater is reached: first what is wrong with the account's connection, then with the heater."""
    report = client.connection_report
    if client.is_connected:
        return _heater_status(client, device)
    if report.failure is None:
        return ConnectionStatus(CONNECTING, since=report.since)
    return ConnectionStatus(report.failure.problem.value, report.failure.detail, report.since, report.next_attempt_at)


def _heater_status(client: NavienMqttClient, device: Device) -> ConnectionStatus:
    connected_since, received_at = client.connection_report.since, client.last_message_at(device)
    if client.is_refused(device):
        return ConnectionStatus(ConnectionProblem.SUBSCRIPTION_FAILED.value, since=connected_since)
    if client.is_silent(device):
        return ConnectionStatus(ConnectionProblem.NO_ANSWER.value, since=received_at)
    if client.is_online(device) is False:
        return ConnectionStatus(HEATER_OFFLINE, since=received_at)
    return ConnectionStatus(CONNECTED, since=connected_since)


def _shown(status: DeviceStatus | None, pending_members: Mapping[str, int]) -> DeviceStatus | None:
    """Return what a heater will report once every command has taken effect."""
    if status is not None:
        return status.with_members(pending_members)
    return DeviceStatus(pending_members) if pending_members else None


def heater_name(device: Device) -> str:
    """Name a heater as its owner does, unless that would carry the MAC address into entity ids."""
    bare_name = "".join(character for character in device.name.lower() if character.isalnum())
    if not bare_name or device.mac_address in bare_name:
        return UNNAMED
    return device.name
