"""What the recorder keeps of the queue: how many commands waited, not which."""

from datetime import timedelta

from homeassistant.components.recorder.core import Recorder
from homeassistant.components.recorder.history import get_significant_states
from homeassistant.core import HomeAssistant, State
from homeassistant.util import dt as dt_util
import pytest
from pytest_homeassistant_custom_component.typing import RecorderInstanceContextManager

from simulator.process import SimulatorProcess
from tests.integration.actions import QUEUED, cut, queued_words, set_temperature


@pytest.fixture
def mock_recorder_before_hass(async_test_recorder: RecorderInstanceContextManager) -> None:
    """Prepare the recorder's database, which has to be there first."""


@pytest.mark.usefixtures("recorder_mock", "running")
async def test_commands_are_shown_but_not_recorded(
    recorder_mock: Recorder, hass: HomeAssistant, simulator: SimulatorProcess
) -> None:
    await cut(hass, simulator)
    await set_temperature(hass, 60)
    assert queued_words(hass) == ["target temperature 60 °C"]
    await recorder_mock.async_block_till_done()
    recorded = await recorder_mock.async_add_executor_job(
        get_significant_states, hass, dt_util.utcnow() - timedelta(hours=1), None, [QUEUED]
    )
    last = recorded[QUEUED][-1]
    assert isinstance(last, State)
    assert last.state == "1"
    assert last.attributes["friendly_name"] == "NWP500 Queued commands"
    assert "commands" not in last.attributes
