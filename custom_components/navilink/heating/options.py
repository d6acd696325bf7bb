"""The options about the household and its boosts: their limits, and how they are asked for and stored.

They are stored in °C and liters, and asked for in the user's units.
"""

from collections.abc import Callable, Container, Mapping
from dataclasses import dataclass
import math
from typing import Any

from homeassistant.const import UnitOfTemperature, UnitOfTime, UnitOfVolume
from homeassistant.data_entry_flow import section
from homeassistant.helpers.selector import NumberSelector, NumberSelectorConfig, NumberSelectorMode
from homeassistant.util.unit_conversion import BaseUnitConverter, TemperatureConverter, VolumeConverter
from homeassistant.util.unit_system import UnitSystem
import voluptuous as vol

from .boosts import MAX_STARTS
from .insight import Household

CONF_HOUSEHOLD = "household"
CONF_BOOST = "boost"
CONF_MAX_STARTS = "max_starts"

_USUAL = Household()
# The units that differ between users, by the one that is stored.
_CONVERTED: Mapping[str | None, tuple[type[BaseUnitConverter], Callable[[UnitSystem], str]]] = {
    UnitOfTemperature.CELSIUS: (TemperatureConverter, lambda units: units.temperature_unit),
    UnitOfVolume.LITERS: (VolumeConverter, lambda units: units.volume_unit),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class NumberOption:
    """A number that the user may choose."""

    name: str
    allowed: tuple[float, float]
    """The minimum and the maximum, in the unit that is stored."""
    usual: float | None
    """What applies while nothing is chosen; None: the season decides."""
    unit: str | None = None
    """The unit that is stored."""
    decimals: int = 1
    """How many of them the form shows and takes."""

    def user_unit(self, units: UnitSystem) -> str | None:
        """Return the unit that the user sees."""
        return _CONVERTED[self.unit][1](units) if self.unit in _CONVERTED else self.unit

    def shown(self, value: float, units: UnitSystem) -> float:
        """Return a stored value as the user sees it."""
        if self.unit in _CONVERTED:
            value = _CONVERTED[self.unit][0].convert(value, self.unit, self.user_unit(units))
        return round(value, self.decimals)

    def applied(self, stored: object) -> float | None:
        """Return what applies of what is stored: within the limits; None if it is no number at all."""
        if not isinstance(stored, int | float) or isinstance(stored, bool) or math.isnan(stored):
            return None
        low, high = self.allowed
        return min(high, max(low, stored))

    def stored(self, entered: float, known: float | None, units: UnitSystem) -> float:
        """Return what to store of a number that the user entered; one that is as it was shown stays what it was."""
        if known is not None and entered == self.shown(known, units):
            return known
        value = round(entered, self.decimals)
        if self.unit in _CONVERTED:
            value = _CONVERTED[self.unit][0].convert(value, self.user_unit(units), self.unit)
        return value

    def limits(self, units: UnitSystem) -> tuple[float, float]:
        """Return the minimum and the maximum as the user sees them."""
        low, high = self.allowed
        return self.shown(low, units), self.shown(high, units)


SECTIONS: Mapping[str, tuple[NumberOption, ...]] = {
    CONF_HOUSEHOLD: (
        NumberOption(
            name="liters_per_shower", allowed=(10, 200), usual=_USUAL.liters_per_shower, unit=UnitOfVolume.LITERS
        ),
        NumberOption(name="low_showers", allowed=(0.5, 10), usual=_USUAL.low_showers),
        NumberOption(name="cold_water", allowed=(0, 35), usual=_USUAL.cold_water, unit=UnitOfTemperature.CELSIUS),
        NumberOption(
            name="hygiene_temperature",
            allowed=(50, 65),
            usual=_USUAL.hygiene_temperature,
            unit=UnitOfTemperature.CELSIUS,
        ),
        NumberOption(
            name="hygiene_minutes",
            allowed=(1, 120),
            usual=_USUAL.hygiene_minutes,
            unit=UnitOfTime.MINUTES,
            decimals=0,
        ),
    ),
    CONF_BOOST: (NumberOption(name=CONF_MAX_STARTS, allowed=(1, 24), usual=MAX_STARTS, decimals=0),),
}
"""By the section of the form, and of the stored options, in which they are."""


def household(options: Mapping[str, Any], latitude: float = 0.0) -> Household:
    """Return what the user chose about the household, and the defaults of the rest; latitude in degrees north."""
    return Household(**_chosen(options, CONF_HOUSEHOLD), is_southern=latitude < 0)


def max_starts(options: Mapping[str, Any]) -> int:
    """Return how many boosts may start within 24 hours."""
    return int(_chosen(options, CONF_BOOST).get(CONF_MAX_STARTS, MAX_STARTS))


def form_sections(units: UnitSystem, errors: Container[str]) -> dict[vol.Marker, section]:
    """Return the sections of the form, collapsed but for those with an error.

    The fields have no limits of their own: Home Assistant cannot show at its place what a field in a section refuses.
    """
    # Without a default of the section, with which the frontend would begin instead of the values of its fields.
    return {
        vol.Optional(name): _form_section(options, units, is_collapsed=name not in errors)
        for name, options in SECTIONS.items()
    }


def shown_options(options: Mapping[str, Any], units: UnitSystem) -> dict[str, dict[str, float]]:
    """Return what applies, as the form shows it; what has no value is an empty field."""
    return {
        name: {
            option.name: option.shown(value, units)
            for option in members
            if (value := _known(options, name, option)) is not None
        }
        for name, members in SECTIONS.items()
    }


def stored_options(
    entered: Mapping[str, Mapping[str, float]], options: Mapping[str, Any], units: UnitSystem
) -> dict[str, dict[str, float]]:
    """Return what to store of what was entered; an empty field has its default again, so nothing is stored of it."""
    return {
        name: {
            option.name: option.stored(value, _known(options, name, option), units)
            for option in members
            if (value := entered.get(name, {}).get(option.name)) is not None
        }
        for name, members in SECTIONS.items()
    }


def range_errors(entered: Mapping[str, Mapping[str, float]], units: UnitSystem) -> dict[str, str]:
    """Return, by section, the key of the text about the first value in it that is out of its range."""
    errors: dict[str, str] = {}
    for name, members in SECTIONS.items():
        for option in members:
            low, high = option.limits(units)
            # Not the reverse: a number that is none is not out of any range.
            if not low <= entered.get(name, {}).get(option.name, low) <= high:
                errors.setdefault(name, f"{option.name}_out_of_range")
    return errors


def ranges(units: UnitSystem) -> dict[str, str]:
    """Return the range of each option for the texts of the form; with its unit, as `2.6-52.8 gal`, if users differ."""
    return {
        option.name: f"{low:g}\N{EN DASH}{high:g}{unit}"
        for members in SECTIONS.values()
        for option in members
        for low, high in (option.limits(units),)
        for unit in (f" {option.user_unit(units)}" if option.unit in _CONVERTED else "",)
    }


def _chosen(options: Mapping[str, Any], name: str) -> dict[str, Any]:
    """Return what applies of the stored options of a section; those of a newer version are ignored."""
    stored = options.get(name)
    if not isinstance(stored, Mapping):
        return {}
    applied = {option.name: option.applied(stored.get(option.name)) for option in SECTIONS[name]}
    return {name: value for name, value in applied.items() if value is not None}


def _known(options: Mapping[str, Any], name: str, option: NumberOption) -> float | None:
    value: float | None = _chosen(options, name).get(option.name, option.usual)
    return value


def _form_section(options: tuple[NumberOption, ...], units: UnitSystem, *, is_collapsed: bool) -> section:
    fields = {vol.Optional(option.name): _selector(option, units) for option in options}
    # As in the dialog of the account: the type checker does not know what is in the place of voluptuous.
    return section(vol.Schema(fields), {"collapsed": is_collapsed})  # type: ignore[arg-type]  # as said above


def _selector(option: NumberOption, units: UnitSystem) -> NumberSelector:
    config = NumberSelectorConfig(mode=NumberSelectorMode.BOX, step="any" if option.decimals else 1)
    if (unit := option.user_unit(units)) is not None:
        config["unit_of_measurement"] = unit
    if option.unit == UnitOfTime.MINUTES:
        config["translation_key"] = "time_span"
    return NumberSelector(config)
