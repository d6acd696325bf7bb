"""The heater that an action is for: found by its device, for a user who may read or control it."""

from collections.abc import Mapping
from typing import Any, NamedTuple

from homeassistant.components.water_heater.const import DOMAIN as WATER_HEATER_DOMAIN
from homeassistant.const import ATTR_DEVICE_ID
from homeassistant.core import ServiceCall
from homeassistant.exceptions import ServiceValidationError, Unauthorized, UnknownUser
from homeassistant.helpers import config_validation as cv
from homeassistant.helpers import entity_registry as er
from homeassistant.helpers.service import async_get_device_and_config_entry
import voluptuous as vol

from .const import DOMAIN
from .coordinator import NavilinkConfigEntry, NavilinkCoordinator
from .heater import HeaterState

# Whether a device is given as a target or among the data, it is a list in the one case and may be a text in the other.
DEVICES: dict[vol.Marker, Any] = {vol.Required(ATTR_DEVICE_ID): vol.All(cv.ensure_list, vol.Length(min=1), [str])}
ONE_DEVICE: dict[vol.Marker, Any] = {
    vol.Required(ATTR_DEVICE_ID): vol.All(cv.ensure_list, vol.Length(min=1, max=1), [str])
}


class Heater(NamedTuple):
    """The heater that an action is for."""

    coordinator: NavilinkCoordinator
    mac_address: str

    @property
    def state(self) -> HeaterState:
        """What is known about it now."""
        return self.coordinator.data[self.mac_address]


async def async_heater(call: ServiceCall, device_id: str, permission: str) -> Heater:
    """Find a heater by its device, for a user who may read or control it.

    What is wrong with the device is reported by Home Assistant's own error, and so is a missing permission.
    """
    device, entry = async_get_device_and_config_entry(call.hass, DOMAIN, device_id, include_child_devices=False)
    await _async_check_permission(call, device.id, permission)
    loaded: NavilinkConfigEntry = entry
    coordinator = loaded.runtime_data
    identifiers: Mapping[str, str] = dict(device.identifiers)
    mac_address = identifiers[DOMAIN]
    if mac_address not in coordinator.data:
        raise ServiceValidationError(translation_domain=DOMAIN, translation_key="heater_gone")
    return Heater(coordinator, mac_address)


async def _async_check_permission(call: ServiceCall, device_id: str, permission: str) -> None:
    """Let pass who may do to the heater's entity what the action does to the heater; automations have no user."""
    if call.context.user_id is None:
        return
    if (user := await call.hass.auth.async_get_user(call.context.user_id)) is None:
        raise UnknownUser(context=call.context, permission=permission)
    entities = er.async_entries_for_device(er.async_get(call.hass), device_id, include_disabled_entities=True)
    entity_id = next((each.entity_id for each in entities if each.domain == WATER_HEATER_DOMAIN), None)
    if entity_id is None:
        is_permitted = user.permissions.access_all_entities(permission)
    else:
        is_permitted = user.permissions.check_entity(entity_id, permission)
    if not is_permitted:
        raise Unauthorized(context=call.context, entity_id=entity_id, permission=permission)
