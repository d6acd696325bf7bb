"""Boosts in words: in the logbook, in events, and in errors."""

from collections.abc import Mapping

from homeassistant.config_entries import ConfigEntry
from homeassistant.core import HomeAssistant, callback
from homeassistant.exceptions import ServiceValidationError

from ..const import DOMAIN
from ..devices import names_in_events
from ..nwp500 import Device, commands
from ..wording import DESCRIPTIONS, setting_words, text
from .boost import BoostError, BoostRefusal, Ended, Setting

EVENT_BOOST_ENDED = f"{DOMAIN}_boost_ended"

CONTROLS = {Setting.TEMPERATURE: commands.DHW_TEMPERATURE, Setting.MODE: commands.DHW_MODE}


@callback
def settings_words(hass: HomeAssistant, values: Mapping[Setting, int]) -> str:
    """Return what settings are set to, such as `target temperature 60 °C, mode heat pump`."""
    described = [(setting, DESCRIPTIONS[CONTROLS[setting].name](hass, value)) for setting, value in values.items()]
    words = [None if each is None else text(hass, "command", *each) for _, each in described]
    return ", ".join(each for each in words if each)


@callback
def async_fire_boost_ended(hass: HomeAssistant, entry: ConfigEntry, device: Device, ended: Ended) -> None:
    """Fire the end of a boost on the event bus, with the names by which the heater and its entity are known there."""
    names = [setting_words(hass, CONTROLS[setting].setting or "") for setting in sorted(ended.left)]
    hass.bus.async_fire(
        EVENT_BOOST_ENDED,
        {
            "id": ended.boost.id,
            "boost": ended.boost.name,
            "reason": ended.reason.value,
            "restored": settings_words(hass, ended.restored),
            "not_restored": ", ".join(names),
            **names_in_events(hass, entry, device),
        },
    )


ERROR_OF_REFUSAL: Mapping[BoostRefusal, str] = {
    BoostRefusal.TOO_SHORT: "boost_too_short",
    BoostRefusal.TOO_LONG: "boost_too_long",
    BoostRefusal.OVER: "boost_over",
    BoostRefusal.NOTHING_TO_DO: "boost_nothing_to_do",
    BoostRefusal.TOO_MANY_STARTS: "boost_too_many_starts",
    BoostRefusal.TOO_MANY_PLANNED: "boost_too_many_planned",
    BoostRefusal.IS_OFF: "boost_is_off",
    BoostRefusal.IS_ON_VACATION: "boost_is_on_vacation",
    BoostRefusal.HELD_IN_PEAK: "boost_held_in_peak",
}


@callback
def boost_error(err: BoostError) -> ServiceValidationError:
    """Return why a boost cannot be given."""
    return ServiceValidationError(translation_domain=DOMAIN, translation_key=ERROR_OF_REFUSAL[err.refusal])
