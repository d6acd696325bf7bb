"""Carries out the boosts of an account's heaters: over restarts and outages, and whoever else changes them."""

import asyncio
from collections import deque
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from homeassistant.config_entries import ConfigEntry
from homeassistant.core import HomeAssistant, callback
from homeassistant.exceptions import HomeAssistantError
from homeassistant.helpers.event import async_track_time_interval
from homeassistant.helpers.storage import Store
from homeassistant.util import dt as dt_util
import voluptuous as vol

from ..const import DOMAIN, LOGGER
from ..heater import FRESH_FOR, HeaterSnapshots
from ..kept_values import READ_ERRORS
from ..nwp500 import (
    CommandCompleted,
    CommandEvent,
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
from ..outcomes import Outcomes
from ..queue_store import QueueStore
from .boost import Boost, Cancel, Delivered, Ended, Give, HeaterNow, Phase, Setting, Step
from .boost_words import CONTROLS, async_fire_boost_ended
from .boosts import Boosts, Result
from .kept_boosts import KeptBoosts
from .options import max_starts

_VERSION = 1
# How late a boost starts or ends at most, beside the time of a status.
_INTERVAL = timedelta(seconds=15)
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
# What a status does not show so long after it was sent is lost (protocol.md 13.1); its outcome takes 69 s.
_UNREPORTED_SECONDS = 25.0
# What there is to go back to after a planned boost is what a status shows at its start.
_START_PATIENCE = timedelta(seconds=45)


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
        self._held: dict[tuple[str, Setting], Give] = {}
        """What waits for a command of somebody else for the same setting."""
        self._has_ended = False
        """Whether the account was unloaded: what is asked for from then on, nobody would carry out."""
        self._sent_at: dict[str, float] = {}
        """When each control without an outcome was acknowledged, by the loop's clock."""
        self._max_starts = max_starts(entry.options)

    def of(self, mac_address: str) -> Boosts:
        """Return the boosts of a heater."""
        return self._kept.get(mac_address, KeptBoosts()).boosts

    async def async_load(self) -> None:
        """Read what was stored; what cannot be read is no boost any more, and the boosts of other heaters are."""
        try:
            stored = dict(await self._store.async_load() or {})
        except READ_ERRORS as err:
            # Its text may contain values, so only its kind is logged.
            LOGGER.warning("Could not read the stored boosts, starting without: %s", type(err).__name__)
            return
        for mac_address, content in stored.items():
            try:
                self._kept[mac_address] = KeptBoosts.from_dict(content)
            except vol.Invalid as err:
                LOGGER.warning("Could not read the stored boosts of a water heater, starting without: %s", err)
        self._saved = dict(self._kept)

    @callback
    def begin(self) -> list[Callable[[], None]]:
        """Go on with what was stored, and listen; returns what ends it."""
        for mac_address in list(self._kept):
            self._go_on(mac_address)
        return [
            self._client.on("status_received", self._on_status_received),
            self._client.on("command_sent", self._on_command_sent),
            self._client.on("command_completed", self._on_command_completed),
            async_track_time_interval(self._hass, self._on_time, _INTERVAL),
            self._end,
        ]

    @callback
    def _end(self) -> None:
        self._has_ended = True

    async def async_finish(self) -> None:
        """Wait until what is to be done is done and stored."""
        while self._worker is not None and not self._worker.done():
            await asyncio.wait([self._worker])

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
        if self._now(device) is None:
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
        if self._has_ended:
            raise HomeAssistantError(translation_domain=DOMAIN, translation_key="not_connected")
        if device.mac_address not in self._devices():
            raise HomeAssistantError(translation_domain=DOMAIN, translation_key="heater_gone")
        now = dt_util.utcnow()
        boosts = self.of(device.mac_address)
        self._apply(device.mac_address, boosts.scheduled(boost, now, self._now(device), max_starts=self._max_starts))
        await self.async_finish()

    async def async_cancel(self, device: Device, boost_id: str | None = None) -> None:
        """End the boost that runs, or drop one that is planned."""
        self._apply(device.mac_address, self.of(device.mac_address).canceled(boost_id))
        await self.async_finish()

    # What happens

    @callback
    def _on_time(self, now: datetime) -> None:
        for mac_address, kept in list(self._kept.items()):
            if (device := self._devices().get(mac_address)) is None:
                continue
            is_waiting = self._waits_to_start(device, kept.boosts, now)
            if not is_waiting:
                self._pass_time(device, now)
            if is_waiting or self.of(mac_address).waits_for_status:
                # An answer may get lost, and the user may have turned off that heaters are asked now and then.
                self._client.poll(device)

    def _pass_time(self, device: Device, now: datetime) -> None:
        boosts = self.of(device.mac_address)
        self._apply(device.mac_address, boosts.passed(now, self._now(device), max_starts=self._max_starts))

    def _waits_to_start(self, device: Device, boosts: Boosts, now: datetime) -> bool:
        """Return whether the heater has not reported since a planned boost was to start: it is waited for, not long."""
        start, reported_at = next((boost.start for boost in boosts.planned), now), self._client.last_message_at(device)
        is_due = start < now < start + _START_PATIENCE
        return is_due and self._now(device) is not None and reported_at is not None and reported_at < start

    @callback
    def _on_status_received(self, event: StatusReceived) -> None:
        mac_address = event.device.mac_address
        if mac_address not in self._kept:
            return
        self._give_up_unreported(mac_address)
        self._apply(mac_address, self._kept[mac_address].boosts.seen(self._heater_now(mac_address, event.status)))
        planned, now = self.of(mac_address).planned, dt_util.utcnow()
        if planned and planned[0].start <= now:
            self._pass_time(event.device, now)

    def _give_up_unreported(self, mac_address: str) -> None:
        """Wait no longer for what was sent a while ago, where the heater still has what is over."""
        kept, sent_before = self._kept[mac_address], self._hass.loop.time() - _UNREPORTED_SECONDS
        unreported = {each for each, sent_at in self._sent_at.items() if sent_at <= sent_before}
        for command_id in kept.returns.keys() & unreported:
            self._gone_back(mac_address, command_id, lost_at=dt_util.utcnow())
        for command_id in kept.commands.keys() & unreported:
            if self.of(mac_address).may_show_one_that_is_over(kept.commands[command_id]):
                self._completed(mac_address, command_id, Delivered.UNKNOWN)

    @callback
    def _on_command_sent(self, event: CommandEvent) -> None:
        if event.command.is_control and event.command.mac_address in self._kept:
            self._sent_at[event.command.id] = self._hass.loop.time()

    @callback
    def _on_command_completed(self, event: CommandCompleted) -> None:
        mac_address = event.command.mac_address or ""
        self._sent_at.pop(event.command.id, None)
        kept = self._kept.get(mac_address)
        if kept is not None and event.command.id in kept.commands:
            self._completed(mac_address, event.command.id, _DELIVERED.get(event.result.outcome, Delivered.NO))
        elif kept is not None and event.command.id in kept.returns:
            pause = _PAUSES.get(event.result.outcome, timedelta())
            self._gone_back(mac_address, event.command.id, lost_at=_lost_at(event), pause=pause)
        if kept is not None:
            self._kept[mac_address] = self._kept[mac_address].without_former({event.command.id})
        for key in [key for key in self._held if key[0] == mac_address and key[1] not in self._claimed(mac_address)]:
            self._do(mac_address, self._kept[mac_address], [self._held.pop(key)])

    def _gone_back(
        self, mac_address: str, command_id: str, *, lost_at: datetime | None, pause: timedelta = timedelta()
    ) -> None:
        kept = self._kept[mac_address]
        setting = kept.returns[command_id]
        self._forget_command(mac_address, setting)
        self._apply(mac_address, (kept.boosts.gone_back(setting, lost_at=lost_at, pause=pause), []))

    def _completed(self, mac_address: str, command_id: str, delivered: Delivered) -> None:
        kept = self._kept[mac_address]
        setting = kept.commands[command_id]
        self._forget_command(mac_address, setting)
        self._apply(mac_address, kept.boosts.completed(setting, delivered))

    def _go_on(self, mac_address: str) -> None:
        """Find out what became of the commands of an earlier run, and give those that it did not come to."""
        kept = self._kept[mac_address]
        events = {event.command.id: event for event in self._outcomes.of(mac_address)}
        for command_id in [*kept.commands, *kept.returns]:
            if self._client.stage(command_id) is not None:
                continue
            event = events.get(command_id)
            if command_id in kept.returns:
                self._gone_back(mac_address, command_id, lost_at=dt_util.utcnow() if event is None else _lost_at(event))
            else:
                outcome = Delivered.UNKNOWN if event is None else _DELIVERED.get(event.result.outcome, Delivered.NO)
                self._completed(mac_address, command_id, outcome)
        ended = {each for each in self._kept[mac_address].former if self._client.stage(each) is None}
        self._kept[mac_address] = kept = self._kept[mac_address].without_former(ended)
        for setting, each in kept.boosts.returning.items():
            given = kept.commands if each.is_boost_pending else kept.returns
            if setting not in given.values() and each.again_at is None:
                # It was not given any more.
                self._apply(mac_address, (self.of(mac_address).gone_back(setting, lost_at=dt_util.utcnow()), []))
        self._give_missing(mac_address, self._kept[mac_address])

    def _give_missing(self, mac_address: str, kept: KeptBoosts) -> None:
        running = kept.boosts.running
        if running is None:
            return
        given = set(kept.commands.values())
        missing = {
            setting: change.wanted
            for setting, change in running.changes.items()
            if change.phase is Phase.PENDING and setting not in given
        }
        if running.ending is not None:
            for setting in missing:
                self._apply(mac_address, self.of(mac_address).completed(setting, Delivered.UNKNOWN))
            return
        expires_at = running.boost.end
        steps: list[Step] = [
            Give(setting=setting, value=value, expires_at=expires_at) for setting, value in missing.items()
        ]
        self._apply(mac_address, (kept.boosts, steps))

    # What is done

    def _apply(self, mac_address: str, result: Result) -> None:
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
        if boosts.waits_for_status and mac_address in self._devices():
            # The next status shows what there is to go back to.
            self._client.poll(self._devices()[mac_address])
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
                if (device := self._devices().get(mac_address)) is not None:
                    async_fire_boost_ended(self._hass, self._entry, device, ended)

    async def _async_save(self, mac_address: str, kept: KeptBoosts) -> None:
        self._saved[mac_address] = kept if mac_address in self._kept else KeptBoosts()
        await self._store.async_save({mac: each.to_dict() for mac, each in self._saved.items() if each != KeptBoosts()})

    async def _async_give(self, mac_address: str, step: Give) -> None:
        device = self._devices().get(mac_address)
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
                self._apply(mac_address, (boosts.gone_back(step.setting, lost_at=lost_at), []))
            else:
                self._apply(mac_address, boosts.completed(step.setting, Delivered.NO))
            return
        kept = self._kept[mac_address]
        given = {handle.command.id: step.setting}
        if step.expires_at is None:
            kept = replace(kept, returns={**kept.returns, **given})
        else:
            kept = replace(kept, commands={**kept.commands, **given})
        self._kept[mac_address] = kept
        if handle.result is not None:
            # It had its outcome before it was known whose it is.
            self._on_command_completed(CommandCompleted(handle.command, handle.result))

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
            self._apply(mac_address, boosts.completed(step.setting, Delivered.NO))
            return False
        return boosts.running.ending is None and change.phase is not Phase.GONE

    def _cancel(self, mac_address: str, setting: Setting) -> None:
        ids = {each for each, which in self._kept[mac_address].commands.items() if which is setting}
        if self._held.pop((mac_address, setting), None) is not None:
            self._apply(mac_address, self.of(mac_address).completed(setting, Delivered.NO))
        elif ids and mac_address in self._devices():
            self._client.clear_command_queue(self._devices()[mac_address], ids=frozenset(ids))

    def _forget_command(self, mac_address: str, setting: Setting) -> None:
        self._kept[mac_address] = self._kept[mac_address].without_commands({setting})

    def _now(self, device: Device) -> HeaterNow | None:
        """Return what a heater reports; None if that is old, or of an earlier run, and it was not off."""
        status, received_at = self._client.status(device), self._client.last_message_at(device)
        is_old = received_at is None or dt_util.utcnow() - received_at > FRESH_FOR
        if status is None:
            return None
        heater = self._heater_now(device.mac_address, status)
        if is_old or not self._client.is_connected or self._client.is_status_restored(device):
            # One that was off is taken to be off, unless somebody has asked for another mode.
            is_off = (heater.is_off or heater.is_on_vacation) and Setting.MODE not in heater.claimed
            return HeaterNow(values={Setting.MODE: heater.values[Setting.MODE]}) if is_off else None
        return heater

    def _heater_now(self, mac_address: str, status: DeviceStatus) -> HeaterNow:
        return HeaterNow(
            values={setting: value for setting in Setting if isinstance(value := status.raw.get(setting), int)},
            is_hot=status.missing_energy == 0,
            is_in_peak=status.is_in_tou_window is True,
            claimed=self._claimed(mac_address),
            unsettled=self._pending(mac_address, are_own=True),
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


def _lost_at(event: CommandCompleted) -> datetime | None:
    """Return when a command that goes back was lost, None if it was not."""
    is_lost = event.result.outcome is not CommandOutcome.CONFIRMED and event.result.reason not in _DECIDED
    return dt_util.utcnow() if is_lost else None
