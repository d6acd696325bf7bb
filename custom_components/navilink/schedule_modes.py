"""The names of the modes that an entry of the weekly schedule can set, as the water heater has them."""

from homeassistant.components.water_heater.const import (
    STATE_ECO,
    STATE_ELECTRIC,
    STATE_HEAT_PUMP,
    STATE_HIGH_DEMAND,
)
from homeassistant.const import STATE_OFF
from homeassistant.core import HomeAssistant, callback

from .nwp500 import enums
from .wording import text

MODE_KEYS = {
    enums.ReservationMode.HEAT_PUMP: STATE_HEAT_PUMP,
    enums.ReservationMode.ELECTRIC: STATE_ELECTRIC,
    enums.ReservationMode.ENERGY_SAVER: STATE_ECO,
    enums.ReservationMode.HIGH_DEMAND: STATE_HIGH_DEMAND,
    enums.ReservationMode.POWER_OFF: STATE_OFF,
}


@callback
def mode_name(hass: HomeAssistant, mode: enums.ReservationMode) -> str:
    """Return the name of a mode in the system's language."""
    return text(hass, "schedule_mode", MODE_KEYS[mode]) or MODE_KEYS[mode]
