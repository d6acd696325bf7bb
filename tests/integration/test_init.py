"""The life of an entry: set up, taken down, in trouble, and when the account's heaters come and go."""

import asyncio
from datetime import timedelta
import logging

from freezegun.api import FrozenDateTimeFactory
from homeassistant.config_entries import SOURCE_REAUTH, ConfigEntryState
from homeassistant.const import EVENT_HOMEASSISTANT_STOP, STATE_UNAVAILABLE
from homeassistant.core import HomeAssistant
from homeassistant.helpers import device_registry as dr
from homeassistant.setup import async_setup_component
from homeassistant.util import dt as dt_util
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry, async_fire_time_changed
from pytest_homeassistant_custom_component.typing import WebSocketGenerator

from custom_components.navilink.const import DOMAIN
from custom_components.navilink.coordinator import STATUS_INTERVAL
from custom_components.navilink.heater import FRESH_FOR
from simulator.process import SimulatorProcess
from tests.integration.accounts import NOTICE, entry_data
from tests.integration.heaters import HEATER, MAC
from tests.integration.waiting import next_event, wait_for, wait_for_value

TEMPERATURE = "sensor.nwp500_upper_tank_temperature"
CONNECTION = "binary_sensor.nwp500_connection"
# Two for each of the questions that the client waits for, on the first connection and the second.
MOST_POLLS_TO_ABSENCE = 10


async def pass_time(hass: HomeAssistant, freezer: FrozenDateTimeFactory, period: timedelta) -> None:
    """Let a period go by for Home Assistant's timers."""
    freezer.tick(period)
    async_fire_time_changed(hass)
    await hass.async_block_till_done()


def poll_now(hass: HomeAssistant) -> None:
    """Let the next poll be due, without moving the clock that the real parts live by."""
    async_fire_time_changed(hass, dt_util.utcnow() + STATUS_INTERVAL + timedelta(seconds=1))


async def test_set_up_unload_and_reload(
    hass: HomeAssistant, simulator: SimulatorProcess, running: MockConfigEntry
) -> None:
    await simulator.wait(connections=1)
    assert await hass.config_entries.async_unload(running.entry_id)
    assert running.state is ConfigEntryState.NOT_LOADED
    await simulator.wait(connections=0)
    state = hass.states.get(HEATER)
    assert state is not None
    assert state.state == STATE_UNAVAILABLE

    assert await hass.config_entries.async_setup(running.entry_id)
    await simulator.wait(connections=1)
    await wait_for_value(hass, HEATER, "eco")
    assert await hass.config_entries.async_reload(running.entry_id)
    await simulator.wait(connections=1)
    await wait_for_value(hass, HEATER, "eco")


@pytest.mark.usefixtures("running")
async def test_connection_ends_with_home_assistant(hass: HomeAssistant, simulator: SimulatorProcess) -> None:
    hass.bus.async_fire(EVENT_HOMEASSISTANT_STOP)
    await simulator.wait(connections=0)


async def test_connection_that_is_down_does_not_fail_the_set_up(
    hass: HomeAssistant, simulator: SimulatorProcess, entry: MockConfigEntry
) -> None:
    await simulator.fault("mqtt_down")
    assert await hass.config_entries.async_setup(entry.entry_id)
    await wait_for_value(hass, CONNECTION, "off")
    # Nothing is known about the heater yet, but the connection and the queue are.
    await wait_for_value(hass, HEATER, STATE_UNAVAILABLE)
    await wait_for_value(hass, TEMPERATURE, STATE_UNAVAILABLE)
    await wait_for_value(hass, "sensor.nwp500_queued_commands", "0")
    await simulator.fault("mqtt_up")
    await wait_for_value(hass, HEATER, "eco")
    await wait_for_value(hass, CONNECTION, "on")
    assert await hass.config_entries.async_unload(entry.entry_id)


async def test_service_that_is_down_is_tried_again(
    hass: HomeAssistant, simulator: SimulatorProcess, entry: MockConfigEntry
) -> None:
    await simulator.fault("api_down")
    assert not await hass.config_entries.async_setup(entry.entry_id)
    assert entry.error_reason_translation_key == "cannot_connect"
    assert not hass.config_entries.flow.async_progress()
    await simulator.fault("api_down", on=False)
    async_fire_time_changed(hass, dt_util.utcnow() + timedelta(seconds=30))
    await wait_for_value(hass, HEATER, "eco")
    assert entry.state is ConfigEntryState.LOADED
    assert await hass.config_entries.async_unload(entry.entry_id)


async def test_notice_of_maintenance_is_reported(
    hass: HomeAssistant, simulator: SimulatorProcess, entry: MockConfigEntry
) -> None:
    await simulator.fault("maintenance")
    assert not await hass.config_entries.async_setup(entry.entry_id)
    assert entry.state is ConfigEntryState.SETUP_RETRY
    assert entry.error_reason_translation_key == "maintenance"
    assert entry.error_reason_translation_placeholders == {"notice": NOTICE}
    assert not hass.config_entries.flow.async_progress()


async def test_wrong_password_asks_to_sign_in_again(
    hass: HomeAssistant, simulator: SimulatorProcess, entry: MockConfigEntry
) -> None:
    hass.config_entries.async_update_entry(entry, data=entry_data(simulator) | {"password": "wrong horse"})
    assert not await hass.config_entries.async_setup(entry.entry_id)
    assert entry.state is ConfigEntryState.SETUP_ERROR
    flows = hass.config_entries.flow.async_progress_by_handler(DOMAIN)
    assert [flow["context"]["source"] for flow in flows] == [SOURCE_REAUTH]


@pytest.mark.usefixtures("running")
async def test_stale_values_are_not_shown(
    hass: HomeAssistant, simulator: SimulatorProcess, freezer: FrozenDateTimeFactory
) -> None:
    await simulator.fault("mqtt_down")
    await wait_for_value(hass, CONNECTION, "off")
    state = hass.states.get(TEMPERATURE)
    assert state is not None
    assert float(state.state) > 45
    await pass_time(hass, freezer, FRESH_FOR + timedelta(seconds=1))
    await wait_for_value(hass, TEMPERATURE, STATE_UNAVAILABLE)
    await wait_for_value(hass, "binary_sensor.nwp500_fault", STATE_UNAVAILABLE)
    # The water heater still takes commands; it only no longer claims to know the temperature.
    heater = await wait_for_value(hass, HEATER, "eco")
    assert heater.attributes["current_temperature"] is None
    assert heater.attributes["temperature"] is not None


@pytest.mark.usefixtures("running")
async def test_heater_that_goes_offline_and_comes_back(
    hass: HomeAssistant, simulator: SimulatorProcess, caplog: pytest.LogCaptureFixture
) -> None:
    await simulator.fault("device_offline")
    await wait_for_value(hass, CONNECTION, "off")
    # Its last values are not that old yet.
    state = hass.states.get(TEMPERATURE)
    assert state is not None
    assert state.state != STATE_UNAVAILABLE
    await simulator.device(MAC, tankUpperTemperature=555)
    await simulator.fault("device_offline", on=False)
    await wait_for_value(hass, CONNECTION, "on")
    # It is asked at once, without waiting for the next poll.
    await wait_for(hass, TEMPERATURE, lambda state: float(state.state) > 55)
    assert caplog.text.count("NWP500 is offline") == 1
    assert caplog.text.count("NWP500 is back online") == 1


async def test_heater_that_leaves_questions_unanswered_is_offline(
    hass: HomeAssistant, simulator: SimulatorProcess, running: MockConfigEntry
) -> None:
    client = running.runtime_data.client
    gone = asyncio.Event()
    client.on("device_offline", lambda _: gone.set())
    # Nobody says that it is gone. At first the connection is replaced, as it may be deaf.
    for suffix in ("st", "st/did"):
        await simulator.fault("silent", suffix=suffix, count=1000)
    for _ in range(MOST_POLLS_TO_ABSENCE):
        poll_now(hass)
        await hass.async_block_till_done()
        if not client.is_connected:
            await next_event(client, "connection_resumed")
        if gone.is_set():
            break
    assert client.is_connected
    await wait_for_value(hass, CONNECTION, "off")


async def test_heater_not_heard_since_a_restart_is_online_as_the_account_has_it(
    hass: HomeAssistant, simulator: SimulatorProcess, running: MockConfigEntry
) -> None:
    for suffix in ("st", "st/did"):
        await simulator.fault("silent", suffix=suffix, count=1000)
    assert await hass.config_entries.async_reload(running.entry_id)
    await wait_for_value(hass, CONNECTION, "on")
    assert running.runtime_data.data[MAC].last_message_at is None


@pytest.mark.parametrize("simulator_options", [("--offline-heaters", "1")])
async def test_heater_that_comes_online(
    hass: HomeAssistant, simulator: SimulatorProcess, entry: MockConfigEntry
) -> None:
    assert await hass.config_entries.async_setup(entry.entry_id)
    await simulator.wait(received=2)
    await wait_for_value(hass, CONNECTION, "off")
    await wait_for_value(hass, HEATER, STATE_UNAVAILABLE)
    await simulator.fault("device_offline", on=False)
    await hass.services.async_call("button", "press", {"entity_id": "button.nwp500_refresh"}, blocking=True)
    await wait_for_value(hass, CONNECTION, "on")
    await wait_for_value(hass, HEATER, "eco")
    assert await hass.config_entries.async_unload(entry.entry_id)


@pytest.mark.usefixtures("running")
async def test_polls_ask_for_the_status(hass: HomeAssistant, simulator: SimulatorProcess) -> None:
    await simulator.device(MAC, tankUpperTemperature=555)
    poll_now(hass)
    await wait_for(hass, TEMPERATURE, lambda state: float(state.state) > 55)


@pytest.mark.usefixtures("running")
async def test_polls_are_not_queued(hass: HomeAssistant, simulator: SimulatorProcess) -> None:
    await simulator.fault("mqtt_down")
    await wait_for_value(hass, CONNECTION, "off")
    before = len((await simulator.state())["received"])
    for _ in range(3):
        poll_now(hass)
        await hass.async_block_till_done()
    await simulator.fault("mqtt_up")
    await wait_for_value(hass, CONNECTION, "on")
    await simulator.wait(received=before + 2)
    asked = [message["topic"].partition(f"{MAC}/")[2] for message in (await simulator.state())["received"][before:]]
    # Then the schedules are read.
    assert sorted(suffix for suffix in asked if suffix != "st/rsv/rd") == ["st", "st/did"]


@pytest.mark.parametrize("simulator_options", [("--heaters", "50")])
async def test_heater_without_room_to_be_heard_does_not_hide_the_others(
    hass: HomeAssistant, entry: MockConfigEntry, caplog: pytest.LogCaptureFixture
) -> None:
    """A connection has 50 subscriptions: one for the replies to this client, and one for each heater."""
    assert await hass.config_entries.async_setup(entry.entry_id)
    assert caplog.text.count("Could not subscribe to ") == 1
    await wait_for_value(hass, CONNECTION, "on")
    assert len(hass.states.async_entity_ids("water_heater")) == 50
    assert await hass.config_entries.async_unload(entry.entry_id)


async def test_list_that_fails_changes_nothing(
    hass: HomeAssistant, simulator: SimulatorProcess, running: MockConfigEntry
) -> None:
    await simulator.fault("api_down")
    before = len((await simulator.state())["rest_requests"])
    await running.runtime_data.async_refresh()
    await hass.async_block_till_done(wait_background_tasks=True)
    assert len((await simulator.state())["rest_requests"]) > before
    await wait_for_value(hass, HEATER, "eco")
    await wait_for_value(hass, CONNECTION, "on")


async def test_changed_password_asks_to_sign_in_again(
    hass: HomeAssistant, simulator: SimulatorProcess, running: MockConfigEntry
) -> None:
    refused = asyncio.create_task(next_event(running.runtime_data.client, "connection_refused"))
    await simulator.fault("change_password", password="a new one")
    await simulator.fault("cut")
    await refused
    await hass.async_block_till_done()
    flows = hass.config_entries.flow.async_progress_by_handler(DOMAIN)
    assert [flow["context"]["source"] for flow in flows] == [SOURCE_REAUTH]
    assert flows[0]["context"]["entry_id"] == running.entry_id


async def test_only_a_heater_that_left_can_be_removed(
    hass: HomeAssistant, running: MockConfigEntry, hass_ws_client: WebSocketGenerator
) -> None:
    assert await async_setup_component(hass, "config", {})
    registry = dr.async_get(hass)
    left = registry.async_get_or_create(config_entry_id=running.entry_id, identifiers={(DOMAIN, "0478630a1bff")})
    listed = registry.async_get_device_by_identifier((DOMAIN, MAC), running.entry_id)
    assert listed is not None
    client = await hass_ws_client(hass)
    assert (await client.remove_device(left.id))["success"]
    assert not (await client.remove_device(listed.id))["success"]
    # While the account is not set up, nobody knows what it lists.
    assert await hass.config_entries.async_unload(running.entry_id)
    refused = await client.remove_device(listed.id)
    assert refused["error"]["message"] == "Failed to remove device entry, rejected by integration"


async def test_new_firmware_is_shown(
    hass: HomeAssistant, simulator: SimulatorProcess, running: MockConfigEntry
) -> None:
    await wait_for(hass, HEATER, lambda state: state.attributes["min_temp"] == 40.5)
    reported = asyncio.create_task(next_event(running.runtime_data.client, "firmware_changed"))
    await simulator.device(MAC, feature={"controllerSwVersion": 184942592})
    await hass.services.async_call("button", "press", {"entity_id": "button.nwp500_refresh"}, blocking=True)
    await reported
    device = dr.async_get(hass).async_get_device_by_identifier((DOMAIN, MAC), running.entry_id)
    assert device is not None
    assert device.sw_version == "11.6.0.0"


async def test_device_is_described(hass: HomeAssistant, running: MockConfigEntry) -> None:
    # The heater's own limits show that it has reported its features.
    await wait_for(hass, HEATER, lambda state: state.attributes["min_temp"] == 40.5)
    device = dr.async_get(hass).async_get_device_by_identifier((DOMAIN, MAC), running.entry_id)
    assert device is not None
    assert device.manufacturer == "Navien"
    assert device.model == "NWP500 (65 gal)"
    assert device.sw_version == "11.5.0.0"
    assert device.serial_number
    assert (dr.CONNECTION_NETWORK_MAC, "04:78:63:0a:1b:2c") in device.connections


@pytest.mark.usefixtures("running")
async def test_no_secret_in_the_log(
    hass: HomeAssistant, simulator: SimulatorProcess, caplog: pytest.LogCaptureFixture
) -> None:
    logging.getLogger("custom_components.navilink").setLevel(logging.DEBUG)
    await simulator.fault("cut")
    await wait_for_value(hass, CONNECTION, "off")
    await wait_for_value(hass, CONNECTION, "on")
    own_lines = "\n".join(
        record.getMessage() for record in caplog.records if record.name.startswith("custom_components.navilink")
    )
    for secret in (MAC, simulator.addresses["email"], simulator.addresses["password"], "BT00000001"):
        assert secret not in own_lines
