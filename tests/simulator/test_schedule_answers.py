"""Schedules are read and written as protocol.md 4.1, 7 and 10.6 say."""

from collections.abc import Mapping

from hypothesis import given
from hypothesis import strategies as st
import pytest

from simulator.common.reading import BadRequestError
from simulator.heater.heater import Heater
from simulator.heater.report import status
from simulator.heater.schedules import Entry, WeeklySchedule
from simulator.state import ScheduleState
from tests import read_fixture

from .requests_on_file import as_recorded, body, make_heater, send

ENTRY = {"enable": 2, "week": 124, "hour": 6, "min": 30, "mode": 4, "param": 120}
PERIOD = read_fixture("tou_write_echo")["payload"]["response"]["reservation"][0]


def stored_reservations(heater: Heater) -> ScheduleState:
    return heater.schedules.reservations.as_wire()


def test_reservations_written_are_echoed_and_read_in_both_recorded_forms() -> None:
    heater = make_heater()
    (echo,) = send(heater, "reservation_write")
    expected = read_fixture("reservations_json")
    assert echo.topic == expected["topic"]
    assert body(echo) == expected["payload"]["response"]
    json_form, hex_form = send(heater, "reservation_read")
    assert as_recorded(json_form) == expected
    assert as_recorded(hex_form) == read_fixture("reservations_hex")


def test_new_heater_has_the_recorded_empty_schedule() -> None:
    json_form, hex_form = send(make_heater(), "reservation_read")
    assert as_recorded(json_form) == read_fixture("reservations_empty")
    assert body(hex_form)["reservation"] == ""


def test_recirculation_schedule_written_is_read_in_both_recorded_forms() -> None:
    heater = make_heater()
    (echo,) = send(heater, "recirculation_schedule_write")
    json_form, hex_form = send(heater, "recirculation_schedule_read")
    expected = read_fixture("recirculation_schedule_json")
    assert body(echo) == expected["payload"]["response"]
    assert as_recorded(json_form) == expected
    assert as_recorded(hex_form) == read_fixture("recirculation_schedule_hex")


def test_time_of_use_write_has_the_recorded_echo_and_enables_the_plan() -> None:
    heater = make_heater()
    (echo,) = send(heater, "tou_write")
    assert as_recorded(echo) == read_fixture("tou_write_echo")
    assert status(heater)["touStatus"] == 1
    (echo,) = send(heater, "tou_write", reservationUse=0)
    assert body(echo)["reservationUse"] == 1
    assert status(heater)["touStatus"] == 0
    assert len(heater.schedules.tou.periods) == 4


@pytest.mark.parametrize(
    "members",
    [
        {"reservation": None},
        {"reservation": []},
        {"reservation": None, "reservationUse": None},
        {"controllerSerialNumber": None},
        {"controllerSerialNumber": "00000000BT00000002"},
        {"reservation": [{"season": 4095}]},
        {"reservation": [PERIOD | {"priceMax": "1"}]},
    ],
)
def test_time_of_use_message_without_schedule_or_serial_number_is_not_answered(members: Mapping[str, object]) -> None:
    heater = make_heater()
    with pytest.raises(BadRequestError):
        send(heater, "tou_write", **members)
    assert not heater.schedules.tou.periods
    assert status(heater)["touStatus"] == 0


@pytest.mark.parametrize(
    ("feature", "name"),
    [
        ("recircReservationUse", "recirculation_schedule_read"),
        ("recircReservationUse", "recirculation_schedule_write"),
        ("programReservationUse", "tou_write"),
    ],
)
def test_what_the_unit_does_not_have_is_ignored(feature: str, name: str) -> None:
    with pytest.raises(BadRequestError, match=feature):
        send(make_heater(**{feature: 1}), name)


def test_write_replaces_the_whole_list_and_its_switch() -> None:
    heater = make_heater()
    send(heater, "reservation_write")
    send(heater, "reservation_write", reservation=[ENTRY])
    assert stored_reservations(heater) == {"reservationUse": 2, "reservation": [ENTRY]}
    send(heater, "reservation_write", reservation=[ENTRY], reservationUse=1)
    assert stored_reservations(heater)["reservationUse"] == 1
    send(heater, "reservation_clear")
    assert stored_reservations(heater) == {"reservationUse": 1, "reservation": []}


@pytest.mark.parametrize(
    "wrong",
    [
        {"enable": True},
        {"enable": 7},
        {"week": 255},
        {"week": 1},
        {"hour": 24},
        {"min": 75},
        {"mode": 6},
        {"mode": 9},
        {"param": 200},
        {"param": 0},
    ],
    ids=str,
)
def test_wrong_values_stay_as_they_are_in_both_forms(wrong: dict[str, int]) -> None:
    heater, stored = make_heater(), [ENTRY | wrong]
    (echo,) = send(heater, "reservation_write", reservation=stored)
    assert body(echo)["reservation"] == stored
    for _ in range(2):
        in_json, in_hex = send(heater, "reservation_read")
        assert body(in_json)["reservation"] == stored
        assert bytes.fromhex(body(in_hex)["reservation"])[:6] == bytes(stored[0].values())
        send(heater, "reservation_write", reservation=body(in_json)["reservation"])


@pytest.mark.parametrize(
    ("name", "wrong"),
    [
        ("recirculation_schedule_write", {"mode": 7, "param": -1}),
        ("recirculation_schedule_write", {"mode": 2, "param": 98}),
    ],
)
def test_the_other_list_is_not_checked_either(name: str, wrong: dict[str, int]) -> None:
    (echo,) = send(make_heater(), name, reservation=[ENTRY | wrong])
    assert body(echo)["reservation"] == [ENTRY | wrong]


@pytest.mark.parametrize(
    "reservation", [None, "", {}, [5], [{}], [ENTRY | {"hour": "6"}], [ENTRY | {"param": 98.5}], [ENTRY, None]]
)
def test_what_is_no_list_of_entries_is_ignored(reservation: object) -> None:
    heater = make_heater()
    send(heater, "reservation_write")
    before = stored_reservations(heater)
    with pytest.raises(BadRequestError):
        send(heater, "reservation_write", reservation=reservation)
    assert stored_reservations(heater) == before


def test_unused_slots_are_not_kept_and_thirty_two_entries_are() -> None:
    heater = make_heater()
    empty = dict.fromkeys(ENTRY, 0)
    many = [ENTRY | {"hour": number // 2, "min": number % 2} for number in range(32)]
    send(heater, "reservation_write", reservation=[empty, *many, empty])
    assert stored_reservations(heater)["reservation"] == many


@pytest.mark.parametrize(("name", "most"), [("recirculation_schedule_write", 20), ("tou_write", 40)])
def test_lists_end_where_the_memory_does(name: str, most: int) -> None:
    heater = make_heater()
    entry = PERIOD if name == "tou_write" else ENTRY | {"mode": 2, "param": -1}
    (echo,) = send(heater, name, reservation=[entry] * (most + 1))
    assert len(body(echo)["reservation"]) == most


def test_schedule_write_starts_nothing_and_is_noted() -> None:
    heater = make_heater()
    before = status(heater)
    send(heater, "reservation_write", reservationUse=1)
    heater.advance(300)
    assert not heater.heating
    assert status(heater)["dhwTemperatureSetting"] == before["dhwTemperatureSetting"]
    assert [(applied["control"], applied["command"]) for applied in heater.applied] == [("ctrl/rsv/rd", 16777226)]


def test_status_reports_schedules_that_are_on() -> None:
    heater = make_heater()
    names = ("programReservationUse", "programReservationType", "recircReservationUse")
    assert [status(heater)[name] for name in names] == [1, 0, 1]
    send(heater, "reservation_write")
    send(heater, "recirculation_schedule_write")
    assert [status(heater)[name] for name in names] == [2, 1, 2]
    heater.feature["recircReservationUse"] = 1
    assert status(heater)["recircReservationUse"] == 0


@pytest.mark.parametrize("answered", [True, False])
def test_lost_write_leaves_the_old_list(*, answered: bool) -> None:
    heater = make_heater()
    send(heater, "reservation_write")
    before = stored_reservations(heater)
    heater.faults.upcoming["lose_write"], heater.faults.lost_writes_answered = 1, answered
    replies = send(heater, "reservation_write", reservation=[ENTRY])
    assert [body(reply)["reservation"] for reply in replies] == ([[ENTRY]] if answered else [])
    assert stored_reservations(heater) == before
    send(heater, "reservation_write", reservation=[ENTRY])
    assert stored_reservations(heater)["reservation"] == [ENTRY]


def test_slow_write_shows_later() -> None:
    heater = make_heater()
    heater.faults.write_delay = 6.0
    send(heater, "reservation_write", reservation=[ENTRY])
    send(heater, "tou_write")
    heater.advance(5.5)
    assert stored_reservations(heater)["reservation"] == []
    heater.advance(6.5)
    assert stored_reservations(heater)["reservation"] == [ENTRY]
    assert status(heater)["touStatus"] == 1


@pytest.mark.parametrize("name", ["reservation_read", "reservation_write", "status", "dhw_temperature_140F"])
def test_silent_heater_does_what_is_asked_and_answers_nothing(name: str) -> None:
    heater = make_heater()
    suffix = read_fixture("mqtt_requests")[name]["topic"].split(f"navilink-{heater.identity.mac_address}/")[1]
    heater.faults.upcoming[suffix] = 1
    assert send(heater, name) == ()
    assert len(heater.applied) == (name in ("reservation_write", "dhw_temperature_140F"))
    assert send(heater, name)


@pytest.mark.parametrize(("form", "ending"), [("json", "/res/rsv/rd"), ("hex", "/res/rsv")])
def test_one_form_alone_can_come(form: str, ending: str) -> None:
    heater = make_heater()
    heater.faults.schedule_form = form
    (reply,) = send(heater, "reservation_read")
    assert reply.topic.endswith(ending)


entries = st.builds(
    Entry,
    st.sampled_from([1, 2]),
    st.integers(1, 127).map(lambda half: half * 2),
    st.integers(0, 23),
    st.integers(0, 59),
    st.integers(0, 6),
    st.integers(70, 131),
)


@given(st.lists(entries, max_size=40), st.integers(0, 3))
def test_hex_form_has_six_bytes_for_each_entry(rows: list[Entry], empty_slots: int) -> None:
    text = WeeklySchedule(2, tuple(rows)).as_hex(empty_slots=empty_slots)
    slots = [bytes.fromhex(text)[start : start + 6] for start in range(0, len(text) // 2, 6)]
    assert [tuple(slot) for slot in slots if any(slot)] == rows
    assert len(slots) == (len(rows) + empty_slots if rows else 0)
