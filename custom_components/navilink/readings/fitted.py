"""Entities for what a heater reports that it has: added once it reports that, and never for what it lacks."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import override

from homeassistant.core import callback
from homeassistant.helpers.entity import Entity, EntityDescription
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback

from ..coordinator import NavilinkConfigEntry, NavilinkCoordinator
from ..entity import NavilinkEntity, async_add_for_each_heater
from ..nwp500 import DeviceFeature
from .heater_facts import Fact


@dataclass(frozen=True, kw_only=True)
class FittedDescription(EntityDescription):
    """An entity, and what the heater has to have for it."""

    is_fitted: Callable[[DeviceFeature], bool | None] | None = None
    """Whether the heater has it; what it does not mention it may have. None: every heater has it."""

    def exists_for(self, feature: DeviceFeature | None) -> bool:
        """Return whether the entity is to be added by what is known of the heater."""
        return self.is_fitted is None or (feature is not None and self.is_fitted(feature) is not False)


class FactEntity(NavilinkEntity):
    """An entity that shows what is read now and then, as long as that is not too old."""

    def __init__(
        self, coordinator: NavilinkCoordinator, mac_address: str, description: EntityDescription, *facts: Fact[object]
    ) -> None:
        """Tie the entity to its heater and to the facts that it shows."""
        super().__init__(coordinator, mac_address, description)
        self._facts = facts

    @override
    async def async_added_to_hass(self) -> None:
        """Have the facts read from now on."""
        await super().async_added_to_hass()
        for fact in self._facts:
            self.async_on_remove(self.coordinator.facts.want(self._mac_address, fact))

    def fact[T](self, fact: Fact[T]) -> T | None:
        """Return what was last read, None while that is unknown."""
        return self.coordinator.facts.get(self._mac_address, fact)


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
