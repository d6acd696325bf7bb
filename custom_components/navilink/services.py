"""The actions beside Home Assistant's own: the command queue (look into it, wait, clear it), and vacation with days."""

import asyncio
from datetime import timedelta
from typing import Any

from homeassistant.auth.permissions.const import POLICY_CONTROL, POLICY_READ
from homeassistant.components.water_heater.const import DOMAIN as WATER_HEATER_DOMAIN
from homeassistant.components.water_heater.const import WaterHeaterEntityFeature
from homeassistant.const import ATTR_DEVICE_ID
from homeassistant.core import HomeAssistant, ServiceCall, ServiceResponse, SupportsResponse, callback
from homeassistant.exceptions import HomeAssistantError, ServiceValidationError
from homeassistant.helpers import config_validation as cv
from homeassistant.helpers.service import async_register_platform_entity_service
import voluptuous as vol

from .action_heaters import DEVICES, ONE_DEVICE, Heater, async_heater
from .const import DOMAIN
from .energy.actions import ENERGY_ACTIONS
from .heating.boost_actions import BOOST_ACTIONS
from .heating.plan_action import PLAN_ACTIONS
from .outcomes import outcome_details
from .schedules.actions import SCHEDULE_ACTIONS
from .schedules.tou_actions import TOU_ACTIONS
from .times import positive_duration
from .water_heater import ATTR_DAYS
from .wording import DESCRIPTIONS

SERVICE_CLEAR_QUEUE = "clear_queue"
SERVICE_GET_QUEUE = "get_queue"
SERVICE_START_VACATION = "start_vacation"
SERVICE_WAIT_FOR_COMMAND = "wait_for_command"

ATTR_KINDS = "kinds"
ATTR_COMMAND_ID = "command_id"
ATTR_TIMEOUT = "timeout"

# The commands that the integration gives.
KINDS = tuple(sorted(DESCRIPTIONS))

MAX_TIMEOUT = timedelta(days=7)


CLEAR_QUEUE_SCHEMA = vol.Schema({**DEVICES, vol.Optional(ATTR_KINDS): vol.All(cv.ensure_list, [vol.In(KINDS)])})
GET_QUEUE_SCHEMA = vol.Schema(ONE_DEVICE)
# How many days a heater takes is decided where every command is checked.
START_VACATION_FIELDS: dict[vol.Marker, Any] = {vol.Optional(ATTR_DAYS): vol.Coerce(int)}
WAIT_FOR_COMMAND_SCHEMA = vol.Schema(
    {
        **ONE_DEVICE,
        vol.Optional(ATTR_COMMAND_ID): cv.string,
        vol.Optional(ATTR_TIMEOUT, default=timedelta(minutes=1)): vol.All(
            positive_duration, vol.Range(max=MAX_TIMEOUT)
        ),
    }
)


async def _async_clear_queue(call: ServiceCall) -> ServiceResponse:
    """Remove the commands that are not sent yet, all or some kinds."""
    kinds = frozenset(call.data[ATTR_KINDS]) if ATTR_KINDS in call.data else None
    heaters = [await async_heater(call, device_id, POLICY_CONTROL) for device_id in call.data[ATTR_DEVICE_ID]]
    cleared = sum(heater.coordinator.clear_queue(heater.mac_address, kinds) for heater in heaters)
    for heater in heaters:
        # They do not come back, whatever happens to this process from now on.
        await heater.coordinator.store.async_saved()
    return {"cleared": cleared}


async def _async_get_queue(call: ServiceCall) -> ServiceResponse:
    """Return every command without an outcome, in order."""
    [device_id] = call.data[ATTR_DEVICE_ID]
    heater = await async_heater(call, device_id, POLICY_READ)
    return {
        "commands": [
            {**pending.in_words(call.hass), "age": round(pending.command.age().total_seconds())}
            for pending in heater.state.pending
        ]
    }


async def _async_wait_for_command(call: ServiceCall) -> ServiceResponse:
    """Wait for the outcome of a command, the newest one unless its id is given."""
    [device_id] = call.data[ATTR_DEVICE_ID]
    heater = await async_heater(call, device_id, POLICY_READ)
    command_id = _command_id(heater, call.data.get(ATTR_COMMAND_ID))
    outcome = heater.coordinator.outcomes.future(command_id)
    # Unlike a time-out around it, this leaves the future to others who wait for it.
    await asyncio.wait([outcome], timeout=call.data[ATTR_TIMEOUT].total_seconds())
    if outcome.cancelled():
        raise HomeAssistantError(translation_domain=DOMAIN, translation_key="wait_interrupted")
    if not outcome.done():
        raise HomeAssistantError(translation_domain=DOMAIN, translation_key="wait_timed_out")
    event = outcome.result()
    return {"outcome": event.result.outcome.value, **outcome_details(call.hass, event)}


def _command_id(heater: Heater, command_id: str | None) -> str:
    """Return the id of a command that is known, by default of the one given last."""
    pending = [each.command for each in heater.state.pending]
    result = [event.command for event in heater.coordinator.outcomes.of(heater.mac_address)]
    known = {command.id: command for command in (*result, *pending)}
    if command_id is None and known:
        return max(known.values(), key=lambda command: command.given_at).id
    if command_id is None:
        raise ServiceValidationError(translation_domain=DOMAIN, translation_key="no_command")
    if command_id not in known:
        raise ServiceValidationError(
            translation_domain=DOMAIN,
            translation_key="unknown_command",
            translation_placeholders={"command_id": command_id},
        )
    return command_id


ACTIONS = (
    (SERVICE_CLEAR_QUEUE, _async_clear_queue, CLEAR_QUEUE_SCHEMA, SupportsResponse.OPTIONAL),
    (SERVICE_GET_QUEUE, _async_get_queue, GET_QUEUE_SCHEMA, SupportsResponse.ONLY),
    (SERVICE_WAIT_FOR_COMMAND, _async_wait_for_command, WAIT_FOR_COMMAND_SCHEMA, SupportsResponse.OPTIONAL),
    *SCHEDULE_ACTIONS,
    *TOU_ACTIONS,
    *ENERGY_ACTIONS,
    *PLAN_ACTIONS,
)


@callback
def async_setup_services(hass: HomeAssistant) -> None:
    """Register the actions."""
    for name, handler, schema, supports_response in ACTIONS:
        # Home Assistant puts its own library in the place of voluptuous at run time; the type checker cannot know that.
        hass.services.async_register(
            DOMAIN,
            name,
            handler,
            schema=schema,  # type: ignore[arg-type]  # as said above
            supports_response=supports_response,
        )
    async_register_platform_entity_service(
        hass,
        DOMAIN,
        SERVICE_START_VACATION,
        entity_domain=WATER_HEATER_DOMAIN,
        required_features=[WaterHeaterEntityFeature.AWAY_MODE],
        schema=START_VACATION_FIELDS,  # type: ignore[arg-type]  # as above
        func="async_start_vacation",
    )
    for name, fields, func in BOOST_ACTIONS:
        async_register_platform_entity_service(
            hass,
            DOMAIN,
            name,
            entity_domain=WATER_HEATER_DOMAIN,
            schema=fields,  # type: ignore[arg-type]  # as above
            func=func,
            supports_response=SupportsResponse.OPTIONAL,
        )
