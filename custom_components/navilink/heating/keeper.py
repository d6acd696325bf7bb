"""Carries out the boosts of an account's heaters: over restarts and outages, and whoever else changes them."""

import asyncio
from collections import deque
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from homeassistant.config_entries import ConfigEntry
from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers.event import async_track_time_interval
from homeassistant.helpers.storage import Store
from homeassistant.util import dt as dt_util
import voluptuous as vol

from ..const import DOMAIN, LOGGER
from ..heater import FRESH_FOR, HeaterSnapshots
from ..nwp500 import (
    CommandCompleted,
    CommandOutcome,
    Device,
    DeviceStatus,
    HeaterCommand,
    NavienError,
    NavienMqttClient,
    StatusReceived,
    commands,
    watched,
)
from ..outcomes import Outcomes
from ..queue_store import QueueStore
from .boost import Boost, Boosts, Cancel, Delivered, Ended, Give, HeaterNow, Phase, Result, Setting, Step
from .boost_words import async_fire_boost_ended
from .kept_boosts import FILE, KeptBoosts

_VERSION = 1
# How late a boost starts or ends at most, beside the time of a status.
_INTERVAL = timedelta(seconds=15)

_CONTROLS = {Setting.TEMPERATURE: commands.DHW_TEMPERATURE, Setting.MODE: commands.DHW_MODE}
_DELIVERED = {
    CommandOutcome.CONFIRMED: Delivered.YES,
    CommandOutcome.HELD: Delivered.HELD,
    CommandOutcome.UNCONFIRMED: Delivered.UNKNOWN,
}


class BoostKeeper:
    """Keeps the boosts of an account's heaters, and does what is due.

    A boost is on the disk before its first command is given, and the command that goes back is on the disk before the
    boost is no longer: whenever this process ends, the next one goes on.
    """

    def __init__(
        self,
        hass: HomeAssistant,
        entry: ConfigEntry,
        client: NavienMqttClient,
        outcomes: Outcomes,
        queue_store: QueueStore,
        snapshots: HeaterSnapshots,
        devices: Callable[[], Mapping[str, Device]],
    ) -> None:
        """Take what gives the commands, and what returns the account's heaters; nothing is loaded yet."""
        self._hass = hass
        self._entry = entry
        self._client = client
        self._outcomes = outcomes
        self._queue_store = queue_store
        self._snapshots = snapshots
        self._store: Store[dict[str, Any]] = Store(
            hass, _VERSION, f"{DOMAIN}.{entry.entry_id}.boosts", private=True, atomic_writes=True
        )
        self._kept: dict[str, KeptBoosts] = {}
        self._saved: dict[str, KeptBoosts] = {}
        """The same as it is on the disk, or will be with the next writing."""
        self._devices = devices
        self._to_do: deque[tuple[str, KeptBoosts, list[Step]]] = deque()
        self._worker: asyncio.Task[None] | None = None
        self.max_starts = 6

    def of(self, mac_address: str) -> Boosts:
        """Return the boosts of a heater."""
        return self._kept.get(mac_address, KeptBoosts()).boosts

    async def async_load(self) -> None:
        """Read what was stored; what cannot be read is no boost any more."""
        stored = await self._store.async_load()
        try:
            checked = FILE(stored or {})
            self._kept = {mac_address: KeptBoosts.from_dict(each) for mac_address, each in checked.items()}
        except (vol.Invalid, TypeError, KeyError) as err:
            LOGGER.warning("Could not read the stored boosts: %s", err)
        self._saved = dict(self._kept)

    @callback
    def begin(self) -> list[Callable[[], None]]:
        """Go on with what was stored, and listen; returns what ends it."""
        for mac_address in list(self._kept):
            self._go_on(mac_address)
        return [
            self._client.on("status_received", self._on_status_received),
            self._client.on("command_completed", self._on_command_completed),
            async_track_time_interval(self._hass, self._on_time, _INTERVAL),
        ]

    async def async_finish(self) -> None:
        """Wait until what is to be done is done and stored."""
        if self._worker is not None:
            await asyncio.wait([self._worker])

    @callback
    def forget(self, mac_addresses: Iterable[str]) -> None:
        """Forget heaters that have left the account."""
        for mac_address in mac_addresses:
            self._kept.pop(mac_address, None)
            self._saved.pop(mac_address, None)

    # What a person or an automation wants

    async def async_boost(self, device: Device, boost: Boost) -> None:
        """Start or plan a boost; returns once it is on the disk. Raises `BoostError`."""
        now = dt_util.utcnow()
        boosts = self.of(device.mac_address)
        self._apply(device.mac_address, boosts.scheduled(boost, now, self._now(device), max_starts=self.max_starts))
        await self.async_finish()

    async def async_cancel(self, device: Device, boost_id: str | None = None) -> None:
        """End the boost that runs, or drop one that is planned."""
        self._apply(device.mac_address, self.of(device.mac_address).canceled(boost_id))
        await self.async_finish()

    # What happens

    @callback
    def _on_time(self, now: datetime) -> None:
        for mac_address, kept in list(self._kept.items()):
            if (device := self._devices().get(mac_address)) is not None:
                self._apply(mac_address, kept.boosts.passed(now, self._now(device), max_starts=self.max_starts))

    @callback
    def _on_status_received(self, event: StatusReceived) -> None:
        mac_address = event.device.mac_address
        if mac_address in self._kept:
            self._apply(mac_address, self._kept[mac_address].boosts.seen(_heater_now(event.status)))

    @callback
    def _on_command_completed(self, event: CommandCompleted) -> None:
        mac_address = event.command.mac_address or ""
        kept = self._kept.get(mac_address)
        if kept is not None and event.command.id in kept.commands:
            self._completed(mac_address, event.command.id, _DELIVERED.get(event.result.outcome, Delivered.NO))

    def _completed(self, mac_address: str, command_id: str, delivered: Delivered) -> None:
        kept = self._kept[mac_address]
        setting = kept.commands[command_id]
        self._forget_command(mac_address, setting)
        self._apply(mac_address, kept.boosts.completed(setting, delivered))

    def _go_on(self, mac_address: str) -> None:
        """Find out what became of the commands of an earlier run, and give those that it did not come to."""
        kept = self._kept[mac_address]
        for command_id in list(kept.commands):
            if self._client.stage(command_id) is None:
                events = [event for event in self._outcomes.of(mac_address) if event.command.id == command_id]
                known = [_DELIVERED.get(event.result.outcome, Delivered.NO) for event in events]
                self._completed(mac_address, command_id, known[0] if known else Delivered.UNKNOWN)
        kept = self._kept[mac_address]
        running = kept.boosts.running
        if running is None or running.ending is not None:
            return
        given = set(kept.commands.values())
        missing: list[Step] = [
            Give(setting=setting, value=change.wanted, expires_at=running.boost.end)
            for setting, change in running.changes.items()
            if change.phase is Phase.PENDING and setting not in given
        ]
        self._apply(mac_address, (kept.boosts, missing))

    # What is done

    def _apply(self, mac_address: str, result: Result) -> None:
        """Take over a result: what it cancels at once, the rest in order, with the disk."""
        boosts, steps = result
        kept = self._kept.get(mac_address, KeptBoosts())
        if boosts == kept.boosts and not steps:
            return
        self._kept[mac_address] = replace(kept, boosts=boosts)
        for step in steps:
            if isinstance(step, Cancel):
                self._cancel(mac_address, step.setting)
        self._to_do.append(
            (mac_address, self._kept[mac_address], [each for each in steps if not isinstance(each, Cancel)])
        )
        if boosts.running is not None and boosts.running.ending is not None and mac_address in self._devices():
            # The next status shows what there is to go back to.
            self._client.poll(self._devices()[mac_address])
        self._snapshots.outdate({mac_address})
        if self._worker is None or self._worker.done():
            work = self._async_work()
            self._worker = watched(self._entry.async_create_background_task(self._hass, work, "navilink boosts"))

    async def _async_work(self) -> None:
        while self._to_do:
            mac_address, kept, steps = self._to_do.popleft()
            gives = [step for step in steps if isinstance(step, Give)]
            if any(step.expires_at is not None for step in gives):
                # From now on it goes on after a restart; then its commands may be given.
                await self._async_save(mac_address, kept)
            for step in gives:
                await self._async_give(mac_address, step)
            if gives:
                # Before the boost is not on the disk any more, what goes back is.
                await self._queue_store.async_saved()
            await self._async_save(mac_address, replace(kept, commands=self._kept[mac_address].commands))
            for ended in (step for step in steps if isinstance(step, Ended)):
                if (device := self._devices().get(mac_address)) is not None:
                    async_fire_boost_ended(self._hass, self._entry, device, ended)

    async def _async_save(self, mac_address: str, kept: KeptBoosts) -> None:
        self._saved[mac_address] = kept
        await self._store.async_save({mac: each.to_dict() for mac, each in self._saved.items() if each != KeptBoosts()})

    async def _async_give(self, mac_address: str, step: Give) -> None:
        device = self._devices().get(mac_address)
        if device is None:
            return
        self._forget_command(mac_address, step.setting)
        command = HeaterCommand(device, _CONTROLS[step.setting], (step.value,))
        try:
            handle = await self._client.submit(command, expires_at=step.expires_at)
        except NavienError as err:
            LOGGER.warning("A boost could not set %s: %s", step.setting.name.lower(), err)
            self._apply(mac_address, self.of(mac_address).completed(step.setting, Delivered.NO))
            return
        if step.expires_at is not None:
            kept = self._kept[mac_address]
            self._kept[mac_address] = replace(kept, commands={**kept.commands, handle.command.id: step.setting})

    def _cancel(self, mac_address: str, setting: Setting) -> None:
        ids = {each for each, which in self._kept[mac_address].commands.items() if which is setting}
        if ids and mac_address in self._devices():
            self._client.clear_command_queue(self._devices()[mac_address], ids=frozenset(ids))

    def _forget_command(self, mac_address: str, setting: Setting) -> None:
        kept = self._kept[mac_address]
        others = {each: which for each, which in kept.commands.items() if which is not setting}
        self._kept[mac_address] = replace(kept, commands=others)

    def _now(self, device: Device) -> HeaterNow | None:
        """Return what a heater reports, None if that is old, or of an earlier run."""
        status, received_at = self._client.status(device), self._client.last_message_at(device)
        is_old = received_at is None or dt_util.utcnow() - received_at > FRESH_FOR
        if status is None or is_old or not self._client.is_connected or self._client.is_status_restored(device):
            return None
        return _heater_now(status)


def _heater_now(status: DeviceStatus) -> HeaterNow:
    return HeaterNow(
        values={setting: value for setting in Setting if isinstance(value := status.raw.get(setting), int)},
        is_hot=status.missing_energy == 0,
        is_in_peak=status.is_in_tou_window is True,
    )
