"""The base of entities that show what is read from a heater now and then."""

from typing import override

from homeassistant.helpers.entity import EntityDescription

from ..coordinator import NavilinkCoordinator
from ..entity import NavilinkEntity
from .heater_facts import Fact


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
