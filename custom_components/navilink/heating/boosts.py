"""Heating more for a while, and then going back; pure, without Home Assistant.

A heater's boosts are a value. Its methods return the next value and what is to be done. Rules:

* What was before comes from a status that the heater reported, not from what is pending, and stays the same when one
  boost takes over from another.
* A command that starts a boost expires with the boost's end. Going back waits for the heater as long as it takes.
* A setting that somebody else changed is theirs: it is not set back, nor is that of a heater that was turned off or
  went on vacation.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Self

from .boost import (
    Boost,
    BoostEnd,
    BoostError,
    BoostRefusal,
    Cancel,
    Change,
    Delivered,
    Ended,
    Give,
    HeaterNow,
    Phase,
    Return,
    Running,
    Setting,
    Step,
)

MIN_DURATION = timedelta(minutes=30)
MAX_DURATION = timedelta(hours=24)
MAX_PLANNED = 50
# Within a day, if no other number is chosen.
MAX_STARTS = 6
_DAY = timedelta(days=1)
# A mode that the heater holds back lands when the peak period ends; no peak period is longer.
_MAX_HELD = _DAY
# A heater that does not go back is asked to again and again, and only now and then when it has not so many times.
_PROMPT_REPEATS = 20
_LATER = timedelta(hours=1)
# A wall clock that is put back further than it is corrected all the time.
_PUT_BACK = timedelta(minutes=1)
_REFUSED = {BoostEnd.OFF: BoostRefusal.IS_OFF, BoostEnd.VACATION: BoostRefusal.IS_ON_VACATION}


type Result = tuple[Boosts, list[Step]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Boosts:
    """The boosts of one heater. `heater` is None where it has no status that is not old."""

    planned: tuple[Boost, ...] = ()
    """By their start."""
    running: Running | None = None
    starts: tuple[datetime, ...] = ()
    """When boosts began, within a day."""
    returning: Mapping[Setting, Return] = field(default_factory=dict)
    """What goes back, and has not arrived yet."""

    @property
    def active(self) -> Running | None:
        """The boost that runs and is not about to end."""
        return None if self.running is None or self.running.ending is not None else self.running

    def scheduled(self, boost: Boost, now: datetime, heater: HeaterNow | None, *, max_starts: int) -> Result:
        """Start a boost or plan one; one that runs is taken over. Raises `BoostError`."""
        if boost.end <= now:
            raise BoostError(BoostRefusal.OVER)
        duration = boost.end - boost.start
        if not MIN_DURATION <= duration <= MAX_DURATION:
            raise BoostError(BoostRefusal.TOO_SHORT if duration < MIN_DURATION else BoostRefusal.TOO_LONG)
        if not boost.wanted:
            raise BoostError(BoostRefusal.NOTHING_TO_DO)
        if boost.start > now:
            if len(self.planned) >= MAX_PLANNED:
                raise BoostError(BoostRefusal.TOO_MANY_PLANNED)
            return replace(self, planned=tuple(sorted((*self.planned, boost), key=lambda each: each.start))), []
        if refusal := _refusal(self, boost, now, heater, max_starts):
            raise BoostError(refusal)
        return _started(self, boost, now, heater)

    def canceled(self, boost_id: str | None = None) -> Result:
        """End the running boost or drop a planned one, by its id; without an id, the running one."""
        kept = replace(self, planned=tuple(boost for boost in self.planned if boost.id != boost_id))
        active = self.active
        if active is None or boost_id not in {None, active.boost.id}:
            return kept, []
        return _ended(kept, active, BoostEnd.CANCELED)

    def passed(self, now: datetime, heater: HeaterNow | None, *, max_starts: int) -> Result:
        """Do what is due: end what is over, start what was planned for now; what was missed is dropped."""
        boosts = _with_clock(self, now)
        steps: list[Step] = []
        if due_again := {name: each for name, each in self.returning.items() if _is_due(each, now)}:
            lost = {name: replace(each, is_lost=True, again_at=None) for name, each in due_again.items()}
            boosts = replace(boosts, returning={**self.returning, **lost})
        running = boosts.running
        if running is not None and running.boost.end + _MAX_HELD <= now and Phase.HELD in running.phases:
            boosts, steps = _ended(boosts, _without_held(running), BoostEnd.TIME)
        elif running is not None and running.ending is None and running.boost.end <= now:
            boosts, steps = _ended(boosts, running, BoostEnd.TIME)
        due = [boost for boost in boosts.planned if boost.start <= now]
        boosts = replace(boosts, planned=boosts.planned[len(due) :])
        for boost in due:
            if boost.end <= now or _refusal(boosts, boost, now, heater, max_starts):
                left_alone = None if heater is None else heater.left_alone
                steps.append(Ended(boost=boost, reason=left_alone or BoostEnd.NOT_DELIVERED))
                continue
            boosts, more = _started(boosts, boost, now, heater)
            steps += more
        return boosts, steps

    def seen(self, heater: HeaterNow) -> Result:
        """Take in a status."""
        returned, again = _returned(_with_undone(self, heater), heater)
        if returned.running is None:
            return returned, again
        changes = returned.running.changes
        running = returned.running.with_changes(
            {
                setting: changes[setting].seen(value, is_pending=setting in heater.pending)
                for setting, value in heater.values.items()
                if setting in changes
            }
        )
        boosts = replace(returned, running=running)
        if (reason := heater.left_alone) is not None:
            # A person did that, and has the last word.
            steps: list[Step] = [Cancel(setting=setting) for setting in _pending(running)]
            ended = Ended(boost=running.boost, reason=running.ending or reason, left=frozenset(running.changes))
            return replace(boosts, running=None), [*steps, ended]
        boosts, steps = _after(boosts, running, heater)
        return boosts, [*again, *steps]

    def completed(self, setting: Setting, delivered: Delivered) -> Result:
        """Take in the outcome of the command that the boost gave for a setting."""
        returning = self.returning.get(setting)
        if returning is not None and returning.is_boost_pending:
            decided = replace(returning, is_boost_pending=False, is_lost=True)
            kept = {name: each for name, each in self.returning.items() if name is not setting}
            return replace(self, returning=kept if delivered is Delivered.NO else {**kept, setting: decided}), []
        if self.running is None or setting not in self.running.changes:
            return self, []
        running = self.running.with_changes({setting: self.running.changes[setting].completed(delivered)})
        return _after(replace(self, running=running), running)

    def gone_back(self, setting: Setting, *, lost_at: datetime | None = None, pause: timedelta = timedelta()) -> Self:
        """Take in the outcome of the command with which a setting goes back; lost, it is repeated after a pause."""
        returning = self.returning.get(setting)
        if returning is None:
            return self
        if lost_at is None:
            return replace(self, returning={name: each for name, each in self.returning.items() if name is not setting})
        if returning.repeats >= _PROMPT_REPEATS:
            pause = _LATER
        again_at = lost_at + pause if pause else None
        lost = replace(returning, is_lost=not pause, again_at=again_at, is_boost_pending=False)
        return replace(self, returning={**self.returning, setting: lost})

    @property
    def restores(self) -> Mapping[Setting, int]:
        """What comes back now after boosts that are over, as far as that is known yet."""
        ending = {} if self.running is None or self.running.ending is None else self.running.changes
        values = {name: value for name, each in ending.items() if (value := each.to_restore) is not None}
        return {name: each.to for name, each in self.returning.items()} | values

    def may_show_one_that_is_over(self, setting: Setting) -> bool:
        """Return whether a status may show what a boost that is over had set, where the running one sets something."""
        change = None if self.running is None else self.running.changes.get(setting)
        return change is not None and bool(change.over)

    @property
    def waits_for_status(self) -> bool:
        """Whether the next status decides how a boost ends."""
        is_ending = self.running is not None and self.running.ending is not None
        return is_ending or any(each.is_lost for each in self.returning.values())


def _with_clock(boosts: Boosts, now: datetime) -> Boosts:
    """Return the same, unless the clock was put back: then a boost takes no longer in all than it was to take."""
    starts = tuple(min(start, now) for start in boosts.starts)
    boosts = boosts if starts == boosts.starts else replace(boosts, starts=starts)
    if boosts.running is None or boosts.running.boost.start - now < _PUT_BACK:
        return boosts
    boost = boosts.running.boost
    moved = replace(boost, start=now, end=now + (boost.end - boost.start))
    return replace(boosts, running=replace(boosts.running, boost=moved))


def _with_undone(boosts: Boosts, heater: HeaterNow) -> Boosts:
    """Have what is over go back where the next boost has not come."""
    changes = {} if boosts.running is None else boosts.running.changes
    undone = {name: each for name, each in changes.items() if each.is_undone(heater.values.get(name))}
    if boosts.running is None or not undone:
        return boosts
    returning = {
        name: Return(to=each.before, boosted=heater.values[name], is_lost=True)
        for name, each in undone.items()
        if each.before is not None
    }
    gone = {name: replace(each, phase=Phase.GONE) for name, each in undone.items()}
    running = boosts.running.with_changes(gone)
    return replace(boosts, running=running, returning={**boosts.returning, **returning})


def _returned(boosts: Boosts, heater: HeaterNow) -> Result:
    """Go back once more where the command was lost, unless the setting was changed since."""
    if heater.left_alone:
        return (replace(boosts, returning={}) if boosts.returning else boosts), []
    values = heater.values
    returning = {name: each for name, each in boosts.returning.items() if each.stays(values.get(name))}
    again = {
        name: replace(each, is_lost=False, is_boost_pending=False, repeats=each.repeats + 1)
        for name, each in returning.items()
        if each.is_due(values.get(name)) and name not in heater.claimed
    }
    if not again and len(returning) == len(boosts.returning):
        return boosts, []
    steps: list[Step] = [Give(setting=name, value=each.to) for name, each in again.items()]
    return replace(boosts, returning={**returning, **again}), steps


def _refusal(
    boosts: Boosts, boost: Boost, now: datetime, heater: HeaterNow | None, max_starts: int
) -> BoostRefusal | None:
    """Return why a boost cannot start now; what is not known of the heater does not count."""
    recent = [start for start in boosts.starts if now - start < _DAY]
    # One that takes over from another does not start the compressor once more.
    if boosts.running is None and len(recent) >= max_starts:
        return BoostRefusal.TOO_MANY_STARTS
    if heater is None:
        return None
    if heater.left_alone is not None:
        return _REFUSED[heater.left_alone]
    return BoostRefusal.HELD_IN_PEAK if heater.is_in_peak and set(boost.wanted) == {Setting.MODE} else None


def _started(boosts: Boosts, boost: Boost, now: datetime, heater: HeaterNow | None) -> Result:
    """Start a boost. What the one before it had set, and this one does not, stays set until this one ends."""
    if boosts.running is not None and boosts.running.ending is not None:
        return _succeeded(boosts, boosts.running, boost, now, heater)
    former = {} if boosts.running is None else boosts.running.changes
    values = {} if heater is None else heater.values
    is_in_peak = heater is not None and heater.is_in_peak
    wanted = {name: value for name, value in boost.wanted.items() if not (is_in_peak and name is Setting.MODE)}
    changes = {
        name: _change(value, former.get(name), boosts.returning.get(name), values.get(name))
        for name, value in wanted.items()
    }
    starts = tuple(start for start in boosts.starts if now - start < _DAY)
    boosts = replace(
        boosts,
        running=Running(boost=boost, changes={**former, **changes}),
        starts=starts if boosts.running is not None else (*starts, now),
        returning={name: each for name, each in boosts.returning.items() if name not in wanted},
    )
    return boosts, [Give(setting=name, value=value, expires_at=boost.end) for name, value in wanted.items()]


def _succeeded(boosts: Boosts, over: Running, boost: Boost, now: datetime, heater: HeaterNow | None) -> Result:
    """Start a boost after one that is over and has not gone back yet: what only that one had set goes back now."""
    alone = {
        name: Return(to=change.before, boosted=change.wanted, is_lost=not is_pending, is_boost_pending=is_pending)
        for name, change in over.changes.items()
        if _goes_back_alone(change) and change.before is not None
        for is_pending in (change.phase is Phase.PENDING,)
    }
    changes = {name: change for name, change in over.changes.items() if name not in alone}
    going_back = replace(
        boosts,
        running=replace(over, changes=changes, ending=None),
        returning={**boosts.returning, **alone},
    )
    boosts, steps = _started(going_back, boost, now, heater)
    left = frozenset(name for name, change in changes.items() if change.phase is Phase.GONE)
    restored = {**over.restored, **{name: each.to for name, each in alone.items() if name not in boost.wanted}}
    ended = Ended(boost=over.boost, reason=over.ending or BoostEnd.TIME, restored=restored, left=left)
    return boosts, [*steps, ended]


def _goes_back_alone(change: Change) -> bool:
    """Return whether there is one value to go back from, and another one to go back to."""
    is_known = change.phase is Phase.OURS or (change.phase in {Phase.PENDING, Phase.DOUBTFUL} and not change.earlier)
    return is_known and change.before != change.wanted


def _is_due(returning: Return, now: datetime) -> bool:
    # Also when the clock was put back.
    return returning.again_at is not None and not now < returning.again_at <= now + _LATER


def _change(wanted: int, former: Change | None, returning: Return | None, value: int | None) -> Change:
    """Return a new change. One that takes over keeps what was before the first, unless somebody changed it since."""
    if returning is not None:
        # A status may still show the boost from which it has not come back.
        boosted = frozenset({returning.boosted})
        return Change(wanted=wanted, before=returning.to, earlier=boosted, over=boosted)
    if former is None or former.phase in {Phase.GONE, Phase.RESTORED}:
        return Change(wanted=wanted, before=value)
    earlier = former.earlier | {former.wanted}
    return Change(wanted=wanted, before=former.before, earlier=earlier, over=former.over)


def _pending(running: Running) -> list[Setting]:
    return [setting for setting, change in running.changes.items() if change.phase is Phase.PENDING]


def _without_held(running: Running) -> Running:
    """Give up what the heater has held back for longer than any peak period lasts."""
    held = {name: change for name, change in running.changes.items() if change.phase is Phase.HELD}
    return running.with_changes({name: replace(change, phase=Phase.GONE) for name, change in held.items()})


def _ended(boosts: Boosts, running: Running, reason: BoostEnd) -> Result:
    """Begin to end a boost: what waits is not sent any more, and the next status shows what there is to restore."""
    running = replace(running, ending=running.ending or reason)
    cancels: list[Step] = [Cancel(setting=setting) for setting in _pending(running)]
    boosts, steps = _after(replace(boosts, running=running), running)
    return boosts, [*cancels, *steps]


def _after(boosts: Boosts, running: Running, heater: HeaterNow | None = None) -> Result:
    """End the boost that runs if there is a reason to; with a status, go back to what was before."""
    reason = running.ending or _reason_to_end(running, heater)
    if reason is None:
        return boosts, []
    running = replace(running, ending=reason)
    steps: list[Step] = []
    if heater is not None:
        changes = {name: change for name, change in running.changes.items() if name not in heater.claimed}
        restored = {name: value for name, change in changes.items() if (value := change.to_restore) is not None}
        steps = [Give(setting=name, value=value) for name, value in restored.items()]
        returning = {name: Return(to=value, boosted=changes[name].wanted) for name, value in restored.items()}
        boosts = replace(boosts, returning={**boosts.returning, **returning})
        done = {
            name: replace(change, phase=Phase.RESTORED)
            for name, change in changes.items()
            if change.phase is Phase.OURS
        }
        running = replace(running.with_changes(done), restored={**running.restored, **restored})
    if not running.phases <= {Phase.GONE, Phase.RESTORED}:
        return replace(boosts, running=running), steps
    left = frozenset(name for name, change in running.changes.items() if change.phase is Phase.GONE)
    ended = Ended(boost=running.boost, reason=reason, restored=running.restored, left=left)
    return replace(boosts, running=None), [*steps, ended]


def _reason_to_end(running: Running, heater: HeaterNow | None) -> BoostEnd | None:
    if running.phases == {Phase.GONE}:
        was_delivered = any(change.was_ours for change in running.changes.values())
        return BoostEnd.CHANGED if was_delivered else BoostEnd.NOT_DELIVERED
    is_hot = heater is not None and heater.is_hot and running.phases <= {Phase.OURS, Phase.GONE}
    return BoostEnd.HOT if running.boost.stop_when_hot and is_hot else None
