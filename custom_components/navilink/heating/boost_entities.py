"""The entities of a boost: its switch, its end, and how long and how hot it is if nothing else is given."""

from datetime import datetime
from typing import Any, override

from homeassistant.components.number import NumberEntity, NumberEntityDescription
from homeassistant.components.number.const import NumberDeviceClass, NumberMode
from homeassistant.components.sensor import SensorDeviceClass, SensorEntity, SensorEntityDescription
from homeassistant.components.switch import SwitchEntity, SwitchEntityDescription
from homeassistant.const import EntityCategory, UnitOfTime
from homeassistant.core import callback

from ..coordinator import NavilinkCoordinator
from ..entity import NavilinkEntity
from ..nwp500 import setpoint
from ..water_heater import STEPS
from ..wording import user_temperature, user_unit
from .boost import Running
from .boost_actions import DURATION, TEMPERATURE, async_start_boost, usual_temperature

SWITCH = SwitchEntityDescription(key="boost", translation_key="boost")
END = SensorEntityDescription(key="boost_end", translation_key="boost_end", device_class=SensorDeviceClass.TIMESTAMP)
DURATION_NUMBER = NumberEntityDescription(
    key=DURATION.name,
    translation_key=DURATION.name,
    entity_category=EntityCategory.CONFIG,
    entity_registry_enabled_default=False,
    device_class=NumberDeviceClass.DURATION,
    mode=NumberMode.BOX,
    native_unit_of_measurement=UnitOfTime.MINUTES,
    native_min_value=DURATION.allowed[0],
    native_max_value=DURATION.allowed[-1],
    native_step=DURATION.allowed.step,
)
TEMPERATURE_NUMBER = NumberEntityDescription(
    key=TEMPERATURE.name,
    translation_key=TEMPERATURE.name,
    entity_category=EntityCategory.CONFIG,
    entity_registry_enabled_default=False,
    device_class=NumberDeviceClass.TEMPERATURE,
    mode=NumberMode.BOX,
)


class _BoostEntity(NavilinkEntity):
    """An entity that shows the boost that runs."""

    @property
    def running(self) -> Running | None:
        """The boost that runs and is not about to end."""
        return self.coordinator.boosts.of(self._mac_address).active


class BoostSwitch(_BoostEntity, SwitchEntity):
    """Heats more for the usual time; on while any boost runs."""

    def __init__(self, coordinator: NavilinkCoordinator, mac_address: str) -> None:
        super().__init__(coordinator, mac_address, SWITCH)

    @property
    @override
    def available(self) -> bool:
        """Return whether the heater was ever seen, and commands reach it or wait for that."""
        return super().available and self.heater.takes_commands

    @property
    @override
    def is_on(self) -> bool:
        """Return whether a boost runs."""
        return self.running is not None

    @override
    async def async_turn_on(self, **kwargs: Any) -> None:
        """Start a boost of the usual length and temperature; one that runs goes on as it is."""
        if self.running is None:
            await async_start_boost(self.coordinator, self._mac_address, {})

    @override
    async def async_turn_off(self, **kwargs: Any) -> None:
        """End the boost, and set the heater back."""
        await self.coordinator.boosts.async_cancel(self.heater.device)


class BoostEndSensor(_BoostEntity, SensorEntity):
    """When the boost that runs ends."""

    def __init__(self, coordinator: NavilinkCoordinator, mac_address: str) -> None:
        super().__init__(coordinator, mac_address, END)

    @property
    @override
    def native_value(self) -> datetime | None:
        """Return the end, None while no boost runs."""
        return None if self.running is None else self.running.boost.end


class BoostDuration(NavilinkEntity, NumberEntity):
    """How long a boost lasts for which no other end is given."""

    def __init__(self, coordinator: NavilinkCoordinator, mac_address: str) -> None:
        super().__init__(coordinator, mac_address, DURATION_NUMBER)

    @property
    @override
    def native_value(self) -> int:
        """Return the minutes."""
        return self.coordinator.kept.next_number(self.heater, DURATION)

    @override
    async def async_set_native_value(self, value: float) -> None:
        """Keep the minutes for the next boost, in the step of the number."""
        low, step = DURATION.allowed[0], DURATION.allowed.step
        minutes = low + round((value - low) / step) * step
        await self.coordinator.kept.async_put(self._mac_address, **{DURATION.name: minutes})
        self._handle_coordinator_update()


class BoostTemperature(NavilinkEntity, NumberEntity):
    """The target temperature of a boost for which no other is given, in the user's unit."""

    def __init__(self, coordinator: NavilinkCoordinator, mac_address: str) -> None:
        super().__init__(coordinator, mac_address, TEMPERATURE_NUMBER)
        self._update_attrs()

    @callback
    @override
    def _update_attrs(self) -> None:
        """Take in the limits of the heater."""
        hass = self.coordinator.hass
        low, high = setpoint.raw_limits(user_unit(hass), self.heater.feature)
        self._attr_native_unit_of_measurement = hass.config.units.temperature_unit
        self._attr_native_min_value, self._attr_native_max_value = (
            user_temperature(hass, low),
            user_temperature(hass, high),
        )
        self._attr_native_step = STEPS[user_unit(hass)]

    @property
    @override
    def native_value(self) -> float:
        """Return the temperature."""
        return user_temperature(self.coordinator.hass, usual_temperature(self.coordinator, self._mac_address))

    @override
    async def async_set_native_value(self, value: float) -> None:
        """Keep the temperature for the next boost, in the heater's step."""
        unit = user_unit(self.coordinator.hass)
        command = setpoint.dhw_temperature(self.heater.device, value, unit, self.heater.feature)
        await self.coordinator.kept.async_put(self._mac_address, **{TEMPERATURE.name: command.parameters[0]})
        self._handle_coordinator_update()
