"""The water heater itself: target temperature, mode, on and off, away."""

from dataclasses import dataclass, replace
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
from homeassistant.const import ATTR_TEMPERATURE, STATE_OFF
from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback
from homeassistant.helpers.restore_state import ExtraStoredData, RestoreEntity

from .coordinator import NavilinkConfigEntry, NavilinkCoordinator
from .entity import NavilinkEntity, async_add_for_each_heater
from .kept_values import VACATION_LENGTH
from .nwp500 import DeviceFeature, HeaterCommand, commands, heater_commands, setpoint
from .nwp500.enums import DhwMode, TemperatureUnit
from .nwp500.exceptions import InvalidParameterError, UnsupportedCommandError
from .wording import to_home_assistant_error, unsupported_mode, user_temperature, user_unit

# An action waits for its outcome; the queue puts commands in order, and one heater's wait must not hold up another's.
PARALLEL_UPDATES = 0

ATTR_DAYS = "days"

MODE_OF_OPERATION = {
    STATE_ECO: DhwMode.ENERGY_SAVER,
    STATE_HEAT_PUMP: DhwMode.HEAT_PUMP,
    STATE_ELECTRIC: DhwMode.ELECTRIC,
    STATE_HIGH_DEMAND: DhwMode.HIGH_DEMAND,
}
OPERATION_OF_MODE = {
    **{mode: operation for operation, mode in MODE_OF_OPERATION.items()},
    DhwMode.STANDBY: STATE_OFF,
    DhwMode.POWER_OFF: STATE_OFF,
}
HEATING_MODES = frozenset(MODE_OF_OPERATION.values())

CONTROL_OF_FEATURE = {
    WaterHeaterEntityFeature.TARGET_TEMPERATURE: commands.DHW_TEMPERATURE,
    WaterHeaterEntityFeature.AWAY_MODE: commands.VACATION,
    WaterHeaterEntityFeature.ON_OFF: commands.POWER_ON,
}

# By the user's unit, for a heater that takes half degrees Celsius. On one that takes whole ones (1.8 °F), twice as much
# is the least that always leads to another value.
STEPS = {TemperatureUnit.CELSIUS: 0.5, TemperatureUnit.FAHRENHEIT: 1}
# A voice assistant or a bridge that knows whole degrees only misses a limit by so much, in its unit.
BRIDGE_ROUNDING = 0.5

DESCRIPTION = WaterHeaterEntityDescription(key="water_heater", name=None)


@dataclass(frozen=True, slots=True)
class LastModes(ExtraStoredData):
    """The modes to go back to, kept over a restart."""

    before_vacation: DhwMode = DhwMode.ENERGY_SAVER
    """How the heater was before its vacation: in a mode in which it heats, or off."""
    heating: DhwMode = DhwMode.ENERGY_SAVER
    """The last mode in which it heated."""

    def after(self, mode: DhwMode | None) -> Self:
        """Return what there is to go back to once the heater has been in this mode.

        Standby is only ever reported, and nothing is known to set it.
        """
        if mode is DhwMode.POWER_OFF:
            return replace(self, before_vacation=mode)
        return self if mode not in HEATING_MODES else replace(self, before_vacation=mode, heating=mode)

    @override
    def as_dict(self) -> dict[str, int]:
        """Return what is stored."""
        return {"mode": self.before_vacation.value, "heating": self.heating.value}

    @classmethod
    def from_dict(cls, stored: dict[str, Any]) -> Self:
        """Read what was stored; what names no mode that can be gone back to counts for nothing."""
        modes = cls()
        for name in ("heating", "mode"):
            modes = modes.after(next((mode for mode in DhwMode if mode == stored.get(name)), None))
        return modes


async def async_setup_entry(
    _hass: HomeAssistant, entry: NavilinkConfigEntry, async_add_entities: AddConfigEntryEntitiesCallback
) -> None:
    """Set up the water heaters."""
    async_add_for_each_heater(
        entry, async_add_entities, lambda coordinator, mac_address: [NavilinkWaterHeater(coordinator, mac_address)]
    )


class NavilinkWaterHeater(NavilinkEntity, RestoreEntity, WaterHeaterEntity):
    """A heat-pump water heater; it shows the values of commands on their way until the heater has or refuses them.

    It uses the user's unit: then Home Assistant converts nothing, and what the user enters arrives as it was entered.
    """

    def __init__(self, coordinator: NavilinkCoordinator, mac_address: str) -> None:
        super().__init__(coordinator, mac_address, DESCRIPTION)
        self._last_modes = LastModes()
        self._update_attrs()

    @override
    async def async_added_to_hass(self) -> None:
        """Remember the modes to go back to."""
        await super().async_added_to_hass()
        stored = await self.async_get_last_extra_data()
        if stored is not None:
            self._last_modes = LastModes.from_dict(stored.as_dict())
        self._update_attrs()

    @property
    @override
    def extra_restore_state_data(self) -> LastModes:
        """Return what to keep over a restart."""
        return self._last_modes

    @callback
    @override
    def _update_attrs(self) -> None:
        """Take in what the heater is and has now, so that an action need not work it out while its command waits."""
        self._last_modes = self._last_modes.after(self.heater.shown_mode)
        self.coordinator.kept.take_in(self.heater, VACATION_LENGTH)
        feature = self.heater.feature
        operations = list(modes_of(feature))
        supported = {flag for flag, control in CONTROL_OF_FEATURE.items() if _takes(feature, control)}
        if operations:
            supported.add(WaterHeaterEntityFeature.OPERATION_MODE)
        self._attr_supported_features = WaterHeaterEntityFeature(sum(supported))
        hass = self.coordinator.hass
        low, high = setpoint.raw_limits(user_unit(hass), feature)
        self._attr_min_temp, self._attr_max_temp = user_temperature(hass, low), user_temperature(hass, high)
        self._attr_operation_list = (
            [*operations, STATE_OFF] if WaterHeaterEntityFeature.ON_OFF in supported else operations
        )

    @property
    @override
    def available(self) -> bool:
        """Return whether commands are taken: by a heater that was ever seen, and queued while there is no connection.

        Without its target temperature a heater has never been seen, and Home Assistant's bridges could not show it.
        """
        shown = self.heater.shown
        if not super().available or not self.heater.takes_commands or shown is None:
            return False
        has_target = WaterHeaterEntityFeature.TARGET_TEMPERATURE in self.supported_features
        return not has_target or shown.dhw_temperature_setting_raw is not None

    @property
    def native_temperature_unit(self) -> str:
        """Return the user's unit, whatever the heater's own display shows."""
        return self.hass.config.units.temperature_unit

    @property
    def native_current_temperature(self) -> float | None:
        """Return the temperature at the upper probe, the best reading of the hot water."""
        heater = self.heater
        celsius = heater.status.tank_upper_temperature if heater.status is not None and heater.is_fresh else None
        return None if celsius is None else user_unit(self.hass).from_celsius(celsius)

    @property
    def native_target_temperature(self) -> float | None:
        """Return the target temperature."""
        raw = None if self.heater.shown is None else self.heater.shown.dhw_temperature_setting_raw
        return None if raw is None else user_temperature(self.hass, raw)

    # The names of these properties before Home Assistant 2026.11.
    temperature_unit = native_temperature_unit
    current_temperature = native_current_temperature
    target_temperature = native_target_temperature

    @property
    @override
    def target_temperature_step(self) -> float:
        """Return the step in the user's unit, which Home Assistant does not convert."""
        return STEPS[user_unit(self.hass)] * setpoint.raw_step(self.heater.feature)

    @property
    @override
    def current_operation(self) -> str | None:
        """Return the mode; during a vacation, the one that comes after it."""
        mode = self.heater.shown_mode
        if mode is None:
            return None
        return OPERATION_OF_MODE[self._last_modes.before_vacation if mode is DhwMode.VACATION else mode]

    @property
    @override
    def is_away_mode_on(self) -> bool | None:
        """Return whether the heater is on vacation."""
        return None if self.heater.shown is None else self.heater.shown.is_on_vacation

    @override
    async def async_set_temperature(self, **kwargs: Any) -> None:
        """Set the target temperature and, when one is given with it, the mode."""
        commands = [self._temperature_command(kwargs[ATTR_TEMPERATURE])]
        if (operation := kwargs.get(ATTR_OPERATION_MODE)) is not None:
            commands.append(self._operation_command(operation))
        await self.async_send(*commands)

    @override
    async def async_set_operation_mode(self, operation_mode: str) -> None:
        """Choose a mode, which also switches the heater on and ends a vacation, or switch it off."""
        await self.async_send(self._operation_command(operation_mode))

    @override
    async def async_turn_on(self, **kwargs: Any) -> None:
        """Switch the heater on; it returns to the mode it had. On vacation it is on already: then the vacation ends."""
        on = self._heating_command() if self.is_away_mode_on else heater_commands.power(self.heater.device, on=True)
        await self.async_send(on)

    @override
    async def async_turn_off(self, **kwargs: Any) -> None:
        """Switch the heater off."""
        await self.async_send(self._off_command())

    @override
    async def async_turn_away_mode_on(self) -> None:
        """Start a vacation as long as is set for the next one, or as usual; one that runs or waits is left as it is."""
        if not self.is_away_mode_on:
            await self.async_start_vacation(self.coordinator.kept.next_number(self.heater, VACATION_LENGTH))

    async def async_start_vacation(self, days: int | None = None) -> None:
        """Start a vacation of 1 to 99 days, which the heater ends by itself; without a length, as away mode does."""
        if days is None:
            await self.async_turn_away_mode_on()
        else:
            await self.async_send(heater_commands.dhw_mode(self.heater.device, DhwMode.VACATION, days))

    @override
    async def async_turn_away_mode_off(self) -> None:
        """End a vacation, so that the heater is as it was before; one that is not on vacation is left as it is."""
        if not self.is_away_mode_on:
            return
        was_off = self._last_modes.before_vacation is DhwMode.POWER_OFF
        can_be_off = WaterHeaterEntityFeature.ON_OFF in self.supported_features
        await self.async_send(self._off_command() if was_off and can_be_off else self._heating_command())

    def _temperature_command(self, temperature: float) -> HeaterCommand:
        limit = min(max(temperature, self.min_temp), self.max_temp)
        wanted = limit if abs(temperature - limit) <= BRIDGE_ROUNDING else temperature
        try:
            return setpoint.dhw_temperature(self.heater.device, wanted, user_unit(self.hass), self.heater.feature)
        except InvalidParameterError as err:
            raise to_home_assistant_error(self.hass, err) from err

    def _operation_command(self, operation: str) -> HeaterCommand:
        operations = self.operation_list or []
        if operation not in operations:
            raise unsupported_mode(operation, operations)
        if operation == STATE_OFF:
            return self._off_command()
        return heater_commands.dhw_mode(self.heater.device, MODE_OF_OPERATION[operation])

    def _off_command(self) -> HeaterCommand:
        return heater_commands.power(self.heater.device, on=False)

    def _heating_command(self) -> HeaterCommand:
        """Let the heater heat in the mode in which it did last, or in another one if it does not have that."""
        last = self._last_modes.heating
        modes = [MODE_OF_OPERATION[name] for name in self.operation_list or [] if name in MODE_OF_OPERATION]
        mode = last if last in modes or not modes else modes[0]
        return heater_commands.dhw_mode(self.heater.device, mode)


def modes_of(feature: DeviceFeature | None) -> dict[str, DhwMode]:
    """Return the modes that a heater takes, by the operations of Home Assistant."""
    return {name: mode for name, mode in MODE_OF_OPERATION.items() if _takes(feature, commands.DHW_MODE, mode)}


def _takes(feature: DeviceFeature | None, control: commands.Control, *parameters: int) -> bool:
    """Return whether a heater takes a command, with these parameters or any; what it does not report it may have."""
    try:
        control.checked(parameters or tuple(each.low for each in control.parameters), feature)
    except UnsupportedCommandError:
        return False
    return True
