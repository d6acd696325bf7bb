"""The heaters of an account: which ones are believed to have left it, what ends with them, and whose they are."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

from homeassistant.components.water_heater.const import DOMAIN as WATER_HEATER_DOMAIN
from homeassistant.config_entries import ConfigEntryState
from homeassistant.core import Event, HomeAssistant, callback
from homeassistant.exceptions import HomeAssistantError
from homeassistant.helpers import device_registry as dr
from homeassistant.helpers import entity_registry as er
from homeassistant.setup import async_setup_component
from homeassistant.util import dt as dt_util
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry, async_fire_time_changed
from pytest_homeassistant_custom_component.typing import WebSocketGenerator

from custom_components.navilink.const import DOMAIN
from custom_components.navilink.coordinator import CONFIRMATION_DELAY, NavilinkCoordinator
from custom_components.navilink.outcomes import EVENT_COMMAND_OUTCOME
from simulator.process import SimulatorProcess
from tests.integration.accounts import entry_data
from tests.integration.actions import ask, cut, device_id, queued_words, set_temperature, shown
from tests.integration.heaters import HEATER, MAC, OTHER_HEATER, OTHER_MAC, applied
from tests.integration.stored_files import StoredFiles
from tests.integration.waiting import next_event, wait_for, wait_for_value

TWO_HEATERS = pytest.mark.parametrize("simulator_options", [("--heaters", "2")])


async def list_again(hass: HomeAssistant, coordinator: NavilinkCoordinator) -> None:
    """Let the next regular listing be made."""
    await coordinator.async_refresh()
    await hass.async_block_till_done(wait_background_tasks=True)


async def wait_a_minute(hass: HomeAssistant) -> None:
    """Let the listing be made that confirms the last one, if there is to be one."""
    # This also ends every other wait of less than a minute.
    async_fire_time_changed(hass, dt_util.utcnow() + CONFIRMATION_DELAY + timedelta(seconds=1))
    await hass.async_block_till_done(wait_background_tasks=True)


async def listings(simulator: SimulatorProcess) -> int:
    """Return how many times the heaters have been listed."""
    requests = (await simulator.state())["rest_requests"]
    return sum(request["path"].endswith("/device/list") for request in requests)


def has_device(hass: HomeAssistant, entry: MockConfigEntry, mac_address: str) -> bool:
    device = dr.async_get(hass).async_get_device_by_identifier((DOMAIN, mac_address), entry.entry_id)
    return device is not None


# --- Who has left the account -----------------------------------------------------------------------------------------


ODD_LISTS: dict[str, tuple[str, dict[str, object]]] = {
    "null": ("short_list", {"devices": None}),
    "empty": ("short_list", {}),
    "unreadable": ("unreadable_list", {}),
}


@TWO_HEATERS
@pytest.mark.parametrize("form", ODD_LISTS)
async def test_one_odd_list_removes_no_heater(
    hass: HomeAssistant, simulator: SimulatorProcess, running: MockConfigEntry, form: str
) -> None:
    await wait_for_value(hass, OTHER_HEATER, "eco")
    await list_again(hass, running.runtime_data)
    await simulator.fault(ODD_LISTS[form][0], **ODD_LISTS[form][1])
    for _ in range(2):
        await list_again(hass, running.runtime_data)
        await wait_a_minute(hass)
    assert (await simulator.state())["heaters"].keys() == running.runtime_data.data.keys()
    assert has_device(hass, running, MAC)
    assert has_device(hass, running, OTHER_MAC)
    assert shown(hass, OTHER_HEATER).state == "eco"


@TWO_HEATERS
async def test_heaters_come_and_go(hass: HomeAssistant, simulator: SimulatorProcess, running: MockConfigEntry) -> None:
    coordinator = running.runtime_data
    await wait_for_value(hass, OTHER_HEATER, "eco")
    await list_again(hass, coordinator)
    await simulator.fault("leave_account", mac=OTHER_MAC)
    await list_again(hass, coordinator)
    # Once is not enough.
    assert coordinator.data.keys() == {MAC, OTHER_MAC}
    await wait_a_minute(hass)
    assert coordinator.data.keys() == {MAC}
    assert not has_device(hass, running, OTHER_MAC)
    assert hass.states.get(OTHER_HEATER) is None
    assert shown(hass, HEATER).state == "eco"
    await simulator.wait(connections=1)
    [connection] = (await simulator.state())["connections"]
    assert not any(OTHER_MAC in topic for topic in connection["subscriptions"])

    await simulator.fault("leave_account", on=False)
    await list_again(hass, coordinator)
    assert has_device(hass, running, OTHER_MAC)
    await wait_for_value(hass, OTHER_HEATER, "eco")
    await set_temperature(hass, 55, OTHER_HEATER)
    assert await applied(simulator, OTHER_MAC) == [("dhw-temperature", [110])]


@TWO_HEATERS
async def test_a_heater_that_is_back_in_the_next_list_stays(
    hass: HomeAssistant, simulator: SimulatorProcess, running: MockConfigEntry
) -> None:
    coordinator = running.runtime_data
    for _ in range(2):
        await simulator.fault("leave_account", mac=OTHER_MAC)
        await list_again(hass, coordinator)
        await simulator.fault("leave_account", on=False)
        await wait_a_minute(hass)
    assert coordinator.data.keys() == {MAC, OTHER_MAC}


@TWO_HEATERS
async def test_a_list_that_fails_in_between_confirms_nothing_and_is_made_again(
    hass: HomeAssistant, simulator: SimulatorProcess, running: MockConfigEntry
) -> None:
    coordinator = running.runtime_data
    await list_again(hass, coordinator)
    await simulator.fault("leave_account", mac=OTHER_MAC)
    await list_again(hass, coordinator)
    await simulator.fault("short_list", devices=None)
    await wait_a_minute(hass)
    assert coordinator.data.keys() == {MAC, OTHER_MAC}
    # After another minute, not only when it is due.
    await wait_a_minute(hass)
    assert coordinator.data.keys() == {MAC}


async def test_a_first_list_that_is_empty_is_made_again_after_a_minute(
    hass: HomeAssistant, simulator: SimulatorProcess, entry: MockConfigEntry
) -> None:
    await simulator.fault("short_list")
    assert await hass.config_entries.async_setup(entry.entry_id)
    assert hass.states.get(HEATER) is None
    await wait_a_minute(hass)
    await wait_for_value(hass, HEATER, "eco")
    before = await listings(simulator)
    await wait_a_minute(hass)
    assert await listings(simulator) == before
    assert await hass.config_entries.async_unload(entry.entry_id)


async def test_a_first_list_without_data_is_made_again(
    hass: HomeAssistant, simulator: SimulatorProcess, entry: MockConfigEntry
) -> None:
    await simulator.fault("short_list", devices=None)
    assert not await hass.config_entries.async_setup(entry.entry_id)
    assert entry.state is ConfigEntryState.SETUP_RETRY
    assert entry.error_reason_translation_key == "cannot_connect"


@pytest.mark.parametrize("form", ["upper", "colons", "upper_dashes"])
async def test_however_the_service_writes_a_mac(
    hass: HomeAssistant, simulator: SimulatorProcess, entry: MockConfigEntry, form: str
) -> None:
    await simulator.fault("mac_form", form=form)
    assert await hass.config_entries.async_setup(entry.entry_id)
    await wait_for_value(hass, HEATER, "eco")
    assert entry.runtime_data.data.keys() == {MAC}
    assert er.async_get(hass).async_get_entity_id(WATER_HEATER_DOMAIN, DOMAIN, f"{MAC}_water_heater") == HEATER
    await cut(hass, simulator)
    await set_temperature(hass, 60)
    assert queued_words(hass) == ["target temperature 60 °C"]
    await simulator.fault("mqtt_up")
    outcome = await ask(hass, "wait_for_command", device_id(hass, entry), timeout=20)
    assert outcome["outcome"] == "confirmed"
    # The same heater, however it is written by the next list.
    await simulator.fault("mac_form", form="plain")
    await list_again(hass, entry.runtime_data)
    await wait_a_minute(hass)
    assert shown(hass, HEATER).state == "eco"
    assert await hass.config_entries.async_unload(entry.entry_id)


@TWO_HEATERS
async def test_a_heater_that_the_service_refuses_is_looked_for_at_once_and_believed_to_be_gone_a_minute_later(
    hass: HomeAssistant, simulator: SimulatorProcess, running: MockConfigEntry
) -> None:
    await wait_for_value(hass, OTHER_HEATER, "eco")
    coordinator: NavilinkCoordinator = running.runtime_data
    await list_again(hass, coordinator)
    before = await listings(simulator)
    await simulator.fault("leave_account", mac=OTHER_MAC)
    # A message to it ends the connection, as the service does it.
    assert coordinator.client.poll(coordinator.data[OTHER_MAC].device)
    await next_event(coordinator.client, "connection_resumed")
    await hass.async_block_till_done(wait_background_tasks=True)
    assert await listings(simulator) == before + 1
    assert not coordinator.is_listed(OTHER_MAC)
    # Nobody has it to believe by two lists in a row that are not a minute apart.
    await simulator.fault("cut")
    await next_event(coordinator.client, "connection_resumed")
    await hass.async_block_till_done(wait_background_tasks=True)
    assert await listings(simulator) == before + 1
    assert coordinator.data.keys() == {MAC, OTHER_MAC}
    await wait_a_minute(hass)
    assert coordinator.data.keys() == {MAC}
    # A minute ends other waits too, so that the connection may just be made again.
    await set_temperature(hass, 60)
    await simulator.wait(applied=1)
    assert await applied(simulator) == [("dhw-temperature", [120])]


# --- What ends with a heater ------------------------------------------------------------------------------------------


@pytest.fixture
def outcomes(hass: HomeAssistant) -> list[dict[str, Any]]:
    """Every outcome that the event bus gets, as it comes."""
    reported: list[dict[str, Any]] = []

    @callback
    def note(event: Event) -> None:
        reported.append(dict(event.data))

    hass.bus.async_listen(EVENT_COMMAND_OUTCOME, note)
    return reported


async def leave(hass: HomeAssistant, simulator: SimulatorProcess, entry: MockConfigEntry, mac_address: str) -> None:
    """Let a heater leave the account, and the integration believe it."""
    await list_again(hass, entry.runtime_data)
    await simulator.fault("leave_account", mac=mac_address)
    await list_again(hass, entry.runtime_data)
    await wait_a_minute(hass)
    assert mac_address not in entry.runtime_data.data


@TWO_HEATERS
async def test_commands_end_with_their_heater(
    hass: HomeAssistant,
    simulator: SimulatorProcess,
    running: MockConfigEntry,
    outcomes: list[dict[str, Any]],
    stored_files: StoredFiles,
) -> None:
    await wait_for_value(hass, OTHER_HEATER, "eco")
    other = device_id(hass, running, OTHER_MAC)
    await cut(hass, simulator)
    await set_temperature(hass, 60)
    await set_temperature(hass, 55, OTHER_HEATER)
    waiting = asyncio.create_task(ask(hass, "wait_for_command", other, timeout=3600))
    await leave(hass, simulator, running, OTHER_MAC)
    [reported] = outcomes
    assert (reported["outcome"], reported["reason"], reported["command"]) == (
        "cleared",
        "the water heater was removed",
        "target temperature 55 °C",
    )
    assert (reported["name"], reported["device_id"], reported["entity_id"]) == ("Guest house", other, OTHER_HEATER)
    assert (await waiting)["outcome"] == "cleared"
    await running.runtime_data.store.async_saved()
    stored = stored_files[f"{DOMAIN}.{running.entry_id}"]["data"]
    assert OTHER_MAC not in str(stored)
    assert [device["mac_address"] for device in stored["devices"]] == [MAC]
    with pytest.raises(HomeAssistantError):
        await ask(hass, "get_queue", other)

    # It comes back with nothing of what was.
    await simulator.fault("leave_account", on=False)
    await simulator.fault("mqtt_up")
    await list_again(hass, running.runtime_data)
    await wait_for_value(hass, OTHER_HEATER, "eco")
    await simulator.wait(applied=1)
    assert await applied(simulator) == [("dhw-temperature", [120])]
    assert await applied(simulator, OTHER_MAC) == []
    assert (await ask(hass, "get_queue", device_id(hass, running, OTHER_MAC)))["commands"] == []
    assert running.runtime_data.outcomes.of(OTHER_MAC) == ()
    assert [reported["outcome"] for reported in outcomes if reported["device_id"] == other] == ["cleared"]


async def test_what_was_sent_ends_with_its_heater_too(
    hass: HomeAssistant, simulator: SimulatorProcess, running: MockConfigEntry, outcomes: list[dict[str, Any]]
) -> None:
    await list_again(hass, running.runtime_data)
    await simulator.fault("ignore_write")
    sending = asyncio.create_task(set_temperature(hass, 60))
    await wait_for(
        hass,
        "sensor.nwp500_queued_commands",
        lambda state: [each["stage"] for each in state.attributes["commands"]] == ["sent"],
    )
    await running.runtime_data.async_release({MAC})
    with pytest.raises(HomeAssistantError) as caught:
        await sending
    assert caught.value.translation_key == "command_unconfirmed"
    assert [(reported["outcome"], reported["reason"]) for reported in outcomes] == [
        ("unconfirmed", "the water heater was removed")
    ]


async def test_the_user_removes_a_heater_that_the_last_list_lacks(
    hass: HomeAssistant,
    simulator: SimulatorProcess,
    running: MockConfigEntry,
    outcomes: list[dict[str, Any]],
    hass_ws_client: WebSocketGenerator,
) -> None:
    assert await async_setup_component(hass, "config", {})
    device = device_id(hass, running)
    client = await hass_ws_client(hass)
    await list_again(hass, running.runtime_data)
    assert not (await client.remove_device(device))["success"]
    await cut(hass, simulator)
    await set_temperature(hass, 60)
    await simulator.fault("leave_account")
    await list_again(hass, running.runtime_data)
    # Whoever says so in person need not be asked a minute later.
    assert (await client.remove_device(device))["success"]
    assert [reported["outcome"] for reported in outcomes] == ["cleared"]
    assert running.runtime_data.client.pending_commands == ()
    assert running.runtime_data.data == {}
    assert hass.states.get(HEATER) is None


# --- One heater in two accounts ---------------------------------------------------------------------------------------


@pytest.fixture
async def second(hass: HomeAssistant, simulator: SimulatorProcess) -> AsyncIterator[MockConfigEntry]:
    """Another account with the same heaters, not set up yet."""
    entry = MockConfigEntry(domain=DOMAIN, title="Installer", unique_id="20003", data=entry_data(simulator))
    entry.add_to_hass(hass)
    yield entry
    if entry.state is ConfigEntryState.LOADED:
        assert await hass.config_entries.async_unload(entry.entry_id)


def owner(hass: HomeAssistant) -> str | None:
    """Return the entry that the heater's entity belongs to."""
    registered = er.async_get(hass).async_get(HEATER)
    return None if registered is None else registered.config_entry_id


async def test_a_heater_of_two_accounts_stays_with_the_first(
    hass: HomeAssistant, running: MockConfigEntry, second: MockConfigEntry, caplog: pytest.LogCaptureFixture
) -> None:
    assert await hass.config_entries.async_setup(second.entry_id)
    await list_again(hass, second.runtime_data)
    await list_again(hass, second.runtime_data)
    assert second.runtime_data.data == {}
    assert caplog.text.count("NWP500 belongs to another account that is set up here, and is skipped") == 1
    assert [record for record in caplog.records if record.levelname == "ERROR"] == []
    assert owner(hass) == running.entry_id
    assert not has_device(hass, second, MAC)
    # Not with a reload of the first either, nor a restart of the second.
    assert await hass.config_entries.async_unload(running.entry_id)
    assert await hass.config_entries.async_reload(second.entry_id)
    assert second.runtime_data.data == {}
    assert await hass.config_entries.async_setup(running.entry_id)
    await wait_for_value(hass, HEATER, "eco")
    assert owner(hass) == running.entry_id


async def test_two_accounts_that_are_set_up_at_the_same_time_agree(
    hass: HomeAssistant, entry: MockConfigEntry, second: MockConfigEntry, caplog: pytest.LogCaptureFixture
) -> None:
    assert await async_setup_component(hass, DOMAIN, {})
    await hass.async_block_till_done()
    await wait_for_value(hass, HEATER, "eco")
    assert sorted(len(each.runtime_data.data) for each in (entry, second)) == [0, 1]
    assert sorted(has_device(hass, each, MAC) for each in (entry, second)) == [False, True]
    assert caplog.text.count("NWP500 belongs to another account that is set up here, and is skipped") == 1
    assert [record for record in caplog.records if record.levelname == "ERROR"] == []
    assert await hass.config_entries.async_unload(entry.entry_id)


async def test_the_second_account_takes_up_a_heater_when_the_first_is_removed(
    hass: HomeAssistant, simulator: SimulatorProcess, running: MockConfigEntry, second: MockConfigEntry
) -> None:
    assert await hass.config_entries.async_setup(second.entry_id)
    await hass.config_entries.async_remove(running.entry_id)
    await hass.async_block_till_done(wait_background_tasks=True)
    assert has_device(hass, second, MAC)
    await wait_for_value(hass, HEATER, "eco")
    assert owner(hass) == second.entry_id
    await set_temperature(hass, 60)
    assert await applied(simulator) == [("dhw-temperature", [120])]


async def test_the_second_account_takes_up_a_heater_when_the_first_loses_it(
    hass: HomeAssistant, running: MockConfigEntry, second: MockConfigEntry
) -> None:
    assert await hass.config_entries.async_setup(second.entry_id)
    await running.runtime_data.async_release({MAC})
    await hass.async_block_till_done(wait_background_tasks=True)
    await wait_for_value(hass, HEATER, "eco")
    assert owner(hass) == second.entry_id
    assert second.runtime_data.data.keys() == {MAC}
    await list_again(hass, running.runtime_data)
    assert running.runtime_data.data == {}


async def test_accounts_that_both_had_a_heater_agree_on_the_first(
    hass: HomeAssistant,
    simulator: SimulatorProcess,
    running: MockConfigEntry,
    second: MockConfigEntry,
    stored_files: StoredFiles,
    outcomes: list[dict[str, Any]],
) -> None:
    """An earlier version let both of them have it."""
    await cut(hass, simulator)
    await set_temperature(hass, 60)
    await running.runtime_data.store.async_saved()
    stored_files[f"{DOMAIN}.{second.entry_id}"] = {
        **stored_files[f"{DOMAIN}.{running.entry_id}"],
        "key": f"{DOMAIN}.{second.entry_id}",
    }
    dr.async_get(hass).async_get_or_create(config_entry_id=second.entry_id, identifiers={(DOMAIN, MAC)})
    assert await hass.config_entries.async_setup(second.entry_id)
    assert second.runtime_data.data == {}
    assert not has_device(hass, second, MAC)
    assert second.runtime_data.client.pending_commands == ()
    await hass.async_block_till_done()
    assert [reported["outcome"] for reported in outcomes] == ["cleared"]
    # With the outcome passed on, nothing of the heater is left there.
    assert MAC not in str(stored_files[f"{DOMAIN}.{second.entry_id}"])
    assert queued_words(hass) == ["target temperature 60 °C"]
