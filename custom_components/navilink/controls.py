"""What the entities have in common that control a heater."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import override

from homeassistant.core import callback
from homeassistant.helpers.entity import Entity, EntityDescription
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback

from .coordinator import NavilinkConfigEntry, NavilinkCoordinator
from .entity import NavilinkEntity, async_add_for_each_heater
from .nwp500 import DeviceFeature, commands


@dataclass(frozen=True, kw_only=True)
class ControlDescription(EntityDescription):
    """A control of a heater, and what the heater has to have for it."""

    gate: str | None = None
    """Member of the device info that must not report that the heater lacks it; None: every heater has it."""

    def is_supported(self, feature: DeviceFeature | None) -> bool:
        """Return whether a heater has it; what its device info does not mention it may have."""
        return self.gate is None or (feature is not None and feature.raw.get(self.gate) not in commands.LACKING)


class ControlEntity(NavilinkEntity):
    """An entity by which a heater is controlled; it shows what commands on their way will bring about."""

    def __init__(self, coordinator: NavilinkCoordinator, mac_address: str, description: EntityDescription) -> None:
        """Tie the entity to its heater."""
        super().__init__(coordinator, mac_address, description)
        self._update_attrs()

    @override
    async def async_added_to_hass(self) -> None:
        """Take in what has changed since the entity was made."""
        await super().async_added_to_hass()
        self._update_attrs()

    @property
    @override
    def available(self) -> bool:
        """Return whether the heater was ever seen, and commands reach it or wait for that."""
        return super().available and self.heater.takes_commands


@callback
def async_add_supported[D: ControlDescription](
    entry: NavilinkConfigEntry,
    async_add_entities: AddConfigEntryEntitiesCallback,
    descriptions: Iterable[D],
    create: Callable[[NavilinkCoordinator, str, D], Entity],
) -> None:
    """Add the entities for what each heater has, as soon as it has reported that, or that it has it after all."""
    stops: dict[str, Callable[[], None]] = {}

    def add_heater(coordinator: NavilinkCoordinator, mac_address: str) -> Iterable[Entity]:
        if (stop := stops.pop(mac_address, None)) is not None:
            # The heater has left and is back: its entities went with it.
            stop()
        supported = _SupportedEntities(
            coordinator, mac_address, descriptions, lambda each: create(coordinator, mac_address, each)
        )
        stops[mac_address] = coordinator.async_add_listener(
            lambda: supported.add_new(async_add_entities), context=mac_address
        )
        return supported.new()

    @callback
    def stop_all() -> None:
        for stop in stops.values():
            stop()

    async_add_for_each_heater(entry, async_add_entities, add_heater)
    entry.async_on_unload(stop_all)


class _SupportedEntities[D: ControlDescription]:
    """The entities of one heater that are not added yet."""

    def __init__(
        self,
        coordinator: NavilinkCoordinator,
        mac_address: str,
        descriptions: Iterable[D],
        create: Callable[[D], Entity],
    ) -> None:
        self._coordinator = coordinator
        self._mac_address = mac_address
        self._missing = tuple(descriptions)
        self._create = create
        self._feature: DeviceFeature | None = None

    def new(self) -> list[Entity]:
        """Return the entities for what the heater is now known to have."""
        heater = self._coordinator.data.get(self._mac_address)
        self._feature = None if heater is None else heater.feature
        supported = [each for each in self._missing if each.is_supported(self._feature)]
        self._missing = tuple(each for each in self._missing if each not in supported)
        return [self._create(each) for each in supported]

    @callback
    def add_new(self, async_add_entities: AddConfigEntryEntitiesCallback) -> None:
        """Add what a device info has brought; the other reports of a heater change nothing about it."""
        heater = self._coordinator.data.get(self._mac_address)
        if self._missing and heater is not None and heater.feature is not self._feature and (new := self.new()):
            async_add_entities(new)
