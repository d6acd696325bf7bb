"""Whose a setting has to be at each moment of a month of boosts; plain, and independent of how boosts are carried out.

A heater has what people have set last, or what a boost wants that they asked for and that is not over.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
import logging

from .boost_plan import BOOSTED, MODE, OFF, TEMPERATURE, VACATION

MAX_SECONDS = 60.0
"""So long after its end, and while the heater can be reached, may a boost's value stay."""
_RACE_SECONDS = 3.0
"""Who of two was later cannot be known when they were closer than this."""
_MEMBERS = (TEMPERATURE, MODE)
_RECENT_SECONDS = 1800.0
LOGGER = logging.getLogger("drills.boosts")
"""What happens, line by line."""


@dataclass(slots=True, kw_only=True, eq=False)
class Heat:
    """One setting of a boost, and how long it may be there."""

    boost: str
    member: str
    value: int
    start: float
    end: float
    given_at: float | None = None
    """When its command was given."""
    is_changed: bool = False
    """Whether somebody has set something else since it began."""
    is_judged: bool = False
    was_seen: bool = False

    def is_allowed(self, now: float) -> bool:
        """Return whether the heater may have it."""
        return self.start <= now < self.end and not self.is_changed


@dataclass(slots=True)
class BoostModel:
    """What a heater may have, and how often it had something else."""

    people: dict[str, frozenset[int]]
    """What people have set last: all values that are possible."""
    heats: list[Heat] = field(default_factory=list)
    asked: dict[str, tuple[str, int, float]] = field(default_factory=dict)
    """What people have asked Home Assistant for, by the command's ID, and when: on its way."""
    outlived: int = 0
    overwritten: int = 0
    latest: float = 0.0
    """The most seconds that a boost's value stayed after its end while the heater could be reached."""
    breaches: list[str] = field(default_factory=list)
    _planned: list[Heat] = field(default_factory=list)
    _changed_at: dict[str, float] = field(default_factory=dict)

    def boosted(self, boost: str, start: float, end: float, wanted: Mapping[str, int]) -> None:
        """A boost was asked for."""
        self._planned += [Heat(boost=boost, member=m, value=v, start=start, end=end) for m, v in wanted.items()]
        self._planned.sort(key=lambda heat: heat.start)

    def withdrawn(self, boost: str) -> None:
        """It was refused, or dropped before it began."""
        self._planned = [heat for heat in self._planned if heat.boost != boost]
        self.heats = [heat for heat in self.heats if heat.boost != boost]

    def canceled(self, now: float) -> None:
        """The active boost was ended."""
        self.pass_time(now)
        for heat in self.heats:
            heat.end = min(heat.end, now)

    def pass_time(self, now: float) -> None:
        """Begin what is planned until now: it takes over what is active then."""
        while self._planned and self._planned[0].start <= now:
            new = self._planned.pop(0)
            for heat in self.heats:
                if heat.boost != new.boost and heat.start <= new.start < heat.end:
                    # Of one that was planned, nobody knows whether it could begin.
                    heat.end = max(heat.end, new.end)
            self.heats.append(new)
            if self.people[MODE] & {OFF, VACATION}:
                # Home Assistant does not know it yet.
                self._leave_alone(now)

    def taken_over(self, boost: str) -> None:
        """A boost has begun at once: what was active before lasts as long as it, no longer."""
        new = [heat for heat in self.heats if heat.boost == boost]
        for heat in self.heats:
            if new and heat.boost != boost and heat.start <= new[0].start < heat.end:
                heat.end = new[0].end

    @property
    def turns(self) -> Iterable[float]:
        """When boosts begin and end that are known."""
        return (at for heat in (*self.heats, *self._planned) for at in (heat.start, heat.end))

    # People

    def set_by_hand(self, member: str, value: int, now: float, *, given_at: float | None = None) -> None:
        """Somebody has set something; with a command of that moment."""
        self.pass_time(now)
        since = now if given_at is None else given_at
        self.people[member] = frozenset({value})
        if given_at is None:
            self._changed_at[member] = now
        for heat in self.heats:
            if heat.member == member and heat.given_at is not None and heat.given_at <= since:
                heat.is_changed = True
        if value in {OFF, VACATION}:
            self._leave_alone(now)

    def may_be_set(self, member: str, value: int, now: float) -> None:
        """Nobody knows whether somebody's command has taken effect."""
        self.people[member] |= {value}
        if value in {OFF, VACATION}:
            self._leave_alone(now)

    def given(self, member: str, values: frozenset[int], now: float) -> None:
        """A boost has given a command, by what it knew of the heater a moment ago."""
        self.pass_time(now)
        for heat in self.heats:
            if heat.member == member and heat.value in values and heat.given_at is None:
                heat.given_at = now
        if now - self._changed_at.get(member, -_RACE_SECONDS) < _RACE_SECONDS:
            self.people[member] |= values
            for heat in self.heats:
                if heat.member == member and heat.value in values:
                    heat.is_changed = False

    def swallowed(self, member: str, value: int) -> None:
        """A boost has replaced what somebody asked for and what had not reached the heater yet."""
        self._overwritten(f"{member} {value}, which somebody had asked for, was replaced by a boost")

    def _leave_alone(self, now: float) -> None:
        """A boost that was there ends, and what it had set stays."""
        for heat in self.heats:
            if now < heat.end + _RECENT_SECONDS and heat.start <= now:
                self.people[heat.member] |= {heat.value}

    # What there is

    def look(self, status: Mapping[str, int], now: float, reachable_since: float | None) -> None:
        """Judge what a heater has; it can be reached since a moment, or not at all."""
        self.pass_time(now)
        for member in _MEMBERS:
            self._judge(member, status[member], now, reachable_since)

    def is_at_rest(self, status: Mapping[str, int], now: float) -> bool:
        """Return whether a heater has what it is to have, so that nothing is to be expected by itself."""
        return all(
            status[member] in self.people[member] or self._is_allowed(member, status[member], now)
            for member in _MEMBERS
        )

    def _is_allowed(self, member: str, value: int, now: float) -> bool:
        heats = [heat for heat in self.heats if (heat.member, heat.value) == (member, value) and heat.is_allowed(now)]
        for heat in heats:
            heat.was_seen = True
        return bool(heats) or any(asked[:2] == (member, value) for asked in self.asked.values())

    def _judge(self, member: str, value: int, now: float, reachable_since: float | None) -> None:
        if value in self.people[member] or self._is_allowed(member, value, now):
            return
        heats = [heat for heat in self.heats if (heat.member, heat.value) == (member, value) and heat.start <= now]
        if not heats:
            self._overwritten(f"{member} is {value}, and not {sorted(self.people[member])} as somebody had set it")
            # Reported once.
            self.people[member] |= {value}
            return
        heat = heats[-1]
        if heat.is_changed:
            if not heat.is_judged:
                self._overwritten(f"{member} is {value} by a boost, not {sorted(self.people[member])} as set since")
            heat.is_judged = True
        elif reachable_since is not None:
            late = now - max(heat.end, reachable_since)
            self.latest = max(self.latest, late)
            if late > MAX_SECONDS and not heat.is_judged:
                heat.is_judged = True
                self.outlived += 1
                self._breach(f"{member} is {value} {late:.0f} s after its boost")

    def _overwritten(self, text: str) -> None:
        self.overwritten += 1
        self._breach(text)

    def _breach(self, text: str) -> None:
        LOGGER.warning("breach: %s", text)
        self.breaches.append(text)

    def left(self, status: Mapping[str, int]) -> list[str]:
        """Return what is a boost's when all of them are over."""
        return [
            f"{member} is {status[member]} of a boost that was never given back"
            for member in _MEMBERS
            if status[member] in BOOSTED[member] and status[member] not in self.people[member]
        ]
