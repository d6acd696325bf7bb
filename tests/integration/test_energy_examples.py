"""The examples about energy in the documents, each run by a real Home Assistant with a recorder."""

from datetime import date, timedelta

from homeassistant.components.recorder.core import Recorder
from homeassistant.core import HomeAssistant
from homeassistant.util import dt as dt_util
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry
from pytest_homeassistant_custom_component.typing import RecorderInstanceContextManager

from simulator.process import SimulatorProcess
from tests.integration.energy_history import days_in, stored, write_days
from tests.integration.test_readme import notices, run_automation, run_script
from tests.integration.wall_clock import WallClock

TODAY = date(2026, 11, 20)


@pytest.fixture
def mock_recorder_before_hass(async_test_recorder: RecorderInstanceContextManager) -> None:
    """Prepare the recorder's database, which has to be there first."""


@pytest.fixture
def simulator_options() -> tuple[str, ...]:
    """A heater without a past of its own."""
    return ("--past-days", "0")


@pytest.fixture(autouse=True)
async def _history(recorder_mock: Recorder, simulator: SimulatorProcess, wall_clock: WallClock) -> None:
    """Let it be a day in November, on which the heater has used something every day since the last days of February."""
    assert recorder_mock.is_alive()
    wall_clock.pass_unseen(dt_util.parse_datetime(f"{TODAY}T20:00:00Z", raise_on_error=True) - dt_util.utcnow())
    await write_days(simulator, date(2026, 2, 26), *[1000] * 280)


async def test_history_is_imported(hass: HomeAssistant, running: MockConfigEntry) -> None:
    assert running.runtime_data.client.is_connected
    await run_script(hass, "Import the energy history")
    (notice,) = notices(hass)
    assert notice.count("2026-03-01 to 2026-11-04") == 3
    assert "Not returned" not in notice
    assert len(days_in(await stored(hass))) == 249


async def test_history_is_removed(hass: HomeAssistant, running: MockConfigEntry) -> None:
    energy, heater = running.runtime_data.energy, next(iter(running.runtime_data.data.values())).device
    await energy.async_import(heater, start=date(2026, 10, 1))
    assert await stored(hass)
    await run_script(hass, "Remove the energy history")
    assert await stored(hass) == []


@pytest.mark.usefixtures("running")
async def test_everything_before_the_sensors(hass: HomeAssistant) -> None:
    await run_script(hass, "Import everything before the energy sensors")
    assert notices(hass) == []
    days = days_in(await stored(hass))
    assert (min(days), max(days)) == ("2026-02-26 00:00", "2026-11-19 00:00")


@pytest.mark.usefixtures("running")
async def test_energy_of_the_last_week(hass: HomeAssistant, simulator: SimulatorProcess) -> None:
    await write_days(simulator, TODAY - timedelta(days=1), (2826, 1210), (500, 0))
    await run_script(hass, "Report the energy of the last week")
    assert notices(hass) == ["9.5 kWh in the last 7 days"]


@pytest.mark.usefixtures("running")
@pytest.mark.parametrize(("elements", "expected"), [(5200, ["The elements used 5.2 kWh on 2026-11-19."]), (5000, [])])
async def test_alert_about_electric_heating(
    hass: HomeAssistant, simulator: SimulatorProcess, elements: int, expected: list[str]
) -> None:
    await write_days(simulator, TODAY - timedelta(days=1), (2826, elements))
    await run_automation(hass, "Alert about a day with much electric heating")
    assert notices(hass) == expected
    # Its timer would outlive the test.
    await hass.services.async_call("automation", "turn_off", {"entity_id": "all"}, blocking=True)
