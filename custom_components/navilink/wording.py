"""What commands want, in words for people: in the user's unit and language, made from the exact parameters."""

from collections.abc import Callable, Mapping

from homeassistant.const import UnitOfTemperature
from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers.translation import async_get_cached_translations

from .const import DOMAIN
from .nwp500 import DhwMode, QueuedCommand, TemperatureUnit
from .nwp500.models.conversions import celsius_from_half, in_unit
from .nwp500.protocol.controls import DHW_MODE, DHW_TEMPERATURE, POWER_OFF, POWER_ON

# Where the texts of the commands stand in the translations.
TEXTS = f"component.{DOMAIN}.selector.command.options"

MODE_TEXTS = {
    DhwMode.HEAT_PUMP: "mode_heat_pump",
    DhwMode.ELECTRIC: "mode_electric",
    DhwMode.ENERGY_SAVER: "mode_energy_saver",
    DhwMode.HIGH_DEMAND: "mode_high_demand",
}

UNITS = {
    UnitOfTemperature.CELSIUS: TemperatureUnit.CELSIUS,
    UnitOfTemperature.FAHRENHEIT: TemperatureUnit.FAHRENHEIT,
}
# Decimals by which every raw half-degree shows, and every value that a user enters comes back: a whole °F has a raw
# value of its own that is less than half a degree away (protocol.md 6.1).
DECIMALS = {TemperatureUnit.CELSIUS: 1, TemperatureUnit.FAHRENHEIT: None}

type Text = tuple[str, Mapping[str, str]]
"""A key under `TEXTS`, and its placeholders."""


def user_unit(hass: HomeAssistant) -> TemperatureUnit:
    """Return the unit in which the user sees temperatures, whatever the heater's own display shows."""
    return UNITS[hass.config.units.temperature_unit]


def user_temperature(hass: HomeAssistant, raw: int) -> float:
    """Return raw half-degrees Celsius in the user's unit, as it is shown: 109 is 54.5 °C and 130 °F."""
    unit = user_unit(hass)
    return round(in_unit(celsius_from_half(raw), unit), DECIMALS[unit])


def degrees(hass: HomeAssistant, temperature: float) -> str:
    """Return a temperature of the user's unit in words, with one decimal at most."""
    return f"{round(temperature, 1):g} {hass.config.units.temperature_unit}"


@callback
def command_words(hass: HomeAssistant, command: QueuedCommand) -> str:
    """Return what a command wants, such as `target temperature 55 °C`.

    What the integration itself does not give has the client's own words; so has a command of a version that did not
    store the parameters.
    """
    describe = DESCRIPTIONS.get(command.kind)
    text = None if describe is None else describe(hass, *command.parameters)
    if text is None:
        return command.wanted
    key, placeholders = text
    translations = async_get_cached_translations(hass, hass.config.language, "selector", DOMAIN)
    template = translations.get(f"{TEXTS}.{key}")
    return command.wanted if template is None else template.format_map(placeholders)


def _mode(_hass: HomeAssistant, mode: int | None = None, days: int | None = None) -> Text | None:
    if days is not None:
        return ("vacation_one_day" if days == 1 else "vacation"), {"days": str(days)}
    return next(((key, {}) for known, key in MODE_TEXTS.items() if known == mode), None)


def _target_temperature(hass: HomeAssistant, raw: int | None = None) -> Text | None:
    return None if raw is None else ("target_temperature", {"temperature": degrees(hass, user_temperature(hass, raw))})


DESCRIPTIONS: Mapping[str, Callable[..., Text | None]] = {
    DHW_MODE.name: _mode,
    DHW_TEMPERATURE.name: _target_temperature,
    POWER_OFF.name: lambda _hass: ("power_off", {}),
    POWER_ON.name: lambda _hass: ("power_on", {}),
}
