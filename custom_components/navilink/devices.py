"""The heaters of an account: which ones its list has, and what the device registry knows of them."""

from collections.abc import Collection, Iterable

from homeassistant.config_entries import ConfigEntry
from homeassistant.const import Platform
from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers import device_registry as dr
from homeassistant.helpers import entity_registry as er

from .const import DOMAIN, LOGGER
from .heater import UNNAMED, heater_name
from .nwp500 import Device, DeviceFeature, models, one_line


class AccountListing:
    """What the lists of an account's heaters prove.

    The service has answered with an empty list, and with less than the account has. So what a list lacks has left the
    account only if the next one lacks it as well; a list that is not complete proves nothing.
    """

    def __init__(self) -> None:
        """Begin without any list."""
        self._last: frozenset[str] | None = None
        """The heaters in the last complete list."""
        self.needs_confirmation = False
        """Whether the next list should follow soon, because the last one lacks what is expected."""

    def lacks(self, mac_address: str) -> bool:
        """Return whether the last complete list has no such heater, whether or not that is believed yet."""
        return self._last is not None and mac_address not in self._last

    def departed(self, listing: models.DeviceListing, known: Collection[str]) -> set[str]:
        """Return which of the known heaters are proved to have left the account by this list."""
        listed = frozenset(device.mac_address for device in listing.devices)
        last = self._last
        if not listing.is_complete:
            self._last = None if last is None else last | listed
            self.needs_confirmation = False
            return set()
        self._last = listed
        absent = set(known) - listed
        departed = set() if last is None else absent - last
        self.needs_confirmation = bool(absent - departed) or (not listed and listed != last)
        return departed


class AccountDevices:
    """The devices of an account in the registry, by which other accounts know whose heater is whose."""

    def __init__(self, hass: HomeAssistant, entry: ConfigEntry) -> None:
        """Take the account's entry; nothing is registered yet."""
        self._hass = hass
        self._entry = entry
        self._registry = dr.async_get(hass)
        self.taken: frozenset[str] = frozenset()
        """The heaters of the account's list that another account had first."""

    @property
    def known(self) -> set[str]:
        """The MAC addresses of the account's devices."""
        devices = dr.async_entries_for_config_entry(self._registry, self._entry.entry_id)
        return {mac_address for device in devices for domain, mac_address in device.identifiers if domain == DOMAIN}

    @callback
    def claim(self, devices: Iterable[Device]) -> dict[str, Device]:
        """Register heaters unless another account had them first; return those of this account by MAC address."""
        own: dict[str, Device] = {}
        taken: set[str] = set()
        for device in devices:
            if self._is_taken(device):
                taken.add(device.mac_address)
                if device.mac_address not in self.taken:
                    LOGGER.warning(
                        "%s belongs to another account that is set up here, and is skipped", heater_name(device)
                    )
                continue
            own[device.mac_address] = device
            # Its entities describe it.
            self._registry.async_get_or_create(
                config_entry_id=self._entry.entry_id,
                identifiers={(DOMAIN, device.mac_address)},
                name=heater_name(device),
            )
        self.taken = frozenset(taken)
        return own

    def _is_taken(self, device: Device) -> bool:
        registered = self._registry.async_get_devices(identifiers={(DOMAIN, device.mac_address)})
        first = min(registered, key=lambda known: (known.created_at, known.config_entry_id), default=None)
        return first is not None and first.config_entry_id != self._entry.entry_id

    @callback
    def update(self, device: Device, feature: DeviceFeature) -> None:
        """Bring what a heater reports of itself into the device registry."""
        registered = async_registered_device(self._hass, self._entry, device.mac_address)
        if registered is not None:
            self._registry.async_update_device(
                registered.id,
                model=model(feature),
                serial_number=serial_number(feature),
                sw_version=sw_version(feature),
            )

    @callback
    def remove(self, mac_addresses: Iterable[str]) -> None:
        """Remove heaters, and with them their entities."""
        for mac_address in mac_addresses:
            if (device := async_registered_device(self._hass, self._entry, mac_address)) is not None:
                self._registry.async_remove_device(device.id)


@callback
def async_registered_device(hass: HomeAssistant, entry: ConfigEntry, mac_address: str) -> dr.DeviceEntry | None:
    """Return the device of an account's heater."""
    return dr.async_get(hass).async_get_device_by_identifier((DOMAIN, mac_address), entry.entry_id)


def shown_name(device: dr.DeviceEntry | None) -> str | None:
    """Return what the user calls a heater that is registered."""
    return None if device is None else device.name_by_user or device.name


def model(feature: DeviceFeature | None) -> str:
    """Name the model, with the tank size once the heater has reported it."""
    gallons = None if feature is None else feature.volume_gallons
    return UNNAMED if gallons is None else f"{UNNAMED} ({gallons} gal)"


def serial_number(feature: DeviceFeature | None) -> str | None:
    """Return the serial number, if it can be shown."""
    return None if feature is None else one_line(feature.serial_number or "") or None


def sw_version(feature: DeviceFeature | None) -> str | None:
    """Return the version of the controller's firmware."""
    return None if feature is None else feature.controller_version


@callback
def names_in_events(hass: HomeAssistant, entry: ConfigEntry, device: Device) -> dict[str, str | None]:
    """Return the names by which a heater and its entity are known on the event bus."""
    registered = async_registered_device(hass, entry, device.mac_address)
    entities = [] if registered is None else er.async_entries_for_device(er.async_get(hass), registered.id)
    return {
        "name": shown_name(registered) or heater_name(device),
        "device_id": None if registered is None else registered.id,
        "entity_id": next((each.entity_id for each in entities if each.domain == Platform.WATER_HEATER), None),
    }
