"""Buttons of a heater: ask it afresh, clear its queue."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import override

from homeassistant.components.button import ButtonEntity, ButtonEntityDescription
from homeassistant.const import EntityCategory
from homeassistant.core import HomeAssistant
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback

from .coordinator import NavilinkConfigEntry, NavilinkCoordinator
from .entity import NavilinkEntity, async_add_for_each_heater
from .nwp500 import NavienError
from .wording import to_home_assistant_error

PARALLEL_UPDATES = 1


@dataclass(frozen=True, kw_only=True)
class NavilinkButtonDescription(ButtonEntityDescription):
    """A button and what it does for the heater of this MAC address."""

    press_fn: Callable[[NavilinkCoordinator, str], object]


DESCRIPTIONS = (
    NavilinkButtonDescription(
        key="clear_queue",
        translation_key="clear_queue",
        entity_category=EntityCategory.DIAGNOSTIC,
        press_fn=lambda coordinator, mac_address: coordinator.clear_queue(mac_address),
    ),
    NavilinkButtonDescription(
        key="refresh",
        translation_key="refresh",
        entity_category=EntityCategory.DIAGNOSTIC,
        press_fn=lambda coordinator, mac_address: coordinator.refresh_heater(mac_address),
    ),
)


async def async_setup_entry(
    _hass: HomeAssistant, entry: NavilinkConfigEntry, async_add_entities: AddConfigEntryEntitiesCallback
) -> None:
    """Set up the buttons."""
    async_add_for_each_heater(
        entry,
        async_add_entities,
        lambda coordinator, mac_address: (NavilinkButton(coordinator, mac_address, each) for each in DESCRIPTIONS),
    )


class NavilinkButton(NavilinkEntity, ButtonEntity):
    """A button of a heater."""

    entity_description: NavilinkButtonDescription

    @override
    async def async_press(self) -> None:
        """Do what the button is for."""
        try:
            self.entity_description.press_fn(self.coordinator, self._mac_address)
        except NavienError as err:
            raise to_home_assistant_error(self.hass, err) from err
        # What was cleared does not come back, whatever happens to this process from now on.
        await self.coordinator.store.async_saved()
