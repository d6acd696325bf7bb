"""A notification for each command that was not carried out, and for no other."""

from homeassistant.core import HomeAssistant, State
from homeassistant.exceptions import HomeAssistantError
from homeassistant.util import dt as dt_util
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from simulator.process import SimulatorProcess
from tests.integration.heaters import HEATER
from tests.integration.waiting import wait_for, wait_for_value

from .automations import AUTOMATION, automate
from .notifications import followed

OUTCOME = "event.nwp500_command_outcome"
NOT_CARRIED_OUT = ("rejected", "held", "unconfirmed", "expired", "superseded", "dropped", "failed")


async def set_temperature(hass: HomeAssistant, celsius: float) -> None:
    await hass.services.async_call(
        "water_heater", "set_temperature", {"entity_id": HEATER, "temperature": celsius}, blocking=True
    )


async def wait_for_outcome(hass: HomeAssistant, outcome: str) -> State:
    return await wait_for(hass, OUTCOME, lambda state: state.attributes["event_type"] == outcome)


@pytest.mark.usefixtures("running")
async def test_refused_command_is_reported_and_a_confirmed_one_is_not(
    hass: HomeAssistant, simulator: SimulatorProcess
) -> None:
    await automate(hass, "command_not_carried_out", outcome_entities=[OUTCOME])
    async with followed(hass) as notifications:
        await set_temperature(hass, 55)
        await wait_for_outcome(hass, "confirmed")
        await simulator.fault("ctrl_fail", code=7)
        with pytest.raises(HomeAssistantError):
            await set_temperature(hass, 60)
        state = await wait_for_outcome(hass, "rejected")
        await notifications.until(lambda: bool(notifications.made))
        (reported,) = notifications.made
        assert reported["title"] == "NWP500: command rejected"
        given_at = dt_util.as_local(dt_util.parse_datetime(state.attributes["queued_at"], raise_on_error=True))
        assert reported["message"].startswith('"target temperature 60 °C" was rejected by the heater')
        assert "(code 7)" in reported["message"]
        assert reported["message"].endswith(f"It was submitted on {given_at:%Y-%m-%d at %H:%M}.")
        assert reported["notification_id"] == f"navilink_{state.attributes['command_id']}"


@pytest.mark.usefixtures("running")
async def test_each_of_several_commands_is_reported(hass: HomeAssistant, simulator: SimulatorProcess) -> None:
    await automate(hass, "command_not_carried_out", outcome_entities=[OUTCOME], outcomes=["superseded"])
    async with followed(hass) as notifications:
        await simulator.fault("mqtt_down")
        await wait_for_value(hass, "binary_sensor.nwp500_connection", "off")
        for celsius in (45, 50, 55, 60):
            await set_temperature(hass, celsius)
        await simulator.fault("mqtt_up")
        await simulator.wait(applied=1)
        await wait_for_outcome(hass, "confirmed")
        await notifications.until(lambda: len(notifications.made) >= 3)
        assert [reported["message"].split('"')[1] for reported in notifications.made] == [
            f"target temperature {celsius} °C" for celsius in (45, 50, 55)
        ]


async def test_commands_that_end_within_a_millisecond_are_reported_each(hass: HomeAssistant) -> None:
    await automate(hass, "command_not_carried_out", outcome_entities=[OUTCOME])
    # The time of an outcome is cut to milliseconds, so the entity must have been there for one.
    hass.states.async_set(OUTCOME, "unknown", timestamp=dt_util.utcnow().timestamp() - 1)
    now = dt_util.utcnow().isoformat(timespec="milliseconds")
    async with followed(hass) as notifications:
        for number in range(3):
            attributes = {
                "event_type": "expired",
                "command": f"setpoint {number}",
                "command_id": f"id {number}",
                "reason": "waited for more than 1 h",
                "code": None,
                "queued_at": now,
            }
            hass.states.async_set(OUTCOME, now, attributes)
        # Neither another name, nor a reload that shows the last outcome again, is news.
        hass.states.async_set(OUTCOME, now, attributes | {"friendly_name": "Renamed"})
        hass.states.async_set(OUTCOME, "unavailable")
        hass.states.async_set(OUTCOME, now, attributes)
        await notifications.until(lambda: len(notifications.made) >= 3)
        await wait_for(hass, AUTOMATION, lambda state: state.attributes["current"] == 0)
        assert [reported["notification_id"] for reported in notifications.made] == [
            f"navilink_id {each}" for each in range(3)
        ]


@pytest.mark.parametrize("chosen", NOT_CARRIED_OUT)
async def test_every_outcome_has_its_words(hass: HomeAssistant, chosen: str) -> None:
    actions = [{"event": "heard", "event_data": {"message": "{{ message }}", "outcome": "{{ outcome }}"}}]
    await automate(
        hass, "command_not_carried_out", outcome_entities=[OUTCOME], outcomes=[chosen], notify_actions=actions
    )
    reported: list[str] = []
    hass.bus.async_listen("heard", lambda event: reported.append(event.data["message"]))
    hass.states.async_set(OUTCOME, "unknown", timestamp=dt_util.utcnow().timestamp() - 1)
    for outcome in (*NOT_CARRIED_OUT, "confirmed", "cleared"):
        now = dt_util.utcnow()
        attributes = {"event_type": outcome, "command": "mode eco", "command_id": outcome, "reason": "", "code": None}
        hass.states.async_set(OUTCOME, now.isoformat(), attributes | {"queued_at": now.isoformat()})
    await hass.async_block_till_done()
    (message,) = reported
    assert message.startswith('"mode eco" ')
    assert not message.startswith('"mode eco" .')


@pytest.mark.usefixtures("simulator")
async def test_reload_reports_nothing_again(
    hass: HomeAssistant, simulator: SimulatorProcess, running: MockConfigEntry
) -> None:
    await automate(hass, "command_not_carried_out", outcome_entities=[OUTCOME])
    async with followed(hass) as notifications:
        await simulator.fault("ctrl_fail", code=7)
        with pytest.raises(HomeAssistantError):
            await set_temperature(hass, 60)
        await notifications.until(lambda: bool(notifications.made))
        assert await hass.config_entries.async_reload(running.entry_id)
        await wait_for_outcome(hass, "rejected")
        await hass.async_block_till_done()
        assert len(notifications.made) == 1
