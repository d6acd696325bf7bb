"""Who may look into a heater's queue, and who may clear it: whoever may read or control its entity."""

from collections.abc import Mapping
from typing import Any

from homeassistant.auth.models import Group
from homeassistant.auth.permissions.types import CategoryType
from homeassistant.core import Context, HomeAssistant
from homeassistant.exceptions import Unauthorized, UnknownUser
from homeassistant.helpers import entity_registry as er
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry, MockUser
from pytest_homeassistant_custom_component.typing import WebSocketGenerator

from custom_components.navilink.const import DOMAIN
from custom_components.navilink.services import ACTIONS
from simulator.process import SimulatorProcess
from tests.integration.actions import cut, device_id, queued_words, set_temperature
from tests.integration.heaters import HEATER, OTHER_HEATER, OTHER_MAC
from tests.integration.waiting import wait_for_value

VACATION = {"entity_id": HEATER, "days": 3}
SLOT = {"days": "mon", "time": "06:00"}
# What actions need beside the heater.
NEEDED: Mapping[str, Mapping[str, object]] = {
    "get_heating_plan": {"ready_by": "06:00"},
    "set_schedule": {"entries": []},
    "add_schedule_entry": {**SLOT, "mode": "off"},
    "delete_schedule_entry": SLOT,
    "set_recirculation_schedule": {"entries": []},
    "add_recirculation_entry": {**SLOT, "pump_on": True},
    "delete_recirculation_entry": SLOT,
}
READING = {
    "get_energy_usage",
    "get_heating_plan",
    "get_queue",
    "get_recirculation_schedule",
    "get_schedule",
    "get_time_of_use_plan",
    "wait_for_command",
}


def a_user(hass: HomeAssistant, policy: CategoryType) -> MockUser:
    """Add a user with a policy of their own for entities."""
    group = Group(name="tenants", policy={"entities": policy})
    return MockUser(name="tenant", groups=[group]).add_to_hass(hass)


async def call_as(hass: HomeAssistant, user: MockUser, action: str, **data: object) -> dict[str, Any]:
    """Call an action of the integration in the name of a user."""
    can_answer = action != "start_vacation"
    context = Context(user_id=user.id)
    answer = await hass.services.async_call(
        DOMAIN, action, data, blocking=True, context=context, return_response=can_answer
    )
    return dict(answer or {})


@pytest.fixture
async def heater(hass: HomeAssistant, simulator: SimulatorProcess, running: MockConfigEntry) -> str:
    """A heater for which a command waits, by its device; every heater has reported before the connection was cut."""
    for entity_id in hass.states.async_entity_ids("water_heater"):
        await wait_for_value(hass, entity_id, "eco")
    await cut(hass, simulator)
    await set_temperature(hass, 60)
    return device_id(hass, running)


async def test_a_user_who_may_only_read_looks_and_changes_nothing(
    hass: HomeAssistant, heater: str, hass_read_only_user: MockUser
) -> None:
    changing: list[tuple[str, Mapping[str, object]]] = [
        (name, {"device_id": heater, **NEEDED.get(name, {})}) for name, *_ in ACTIONS if name not in READING
    ]
    for action, data in (*changing, ("start_vacation", VACATION)):
        with pytest.raises(Unauthorized) as caught:
            await call_as(hass, hass_read_only_user, action, **data)
        assert (caught.value.entity_id, caught.value.permission) == (HEATER, "control")
        assert caught.value.user_id == hass_read_only_user.id
    assert queued_words(hass) == ["target temperature 60 °C"]
    answer = await call_as(hass, hass_read_only_user, "get_queue", device_id=heater)
    assert [command["command"] for command in answer["commands"]] == ["target temperature 60 °C"]


async def test_a_user_who_may_not_even_read_learns_nothing(hass: HomeAssistant, heater: str) -> None:
    tenant = a_user(hass, {"entity_ids": {"sensor.nwp500_queued_commands": True}})
    for action, *_ in ACTIONS:
        with pytest.raises(Unauthorized) as caught:
            await call_as(hass, tenant, action, device_id=heater, **NEEDED.get(action, {}))
        assert caught.value.entity_id == HEATER
    with pytest.raises(Unauthorized):
        await call_as(hass, tenant, "start_vacation", **VACATION)
    assert queued_words(hass) == ["target temperature 60 °C"]


@pytest.mark.parametrize("simulator_options", [("--heaters", "2")])
async def test_a_user_of_one_heater_clears_its_queue_alone(
    hass: HomeAssistant, heater: str, running: MockConfigEntry
) -> None:
    await set_temperature(hass, 55, OTHER_HEATER)
    other = device_id(hass, running, OTHER_MAC)
    tenant = a_user(hass, {"entity_ids": {OTHER_HEATER: {"read": True, "control": True}}})
    # Of two, of which one is not theirs, neither is cleared.
    with pytest.raises(Unauthorized):
        await call_as(hass, tenant, "clear_queue", device_id=[other, heater])
    assert len(running.runtime_data.client.queued_commands) == 2
    assert await call_as(hass, tenant, "clear_queue", device_id=other) == {"cleared": 1}
    assert queued_words(hass) == ["target temperature 60 °C"]
    ended = await call_as(hass, tenant, "wait_for_command", device_id=other, timeout=5)
    assert ended["outcome"] == "cleared"


async def test_permission_counts_for_a_disabled_entity_and_for_a_heater_without_one(
    hass: HomeAssistant, heater: str, hass_read_only_user: MockUser
) -> None:
    registry = er.async_get(hass)
    tenant = a_user(hass, {"entity_ids": {HEATER: True}})
    registry.async_update_entity(HEATER, disabled_by=er.RegistryEntryDisabler.USER)
    assert (await call_as(hass, tenant, "get_queue", device_id=heater))["commands"]
    registry.async_remove(HEATER)
    with pytest.raises(Unauthorized):
        await call_as(hass, tenant, "get_queue", device_id=heater)
    assert (await call_as(hass, hass_read_only_user, "get_queue", device_id=heater))["commands"]
    with pytest.raises(Unauthorized):
        await call_as(hass, hass_read_only_user, "clear_queue", device_id=heater)


async def test_automations_and_administrators_pass_and_who_is_gone_does_not(
    hass: HomeAssistant, heater: str, hass_admin_user: MockUser
) -> None:
    with pytest.raises(UnknownUser):
        await call_as(hass, MockUser(name="left"), "clear_queue", device_id=heater)
    assert await call_as(hass, hass_admin_user, "clear_queue", device_id=heater) == {"cleared": 1}
    await set_temperature(hass, 60)
    without_user = await hass.services.async_call(
        DOMAIN, "clear_queue", {"device_id": heater}, blocking=True, return_response=True
    )
    assert without_user == {"cleared": 1}


async def test_the_websocket_answers_as_for_home_assistants_own_actions(
    hass: HomeAssistant, heater: str, hass_ws_client: WebSocketGenerator, hass_read_only_access_token: str
) -> None:
    client = await hass_ws_client(hass, hass_read_only_access_token)

    async def call(domain: str, action: str, **data: object) -> dict[str, Any]:
        message = {"type": "call_service", "domain": domain, "service": action, "service_data": data}
        await client.send_json_auto_id(message | {"return_response": action == "get_queue"})
        answer: dict[str, Any] = await client.receive_json()
        return answer

    own = await call("water_heater", "turn_off", entity_id=HEATER)
    assert own["error"]["message"] == "Unauthorized"
    for refused in (
        await call(DOMAIN, "clear_queue", device_id=heater),
        await call(DOMAIN, "start_vacation", **VACATION),
        await call("button", "press", entity_id="button.nwp500_clear_queue"),
    ):
        assert refused["error"] == own["error"]
    assert queued_words(hass) == ["target temperature 60 °C"]
    answer = await call(DOMAIN, "get_queue", device_id=heater)
    assert [command["command"] for command in answer["result"]["response"]["commands"]] == ["target temperature 60 °C"]
