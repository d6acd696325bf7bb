"""The automations and scripts in the documents, each run by a real Home Assistant as it stands there."""

from collections.abc import Mapping
from datetime import time, timedelta
import logging
from pathlib import Path
from typing import Any

from homeassistant.components.persistent_notification import DOMAIN as NOTIFICATIONS
from homeassistant.core import HomeAssistant
from homeassistant.helpers.service import async_get_all_descriptions
from homeassistant.setup import async_setup_component
from homeassistant.util import dt as dt_util
from homeassistant.util.unit_system import US_CUSTOMARY_SYSTEM
from homeassistant.util.yaml import parse_yaml
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.navilink.const import DOMAIN
from custom_components.navilink.heating.boost import Setting
from custom_components.navilink.heating.boost_actions import BOOST_ACTIONS
from custom_components.navilink.nwp500.heaters import schedule_editor
from custom_components.navilink.services import ACTIONS, SERVICE_START_VACATION
from simulator.process import SimulatorProcess
from tests.integration.actions import QUEUED, cut, press, queued_words, set_mode, set_temperature, shown
from tests.integration.boosts import boost
from tests.integration.heaters import HEATER, MAC, applied
from tests.integration.schedules import wire
from tests.integration.waiting import wait_for, wait_for_value

CAMERAS = "homeassistant.components.camera.img_util"
HOT_WATER = "sensor.nwp500_hot_water_left"
SHOWERS = "sensor.nwp500_showers_left"
ROOT = Path(__file__).parents[2]
DOCUMENTS = (
    ROOT / "README.md",
    *(ROOT / "docs" / f"{name}.md" for name in ("actions", "energy", "entities", "heating", "schedules")),
)
ENERGY_TESTS = Path(__file__).with_name("test_energy_examples.py")
"""Has those that need a recorder."""

# Any: YAML as people write it.
type Yaml = dict[str, Any]


def blocks() -> list[Yaml]:
    """Return every YAML block of the documents."""
    parts = [part for document in DOCUMENTS for part in document.read_text().split("```yaml\n")[1:]]
    found = [parse_yaml(part.partition("```")[0]) for part in parts]
    assert all(isinstance(block, dict) for block in found)
    return [block for block in found if isinstance(block, dict)]


def named(alias: str) -> Yaml:
    """Return the block of this alias."""
    (block,) = [block for block in blocks() if block.get("alias") == alias]
    return block


async def automate(hass: HomeAssistant, alias: str) -> None:
    """Set an automation up; it must be valid."""
    assert await async_setup_component(hass, NOTIFICATIONS, {})
    assert await async_setup_component(hass, "automation", {"automation": {"id": "readme", **named(alias)}})
    (automation,) = hass.states.async_all("automation")
    assert automation.state == "on"


async def run_automation(hass: HomeAssistant, alias: str) -> None:
    """Set an automation up and have it do what it does."""
    await automate(hass, alias)
    (automation,) = hass.states.async_all("automation")
    await hass.services.async_call("automation", "trigger", {"entity_id": automation.entity_id}, blocking=True)


async def run_script(hass: HomeAssistant, alias: str) -> None:
    """Set a script up and run it to its end."""
    assert await async_setup_component(hass, NOTIFICATIONS, {})
    assert await async_setup_component(hass, "script", {"script": {"readme": named(alias)}})
    await hass.services.async_call("script", "readme", blocking=True)


def notices(hass: HomeAssistant) -> list[str]:
    """Return the texts of the notifications that are shown."""
    notifications: Mapping[str, Mapping[str, str]] = hass.data.get("persistent_notification", {})
    return [notification["message"] for notification in notifications.values()]


@pytest.fixture(autouse=True)
def _american(hass: HomeAssistant) -> None:
    """The temperatures in the documents are in °F."""
    hass.config.units = US_CUSTOMARY_SYSTEM


@pytest.mark.usefixtures("running")
async def test_solar_power(hass: HomeAssistant, simulator: SimulatorProcess) -> None:
    await run_automation(hass, "Store solar power as hot water")
    await simulator.wait(applied=2)
    assert await applied(simulator) == [("dhw-temperature", [120]), ("dhw-mode", [1])]


@pytest.mark.usefixtures("running")
async def test_vacation(hass: HomeAssistant, simulator: SimulatorProcess) -> None:
    await run_automation(hass, "Water heater on vacation")
    assert await applied(simulator) == [("dhw-mode", [5, 14])]


@pytest.mark.usefixtures("running")
async def test_long_weekend(hass: HomeAssistant, simulator: SimulatorProcess) -> None:
    await run_script(hass, "Leave for a long weekend")
    assert await applied(simulator) == [("dhw-mode", [5, 4])]


@pytest.mark.usefixtures("running")
@pytest.mark.parametrize("refusals", [0, 1])
async def test_waiting_for_a_command(hass: HomeAssistant, simulator: SimulatorProcess, refusals: int) -> None:
    await simulator.fault("ctrl_fail", count=refusals, code=7)
    await run_script(hass, "Set a temperature and wait for the heater")
    (notice,) = notices(hass)
    expected = "target temperature 130 °F ended as rejected: " if refusals else "The water will be hot."
    assert notice.startswith(expected)


@pytest.mark.usefixtures("running")
async def test_the_queue_is_listed(hass: HomeAssistant, simulator: SimulatorProcess) -> None:
    await cut(hass, simulator)
    await run_script(hass, "List the queue")
    await set_temperature(hass, 130)
    await set_mode(hass, "heat_pump")
    await hass.services.async_call("script", "readme", blocking=True)
    await run_automation(hass, "Water heater commands are waiting")
    words = ["target temperature 130 °F", "mode heat pump"]
    assert notices(hass) == ["The queue is empty", ", ".join(words), f"Waiting: {', '.join(words)}"]
    (listed,) = [block["commands"] for block in blocks() if "commands" in block]
    assert [each.keys() for each in shown(hass, QUEUED).attributes["commands"]] == [listed[0].keys()] * 2


@pytest.mark.usefixtures("running")
async def test_queued_temperatures_are_discarded(hass: HomeAssistant, simulator: SimulatorProcess) -> None:
    await cut(hass, simulator)
    await set_temperature(hass, 130)
    await set_mode(hass, "heat_pump")
    await run_script(hass, "Discard queued temperatures")
    await wait_for_value(hass, QUEUED, "1")
    assert queued_words(hass) == ["mode heat pump"]


# The entries of the examples, in wire form: °F are half degrees Celsius there.
WORKDAYS_EARLY = {"enable": 2, "week": 124, "hour": 5, "min": 30, "mode": 4, "param": 109}
WEEKEND_LATER = {"enable": 2, "week": 130, "hour": 7, "min": 30, "mode": 3, "param": 103}
GUESTS = {"enable": 2, "week": 2, "hour": 16, "min": 0, "mode": 1, "param": 120}
PUMP_ON = {"enable": 2, "week": 254, "hour": 6, "min": 0, "mode": 2, "param": -1}
PUMP_OFF = {**PUMP_ON, "hour": 8, "min": 30, "mode": 1}
PUMP_ON_SUNDAYS = {**PUMP_ON, "week": 128, "hour": 10}


async def entries_of(simulator: SimulatorProcess, name: str = "reservations") -> list[dict[str, int]]:
    """Return the entries that the heater has stored of a schedule."""
    stored: dict[str, Any] = (await simulator.state())["heaters"][MAC]["schedules"][name]  # type: ignore[literal-required]  # any of them
    return list(stored["reservation"])


@pytest.mark.usefixtures("running")
async def test_weekly_schedule(hass: HomeAssistant, simulator: SimulatorProcess) -> None:
    await run_script(hass, "Set the weekly schedule")
    stored = await entries_of(simulator)
    assert stored[:2] == [WORKDAYS_EARLY, WEEKEND_LATER]
    assert (stored[2]["mode"], stored[2]["hour"], stored[2]["week"]) == (5, 22, 254)


@pytest.mark.usefixtures("running")
async def test_weekly_schedule_is_shown(hass: HomeAssistant, simulator: SimulatorProcess) -> None:
    await simulator.schedules(MAC, reservations=wire(WORKDAYS_EARLY, WEEKEND_LATER))
    await run_script(hass, "Show the weekly schedule")
    (notice,) = notices(hass)
    assert notice.split("\n") == ["mon tue wed thu fri 05:30 high_demand", "sat sun 07:30 eco"]


@pytest.mark.usefixtures("running")
@pytest.mark.parametrize("losses", [0, 3])
async def test_entry_is_added(
    hass: HomeAssistant, simulator: SimulatorProcess, monkeypatch: pytest.MonkeyPatch, losses: int
) -> None:
    monkeypatch.setattr(schedule_editor, "_LOOK_PAUSES", (0.0, 0.2))
    await simulator.fault("lose_write", count=losses)
    await run_script(hass, "Heat before the guests arrive")
    assert await entries_of(simulator) == ([] if losses else [GUESTS])
    assert notices(hass) == (["The entry was not added: lost"] if losses else [])


@pytest.mark.usefixtures("running")
async def test_entry_is_deleted(hass: HomeAssistant, simulator: SimulatorProcess) -> None:
    await simulator.schedules(MAC, reservations=wire(WORKDAYS_EARLY, GUESTS))
    await run_script(hass, "The guests have left")
    assert await entries_of(simulator) == [WORKDAYS_EARLY]


@pytest.mark.usefixtures("running")
async def test_schedule_is_raised(hass: HomeAssistant, simulator: SimulatorProcess) -> None:
    night = {**WORKDAYS_EARLY, "hour": 22, "mode": 5, "param": 100}
    await simulator.schedules(MAC, reservations=wire(WORKDAYS_EARLY, night))
    await run_script(hass, "Raise the schedule for the winter")
    assert await entries_of(simulator) == [{**WORKDAYS_EARLY, "param": 114}, night]
    assert notices(hass) == []


@pytest.mark.usefixtures("running")
async def test_change_of_the_schedule_is_noticed(hass: HomeAssistant, simulator: SimulatorProcess) -> None:
    assert await async_setup_component(hass, "input_text", {"input_text": {"heater_schedule": {}}})
    await run_automation(hass, "The weekly schedule was changed")
    assert notices(hass) == ["The weekly schedule was changed. It has 0 entries now."]
    await hass.services.async_call("persistent_notification", "dismiss_all", blocking=True)
    (automation,) = hass.states.async_all("automation")
    for reservations, expected in (([], []), ([GUESTS], ["The weekly schedule was changed. It has 1 entries now."])):
        await simulator.schedules(MAC, reservations=wire(*reservations, on=False))
        await hass.services.async_call("automation", "trigger", {"entity_id": automation.entity_id}, blocking=True)
        assert notices(hass) == expected
    # Its timer ends with it.
    await hass.services.async_call("automation", "turn_off", {"entity_id": automation.entity_id}, blocking=True)


@pytest.fixture
async def with_recirculation(simulator: SimulatorProcess) -> None:
    """A heater that has recirculation, before anybody connects."""
    await simulator.device(MAC, feature={"recircReservationUse": 2})


async def test_recirculation(
    hass: HomeAssistant, simulator: SimulatorProcess, with_recirculation: None, running: MockConfigEntry
) -> None:
    assert (with_recirculation, running.domain) == (None, DOMAIN)
    assert await async_setup_component(hass, NOTIFICATIONS, {})
    aliases = (
        *("Set when the pump runs", "Run the pump on Sundays", "Show when the pump runs"),
        "Do not run the pump on Sundays",
    )
    scripts = {f"script_{number}": named(alias) for number, alias in enumerate(aliases)}
    assert await async_setup_component(hass, "script", {"script": scripts})
    expected = ([PUMP_ON, PUMP_OFF], *([[PUMP_ON, PUMP_OFF, PUMP_ON_SUNDAYS]] * 2), [PUMP_ON, PUMP_OFF])
    for name, entries in zip(scripts, expected, strict=True):
        await hass.services.async_call("script", name, blocking=True)
        assert await entries_of(simulator, "recirculation") == entries
    assert notices(hass) == ["06:00, 10:00"]


@pytest.mark.usefixtures("running")
async def test_time_of_use(hass: HomeAssistant, simulator: SimulatorProcess) -> None:
    assert await async_setup_component(hass, NOTIFICATIONS, {})
    aliases = ("Set a time-of-use plan", "Show the highest price", "Delete the time-of-use plan")
    scripts = {f"script_{number}": named(alias) for number, alias in enumerate(aliases)}
    assert await async_setup_component(hass, "script", {"script": scripts})
    for name, hours in zip(scripts, ([0, 15, 21], [0, 15, 21], []), strict=True):
        await hass.services.async_call("script", name, blocking=True)
        assert [period["startHour"] for period in await entries_of(simulator, "tou")] == hours
    assert notices(hass) == ["0.38967 per kWh"]


@pytest.mark.usefixtures("running")
async def test_rate_of_a_utility(hass: HomeAssistant, simulator: SimulatorProcess) -> None:
    await run_script(hass, "Use the rate of the utility")
    periods = await entries_of(simulator, "tou")
    assert [(each["startHour"], each["priceMax"]) for each in periods] == [(0, 31794), (16, 38967), (21, 31794)]


@pytest.mark.usefixtures("running")
async def test_boost_for_guests(hass: HomeAssistant, simulator: SimulatorProcess) -> None:
    await run_automation(hass, "Hot water for guests")
    await simulator.wait(applied=2)
    assert await applied(simulator) == [("dhw-temperature", [120]), ("dhw-mode", [4])]


async def test_boost_for_guests_is_ended(
    hass: HomeAssistant, simulator: SimulatorProcess, running: MockConfigEntry
) -> None:
    boosts = running.runtime_data.boosts
    for name in ("Others", "Guests"):
        await boost(hass, name=name)
        assert await async_setup_component(hass, "script", {"script": {"readme": named("The guests are in bed")}})
        await hass.services.async_call("script", "readme", blocking=True)
        assert (boosts.of(MAC).active is not None) is (name == "Others")
    await simulator.wait(applied=2)


@pytest.mark.usefixtures("running")
async def test_bath_is_planned(hass: HomeAssistant, running: MockConfigEntry) -> None:
    await run_script(hass, "Plan a bath for tomorrow")
    [boost] = running.runtime_data.boosts.of(MAC).planned
    assert (boost.name, dict(boost.wanted)) == ("Bath: 140 °F", {Setting.TEMPERATURE: 120})
    assert dt_util.as_local(boost.start) == dt_util.start_of_local_day() + timedelta(days=1, hours=18)
    assert boost.end - boost.start == timedelta(minutes=90)


@pytest.mark.usefixtures("every_entity", "running")
async def test_boost_for_two_hours(hass: HomeAssistant, simulator: SimulatorProcess, running: MockConfigEntry) -> None:
    await run_script(hass, "Boost for two hours")
    boost = running.runtime_data.boosts.of(MAC).running
    assert boost is not None
    assert (boost.boost.end - boost.boost.start) == timedelta(hours=2)
    await simulator.wait(applied=1)
    assert await applied(simulator) == [("dhw-temperature", [114])]


@pytest.mark.usefixtures("running")
async def test_water_is_hot(hass: HomeAssistant) -> None:
    await run_automation(hass, "The water is hot")
    assert notices(hass) == [f"The water is hot. Showers left: {shown(hass, SHOWERS).state}"]


@pytest.mark.usefixtures("every_entity", "running")
async def test_what_was_learned(hass: HomeAssistant) -> None:
    await run_script(hass, "Show what was learned")
    # As physics has it, until something was learned.
    loss = shown(hass, "sensor.nwp500_standing_loss").state
    [learned] = notices(hass)
    assert learned.startswith(f"Heat pump: 8.2 °F/h. Elements: 40.5 °F/h. Standing loss: {loss} W. COP")
    assert learned.endswith("COP of the last heating: unknown. Last hot enough: unknown.")
    assert 20 <= float(loss) <= 100


@pytest.mark.usefixtures("running")
async def test_low_hot_water(hass: HomeAssistant) -> None:
    await run_automation(hass, "No hot water for the next shower")
    [before] = notices(hass)
    assert before == f"Showers left: {shown(hass, SHOWERS).state}. Minutes until it is hot: 0"


@pytest.mark.usefixtures("running")
@pytest.mark.parametrize("is_cold", [True, False])
async def test_hot_at_the_cheapest_time(
    hass: HomeAssistant, simulator: SimulatorProcess, running: MockConfigEntry, is_cold: bool
) -> None:
    # Where it is noon, so that the night is to come.
    offset = 12 - dt_util.utcnow().hour
    await hass.config.async_set_time_zone(f"Etc/GMT{-offset:+d}")
    # At 130 °F, 54.4 °C, the colder one lacks something.
    raw = 490 if is_cold else 560
    await simulator.device(MAC, tankUpperTemperature=raw, tankLowerTemperature=raw)
    await press(hass, "button.nwp500_refresh")
    await wait_for(hass, HEATER, lambda state: (state.attributes["current_temperature"] > 130) is not is_cold)
    begin = dt_util.start_of_local_day()
    hours = [begin + timedelta(hours=hour) for hour in range(72)]
    prices = [{"start": hour.isoformat(), "price": 0.1 if hour.hour < 5 else 0.3} for hour in hours]
    hass.states.async_set("sensor.power_prices", "0.3", {"prices": prices})
    await run_automation(hass, "Hot water at 6 when power is cheapest")
    planned = running.runtime_data.boosts.of(MAC).planned
    ends = [(boost.name, dt_util.as_local(boost.end).time()) for boost in planned]
    assert ends == ([("Ready at 6", time(5))] if is_cold else [])
    if not is_cold:
        assert notices(hass) == ["Nothing is heated: already_hot"]
    # And its timer for the evening with it.
    await hass.services.async_call("automation", "turn_off", {"entity_id": "all"}, blocking=True)


def test_every_example_is_run_here() -> None:
    tests = Path(__file__).read_text() + ENERGY_TESTS.read_text()
    assert [block["alias"] for block in blocks() if "alias" in block and f'"{block["alias"]}"' not in tests] == []


async def test_every_action_and_field_is_described(
    hass: HomeAssistant, running: MockConfigEntry, caplog: pytest.LogCaptureFixture
) -> None:
    assert running.domain == DOMAIN
    text = (ROOT / "docs" / "actions.md").read_text()
    described = (await async_get_all_descriptions(hass))[DOMAIN]
    assert set(described) == {SERVICE_START_VACATION, *(name for name, *_ in (*ACTIONS, *BOOST_ACTIONS))}
    for name, description in described.items():
        reported = text.partition(f"## `{DOMAIN}.{name}`")[2].partition("\n#")[0]
        assert [field for field in description["fields"] if field not in reported] == []
    assert shown(hass, HEATER).state == "eco"
    # Home Assistant reports, with the first test that loads its cameras, that a library for them is missing.
    errors = [record for record in caplog.records if record.levelno >= logging.ERROR and record.name != CAMERAS]
    assert errors == []
