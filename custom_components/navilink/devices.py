"""The heaters of an account: which ones its list has, and what the device registry knows of them."""

from collections.abc import Collection, Iterable

from homeassistant.config_entries import ConfigEntry
from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers import device_registry as dr

from .const import DOMAIN
from .heater import heater_name
from .nwp500 import Device, DeviceFeature, DeviceListing, one_line


class AccountListing:
    """What the lists of an account's heaters prove.

    The service has answered with an empty list, and with less than the account has. So what a list lacks has left the
    account only if the next one lacks it as well; a list that is not complete proves nothing.
    """

    def __init__(self) -> None:
        """Begin without any list."""
        self._last: frozenset[str] | None = None
        """The heaters in the last complete list."""
        self.is_in_doubt = False
        """Whether the next list should follow soon, because the last one lacks what is expected."""

    def lacks(self, mac_address: str) -> bool:
        """Return whether the last complete list has no such heater, whether or not that is believed yet."""
        return self._last is not None and mac_address not in self._last

    def departed(self, listing: DeviceListing, known: Collection[str]) -> set[str]:
        """Return which of the known heaters are proved to have left the account by this list."""
        listed = frozenset(device.mac_address for device in listing.devices)
        last = self._last
        if not listing.is_complete:
            self._last = None if last is None else last | listed
            self.is_in_doubt = False
            return set()
        self._last = listed
        absent = set(known) - listed
        departed = set() if last is None else absent - last
        self.is_in_doubt = bool(absent - departed) or (not listed and listed != last)
        return departed


@callback
def async_claim_devices(hass: HomeAssistant, entry: ConfigEntry, devices: Iterable[Device]) -> None:
    """Register heaters, so that other accounts know whose they are; their entities describe them."""
    registry = dr.async_get(hass)
    for device in devices:
        registry.async_get_or_create(
            config_entry_id=entry.entry_id,
            identifiers={(DOMAIN, device.mac_address)},
            name=heater_name(device),
        )


@callback
def async_update_device(hass: HomeAssistant, entry: ConfigEntry, device: Device, feature: DeviceFeature) -> None:
    """Bring what a heater reports of itself into the device registry."""
    registry = dr.async_get(hass)
    registered = registry.async_get_device_by_identifier((DOMAIN, device.mac_address), entry.entry_id)
    if registered is not None:
        registry.async_update_device(
            registered.id,
            model=model(feature),
            serial_number=serial_number(feature),
            sw_version=sw_version(feature),
        )


def model(feature: DeviceFeature | None) -> str:
    """Name the model, with the tank size once the heater has reported it."""
    gallons = None if feature is None else feature.volume_gallons
    return "NWP500" if gallons is None else f"NWP500 ({gallons} gal)"


def serial_number(feature: DeviceFeature | None) -> str | None:
    """Return the serial number, if it can be shown."""
    return None if feature is None else one_line(feature.serial_number or "") or None


def sw_version(feature: DeviceFeature | None) -> str | None:
    """Return the version of the controller's firmware."""
    return None if feature is None else feature.controller_version


@callback
def async_registered(hass: HomeAssistant, entry: ConfigEntry) -> set[str]:
    """Return the MAC addresses of the account's devices."""
    devices = dr.async_entries_for_config_entry(dr.async_get(hass), entry.entry_id)
    return {mac_address for device in devices for domain, mac_address in device.identifiers if domain == DOMAIN}


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
