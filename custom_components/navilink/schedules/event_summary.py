"""The summary of a calendar event: a mode and a temperature, such as `High demand, 60 °C`, or a mode alone for off."""

from collections.abc import Mapping
import re
from typing import NamedTuple
import unicodedata

from ..nwp500 import DeviceFeature, enums, setpoint
from ..nwp500.enums import TemperatureUnit
from .weekly_events import UnstorableEventError

# The mode, a comma or a space, and a temperature with its unit.
_PATTERN = re.compile(r"(.+?)(?:\s*,\s*|\s+)([0-9]{1,3}(?:[.,][0-9])?)\s*°\s*([CF])", re.IGNORECASE)

_UNITS = {"C": TemperatureUnit.CELSIUS, "F": TemperatureUnit.FAHRENHEIT}

_EXAMPLE = {TemperatureUnit.CELSIUS: "50 °C", TemperatureUnit.FAHRENHEIT: "120 °F"}


class Setting(NamedTuple):
    """What an entry sets: the mode, and the setpoint in half-degrees Celsius, None for the mode that has none."""

    mode: enums.ReservationMode
    setpoint_raw: int | None


class SummaryGrammar:
    """Writes and reads the summaries of events, in one language and one unit."""

    def __init__(self, names: Mapping[enums.ReservationMode, str], unit: TemperatureUnit) -> None:
        """Take the names of all modes, and the user's unit."""
        self._names = names
        self._unit = unit
        self._modes = {_plain(name): mode for mode, name in names.items()}

    def write(self, mode: enums.ReservationMode | None, temperature: str) -> str:
        """Return the summary of a mode and a temperature with its unit; a mode that is not known has no name."""
        if mode is enums.ReservationMode.POWER_OFF:
            return self._names[mode]
        return temperature if mode is None else f"{self._names[mode]}, {temperature}"

    def read(self, summary: str, feature: DeviceFeature | None) -> Setting:
        """Return what a summary wants; letters may be of either case.

        Raises `UnstorableEventError` for anything else, and `InvalidParameterError` outside the heater's limits.
        """
        if self._modes.get(_plain(summary)) is enums.ReservationMode.POWER_OFF:
            return Setting(enums.ReservationMode.POWER_OFF, None)
        match = _PATTERN.fullmatch(normal(summary))
        mode = None if match is None else self._modes.get(_plain(match[1]))
        if match is None or mode is None or mode is enums.ReservationMode.POWER_OFF:
            raise self._unreadable(summary)
        temperature, unit = float(match[2].replace(",", ".")), _UNITS[match[3].upper()]
        return Setting(mode, setpoint.raw_setpoint(temperature, unit, feature))

    def _unreadable(self, summary: str) -> UnstorableEventError:
        off = self._names[enums.ReservationMode.POWER_OFF]
        return UnstorableEventError(
            translation_key="event_summary",
            summary=summary,
            example=self.write(enums.ReservationMode.HIGH_DEMAND, _EXAMPLE[self._unit]),
            off=off,
            modes=", ".join(name for name in self._names.values() if name != off),
        )


def normal(text: str) -> str:
    """Return a text with the plain forms of digits, commas and units that East Asian keyboards have in wide forms."""
    return unicodedata.normalize("NFKC", text).strip()


def _plain(name: str) -> str:
    return " ".join(normal(name).casefold().split())
