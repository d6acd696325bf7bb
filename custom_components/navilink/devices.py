"""The heaters of an account in the device registry."""

from collections.abc import Collection, Iterable

from homeassistant.config_entries import ConfigEntry
from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers import device_registry as dr

from .const import DOMAIN
from .heater import heater_name
from .nwp500 import Device, DeviceFeature, NavienMqttClient, printable


@callback
def async_register_devices(
    hass: HomeAssistant, entry: ConfigEntry, client: NavienMqttClient, devices: Iterable[Device]
) -> None:
    """Bring what the registry knows about heaters up to date."""
    registry = dr.async_get(hass)
    for device in devices:
        feature = client.feature(device)
        registry.async_get_or_create(
            config_entry_id=entry.entry_id,
            identifiers={(DOMAIN, device.mac_address)},
            connections={(dr.CONNECTION_NETWORK_MAC, dr.format_mac(device.mac_address))},
            manufacturer="Navien",
            name=heater_name(device),
            model=_model(feature),
            serial_number=None if feature is None else printable(feature.serial_number or "") or None,
            sw_version=None if feature is None else feature.controller_version,
        )


@callback
def async_remove_other_devices(hass: HomeAssistant, entry: ConfigEntry, listed: Collection[str]) -> None:
    """Remove the heaters that the account, by its list of MAC addresses, has no longer."""
    registry = dr.async_get(hass)
    for device in dr.async_entries_for_config_entry(registry, entry.entry_id):
        if not any((DOMAIN, mac_address) in device.identifiers for mac_address in listed):
            registry.async_remove_device(device.id)


def _model(feature: DeviceFeature | None) -> str:
    """Name the model, with the tank size once the heater has told it."""
    gallons = None if feature is None else feature.volume_gallons
    return "NWP500" if gallons is None else f"NWP500 ({gallons} gal)"
