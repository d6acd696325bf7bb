"""The heaters of an account in the device registry."""

from collections.abc import Collection, Iterable

from homeassistant.config_entries import ConfigEntry
from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers import device_registry as dr

from .const import DOMAIN
from .heater import heater_name
from .nwp500 import Device, DeviceFeature, NavienMqttClient


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
            serial_number=None if feature is None else feature.serial_number or None,
            sw_version=None if feature is None else feature.controller_version,
        )


@callback
def async_absent(hass: HomeAssistant, entry: ConfigEntry, listed: Collection[str]) -> set[str]:
    """Return the MAC addresses of the account's devices that are not among those listed."""
    absent: set[str] = set()
    for device in dr.async_entries_for_config_entry(dr.async_get(hass), entry.entry_id):
        mac_addresses = {mac_address for domain, mac_address in device.identifiers if domain == DOMAIN}
        if mac_addresses.isdisjoint(listed):
            absent |= mac_addresses
    return absent


@callback
def async_taken(hass: HomeAssistant, entry: ConfigEntry, devices: Iterable[Device]) -> set[str]:
    """Return the MAC addresses of the heaters that another account had first; a heater belongs to one account."""
    registry = dr.async_get(hass)
    taken: set[str] = set()
    for device in devices:
        registered = registry.async_get_devices(identifiers={(DOMAIN, device.mac_address)})
        first = min(registered, key=lambda known: (known.created_at, known.config_entry_id), default=None)
        if first is not None and first.config_entry_id != entry.entry_id:
            taken.add(device.mac_address)
    return taken


@callback
def async_remove_devices(hass: HomeAssistant, entry: ConfigEntry, mac_addresses: Iterable[str]) -> None:
    """Remove heaters, and with them their entities."""
    registry = dr.async_get(hass)
    for mac_address in mac_addresses:
        device = registry.async_get_device_by_identifier((DOMAIN, mac_address), entry.entry_id)
        if device is not None:
            registry.async_remove_device(device.id)


def _model(feature: DeviceFeature | None) -> str:
    """Name the model, with the tank size once the heater has told it."""
    gallons = None if feature is None else feature.volume_gallons
    return "NWP500" if gallons is None else f"NWP500 ({gallons} gal)"
