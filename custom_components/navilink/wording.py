"""Commands, settings and reasons in words of the system's language and the user's unit, made from codes."""

from collections.abc import Callable, Mapping
from contextlib import suppress
from datetime import datetime, timedelta
import sys

from homeassistant.const import UnitOfTemperature, UnitOfTime
from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers.translation import async_get_cached_translations
from homeassistant.util import dt as dt_util

from .const import DOMAIN
from .nwp500 import CommandResult, DhwMode, QueuedCommand, TemperatureUnit, commands, setpoint

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

DURATION_UNITS = {UnitOfTime.DAYS: 86400, UnitOfTime.HOURS: 3600, UnitOfTime.MINUTES: 60, UnitOfTime.SECONDS: 1}

type Text = tuple[str, Mapping[str, str]]
"""A key of the texts of commands, and its placeholders."""


@callback
def text(hass: HomeAssistant, group: str, key: str, placeholders: Mapping[str, str] | None = None) -> str | None:
    """Return a text of the system's language, from the group of this name under `selector` in the translations."""
    translations = async_get_cached_translations(hass, hass.config.language, "selector", DOMAIN)
    template = translations.get(f"component.{DOMAIN}.selector.{group}.options.{key}")
    return None if template is None else template.format_map(placeholders or {})


def user_unit(hass: HomeAssistant) -> TemperatureUnit:
    """Return the unit in which the user sees temperatures, whatever the heater's own display shows."""
    return UNITS[hass.config.units.temperature_unit]


def user_temperature(hass: HomeAssistant, raw: int) -> float:
    """Return raw half-degrees Celsius in the user's unit, as it is shown: 109 is 54.5 °C and 130 °F."""
    unit = user_unit(hass)
    return round(setpoint.from_half_degrees(raw, unit), DECIMALS[unit])


def quantity(number: float, unit: str) -> str:
    """Return a number with its unit, with one decimal at most."""
    if isinstance(number, int):
        # The format takes no integer beyond every float, and a user can enter one.
        number = min(max(number, -sys.float_info.max), sys.float_info.max)
    return f"{round(number, 1):g} {unit}".rstrip()


def duration(age: timedelta) -> str:
    """Return a duration in its two largest units, such as `1 h 5 min`; the symbols are the same in all languages."""
    left = max(0, round(age.total_seconds()))
    parts: list[str] = []
    for unit, seconds in DURATION_UNITS.items():
        count, left = divmod(left, seconds)
        if count:
            parts.append(f"{count} {unit}")
        elif parts:
            break
    return " ".join(parts[:2]) or f"0 {UnitOfTime.SECONDS}"


@callback
def time_words(time: datetime) -> str:
    """Return a time in the user's time zone, such as `2026-03-07 18:30`."""
    # At the ends of the calendar a time zone may have no such day; only a broken clock or file gives such a time.
    with suppress(OverflowError):
        time = dt_util.as_local(time)
    return time.strftime("%Y-%m-%d %H:%M")


@callback
def command_words(hass: HomeAssistant, command: QueuedCommand) -> str:
    """Return what a command wants, such as `target temperature 55 °C`.

    A command that the integration itself does not send has the client's own words, and so has one of a version that
    did not store the parameters.
    """
    describe = DESCRIPTIONS.get(command.kind)
    described = None if describe is None else describe(hass, *command.parameters)
    return (None if described is None else text(hass, "command", *described)) or command.wanted


@callback
def setting_words(hass: HomeAssistant, setting: str) -> str:
    """Return the name of a setting, such as `target temperature`."""
    return text(hass, "setting", setting) or setting.replace("_", " ")


@callback
def reason_words(hass: HomeAssistant, result: CommandResult) -> str:
    """Return why a command has its outcome, such as `the queue was full`."""
    code = "" if result.code is None else str(result.code)
    key = f"{result.reason}_with_code" if code else result.reason.value
    return text(hass, "reason", key, {"code": code}) or text(hass, "reason", result.reason) or result.reason.words


def _mode(_hass: HomeAssistant, mode: int | None = None, days: int | None = None) -> Text | None:
    if days is not None:
        return ("vacation_one_day" if days == 1 else "vacation"), {"days": str(days)}
    return next(((key, {}) for known, key in MODE_TEXTS.items() if known == mode), None)


def _target_temperature(hass: HomeAssistant, raw: int | None = None) -> Text | None:
    if raw is None:
        return None
    temperature = quantity(user_temperature(hass, raw), hass.config.units.temperature_unit)
    return "target_temperature", {"temperature": temperature}


DESCRIPTIONS: Mapping[str, Callable[..., Text | None]] = {
    commands.DHW_MODE.name: _mode,
    commands.DHW_TEMPERATURE.name: _target_temperature,
    commands.POWER_OFF.name: lambda _hass: ("power_off", {}),
    commands.POWER_ON.name: lambda _hass: ("power_on", {}),
}
