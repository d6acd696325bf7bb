"""The system information page: which services can be reached, how each account is connected, what waits."""

import asyncio
import json
from pathlib import Path
from typing import Any

from homeassistant.core import HomeAssistant
from homeassistant.setup import async_setup_component
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry, get_system_health_info

from custom_components import navilink
from custom_components.navilink.const import DOMAIN
from custom_components.navilink.reachability import (
    async_reach_mqtt_service,
    async_reach_sign_in_service,
    clock_difference,
)
from simulator.process import SimulatorProcess
from tests.integration.accounts import entry_data
from tests.integration.actions import cut, set_temperature, shown
from tests.integration.heaters import OTHER_HEATER
from tests.integration.waiting import wait_for_value

LABELS = json.loads((Path(navilink.__file__).parent / "translations" / "en.json").read_text())["system_health"]["info"]


async def page(hass: HomeAssistant) -> dict[str, Any]:
    """Return what the page shows, with every attempt to reach a service ended."""
    assert await async_setup_component(hass, "system_health", {})
    await hass.async_block_till_done()
    info: dict[str, Any] = await get_system_health_info(hass, DOMAIN)
    # The page shows an item without a label by its key.
    assert set(info) == set(LABELS)
    return info | {name: await info[name] for name in ("can_reach_service", "can_reach_mqtt")}


@pytest.mark.usefixtures("running")
@pytest.mark.parametrize("simulator_options", [("--heaters", "2")])
async def test_everything_is_well(hass: HomeAssistant) -> None:
    await wait_for_value(hass, OTHER_HEATER, "eco")
    assert await page(hass) == {
        "can_reach_service": "ok",
        "can_reach_mqtt": "ok",
        "accounts": "1: Connected",
        "heaters_online": "2/2",
        "queued_commands": 0,
    }


@pytest.mark.usefixtures("running")
async def test_services_are_down(hass: HomeAssistant, simulator: SimulatorProcess) -> None:
    await simulator.fault("api_down", close=True)
    await cut(hass, simulator)
    await set_temperature(hass, 60)
    found = await page(hass)
    assert found["can_reach_service"] == found["can_reach_mqtt"] == {"type": "failed", "error": "unreachable"}
    detail = shown(hass, "sensor.nwp500_connection_status").attributes["detail"]
    assert found["accounts"] in {f"1: Connection lost ({detail})", f"1: Service unreachable ({detail})"}
    assert (found["heaters_online"], found["queued_commands"]) == ("0/1", 1)


@pytest.mark.usefixtures("running")
async def test_a_service_that_answers_with_an_error_can_be_reached(
    hass: HomeAssistant, simulator: SimulatorProcess
) -> None:
    await simulator.fault("api_down")
    assert (await page(hass))["can_reach_service"] == "ok"


async def test_services_that_do_not_answer_in_time(hass: HomeAssistant, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("custom_components.navilink.reachability.TIMEOUT", 0.2)
    connections: list[asyncio.StreamWriter] = []
    silent = await asyncio.start_server(lambda _, writer: connections.append(writer), "127.0.0.1")
    port = silent.sockets[0].getsockname()[1]
    server = {"api_url": f"http://127.0.0.1:{port}", "mqtt_endpoint": "127.0.0.1", "mqtt_port": port}
    for reach in (async_reach_sign_in_service, async_reach_mqtt_service):
        assert (await reach(hass, {"private_server": server})).problem == "timeout"
    for writer in connections:
        writer.transport.abort()
    silent.close()


async def test_an_account_that_is_not_loaded(
    hass: HomeAssistant, simulator: SimulatorProcess, running: MockConfigEntry
) -> None:
    private_server = {"api_url": "http://127.0.0.1:1", "mqtt_endpoint": "localhost", "mqtt_port": 1}
    other = MockConfigEntry(domain=DOMAIN, data=entry_data(simulator) | {"private_server": private_server})
    other.add_to_hass(hass)
    assert not await hass.config_entries.async_setup(other.entry_id)
    assert running.title == "NWP500"
    found = await page(hass)
    assert found["accounts"] == "1: Connected, 2: Not loaded"
    # One of two servers cannot be reached.
    assert found["can_reach_service"] == {"type": "failed", "error": "unreachable"}
    assert await hass.config_entries.async_remove(other.entry_id)


async def test_without_an_account_there_is_nothing_to_show(hass: HomeAssistant, simulator: SimulatorProcess) -> None:
    assert await async_setup_component(hass, DOMAIN, {})
    assert await async_setup_component(hass, "system_health", {})
    await hass.async_block_till_done()
    info = await get_system_health_info(hass, DOMAIN)
    assert (info["accounts"], info["heaters_online"], info["queued_commands"]) == ("", "0/0", 0)
    for name in ("can_reach_service", "can_reach_mqtt"):
        info[name].close()
    assert simulator.addresses


@pytest.mark.parametrize("offset", [-600, 600])
async def test_clock_of_the_service(hass: HomeAssistant, simulator: SimulatorProcess, offset: int) -> None:
    await simulator.fault("service_clock", offset=offset)
    reached = await async_reach_sign_in_service(hass, entry_data(simulator))
    assert reached.problem is None
    # Between the two readings of the clock lies the answer, and the service names whole seconds.
    assert reached.clock_difference is not None
    assert abs(reached.clock_difference - offset) < abs(offset) / 2


async def test_a_file_of_certificates_that_cannot_be_used(hass: HomeAssistant, simulator: SimulatorProcess) -> None:
    data = entry_data(simulator)
    data["private_server"]["ca_file"] = "/does/not/exist.pem"
    assert (await async_reach_mqtt_service(hass, data)).problem == "unreachable"


@pytest.mark.parametrize("date", [None, "yesterday", "Sat, 28 Nov 2026 11:00:00 -0000"])
def test_clock_of_a_service_that_does_not_say_what_time_it_is(date: str | None) -> None:
    assert clock_difference(date) is None
