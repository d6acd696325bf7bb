"""The diagnostics download: useful, and without anything that tells who or where somebody is."""

from collections.abc import Mapping
from http import HTTPStatus
import json
import re
from typing import Any

from aiohttp import web
from aiohttp.test_utils import TestClient
from homeassistant.core import HomeAssistant
from homeassistant.helpers import device_registry as dr
from homeassistant.helpers import entity_registry as er
from homeassistant.setup import async_setup_component
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry
from pytest_homeassistant_custom_component.components.diagnostics import (
    get_diagnostics_for_config_entry,
    get_diagnostics_for_device,
)
from pytest_homeassistant_custom_component.typing import ClientSessionGenerator

from custom_components.navilink.config import create_auth_client
from custom_components.navilink.const import DOMAIN
from custom_components.navilink.nwp500 import NavienAuthClient
from simulator.process import SimulatorProcess
from tests.integration.actions import cut, device_id, set_mode, set_temperature
from tests.integration.heaters import HEATER, MAC, OTHER_HEATER, OTHER_MAC
from tests.integration.stored_files import StoredFiles
from tests.integration.waiting import wait_for, wait_for_value


async def test_diagnostics_tell_the_state_and_no_secret(
    hass: HomeAssistant, hass_client: ClientSessionGenerator, simulator: SimulatorProcess, running: MockConfigEntry
) -> None:
    assert await async_setup_component(hass, "diagnostics", {})
    await set_mode(hass, "heat_pump")
    await cut(hass, simulator)
    await set_temperature(hass, 60)
    diagnostics = await get_diagnostics_for_config_entry(hass, hass_client, running)

    heater = diagnostics["heaters"][0]
    connection = diagnostics["connection"]
    assert connection["reason"] in {"connection_lost", "network"}
    assert connection["since"] is not None
    assert connection["last_attempts"][0]["reason"] is None
    assert diagnostics["store"] == {"has_failed": False}
    assert heater["online"] is False
    assert heater["status"]["dhwTemperatureSetting"] == 98
    assert len(heater["status"]) == 103
    assert heater["feature"]["dhwTemperatureMax"] == 131
    assert [command["command"] for command in heater["queue"]["commands"]] == ["target temperature 60 °C"]
    assert heater["queue"]["outcomes"] == {"confirmed": 1}
    [ended] = heater["queue"]["recent"]
    assert (ended["command"], ended["outcome"], ended["reason"]) == (
        "mode heat pump",
        "confirmed",
        "the water heater reports it",
    )

    coordinator = running.runtime_data
    device = coordinator.data[MAC].device
    feature = coordinator.data[MAC].feature
    assert feature is not None
    assert device.location is not None
    secrets = [
        simulator.addresses["email"],
        simulator.addresses["password"],
        simulator.addresses["ca_file"],
        coordinator.client.client_id,
        MAC,
        "04:78:63:0a:1b:2c",
        device.additional_value,
        device.location.address,
        device.location.city,
        str(device.home_seq),
        feature.serial_number,
    ]
    reported = json.dumps(diagnostics).lower()
    for secret in secrets:
        assert secret
        assert secret.lower() not in reported


@pytest.fixture
def auth_clients(monkeypatch: pytest.MonkeyPatch) -> list[NavienAuthClient]:
    """The auth clients of the accounts, whose secrets nobody else may learn."""
    made: list[NavienAuthClient] = []

    def make(hass: HomeAssistant, data: Mapping[str, Any]) -> NavienAuthClient:
        made.append(create_auth_client(hass, data))
        return made[-1]

    monkeypatch.setattr("custom_components.navilink.coordinator.create_auth_client", make)
    return made


def secrets_of_the_account(hass: HomeAssistant, entry: MockConfigEntry, auth_client: NavienAuthClient) -> set[str]:
    """Return everything that tells who somebody is, or lets in."""
    jwt, aws = auth_client.current_tokens.jwt, auth_client.current_tokens.aws
    server = entry.data["private_server"]
    return {
        *(entry.data["email"], entry.data["password"], server["api_url"], server["ca_file"]),
        *(entry.title, entry.runtime_data.client.client_id, str(auth_client.user_seq)),
        *(jwt.access_token, str(jwt.refresh_token), str(jwt.id_token)),
        *(aws.access_key_id, aws.secret_key, aws.session_token),
        *(hass.config.config_dir, hass.config.path(".storage", f"{DOMAIN}.{entry.entry_id}")),
    }


def secrets_of_the_heaters(entry: MockConfigEntry) -> set[str]:
    """Return everything that tells which heaters they are, and where."""
    secrets: set[str] = set()
    for heater in entry.runtime_data.data.values():
        device, sequence, feature = heater.device, heater.device.location, heater.feature
        assert sequence is not None
        assert feature is not None
        pairs = [device.mac_address[start : start + 2] for start in range(0, 12, 2)]
        secrets |= {device.mac_address, ":".join(pairs), "-".join(pairs)}
        secrets |= {device.additional_value, str(device.home_seq), str(feature.serial_number)}
        secrets |= {str(sequence.state), str(sequence.city), str(sequence.address), device.name}
    # A name that is the product's tells nothing.
    return secrets - {"NWP500"}


def told_secrets(text: str, secrets: set[str]) -> list[str]:
    """Return the secrets in a text; short numbers count only where they are not part of a longer one."""
    return [
        secret
        for secret in sorted(map(str.lower, secrets))
        if re.search(rf"(?<![0-9a-z]){re.escape(secret)}(?![0-9a-z])" if secret.isalnum() else re.escape(secret), text)
    ]


async def download(client: TestClient[web.Request, web.Application], path: str) -> str:
    """Download a whole file, with what Home Assistant itself adds, as text in lower case."""
    response = await client.get(f"/api/diagnostics/config_entry/{path}")
    assert response.status == HTTPStatus.OK
    return json.dumps(await response.json(), ensure_ascii=False).lower()


@pytest.mark.parametrize("simulator_options", [("--heaters", "2")])
@pytest.mark.parametrize("options", [{"queue_size": 1}])
async def test_no_secret_is_anywhere_in_a_download(
    hass: HomeAssistant,
    hass_client: ClientSessionGenerator,
    simulator: SimulatorProcess,
    auth_clients: list[NavienAuthClient],
    running: MockConfigEntry,
    stored_files: StoredFiles,
) -> None:
    assert await async_setup_component(hass, "diagnostics", {})
    await wait_for(hass, HEATER, lambda state: state.attributes["min_temp"] == 40.5)
    await wait_for(hass, OTHER_HEATER, lambda state: state.attributes["min_temp"] == 40.5)
    # Names that somebody gave.
    other = device_id(hass, running, OTHER_MAC)
    dr.async_get(hass).async_update_device(other, name_by_user="Grandmother's")
    entity_id = "water_heater.grandmothers"
    er.async_get(hass).async_update_entity(OTHER_HEATER, name="Granny's boiler", new_entity_id=entity_id)
    await hass.async_block_till_done()
    hass.config_entries.async_update_entry(running, title="Doe family")
    # Commands of every kind: carried out, given up (which raises an issue), and waiting.
    await set_mode(hass, "heat_pump", entity_id)
    await cut(hass, simulator)
    await set_temperature(hass, 60, entity_id)
    await set_temperature(hass, 60)
    await set_temperature(hass, 55, entity_id)
    # A file that cannot be read, which raises an issue that names it.
    secrets = {"guest house", "grandmother", "granny", *secrets_of_the_heaters(running)}
    secrets |= secrets_of_the_account(hass, running, auth_clients[0])
    storage_key = f"{DOMAIN}.{running.entry_id}"
    assert await hass.config_entries.async_unload(running.entry_id)
    stored = stored_files[storage_key]
    stored_files[storage_key] = {**stored, "data": {"devices": "damaged"}}
    await simulator.fault("mqtt_up")
    assert await hass.config_entries.async_setup(running.entry_id)
    await wait_for_value(hass, HEATER, "eco")
    secrets |= secrets_of_the_account(hass, running, auth_clients[1])

    client = await hass_client()
    whole = await download(client, running.entry_id)
    assert "lost_commands" in whole
    assert "unreadable_store" in whole
    assert told_secrets(whole, secrets) == []
    for mac_address in (MAC, OTHER_MAC):
        path = f"{running.entry_id}/device/{device_id(hass, running, mac_address)}"
        assert told_secrets(await download(client, path), secrets) == []


@pytest.mark.parametrize("simulator_options", [("--heaters", "2")])
async def test_diagnostics_of_one_heater(
    hass: HomeAssistant, hass_client: ClientSessionGenerator, simulator: SimulatorProcess, running: MockConfigEntry
) -> None:
    assert await async_setup_component(hass, "diagnostics", {})
    await wait_for_value(hass, OTHER_HEATER, "eco")
    # Its own limits show that it has told its features.
    await wait_for(hass, HEATER, lambda state: state.attributes["min_temp"] == 40.5)
    await simulator.device(OTHER_MAC, dhwTemperatureSetting=104)
    await hass.services.async_call("button", "press", {"entity_id": "button.guest_house_refresh"}, blocking=True)
    await wait_for(hass, OTHER_HEATER, lambda state: state.attributes["temperature"] == 52)
    device = dr.async_get(hass).async_get(device_id(hass, running, OTHER_MAC))
    assert device is not None
    diagnostics = await get_diagnostics_for_device(hass, hass_client, running, device)
    [heater] = diagnostics["heaters"]
    assert heater["status"]["dhwTemperatureSetting"] == 104
    assert diagnostics["connection"]["state"] == "connected"
    assert heater["connection_status"] == "connected"
    reported = json.dumps(diagnostics).lower()
    for secret in (MAC, OTHER_MAC, simulator.addresses["email"], simulator.addresses["password"]):
        assert secret not in reported
