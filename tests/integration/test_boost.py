"""Boosts of a heater in the simulator: given, delivered, ended, and what is left of them in every kind of trouble."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from homeassistant.core import HomeAssistant
from homeassistant.exceptions import ServiceValidationError
from homeassistant.util import dt as dt_util
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry, async_capture_events
from pytest_homeassistant_custom_component.typing import WebSocketGenerator

from custom_components.navilink import logbook
from custom_components.navilink.heating import keeper
from custom_components.navilink.heating.boost import Setting
from custom_components.navilink.heating.boost_words import EVENT_BOOST_ENDED
from simulator.process import SimulatorProcess
from tests.integration.actions import CONNECTION, act, cut, press, queued_words, shown
from tests.integration.boosts import BOOST, BOOST_ENDS, boost, boosted, end, in_hours, refused, switch, target
from tests.integration.heaters import HEATER, MAC, OTHER_HEATER, OTHER_MAC, applied
from tests.integration.waiting import next_event, wait_for_value
from tests.integration.wall_clock import WallClock

DURATION = "number.nwp500_boost_duration"
TEMPERATURE = "number.nwp500_boost_temperature"


async def completed(entry: MockConfigEntry) -> None:
    """Wait until all commands have an outcome."""
    client = entry.runtime_data.client
    while client.pending_commands:
        await next_event(client, "command_completed")


async def test_switch_boosts_for_the_usual_time_and_goes_back(
    hass: HomeAssistant, simulator: SimulatorProcess, running: MockConfigEntry, wall_clock: WallClock
) -> None:
    before = shown(hass, HEATER).attributes["temperature"]
    ended = async_capture_events(hass, EVENT_BOOST_ENDED)
    await switch(hass, "turn_on")
    await target(hass, 60)
    assert shown(hass, BOOST).state == "on"
    assert shown(hass, BOOST_ENDS).state != "unknown"
    # Once more changes nothing.
    await switch(hass, "turn_on")
    await simulator.wait(applied=1)
    await wall_clock.pass_by(timedelta(minutes=61))
    await wait_for_value(hass, BOOST, "off")
    await target(hass, before)
    await simulator.wait(applied=2)
    assert await applied(simulator) == [("dhw-temperature", [120]), ("dhw-temperature", [int(before * 2)])]
    await wait_for_value(hass, BOOST_ENDS, "unknown")
    await running.runtime_data.boosts.async_finish()
    [event] = ended
    assert event.data["reason"] == "time"
    assert event.data["restored"] == f"target temperature {before:g} °C"
    assert event.data["entity_id"] == HEATER


@pytest.mark.usefixtures("running")
async def test_switch_ends_it(hass: HomeAssistant, simulator: SimulatorProcess) -> None:
    before = shown(hass, HEATER).attributes["temperature"]
    await switch(hass, "turn_on")
    await simulator.wait(applied=1)
    await switch(hass, "turn_off")
    await wait_for_value(hass, BOOST, "off")
    await simulator.wait(applied=2)
    await target(hass, before)


@pytest.mark.usefixtures("running")
async def test_action_sets_what_it_is_given_and_says_what_will_be_restored(
    hass: HomeAssistant, simulator: SimulatorProcess
) -> None:
    heater = shown(hass, HEATER)
    response = await boost(hass, duration="01:30:00", temperature=58, operation_mode="electric", name="Guests")
    assert response["restores"] == {"temperature": heater.attributes["temperature"], "mode": heater.state}
    assert response["queued"] is False
    assert response["left_out"] == []
    await simulator.wait(applied=2)
    assert await applied(simulator) == [("dhw-temperature", [116]), ("dhw-mode", [2])]


@pytest.mark.usefixtures("running")
async def test_what_was_changed_at_the_panel_a_moment_ago_is_restored(
    hass: HomeAssistant, simulator: SimulatorProcess
) -> None:
    await simulator.device(MAC, dhwTemperatureSetting=100)
    assert (await boost(hass, temperature=58))["restores"] == {"temperature": 50}


@pytest.mark.usefixtures("running")
async def test_heater_that_does_not_report_at_once_starts_all_the_same(
    hass: HomeAssistant, simulator: SimulatorProcess, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(keeper, "LOOK_SECONDS", 0.1)
    before = shown(hass, HEATER).attributes["temperature"]
    await simulator.fault("silent", suffix="st")
    assert (await boost(hass, temperature=58))["restores"] == {"temperature": before}


async def test_what_was_changed_at_the_panel_will_not_be_restored(
    hass: HomeAssistant, simulator: SimulatorProcess, running: MockConfigEntry
) -> None:
    mode = shown(hass, HEATER).state
    await boost(hass, temperature=58, operation_mode="electric")
    await completed(running)
    await simulator.device(MAC, dhwTemperatureSetting=100)
    await press(hass, "button.nwp500_refresh")
    await target(hass, 50)
    # It takes over the mode, and the target temperature is not of a boost any more.
    assert (await boost(hass, operation_mode="high_demand"))["restores"] == {"mode": mode}
    await completed(running)
    assert await end(hass) == {"ended": True, "restores": {"mode": mode}}


async def test_what_was_changed_at_the_panel_stays(
    hass: HomeAssistant, simulator: SimulatorProcess, running: MockConfigEntry, wall_clock: WallClock
) -> None:
    mode = shown(hass, HEATER).state
    ended = async_capture_events(hass, EVENT_BOOST_ENDED)
    await boost(hass, temperature=58, operation_mode="electric")
    await simulator.wait(applied=2)
    await wait_for_value(hass, HEATER, "electric")
    # As at its panel.
    await simulator.device(MAC, dhwTemperatureSetting=100)
    await press(hass, "button.nwp500_refresh")
    await target(hass, 50)
    await wall_clock.pass_by(timedelta(minutes=61))
    await wait_for_value(hass, BOOST, "off")
    await wait_for_value(hass, HEATER, mode)
    await target(hass, 50)
    await running.runtime_data.boosts.async_finish()
    [event] = ended
    assert event.data["not_restored"] == "target temperature"
    lines: dict[str, str | None] = {}
    logbook.async_describe_events(
        hass,
        lambda _domain, kind, describe: (
            lines.update({kind: describe(event)["message"]}) if kind == EVENT_BOOST_ENDED else None
        ),
    )
    assert lines == {
        EVENT_BOOST_ENDED: "boost ended; not restored because it was changed in the meantime: target temperature"
    }


async def test_boost_of_an_outage_is_delivered_after_a_restart(
    hass: HomeAssistant, simulator: SimulatorProcess, running: MockConfigEntry
) -> None:
    await cut(hass, simulator)
    response = await boost(hass, temperature=60)
    assert response["queued"] is True
    assert queued_words(hass) == ["target temperature 60 °C"]
    assert await hass.config_entries.async_reload(running.entry_id)
    await wait_for_value(hass, BOOST, "on")
    assert queued_words(hass) == ["target temperature 60 °C"]
    await simulator.fault("mqtt_up")
    await simulator.wait(applied=1)
    await wait_for_value(hass, CONNECTION, "on")
    assert await applied(simulator) == [("dhw-temperature", [120])]
    assert shown(hass, BOOST).state == "on"


async def test_boost_that_could_not_be_delivered_in_time_is_not_delivered(
    hass: HomeAssistant, simulator: SimulatorProcess, running: MockConfigEntry, wall_clock: WallClock
) -> None:
    ended = async_capture_events(hass, EVENT_BOOST_ENDED)
    await cut(hass, simulator)
    await boost(hass, temperature=60, duration="00:30:00")
    await wall_clock.pass_by(timedelta(minutes=31))
    await wait_for_value(hass, BOOST, "off")
    assert queued_words(hass) == []
    await simulator.fault("mqtt_up")
    await wait_for_value(hass, CONNECTION, "on")
    assert await applied(simulator) == []
    await running.runtime_data.boosts.async_finish()
    assert [event.data["restored"] for event in ended] == [""]


async def test_boost_that_ended_while_home_assistant_was_stopped_is_set_back(
    hass: HomeAssistant, simulator: SimulatorProcess, running: MockConfigEntry, wall_clock: WallClock
) -> None:
    before = await boosted(hass, simulator)
    assert await hass.config_entries.async_unload(running.entry_id)
    wall_clock.pass_unseen(timedelta(hours=2))
    assert await hass.config_entries.async_setup(running.entry_id)
    await wall_clock.pass_by(timedelta(seconds=16))
    await simulator.wait(applied=2)
    await target(hass, before)
    await wait_for_value(hass, BOOST, "off")


@pytest.mark.usefixtures("running")
async def test_turned_off_heater_is_left_alone(hass: HomeAssistant, simulator: SimulatorProcess) -> None:
    await boost(hass, temperature=60)
    await simulator.wait(applied=1)
    await act(hass, "set_operation_mode", operation_mode="off")
    await wait_for_value(hass, BOOST, "off")
    assert [control for control, _ in await applied(simulator)] == ["dhw-temperature", "power-off"]
    assert await refused(hass, temperature=60) == "boost_is_off"


async def test_planned_boost_starts_at_its_time(
    hass: HomeAssistant, running: MockConfigEntry, wall_clock: WallClock
) -> None:
    before = shown(hass, HEATER).attributes["temperature"]
    start = dt_util.utcnow() + timedelta(hours=2)
    response = await boost(hass, temperature=60, start=start.isoformat(), duration="01:00:00")
    assert shown(hass, BOOST).state == "off"
    await wall_clock.pass_by(timedelta(hours=2, seconds=1))
    await wait_for_value(hass, BOOST, "on")
    await completed(running)
    assert await end(hass, id=response["id"]) == {"ended": True, "restores": {"temperature": before}}
    await wait_for_value(hass, BOOST, "off")


async def test_boosts_are_ended_by_their_name(hass: HomeAssistant, running: MockConfigEntry) -> None:
    before, mode = shown(hass, HEATER).attributes["temperature"], shown(hass, HEATER).state
    later = in_hours(3)
    await boost(hass, temperature=60, operation_mode="electric", name="Solar")
    await boost(hass, temperature=60, start=later, name="Solar")
    await boost(hass, temperature=60, start=later, name="Guests")
    await completed(running)
    assert await end(hass, name="Nobody") == {"ended": False, "restores": {}}
    assert shown(hass, BOOST).state == "on"
    assert await end(hass, name="Solar") == {"ended": True, "restores": {"temperature": before, "mode": mode}}
    await wait_for_value(hass, BOOST, "off")
    assert [planned.name for planned in running.runtime_data.boosts.of(MAC).planned] == ["Guests"]


@pytest.mark.usefixtures("running")
@pytest.mark.parametrize(
    ("data", "key"),
    [
        ({"duration": "00:10:00"}, "boost_too_short"),
        ({"duration": "30:00:00"}, "boost_too_long"),
        ({"duration": {"days": 3_000_000}}, "boost_too_long"),
        ({"operation_mode": "gas"}, "unsupported_mode"),
        ({"temperature": 90}, "value_out_of_range"),
        ({"until": "2020-01-01T00:00:00+00:00"}, "boost_over"),
    ],
)
async def test_what_cannot_be_done_is_refused(hass: HomeAssistant, data: Mapping[str, object], key: str) -> None:
    assert await refused(hass, **data) == key
    with pytest.raises(ServiceValidationError) as error:
        await end(hass, id="none")
    assert error.value.translation_key == "unknown_boost"


@pytest.mark.usefixtures("running")
async def test_shortest_boost_is_long_enough(hass: HomeAssistant) -> None:
    """Although some time passes until it is looked at."""
    response = await boost(hass, duration="00:30:00")
    end = dt_util.parse_datetime(response["end"])
    assert end is not None
    assert shown(hass, BOOST_ENDS).state == dt_util.as_utc(end).isoformat(timespec="seconds")


@pytest.mark.usefixtures("every_entity", "running")
async def test_numbers_are_what_the_switch_uses(hass: HomeAssistant, simulator: SimulatorProcess) -> None:
    for number, value in ((DURATION, 90), (TEMPERATURE, 55.5)):
        await hass.services.async_call("number", "set_value", {"entity_id": number, "value": value}, blocking=True)
        assert float(shown(hass, number).state) == value
    await switch(hass, "turn_on")
    await simulator.wait(applied=1)
    assert await applied(simulator) == [("dhw-temperature", [111])]


@pytest.mark.parametrize("simulator_options", [("--heaters", "2")])
async def test_boosts_of_two_heaters_do_not_meet(
    hass: HomeAssistant, simulator: SimulatorProcess, running: MockConfigEntry, wall_clock: WallClock
) -> None:
    await wait_for_value(hass, OTHER_HEATER, "eco")
    before = shown(hass, OTHER_HEATER).attributes["temperature"]
    await cut(hass, simulator)
    await boost(hass, temperature=60)
    await boost(hass, OTHER_HEATER, temperature=58, duration="03:00:00")
    assert await hass.config_entries.async_reload(running.entry_id)
    await simulator.fault("mqtt_up")
    await simulator.wait(applied=2)
    assert (await applied(simulator), await applied(simulator, OTHER_MAC)) == (
        [("dhw-temperature", [120])],
        [("dhw-temperature", [116])],
    )
    await target(hass, 58, OTHER_HEATER)
    await target(hass, 60)
    await wall_clock.pass_by(timedelta(minutes=61))
    await wait_for_value(hass, BOOST, "off")
    assert shown(hass, "switch.guest_house_boost").state == "on"
    assert len(await applied(simulator, OTHER_MAC)) == 1
    await wall_clock.pass_by(timedelta(hours=2))
    await wait_for_value(hass, "switch.guest_house_boost", "off")
    await target(hass, before, OTHER_HEATER)


# The calendar

PLANNED = "calendar.nwp500_planned_heating"


async def events(hass: HomeAssistant, **when: object) -> list[dict[str, Any]]:
    response: Any = await hass.services.async_call(
        "calendar",
        "get_events",
        {"entity_id": PLANNED, **(when or {"duration": {"days": 7}})},
        blocking=True,
        return_response=True,
    )
    found: list[dict[str, Any]] = response[PLANNED]["events"]
    return found


@pytest.mark.usefixtures("running")
async def test_event_of_an_automation_is_a_planned_boost(
    hass: HomeAssistant, simulator: SimulatorProcess, wall_clock: WallClock
) -> None:
    start = dt_util.utcnow() + timedelta(hours=3)
    await hass.services.async_call(
        "calendar",
        "create_event",
        {
            "entity_id": PLANNED,
            "summary": "Guests: heat pump, 58 °C",
            "start_date_time": start.isoformat(),
            "end_date_time": (start + timedelta(hours=1)).isoformat(),
        },
        blocking=True,
    )
    [event] = await events(hass)
    assert event["summary"] == "Guests: heat pump, 58 °C"
    assert event["description"] == "target temperature 58 °C, mode heat pump"
    assert shown(hass, PLANNED).state == "off"
    await wall_clock.pass_by(timedelta(hours=3, seconds=1))
    await simulator.wait(applied=2)
    assert await applied(simulator) == [("dhw-temperature", [116]), ("dhw-mode", [1])]
    await wait_for_value(hass, PLANNED, "on")


@pytest.mark.parametrize(
    ("summary", "wanted"),
    [
        ("Second bath", "target temperature 60 °C"),
        ("ECO, second bath", "mode energy saver"),
        ("Electricity is cheap: 55,5°c", "target temperature 55.5 °C"),
        ("Electric:58 ℃", "target temperature 58 °C, mode electric"),
        ("\uff15\uff15℃", "target temperature 55 °C"),
    ],
)
@pytest.mark.usefixtures("running")
async def test_summary_sets_what_it_names_and_no_parts_of_words(hass: HomeAssistant, summary: str, wanted: str) -> None:
    times = {"start_date_time": in_hours(3), "end_date_time": in_hours(4)}
    await hass.services.async_call(
        "calendar", "create_event", {"entity_id": PLANNED, "summary": summary, **times}, blocking=True
    )
    [event] = await events(hass)
    assert (event["summary"], event["description"]) == (summary, wanted)


async def test_mode_in_a_language_without_spaces(hass: HomeAssistant, running: MockConfigEntry) -> None:
    hass.config.language = "zh-Hans"
    assert await hass.config_entries.async_reload(running.entry_id)
    times = {"start_date_time": in_hours(3), "end_date_time": in_hours(4)}
    await hass.services.async_call(
        "calendar", "create_event", {"entity_id": PLANNED, "summary": "周末节能50℃", **times}, blocking=True
    )
    [boost] = running.runtime_data.boosts.of(MAC).planned
    assert boost.wanted == {Setting.TEMPERATURE: 100, Setting.MODE: 3}


NIGHT = {"start_date_time": "2027-10-31T00:00:00", "end_date_time": "2027-10-31T23:00:00"}


@pytest.mark.parametrize(
    ("start", "until", "shown_end"),
    [
        # 50 minutes, in the last of which it is 2:20 once more.
        ("2027-10-31T02:30:00+02:00", "2027-10-31T02:20:00+01:00", "2027-10-31T02:59:00+02:00"),
        ("2027-10-31T01:30:00+02:00", "2027-10-31T02:20:30+01:00", "2027-10-31T02:20:30+01:00"),
        ("2027-10-31T02:30:00+01:00", "2027-10-31T03:00:00+01:00", "2027-10-31T03:00:00+01:00"),
    ],
)
async def test_calendar_is_shown_in_the_night_when_the_clocks_go_back(
    hass: HomeAssistant, running: MockConfigEntry, start: str, until: str, shown_end: str
) -> None:
    await hass.config.async_set_time_zone("Europe/Berlin")
    await boost(hass, start=start, until=until)
    [event] = await events(hass, **NIGHT)
    assert (event["start"], event["end"]) == (start, shown_end)
    assert shown(hass, PLANNED).attributes["message"] == "target temperature 60 °C"
    [planned] = running.runtime_data.boosts.of(MAC).planned
    assert planned.end == datetime.fromisoformat(until)


async def test_boost_lasts_as_long_as_was_asked_for_whatever_the_clocks_do(
    hass: HomeAssistant, running: MockConfigEntry
) -> None:
    await hass.config.async_set_time_zone("Europe/Berlin")
    response = await boost(hass, start="2027-10-31T01:30:00", duration="03:00:00")
    assert (response["start"], response["end"]) == ("2027-10-31T01:30:00+02:00", "2027-10-31T03:30:00+01:00")
    assert await refused(hass, start="2027-03-28T01:45:00", until="2027-03-28T03:10:00") == "boost_too_short"
    times = {"start_date_time": "2027-03-28T01:00:00", "end_date_time": "2027-03-28T04:00:00"}
    await hass.services.async_call(
        "calendar", "create_event", {"entity_id": PLANNED, "summary": "Guests", **times}, blocking=True
    )
    first, _ = running.runtime_data.boosts.of(MAC).planned
    assert first.end - first.start == timedelta(hours=2)


@pytest.mark.usefixtures("running")
async def test_what_cannot_be_planned_is_refused(hass: HomeAssistant) -> None:
    with pytest.raises(ServiceValidationError) as refused:
        await hass.services.async_call(
            "calendar",
            "create_event",
            {"entity_id": PLANNED, "summary": "Boost", "in": {"days": 2}},
            blocking=True,
        )
    assert refused.value.translation_key == "boost_event_not_storable"
    assert await events(hass) == []


async def test_event_can_be_deleted(
    hass: HomeAssistant, running: MockConfigEntry, hass_ws_client: WebSocketGenerator
) -> None:
    start = dt_util.utcnow() + timedelta(hours=3)
    response = await boost(hass, start=start.isoformat(), temperature=60)
    socket = await hass_ws_client(hass)
    await socket.send_json_auto_id({"type": "calendar/event/delete", "entity_id": PLANNED, "uid": response["id"]})
    assert (await socket.receive_json())["success"]
    assert await events(hass) == []
    assert running.runtime_data.boosts.of(MAC).planned == ()
