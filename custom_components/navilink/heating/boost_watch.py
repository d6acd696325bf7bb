"""What happens to the boosts of an account: time passes, heaters report, commands get outcomes, and restarts come."""

from collections.abc import Callable
from datetime import datetime, timedelta

from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers.event import async_track_time_interval
from homeassistant.util import dt as dt_util

from ..nwp500 import (
    CommandCompleted,
    CommandEvent,
    Device,
    NavienMqttClient,
    StatusReceived,
)
from ..outcomes import Outcomes
from .boost import Delivered, Give, Phase, Step
from .boosts import Boosts
from .keeper import BoostKeeper

# How late a boost starts or ends at most, beside the time of a status.
_INTERVAL = timedelta(seconds=15)
# What a status does not show so long after it was sent is lost (protocol.md 13.1); its outcome takes 69 s.
_UNREPORTED_SECONDS = 25.0
# What there is to go back to after a planned boost is what a status shows at its start.
_START_PATIENCE = timedelta(seconds=45)


class BoostWatch:
    """Has the keeper of an account's boosts know what happens; all that is kept, it keeps."""

    def __init__(self, hass: HomeAssistant, client: NavienMqttClient, outcomes: Outcomes, keeper: BoostKeeper) -> None:
        """Take what reports, and what carries the boosts out; nothing is listened for yet."""
        self._hass = hass
        self._client = client
        self._outcomes = outcomes
        self._keeper = keeper
        self._sent_at: dict[str, float] = {}
        """When each control without an outcome was acknowledged, by the loop's clock."""

    @callback
    def begin(self) -> list[Callable[[], None]]:
        """Go on with what was stored, and listen; returns what ends it."""
        for mac_address in list(self._keeper.kept):
            self._go_on(mac_address)
        return [
            self._client.on("status_received", self._on_status_received),
            self._client.on("command_sent", self._on_command_sent),
            self._client.on("command_completed", self._on_command_completed),
            async_track_time_interval(self._hass, self._on_time, _INTERVAL),
            self._keeper.refuse_more,
        ]

    # Times and statuses

    @callback
    def _on_time(self, now: datetime) -> None:
        for mac_address in list(self._keeper.kept):
            if (device := self._keeper.device(mac_address)) is None:
                continue
            is_waiting = self._waits_to_start(device, self._keeper.of(mac_address), now)
            if not is_waiting:
                self._keeper.pass_time(device, now)
            if is_waiting or self._keeper.of(mac_address).waits_for_status:
                # An answer may get lost, and the user may have turned off that heaters are asked now and then.
                self._client.poll(device)

    def _waits_to_start(self, device: Device, boosts: Boosts, now: datetime) -> bool:
        """Return whether the heater has not reported since a planned boost was to start: it is waited for, not long."""
        start, reported_at = next((boost.start for boost in boosts.planned), now), self._client.last_message_at(device)
        is_due = start < now < start + _START_PATIENCE
        return is_due and self._keeper.answers(device) and (reported_at is None or reported_at < start)

    @callback
    def _on_status_received(self, event: StatusReceived) -> None:
        mac_address = event.device.mac_address
        if mac_address not in self._keeper.kept:
            return
        self._take_unreported(mac_address)
        self._keeper.take_status(mac_address, event.status)
        planned, now = self._keeper.of(mac_address).planned, dt_util.utcnow()
        if planned and planned[0].start <= now:
            self._keeper.pass_time(event.device, now)

    def _take_unreported(self, mac_address: str) -> None:
        """Wait no longer for what was sent a while ago, where the heater still has what is over."""
        kept, sent_before = self._keeper.kept[mac_address], self._hass.loop.time() - _UNREPORTED_SECONDS
        unreported = {each for each, sent_at in self._sent_at.items() if sent_at <= sent_before}
        for command_id in kept.returns.keys() & unreported:
            self._keeper.take_outcome(mac_address, command_id, None)
        for command_id in kept.commands.keys() & unreported:
            if self._keeper.of(mac_address).may_show_one_that_is_over(kept.commands[command_id]):
                self._keeper.take_outcome(mac_address, command_id, None)

    # Commands

    @callback
    def _on_command_sent(self, event: CommandEvent) -> None:
        if event.command.is_control and event.command.mac_address in self._keeper.kept:
            self._sent_at[event.command.id] = self._hass.loop.time()

    @callback
    def _on_command_completed(self, event: CommandCompleted) -> None:
        mac_address, command_id = event.command.mac_address or "", event.command.id
        self._sent_at.pop(command_id, None)
        self._keeper.take_outcome(mac_address, command_id, event)
        self._keeper.give_held(mac_address, {command_id})

    # After a restart

    def _go_on(self, mac_address: str) -> None:
        """Find out what became of the commands of an earlier run, and give those that it did not come to."""
        kept = self._keeper.kept[mac_address]
        events = {event.command.id: event for event in self._outcomes.of(mac_address)}
        all_given = [*kept.commands, *kept.returns, *kept.former]
        ended = [each for each in all_given if self._client.stage(each) is None]
        for command_id in ended:
            self._keeper.take_outcome(mac_address, command_id, events.get(command_id))
        self._keeper.give_held(mac_address, ended)
        kept = self._keeper.kept[mac_address]
        for setting, each in kept.boosts.returning.items():
            given = kept.commands if each.is_boost_pending else kept.returns
            if setting not in given.values() and each.again_at is None:
                # It was not given any more.
                boosts = self._keeper.of(mac_address)
                self._keeper.apply(mac_address, (boosts.gone_back(setting, lost_at=dt_util.utcnow()), []))
        self._give_missing(mac_address)

    def _give_missing(self, mac_address: str) -> None:
        kept = self._keeper.kept[mac_address]
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
                self._keeper.apply(mac_address, self._keeper.of(mac_address).completed(setting, Delivered.UNKNOWN))
            return
        steps: list[Step] = [
            Give(setting=setting, value=value, expires_at=running.boost.end) for setting, value in missing.items()
        ]
        self._keeper.apply(mac_address, (kept.boosts, steps))
