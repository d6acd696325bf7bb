"""What commands want, as keys of the texts of commands, for those whose words do not depend on the user's unit."""

from collections.abc import Callable, Mapping

from homeassistant.const import UnitOfTime
from homeassistant.core import HomeAssistant

from .nwp500 import commands, enums
from .schedules.switch_command import OFF, ON, SETTINGS

FILTER_STEP = 500
"""Hours; a filter interval goes over the wire in steps of these."""

type Text = tuple[str, Mapping[str, str]]
"""A key of the texts of commands, and its placeholders."""
type Describe = Callable[..., Text | None]
"""Takes Home Assistant and the parameters of a command, or none of an old version; gives None for unknown ones."""


def _fixed(key: str) -> Describe:
    return lambda _hass: (key, {})


def _days(key: str) -> Describe:
    """Describe a number of days, of which a single one has a text of its own."""

    def describe(_hass: HomeAssistant, days: int | None = None) -> Text | None:
        if days is None:
            return None
        return (f"{key}_one_day" if days == 1 else key), {"days": str(days)}

    return describe


def _filter_interval(_hass: HomeAssistant, steps: int | None = None) -> Text | None:
    if steps is None:
        return None
    if steps == 0:
        return "filter_reminder_off", {}
    return "filter_interval", {"interval": f"{steps * FILTER_STEP} {UnitOfTime.HOURS}"}


_RECIRCULATION: Mapping[int, str] = {
    enums.RecirculationMode.ALWAYS_ON: "recirculation_always_on",
    enums.RecirculationMode.WEEKLY_SCHEDULE: "recirculation_weekly_schedule",
    enums.RecirculationMode.HOT_BUTTON: "recirculation_hot_button",
    enums.RecirculationMode.OFF: "recirculation_off",
}


def _recirculation_mode(_hass: HomeAssistant, mode: int | None = None) -> Text | None:
    return (_RECIRCULATION[mode], {}) if mode is not None and mode in _RECIRCULATION else None


def _schedule(kind: str) -> Describe:
    key_of = {OFF: f"{SETTINGS[kind]}_off", ON: f"{SETTINGS[kind]}_on"}
    return lambda _hass, use=None: (key_of[use], {}) if use in key_of else None


CONTROL_TEXTS: Mapping[str, Describe] = {
    commands.AIR_FILTER_LIFE.name: _filter_interval,
    commands.AIR_FILTER_RESET.name: _fixed("reset_filter"),
    commands.ANTI_LEGIONELLA_OFF.name: _fixed("anti_legionella_off"),
    commands.ANTI_LEGIONELLA_ON.name: _days("anti_legionella_on"),
    commands.CONDENSER_FAULT_RESET.name: _fixed("reset_condenser_fault"),
    commands.DEMAND_RESPONSE_OFF.name: _fixed("demand_response_off"),
    commands.DEMAND_RESPONSE_ON.name: _fixed("demand_response_on"),
    commands.POWER_OFF.name: _fixed("power_off"),
    commands.POWER_ON.name: _fixed("power_on"),
    commands.RECIRCULATION_HOT_BUTTON.name: lambda _hass, _press=None: ("hot_button", {}),
    commands.RECIRCULATION_MODE.name: _recirculation_mode,
    commands.TOU_OFF.name: _fixed("time_of_use_off"),
    commands.TOU_ON.name: _fixed("time_of_use_on"),
    **{kind: _schedule(kind) for kind in SETTINGS},
    commands.VACATION_DAYS.name: _days("vacation_length"),
}
