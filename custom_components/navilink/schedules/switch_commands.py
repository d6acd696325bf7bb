"""Switches the schedules of an account's heaters on and off, now or once their heater can be reached."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from homeassistant.config_entries import ConfigEntry
from homeassistant.core import HomeAssistant, callback
from homeassistant.exceptions import HomeAssistantError
from homeassistant.helpers.event import async_track_time_interval

from ..const import DOMAIN, LOGGER
from ..nwp500 import (
    CommandCompleted,
    CommandOutcome,
    CommandReason,
    CommandResult,
    Device,
    FeatureReceived,
    MqttConnectionConfig,
    NavienError,
    QueuedCommand,
    ScheduleWrite,
    StatusReceived,
    WriteOutcome,
    watched,
)
from ..nwp500.exceptions import UnsupportedCommandError
from ..outcomes import Delivery
from ..wording import command_words, outcome_error
from .heater_schedules import HeaterSchedules
from .kept_lists import Change
from .switch_command import LIFE_TIME, ON, RECIRCULATION, WEEKLY, StoredSwitchCommands, new_switch_command

# A write takes some seconds, and three times as long when it is lost and repeated.
OUTCOME_TIME = 30.0
# How often what waits is looked through for what has expired.
EXPIRY_INTERVAL = timedelta(seconds=30)

type Switch = Callable[[HeaterSchedules, Device, Change[Any]], Awaitable[ScheduleWrite[Any]]]

SWITCH_OF_KIND: Mapping[str, Switch] = {
    WEEKLY: lambda schedules, device, change: schedules.async_change_weekly(device, "switch", change),
    RECIRCULATION: lambda schedules, device, change: schedules.async_change_recirculation(device, "switch", change),
}
# A conflict, and a write of which nobody knows, are no outcomes: the list is read again, and written if need be.
RESULT_OF_WRITE = {
    WriteOutcome.WRITTEN: CommandResult(CommandOutcome.CONFIRMED, CommandReason.REPORTED),
    WriteOutcome.ALREADY_SO: CommandResult(CommandOutcome.CONFIRMED, CommandReason.ALREADY_SET),
    WriteOutcome.LOST: CommandResult(CommandOutcome.UNCONFIRMED, CommandReason.NOT_REPORTED),
}
EXPIRED = CommandResult(CommandOutcome.EXPIRED, CommandReason.TOO_OLD)
SUPERSEDED = CommandResult(CommandOutcome.SUPERSEDED, CommandReason.NEWER_COMMAND)
OVERTAKEN = CommandResult(CommandOutcome.UNCONFIRMED, CommandReason.NEWER_COMMAND)
CLEARED = CommandResult(CommandOutcome.CLEARED, CommandReason.QUEUE_CLEARED)
REMOVED = CommandResult(CommandOutcome.CLEARED, CommandReason.HEATER_REMOVED)
UNSUPPORTED = CommandResult(CommandOutcome.FAILED, CommandReason.REFUSED)
NOT_KEPT = CommandResult(CommandOutcome.FAILED, CommandReason.QUEUE_DISABLED)


class SwitchCommands:
    """The commands without an outcome, oldest first; each is stored, and ends in one outcome as those of the client do.

    Of those for one schedule only the newest waits, beside one that is being carried out.
    """

    def __init__(
        self,
        entry: ConfigEntry,
        delivery: Delivery,
        schedules: HeaterSchedules,
        config: MqttConnectionConfig,
        changed: Callable[[str], None],
    ) -> None:
        """Take what knows the schedules, how commands wait, and what shows a heater after each change."""
        self._entry = entry
        self._hass: HomeAssistant = delivery.hass
        self._client, self._outcomes, self._store = delivery.client, delivery.outcomes, delivery.store
        self._schedules = schedules
        self._is_kept = config.enable_command_queue
        self._life_time = _life_time(config)
        self._changed = changed
        self._waiting: dict[str, QueuedCommand] = {}
        self._carried_out: dict[str, asyncio.Task[None]] = {}
        """What carries out the commands of a heater at the moment."""
        self._current: set[str] = set()
        """The ids of commands that may have been written."""

    @property
    def waiting(self) -> tuple[QueuedCommand, ...]:
        """The commands without an outcome, oldest first."""
        return tuple(self._waiting.values())

    def wanted(self, mac_address: str, kind: str) -> bool | None:
        """Return whether a schedule will be on, by the newest command; None without one."""
        commands = [command for command in self._of(mac_address) if command.kind == kind]
        return commands[-1].parameters == (ON,) if commands else None

    @callback
    def listen(self) -> list[Callable[[], None]]:
        """Begin; returns what ends it."""
        on = self._client.on
        return [
            on("status_received", self._on_report),
            on("feature_received", self._on_report),
            async_track_time_interval(self._hass, self._expire, EXPIRY_INTERVAL),
        ]

    @callback
    def restore(self, stored: StoredSwitchCommands) -> None:
        """Take up those of an earlier run."""
        self._waiting = {command.id: command for command in stored.pending}

    def to_store(self, outcomes: Iterable[CommandCompleted]) -> StoredSwitchCommands:
        """Return what has to outlive this process; of the outcomes, those of these commands."""
        return StoredSwitchCommands(
            self.waiting, tuple(event for event in outcomes if is_switch_command(event.command))
        )

    async def async_switch(self, device: Device, kind: str, *, on: bool) -> None:
        """Switch a schedule on or off; returns once that is done, or kept until the heater can be reached.

        Raises `HomeAssistantError` for what failed, or is not confirmed in time.
        """
        command = new_switch_command(kind, device.mac_address, on=on, life_time=self._life_time)
        outcome = self._outcomes.future(command.id)
        self._supersede(command)
        self._waiting[command.id] = command
        self._show(command)
        carrying_out: asyncio.Task[None] | None = None
        if self._client.is_connected and not self._client.is_waiting_for_status(device):
            carrying_out = self._carry_out(device)
            # It goes on when the action that waits for it does not.
            await asyncio.wait([carrying_out], timeout=OUTCOME_TIME)
        if command.id in self._waiting and not self._is_kept:
            self._complete(command, NOT_KEPT)
        if command.id not in self._waiting:
            await asyncio.wait([outcome])
            # Canceled, because the account is being unloaded, it is stored.
            if not outcome.cancelled() and (err := outcome_error(self._hass, outcome.result())) is not None:
                raise err
            return
        await self._store.async_saved()
        # Canceled, because the account is being unloaded, the next set-up goes on with it.
        is_late = carrying_out is not None and not carrying_out.cancelled() and self._client.is_connected
        if is_late or self._store.has_failed:
            raise HomeAssistantError(
                translation_domain=DOMAIN,
                translation_key="command_not_completed" if is_late else "command_not_stored",
                translation_placeholders={"command": command_words(self._hass, command)},
            )

    @callback
    def clear(self, mac_address: str, kinds: frozenset[str] | None = None) -> int:
        """Remove the commands for one heater that are not being carried out, all or some kinds; return how many."""
        cleared = [
            command
            for command in self._of(mac_address)
            if command.id not in self._current and (kinds is None or command.kind in kinds)
        ]
        for command in cleared:
            self._complete(command, CLEARED)
        return len(cleared)

    @callback
    def release(self, mac_address: str) -> None:
        """End the commands for a heater that leaves the account."""
        for command in self._of(mac_address):
            self._complete(command, REMOVED)

    def _of(self, mac_address: str) -> list[QueuedCommand]:
        return [command for command in self._waiting.values() if command.mac_address == mac_address]

    # How they end

    @callback
    def _complete(self, command: QueuedCommand, result: CommandResult) -> None:
        if self._waiting.pop(command.id, None) is not None:
            self._outcomes.completed(CommandCompleted(command, result))
            self._show(command)

    @callback
    def _show(self, command: QueuedCommand) -> None:
        self._store.async_changed()
        self._changed(command.mac_address or "")

    @callback
    def _supersede(self, newer: QueuedCommand) -> None:
        for command in self.waiting:
            if newer.replaces(command) and command.id not in self._current:
                self._complete(command, SUPERSEDED)

    @callback
    def _expire(self, _now: datetime) -> None:
        for command in self.waiting:
            if command.is_expired() and command.id not in self._current:
                self._complete(command, EXPIRED)

    # How they are carried out

    @callback
    def _on_report(self, event: StatusReceived | FeatureReceived) -> None:
        if self._waiting and self._of(event.device.mac_address):
            self._carry_out(event.device)

    def _carry_out(self, device: Device) -> asyncio.Task[None]:
        """Carry out the commands for a heater that is there, those of the meantime too."""
        if (running := self._carried_out.get(device.mac_address)) is None:
            carrying_out = self._async_carry_out(device)
            running = watched(
                self._entry.async_create_background_task(
                    self._hass, carrying_out, "navilink schedule switch", eager_start=False
                )
            )
            self._carried_out[device.mac_address] = running
        return running

    async def _async_carry_out(self, device: Device) -> None:
        tried: set[str] = set()
        try:
            while command := next((each for each in self._of(device.mac_address) if each.id not in tried), None):
                tried.add(command.id)
                if command.is_expired():
                    self._complete(command, EXPIRED)
                else:
                    await self._async_try(device, command)
        finally:
            del self._carried_out[device.mac_address]

    async def _async_try(self, device: Device, command: QueuedCommand) -> None:
        """Read the list, and write it with its switch; without a result the command waits for the next time."""
        [use] = command.parameters
        result, unfinished = None, SUPERSEDED
        self._current.add(command.id)
        try:
            switch = SWITCH_OF_KIND[command.kind]
            write = await switch(self._schedules, device, lambda schedule: replace(schedule, use=use))
            result, unfinished = RESULT_OF_WRITE.get(write.outcome), OVERTAKEN
        except UnsupportedCommandError:
            result = UNSUPPORTED
        except NavienError as err:
            LOGGER.debug("A schedule could not be switched yet: %s", err)
        finally:
            self._current.discard(command.id)
        if result is None and any(
            each.replaces(command) for each in self._of(device.mac_address) if each is not command
        ):
            result = unfinished
        if result is not None:
            self._complete(command, result)


def is_switch_command(command: QueuedCommand) -> bool:
    """Return whether a command is one that the client does not know."""
    return command.kind in SWITCH_OF_KIND


def _life_time(config: MqttConnectionConfig) -> timedelta | None:
    """Return how long a command waits, by the options that decide it for all commands."""
    if config.max_queued_command_age is not None:
        return timedelta(seconds=config.max_queued_command_age)
    return LIFE_TIME if config.expire_by_class else None
