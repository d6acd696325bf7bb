"""What the system information page shows of the integration."""

from homeassistant.components import system_health
from homeassistant.core import HomeAssistant, callback

from .config import api_url
from .const import DOMAIN
from .coordinator import NavilinkConfigEntry
from .nwp500 import servers


@callback
def async_register(_hass: HomeAssistant, register: system_health.SystemHealthRegistration) -> None:
    """Register the information of this integration."""
    register.async_register_info(system_health_info)


async def system_health_info(hass: HomeAssistant) -> dict[str, object]:
    """Return the state of the service and of the accounts."""
    entries: list[NavilinkConfigEntry] = hass.config_entries.async_loaded_entries(DOMAIN)
    service = next((api_url(entry.data) for entry in entries), servers.DEFAULT_BASE_URL)
    heaters = [heater for entry in entries for heater in entry.runtime_data.data.values()]
    failures = [entry.runtime_data.client.connection_report.failure for entry in entries]
    return {
        "can_reach_service": system_health.async_check_can_reach_url(hass, service),
        "links_up": f"{sum(entry.runtime_data.client.is_connected for entry in entries)}/{len(entries)}",
        "connection_problems": ", ".join(str(failure) for failure in failures if failure is not None) or "none",
        "heaters_online": f"{sum(heater.is_online is True for heater in heaters)}/{len(heaters)}",
        "queued_commands": sum(heater.queued_count for heater in heaters),
    }
