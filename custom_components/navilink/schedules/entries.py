"""Entries of the weekly schedule and of the recirculation schedule: as users write them, and as a heater has them.

An entry that the heater has already, and that is given again as it was shown, stays exactly as it is: also one that
other software wrote, with a mode or a temperature that this heater does not take.
"""

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from hashlib import sha256
import json
from typing import Any, ClassVar, override

from homeassistant.components.water_heater.const import (
    STATE_ECO,
    STATE_ELECTRIC,
    STATE_HEAT_PUMP,
    STATE_HIGH_DEMAND,
)
from homeassistant.const import ATTR_MODE, ATTR_TEMPERATURE, STATE_OFF, STATE_UNKNOWN
from homeassistant.core import HomeAssistant
from homeassistant.exceptions import ServiceValidationError
from homeassistant.helpers import config_validation as cv
import voluptuous as vol

from ..const import DOMAIN
from ..heater import HeaterState
from ..nwp500 import commands, enums, models, setpoint
from ..nwp500.exceptions import InvalidParameterError, UnsupportedCommandError
from ..wording import to_home_assistant_error, unsupported_mode, user_temperature, user_unit
from .fields import ATTR_DAYS, ATTR_ENABLED, ATTR_TIME, DAYS_SCHEMA, day_names, time_words, whole_minute

ATTR_PUMP_ON = "pump_on"

MODES = {
    STATE_ECO: enums.ReservationMode.ENERGY_SAVER,
    STATE_HEAT_PUMP: enums.ReservationMode.HEAT_PUMP,
    STATE_ELECTRIC: enums.ReservationMode.ELECTRIC,
    STATE_HIGH_DEMAND: enums.ReservationMode.HIGH_DEMAND,
    STATE_OFF: enums.ReservationMode.POWER_OFF,
}
"""By the names that the water heater has for them."""
NAMES_OF_MODES = {mode: name for name, mode in MODES.items()}

# Any: what a user enters, or sees.
type Words = Mapping[str, Any]


SLOT: dict[vol.Marker, Any] = {
    vol.Required(ATTR_DAYS): DAYS_SCHEMA,
    vol.Required(ATTR_TIME): whole_minute,
}
"""What no two entries share."""
ENABLED: dict[vol.Marker, Any] = {vol.Optional(ATTR_ENABLED, default=True): cv.boolean}


def content_hash[EntryT: models.WeeklyEntry](schedule: models.WeeklySchedule[EntryT]) -> str:
    """Return a text that is the same for schedules with the same content, whatever the order of their entries."""
    entries = sorted(json.dumps(dict(entry.raw), sort_keys=True, default=str) for entry in schedule.entries)
    digest = sha256(json.dumps([schedule.is_on is True, entries]).encode()).hexdigest()
    # Templates turn what looks like a number into one.
    return f"h{digest[:15]}"


def is_at(entry: models.WeeklyEntry, words: Words) -> bool:
    """Return whether an entry has the days and the time that were given."""
    at = words[ATTR_TIME]
    return (entry.days, entry.hour, entry.minute) == (words[ATTR_DAYS], at.hour, at.minute)


class EntryForm[EntryT: models.WeeklyEntry](ABC):
    """Entries of one kind of schedule, for one heater."""

    fields: ClassVar[dict[vol.Marker, Any]]
    """What a user enters beside days, time, and whether the entry is enabled."""
    max_entries: ClassVar[int]
    """How many a heater has room for."""

    def __init__(self, hass: HomeAssistant, heater: HeaterState) -> None:
        """Take the heater, and the unit of its user."""
        self._hass = hass
        self._heater = heater

    def words(self, entry: EntryT) -> dict[str, Any]:
        """Return an entry as it is shown; what is not known is None, and of the days nothing."""
        return {
            ATTR_DAYS: day_names(entry.days),
            ATTR_TIME: time_words(entry.hour, entry.minute),
            **self._own_words(entry),
            ATTR_ENABLED: entry.is_enabled is True,
        }

    def entry(self, words: Words, present: Sequence[EntryT]) -> EntryT:
        """Return the entry that is meant: one of those present, or a new one.

        Raises `ServiceValidationError` for what the heater does not take.
        """
        own = {str(name): words.get(str(name)) for name in self.fields}
        for entry in present:
            if is_at(entry, words) and {**dict.fromkeys(own), **self._own_words(entry)} == own:
                return entry if entry.is_enabled is words[ATTR_ENABLED] else entry.switched(on=words[ATTR_ENABLED])
        return self._new(words)

    def check_room(self, count: int) -> None:
        """Raise `ServiceValidationError` for more entries than a heater has room for."""
        if count > self.max_entries:
            raise ServiceValidationError(
                translation_domain=DOMAIN,
                translation_key="schedule_full",
                translation_placeholders={"maximum": str(self.max_entries)},
            )

    @abstractmethod
    def _own_words(self, entry: EntryT) -> Words:
        """Return `fields` of an entry; what it has no use for is left out."""

    @abstractmethod
    def _new(self, words: Words) -> EntryT:
        """Make an entry, or raise `ServiceValidationError`."""


class WeeklyForm(EntryForm[models.ReservationEntry]):
    """Entries of the weekly schedule."""

    # Any mode is taken here: one that the heater has already may be another one than those that can be set.
    fields: ClassVar = {
        vol.Required(ATTR_MODE): vol.In((*MODES, STATE_UNKNOWN)),
        vol.Optional(ATTR_TEMPERATURE): vol.Coerce(float),
    }
    # So many are known to fit; nobody has seen how many more do.
    max_entries: ClassVar = 32

    @override
    def _own_words(self, entry: models.ReservationEntry) -> Words:
        mode = NAMES_OF_MODES.get(entry.mode, STATE_UNKNOWN) if entry.mode is not None else STATE_UNKNOWN
        raw = entry.setpoint_raw
        if mode == STATE_OFF or raw is None:
            return {ATTR_MODE: mode}
        return {ATTR_MODE: mode, ATTR_TEMPERATURE: user_temperature(self._hass, raw)}

    @override
    def _new(self, words: Words) -> models.ReservationEntry:
        at = words[ATTR_TIME]
        return models.ReservationEntry.of(
            words[ATTR_DAYS],
            at.hour,
            at.minute,
            self._mode(words[ATTR_MODE]),
            self._setpoint(words[ATTR_MODE], words.get(ATTR_TEMPERATURE)),
            is_enabled=words[ATTR_ENABLED],
        )

    def _mode(self, name: str) -> enums.ReservationMode:
        taken = [each for each, mode in MODES.items() if self._takes(mode)]
        if name not in taken:
            raise unsupported_mode(name, taken)
        return MODES[name]

    def _takes(self, mode: enums.ReservationMode) -> bool:
        if mode is enums.ReservationMode.POWER_OFF:
            return True
        try:
            # Those in which it heats have the same numbers here and there.
            commands.DHW_MODE.checked((mode.value,), self._heater.feature)
        except UnsupportedCommandError:
            return False
        return True

    def _setpoint(self, mode: str, temperature: float | None) -> int:
        unit, feature = user_unit(self._hass), self._heater.feature
        if mode == STATE_OFF:
            if temperature is not None:
                raise ServiceValidationError(translation_domain=DOMAIN, translation_key="temperature_without_heating")
            # The heater is off, and every entry has a setpoint: the present one changes least.
            low, high = setpoint.raw_limits(unit, feature)
            status = self._heater.status
            raw = None if status is None else status.dhw_temperature_setting_raw
            return low if raw is None else min(max(raw, low), high)
        if temperature is None:
            raise ServiceValidationError(
                translation_domain=DOMAIN,
                translation_key="temperature_missing",
                translation_placeholders={"mode": mode},
            )
        try:
            return setpoint.raw_setpoint(temperature, unit, feature)
        except InvalidParameterError as err:
            raise to_home_assistant_error(self._hass, err) from err


class RecirculationForm(EntryForm[models.RecirculationEntry]):
    """Entries of the recirculation schedule."""

    fields: ClassVar = {vol.Required(ATTR_PUMP_ON): cv.boolean}
    max_entries: ClassVar = 20

    @override
    def _own_words(self, entry: models.RecirculationEntry) -> Words:
        return {ATTR_PUMP_ON: entry.pump_on}

    @override
    def _new(self, words: Words) -> models.RecirculationEntry:
        at = words[ATTR_TIME]
        return models.RecirculationEntry.of(
            words[ATTR_DAYS], at.hour, at.minute, pump_on=words[ATTR_PUMP_ON], is_enabled=words[ATTR_ENABLED]
        )
