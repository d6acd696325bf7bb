"""Errors of the client as Home Assistant's own, with translated texts."""

from homeassistant.core import HomeAssistant, callback
from homeassistant.exceptions import ConfigEntryAuthFailed, HomeAssistantError, ServiceValidationError
from homeassistant.helpers.translation import async_get_cached_translations
from homeassistant.helpers.update_coordinator import UpdateFailed

from .const import DOMAIN
from .nwp500 import (
    ApiConnectionError,
    ApiError,
    AuthenticationError,
    InvalidParameterError,
    MaintenanceError,
    NavienError,
    NotConnectedError,
    UnsupportedCommandError,
    failure_of,
)
from .wording import UNITS, quantity, setting_words, text


@callback
def setup_error(hass: HomeAssistant, err: NavienError) -> ConfigEntryAuthFailed | UpdateFailed:
    """Return why an account cannot be set up: permanently, until somebody signs in again, or for now."""
    match err:
        case AuthenticationError():
            return ConfigEntryAuthFailed(translation_domain=DOMAIN, translation_key="invalid_auth")
        case MaintenanceError():
            return UpdateFailed(
                translation_domain=DOMAIN,
                translation_key="maintenance",
                translation_placeholders={"notice": err.notice},
            )
        case _:
            return UpdateFailed(
                translation_domain=DOMAIN,
                translation_key="cannot_connect",
                translation_placeholders={"error": _connection_words(hass, err)},
            )


@callback
def to_home_assistant_error(hass: HomeAssistant, err: NavienError) -> HomeAssistantError:
    """Return why the client did not accept something."""
    match err:
        case InvalidParameterError():
            return _invalid(hass, err)
        case UnsupportedCommandError():
            return ServiceValidationError(
                translation_domain=DOMAIN,
                translation_key="unsupported_command",
                translation_placeholders={"command": text(hass, "kinds", err.command) or err.command},
            )
        case NotConnectedError():
            return HomeAssistantError(translation_domain=DOMAIN, translation_key="not_connected")
        case _:
            return HomeAssistantError(
                translation_domain=DOMAIN,
                translation_key="command_not_accepted",
                translation_placeholders={"error": str(err)},
            )


def _invalid(hass: HomeAssistant, err: InvalidParameterError) -> ServiceValidationError:
    """Return which value of which setting is not valid, and the range where there is one, in the unit of the value."""
    # Other units are English words, and the name of the setting implies them.
    unit = err.unit if err.unit in UNITS else ""
    value = quantity(err.value, unit) if isinstance(err.value, int | float) else str(err.value)
    about = {"setting": setting_words(hass, err.parameter), "value": value}
    if err.minimum is None or err.maximum is None:
        return ServiceValidationError(
            translation_domain=DOMAIN, translation_key="value_not_valid", translation_placeholders=about
        )
    return ServiceValidationError(
        translation_domain=DOMAIN,
        translation_key="value_out_of_range",
        translation_placeholders={
            **about,
            "minimum": quantity(err.minimum, unit),
            "maximum": quantity(err.maximum, unit),
        },
    )


def _connection_words(hass: HomeAssistant, err: NavienError) -> str:
    """Return what is wrong with the connection, in the words of its status sensor where that knows it."""
    if not isinstance(err, ApiConnectionError | ApiError):
        return str(err)
    failure = failure_of(err)
    translations = async_get_cached_translations(hass, hass.config.language, "entity", DOMAIN)
    words = translations.get(f"component.{DOMAIN}.entity.sensor.connection_status.state.{failure.problem}")
    return str(failure) if words is None else f"{words} ({failure.detail})"
