"""The alert: what is wrong, with its meaning, again and again if wanted, and gone when it is over."""

from homeassistant.components.persistent_notification import async_dismiss
from homeassistant.core import CoreState, HomeAssistant
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from simulator.process import SimulatorProcess
from tests.integration.heaters import MAC
from tests.integration.waiting import wait_for, wait_for_value

from .automations import AUTOMATION, automate
from .notifications import followed

LEAK = "binary_sensor.nwp500_water_leak"
FAULT = "binary_sensor.nwp500_fault"
CONDENSATE = "binary_sensor.nwp500_condensate_overflow"
ALERT = "navilink_alert"
TITLE = "NWP500: attention needed"
SECOND = 1 / 60


async def alert(hass: HomeAssistant, **inputs: object) -> None:
    """Make the automation."""
    await automate(hass, "leak_or_fault_alert", problems=[LEAK, FAULT, CONDENSATE], **inputs)


async def refresh(hass: HomeAssistant) -> None:
    """Ask the heater for its status."""
    await hass.services.async_call("button", "press", {"entity_id": "button.nwp500_refresh"}, blocking=True)


@pytest.mark.usefixtures("running")
async def test_problem_is_reported_with_its_meaning_until_it_is_over(
    hass: HomeAssistant, simulator: SimulatorProcess
) -> None:
    await alert(hass)
    async with followed(hass) as notifications:
        await simulator.fault("error", code=799)
        await simulator.device(MAC, wtrOvrSensorUse=2)
        await refresh(hass)
        await notifications.until(lambda: ALERT in notifications.shown)
        assert notifications.shown[ALERT]["title"] == TITLE
        assert notifications.shown[ALERT]["message"] == "NWP500 Water leak. NWP500 Fault. Error E799: water leak."

        await simulator.fault("error", code=0)
        await refresh(hass)
        await wait_for_value(hass, FAULT, "off")
        assert ALERT in notifications.shown
        await simulator.device(MAC, wtrOvrSensorUse=1)
        await refresh(hass)
        await notifications.until(lambda: not notifications.shown)
        assert len(notifications.made) == 1


@pytest.mark.usefixtures("running")
async def test_further_problem_alerts_afresh(hass: HomeAssistant) -> None:
    await alert(hass)
    async with followed(hass) as notifications:
        hass.states.async_set(LEAK, "on", {"friendly_name": "NWP500 Water leak"})
        await notifications.until(lambda: len(notifications.made) == 1)
        hass.states.async_set(CONDENSATE, "on", {"friendly_name": "NWP500 Condensate overflow"})
        await notifications.until(lambda: len(notifications.made) == 2)
        reported = [notification["message"] for notification in notifications.made]
        assert reported == ["NWP500 Water leak.", "NWP500 Water leak. NWP500 Condensate overflow."]


@pytest.mark.usefixtures("running")
async def test_name_of_a_heater_means_nothing_in_the_notification(hass: HomeAssistant) -> None:
    await alert(hass)
    async with followed(hass) as notifications:
        hass.states.async_set(LEAK, "on", {"friendly_name": r"[Tank](x) <b>_1_</b> `a\b` Water leak"})
        await notifications.until(lambda: bool(notifications.made))
        (made,) = notifications.made
        assert made["message"] == r"\[Tank\](x) \<b\>\_1\_\</b\> \`a\\b\` Water leak."


@pytest.mark.parametrize(
    ("event", "data"),
    [
        pytest.param("dismissed", {}, id="dismissed"),
        pytest.param("mobile_app_notification_action", {"action": "NAVILINK_ACKNOWLEDGE"}, id="on a phone"),
    ],
)
@pytest.mark.usefixtures("running")
async def test_alert_repeats_until_it_is_acknowledged(hass: HomeAssistant, event: str, data: dict[str, str]) -> None:
    await alert(hass, repeat_every=SECOND)
    async with followed(hass) as notifications:
        hass.states.async_set(LEAK, "on", {"friendly_name": "NWP500 Water leak"})
        await notifications.until(lambda: len(notifications.made) == 3)
        # The alert is given by now, and the automation waits: this takes much longer.
        await refresh(hass)
        if event == "dismissed":
            async_dismiss(hass, ALERT)
        else:
            hass.bus.async_fire(event, data)
        with pytest.raises(AssertionError):
            await notifications.until(lambda: len(notifications.made) > 3, seconds=2.5)
        hass.states.async_set(LEAK, "off")
        await wait_for(hass, AUTOMATION, lambda state: state.attributes["current"] == 0)
        assert not notifications.shown


@pytest.mark.usefixtures("running")
async def test_alert_that_nobody_acknowledges_ends_with_the_problem(hass: HomeAssistant) -> None:
    await alert(hass, repeat_every=60)
    async with followed(hass) as notifications:
        hass.states.async_set(LEAK, "on", {"friendly_name": "NWP500 Water leak"})
        await notifications.until(lambda: ALERT in notifications.shown)
        await refresh(hass)
        hass.states.async_set(LEAK, "off")
        await notifications.until(lambda: not notifications.shown)


async def test_problem_that_began_while_home_assistant_was_off_is_reported(
    hass: HomeAssistant, simulator: SimulatorProcess, entry: MockConfigEntry
) -> None:
    await simulator.fault("error", code=990)
    hass.set_state(CoreState.not_running)
    assert await hass.config_entries.async_setup(entry.entry_id)
    await wait_for_value(hass, FAULT, "on")
    await alert(hass)
    async with followed(hass) as notifications:
        await hass.async_start()
        await notifications.until(lambda: ALERT in notifications.shown)
        assert "Error E990: condensate overflow." in notifications.shown[ALERT]["message"]
