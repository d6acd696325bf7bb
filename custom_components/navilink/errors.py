"""What the client raises, as Home Assistant tells it: by keys of translated texts."""

from homeassistant.exceptions import ConfigEntryAuthFailed, HomeAssistantError, ServiceValidationError
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


def setup_error(err: NavienError) -> ConfigEntryAuthFailed | UpdateFailed:
    """Tell why an account cannot be set up now: for good, until somebody signs in again, or for a while."""
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
            # In plain words where it is known what they say about the connection.
            error = str(failure_of(err)) if isinstance(err, ApiConnectionError | ApiError) else str(err)
            return UpdateFailed(
                translation_domain=DOMAIN,
                translation_key="cannot_connect",
                translation_placeholders={"error": error},
            )


def to_home_assistant_error(err: NavienError) -> HomeAssistantError:
    """Tell the user why the client did not take something."""
    match err:
        case InvalidParameterError():
            return ServiceValidationError(
                translation_domain=DOMAIN,
                translation_key="invalid_parameter",
                translation_placeholders={
                    "parameter": err.parameter.replace("_", " "),
                    "value": str(err.value),
                    "allowed": err.allowed,
                },
            )
        case UnsupportedCommandError():
            return ServiceValidationError(
                translation_domain=DOMAIN,
                translation_key="unsupported_command",
                translation_placeholders={"command": err.command},
            )
        case NotConnectedError():
            return HomeAssistantError(translation_domain=DOMAIN, translation_key="not_connected")
        case _:
            return HomeAssistantError(
                translation_domain=DOMAIN,
                translation_key="command_not_taken",
                translation_placeholders={"error": str(err)},
            )
