"""The base entities: device info, availability, sending commands, and adding what a heater has."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import override

from homeassistant.core import callback
from homeassistant.helpers.device_registry import CONNECTION_NETWORK_MAC, DeviceInfo, format_mac
from homeassistant.helpers.entity import Entity, EntityDescription
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback
from homeassistant.helpers.update_coordinator import CoordinatorEntity

from .const import DOMAIN
from .coordinator import NavilinkConfigEntry, NavilinkCoordinator
from .devices import model, serial_number, sw_version
from .heater import HeaterState, heater_name
from .nwp500 import DeviceFeature, DeviceStatus, HeaterCommand, NavienMqttClient


@callback
def async_add_for_each_heater(
    entry: NavilinkConfigEntry,
    async_add_entities: AddConfigEntryEntitiesCallback,
    create_entities: Callable[[NavilinkCoordinator, str], Iterable[Entity]],
) -> None:
    """Add the entities of every heater of the account, also of those that join it later."""
    coordinator = entry.runtime_data
    known: set[str] = set()

    @callback
    def add_new() -> None:
        listed = coordinator.data.keys()
        new = listed - known
        # A heater that left may come back one day.
        known.intersection_update(listed)
        known.update(new)
        for mac_address in new:
            async_add_entities(create_entities(coordinator, mac_address))

    add_new()
    entry.async_on_unload(coordinator.async_add_listener(add_new))


@dataclass(frozen=True, kw_only=True)
class FittedDescription(EntityDescription):
    """An entity, and what the heater has to have for it."""

    is_fitted: Callable[[DeviceFeature], bool | None] | None = None
    """Whether the heater has it; what it does not mention it may have. None: every heater has it."""

    def exists_for(self, feature: DeviceFeature | None) -> bool:
        """Return whether the entity is to be added by what is known of the heater."""
        return self.is_fitted is None or (feature is not None and self.is_fitted(feature) is not False)


@callback
def async_add_fitted[D: FittedDescription](
    entry: NavilinkConfigEntry,
    async_add_entities: AddConfigEntryEntitiesCallback,
    descriptions: Iterable[D],
    create: Callable[[NavilinkCoordinator, str, D], Entity],
) -> None:
    """Add the entities for what each heater has, some of them as soon as it has reported that."""
    stops: dict[str, Callable[[], None]] = {}

    def create_entities(coordinator: NavilinkCoordinator, mac_address: str) -> Iterable[Entity]:
        if (stop := stops.pop(mac_address, None)) is not None:
            # The heater had left the account and is back.
            stop()
        missing = list(descriptions)
        looked_at: DeviceFeature | None = None

        def new_entities() -> list[Entity]:
            nonlocal looked_at
            heater = coordinator.data.get(mac_address)
            looked_at = None if heater is None else heater.feature
            new = [each for each in missing if each.exists_for(looked_at)]
            missing[:] = [each for each in missing if each not in new]
            return [create(coordinator, mac_address, each) for each in new]

        @callback
        def add_new() -> None:
            heater = coordinator.data.get(mac_address)
            if missing and heater is not None and heater.feature is not looked_at and (new := new_entities()):
                async_add_entities(new)

        stops[mac_address] = coordinator.async_add_listener(add_new, mac_address)
        return new_entities()

    @callback
    def stop_all() -> None:
        for stop in stops.values():
            stop()

    async_add_for_each_heater(entry, async_add_entities, create_entities)
    entry.async_on_unload(stop_all)


class NavilinkEntity(CoordinatorEntity[NavilinkCoordinator]):
    """An entity of one heater, available as long as the account lists the heater, connected or not."""

    _attr_has_entity_name = True

    def __init__(self, coordinator: NavilinkCoordinator, mac_address: str, description: EntityDescription) -> None:
        super().__init__(coordinator, context=mac_address)
        self.entity_description = description
        self._mac_address = mac_address
        self._first_state = coordinator.data[mac_address]
        self._written: tuple[object, ...] | None = None
        self._attr_unique_id = f"{mac_address}_{description.key}"
        device, feature = self._first_state.device, self._first_state.feature
        self._attr_device_info = DeviceInfo(
            identifiers={(DOMAIN, mac_address)},
            connections={(CONNECTION_NETWORK_MAC, format_mac(mac_address))},
            manufacturer="Navien",
            name=heater_name(device),
            model=model(feature),
            serial_number=serial_number(feature),
            sw_version=sw_version(feature),
        )

    @callback
    @override
    def _handle_coordinator_update(self) -> None:
        """Write the state if what the entity shows has changed; most reports of a heater repeat the last one."""
        self._update_attrs()
        shown = self._shown()
        if shown != self._written:
            self._written = shown
            self.async_write_ha_state()

    @callback
    def _update_attrs(self) -> None:
        """Take in what is to be worked out once for each snapshot of the heater."""

    def _shown(self) -> tuple[object, ...]:
        """Return everything of the entity that goes into its state."""
        about = self.supported_features, self.capability_attributes
        if not self.available:
            return about
        return *about, self.state, self.state_attributes, self.extra_state_attributes

    @override
    async def async_update(self) -> None:
        """Ask for the heater's status; only used by the action that updates entities."""
        self.client.poll(self.heater.device)

    @property
    def heater(self) -> HeaterState:
        """What is known about the heater; capabilities are asked for even while an entity goes with its heater."""
        return self.coordinator.data.get(self._mac_address, self._first_state)

    @property
    def client(self) -> NavienMqttClient:
        """The client that takes the commands."""
        return self.coordinator.client

    @property
    @override
    def available(self) -> bool:
        """Return whether the account lists the heater."""
        return self._mac_address in self.coordinator.data

    async def async_send(self, *commands: HeaterCommand) -> None:
        """Send commands to the heater; raises when they are not carried out."""
        await self.coordinator.delivery.async_send(self.heater.device, *commands)


class MeasuredEntity(NavilinkEntity):
    """An entity that shows what the heater measures or does, and nothing once that is too old."""

    @property
    @override
    def available(self) -> bool:
        """Return whether the heater's last status is young enough."""
        return super().available and self.heater.is_fresh

    @property
    def status(self) -> DeviceStatus | None:
        """What the heater last reported."""
        return self.heater.status
