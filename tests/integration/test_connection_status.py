"""What a user sees while nothing works: the reason, since when, and when it is tried again."""

import asyncio
from collections.abc import Mapping
from datetime import datetime
import json
import logging
from pathlib import Path
from typing import Any

from awscrt import mqtt
from homeassistant.core import Event, EventStateChangedData, HomeAssistant, State, callback
from homeassistant.helpers import issue_registry as ir
from homeassistant.helpers.event import async_track_state_change_event
from homeassistant.setup import async_setup_component
from homeassistant.util import dt as dt_util
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry, get_system_health_info
from pytest_homeassistant_custom_component.components.diagnostics import get_diagnostics_for_config_entry
from pytest_homeassistant_custom_component.typing import ClientSessionGenerator

from custom_components.navilink import config, heater
from custom_components.navilink.const import DOMAIN
from custom_components.navilink.coordinator import CONFIRMATION_DELAY
from custom_components.navilink.nwp500 import ConnectionProblem, ConnectionResumed, MqttConnectionConfig
from simulator.process import SimulatorProcess
from tests.integration.accounts import entry_data, private_server
from tests.integration.actions import cut, set_mode, set_temperature, shown
from tests.integration.waiting import wait_for, wait_for_value

STATUS = "sensor.nwp500_connection_status"
TROUBLESHOOTING = Path(__file__).parents[2] / "docs" / "troubleshooting.md"
TEXTS = Path(heater.__file__).parent / "translations" / "en.json"


def own_lines(caplog: pytest.LogCaptureFixture, level: int) -> list[str]:
    """Return what the integration and its client have logged at a level."""
    return [
        record.getMessage()
        for record in caplog.records
        if record.name.startswith("custom_components.navilink") and record.levelno == level
    ]


def with_server(simulator: SimulatorProcess, **server: object) -> Mapping[str, Any]:
    return entry_data(simulator) | {"private_server": private_server(simulator) | server}


def changes_of(hass: HomeAssistant, entity_id: str) -> list[State]:
    """Return the list that each new state of an entity comes to from now on."""
    states: list[State] = []

    @callback
    def changed(event: Event[EventStateChangedData]) -> None:
        if event.data["new_state"] is not None:
            states.append(event.data["new_state"])

    async_track_state_change_event(hass, [entity_id], changed)
    return states


async def next_attempt(hass: HomeAssistant, before: State) -> State:
    """Wait until one more attempt has failed."""
    return await wait_for(
        hass, STATUS, lambda state: bool(state.attributes["next_attempt"] > before.attributes["next_attempt"])
    )


async def test_a_service_that_is_down_from_the_start_is_reported_once(
    hass: HomeAssistant, simulator: SimulatorProcess, entry: MockConfigEntry, caplog: pytest.LogCaptureFixture
) -> None:
    await simulator.fault("mqtt_down")
    assert await hass.config_entries.async_setup(entry.entry_id)
    first = await wait_for_value(hass, STATUS, ConnectionProblem.NETWORK)
    assert first.attributes["detail"] == "MQTT service: AWS_IO_SOCKET_CONNECTION_REFUSED"
    assert isinstance(first.attributes["since"], datetime)
    assert first.attributes["since"] <= dt_util.utcnow() <= first.attributes["next_attempt"]
    states = changes_of(hass, STATUS)
    await next_attempt(hass, first)
    # One for each attempt, and what changes with each is not recorded.
    assert len(states) == 1
    assert states[0].attributes["since"] == first.attributes["since"]
    assert states[0].state_info is not None
    assert "next_attempt" in states[0].state_info["unrecorded_attributes"]
    await simulator.fault("mqtt_up")
    state = await wait_for_value(hass, STATUS, heater.CONNECTED)
    assert (state.attributes["detail"], state.attributes["next_attempt"]) == (None, None)
    assert state.attributes["since"] > first.attributes["since"]
    await wait_for_value(hass, "water_heater.nwp500", "eco")
    reason = "the service cannot be reached over the network (MQTT service: AWS_IO_SOCKET_CONNECTION_REFUSED)"
    assert own_lines(caplog, logging.WARNING) == [f"Cannot connect to NaviLink, trying again: {reason}"]
    assert own_lines(caplog, logging.INFO) == ["Connected to NaviLink, queued commands: 0"]
    assert await hass.config_entries.async_unload(entry.entry_id)


async def test_an_outage_is_two_lines_however_often_it_is_tried(
    hass: HomeAssistant, simulator: SimulatorProcess, running: MockConfigEntry, caplog: pytest.LogCaptureFixture
) -> None:
    await wait_for_value(hass, STATUS, heater.CONNECTED)
    caplog.clear()
    await simulator.fault("mqtt_down")
    first = await wait_for_value(hass, STATUS, ConnectionProblem.NETWORK)
    await next_attempt(hass, first)
    resumed: asyncio.Future[ConnectionResumed] = hass.loop.create_future()
    running.runtime_data.client.once("connection_resumed", resumed.set_result)
    await simulator.fault("mqtt_up")
    await resumed
    lost, back = own_lines(caplog, logging.INFO)
    assert lost.startswith("Disconnected from NaviLink: the connection was lost (MQTT service: AWS_")
    assert back == "Connected to NaviLink, queued commands: 0"
    assert own_lines(caplog, logging.WARNING) == []


async def test_an_outage_of_both_services_is_two_lines_as_well(
    hass: HomeAssistant, simulator: SimulatorProcess, running: MockConfigEntry, caplog: pytest.LogCaptureFixture
) -> None:
    await wait_for_value(hass, STATUS, heater.CONNECTED)
    caplog.clear()
    await simulator.fault("api_down")
    await simulator.fault("mqtt_down")
    await wait_for_value(hass, STATUS, ConnectionProblem.NETWORK)
    known = dict(running.runtime_data.data)
    await running.runtime_data.async_refresh()
    assert running.runtime_data.data.keys() == known.keys()
    assert running.runtime_data.update_interval == CONFIRMATION_DELAY
    resumed: asyncio.Future[ConnectionResumed] = hass.loop.create_future()
    running.runtime_data.client.once("connection_resumed", resumed.set_result)
    await simulator.fault("mqtt_up")
    await resumed
    await simulator.fault("api_down", on=False)
    await running.runtime_data.async_refresh()
    assert len(own_lines(caplog, logging.INFO)) == 2
    assert own_lines(caplog, logging.WARNING) == own_lines(caplog, logging.ERROR) == []


async def test_a_sign_in_service_that_is_down_alone_is_two_lines(
    hass: HomeAssistant, simulator: SimulatorProcess, running: MockConfigEntry, caplog: pytest.LogCaptureFixture
) -> None:
    await wait_for_value(hass, STATUS, heater.CONNECTED)
    caplog.clear()
    await simulator.fault("api_down")
    for _ in range(3):
        await running.runtime_data.async_refresh()
    # It is connected again meanwhile: that is no end of it.
    await simulator.fault("mqtt_down")
    await wait_for_value(hass, STATUS, ConnectionProblem.NETWORK)
    await running.runtime_data.async_refresh()
    (down,) = own_lines(caplog, logging.ERROR)
    assert down.startswith("Error fetching navilink data: Error communicating with the NaviLink service")
    await simulator.fault("api_down", on=False)
    await running.runtime_data.async_refresh()
    assert "Fetching navilink data recovered" in own_lines(caplog, logging.INFO)


async def test_an_unknown_host(hass: HomeAssistant, simulator: SimulatorProcess, entry: MockConfigEntry) -> None:
    hass.config_entries.async_update_entry(entry, data=with_server(simulator, mqtt_endpoint="mqtt.invalid"))
    assert await hass.config_entries.async_setup(entry.entry_id)
    await wait_for_value(hass, STATUS, ConnectionProblem.NAME_RESOLUTION)
    assert await hass.config_entries.async_unload(entry.entry_id)


async def test_refused_credentials_and_the_diagnostics_of_them(
    hass: HomeAssistant, hass_client: ClientSessionGenerator, simulator: SimulatorProcess, entry: MockConfigEntry
) -> None:
    for component in ("diagnostics", "system_health"):
        assert await async_setup_component(hass, component, {})
    await simulator.fault("refuse_upgrade", status=403)
    assert await hass.config_entries.async_setup(entry.entry_id)
    state = await wait_for_value(hass, STATUS, ConnectionProblem.UPGRADE_REFUSED)
    assert state.attributes["detail"] == "MQTT service: HTTP 403"
    diagnostics = (await get_diagnostics_for_config_entry(hass, hass_client, entry))["connection"]
    assert diagnostics["reason"] == "upgrade_refused"
    assert [attempt["detail"] for attempt in diagnostics["last_attempts"]][:1] == ["MQTT service: HTTP 403"]
    info = await get_system_health_info(hass, DOMAIN)
    assert await info["can_reach_service"] == await info["can_reach_mqtt"] == "ok"
    assert info["accounts"] == "1: Credentials rejected (MQTT service: HTTP 403)"
    await simulator.fault("refuse_upgrade", status=503)
    await wait_for_value(hass, STATUS, ConnectionProblem.SERVICE_BUSY)
    assert await hass.config_entries.async_unload(entry.entry_id)


async def test_a_runtime_of_another_version_is_an_issue_until_it_fits(
    hass: HomeAssistant, entry: MockConfigEntry, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    def older(**_: object) -> None:
        raise TypeError("Connection.__init__() got an unexpected keyword argument 'disable_metrics'")

    registry = ir.async_get(hass)
    issue_id = f"broken_connection_{entry.entry_id}"
    with monkeypatch.context() as patch:
        patch.setattr(mqtt, "Connection", older)
        assert await hass.config_entries.async_setup(entry.entry_id)
        client = entry.runtime_data.client
        state = await wait_for_value(hass, STATUS, ConnectionProblem.UNEXPECTED_ERROR)
        assert registry.async_get_issue(DOMAIN, issue_id) is None
        while client.connection_report.failed_attempts < 3:
            state = await next_attempt(hass, state)
        issue = registry.async_get_issue(DOMAIN, issue_id)
        assert issue is not None
        assert issue.translation_placeholders == {"account": "NWP500", "error": "TypeError"}
    await wait_for_value(hass, STATUS, heater.CONNECTED)
    assert registry.async_get_issue(DOMAIN, issue_id) is None
    assert own_lines(caplog, logging.ERROR) == ["The connection to NaviLink failed unexpectedly"]
    assert caplog.text.count("Traceback") == 1
    assert await hass.config_entries.async_unload(entry.entry_id)


async def test_a_heater_that_is_gone(
    hass: HomeAssistant, simulator: SimulatorProcess, running: MockConfigEntry, monkeypatch: pytest.MonkeyPatch
) -> None:
    await wait_for_value(hass, STATUS, heater.CONNECTED)
    await simulator.fault("device_offline")
    await wait_for_value(hass, STATUS, heater.HEATER_OFFLINE)
    await simulator.fault("device_offline", on=False)
    await wait_for_value(hass, STATUS, heater.CONNECTED)
    client = running.runtime_data.client
    # The silence of a heater takes minutes, so it is not waited for here.
    monkeypatch.setattr(type(client), "is_silent", lambda _client, _device: True)
    await running.runtime_data.async_refresh()
    await wait_for_value(hass, STATUS, ConnectionProblem.NO_ANSWER)


async def test_credentials_that_are_refused_for_good(
    hass: HomeAssistant, simulator: SimulatorProcess, running: MockConfigEntry
) -> None:
    assert running.domain == DOMAIN
    await simulator.fault("change_password", password="a new one")
    await simulator.fault("cut")
    state = await wait_for_value(hass, STATUS, ConnectionProblem.SIGN_IN_REFUSED)
    assert state.attributes["next_attempt"] is None


async def test_nothing_is_written_while_nothing_changes(hass: HomeAssistant, running: MockConfigEntry) -> None:
    before = await wait_for_value(hass, STATUS, heater.CONNECTED)
    for _ in range(5):
        await running.runtime_data.async_refresh()
    assert shown(hass, STATUS) is before


def test_every_state_is_explained_in_the_documents() -> None:
    states = json.loads(TEXTS.read_text())["entity"]["sensor"]["connection_status"]["state"]
    assert set(states) == set(heater.CONNECTION_STATES)
    table = TROUBLESHOOTING.read_text().partition("| **Connection status** | What to do |")[2].partition("\n\n")[0]
    explained = [name for row in table.splitlines()[2:] for name in row.split("|")[1].strip().split(", ")]
    assert sorted(explained) == sorted(states.values())


async def test_a_list_that_fails_while_disconnected_is_not_reported_once_more(
    hass: HomeAssistant, simulator: SimulatorProcess, running: MockConfigEntry, caplog: pytest.LogCaptureFixture
) -> None:
    await simulator.fault("api_down")
    await simulator.fault("mqtt_down")
    await wait_for_value(hass, "binary_sensor.nwp500_connection", "off")
    await running.runtime_data.async_refresh()
    assert running.runtime_data.last_update_success
    assert not own_lines(caplog, logging.ERROR)
    await simulator.fault("mqtt_up")
    await wait_for_value(hass, "binary_sensor.nwp500_connection", "on")
    # Connected, it is the list that does not work.
    await running.runtime_data.async_refresh()
    assert not running.runtime_data.last_update_success
    assert len(own_lines(caplog, logging.ERROR)) == 1


@pytest.mark.usefixtures("running")
async def test_the_commands_that_were_queued_are_counted_when_the_connection_is_back(
    hass: HomeAssistant, simulator: SimulatorProcess, caplog: pytest.LogCaptureFixture
) -> None:
    await cut(hass, simulator)
    await set_temperature(hass, 60)
    await set_mode(hass, "heat_pump")
    await simulator.fault("mqtt_up")
    await simulator.wait(applied=2)
    assert "Connected to NaviLink, queued commands: 2" in own_lines(caplog, logging.INFO)


async def test_a_first_attempt_that_fails_is_logged_once_although_a_command_cuts_the_pause(
    hass: HomeAssistant,
    simulator: SimulatorProcess,
    running: MockConfigEntry,
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert await hass.config_entries.async_unload(running.entry_id)
    await simulator.fault("mqtt_down")
    # As installed: the pause of a home that has nothing to send is longer.
    monkeypatch.setattr(config, "MqttConnectionConfig", MqttConnectionConfig)
    assert await hass.config_entries.async_setup(running.entry_id)
    before = await wait_for_value(hass, STATUS, ConnectionProblem.NETWORK)
    caplog.clear()
    await set_temperature(hass, 60)
    after = await wait_for(
        hass, STATUS, lambda state: state.attributes["next_attempt"] != before.attributes["next_attempt"]
    )
    assert after.attributes["next_attempt"] < before.attributes["next_attempt"]
    assert own_lines(caplog, logging.WARNING) == []
