"""What the heater says it has used, and its history where there is no recorder."""

from datetime import timedelta

from homeassistant.core import HomeAssistant
from homeassistant.exceptions import ServiceValidationError
from homeassistant.util import dt as dt_util
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry
import voluptuous as vol

from simulator.process import SimulatorProcess
from tests.integration.actions import ask, device_id
from tests.integration.energy_history import write_days


async def test_days_and_months(hass: HomeAssistant, simulator: SimulatorProcess, running: MockConfigEntry) -> None:
    heater, today = device_id(hass, running), dt_util.now().date()
    await write_days(simulator, today - timedelta(days=2), (2826, 1210))
    usage = await ask(hass, "get_energy_usage", heater, days=40, months=14)
    assert [day["date"] for day in usage["days"]] == [
        (today - timedelta(days=39 - number)).isoformat() for number in range(40)
    ]
    assert usage["days"][-3] == {
        "date": (today - timedelta(days=2)).isoformat(),
        "heat_pump": 2.826,
        "elements": 1.21,
        "total": 4.036,
        "heat_pump_hours": 0,
        "element_hours": 0,
    }
    assert len(usage["months"]) == 14
    assert usage["months"][-1]["month"] == f"{today:%Y-%m}"
    assert 50 < usage["months"][5]["total"] < 150
    assert usage["months"][5]["heat_pump_hours"] > 100


async def test_thirty_days_unless_something_else_is_asked_for(hass: HomeAssistant, running: MockConfigEntry) -> None:
    usage = await ask(hass, "get_energy_usage", device_id(hass, running))
    assert (len(usage["days"]), usage["months"]) == (30, [])
    usage = await ask(hass, "get_energy_usage", device_id(hass, running), months=1)
    assert (usage["days"], len(usage["months"])) == ([], 1)


async def test_without_a_recorder_the_actions_say_so(hass: HomeAssistant, running: MockConfigEntry) -> None:
    assert "recorder" not in hass.config.components
    for action in ("import_energy_history", "clear_energy_history"):
        with pytest.raises(ServiceValidationError) as refused:
            await ask(hass, action, device_id(hass, running))
        assert refused.value.translation_key == "recorder_off"


@pytest.mark.parametrize(
    "data",
    [
        {"start": "2026-13"},
        {"start": "yesterday"},
        {"start": "1999-12"},
        {"until": "2026-02-30"},
        {"until": "2100-01-01"},
        {"resolution": "hourly"},
    ],
)
async def test_what_is_no_day_is_refused(hass: HomeAssistant, running: MockConfigEntry, data: dict[str, str]) -> None:
    with pytest.raises(vol.Invalid):
        await ask(hass, "import_energy_history", device_id(hass, running), **data)
