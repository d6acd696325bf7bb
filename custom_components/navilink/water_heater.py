"""The water heater itself: set point, mode, on and off, away."""

from dataclasses import dataclass
from typing import Any, Self, override

from homeassistant.components.water_heater import WaterHeaterEntity, WaterHeaterEntityDescription
from homeassistant.components.water_heater.const import (
    ATTR_OPERATION_MODE,
    STATE_ECO,
    STATE_ELECTRIC,
    STATE_HEAT_PUMP,
    STATE_HIGH_DEMAND,
    WaterHeaterEntityFeature,
)
from homeassistant.const import ATTR_TEMPERATURE, PRECISION_TENTHS, STATE_OFF, UnitOfTemperature
from homeassistant.core import HomeAssistant, callback
from homeassistant.exceptions import ServiceValidationError
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback
from homeassistant.helpers.restore_state import ExtraStoredData, RestoreEntity
from homeassistant.helpers.temperature import display_temp

from .const import DOMAIN
from .coordinator import NavilinkConfigEntry, NavilinkCoordinator
from .entity import NavilinkEntity, async_add_for_each_heater
from .heater import HeaterState
from .nwp500 import DeviceFeature, DhwMode, HeaterCommand, InvalidParameterError, TemperatureUnit
from .nwp500.encoding import in_unit
from .nwp500.enums import DhwTemperatureControl
from .nwp500.set_point import set_point_limits

# An action waits for its outcome; the queue puts commands in order, and one heater's wait must not hold up another's.
PARALLEL_UPDATES = 0

ATTR_DAYS = "days"
# Of a vacation that is given without a length.
VACATION_DAYS = 7

OPERATION_OF_MODE = {
    DhwMode.STANDBY: STATE_OFF,
    DhwMode.HEAT_PUMP: STATE_HEAT_PUMP,
    DhwMode.ELECTRIC: STATE_ELECTRIC,
    DhwMode.ENERGY_SAVER: STATE_ECO,
    DhwMode.HIGH_DEMAND: STATE_HIGH_DEMAND,
    DhwMode.POWER_OFF: STATE_OFF,
}
MODE_OF_OPERATION = {
    STATE_ECO: DhwMode.ENERGY_SAVER,
    STATE_HEAT_PUMP: DhwMode.HEAT_PUMP,
    STATE_ELECTRIC: DhwMode.ELECTRIC,
    STATE_HIGH_DEMAND: DhwMode.HIGH_DEMAND,
}

UNITS = {
    TemperatureUnit.CELSIUS: UnitOfTemperature.CELSIUS,
    TemperatureUnit.FAHRENHEIT: UnitOfTemperature.FAHRENHEIT,
}

DESCRIPTION = WaterHeaterEntityDescription(key="water_heater", name=None)


@dataclass(frozen=True, slots=True)
class StoredMode(ExtraStoredData):
    """The mode to go back to after a vacation, kept over a restart."""

    mode: DhwMode

    @override
    def as_dict(self) -> dict[str, int]:
        """Return what is stored."""
        return {"mode": self.mode.value}

    @classmethod
    def from_dict(cls, stored: dict[str, Any]) -> Self | None:
        """Read what was stored; None when it names no mode that can be gone back to."""
        return next((cls(mode) for mode in MODE_OF_OPERATION.values() if mode == stored.get("mode")), None)


async def async_setup_entry(
    _hass: HomeAssistant, entry: NavilinkConfigEntry, async_add_entities: AddConfigEntryEntitiesCallback
) -> None:
    """Set up the water heaters."""
    async_add_for_each_heater(
        entry, async_add_entities, lambda coordinator, mac_address: [NavilinkWaterHeater(coordinator, mac_address)]
    )


class NavilinkWaterHeater(NavilinkEntity, RestoreEntity, WaterHeaterEntity):
    """A heat-pump water heater; it shows the values that are wanted until the heater has or refuses them."""

    def __init__(self, coordinator: NavilinkCoordinator, mac_address: str) -> None:
        """Tie the entity to its heater."""
        super().__init__(coordinator, mac_address, DESCRIPTION)
        self._mode_before_vacation = DhwMode.ENERGY_SAVER
        self._look()

    @override
    async def async_added_to_hass(self) -> None:
        """Remember the mode that a vacation interrupted."""
        await super().async_added_to_hass()
        stored = await self.async_get_last_extra_data()
        if stored is not None and (before := StoredMode.from_dict(stored.as_dict())) is not None:
            self._mode_before_vacation = before.mode
        self._look()

    @property
    @override
    def extra_restore_state_data(self) -> StoredMode:
        """Return what to keep over a restart."""
        return StoredMode(self._mode_before_vacation)

    @callback
    @override
    def _handle_coordinator_update(self) -> None:
        self._look()
        super()._handle_coordinator_update()

    @callback
    def _look(self) -> None:
        """Take in what the heater is and has now, so that an action need not work it out while its command waits."""
        mode = self._shown_mode
        if mode is not None and mode in MODE_OF_OPERATION.values():
            self._mode_before_vacation = mode
        self._unit = _display_unit(self.heater)
        self._attr_supported_features = _supported_features(self.heater.feature)

    @property
    def _shown_mode(self) -> DhwMode | None:
        return None if self.heater.shown is None else self.heater.shown.dhw_mode

    def _in_display_unit(self, celsius: float | None) -> float | None:
        return None if celsius is None else in_unit(celsius, self._unit)

    @property
    @override
    def available(self) -> bool:
        """Return whether commands are taken: by a heater that was ever seen, and queued while the link is down."""
        return super().available and self.heater.takes_commands

    @property
    def native_temperature_unit(self) -> str:
        """Return the unit of the heater's own display."""
        return UNITS[self._unit]

    @property
    def native_current_temperature(self) -> float | None:
        """Return the temperature at the upper probe, the best reading of the hot water."""
        heater = self.heater
        if heater.status is None or not heater.is_fresh:
            return None
        return self._in_display_unit(heater.status.tank_upper_temperature)

    @property
    def native_target_temperature(self) -> float | None:
        """Return the set point."""
        shown = self.heater.shown
        return None if shown is None else self._in_display_unit(shown.dhw_temperature_setting)

    # The names of these properties before Home Assistant 2026.11.
    temperature_unit = native_temperature_unit
    current_temperature = native_current_temperature
    target_temperature = native_target_temperature

    @property
    @override
    def target_temperature_step(self) -> float:
        """Return the step in the heater's own unit."""
        if self._unit is TemperatureUnit.FAHRENHEIT:
            return 1
        feature = self.heater.feature
        one_degree = feature and feature.dhw_temperature_control is DhwTemperatureControl.ONE_DEGREE_STEPS
        return 1 if one_degree else 0.5

    @property
    @override
    def min_temp(self) -> float:
        """Return the lowest set point that this heater takes."""
        return set_point_limits(self._unit, self.heater.feature)[0]

    @property
    @override
    def max_temp(self) -> float:
        """Return the highest set point that this heater takes."""
        return set_point_limits(self._unit, self.heater.feature)[1]

    @property
    @override
    def operation_list(self) -> list[str]:
        """Return the modes that this heater has."""
        feature = self.heater.feature
        operations = [
            operation
            for operation, mode in MODE_OF_OPERATION.items()
            if feature is None or mode in feature.supported_modes
        ]
        can_be_off = WaterHeaterEntityFeature.ON_OFF in self.supported_features
        return [*operations, STATE_OFF] if can_be_off else operations

    @property
    @override
    def current_operation(self) -> str | None:
        """Return the mode; during a vacation, the one that comes after it."""
        mode = self._shown_mode
        if mode is None:
            return None
        return OPERATION_OF_MODE[self._mode_before_vacation if mode is DhwMode.VACATION else mode]

    @property
    @override
    def is_away_mode_on(self) -> bool | None:
        """Return whether the heater is on vacation."""
        return None if self.heater.shown is None else self.heater.shown.is_on_vacation

    @override
    async def async_set_temperature(self, **kwargs: Any) -> None:
        """Set the set point and, when one is given with it, the mode."""
        operation: str | None = kwargs.get(ATTR_OPERATION_MODE)
        # Both are checked before either is sent.
        if operation is not None and operation not in self.operation_list:
            raise ServiceValidationError(
                translation_domain=DOMAIN,
                translation_key="unsupported_mode",
                translation_placeholders={"mode": operation, "modes": ", ".join(self.operation_list)},
            )
        temperature: float = kwargs[ATTR_TEMPERATURE]
        try:
            set_point = self.client.dhw_temperature_command(self.heater.device, temperature, unit=self._unit)
        except InvalidParameterError as err:
            raise self._out_of_range(temperature) from err
        commands = [set_point]
        if operation is not None:
            commands.append(self._mode_command(operation))
        await self.async_send(*commands)

    @override
    async def async_set_operation_mode(self, operation_mode: str) -> None:
        """Choose a mode, which also switches the heater on, or switch it off."""
        await self.async_send(self._mode_command(operation_mode))

    @override
    async def async_turn_on(self, **kwargs: Any) -> None:
        """Switch the heater on; it returns to the mode it had."""
        await self.async_send(self.client.power_command(self.heater.device, True))

    @override
    async def async_turn_off(self, **kwargs: Any) -> None:
        """Switch the heater off."""
        await self.async_send(self.client.power_command(self.heater.device, False))

    @override
    async def async_turn_away_mode_on(self) -> None:
        """Start a vacation of the usual length."""
        await self.async_start_vacation(VACATION_DAYS)

    async def async_start_vacation(self, days: int) -> None:
        """Start a vacation of 1 to 99 days; the heater ends it by itself."""
        await self.async_send(self.client.vacation_command(self.heater.device, days))

    @override
    async def async_turn_away_mode_off(self) -> None:
        """End a vacation; a heater that is not on one is left as it is."""
        if self.is_away_mode_on:
            await self.async_send(self.client.dhw_mode_command(self.heater.device, self._mode_before_vacation))

    def _out_of_range(self, temperature: float) -> ServiceValidationError:
        """Name the limits in the user's unit, which need not be the heater's."""

        def in_words(value: float, precision: float) -> str:
            shown = display_temp(self.hass, value, self.native_temperature_unit, precision)
            return f"{shown:g} {self.hass.config.units.temperature_unit}"

        return ServiceValidationError(
            translation_domain=DOMAIN,
            translation_key="set_point_out_of_range",
            translation_placeholders={
                "temperature": in_words(temperature, PRECISION_TENTHS),
                "lowest": in_words(self.min_temp, self.precision),
                "highest": in_words(self.max_temp, self.precision),
            },
        )

    def _mode_command(self, operation: str) -> HeaterCommand:
        if operation == STATE_OFF:
            return self.client.power_command(self.heater.device, False)
        return self.client.dhw_mode_command(self.heater.device, MODE_OF_OPERATION[operation])


def _display_unit(heater: HeaterState) -> TemperatureUnit:
    told = (message.temperature_unit for message in (heater.shown, heater.feature) if message is not None)
    return next((unit for unit in told if unit is not None), TemperatureUnit.FAHRENHEIT)


def _supported_features(feature: DeviceFeature | None) -> WaterHeaterEntityFeature:
    """Return what the heater can do; what it has not told about, it is trusted to have."""
    supported = {
        WaterHeaterEntityFeature.TARGET_TEMPERATURE: feature is None
        or feature.dhw_temperature_control is not DhwTemperatureControl.DISABLED,
        WaterHeaterEntityFeature.OPERATION_MODE: feature is None or feature.supports_dhw,
        WaterHeaterEntityFeature.AWAY_MODE: feature is None or feature.supports_vacation,
        WaterHeaterEntityFeature.ON_OFF: feature is None or feature.supports_power,
    }
    features = WaterHeaterEntityFeature(0)
    for flag, is_supported in supported.items():
        if is_supported is not False:
            features |= flag
    return features
