"""The weekly schedule and the recirculation schedule: both forms of both, against protocol.md 7.1 and 7.2."""

from collections.abc import Mapping, Sequence
import json

from hypothesis import given
from hypothesis import strategies as st
import pytest

from nwp500.enums import ReservationMode
from nwp500.exceptions import InvalidParameterError, ResponseFormatError
from nwp500.models import RecirculationEntry, RecirculationSchedule, ReservationEntry, ReservationSchedule, Weekday
from nwp500.models.schedule import WeeklyEntry, WeeklySchedule
from nwp500.protocol.queries import RECIRCULATION_ENTRY, reservation_entry
from tests import FIXTURES
from tests.client.support.days import EVERY_DAY, WEEKEND, WORKING_DAYS

NAMES = ("enable", "week", "hour", "min", "mode", "param")

type Numbers = dict[str, int]

BYTES = st.integers(0, 255)
DAYS = st.frozensets(st.sampled_from(Weekday), min_size=1)
RESERVATION = st.fixed_dictionaries(dict.fromkeys(NAMES, BYTES)).filter(lambda entry: any(entry.values()))
RECIRCULATION = st.fixed_dictionaries({**dict.fromkeys(NAMES[:5], BYTES), "param": st.just(-1)})


def recorded(name: str) -> dict[str, object]:
    """Read a recorded reply."""
    payload: dict[str, object] = json.loads((FIXTURES / f"{name}.json").read_text())["payload"]
    return payload


def reply(reservation: object, use: object = 2) -> dict[str, object]:
    """Return a reply with a list in some form."""
    return {"response": {"reservationUse": use, "reservation": reservation}}


def as_hex(entries: Sequence[Mapping[str, object]]) -> str:
    """Write entries as six bytes each, as protocol.md 7.1 says."""
    return "".join(bytes(_byte(entry[name]) for name in NAMES).hex() for entry in entries)


def _byte(number: object) -> int:
    assert isinstance(number, int)
    return number & 0xFF


def raw_entries[EntryT: WeeklyEntry](schedule: WeeklySchedule[EntryT]) -> list[Mapping[str, object]]:
    """Return the raw members of the entries."""
    return [entry.raw for entry in schedule.entries]


@pytest.mark.parametrize("form", ["reservations_json", "reservations_hex"])
def test_the_recorded_schedule_is_the_same_in_both_forms(form: str) -> None:
    schedule = ReservationSchedule.from_message(recorded(form))
    assert (schedule.use, schedule.is_on, schedule.is_complete) == (2, True, True)
    morning, weekend, night = schedule.entries
    assert morning.decoded() == {
        "is_enabled": True,
        "days": WORKING_DAYS,
        "hour": 6,
        "minute": 30,
        "mode": ReservationMode.HIGH_DEMAND,
        "setpoint": 60.0,
        "setpoint_raw": 120,
    }
    assert (weekend.days, weekend.mode, weekend.setpoint) == (WEEKEND, ReservationMode.ENERGY_SAVER, 55.0)
    assert (night.days, night.mode, night.is_enabled) == (EVERY_DAY, ReservationMode.POWER_OFF, False)
    assert schedule == ReservationSchedule.from_message(recorded("reservations_json"))


@pytest.mark.parametrize("form", ["recirculation_schedule_json", "recirculation_schedule_hex"])
def test_the_recorded_recirculation_schedule_is_the_same_in_both_forms(form: str) -> None:
    schedule = RecirculationSchedule.from_message(recorded(form))
    on, off = schedule.entries
    assert (on.slot, on.pump_on, on.parameter) == ((62, 6, 0), True, -1)
    assert (off.slot, off.pump_on, off.parameter) == ((62, 8, 0), False, -1)
    assert on.days == WORKING_DAYS - {Weekday.MONDAY} | {Weekday.SATURDAY}
    assert schedule == RecirculationSchedule.from_message(recorded("recirculation_schedule_json"))


def test_an_empty_schedule() -> None:
    schedule = ReservationSchedule.from_message(recorded("reservations_empty"))
    assert (schedule.use, schedule.is_on, schedule.entries, schedule.is_complete) == (1, False, (), True)
    assert schedule == ReservationSchedule.from_message(reply("", 1))


@pytest.mark.parametrize(("use", "is_on", "is_complete"), [(0, None, True), (3, None, False), ("2", None, False)])
def test_a_use_that_says_neither_on_nor_off(use: object, is_on: bool | None, is_complete: bool) -> None:
    schedule = ReservationSchedule.from_message(reply([], use))
    assert (schedule.is_on, schedule.is_complete) == (is_on, is_complete)


@given(st.lists(RESERVATION))
def test_a_schedule_in_either_form(entries: list[Numbers]) -> None:
    listed = ReservationSchedule.from_message(reply(entries))
    assert listed == ReservationSchedule.from_message(reply(as_hex(entries)))
    assert raw_entries(listed) == entries
    assert listed.content() == {"reservationUse": 2, "reservation": entries}


@given(st.lists(RECIRCULATION))
def test_a_recirculation_schedule_in_either_form(entries: list[Numbers]) -> None:
    listed = RecirculationSchedule.from_message(reply(entries))
    assert listed == RecirculationSchedule.from_message(reply(as_hex(entries)))
    assert raw_entries(listed) == entries


@given(st.lists(RESERVATION), st.data())
def test_the_order_of_entries_means_nothing(entries: list[Numbers], data: st.DataObject) -> None:
    schedule = ReservationSchedule.from_message(reply(entries))
    shuffled = ReservationSchedule.from_message(reply(data.draw(st.permutations(entries))))
    assert schedule.is_same_as(shuffled)
    assert not schedule.is_same_as(ReservationSchedule.from_message(reply([*entries, dict.fromkeys(NAMES, 7)])))
    assert not schedule.is_same_as(ReservationSchedule.from_message(reply(entries, 1)))


@pytest.mark.parametrize(("one", "other", "same"), [(0, 1, True), (2, 2, True), (2, 0, False), (2, None, False)])
def test_a_schedule_of_unknown_use_is_off(one: object, other: object, same: bool) -> None:
    first, second = (ReservationSchedule.from_message(reply([], use)) for use in (one, other))
    assert first.is_same_as(second) is same


def test_empty_slots_are_skipped() -> None:
    schedule = ReservationSchedule.from_message(reply("000000000000027c061e0478000000000000"))
    assert [entry.slot for entry in schedule.entries] == [(124, 6, 30)]


def test_an_empty_text_is_an_empty_list() -> None:
    assert ReservationSchedule.from_message(reply("")).entries == ()


# What must never be read as a list, least of all as an empty or a shorter one: it would be written back so.
NO_LISTS = (
    "02 3e 06 1e 04 78",
    "023e061e0478 ",
    " 023e061e0478",
    "023e061e0478\n",
    "zz",
    "zz3e061e0478",
    " " * 12,
    "0",
    "02",
    "023",
    "023e061e047",
    "023e061e0478027c061e04",
    "0x023e061e04",
    "\uff10" * 12,
)


@pytest.mark.parametrize("text", NO_LISTS)
@pytest.mark.parametrize("kind", [ReservationSchedule, RecirculationSchedule])
def test_a_hexadecimal_list_is_whole_or_none(
    kind: type[ReservationSchedule | RecirculationSchedule], text: str
) -> None:
    with pytest.raises(ResponseFormatError):
        kind.from_message(reply(text))


@given(st.text(alphabet="0123456789abcdefABCDEF \n\tx_+-gz", max_size=40) | st.text(max_size=40))
def test_any_text_is_exactly_the_list_that_it_spells_or_none(text: str) -> None:
    try:
        schedule = ReservationSchedule.from_message(reply(text))
    except ResponseFormatError:
        return
    spelled = [text[start : start + 12].lower() for start in range(0, len(text), 12)]
    assert [as_hex([entry.raw]) for entry in schedule.entries] == [slot for slot in spelled if slot != "0" * 12]
    assert schedule.is_complete


def test_an_empty_slot_of_the_list_is_skipped_too() -> None:
    assert ReservationSchedule.from_message(reply([dict.fromkeys(NAMES, 0)])).entries == ()


@pytest.mark.parametrize("mode", [0, 6, 255])
def test_a_mode_that_is_not_known_is_carried(mode: int) -> None:
    numbers = {"enable": 2, "week": 124, "hour": 6, "min": 30, "mode": mode, "param": 120}
    (entry,) = ReservationSchedule.from_message(reply([numbers])).entries
    assert (entry.mode, entry.raw) == (None, numbers)
    assert entry.is_complete


@pytest.mark.parametrize(
    "nonsense", [{"hour": "6"}, {"hour": None}, {"hour": True}, {"hour": 6.5}, {"hour": [6]}], ids=str
)
def test_nonsense_in_an_entry_harms_no_other_member_but_bars_it_from_being_written(nonsense: dict[str, object]) -> None:
    numbers = {"enable": 2, "week": 124, "hour": 6, "min": 30, "mode": 4, "param": 120}
    schedule = ReservationSchedule.from_message(reply([numbers, {**numbers, **nonsense}]))
    _, entry = schedule.entries
    assert (entry.hour, entry.minute, entry.setpoint) == (None, 30, 60.0)
    assert not entry.is_complete
    assert not schedule.is_complete
    assert not schedule.is_same_as(schedule)


@pytest.mark.parametrize("junk", [None, 5, "x", [], {}])
def test_what_is_no_entry_is_not_forgotten(junk: object) -> None:
    schedule = ReservationSchedule.from_message(reply([junk]))
    assert len(schedule.entries) == 1
    assert not schedule.is_complete


@pytest.mark.parametrize("week", [0, 1, 3, 125, 256, -2])
def test_a_mask_that_no_days_have(week: int) -> None:
    assert ReservationEntry({"week": week}).days is None


def test_only_the_six_members_are_kept_and_whole_numbers_are_integers() -> None:
    entry = ReservationEntry({"hour": 6.0, "extra": 1})
    assert entry.raw == {"hour": 6}
    assert isinstance(entry.raw["hour"], int)


def test_the_parameter_of_a_recirculation_entry_is_minus_one_however_it_is_written() -> None:
    assert RecirculationEntry({"param": 255}) == RecirculationEntry({"param": -1})
    assert ReservationEntry({"param": 255}) != ReservationEntry({"param": -1})


@pytest.mark.parametrize("reservation", [None, 5, {}, "zz7c061e0478", "02 c061e04xx"])
def test_a_reply_without_a_list(reservation: object) -> None:
    with pytest.raises(ResponseFormatError):
        ReservationSchedule.from_message(reply(reservation))
    with pytest.raises(ResponseFormatError):
        RecirculationSchedule.from_message({"response": {"reservationUse": 2}})


def test_a_list_at_the_top_level_is_found_too() -> None:
    assert ReservationSchedule.from_message({"reservationUse": 2, "reservation": []}).is_on


def test_entries_made_by_hand() -> None:
    assert ReservationEntry.of(WORKING_DAYS, 6, 30, ReservationMode.HIGH_DEMAND, 120).raw == {
        "enable": 2,
        "week": 124,
        "hour": 6,
        "min": 30,
        "mode": 4,
        "param": 120,
    }
    assert RecirculationEntry.of([Weekday.SUNDAY], 8, 0, pump_on=False, is_enabled=False).raw == {
        "enable": 1,
        "week": 128,
        "hour": 8,
        "min": 0,
        "mode": 1,
        "param": -1,
    }
    with pytest.raises(InvalidParameterError):
        RecirculationEntry.of((), 8, 0, pump_on=True)


@given(
    days=DAYS,
    hour=st.integers(0, 23),
    minute=st.integers(0, 59),
    mode=st.sampled_from(ReservationMode),
    setpoint_raw=st.integers(70, 131),
    is_enabled=st.booleans(),
)
def test_a_reservation_there_and_back(
    days: frozenset[Weekday], hour: int, minute: int, mode: ReservationMode, setpoint_raw: int, is_enabled: bool
) -> None:
    entry = ReservationEntry.of(days, hour, minute, mode, setpoint_raw, is_enabled=is_enabled)
    raw = dict(entry.raw)
    assert reservation_entry(70, 131).check(raw) == raw
    for form in ([raw], as_hex([raw])):
        (read,) = ReservationSchedule.from_message(reply(form)).entries
        assert read == entry
        assert (read.days, read.hour, read.minute) == (days, hour, minute)
        assert (read.mode, read.setpoint, read.is_enabled) == (mode, setpoint_raw / 2, is_enabled)


@given(days=DAYS, hour=st.integers(0, 23), minute=st.integers(0, 59), pump_on=st.booleans(), is_enabled=st.booleans())
def test_a_recirculation_entry_there_and_back(
    days: frozenset[Weekday], hour: int, minute: int, pump_on: bool, is_enabled: bool
) -> None:
    entry = RecirculationEntry.of(days, hour, minute, pump_on=pump_on, is_enabled=is_enabled)
    raw = dict(entry.raw)
    assert RECIRCULATION_ENTRY.check(raw) == raw
    for form in ([raw], as_hex([raw])):
        (read,) = RecirculationSchedule.from_message(reply(form)).entries
        assert read == entry
        assert (read.days, read.hour, read.minute) == (days, hour, minute)
        assert (read.pump_on, read.is_enabled) == (pump_on, is_enabled)


@pytest.mark.parametrize("on", [True, False])
def test_a_switch_there_and_back(on: bool) -> None:
    assert ReservationSchedule.from_message(reply([], 2 if on else 1)).is_on is on


def test_an_entry_is_switched_and_keeps_the_rest() -> None:
    entry = ReservationEntry({"enable": 1, "week": 2, "hour": 1, "min": 0, "mode": 6, "param": 200})
    assert entry.switched(on=True).raw == {**entry.raw, "enable": 2}
    assert entry.switched(on=True).switched(on=False) == entry


def test_a_schedule_is_switched_and_keeps_its_entries() -> None:
    schedule = ReservationSchedule(0, (ReservationEntry.of(EVERY_DAY, 6, 30, ReservationMode.HEAT_PUMP, 100),))
    assert schedule.switched(on=None) is schedule
    assert schedule.switched(on=True) == ReservationSchedule(2, schedule.entries)
    assert schedule.switched(on=False) == ReservationSchedule(1, schedule.entries)
