"""The tools that start a boost and end it, as the actions `navilink.boost` and `navilink.end_boost` do."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, ClassVar, override

from homeassistant.components.water_heater.const import ATTR_OPERATION_MODE
from homeassistant.const import ATTR_TEMPERATURE
from homeassistant.core import HomeAssistant, callback
from homeassistant.exceptions import HomeAssistantError
from homeassistant.helpers.llm import LLMContext, ToolAnnotations
from homeassistant.util import dt as dt_util
from homeassistant.util.json import JsonObjectType
import probatio

from ..const import DOMAIN
from ..heating.boost import Phase, Running
from ..heating.boost_actions import SERVICE_BOOST, SERVICE_END_BOOST
from ..heating.boost_words import CONTROLS, settings_words
from ..heating.boosts import MAX_DURATION, MIN_DURATION
from ..water_heater import MODE_OF_OPERATION
from ..wording import outcome_error, setting_words
from .exposed_heaters import ExposedHeater
from .tool import QUEUED, SENT, HeaterTool, async_act, connection_words, local_time

ATTR_MINUTES = "duration_minutes"
ATTR_STOP_WHEN_HOT = "stop_when_hot"

# What became of a boost; or it is sent, or queued.
ACTIVE = "active"
ENDED = "ended"
NOT_ACTIVE = "not_active"

_MINUTE = timedelta(minutes=1)
_SHORTEST, _LONGEST = MIN_DURATION // _MINUTE, MAX_DURATION // _MINUTE
_KINDS = frozenset(control.name for control in CONTROLS.values())


class StartBoostTool(HeaterTool):
    """Starts a boost, which ends by itself."""

    key = "start_boost"
    description = (
        "Heat more hot water for a while, for example for guests or a bath: set another target temperature or mode of "
        "a heat pump water heater now, and restore the previous settings automatically at the end. A boost that is "
        "already active is replaced, and what was before it is restored. The result is 'active' once the water heater "
        "has the settings, 'sent' while that is not known yet, and 'queued' if the water heater cannot be reached: "
        "then the boost starts automatically as soon as it can, unless it would be over by then, which counts as "
        "success. 'sets' is what the boost sets, 'not_set' what cannot be set now, such as the mode in a peak period, "
        "and 'restores' what is restored at the end, null until that is known. 'ended' means that the boost is over "
        "already, for example because the water is hot."
    )
    annotations = ToolAnnotations(destructive=False, open_world=False)
    fields: ClassVar[Mapping[probatio.Marker, object]] = {
        probatio.Optional(
            ATTR_MINUTES, description=f"From {_SHORTEST} to {_LONGEST}; if omitted, as long as the user prefers"
        ): probatio.Coerce(float),
        probatio.Optional(
            ATTR_TEMPERATURE,
            description="Target temperature in the unit of the user; if it and the mode are omitted, what the user "
            "prefers",
        ): probatio.Coerce(float),
        probatio.Optional(ATTR_OPERATION_MODE, description="If omitted, the mode stays as it is"): probatio.In(
            list(MODE_OF_OPERATION)
        ),
        probatio.Optional(
            ATTR_STOP_WHEN_HOT, description="Whether it ends as soon as the water is hot; false if omitted"
        ): bool,
    }

    @override
    async def async_respond(
        self, hass: HomeAssistant, found: ExposedHeater, data: Mapping[str, Any], llm_context: LLMContext
    ) -> JsonObjectType:
        asked_at = dt_util.utcnow()
        await async_act(hass, found, llm_context, (DOMAIN, SERVICE_BOOST), _fields_of_action(data), has_response=True)
        if found.heater.is_online:
            await _async_wait_for_heater(found)
        boost = found.boosts.active
        if boost is None and (err := _failure(hass, found, asked_at)) is not None:
            raise err
        return {
            "result": ENDED if boost is None else _stage(found, boost),
            "name": found.state.name,
            **({} if boost is None else boost_words(hass, boost)),
            "connection": connection_words(hass, found.heater),
        }


class EndBoostTool(HeaterTool):
    """Ends the boost that is active."""

    key = "end_boost"
    description = (
        "End the active boost of a heat pump water heater before its time, and restore the previous settings. The "
        "result is 'ended', 'queued' if the water heater cannot be reached: then they are restored automatically as "
        "soon as it can, which counts as success, or 'not_active' if there is no boost. 'restores' is what is being "
        "restored, null if that is nothing or not known yet."
    )
    annotations = ToolAnnotations(destructive=False, idempotent=True, open_world=False)

    @override
    async def async_respond(
        self, hass: HomeAssistant, found: ExposedHeater, data: Mapping[str, Any], llm_context: LLMContext
    ) -> JsonObjectType:
        response = await async_act(hass, found, llm_context, (DOMAIN, SERVICE_END_BOOST), data, has_response=True)
        boosts = found.boosts
        is_waiting = boosts.running is not None or bool(boosts.returning)
        result = QUEUED if is_waiting and not found.heater.is_online else ENDED
        return {
            "result": result if response["ended"] else NOT_ACTIVE,
            "name": found.state.name,
            "restores": settings_words(hass, boosts.restores) or None,
            "connection": connection_words(hass, found.heater),
        }


@callback
def boost_words(hass: HomeAssistant, boost: Running) -> JsonObjectType:
    """Return what a boost sets, until when, and what comes after it."""
    changes = {setting: each for setting, each in boost.changes.items() if each.phase is not Phase.GONE}
    not_set = boost.boost.wanted.keys() - changes
    return {
        "ends_at": local_time(boost.boost.end),
        "stop_when_hot": boost.boost.stop_when_hot,
        "sets": settings_words(hass, {setting: each.wanted for setting, each in changes.items()}),
        "not_set": [setting_words(hass, CONTROLS[setting].setting or "") for setting in sorted(not_set)],
        "restores": settings_words(hass, boost.restores) or None,
    }


def _fields_of_action(data: Mapping[str, Any]) -> dict[str, object]:
    """Return the fields of a tool as those of the action, which is what checks them."""
    fields = {name: value for name, value in data.items() if name != ATTR_MINUTES}
    if (minutes := data.get(ATTR_MINUTES)) is not None:
        # The action refuses what is too short or too long; how much is of no interest to it.
        fields["duration"] = timedelta(minutes=min(max(1, minutes), _LONGEST + 1))
    return fields


async def _async_wait_for_heater(found: ExposedHeater) -> None:
    """Wait until the heater has what a boost sets, or has not taken it, for as long as other actions wait."""
    pending = found.coordinator.client.pending_commands
    await found.coordinator.outcomes.async_wait(
        each.id for each in pending if each.mac_address == found.mac_address and each.kind in _KINDS
    )


@callback
def _failure(hass: HomeAssistant, found: ExposedHeater, since: datetime) -> HomeAssistantError | None:
    """Return why the heater did not take what a boost sets."""
    events = [
        event
        for event in found.coordinator.outcomes.of(found.mac_address)
        if event.command.kind in _KINDS and event.command.queued_at >= since
    ]
    errors = (outcome_error(hass, event) for event in events)
    return next((err for err in errors if err is not None), None)


@callback
def _stage(found: ExposedHeater, boost: Running) -> str:
    """Return how far a boost has come."""
    if boost.phases <= {Phase.OURS, Phase.GONE}:
        return ACTIVE
    return SENT if found.heater.is_online else QUEUED
