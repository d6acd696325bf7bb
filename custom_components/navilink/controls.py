"""What the entities have in common that control a heater."""

from dataclasses import dataclass
from typing import override

from homeassistant.helpers.entity import EntityDescription

from .coordinator import NavilinkCoordinator
from .entity import FittedDescription, NavilinkEntity
from .nwp500 import DeviceFeature, commands


@dataclass(frozen=True, kw_only=True)
class ControlDescription(FittedDescription):
    """A control of a heater, and what the heater has to have for it."""

    gate: str | None = None
    """Member of the device info that must not report that the heater lacks it; None: every heater has it."""

    @override
    def exists_for(self, feature: DeviceFeature | None) -> bool:
        """Return whether a heater has it; what its device info does not mention it may have."""
        return self.gate is None or (feature is not None and feature.raw.get(self.gate) not in commands.LACKING)


class ControlEntity(NavilinkEntity):
    """An entity by which a heater is controlled; it shows what commands on their way will bring about."""

    def __init__(self, coordinator: NavilinkCoordinator, mac_address: str, description: EntityDescription) -> None:
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
