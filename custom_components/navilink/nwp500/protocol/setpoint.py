"""Setpoints: from the temperature that a person enters to the raw half-degrees of the heater (protocol.md 6.1)."""

import math

from ..enums import DhwTemperatureControl, TemperatureUnit
from ..exceptions import InvalidParameterError
from ..models import Device, DeviceFeature, DeviceStatus
from ..models.conversions import celsius_from_half
from .controls import DHW_TEMPERATURE, HIGHEST_SETPOINT, LOWEST_SETPOINT, HeaterCommand

_TOLERANCE = 2
"""Half-degrees by which a limit of the heater may be outside; it then counts as the limit that no setpoint passes."""

_FALLBACK_LIMITS = {
    TemperatureUnit.CELSIUS: (LOWEST_SETPOINT, 130),
    TemperatureUnit.FAHRENHEIT: (LOWEST_SETPOINT, HIGHEST_SETPOINT),
}
"""Raw limits while the heater has reported none that make sense: 35-65 °C or 95-150 °F (protocol.md 6.1)."""

_SYMBOLS = {unit: unit.symbol for unit in TemperatureUnit}

_WILD = 1e6
"""Beyond any temperature, and still exact in every step of the arithmetic."""


def dhw_temperature(
    device: Device, temperature: float, unit: TemperatureUnit, feature: DeviceFeature | None
) -> HeaterCommand:
    """Return the command for a target temperature; raises `InvalidParameterError` outside the heater's limits."""
    raw = raw_setpoint(temperature, unit, feature)
    # As a person would name it; a converted one has more digits.
    words = f"setpoint {round(temperature, 1):g} {_SYMBOLS[TemperatureUnit(unit)]}"
    return HeaterCommand(device, DHW_TEMPERATURE, (raw,), words)


def display_unit(status: DeviceStatus | None, feature: DeviceFeature | None) -> TemperatureUnit:
    """Return the unit in which a heater shows temperatures; °F until it has reported one."""
    reported = (message.temperature_unit for message in (status, feature) if message is not None)
    return next((unit for unit in reported if unit is not None), TemperatureUnit.FAHRENHEIT)


def raw_setpoint(temperature: float, unit: TemperatureUnit, feature: DeviceFeature | None) -> int:
    """Return the raw setpoint in the heater's steps; limits are compared raw: 150 °F (131) is allowed up to 131.

    Raises `InvalidParameterError` for anything but a number within the heater's limits.
    """
    if type(unit) not in (int, TemperatureUnit) or unit not in TemperatureUnit:
        raise InvalidParameterError("unit", unit, "1 (Celsius) or 2 (Fahrenheit)")
    unit = TemperatureUnit(unit)
    low, high = raw_limits(unit, feature)
    is_number = isinstance(temperature, int | float) and not isinstance(temperature, bool)
    if not is_number or not abs(temperature) <= _WILD or not low <= half_degrees_from(temperature, unit) <= high:
        minimum, maximum = _rounded(low, unit), _rounded(high, unit)
        allowed = f"a number from {minimum:g} {unit.symbol} to {maximum:g} {unit.symbol}"
        raise InvalidParameterError(
            "setpoint", temperature, allowed, minimum=minimum, maximum=maximum, unit=unit.symbol
        )
    # The limits may lie between the steps of a heater, and are reached all the same.
    return min(max(half_degrees_from(temperature, unit, step=raw_step(feature)), low), high)


def half_degrees_from(value: float, unit: TemperatureUnit, *, step: int = 1) -> int:
    """Encode a temperature as the nearest half-degree, ties to the even number: 150 °F is 131.

    With `step` it is the nearest multiple of so many half-degrees: 2 for whole degrees Celsius.

    The arithmetic is exact on the decimal as it was written, so that a tie such as 95.45 °F is one. Raises
    `InvalidParameterError` for what is not a finite number.
    """
    if not math.isfinite(value):
        raise InvalidParameterError(parameter="temperature", value=value, allowed="a finite number")
    # Slow to load, and not needed before somebody sets a temperature.
    from fractions import Fraction

    exact = Fraction(str(value))
    half_degrees = exact * 2 if unit is TemperatureUnit.CELSIUS else (exact - 32) * Fraction(10, 9)
    return step * round(half_degrees / step)


def from_half_degrees(raw: float, unit: TemperatureUnit) -> float:
    """Return raw half-degrees Celsius in a unit, unrounded."""
    return unit.from_celsius(celsius_from_half(raw))


def raw_step(feature: DeviceFeature | None) -> int:
    """Return the heater's step in half-degrees (protocol.md 11.7); the stages of one with three are not attested."""
    has_whole_degrees = feature and feature.dhw_temperature_control is DhwTemperatureControl.ONE_DEGREE_STEPS
    return 2 if has_whole_degrees else 1


def raw_limits(unit: TemperatureUnit, feature: DeviceFeature | None) -> tuple[int, int]:
    """Return the minimum and the maximum setpoint in raw half-degrees; `unit` decides which fallback limits hold.

    Anybody who may publish on the heater's topics can send a device info, and old firmware sends nonsense: a limit that
    is not reported is the fallback, and if either of the two is far outside what any heater has, or the lower is not
    below the upper, neither is used.
    """
    fallback = _FALLBACK_LIMITS[unit]
    if feature is None:
        return fallback
    own = (feature.dhw_temperature_min_raw, feature.dhw_temperature_max_raw)
    low, high = (known if limit is None else limit for limit, known in zip(own, fallback, strict=True))
    if not LOWEST_SETPOINT - _TOLERANCE <= low < high <= HIGHEST_SETPOINT + _TOLERANCE:
        return fallback
    low, high = max(low, LOWEST_SETPOINT), min(high, HIGHEST_SETPOINT)
    return (low, high) if low < high else fallback


def _rounded(raw: int, unit: TemperatureUnit) -> float:
    # Every whole °F has a raw value of its own, so whole ones are shown.
    return round(from_half_degrees(raw, unit), 1 if unit is TemperatureUnit.CELSIUS else 0)
