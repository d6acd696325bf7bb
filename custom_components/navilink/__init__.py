"""The Navien NaviLink integration: NWP500 heat-pump water heaters over the NaviLink cloud."""

from homeassistant.config_entries import ConfigEntryState
from homeassistant.const import Platform
from homeassistant.core import HomeAssistant
from homeassistant.helpers import config_validation as cv
from homeassistant.helpers.device_registry import AnyDeviceEntry
from homeassistant.helpers.start import async_at_started
from homeassistant.helpers.typing import ConfigType

from .config import migrated_options
from .config_flow import NavilinkConfigFlow
from .const import DOMAIN
from .coordinator import NavilinkConfigEntry, NavilinkCoordinator
from .queue_store import async_remove_store
from .repairs import async_remove_issues
from .services import async_setup_services

CONFIG_SCHEMA = cv.config_entry_only_config_schema(DOMAIN)
PLATFORMS = [
    Platform.BINARY_SENSOR,
    Platform.BUTTON,
    Platform.CALENDAR,
    Platform.EVENT,
    Platform.NUMBER,
    Platform.SELECT,
    Platform.SENSOR,
    Platform.SWITCH,
    Platform.UPDATE,
    Platform.WATER_HEATER,
]


async def async_setup(hass: HomeAssistant, _config: ConfigType) -> bool:
    """Register the actions."""
    async_setup_services(hass)
    return True


async def async_setup_entry(hass: HomeAssistant, entry: NavilinkConfigEntry) -> bool:
    """Set up an account."""
    coordinator = NavilinkCoordinator(hass, entry)
    await coordinator.async_config_entry_first_refresh()
    entry.runtime_data = coordinator
    await hass.config_entries.async_forward_entry_setups(entry, PLATFORMS)
    entry.async_on_unload(async_at_started(hass, coordinator.async_open_outcomes))
    return True


async def async_migrate_entry(hass: HomeAssistant, entry: NavilinkConfigEntry) -> bool:
    """Bring the entry of an earlier version up to date; Home Assistant itself refuses that of a newer major version."""
    if entry.minor_version < NavilinkConfigFlow.MINOR_VERSION:
        hass.config_entries.async_update_entry(
            entry, options=migrated_options(entry.options), minor_version=NavilinkConfigFlow.MINOR_VERSION
        )
    return True


async def async_unload_entry(hass: HomeAssistant, entry: NavilinkConfigEntry) -> bool:
    """Unload an account; the coordinator ends its connection by itself."""
    coordinator = entry.runtime_data
    # What ends while the listeners go one by one is passed on by the next set-up.
    coordinator.outcomes.hold()
    is_unloaded = await hass.config_entries.async_unload_platforms(entry, PLATFORMS)
    if not is_unloaded:
        coordinator.async_open_outcomes(hass)
    return is_unloaded


async def async_remove_entry(hass: HomeAssistant, entry: NavilinkConfigEntry) -> None:
    """Leave nothing behind of an account."""
    async_remove_issues(hass, entry)
    await async_remove_store(hass, entry.entry_id)


async def async_remove_config_entry_device(
    _hass: HomeAssistant, entry: NavilinkConfigEntry, device: AnyDeviceEntry
) -> bool:
    """Let the user remove a heater that the account no longer lists; what it lists is known while it is set up."""
    if entry.state is not ConfigEntryState.LOADED:
        return False
    coordinator = entry.runtime_data
    mac_addresses = {mac_address for domain, mac_address in device.identifiers if domain == DOMAIN}
    if any(map(coordinator.is_listed, mac_addresses)):
        return False
    await coordinator.async_release(mac_addresses)
    return True
