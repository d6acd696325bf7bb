"""Changes of schedules: nothing that a heater has is lost by them, and what became of them is reported."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Any, NoReturn

from hypothesis import given, settings
from hypothesis import strategies as st
import pytest

from nwp500 import DeviceFeature, NavienMqttClient, NotConnectedError, WriteOutcome
from nwp500.enums import ReservationMode
from nwp500.exceptions import (
    InvalidParameterError,
    ScheduleProblem,
    ScheduleReadError,
    SerialNumberUnknownError,
    UnsupportedCommandError,
)
from nwp500.models import RecirculationEntry, ReservationEntry, TouPeriod, Weekday
from tests.client.support.answering_heater import (
    DEVICE,
    AnsweringHeater,
    AnsweringLink,
    answered_by,
    content_of,
    recorded,
)
from tests.client.support.days import EVERY_DAY, WORKING_DAYS
from tests.client.support.virtual_time import VirtualTimeLoop

OTHER = replace(DEVICE, mac_address="0478630a1b2d")
SCHEDULE: list[dict[str, int]] = content_of("reservations_json")["reservation"]
RECIRCULATION: list[dict[str, int]] = content_of("recirculation_schedule_json")["reservation"]
PLAN: list[dict[str, int]] = content_of("tou_write_echo")["reservation"]
PERIODS = tuple(TouPeriod.from_message(period) for period in PLAN)

MORNING = SCHEDULE[0]
EVENING = {"enable": 2, "week": 254, "hour": 20, "min": 0, "mode": 1, "param": 98}
BY_OLDER_SOFTWARE = {"enable": 2, "week": 2, "hour": 1, "min": 0, "mode": 6, "param": 200}
SUNDAY = RecirculationEntry.of([Weekday.SUNDAY], 9, 0, pump_on=True)

type Story = Callable[[NavienMqttClient, AnsweringHeater, list[AnsweringLink]], Awaitable[None]]


def run(story: Story, *others: AnsweringHeater) -> None:
    """Play a story in virtual time with a client that is connected to a heater, and maybe to others."""

    async def played() -> None:
        heater = AnsweringHeater()
        heater.schedule.update(reservationUse=2, reservation=list(SCHEDULE))
        heater.recirculation.update(reservationUse=2, reservation=list(RECIRCULATION))
        client, transports = await answered_by(heater, *others)
        await story(client, heater, transports)
        await client.disconnect()

    asyncio.run(played(), loop_factory=VirtualTimeLoop)


def writes(heater: AnsweringHeater) -> list[dict[str, Any]]:
    """Return what was written to a heater, in order."""
    return [
        asked["request"]
        for asked, suffix in zip(heater.asked, heater.suffixes(), strict=True)
        if suffix.startswith("ctrl/")
    ]


def lists(heater: AnsweringHeater) -> list[tuple[int, list[dict[str, int]]]]:
    """Return the lists that were written to a heater."""
    return [(written["reservationUse"], written["reservation"]) for written in writes(heater)]


def entry(**changed: object) -> ReservationEntry:
    """Return an entry of the schedule."""
    return ReservationEntry({**EVENING, **changed})


def test_an_entry_is_added_to_what_the_heater_has() -> None:
    async def story(client: NavienMqttClient, heater: AnsweringHeater, _: list[AnsweringLink]) -> None:
        write = await client.schedules.put_reservation(DEVICE, entry())
        assert lists(heater) == [(2, [*SCHEDULE, EVENING])]
        assert (write.outcome, write.attempts) == (WriteOutcome.WRITTEN, 1)
        assert write.before is not None
        assert write.after is not None
        assert [old.raw for old in write.before.entries] == SCHEDULE
        assert [new.raw for new in write.after.entries] == [*SCHEDULE, EVENING]
        assert heater.suffixes() == ["st/rsv/rd", "ctrl/rsv/rd", "st/rsv/rd"]

    run(story)


def test_an_entry_takes_the_place_of_the_one_in_its_slot() -> None:
    async def story(client: NavienMqttClient, heater: AnsweringHeater, _: list[AnsweringLink]) -> None:
        later = ReservationEntry.of(WORKING_DAYS, 6, 30, ReservationMode.ENERGY_SAVER, 110)
        await client.schedules.put_reservation(DEVICE, later)
        assert lists(heater) == [(2, [*SCHEDULE[1:], later.raw])]

    run(story)


def test_what_the_heater_has_already_is_not_written() -> None:
    async def story(client: NavienMqttClient, heater: AnsweringHeater, _: list[AnsweringLink]) -> None:
        shuffled = [ReservationEntry(numbers) for numbers in reversed(SCHEDULE)]
        for write in (
            await client.schedules.put_reservation(DEVICE, ReservationEntry(MORNING)),
            await client.schedules.remove_reservation(DEVICE, entry()),
            await client.schedules.replace_reservations(DEVICE, shuffled),
            await client.schedules.set_reservation_use(DEVICE, on=True),
        ):
            assert (write.outcome, write.attempts) == (WriteOutcome.ALREADY_SO, 0)
            assert write.before is write.after
        assert writes(heater) == []

    run(story)


@pytest.mark.parametrize("use", [1, 2])
def test_adding_and_removing_leave_the_schedule_on_or_off(use: int) -> None:
    async def story(client: NavienMqttClient, heater: AnsweringHeater, _: list[AnsweringLink]) -> None:
        heater.schedule["reservationUse"] = use
        await client.schedules.put_reservation(DEVICE, entry())
        await client.schedules.remove_reservation(DEVICE, ReservationEntry(MORNING))
        await client.schedules.replace_reservations(DEVICE, [entry()])
        assert lists(heater) == [
            (use, [*SCHEDULE, EVENING]),
            (use, [*SCHEDULE[1:], EVENING]),
            (use, [EVENING]),
        ]

    run(story)


def test_a_use_that_is_none_is_written_as_off() -> None:
    async def story(client: NavienMqttClient, heater: AnsweringHeater, _: list[AnsweringLink]) -> None:
        heater.schedule["reservationUse"] = 0
        write = await client.schedules.put_reservation(DEVICE, entry())
        assert (write.outcome, lists(heater)) == (WriteOutcome.WRITTEN, [(1, [*SCHEDULE, EVENING])])

    run(story)


def test_the_schedule_is_switched_with_its_entries_kept() -> None:
    async def story(client: NavienMqttClient, heater: AnsweringHeater, _: list[AnsweringLink]) -> None:
        await client.schedules.set_reservation_use(DEVICE, on=False)
        await client.schedules.replace_reservations(DEVICE, [entry()], on=True)
        assert lists(heater) == [(1, SCHEDULE), (2, [EVENING])]

    run(story)


def test_clearing_leaves_nothing_and_switches_off() -> None:
    async def story(client: NavienMqttClient, heater: AnsweringHeater, _: list[AnsweringLink]) -> None:
        write = await client.schedules.clear_reservations(DEVICE)
        assert lists(heater) == [(1, [])]
        assert write.outcome is WriteOutcome.WRITTEN
        await client.schedules.clear_recirculation(DEVICE)
        assert lists(heater)[1:] == [(1, [])]

    run(story)


def test_an_entry_of_older_software_is_written_back_as_it_was() -> None:
    async def story(client: NavienMqttClient, heater: AnsweringHeater, _: list[AnsweringLink]) -> None:
        heater.schedule["reservation"] = [BY_OLDER_SOFTWARE]
        await client.schedules.put_reservation(DEVICE, entry())
        await client.schedules.replace_reservations(DEVICE, [ReservationEntry(BY_OLDER_SOFTWARE)])
        assert lists(heater) == [(2, [BY_OLDER_SOFTWARE, EVENING]), (2, [BY_OLDER_SOFTWARE])]
        with pytest.raises(InvalidParameterError, match="mode must be"):
            await client.schedules.replace_reservations(DEVICE, [ReservationEntry({**BY_OLDER_SOFTWARE, "hour": 2})])
        assert len(writes(heater)) == 2

    run(story)


@pytest.mark.parametrize(
    ("member", "values"),
    [
        ("enable", (0, 3)),
        ("week", (0, 1, 125, 255, 256)),
        ("hour", (-1, 24)),
        ("min", (-1, 60)),
        ("mode", (0, 6)),
        ("param", (80, 132)),
    ],
)
def test_every_member_is_checked_before_anything_is_asked(member: str, values: tuple[int, ...]) -> None:
    async def story(client: NavienMqttClient, heater: AnsweringHeater, _: list[AnsweringLink]) -> None:
        client.add_device(DEVICE, DeviceFeature(heater.feature))
        for value in (*values, True, 1.5, "2", None):
            with pytest.raises(InvalidParameterError, match=f"^{member} must be"):
                await client.schedules.put_reservation(DEVICE, entry(**{member: value}))
        with pytest.raises(InvalidParameterError):
            await client.schedules.put_reservation(
                DEVICE, ReservationEntry({name: value for name, value in EVENING.items() if name != member})
            )
        assert heater.asked == []

    run(story)


@pytest.mark.parametrize(("feature", "low", "high"), [(None, 70, 131), ({"dhwTemperatureMax": 110}, 70, 110)])
def test_setpoints_have_the_limits_of_the_heater(feature: dict[str, int] | None, low: int, high: int) -> None:
    async def story(client: NavienMqttClient, heater: AnsweringHeater, _: list[AnsweringLink]) -> None:
        if feature is not None:
            client.add_device(DEVICE, DeviceFeature(feature))
        for setpoint in (low - 1, high + 1):
            with pytest.raises(InvalidParameterError, match=f"from {low} to {high} half-degrees"):
                await client.schedules.put_reservation(DEVICE, entry(param=setpoint))
        for setpoint in (low, high):
            assert (await client.schedules.put_reservation(DEVICE, entry(param=setpoint))).attempts == 1
        assert heater.schedule["reservation"][-1]["param"] == high

    run(story)


def test_an_edit_makes_the_new_list_from_what_the_heater_has_now() -> None:
    async def story(client: NavienMqttClient, heater: AnsweringHeater, _: list[AnsweringLink]) -> None:
        heater.schedule["reservation"] = [BY_OLDER_SOFTWARE]
        write = await client.schedules.edit_reservations(
            DEVICE, lambda schedule: replace(schedule, entries=(*schedule.entries, entry()))
        )
        assert (write.outcome, lists(heater)) == (WriteOutcome.WRITTEN, [(2, [BY_OLDER_SOFTWARE, EVENING])])
        with pytest.raises(InvalidParameterError, match="param must be"):
            await client.schedules.edit_reservations(
                DEVICE, lambda schedule: replace(schedule, entries=(*schedule.entries, entry(hour=1, param=300)))
            )
        assert len(writes(heater)) == 1

    run(story)


def test_what_the_change_raises_ends_the_edit() -> None:
    async def story(client: NavienMqttClient, heater: AnsweringHeater, _: list[AnsweringLink]) -> None:
        def refuse(_schedule: object) -> NoReturn:
            raise LookupError

        for edit in (client.schedules.edit_reservations, client.schedules.edit_recirculation):
            with pytest.raises(LookupError):
                await edit(DEVICE, refuse)
        assert writes(heater) == []

    run(story)


def test_two_entries_of_one_slot_are_refused_unless_the_heater_has_them() -> None:
    async def story(client: NavienMqttClient, heater: AnsweringHeater, _: list[AnsweringLink]) -> None:
        twins = [ReservationEntry(numbers) for numbers in (EVENING, {**EVENING, "mode": 2})]
        for entries in (twins, [twins[0]] * 2):
            with pytest.raises(InvalidParameterError, match="no two share"):
                await client.schedules.replace_reservations(DEVICE, entries)
        assert writes(heater) == []
        heater.schedule["reservation"] = [dict(twin.raw) for twin in twins]
        await client.schedules.replace_reservations(DEVICE, [*twins, ReservationEntry(MORNING)])
        await client.schedules.put_reservation(DEVICE, entry(mode=3))
        assert lists(heater) == [
            (2, [twins[0].raw, twins[1].raw, MORNING]),
            (2, [MORNING, {**EVENING, "mode": 3}]),
        ]

    run(story)


@pytest.mark.parametrize("on", [2, 1, 0, "on"])
def test_a_switch_is_true_or_false(on: bool) -> None:
    async def story(client: NavienMqttClient, heater: AnsweringHeater, _: list[AnsweringLink]) -> None:
        with pytest.raises(InvalidParameterError, match="True or False"):
            await client.schedules.set_reservation_use(DEVICE, on=on)
        with pytest.raises(InvalidParameterError, match="True or False"):
            await client.schedules.replace_recirculation(DEVICE, [], on=on)
        assert writes(heater) == []

    run(story)


@pytest.mark.parametrize(
    ("fails", "problem"),
    [
        (lambda heater, _: heater.silent.add("st/rsv/rd"), ScheduleProblem.UNANSWERED),
        (lambda _, transport: transport.cut(), ScheduleProblem.UNREACHABLE),
        (lambda _, transport: asyncio.get_running_loop().call_later(1, transport.cut), ScheduleProblem.UNREACHABLE),
        (lambda heater, _: heater.schedule["reservation"].append({"enable": 2}), ScheduleProblem.INCOMPLETE),
        (lambda heater, _: heater.schedule["reservation"].append("x"), ScheduleProblem.INCOMPLETE),
        (lambda heater, _: heater.schedule.update(reservationUse="?"), ScheduleProblem.INCOMPLETE),
        (lambda heater, _: heater.schedule.update(reservation=None), ScheduleProblem.UNANSWERED),
        # In the place of the list, as an answer in hexadecimal.
        (lambda heater, _: heater.schedule.update(reservation="02 3e 06 1e 04 78"), ScheduleProblem.UNANSWERED),
        (lambda heater, _: heater.schedule.update(reservation=" " * 12), ScheduleProblem.UNANSWERED),
        (lambda heater, _: heater.schedule.update(reservation="zz"), ScheduleProblem.UNANSWERED),
        (lambda heater, _: heater.schedule.update(reservation="023"), ScheduleProblem.UNANSWERED),
        (lambda heater, _: heater.schedule.update(reservation="023e061e0478027c061e04"), ScheduleProblem.UNANSWERED),
    ],
    ids=[
        *("silent", "no connection", "connection lost", "incomplete entry", "no entry", "nonsense", "no list"),
        *("hex with blanks", "blanks", "no hex", "half a byte", "half an entry"),
    ],
)
def test_nothing_is_written_when_the_read_fails(
    fails: Callable[[AnsweringHeater, AnsweringLink], object], problem: ScheduleProblem
) -> None:
    async def story(client: NavienMqttClient, heater: AnsweringHeater, transports: list[AnsweringLink]) -> None:
        heater.forms = ("list",)
        fails(heater, transports[0])
        with pytest.raises(ScheduleReadError, match="nothing was written") as caught:
            await client.schedules.put_reservation(DEVICE, entry())
        assert caught.value.problem is problem
        with pytest.raises(ScheduleReadError, match="nothing was written"):
            await client.schedules.clear_reservations(DEVICE)
        await asyncio.sleep(60)
        assert writes(heater) == []
        assert (client.queued_commands, client.pending_commands) == ((), ())

    run(story)


@pytest.mark.parametrize("lost", [1, 2])
def test_a_write_that_gets_lost_is_repeated(lost: int) -> None:
    async def story(client: NavienMqttClient, heater: AnsweringHeater, _: list[AnsweringLink]) -> None:
        heater.lost_writes = lost
        write = await client.schedules.put_reservation(DEVICE, entry())
        assert (write.outcome, write.attempts) == (WriteOutcome.WRITTEN, lost + 1)
        assert lists(heater) == [(2, [*SCHEDULE, EVENING])] * (lost + 1)

    run(story)


def test_a_write_that_always_gets_lost_is_reported_as_lost() -> None:
    async def story(client: NavienMqttClient, heater: AnsweringHeater, _: list[AnsweringLink]) -> None:
        heater.lost_writes = 10
        write = await client.schedules.put_reservation(DEVICE, entry())
        assert (write.outcome, write.attempts, len(writes(heater))) == (WriteOutcome.LOST, 3, 3)
        assert write.after == write.before

    run(story)


@pytest.mark.parametrize("seconds", [1, 3, 6])
def test_a_write_may_take_a_while_to_show(seconds: float) -> None:
    async def story(client: NavienMqttClient, heater: AnsweringHeater, _: list[AnsweringLink]) -> None:
        heater.landing_seconds = seconds
        write = await client.schedules.put_reservation(DEVICE, entry())
        assert (write.outcome, write.attempts) == (WriteOutcome.WRITTEN, 1)

    run(story)


@pytest.mark.parametrize("lost", [0, 1])
def test_the_list_read_back_decides_and_not_the_echo(lost: int) -> None:
    async def story(client: NavienMqttClient, heater: AnsweringHeater, _: list[AnsweringLink]) -> None:
        heater.silent.add("ctrl/rsv/rd")
        heater.lost_writes = lost
        write = await client.schedules.put_reservation(DEVICE, entry())
        assert (write.outcome, write.attempts) == (WriteOutcome.WRITTEN, lost + 1)

    run(story)


def test_what_somebody_else_wrote_is_left_alone() -> None:
    async def story(client: NavienMqttClient, heater: AnsweringHeater, _: list[AnsweringLink]) -> None:
        theirs = [{**EVENING, "hour": 12}]
        heater.lost_writes = 1
        heater.on_write = lambda: heater.schedule.update(reservation=theirs)
        write = await client.schedules.put_reservation(DEVICE, entry())
        assert (write.outcome, write.attempts) == (WriteOutcome.CONFLICT, 1)
        assert write.after is not None
        assert [other.raw for other in write.after.entries] == theirs
        assert heater.schedule["reservation"] == theirs

    run(story)


@pytest.mark.parametrize("seconds", [0, 1, 3])
def test_a_write_on_a_connection_that_is_lost_is_never_sent_again(seconds: float) -> None:
    async def story(client: NavienMqttClient, heater: AnsweringHeater, transports: list[AnsweringLink]) -> None:
        heater.landing_seconds = 4
        heater.on_write = lambda: transports[0].cut() if not seconds else cut_later()

        def cut_later() -> None:
            asyncio.get_running_loop().call_later(seconds, transports[0].cut)

        write = await client.schedules.put_reservation(DEVICE, entry())
        assert (write.outcome, write.attempts, write.after) == (WriteOutcome.UNKNOWN, 1, None)
        await asyncio.sleep(60)
        assert len(transports) == 2
        assert len(writes(heater)) == 1

    run(story)


def test_a_write_that_cannot_be_read_back_is_not_repeated() -> None:
    async def story(client: NavienMqttClient, heater: AnsweringHeater, _: list[AnsweringLink]) -> None:
        heater.on_write = lambda: heater.silent.add("st/rsv/rd")
        write = await client.schedules.put_reservation(DEVICE, entry())
        assert (write.outcome, write.attempts, write.after) == (WriteOutcome.UNKNOWN, 1, None)
        assert len(writes(heater)) == 1

    run(story)


def test_the_edits_of_a_heater_go_one_after_another() -> None:
    async def story(client: NavienMqttClient, heater: AnsweringHeater, _: list[AnsweringLink]) -> None:
        entries = [entry(hour=hour) for hour in range(5)]
        await asyncio.gather(*(client.schedules.put_reservation(DEVICE, new) for new in entries))
        assert [len(written) for _, written in lists(heater)] == [4, 5, 6, 7, 8]
        assert heater.suffixes() == ["st/rsv/rd", "ctrl/rsv/rd", "st/rsv/rd"] * 5

    run(story)


def test_the_edits_of_other_heaters_and_other_schedules_need_not_wait() -> None:
    other = AnsweringHeater(OTHER)

    async def story(client: NavienMqttClient, heater: AnsweringHeater, _: list[AnsweringLink]) -> None:
        changes = asyncio.gather(
            client.schedules.put_reservation(DEVICE, entry()),
            client.schedules.put_recirculation(DEVICE, SUNDAY),
            client.schedules.put_reservation(OTHER, entry()),
        )
        await asyncio.sleep(3)
        assert [len(writes(one)) for one in (heater, other)] == [2, 1]
        await changes

    run(story, other)


def test_who_gives_up_an_edit_does_not_bar_the_next() -> None:
    async def story(client: NavienMqttClient, heater: AnsweringHeater, _: list[AnsweringLink]) -> None:
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(1):
                await client.schedules.clear_reservations(DEVICE)
        assert (await client.schedules.put_reservation(DEVICE, entry())).outcome is WriteOutcome.WRITTEN
        assert lists(heater) == [(2, [*SCHEDULE, EVENING])]

    run(story)


def test_the_recirculation_schedule() -> None:
    async def story(client: NavienMqttClient, heater: AnsweringHeater, _: list[AnsweringLink]) -> None:
        heater.forms = ("hex",)
        schedules = client.schedules
        assert (await schedules.put_recirculation(DEVICE, SUNDAY)).outcome is WriteOutcome.WRITTEN
        await schedules.remove_recirculation(DEVICE, RecirculationEntry(RECIRCULATION[0]))
        await schedules.set_recirculation_use(DEVICE, on=False)
        await schedules.replace_recirculation(DEVICE, [SUNDAY], on=True)
        sunday = {"enable": 2, "week": 128, "hour": 9, "min": 0, "mode": 2, "param": -1}
        assert lists(heater) == [
            (2, [*RECIRCULATION, sunday]),
            (2, [RECIRCULATION[1], sunday]),
            (1, [RECIRCULATION[1], sunday]),
            (2, [sunday]),
        ]
        assert {written["command"] for written in writes(heater)} == {33554440}

    run(story)


@pytest.mark.parametrize("changed", [{"mode": 0}, {"mode": 3}, {"param": 0}, {"param": -2}, {"week": 3}])
def test_the_ranges_of_a_recirculation_entry(changed: dict[str, int]) -> None:
    async def story(client: NavienMqttClient, heater: AnsweringHeater, _: list[AnsweringLink]) -> None:
        with pytest.raises(InvalidParameterError):
            await client.schedules.put_recirculation(DEVICE, RecirculationEntry({**SUNDAY.raw, **changed}))
        assert heater.asked == []

    run(story)


def test_a_recirculation_schedule_has_room_for_twenty() -> None:
    async def story(client: NavienMqttClient, heater: AnsweringHeater, _: list[AnsweringLink]) -> None:
        entries = [RecirculationEntry.of(EVERY_DAY, hour, 0, pump_on=True) for hour in range(21)]
        assert (await client.schedules.replace_recirculation(DEVICE, entries[:20])).outcome is WriteOutcome.WRITTEN
        with pytest.raises(InvalidParameterError, match="at most 20"):
            await client.schedules.put_recirculation(DEVICE, entries[20])
        assert len(writes(heater)) == 1

    run(story)


def test_a_heater_without_recirculation_takes_no_schedule() -> None:
    async def story(client: NavienMqttClient, heater: AnsweringHeater, _: list[AnsweringLink]) -> None:
        client.add_device(DEVICE, DeviceFeature({"recircReservationUse": 0}))
        with pytest.raises(UnsupportedCommandError):
            await client.schedules.put_recirculation(DEVICE, SUNDAY)
        assert heater.asked == []

    run(story)


@pytest.mark.parametrize(("on", "use"), [(True, 2), (False, 1)])
def test_a_time_of_use_plan_is_written_and_its_echo_compared(on: bool, use: int) -> None:
    async def story(client: NavienMqttClient, heater: AnsweringHeater, _: list[AnsweringLink]) -> None:
        client.add_device(DEVICE, DeviceFeature(heater.feature))
        write = await client.schedules.write_tou(DEVICE, PERIODS, on=on)
        assert (write.outcome, write.before, write.after) == (WriteOutcome.WRITTEN, None, PERIODS)
        (written,) = writes(heater)
        assert (
            written["controllerSerialNumber"]
            == recorded("mqtt_requests")["tou_write"]["payload"]["request"]["controllerSerialNumber"]
        )
        assert lists(heater) == [(use, PLAN)]

    run(story)


def test_the_echo_of_another_plan_is_none() -> None:
    async def story(client: NavienMqttClient, heater: AnsweringHeater, transports: list[AnsweringLink]) -> None:
        client.add_device(DEVICE, DeviceFeature(heater.feature))
        heater.silent.add("ctrl/tou/rd")
        writing = asyncio.ensure_future(client.schedules.write_tou(DEVICE, PERIODS, on=True))
        await asyncio.sleep(1)
        session_id = heater.asked[0]["sessionID"]
        for content in (
            {"reservationUse": 2, "reservation": PLAN[1:]},
            {"reservationUse": 1, "reservation": PLAN},
            {"reservationUse": 2, "reservation": "x"},
        ):
            transports[0].deliver(heater.asked[0]["responseTopic"], {"sessionID": session_id, "response": content})
        await asyncio.sleep(1)
        assert not writing.done()
        reordered = {"reservationUse": 2, "reservation": [*PLAN[1:], PLAN[0]]}
        transports[0].deliver(heater.asked[0]["responseTopic"], {"sessionID": session_id, "response": reordered})
        assert (await writing).outcome is WriteOutcome.WRITTEN

    run(story)


@pytest.mark.parametrize("cuts", [True, False])
def test_without_an_echo_of_a_plan_its_outcome_is_unknown(cuts: bool) -> None:
    async def story(client: NavienMqttClient, heater: AnsweringHeater, transports: list[AnsweringLink]) -> None:
        client.add_device(DEVICE, DeviceFeature(heater.feature))
        heater.silent.add("ctrl/tou/rd")
        writing = asyncio.ensure_future(client.schedules.write_tou(DEVICE, PERIODS, on=True))
        await asyncio.sleep(1)
        if cuts:
            transports[0].cut()
        write = await writing
        assert (write.outcome, write.after, write.attempts) == (WriteOutcome.UNKNOWN, None, 1)
        await asyncio.sleep(60)
        assert len(writes(heater)) == 1

    run(story)


def test_a_plan_needs_the_serial_number() -> None:
    async def story(client: NavienMqttClient, heater: AnsweringHeater, _: list[AnsweringLink]) -> None:
        for feature in (None, DeviceFeature({}), DeviceFeature({"controllerSerialNumber": ""})):
            client = (await answered_by(heater))[0]
            client.add_device(DEVICE, feature)
            with pytest.raises(SerialNumberUnknownError, match="device info"):
                await client.schedules.write_tou(DEVICE, PERIODS, on=True)
            await client.disconnect()
        assert writes(heater) == []

    run(story)


@pytest.mark.parametrize("periods", [(), PERIODS * 11, (replace(PERIODS[0], week=125),)], ids=["none", "44", "week"])
def test_a_plan_that_no_heater_can_have_is_refused(periods: tuple[TouPeriod, ...]) -> None:
    async def story(client: NavienMqttClient, heater: AnsweringHeater, _: list[AnsweringLink]) -> None:
        client.add_device(DEVICE, DeviceFeature(heater.feature))
        with pytest.raises(InvalidParameterError):
            await client.schedules.write_tou(DEVICE, periods, on=True)
        assert heater.asked == []

    run(story)


def test_a_plan_is_not_kept_for_later() -> None:
    async def story(client: NavienMqttClient, heater: AnsweringHeater, transports: list[AnsweringLink]) -> None:
        client.add_device(DEVICE, DeviceFeature(heater.feature))
        transports[0].cut()
        await asyncio.sleep(0.01)
        with pytest.raises(NotConnectedError):
            await client.schedules.write_tou(DEVICE, PERIODS, on=True)
        await asyncio.sleep(60)
        assert writes(heater) == []

    run(story)


SLOTS = st.tuples(st.sampled_from([2, 124, 254]), st.sampled_from([0, 23]), st.sampled_from([0, 59]))
EDITS = st.lists(st.tuples(SLOTS, st.sampled_from([None, 70, 131]), st.integers(0, 2)), min_size=1, max_size=8)


@settings(max_examples=40, deadline=None)
@given(EDITS)
def test_any_sequence_of_edits_leaves_what_it_would_leave_in_a_dictionary(
    edits: list[tuple[tuple[int, int, int], int | None, int]],
) -> None:
    async def story(client: NavienMqttClient, heater: AnsweringHeater, _: list[AnsweringLink]) -> None:
        slots = {(old["week"], old["hour"], old["min"]): old for old in SCHEDULE}
        for (week, hour, minute), setpoint, lost in edits:
            heater.lost_writes = lost
            numbers = {**EVENING, "week": week, "hour": hour, "min": minute, "param": setpoint or 100}
            if setpoint is None:
                write = await client.schedules.remove_reservation(DEVICE, ReservationEntry(numbers))
                slots.pop((week, hour, minute), None)
            else:
                write = await client.schedules.put_reservation(DEVICE, ReservationEntry(numbers))
                slots[week, hour, minute] = numbers
            assert write.outcome in (WriteOutcome.WRITTEN, WriteOutcome.ALREADY_SO)
        found = heater.schedule["reservation"]
        assert {(kept["week"], kept["hour"], kept["min"]): kept for kept in found} == slots
        assert (len(found), heater.schedule["reservationUse"]) == (len(slots), 2)

    run(story)
