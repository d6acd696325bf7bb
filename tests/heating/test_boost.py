"""Boosts, step by step, and against a plain model: what people set is what there is after every boost."""

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule
import pytest

from custom_components.navilink.heating.boost import (
    Boost,
    BoostEnd,
    BoostError,
    BoostRefusal,
    Cancel,
    Delivered,
    Ended,
    Give,
    HeaterNow,
    Setting,
    Step,
)
from custom_components.navilink.heating.boosts import Boosts
from custom_components.navilink.nwp500.enums import DhwMode

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)
TEMPERATURE, MODE = Setting.TEMPERATURE, Setting.MODE
HEAT_PUMP, ELECTRIC = DhwMode.HEAT_PUMP.value, DhwMode.ELECTRIC.value


def at(hours: float) -> datetime:
    return NOW + hours * HOUR


def boost(start: float = 0, end: float = 1, *, name: str = "a", hot: bool = False, **wanted: int) -> Boost:
    settings = {"temperature": TEMPERATURE, "mode": MODE}
    return Boost(
        id=name,
        start=at(start),
        end=at(end),
        wanted={settings[each]: value for each, value in wanted.items()},
        stop_when_hot=hot,
    )


def shows(temperature: int = 98, mode: int = HEAT_PUMP, *, hot: bool = False, peak: bool = False) -> HeaterNow:
    return HeaterNow(values={TEMPERATURE: temperature, MODE: mode}, is_hot=hot, is_in_peak=peak)


def started(
    asked: Boost, heater: HeaterNow | None = None, boosts: Boosts | None = None, hours: float = 0
) -> tuple[Boosts, list[Step]]:
    return (boosts or Boosts()).scheduled(asked, at(hours), heater, max_starts=3)


def delivered(asked: Boost, before: HeaterNow, after: HeaterNow) -> Boosts:
    """Return the boosts once the heater has what the boost wants."""
    boosts, _ = started(asked, before)
    for setting in asked.wanted:
        boosts, steps = boosts.completed(setting, Delivered.YES)
        assert steps == []
    boosts, steps = boosts.seen(after)
    assert steps == []
    return boosts


def test_a_boost_and_back() -> None:
    asked = boost(temperature=120)
    boosts, steps = started(asked, shows())
    assert steps == [Give(setting=TEMPERATURE, value=120, expires_at=at(1))]
    boosts, steps = boosts.completed(TEMPERATURE, Delivered.YES)
    assert steps == []
    boosts, steps = boosts.passed(at(0.9), shows(120), max_starts=3)
    assert steps == []
    boosts, steps = boosts.passed(at(1), shows(120), max_starts=3)
    # The status that it has may be old by now.
    assert steps == []
    boosts, steps = boosts.seen(shows(120))
    assert steps == [
        Give(setting=TEMPERATURE, value=98),
        Ended(boost=asked, reason=BoostEnd.TIME, restored={TEMPERATURE: 98}),
    ]
    assert boosts.running is None


def test_what_somebody_else_changed_stays() -> None:
    asked = boost(temperature=120, mode=ELECTRIC)
    boosts = delivered(asked, shows(), shows(120, ELECTRIC))
    boosts, _ = boosts.seen(shows(110, ELECTRIC))
    boosts, _ = boosts.passed(at(1), None, max_starts=3)
    boosts, steps = boosts.seen(shows(110, ELECTRIC))
    assert steps == [
        Give(setting=MODE, value=HEAT_PUMP),
        Ended(boost=asked, reason=BoostEnd.TIME, restored={MODE: HEAT_PUMP}, left=frozenset({TEMPERATURE})),
    ]


def test_all_changed_by_somebody_else_ends_it() -> None:
    asked = boost(temperature=120)
    _, steps = delivered(asked, shows(), shows(120)).seen(shows(100))
    assert steps == [Ended(boost=asked, reason=BoostEnd.CHANGED, left=frozenset({TEMPERATURE}))]


@pytest.mark.parametrize(("mode", "reason"), [(DhwMode.POWER_OFF, BoostEnd.OFF), (DhwMode.VACATION, BoostEnd.VACATION)])
def test_off_and_vacation_end_it_without_going_back(mode: DhwMode, reason: BoostEnd) -> None:
    asked = boost(temperature=120)
    boosts, steps = delivered(asked, shows(), shows(120)).seen(shows(120, mode.value))
    assert steps == [Ended(boost=asked, reason=reason, left=frozenset({TEMPERATURE}))]
    assert boosts.running is None
    _, steps = started(asked, shows())[0].seen(shows(98, mode.value))
    assert steps[0] == Cancel(setting=TEMPERATURE)


def test_a_boost_that_could_not_be_delivered_is_not_delivered_late() -> None:
    asked = boost(temperature=120)
    boosts, steps = started(asked)
    assert [step.expires_at for step in steps if isinstance(step, Give)] == [at(1)]
    boosts, steps = boosts.passed(at(1), None, max_starts=3)
    assert steps == [Cancel(setting=TEMPERATURE)]
    boosts, steps = boosts.completed(TEMPERATURE, Delivered.NO)
    assert steps == [Ended(boost=asked, reason=BoostEnd.TIME, left=frozenset({TEMPERATURE}))]
    assert boosts == Boosts(starts=(NOW,))


def test_what_was_before_is_what_a_status_showed_before_it_was_sent() -> None:
    boosts, _ = started(boost(temperature=120))
    boosts, _ = boosts.seen(shows(90))
    boosts, _ = boosts.completed(TEMPERATURE, Delivered.YES)
    boosts, _ = boosts.seen(shows(120))
    boosts, _ = boosts.canceled()
    _, steps = boosts.seen(shows(120))
    assert Give(setting=TEMPERATURE, value=90) in steps


@pytest.mark.parametrize(("shown", "is_ours"), [(120, True), (98, False)])
def test_the_next_status_decides_about_a_command_that_was_not_confirmed(shown: int, is_ours: bool) -> None:
    boosts, _ = started(boost(temperature=120), shows())
    boosts, steps = boosts.completed(TEMPERATURE, Delivered.UNKNOWN)
    assert steps == []
    boosts, steps = boosts.seen(shows(shown))
    assert (boosts.running is not None) is is_ours
    assert [type(step) for step in steps] == ([] if is_ours else [Ended])
    # Nothing is set back that was never set.
    assert not [step for step in steps if isinstance(step, Give)]


def test_another_boost_takes_over_and_keeps_what_was_before() -> None:
    boosts = delivered(boost(temperature=120), shows(), shows(120))
    boosts, steps = started(boost(0.5, 2, name="b", temperature=125), shows(120), boosts, 0.5)
    assert steps == [Give(setting=TEMPERATURE, value=125, expires_at=at(2))]
    assert len(boosts.starts) == 1
    boosts, _ = boosts.completed(TEMPERATURE, Delivered.YES)
    boosts, steps = boosts.passed(at(1), shows(125), max_starts=3)
    assert steps == []
    boosts, _ = boosts.passed(at(2), shows(125), max_starts=3)
    _, steps = boosts.seen(shows(125))
    assert Give(setting=TEMPERATURE, value=98) in steps


def test_boost_that_takes_over_in_vain_leaves_the_one_before_to_go_back() -> None:
    boosts = delivered(boost(temperature=120), shows(), shows(120))
    boosts, _ = started(boost(0.5, 2, name="b", temperature=125), shows(120), boosts, 0.5)
    boosts, steps = boosts.completed(TEMPERATURE, Delivered.NO)
    assert steps == []
    boosts, steps = boosts.seen(shows(120))
    assert steps == []
    boosts, _ = boosts.passed(at(2), None, max_starts=3)
    _, steps = boosts.seen(shows(120))
    assert Give(setting=TEMPERATURE, value=98) in steps


def going_back() -> Boosts:
    """Return boosts of which the last one has just been given what was before."""
    boosts, _ = delivered(boost(temperature=120), shows(), shows(120)).passed(at(1), None, max_starts=3)
    boosts, steps = boosts.seen(shows(120))
    assert steps[0] == Give(setting=TEMPERATURE, value=98)
    return boosts


@pytest.mark.parametrize("temperature", [120, 125])
def test_boost_that_begins_while_the_last_one_goes_back_knows_what_was_before(temperature: int) -> None:
    """Its heater still shows the last one."""
    boosts, _ = started(boost(1, 2, name="b", temperature=temperature), shows(120), going_back(), 1)
    boosts, steps = boosts.seen(shows(120))
    assert steps == []
    boosts, _ = boosts.completed(TEMPERATURE, Delivered.YES)
    boosts, _ = boosts.seen(shows(temperature))
    boosts, _ = boosts.passed(at(2), None, max_starts=3)
    _, steps = boosts.seen(shows(temperature))
    assert Give(setting=TEMPERATURE, value=98) in steps


def test_going_back_is_repeated_only_where_it_was_lost_and_nobody_has_changed_it() -> None:
    boosts = going_back()
    assert boosts.seen(shows(120)) == (boosts, [])
    lost = boosts.gone_back(TEMPERATURE, lost_at=at(1))
    assert lost.waits_for_status
    again, steps = lost.seen(shows(120))
    assert steps == [Give(setting=TEMPERATURE, value=98)]
    assert again.gone_back(TEMPERATURE).returning == {}
    for heater in (shows(110), shows(98), shows(120, DhwMode.POWER_OFF), shows(120, DhwMode.VACATION)):
        left, steps = lost.seen(heater)
        assert (left.returning, steps) == ({}, [])


def test_heater_that_does_not_go_back_is_tried_again_every_hour_in_the_end() -> None:
    boosts = going_back()
    for _ in range(20):
        boosts, steps = boosts.gone_back(TEMPERATURE, lost_at=at(1)).seen(shows(120))
        assert steps == [Give(setting=TEMPERATURE, value=98)]
    boosts = boosts.gone_back(TEMPERATURE, lost_at=at(1))
    boosts, steps = boosts.passed(at(1.9), shows(120), max_starts=3)
    assert (boosts.waits_for_status, boosts.seen(shows(120))) == (False, (boosts, []))
    boosts, _ = boosts.passed(at(2), shows(120), max_starts=3)
    assert boosts.waits_for_status
    boosts, steps = boosts.seen(shows(120))
    assert steps == [Give(setting=TEMPERATURE, value=98)]
    # A clock that is put back does not make it wait any longer.
    boosts, _ = boosts.gone_back(TEMPERATURE, lost_at=at(2)).passed(at(-48), None, max_starts=3)
    assert boosts.waits_for_status


def test_boost_that_begins_in_vain_while_the_last_one_goes_back_does_not_make_it_longer() -> None:
    """Its heater ignores everything for a while."""
    boosts, _ = started(boost(1, 3, name="b", temperature=125), shows(120), going_back(), 1)
    boosts, _ = boosts.completed(TEMPERATURE, Delivered.UNKNOWN)
    boosts, steps = boosts.seen(shows(120))
    assert steps[0] == Give(setting=TEMPERATURE, value=98)
    assert isinstance(steps[1], Ended)
    assert steps[1].reason is BoostEnd.NOT_DELIVERED
    assert boosts.running is None


def test_heater_that_refuses_to_go_back_is_given_a_pause() -> None:
    boosts = going_back().gone_back(TEMPERATURE, lost_at=at(1), pause=timedelta(seconds=30))
    assert boosts.seen(shows(120)) == (boosts, [])
    boosts, _ = boosts.passed(at(1) + timedelta(seconds=30), shows(120), max_starts=3)
    _, steps = boosts.seen(shows(120))
    assert steps == [Give(setting=TEMPERATURE, value=98)]


def test_boost_that_follows_one_that_is_over_does_not_make_it_longer() -> None:
    first, second = boost(temperature=120, mode=ELECTRIC), boost(1, 3, name="b", temperature=125)
    boosts = delivered(first, shows(), shows(120, ELECTRIC))
    boosts, _ = boosts.scheduled(second, at(0.5), shows(120, ELECTRIC), max_starts=3)
    boosts, steps = boosts.passed(at(1), shows(120, ELECTRIC), max_starts=3)
    assert steps == [
        Give(setting=TEMPERATURE, value=125, expires_at=at(3)),
        Ended(boost=first, reason=BoostEnd.TIME, restored={MODE: HEAT_PUMP}),
    ]
    boosts, steps = boosts.seen(shows(120, ELECTRIC))
    assert steps == [Give(setting=MODE, value=HEAT_PUMP)]
    boosts, _ = boosts.completed(TEMPERATURE, Delivered.YES)
    boosts, _ = boosts.seen(shows(125))
    boosts, _ = boosts.passed(at(3), None, max_starts=3)
    _, steps = boosts.seen(shows(125))
    assert steps[0] == Give(setting=TEMPERATURE, value=98)


@pytest.mark.parametrize("outcome", [Delivered.YES, Delivered.UNKNOWN])
def test_boost_that_was_on_its_way_when_it_ended_goes_back_beside_the_next_one(outcome: Delivered) -> None:
    boosts, _ = started(boost(temperature=120), shows())
    boosts, _ = boosts.canceled()
    boosts, _ = started(boost(0, 2, name="b", mode=ELECTRIC), shows(), boosts)
    # Its command has not arrived yet.
    boosts, steps = boosts.seen(shows())
    assert steps == []
    boosts, _ = boosts.completed(TEMPERATURE, outcome)
    boosts, steps = boosts.seen(shows(120))
    assert steps == [Give(setting=TEMPERATURE, value=98)]
    boosts, _ = boosts.seen(shows(98, ELECTRIC))
    assert boosts.returning == {}


def test_what_a_boost_had_sent_still_goes_back_when_the_one_that_took_over_is_canceled() -> None:
    boosts, _ = started(boost(temperature=120), shows())
    boosts, _ = started(boost(temperature=116), shows(), boosts)
    boosts, steps = boosts.canceled()
    assert steps == [Cancel(setting=TEMPERATURE)]
    boosts, _ = boosts.completed(TEMPERATURE, Delivered.NO)
    # The command of the first one is on its way, and then it is there.
    boosts, steps = boosts.seen(replace(shows(), pending=frozenset({TEMPERATURE})))
    assert steps == []
    boosts, steps = boosts.seen(shows(120))
    assert Give(setting=TEMPERATURE, value=98) in steps
    assert boosts.running is None


def test_boost_that_was_never_delivered_leaves_nothing_to_go_back_beside_the_next_one() -> None:
    boosts, _ = started(boost(temperature=120), shows())
    boosts, _ = boosts.canceled()
    boosts, _ = started(boost(0, 2, name="b", mode=ELECTRIC), shows(), boosts)
    boosts, _ = boosts.completed(TEMPERATURE, Delivered.NO)
    # Somebody else wants that.
    boosts, steps = boosts.seen(shows(120))
    assert (steps, boosts.returning) == ([], {})


def test_going_back_waits_for_what_somebody_else_is_about_to_set() -> None:
    boosts, _ = delivered(boost(temperature=120), shows(), shows(120)).passed(at(1), None, max_starts=3)
    claimed = HeaterNow(values={TEMPERATURE: 120, MODE: HEAT_PUMP}, claimed=frozenset({TEMPERATURE}))
    boosts, steps = boosts.seen(claimed)
    assert steps == []
    # Theirs has come, or has not.
    _, steps = boosts.seen(shows(110))
    assert [type(step) for step in steps] == [Ended]
    _, steps = boosts.seen(shows(120))
    assert Give(setting=TEMPERATURE, value=98) in steps


def test_going_back_once_more_waits_for_what_somebody_else_is_about_to_set() -> None:
    boosts, _ = delivered(boost(temperature=120), shows(), shows(120)).canceled()
    boosts, _ = boosts.seen(shows(120))
    boosts = boosts.gone_back(TEMPERATURE, lost_at=at(1))
    boosts, steps = boosts.seen(replace(shows(120), claimed=frozenset({TEMPERATURE})))
    assert steps == []
    # Theirs has come, or has not.
    assert boosts.seen(shows(110))[0].returning == {}
    assert boosts.seen(shows(120))[1] == [Give(setting=TEMPERATURE, value=98)]


def test_boost_that_was_not_confirmed_when_it_ended_goes_back_beside_the_next_one() -> None:
    boosts, _ = started(boost(temperature=120), shows())
    boosts, _ = boosts.completed(TEMPERATURE, Delivered.UNKNOWN)
    boosts, _ = boosts.canceled()
    boosts, _ = started(boost(0, 2, name="b", mode=ELECTRIC), shows(), boosts)
    boosts, steps = boosts.seen(shows(120))
    assert steps == [Give(setting=TEMPERATURE, value=98)]
    assert boosts.running is not None


def test_a_clock_that_is_put_back_makes_no_boost_longer() -> None:
    boosts = delivered(boost(temperature=120), shows(), shows(120))
    boosts, steps = boosts.passed(at(-48), None, max_starts=3)
    assert steps == []
    assert boosts.starts == (at(-48),)
    boosts, _ = boosts.passed(at(-47), None, max_starts=3)
    _, steps = boosts.seen(shows(120))
    assert Give(setting=TEMPERATURE, value=98) in steps


def test_what_is_being_set_back_is_what_the_next_boost_goes_back_to() -> None:
    boosts, _ = delivered(boost(temperature=120), shows(), shows(120)).canceled()
    boosts, steps = boosts.seen(shows(120))
    assert steps[0] == Give(setting=TEMPERATURE, value=98)
    # The heater has not gone back yet, and never will if the next command overtakes.
    boosts, _ = started(boost(0, 2, name="b", temperature=125), shows(120), boosts)
    boosts, _ = boosts.seen(shows(120))
    boosts, _ = boosts.completed(TEMPERATURE, Delivered.YES)
    boosts, _ = boosts.seen(shows(125))
    boosts, _ = boosts.canceled()
    boosts, steps = boosts.seen(shows(125))
    assert steps[0] == Give(setting=TEMPERATURE, value=98)
    boosts, _ = boosts.seen(shows(98))
    assert boosts == Boosts(starts=boosts.starts)


def test_boost_that_takes_over_and_is_not_delivered_goes_back_all_the_same() -> None:
    boosts = delivered(boost(temperature=120), shows(), shows(120))
    boosts, _ = started(boost(0.5, 2, name="b", temperature=82), None, boosts, 0.5)
    boosts, steps = boosts.passed(at(2), None, max_starts=3)
    assert steps == [Cancel(setting=TEMPERATURE)]
    boosts, steps = boosts.completed(TEMPERATURE, Delivered.NO)
    assert steps == []
    # The heater still has what the first one had set.
    boosts, steps = boosts.seen(shows(120))
    assert steps[0] == Give(setting=TEMPERATURE, value=98)
    assert boosts.running is None


def test_boost_that_takes_over_and_is_not_delivered_leaves_what_somebody_else_set() -> None:
    boosts = delivered(boost(temperature=120), shows(), shows(120))
    boosts, _ = started(boost(0.5, 2, name="b", temperature=82), None, boosts, 0.5)
    boosts, _ = boosts.completed(TEMPERATURE, Delivered.NO)
    _, steps = boosts.seen(shows(104))
    assert [type(step) for step in steps] == [Ended]


def test_it_ends_when_the_water_is_hot() -> None:
    asked = boost(temperature=120, hot=True)
    boosts, _ = started(asked, shows())
    boosts, steps = boosts.seen(shows(98, hot=True))
    assert steps == []
    boosts, _ = boosts.completed(TEMPERATURE, Delivered.YES)
    boosts, steps = boosts.seen(shows(120))
    assert steps == []
    _, steps = boosts.seen(shows(120, hot=True))
    assert steps[-1] == Ended(boost=asked, reason=BoostEnd.HOT, restored={TEMPERATURE: 98})


def test_in_a_peak_period_only_the_temperature_is_sent() -> None:
    _, steps = started(boost(temperature=120, mode=ELECTRIC), shows(peak=True))
    assert [step.setting for step in steps if isinstance(step, Give)] == [TEMPERATURE]


def test_a_mode_that_is_held_is_set_back_when_it_lands() -> None:
    boosts, _ = started(boost(mode=ELECTRIC), shows())
    boosts, _ = boosts.completed(MODE, Delivered.HELD)
    boosts, steps = boosts.passed(at(1), shows(), max_starts=3)
    assert steps == []
    boosts, steps = boosts.seen(shows())
    assert steps == []
    assert boosts.running is not None
    _, steps = boosts.seen(shows(mode=ELECTRIC))
    assert Give(setting=MODE, value=HEAT_PUMP) in steps
    _, steps = boosts.passed(at(26), shows(), max_starts=3)
    assert isinstance(steps[-1], Ended)


def test_a_planned_boost_starts_at_its_time_or_not_at_all() -> None:
    asked = boost(2, 3, temperature=120)
    boosts, steps = started(asked, shows())
    assert steps == []
    assert boosts.planned == (asked,)
    _, steps = boosts.passed(at(2), shows(), max_starts=3)
    assert steps == [Give(setting=TEMPERATURE, value=120, expires_at=at(3))]
    missed, steps = boosts.passed(at(3), shows(), max_starts=3)
    assert steps == [Ended(boost=asked, reason=BoostEnd.NOT_DELIVERED)]
    assert missed == Boosts()
    dropped, steps = boosts.canceled("a")
    assert (dropped, steps) == (Boosts(), [])


@pytest.mark.parametrize(
    ("asked", "heater", "refusal"),
    [
        (boost(0, 0.4, temperature=120), shows(), BoostRefusal.TOO_SHORT),
        (boost(0, 25, temperature=120), shows(), BoostRefusal.TOO_LONG),
        (boost(-2, -1, temperature=120), shows(), BoostRefusal.OVER),
        (boost(), shows(), BoostRefusal.NOTHING_TO_DO),
        (boost(temperature=120), shows(mode=DhwMode.POWER_OFF), BoostRefusal.IS_OFF),
        (boost(temperature=120), shows(mode=DhwMode.VACATION), BoostRefusal.IS_ON_VACATION),
        (boost(mode=ELECTRIC), shows(peak=True), BoostRefusal.HELD_IN_PEAK),
    ],
)
def test_what_cannot_be_done_is_refused(asked: Boost, heater: HeaterNow, refusal: BoostRefusal) -> None:
    with pytest.raises(BoostError) as refused:
        started(asked, heater)
    assert refused.value.refusal is refusal


def test_the_compressor_is_not_worn_out() -> None:
    boosts = Boosts()
    for hours in (0, 2, 4):
        boosts, _ = started(boost(hours, hours + 1, temperature=120), shows(), boosts, hours)
        boosts, _ = boosts.completed(TEMPERATURE, Delivered.NO)
    with pytest.raises(BoostError) as refused:
        started(boost(6, 7, temperature=120), shows(), boosts, 6)
    assert refused.value.refusal is BoostRefusal.TOO_MANY_STARTS
    started(boost(25, 26, temperature=120), shows(), boosts, 25)


@dataclass
class Waiting:
    """A command in the queue."""

    give: Give
    is_of_boost: bool


class BoostMachine(RuleBasedStateMachine):
    """A heater, the people who set it, and an integration that may be stopped or cut off at any time.

    The model knows only what the people set last; whenever no boost runs and nothing is on its way, the heater has it.
    """

    def __init__(self) -> None:
        super().__init__()
        self.now = NOW
        self.boosts = Boosts()
        self.values = {TEMPERATURE: 98, MODE: HEAT_PUMP}
        self.people = dict(self.values)
        self.queue: list[Waiting] = []
        self.is_connected = True
        self.is_stopped = False
        self.is_next_lost = False
        self.number = 0

    @property
    def heater(self) -> HeaterNow | None:
        return HeaterNow(values=dict(self.values)) if self.is_connected else None

    def carry_out(self, result: tuple[Boosts, list[Step]]) -> None:
        self.boosts, steps = result
        for step in steps:
            match step:
                case Give():
                    self.queue = [each for each in self.queue if each.give.setting is not step.setting]
                    self.queue.append(Waiting(step, step.expires_at is not None))
                case Cancel():
                    gone = [each for each in self.queue if each.is_of_boost and each.give.setting is step.setting]
                    self.queue = [each for each in self.queue if each not in gone]
                    for each in gone:
                        self.carry_out(self.boosts.completed(each.give.setting, Delivered.NO))

    def work(self) -> None:
        """Let the integration do what is due."""
        if self.is_stopped:
            return
        for each in [each for each in self.queue if each.give.expires_at and each.give.expires_at <= self.now]:
            self.queue.remove(each)
            self.carry_out(self.boosts.completed(each.give.setting, Delivered.NO))
        self.carry_out(self.boosts.passed(self.now, self.heater, max_starts=1000))
        for _ in range(6):
            if self.is_connected:
                if self.boosts.running is not None and self.values[MODE] in {DhwMode.VACATION, DhwMode.POWER_OFF}:
                    # What the boost had set stays: the heater is not touched any more.
                    self.people = dict(self.values)
                self.carry_out(self.boosts.seen(HeaterNow(values=dict(self.values))))
                self.send()

    def send(self) -> None:
        queue, self.queue = self.queue, []
        for each in queue:
            is_lost, self.is_next_lost = self.is_next_lost, False
            if not is_lost:
                self.values[each.give.setting] = each.give.value
            if each.is_of_boost:
                delivered = Delivered.UNKNOWN if is_lost else Delivered.YES
                self.carry_out(self.boosts.completed(each.give.setting, delivered))
            else:
                self.boosts = self.boosts.gone_back(each.give.setting, lost_at=self.now if is_lost else None)

    @rule(
        temperature=st.none() | st.sampled_from([110, 120]),
        mode=st.none() | st.just(ELECTRIC),
        after=st.integers(0, 3),
        minutes=st.integers(30, 240),
    )
    def boost(self, temperature: int | None, mode: int | None, after: int, minutes: int) -> None:
        wanted = {name: value for name, value in ((TEMPERATURE, temperature), (MODE, mode)) if value is not None}
        if self.is_stopped or not wanted:
            return
        self.number += 1
        start = self.now + after * HOUR
        asked = Boost(id=str(self.number), start=start, end=start + timedelta(minutes=minutes), wanted=wanted)
        try:
            result = self.boosts.scheduled(asked, self.now, self.heater, max_starts=1000)
        except BoostError as err:
            if err.refusal not in {BoostRefusal.IS_OFF, BoostRefusal.IS_ON_VACATION, BoostRefusal.TOO_MANY_PLANNED}:
                raise
            return
        self.carry_out(result)
        self.work()

    @precondition(lambda self: not self.is_stopped)
    @rule()
    def end(self) -> None:
        self.carry_out(self.boosts.canceled())
        self.work()

    @precondition(lambda self: not self.is_stopped and self.is_connected)
    @rule(temperature=st.none() | st.sampled_from([110, 120]), mode=st.none() | st.just(ELECTRIC))
    def boost_before_the_heater_has_gone_back(self, temperature: int | None, mode: int | None) -> None:
        self.carry_out(self.boosts.canceled())
        self.carry_out(self.boosts.seen(HeaterNow(values=dict(self.values))))
        self.boost(temperature, mode, 0, 60)
        self.work()

    @rule(minutes=st.integers(1, 300))
    def pass_time(self, minutes: int) -> None:
        for _ in range(minutes):
            self.now += timedelta(minutes=1)
            self.work()

    @rule(setting=st.sampled_from(Setting), value=st.sampled_from([90, 95, 100]), mode=st.sampled_from([1, 3, 4, 5, 6]))
    def set_by_a_person(self, setting: Setting, value: int, mode: int) -> None:
        """Set something that no boost sets: whoever wants the same as a boost cannot be distinguished from it."""
        chosen = value if setting is TEMPERATURE else mode
        self.values[setting] = self.people[setting] = chosen
        self.work()

    @rule()
    def lose_the_next_command(self) -> None:
        self.is_next_lost = True

    @precondition(lambda self: not self.is_stopped)
    @rule()
    def clear_the_queue(self) -> None:
        """Remove the commands that heat more; whoever removes one that goes back wants the heater as it is."""
        cleared = [each for each in self.queue if each.is_of_boost]
        self.queue = [each for each in self.queue if not each.is_of_boost]
        for each in cleared:
            self.carry_out(self.boosts.completed(each.give.setting, Delivered.NO))
        self.work()

    @rule()
    def cut_off(self) -> None:
        self.is_connected = False

    @rule()
    def connect(self) -> None:
        self.is_connected = True
        self.work()

    @rule()
    def stop(self) -> None:
        self.is_stopped = True

    @rule()
    def start(self) -> None:
        self.is_stopped = False
        self.work()

    @invariant()
    def what_people_set_is_what_there_is(self) -> None:
        if self.is_stopped or not self.is_connected:
            return
        assert not self.queue
        running = self.boosts.running
        if running is None:
            assert self.values == self.people
        else:
            assert running.ending is None
            assert running.boost.end > self.now
            for setting in self.values.keys() - running.changes.keys():
                assert self.values[setting] == self.people[setting]

    @invariant()
    def what_is_planned_is_to_come(self) -> None:
        if not self.is_stopped:
            assert all(planned.start > self.now for planned in self.boosts.planned)


TestBoostMachine = BoostMachine.TestCase
