"""Carries out the boosts of an account's heaters: what is to be done, in order, and with the disk."""

import asyncio
from collections import deque
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from datetime import datetime, timedelta

from homeassistant.config_entries import ConfigEntry
from homeassistant.core import HomeAssistant, callback
from homeassistant.exceptions import HomeAssistantError
from homeassistant.util import dt as dt_util

from ..const import DOMAIN, LOGGER
from ..heater import FRESH_FOR, HeaterSnapshots
from ..nwp500 import (
    CommandCompleted,
    CommandOutcome,
    CommandReason,
    Device,
    DeviceStatus,
    HeaterCommand,
    NavienError,
    NavienMqttClient,
    NotConnectedError,
    StatusReceived,
    watched,
)
from ..queue_store import QueueStore
from .boost import Boost, Cancel, Delivered, Ended, Give, HeaterNow, Phase, Setting, Step
from .boost_words import CONTROLS, async_fire_boost_ended
from .boosts import Boosts, Result
from .kept_boosts import BoostStore, KeptBoosts
from .options import max_starts

# How long a boost that starts at once waits for a status at most; a heater answers within a second.
LOOK_SECONDS = 3.0

_DELIVERED = {
    CommandOutcome.CONFIRMED: Delivered.YES,
    CommandOutcome.HELD: Delivered.HELD,
    CommandOutcome.UNCONFIRMED: Delivered.UNKNOWN,
}
# Somebody wanted it so: after any other outcome without an effect, a command that goes back is repeated.
_DECIDED = {CommandReason.QUEUE_CLEARED, CommandReason.HEATER_REMOVED, CommandReason.CHANGED_ELSEWHERE}
# A heater that refuses is not asked again at once; one that holds a mode back has it when the peak period is over.
_PAUSES = {CommandOutcome.REJECTED: timedelta(seconds=15), CommandOutcome.HELD: timedelta(hours=1)}


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
        queue_store: QueueStore,
        snapshots: HeaterSnapshots,
        devices: Callable[[], Mapping[str, Device]],
    ) -> None:
        """Take what gives the commands, and what returns the account's heaters; nothing is loaded yet."""
        self._hass = hass
        self._entry = entry
        self._client = client
        self._queue_store = queue_store
        self._snapshots = snapshots
        self._store = BoostStore(hass, entry.entry_id)
        self._kept: dict[str, KeptBoosts] = {}
        self._devices = devices
        self._to_do: deque[tuple[str, KeptBoosts, list[Step]]] = deque()
        self._worker: asyncio.Task[None] | None = None
        self._given: set[str] = set()
        """The ids of the commands for boosts, also of those that have an outcome by now."""
        self._held: dict[tuple[str, Setting], Give] = {}
        """What waits for a command of somebody else for the same setting."""
        self._is_unloaded = False
        """The state of the entry does not show it: after a reload, the entry has another keeper."""
        self._max_starts = max_starts(entry.options)

    def of(self, mac_address: str) -> Boosts:
        """Return the boosts of a heater."""
        return self._kept.get(mac_address, KeptBoosts()).boosts

    @property
    def kept(self) -> Mapping[str, KeptBoosts]:
        """The boosts of each heater that ever had one, by MAC address, with the commands that they gave."""
        return self._kept

    def device(self, mac_address: str) -> Device | None:
        """Return a heater, None if the account does not have it."""
        return self._devices().get(mac_address)

    def gave(self, command_id: str) -> bool:
        """Return whether a command is for a boost: nobody but its boost decides whether it is given again."""
        return command_id in self._given

    async def async_load(self) -> None:
        """Read what was stored."""
        self._kept = await self._store.async_load()
        self._given.update(*(kept.own for kept in self._kept.values()))

    async def async_finish(self) -> None:
        """Wait until what is to be done is done and stored."""
        while self._worker is not None and not self._worker.done():
            await asyncio.wait([self._worker])

    @callback
    def refuse_more(self) -> None:
        """Start no boost from now on: the account is unloaded, and nobody would carry it out."""
        self._is_unloaded = True

    @callback
    def forget(self, mac_addresses: Iterable[str]) -> None:
        """Forget heaters that have left the account."""
        gone = self._kept.keys() & set(mac_addresses)
        for mac_address in gone:
            del self._kept[mac_address]
            self._held = {key: step for key, step in self._held.items() if key[0] != mac_address}
            self._do(mac_address, KeptBoosts(), [])

    # What a person or an automation wants

    async def async_look(self, device: Device) -> None:
        """Wait until a heater has reported what it has now, not for long: somebody may have just changed it."""
        if not self.answers(device):
            return
        reported = asyncio.Event()

        @callback
        def on_status_received(event: StatusReceived) -> None:
            if event.device.mac_address == device.mac_address:
                reported.set()

        stop = self._client.on("status_received", on_status_received)
        try:
            async with asyncio.timeout(LOOK_SECONDS):
                self._client.poll(device)
                await reported.wait()
        except TimeoutError:
            LOGGER.debug("No status before a boost; it goes back to what the last one shows")
        finally:
            stop()

    async def async_boost(self, device: Device, boost: Boost) -> None:
        """Start or plan a boost; returns once it is on the disk.

        Raises `BoostError`, and `HomeAssistantError` where nobody would carry it out, because its heater has left the
        account or the account was unloaded since it was asked for.
        """
        if self._is_unloaded:
            raise HomeAssistantError(translation_domain=DOMAIN, translation_key="not_connected")
        if self.device(device.mac_address) is None:
            raise HomeAssistantError(translation_domain=DOMAIN, translation_key="heater_gone")
        boosts, now = self.of(device.mac_address), dt_util.utcnow()
        self.apply(device.mac_address, boosts.scheduled(boost, now, self.now(device), max_starts=self._max_starts))
        await self.async_finish()

    async def async_cancel(self, device: Device, boost_id: str | None = None) -> None:
        """End the boost that runs, or drop one that is planned."""
        self.apply(device.mac_address, self.of(device.mac_address).canceled(boost_id))
        await self.async_finish()

    # What happens

    def pass_time(self, device: Device, now: datetime) -> None:
        """Do what is due at a heater."""
        boosts = self.of(device.mac_address)
        self.apply(device.mac_address, boosts.passed(now, self.now(device), max_starts=self._max_starts))

    def take_status(self, mac_address: str, status: DeviceStatus) -> None:
        """Take in a status that a heater has just reported."""
        self.apply(mac_address, self.of(mac_address).seen(self._heater_now(mac_address, status)))

    def take_outcome(self, mac_address: str, command_id: str, event: CommandCompleted | None) -> None:
        """Take in what became of a command, if a boost gave it; without an event, nobody knows."""
        kept = self._kept.get(mac_address, KeptBoosts())
        setting = kept.commands.get(command_id) or kept.returns.get(command_id)
        if setting is None:
            return
        self._kept[mac_address] = kept.without_commands({setting})
        if command_id in kept.commands:
            delivered = Delivered.UNKNOWN if event is None else _DELIVERED.get(event.result.outcome, Delivered.NO)
            self.apply(mac_address, kept.boosts.completed(setting, delivered))
        else:
            pause = timedelta() if event is None else _PAUSES.get(event.result.outcome, timedelta())
            self.apply(mac_address, (kept.boosts.gone_back(setting, lost_at=_lost_at(event), pause=pause), []))

    def give_held(self, mac_address: str, command_ids: Iterable[str]) -> None:
        """Give what waited for commands of somebody else, now that these have an outcome."""
        if mac_address in self._kept:
            self._kept[mac_address] = self._kept[mac_address].without_former(command_ids)
        for key in [key for key in self._held if key[0] == mac_address and key[1] not in self._claimed(mac_address)]:
            self._do(mac_address, self._kept[mac_address], [self._held.pop(key)])

    # What is done

    def apply(self, mac_address: str, result: Result) -> None:
        """Take over a result: what it cancels at once, the rest in order, with the disk."""
        boosts, steps = result
        kept = self._kept.get(mac_address, KeptBoosts())
        if boosts == kept.boosts and not steps:
            return
        # What becomes of the commands that the new ones are to replace does not count any more.
        given = {step.setting for step in steps if isinstance(step, Give)}
        self._kept[mac_address] = replace(kept, boosts=boosts).without_commands(given)
        for step in steps:
            if isinstance(step, Cancel):
                self._cancel(mac_address, step.setting)
        self._do(mac_address, self._kept[mac_address], [each for each in steps if not isinstance(each, Cancel)])
        if boosts.waits_for_status and (device := self.device(mac_address)) is not None:
            # The next status shows what there is to go back to.
            self._client.poll(device)
        self._snapshots.outdate({mac_address})

    def _do(self, mac_address: str, kept: KeptBoosts, steps: list[Step]) -> None:
        self._to_do.append((mac_address, kept, steps))
        if self._worker is None or self._worker.done():
            # Not a task of the entry: those are canceled as soon as it is unloaded.
            self._worker = watched(
                self._hass.async_create_task(self._async_work(), "navilink boosts", eager_start=False)
            )

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
            now = self._kept.get(mac_address, KeptBoosts())
            await self._async_save(mac_address, replace(now, boosts=kept.boosts))
            for ended in (step for step in steps if isinstance(step, Ended)):
                if (device := self.device(mac_address)) is not None:
                    async_fire_boost_ended(self._hass, self._entry, device, ended)

    async def _async_save(self, mac_address: str, kept: KeptBoosts) -> None:
        await self._store.async_save(mac_address, kept if mac_address in self._kept else KeptBoosts())

    async def _async_give(self, mac_address: str, step: Give) -> None:
        device = self.device(mac_address)
        if device is None or not self._is_wanted(mac_address, step):
            return
        if step.expires_at is not None and step.setting in self._claimed(mac_address):
            # What that sets is what there is to go back to.
            self._held[mac_address, step.setting] = step
            return
        if self._hass.is_stopping and step.expires_at is not None:
            # Home Assistant does not write the boost at once any more: the next run gives its commands.
            return
        command = HeaterCommand(device, CONTROLS[step.setting], (step.value,))
        try:
            handle = await self._client.submit(command, expires_at=step.expires_at)
        except NavienError as err:
            LOGGER.warning("A boost could not set %s: %s", step.setting.name.lower(), err)
            boosts = self.of(mac_address)
            if step.expires_at is None:
                lost_at = dt_util.utcnow() if isinstance(err, NotConnectedError) else None
                self.apply(mac_address, (boosts.gone_back(step.setting, lost_at=lost_at), []))
            else:
                self.apply(mac_address, boosts.completed(step.setting, Delivered.NO))
            return
        self._given.add(handle.command.id)
        kept = self._kept[mac_address]
        given = {handle.command.id: step.setting}
        if step.expires_at is None:
            kept = replace(kept, returns={**kept.returns, **given})
        else:
            kept = replace(kept, commands={**kept.commands, **given})
        self._kept[mac_address] = kept
        if handle.result is not None:
            # It had its outcome before it was known whose it is.
            self.take_outcome(mac_address, handle.command.id, CommandCompleted(handle.command, handle.result))
            self.give_held(mac_address, {handle.command.id})

    def _is_wanted(self, mac_address: str, step: Give) -> bool:
        """Return whether what was to be done when it was decided still is: much may have happened meanwhile."""
        boosts = self.of(mac_address)
        if step.expires_at is None:
            returning = boosts.returning.get(step.setting)
            is_lost = returning is not None and (returning.is_lost or returning.again_at is not None)
            return returning is not None and not is_lost and returning.to == step.value
        change = None if boosts.running is None else boosts.running.changes.get(step.setting)
        if boosts.running is None or change is None or change.wanted != step.value:
            return False
        if boosts.running.ending is not None and change.phase is Phase.PENDING:
            # It ended before its command was given.
            self.apply(mac_address, boosts.completed(step.setting, Delivered.NO))
            return False
        return boosts.running.ending is None and change.phase is not Phase.GONE

    def _cancel(self, mac_address: str, setting: Setting) -> None:
        ids = {each for each, which in self._kept[mac_address].commands.items() if which is setting}
        if self._held.pop((mac_address, setting), None) is not None:
            self.apply(mac_address, self.of(mac_address).completed(setting, Delivered.NO))
        elif ids and (device := self.device(mac_address)) is not None:
            self._client.clear_command_queue(device, ids=frozenset(ids))

    # What a heater has

    def answers(self, device: Device) -> bool:
        """Return whether a heater can be asked; to one that cannot, the queue sends nothing before it has reported."""
        return self._client.is_connected and self._client.is_online(device) is not False

    def now(self, device: Device) -> HeaterNow | None:
        """Return what a heater reports; None if that is old, or of an earlier run, and it was not off."""
        status, received_at = self._client.status(device), self._client.last_message_at(device)
        is_old = received_at is None or dt_util.utcnow() - received_at > FRESH_FOR
        if status is None:
            return None
        heater = self._heater_now(device.mac_address, status)
        if is_old or not self._client.is_connected or self._client.is_status_restored(device):
            # One that was off is taken to be off, unless somebody has asked for another mode.
            is_off = heater.left_alone is not None and Setting.MODE not in heater.claimed
            return HeaterNow(values={Setting.MODE: heater.values[Setting.MODE]}) if is_off else None
        return heater

    def _heater_now(self, mac_address: str, status: DeviceStatus) -> HeaterNow:
        return HeaterNow(
            values={setting: value for setting in Setting if isinstance(value := status.raw.get(setting), int)},
            is_hot=status.missing_energy == 0,
            is_in_peak=status.is_in_tou_window is True,
            claimed=self._claimed(mac_address),
            pending=self._pending(mac_address, are_own=True),
        )

    def _claimed(self, mac_address: str) -> frozenset[Setting]:
        """Return what commands of somebody else are about to set."""
        return self._pending(mac_address, are_own=False)

    def _pending(self, mac_address: str, *, are_own: bool) -> frozenset[Setting]:
        own = self._kept.get(mac_address, KeptBoosts()).own
        pending = {
            command.setting
            for command in self._client.pending_commands
            if command.mac_address == mac_address and (command.id in own) is are_own
        }
        return frozenset(setting for setting in Setting if CONTROLS[setting].setting in pending)


def _lost_at(event: CommandCompleted | None) -> datetime | None:
    """Return when a command that goes back was lost, None if it was not."""
    is_decided = event is not None and (
        event.result.outcome is CommandOutcome.CONFIRMED or event.result.reason in _DECIDED
    )
    return None if is_decided else dt_util.utcnow()
