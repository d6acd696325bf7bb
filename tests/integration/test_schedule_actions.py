"""The actions for the weekly schedule and the recirculation schedule, and everything that can become of a write."""

import asyncio
from collections.abc import Mapping
from random import Random
from typing import Any

from homeassistant.core import HomeAssistant
from homeassistant.exceptions import HomeAssistantError, ServiceValidationError
from homeassistant.util import dt as dt_util
from homeassistant.util.unit_system import US_CUSTOMARY_SYSTEM
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry
import voluptuous as vol

from custom_components.navilink.const import DOMAIN
from custom_components.navilink.coordinator import NavilinkCoordinator
from custom_components.navilink.nwp500.heaters import schedule_editor
from custom_components.navilink.schedules.actions import SCHEDULE_ACTIONS
from custom_components.navilink.schedules.entries import WeeklyForm
from simulator.process import SimulatorProcess
from tests.client.support.fuzz_inputs import NUMBERS, entered
from tests.integration.actions import ask, cut, device_id
from tests.integration.heaters import MAC, OTHER_MAC
from tests.integration.schedules import (
    MORNING,
    NIGHT,
    PUMP_ON,
    STRANGE,
    asked,
    stored,
    wait_for_weekly,
    wait_until,
    wire,
)

WORKDAYS = ["mon", "tue", "wed", "thu", "fri"]
EVERY_DAY = [*WORKDAYS, "sat", "sun"]
IN_WORDS = {"days": WORKDAYS, "time": "06:30", "mode": "high_demand", "temperature": 60.0, "enabled": True}
NIGHT_IN_WORDS = {"days": EVERY_DAY, "time": "22:15", "mode": "off", "enabled": True}
STRANGE_IN_WORDS = {"days": ["sat"], "time": "01:00", "mode": "unknown", "temperature": 100.0, "enabled": True}
PUMP_IN_WORDS = {"days": EVERY_DAY, "time": "06:00", "pump_on": True, "enabled": True}

# Any: what an action takes and returns.
type Words = Mapping[str, Any]


@pytest.fixture(autouse=True)
def _short_looks(monkeypatch: pytest.MonkeyPatch) -> None:
    """Look for a write that was lost a moment each time, and not for seconds."""
    monkeypatch.setattr(schedule_editor, "_LOOK_PAUSES", (0.0, 0.2))


@pytest.fixture
async def heater(hass: HomeAssistant, simulator: SimulatorProcess, running: MockConfigEntry) -> str:
    """The first heater by its device, with an entry in the morning and one at night."""
    await simulator.schedules(MAC, reservations=wire(MORNING, NIGHT))
    return device_id(hass, running)


async def call(hass: HomeAssistant, action: str, heater: str, **data: object) -> None:
    """Call an action without asking for its response."""
    await hass.services.async_call(DOMAIN, action, {"device_id": heater, **data}, blocking=True)


def records(entry: MockConfigEntry) -> list[tuple[str, str, int]]:
    """Return what was recorded of the changes that were requested."""
    coordinator: NavilinkCoordinator = entry.runtime_data
    return [(each.action, each.outcome, each.attempts) for each in coordinator.schedules.writes]


async def test_a_schedule_in_words(hass: HomeAssistant, heater: str) -> None:
    before = dt_util.utcnow()
    shown = await ask(hass, "get_schedule", heater)
    read_at = dt_util.parse_datetime(shown.pop("read_at"))
    assert read_at is not None
    assert read_at >= before
    assert len(shown.pop("hash")) == 16
    assert shown == {"enabled": True, "entries": [IN_WORDS, NIGHT_IN_WORDS]}


async def test_temperatures_are_in_the_unit_of_the_user(
    hass: HomeAssistant, simulator: SimulatorProcess, heater: str
) -> None:
    hass.config.units = US_CUSTOMARY_SYSTEM
    (morning, _) = (await ask(hass, "get_schedule", heater))["entries"]
    assert morning["temperature"] == 140
    await call(hass, "add_schedule_entry", heater, days="weekend", time="07:00", mode="eco", temperature=131)
    added = {"enable": 2, "week": 130, "hour": 7, "min": 0, "mode": 3, "param": 110}
    assert await stored(simulator) == wire(MORNING, NIGHT, added)
    # Every half degree comes back as it was.
    for raw in range(81, 131):
        await simulator.schedules(MAC, reservations=wire({**MORNING, "param": raw}))
        entries = (await ask(hass, "get_schedule", heater))["entries"]
        if raw % 7 == 0:
            answer = await ask(hass, "set_schedule", heater, entries=[{**entries[0], "enabled": False}])
            assert answer["result"] == "written"
            assert await stored(simulator) == wire({**MORNING, "param": raw, "enable": 1})


async def test_what_is_known_is_returned_without_asking(
    hass: HomeAssistant, simulator: SimulatorProcess, running: MockConfigEntry
) -> None:
    await wait_for_weekly(running.runtime_data)
    requests = await asked(simulator, "st/rsv/rd")
    await cut(hass, simulator)
    shown = await ask(hass, "get_schedule", device_id(hass, running), refresh=False)
    assert (shown["enabled"], shown["entries"]) == (False, [])
    await simulator.fault("mqtt_up")
    assert await asked(simulator, "st/rsv/rd") == requests
    with pytest.raises(HomeAssistantError) as caught:
        await ask(hass, "get_recirculation_schedule", device_id(hass, running), refresh=False)
    assert caught.value.translation_key == "schedule_not_read"


async def test_the_hash_is_that_of_the_content(hass: HomeAssistant, simulator: SimulatorProcess, heater: str) -> None:
    async def current() -> str:
        return str((await ask(hass, "get_schedule", heater))["hash"])

    first = await current()
    await simulator.schedules(MAC, reservations=wire(NIGHT, MORNING))
    assert await current() == first
    others = set()
    for entries, on in (([MORNING], True), ([MORNING, NIGHT], False), ([MORNING, {**NIGHT, "param": 99}], True)):
        await simulator.schedules(MAC, reservations=wire(*entries, on=on))
        others.add(await current())
    assert len(others - {first}) == 3


async def test_a_whole_schedule_is_replaced(
    hass: HomeAssistant, simulator: SimulatorProcess, running: MockConfigEntry, heater: str
) -> None:
    entries = [
        {"days": ["weekend"], "time": "08:00:00", "mode": "heat_pump", "temperature": 55},
        {"days": ["sat", "weekend", "mon"], "time": "21:05", "mode": "electric", "temperature": 50.5, "enabled": False},
    ]
    answer = await ask(hass, "set_schedule", heater, entries=entries)
    expected = [
        {"days": ["sat", "sun"], "time": "08:00", "mode": "heat_pump", "temperature": 55.0, "enabled": True},
        {"days": ["mon", "sat", "sun"], "time": "21:05", "mode": "electric", "temperature": 50.5, "enabled": False},
    ]
    assert (answer["result"], answer["enabled"], answer["entries"]) == ("written", True, expected)
    assert await stored(simulator) == wire(
        {"enable": 2, "week": 130, "hour": 8, "min": 0, "mode": 1, "param": 110},
        {"enable": 1, "week": 194, "hour": 21, "min": 5, "mode": 2, "param": 101},
    )
    # What is known follows, and a second time nothing is sent.
    known = running.runtime_data.schedules.weekly(MAC)
    assert [dict(entry.raw) for entry in known.entries] == wire(*(dict(entry.raw) for entry in known.entries))[
        "reservation"
    ]
    assert len(known.entries) == 2
    again = await ask(hass, "set_schedule", heater, entries=expected)
    assert (again["result"], again["hash"]) == ("already_so", answer["hash"])
    off = await ask(hass, "set_schedule", heater, entries=expected, enabled=False)
    assert (off["result"], off["enabled"]) == ("written", False)
    assert await asked(simulator, "ctrl/rsv/rd") == 2
    assert records(running) == [
        ("set_schedule", "written", 1),
        ("set_schedule", "already_so", 0),
        ("set_schedule", "written", 1),
    ]


async def test_what_the_heater_has_stays_exactly_as_it_is(
    hass: HomeAssistant, simulator: SimulatorProcess, heater: str
) -> None:
    """Also a mode that has no name, a temperature beyond the limits, and the setpoint of an entry that turns off."""
    await simulator.device(MAC, dhwTemperatureSetting=110)
    await simulator.schedules(MAC, reservations=wire(STRANGE, NIGHT))
    shown = (await ask(hass, "get_schedule", heater))["entries"]
    assert shown == [STRANGE_IN_WORDS, NIGHT_IN_WORDS]
    answer = await ask(hass, "set_schedule", heater, entries=[*shown, IN_WORDS])
    assert answer["result"] == "written"
    assert await stored(simulator) == wire(STRANGE, NIGHT, MORNING)
    # An entry like that cannot be made.
    with pytest.raises(ServiceValidationError) as caught:
        await call(hass, "set_schedule", heater, entries=[{**STRANGE_IN_WORDS, "time": "02:00"}])
    assert caught.value.translation_key == "unsupported_mode"
    assert caught.value.translation_placeholders == {
        "mode": "unknown",
        "modes": "eco, heat_pump, electric, high_demand, off",
    }


async def test_entries_are_added_replaced_and_deleted(
    hass: HomeAssistant, simulator: SimulatorProcess, heater: str
) -> None:
    at = {"days": "workdays", "time": "06:30"}
    added = await ask(hass, "add_schedule_entry", heater, **at, mode="eco", temperature=50)
    entry = {**IN_WORDS, "mode": "eco", "temperature": 50.0}
    assert (added["result"], added["entry"]) == ("written", entry)
    assert added["entries"] == [NIGHT_IN_WORDS, entry]
    deleted = await ask(hass, "delete_schedule_entry", heater, **at)
    assert (deleted["result"], deleted["entries"]) == ("written", [NIGHT_IN_WORDS])
    # Other days are another entry.
    for missing in (at, {"days": "weekend", "time": "22:15"}):
        assert (await ask(hass, "delete_schedule_entry", heater, **missing))["result"] == "already_so"
    assert await stored(simulator) == wire(NIGHT)


async def test_an_entry_that_turns_off_has_the_present_setpoint(
    hass: HomeAssistant, simulator: SimulatorProcess, running: MockConfigEntry, heater: str
) -> None:
    coordinator: NavilinkCoordinator = running.runtime_data
    status = coordinator.data[MAC].status
    assert status is not None
    setpoint = status.dhw_temperature_setting_raw
    assert setpoint is not None
    await call(hass, "add_schedule_entry", heater, days="sun", time="23:00", mode="off")
    entry = {"enable": 2, "week": 128, "hour": 23, "min": 0, "mode": 5, "param": setpoint}
    assert await stored(simulator) == wire(MORNING, NIGHT, entry)


@pytest.mark.parametrize(
    ("data", "key"),
    [
        ({"mode": "eco"}, "temperature_missing"),
        ({"mode": "off", "temperature": 50}, "temperature_without_heating"),
        ({"mode": "eco", "temperature": 90}, "value_out_of_range"),
        ({"mode": "eco", "temperature": float("nan")}, "value_out_of_range"),
        ({"mode": "unknown", "temperature": 50}, "unsupported_mode"),
    ],
)
async def test_an_entry_that_the_heater_does_not_take(
    hass: HomeAssistant, simulator: SimulatorProcess, heater: str, data: Words, key: str
) -> None:
    at = {"days": "sun", "time": "23:00"}
    for action, words in (("add_schedule_entry", {**at, **data}), ("set_schedule", {"entries": [{**at, **data}]})):
        with pytest.raises(ServiceValidationError) as caught:
            await ask(hass, action, heater, **words)
        assert caught.value.translation_key == key
    assert await asked(simulator, "ctrl/rsv/rd") == 0


async def test_a_mode_that_the_heater_lacks(hass: HomeAssistant, simulator: SimulatorProcess, heater: str) -> None:
    entry = {"days": "sun", "time": "23:00", "mode": "electric", "temperature": 50}
    await simulator.device(MAC, feature={"electricUse": 1})
    await hass.services.async_call("button", "press", {"entity_id": "button.nwp500_refresh"}, blocking=True)
    coordinator: NavilinkCoordinator = hass.config_entries.async_entries(DOMAIN)[0].runtime_data

    def is_reported() -> bool:
        feature = coordinator.data[MAC].feature
        return feature is not None and feature.raw.get("electricUse") == 1

    await wait_until(coordinator, is_reported)
    with pytest.raises(ServiceValidationError) as caught:
        await call(hass, "add_schedule_entry", heater, **entry)
    assert caught.value.translation_key == "unsupported_mode"


@pytest.mark.parametrize(
    ("field", "value"),
    [("days", []), ("days", "monday"), ("time", "25:00"), ("time", "06:00:30"), ("mode", "gas"), ("temperature", "x")],
)
async def test_what_makes_no_sense_is_refused_by_the_schema(
    hass: HomeAssistant, heater: str, field: str, value: object
) -> None:
    entry = {**IN_WORDS, field: value}
    for action, words in (("add_schedule_entry", entry), ("set_schedule", {"entries": [entry]})):
        with pytest.raises(vol.Invalid):
            await call(hass, action, heater, **words)


async def test_two_entries_of_one_time_and_one_too_many(
    hass: HomeAssistant, simulator: SimulatorProcess, heater: str
) -> None:
    with pytest.raises(ServiceValidationError) as caught:
        await call(hass, "set_schedule", heater, entries=[IN_WORDS, {**IN_WORDS, "mode": "eco"}])
    assert caught.value.translation_key == "schedule_entry_twice"
    full = [{**MORNING, "min": minute} for minute in range(32)]
    words = [{**IN_WORDS, "time": f"06:{minute:02}"} for minute in range(33)]
    assert (await ask(hass, "set_schedule", heater, entries=words[:32]))["result"] == "written"
    assert await stored(simulator) == wire(*full)
    for action, data in (("set_schedule", {"entries": words}), ("add_schedule_entry", words[32])):
        with pytest.raises(ServiceValidationError) as caught:
            await call(hass, action, heater, **data)
        assert caught.value.translation_placeholders == {"maximum": "32"}
    # One in the place of another still has room.
    assert (await ask(hass, "add_schedule_entry", heater, **{**words[31], "mode": "eco"}))["result"] == "written"


async def test_a_schedule_that_has_changed_is_not_replaced(
    hass: HomeAssistant, simulator: SimulatorProcess, running: MockConfigEntry, heater: str
) -> None:
    retrieved = await ask(hass, "get_schedule", heater)
    await simulator.schedules(MAC, reservations=wire(NIGHT))
    data = {"entries": [IN_WORDS], "if_unchanged_since": retrieved["hash"]}
    answer = await ask(hass, "set_schedule", heater, **data)
    assert (answer["result"], answer["entries"]) == ("conflict", [NIGHT_IN_WORDS])
    with pytest.raises(HomeAssistantError) as caught:
        await call(hass, "set_schedule", heater, **data)
    assert caught.value.translation_key == "schedule_changed"
    assert await asked(simulator, "ctrl/rsv/rd") == 0
    data["if_unchanged_since"] = answer["hash"]
    assert (await ask(hass, "set_schedule", heater, **data))["result"] == "written"
    assert records(running)[:2] == [("set_schedule", "conflict", 0)] * 2


async def test_a_write_that_is_lost_is_repeated_and_one_that_is_always_lost_is_reported(
    hass: HomeAssistant, simulator: SimulatorProcess, running: MockConfigEntry, heater: str
) -> None:
    await simulator.fault("lose_write")
    assert (await ask(hass, "set_schedule", heater, entries=[IN_WORDS]))["result"] == "written"
    assert await asked(simulator, "ctrl/rsv/rd") == 2
    await simulator.fault("lose_write", count=100)
    answer = await ask(hass, "set_schedule", heater, entries=[])
    assert (answer["result"], answer["entries"]) == ("lost", [IN_WORDS])
    with pytest.raises(HomeAssistantError) as caught:
        await call(hass, "delete_schedule_entry", heater, days="workdays", time="06:30")
    assert caught.value.translation_key == "schedule_write_lost"
    assert await stored(simulator) == wire(MORNING)
    assert records(running) == [
        ("set_schedule", "written", 2),
        ("set_schedule", "lost", 3),
        ("delete_schedule_entry", "lost", 3),
    ]


@pytest.mark.parametrize("asks", [True, False])
async def test_somebody_else_who_writes_meanwhile_is_left_alone(
    hass: HomeAssistant, simulator: SimulatorProcess, heater: str, monkeypatch: pytest.MonkeyPatch, asks: bool
) -> None:
    monkeypatch.setattr(schedule_editor, "_LOOK_PAUSES", (0.0, *(0.1,) * 100))
    await simulator.fault("lose_write")
    action = ask if asks else call
    writing = asyncio.create_task(action(hass, "set_schedule", heater, entries=[IN_WORDS]))
    await simulator.wait(received=1, topic_suffix="ctrl/rsv/rd")
    await simulator.schedules(MAC, reservations=wire(NIGHT))
    if asks:
        answer = await writing
        assert answer is not None
        assert (answer["result"], answer["entries"]) == ("conflict", [NIGHT_IN_WORDS])
    else:
        with pytest.raises(HomeAssistantError) as caught:
            await writing
        assert caught.value.translation_key == "schedule_write_conflict"
    assert await stored(simulator) == wire(NIGHT)


@pytest.mark.parametrize("asks", [True, False])
async def test_a_write_without_a_connection_after_it_is_unknown(
    hass: HomeAssistant, simulator: SimulatorProcess, running: MockConfigEntry, heater: str, asks: bool
) -> None:
    coordinator: NavilinkCoordinator = running.runtime_data
    await wait_until(coordinator, lambda: coordinator.schedules.weekly(MAC) is not None)
    await simulator.fault("silent", suffix="ctrl/rsv/rd")
    action = ask if asks else call
    writing = asyncio.create_task(action(hass, "set_schedule", heater, entries=[IN_WORDS]))
    await simulator.wait(received=1, topic_suffix="ctrl/rsv/rd")
    await cut(hass, simulator)
    if asks:
        answer = await writing
        assert answer == {"result": "unknown", "enabled": None, "hash": None, "entries": None}
    else:
        with pytest.raises(HomeAssistantError) as caught:
            await writing
        assert caught.value.translation_key == "schedule_write_unknown"
    assert records(running) == [("set_schedule", "unknown", 1)]
    # With the connection, it is read what has become of it.
    await simulator.fault("mqtt_up")
    await wait_for_weekly(coordinator, MORNING)


@pytest.mark.parametrize(
    ("action", "data"),
    [
        ("get_schedule", {}),
        ("set_schedule", {"entries": []}),
        ("add_schedule_entry", IN_WORDS),
        ("delete_schedule_entry", {"days": "workdays", "time": "06:30"}),
        ("get_recirculation_schedule", {}),
        ("set_recirculation_schedule", {"entries": [PUMP_IN_WORDS]}),
    ],
)
async def test_nothing_is_queued_while_disconnected(
    hass: HomeAssistant, simulator: SimulatorProcess, running: MockConfigEntry, heater: str, action: str, data: Words
) -> None:
    await cut(hass, simulator)
    with pytest.raises(HomeAssistantError) as caught:
        await ask(hass, action, heater, **data)
    assert caught.value.translation_key == "not_connected"
    assert running.runtime_data.client.pending_commands == ()
    assert records(running) == []


async def test_a_heater_that_does_not_answer(
    hass: HomeAssistant, simulator: SimulatorProcess, running: MockConfigEntry, heater: str
) -> None:
    await wait_until(running.runtime_data, lambda: running.runtime_data.schedules.weekly(MAC) is not None)
    await simulator.fault("silent", suffix="st/rsv/rd", count=2)
    answers = await asyncio.gather(
        ask(hass, "get_schedule", heater), ask(hass, "set_schedule", heater, entries=[]), return_exceptions=True
    )
    assert [answer.translation_key if isinstance(answer, HomeAssistantError) else answer for answer in answers] == [
        "schedule_not_answered"
    ] * 2
    assert await stored(simulator) == wire(MORNING, NIGHT)
    assert records(running) == [("set_schedule", "ScheduleReadError", 0)]


async def test_recirculation(hass: HomeAssistant, simulator: SimulatorProcess, entry: MockConfigEntry) -> None:
    await simulator.device(MAC, feature={"recircReservationUse": 2})
    assert await hass.config_entries.async_setup(entry.entry_id)
    coordinator: NavilinkCoordinator = entry.runtime_data
    await wait_until(coordinator, lambda: coordinator.schedules.recirculation(MAC) is not None)
    heater = device_id(hass, entry)
    answer = await ask(hass, "set_recirculation_schedule", heater, entries=[PUMP_IN_WORDS], enabled=True)
    assert (answer["result"], answer["entries"]) == ("written", [PUMP_IN_WORDS])
    assert await stored(simulator, "recirculation") == wire(PUMP_ON)
    added = await ask(hass, "add_recirculation_entry", heater, days="weekend", time="23:00", pump_on=False)
    assert added["entry"] == {"days": ["sat", "sun"], "time": "23:00", "pump_on": False, "enabled": True}
    deleted = await ask(hass, "delete_recirculation_entry", heater, days="every_day", time="06:00")
    assert deleted["entries"] == [added["entry"]]
    shown = await ask(hass, "get_recirculation_schedule", heater)
    assert (shown["enabled"], shown["entries"], shown["hash"]) == (True, [added["entry"]], deleted["hash"])
    entries = [{**PUMP_IN_WORDS, "time": f"06:{minute:02}"} for minute in range(21)]
    with pytest.raises(ServiceValidationError) as caught:
        await call(hass, "set_recirculation_schedule", heater, entries=entries)
    assert caught.value.translation_placeholders == {"maximum": "20"}
    assert await hass.config_entries.async_unload(entry.entry_id)


async def test_a_heater_without_recirculation(
    hass: HomeAssistant, simulator: SimulatorProcess, running: MockConfigEntry
) -> None:
    await simulator.device(MAC, feature={"recircReservationUse": 1})
    await hass.services.async_call("button", "press", {"entity_id": "button.nwp500_refresh"}, blocking=True)
    coordinator: NavilinkCoordinator = running.runtime_data

    def is_reported() -> bool:
        feature = coordinator.data[MAC].feature
        return feature is not None and feature.supports_recirculation_schedule is False

    await wait_until(coordinator, is_reported)
    for action, data in (("get_recirculation_schedule", {}), ("add_recirculation_entry", PUMP_IN_WORDS)):
        with pytest.raises(ServiceValidationError) as caught:
            await ask(hass, action, device_id(hass, running), **data)
        assert caught.value.translation_key == "schedule_not_supported"


@pytest.mark.parametrize("simulator_options", [("--heaters", "2")])
async def test_two_heaters_are_apart(
    hass: HomeAssistant, simulator: SimulatorProcess, running: MockConfigEntry
) -> None:
    heaters = [device_id(hass, running, mac_address) for mac_address in (MAC, OTHER_MAC)]
    answers = await asyncio.gather(
        ask(hass, "set_schedule", heaters[0], entries=[IN_WORDS], enabled=True),
        ask(hass, "add_schedule_entry", heaters[1], **NIGHT_IN_WORDS),
    )
    assert [answer["entries"] for answer in answers] == [[IN_WORDS], [NIGHT_IN_WORDS]]
    assert await stored(simulator) == wire(MORNING)
    coordinator: NavilinkCoordinator = running.runtime_data
    other = coordinator.schedules.weekly(OTHER_MAC)
    assert other is not None
    assert len(other.entries) == 1
    assert {each.mac_address for each in coordinator.schedules.writes} == {MAC, OTHER_MAC}


async def test_only_the_last_writes_are_kept(hass: HomeAssistant, running: MockConfigEntry, heater: str) -> None:
    for hour in range(21):
        await call(hass, "delete_schedule_entry", heater, days="mon", time=f"{hour:02}:00")
    assert records(running) == [("delete_schedule_entry", "already_so", 0)] * 20


async def test_any_entry_that_the_schema_takes_is_made_or_refused(
    hass: HomeAssistant, running: MockConfigEntry, heater: str
) -> None:
    coordinator: NavilinkCoordinator = running.runtime_data
    form = WeeklyForm(hass, coordinator.data[MAC])
    schema = next(schema for name, _, schema, _ in SCHEDULE_ACTIONS if name == "add_schedule_entry")
    made = refused = 0
    for number in range(500):
        random = Random(f"entry {number}")  # noqa: S311 - repeatable, not secret
        try:
            words = schema(entered({"device_id": heater, **IN_WORDS}, random, {"temperature": NUMBERS}))
            entry = form.entry(words, ())
        except vol.Invalid, ServiceValidationError:
            refused += 1
        else:
            made += 1
            # As it is shown, it is taken for itself.
            assert form.entry(schema({"device_id": heater, **form.words(entry)}), (entry,)) is entry
    assert made
    assert refused
