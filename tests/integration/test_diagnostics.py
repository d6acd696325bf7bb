"""The diagnostics download: useful, and without anything that shows who or where somebody is."""

from collections.abc import Mapping
from dataclasses import asdict, fields
from http import HTTPStatus
from importlib.metadata import version
import json
from pathlib import Path
import re
from typing import Any
from urllib.parse import urlsplit

from aiohttp import web
from aiohttp.test_utils import TestClient
from homeassistant.const import __version__
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

from custom_components import navilink
from custom_components.navilink import diagnostics
from custom_components.navilink.config import create_auth_client
from custom_components.navilink.const import DOMAIN
from custom_components.navilink.nwp500 import NavienAuthClient
from custom_components.navilink.nwp500.rest.tokens import IssuedSecrets
from simulator.process import SimulatorProcess
from tests.integration.actions import cut, device_id, set_mode, set_temperature
from tests.integration.heaters import HEATER, MAC, OTHER_HEATER, OTHER_MAC
from tests.integration.stored_files import StoredFiles
from tests.integration.waiting import wait_for, wait_for_value


async def test_diagnostics_of_an_account(
    hass: HomeAssistant, hass_client: ClientSessionGenerator, simulator: SimulatorProcess, running: MockConfigEntry
) -> None:
    assert await async_setup_component(hass, "diagnostics", {})
    await set_mode(hass, "heat_pump")
    await cut(hass, simulator)
    await set_temperature(hass, 60)
    found = await get_diagnostics_for_config_entry(hass, hass_client, running)

    heater = found["heaters"][0]
    connection = found["connection"]
    assert connection["reason"] in {"connection_lost", "network"}
    assert connection["since"] is not None
    assert connection["last_attempts"][0]["reason"] is None
    assert [(change["state"], change["reason"] is None) for change in connection["changes"]][:2] == [
        ("connected", True),
        ("waiting", False),
    ]
    assert found["versions"] == {
        "home_assistant": __version__,
        "navilink": json.loads((Path(navilink.__file__).parent / "manifest.json").read_text())["version"],
        "awsiotsdk": version("awsiotsdk"),
        "awscrt": version("awscrt"),
    }
    assert found["services"]["mqtt"] == {"problem": "unreachable", "clock_difference": None}
    assert abs(found["services"]["sign_in"]["clock_difference"]) < 60
    assert found["entry"]["state"] == "loaded"
    assert found["account"] == {
        "last_listing_succeeded": True,
        "listing_needs_confirmation": False,
        "heaters_of_another_account": 0,
    }
    assert found["lost_commands"] == 0
    assert found["store"] == {"has_failed": False}
    assert heater["online"] is False
    messages = heater["messages"]
    assert messages["status"]["members"]["dhwTemperatureSetting"] == 98
    assert len(messages["status"]["members"]) == 103
    assert messages["feature"]["members"]["dhwTemperatureMax"] == 131
    assert all(0 <= message["age_seconds"] < 60 for message in messages.values())
    assert [command["command"] for command in heater["queue"]["commands"]] == ["target temperature 60 °C"]
    assert heater["queue"]["outcomes"] == {"confirmed": 1}
    [ended] = heater["queue"]["recent"]
    assert (ended["command"], ended["outcome"], ended["reason"]) == (
        "mode heat pump",
        "confirmed",
        "the water heater reports it",
    )
    assert (heater["listed"], heater["refused"], heater["silent"], heater["takes_commands"]) == (
        True,
        False,
        False,
        True,
    )


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
    """Return everything that shows who somebody is, or lets in."""
    jwt, aws = auth_client.current_tokens.jwt, auth_client.current_tokens.aws
    server = entry.data["private_server"]
    return {
        *(entry.data["email"], entry.data["password"], server["api_url"], server["ca_file"]),
        *(entry.title, entry.runtime_data.client.client_id, str(auth_client.user_seq)),
        *(jwt.access_token, str(jwt.refresh_token), str(jwt.id_token)),
        *(aws.access_key_id, aws.secret_key, aws.session_token),
        *(hass.config.config_dir, hass.config.path(".storage", f"{DOMAIN}.{entry.entry_id}")),
        *(str(urlsplit(server["api_url"]).hostname), server["mqtt_endpoint"]),
    }


def spellings(mac_address: str) -> set[str]:
    """Return a MAC address in all the ways in which people and programs write it, in lower case."""
    pairs = [mac_address[start : start + 2] for start in range(0, 12, 2)]
    fours = [mac_address[start : start + 4] for start in range(0, 12, 4)]
    return {mac_address, *(mark.join(pairs) for mark in ":- "), *(mark.join(fours) for mark in ".:-")}


def everything_known(hass: HomeAssistant, entry: MockConfigEntry, auth_client: NavienAuthClient) -> str:
    """Return all that the integration holds of an account, as text in lower case, with its secrets."""
    coordinator = entry.runtime_data
    heaters = [
        (asdict(heater.device), *(dict(each.raw) for each in (heater.feature, heater.status) if each is not None))
        for heater in coordinator.data.values()
    ]
    storage = hass.config.path(".storage", f"{DOMAIN}.{entry.entry_id}")
    known = (entry.as_dict(), auth_client.user_seq, coordinator.client.client_id, storage, heaters)
    tokens = auth_client.current_tokens
    return str((*known, vars_of(tokens.jwt), vars_of(tokens.aws))).lower()


def vars_of(secrets: IssuedSecrets) -> list[object]:
    """Return the fields of secrets, which hide themselves when they are printed."""
    return [getattr(secrets, each.name) for each in fields(secrets)]


def secrets_of_the_heaters(entry: MockConfigEntry) -> set[str]:
    """Return everything that shows which heaters they are, and where."""
    secrets: set[str] = set()
    for heater in entry.runtime_data.data.values():
        device, sequence, feature = heater.device, heater.device.location, heater.feature
        assert sequence is not None
        assert feature is not None
        secrets |= spellings(device.mac_address)
        secrets |= {device.additional_value, str(device.home_seq), str(feature.serial_number)}
        secrets |= {str(sequence.state), str(sequence.city), str(sequence.address), device.name}
    # A name that is the product's shows nothing.
    return secrets - {"NWP500"}


def leaked_secrets(text: str, secrets: set[str]) -> list[str]:
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
    # Commands of every kind: carried out, dropped (which raises an issue), and waiting.
    await set_mode(hass, "heat_pump", entity_id)
    await cut(hass, simulator)
    await set_temperature(hass, 60, entity_id)
    await set_temperature(hass, 60)
    await set_temperature(hass, 55, entity_id)
    # A file that cannot be read, which raises an issue that names it.
    secrets = {"guest house", "grandmother", "granny", *secrets_of_the_heaters(running)}
    secrets |= secrets_of_the_account(hass, running, auth_clients[0])
    known = everything_known(hass, running, auth_clients[0])
    storage_key = f"{DOMAIN}.{running.entry_id}"
    assert await hass.config_entries.async_unload(running.entry_id)
    stored = stored_files[storage_key]
    stored_files[storage_key] = {**stored, "data": {"devices": "damaged"}}
    await simulator.fault("mqtt_up")
    assert await hass.config_entries.async_setup(running.entry_id)
    await wait_for_value(hass, HEATER, "eco")
    secrets |= secrets_of_the_account(hass, running, auth_clients[1])
    known += everything_known(hass, running, auth_clients[1])
    # A secret that was nowhere could not be found in a download either.
    given_names = {"guest house", "grandmother", "granny"}
    respelled = {each for mac_address in (MAC, OTHER_MAC) for each in spellings(mac_address) - {mac_address}}
    assert set(leaked_secrets(known, secrets)) == {each.lower() for each in secrets - respelled - given_names} | {
        "guest house"
    }

    client = await hass_client()
    whole = await download(client, running.entry_id)
    assert "lost_commands" in whole
    assert "unreadable_store" in whole
    assert leaked_secrets(whole, secrets) == []
    for mac_address in (MAC, OTHER_MAC):
        path = f"{running.entry_id}/device/{device_id(hass, running, mac_address)}"
        assert leaked_secrets(await download(client, path), secrets) == []


async def test_what_is_redacted_would_be_found(
    hass: HomeAssistant,
    hass_client: ClientSessionGenerator,
    auth_clients: list[NavienAuthClient],
    running: MockConfigEntry,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The same download without redaction has secrets, and they are found in it."""
    assert await async_setup_component(hass, "diagnostics", {})
    await wait_for(hass, HEATER, lambda state: state.attributes["min_temp"] == 40.5)
    secrets = secrets_of_the_account(hass, running, auth_clients[0]) | secrets_of_the_heaters(running)
    client = await hass_client()
    assert leaked_secrets(await download(client, running.entry_id), secrets) == []
    monkeypatch.setattr(diagnostics, "async_redact_data", lambda data, _secrets: dict(data))
    monkeypatch.setattr(diagnostics, "_redacted", dict)
    data = running.data
    server = data["private_server"]
    heater = running.runtime_data.data[MAC]
    assert set(leaked_secrets(await download(client, running.entry_id), secrets)) >= {
        *(data["email"], data["password"].lower(), server["api_url"], server["ca_file"].lower(), "localhost"),
        heater.feature.serial_number.lower(),
    }


async def test_diagnostics_of_an_account_that_is_not_loaded(
    hass: HomeAssistant, hass_client: ClientSessionGenerator, simulator: SimulatorProcess, entry: MockConfigEntry
) -> None:
    assert await async_setup_component(hass, "diagnostics", {})
    await simulator.fault("api_down", close=True)
    assert not await hass.config_entries.async_setup(entry.entry_id)
    found = await get_diagnostics_for_config_entry(hass, hass_client, entry)
    assert (found["entry"]["state"], found["entry"]["problem"]) == ("setup_retry", "cannot_connect")
    assert found["services"] == {
        "sign_in": {"problem": "unreachable", "clock_difference": None},
        "mqtt": {"problem": None, "clock_difference": None},
    }
    assert "heaters" not in found
    await hass.config_entries.async_remove(entry.entry_id)


@pytest.mark.parametrize("simulator_options", [("--heaters", "2")])
async def test_diagnostics_of_one_heater(
    hass: HomeAssistant, hass_client: ClientSessionGenerator, simulator: SimulatorProcess, running: MockConfigEntry
) -> None:
    assert await async_setup_component(hass, "diagnostics", {})
    await wait_for_value(hass, OTHER_HEATER, "eco")
    # Its own limits show that it has reported its features.
    await wait_for(hass, HEATER, lambda state: state.attributes["min_temp"] == 40.5)
    await simulator.device(OTHER_MAC, dhwTemperatureSetting=104)
    await hass.services.async_call("button", "press", {"entity_id": "button.guest_house_refresh"}, blocking=True)
    await wait_for(hass, OTHER_HEATER, lambda state: state.attributes["temperature"] == 52)
    device = dr.async_get(hass).async_get(device_id(hass, running, OTHER_MAC))
    assert device is not None
    found = await get_diagnostics_for_device(hass, hass_client, running, device)
    [heater] = found["heaters"]
    assert heater["messages"]["status"]["members"]["dhwTemperatureSetting"] == 104
    assert found["connection"]["state"] == "connected"
    assert heater["connection_status"] == "connected"
    reported = json.dumps(found).lower()
    for secret in (MAC, OTHER_MAC, simulator.addresses["email"], simulator.addresses["password"]):
        assert secret not in reported
