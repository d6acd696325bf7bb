"""What people read when a schedule could not be read, was not written, or may not have been."""

from collections.abc import Mapping

from homeassistant.core import HomeAssistant, callback
from homeassistant.exceptions import HomeAssistantError, ServiceValidationError

from ..const import DOMAIN
from ..nwp500 import AuthenticationError, NavienError, ScheduleWrite, WriteOutcome, exceptions
from ..nwp500.exceptions import ApiConnectionError, ApiError, InvalidParameterError, UnsupportedCommandError
from ..wording import setup_error, to_home_assistant_error

# The other outcomes are no errors: the heater has what was requested.
ERROR_OF_WRITE = {
    WriteOutcome.LOST: "schedule_write_lost",
    WriteOutcome.CONFLICT: "schedule_write_conflict",
    WriteOutcome.UNKNOWN: "schedule_write_unknown",
}
ERROR_OF_PROBLEM = {
    exceptions.ScheduleProblem.UNREACHABLE: "not_connected",
    exceptions.ScheduleProblem.UNANSWERED: "schedule_not_answered",
    exceptions.ScheduleProblem.INCOMPLETE: "schedule_not_readable",
}


ERROR_OF_FAILURE: Mapping[type[NavienError], str] = {
    exceptions.RequestTimeoutError: "schedule_not_answered",
    exceptions.MqttError: "not_connected",
    exceptions.SerialNumberUnknownError: "schedule_not_answered",
    UnsupportedCommandError: "schedule_not_supported",
}


@callback
def schedule_error(hass: HomeAssistant, err: NavienError) -> HomeAssistantError:
    """Return why a schedule could not be read, or why nothing was written."""
    failure = next((each for each in ERROR_OF_FAILURE if isinstance(err, each)), None)
    if failure is not None:
        error = ServiceValidationError if failure is UnsupportedCommandError else HomeAssistantError
        return error(translation_domain=DOMAIN, translation_key=ERROR_OF_FAILURE[failure])
    match err:
        case exceptions.ScheduleReadError():
            return HomeAssistantError(translation_domain=DOMAIN, translation_key=ERROR_OF_PROBLEM[err.problem])
        case InvalidParameterError(parameter="entries"):
            return ServiceValidationError(translation_domain=DOMAIN, translation_key="schedule_entry_twice")
        case AuthenticationError() | ApiError() | ApiConnectionError():
            reported = setup_error(hass, err)
            return HomeAssistantError(
                translation_domain=DOMAIN,
                translation_key=reported.translation_key,
                translation_placeholders=reported.translation_placeholders,
            )
        case _:
            return to_home_assistant_error(hass, err)


@callback
def write_error[ContentT](write: ScheduleWrite[ContentT]) -> HomeAssistantError | None:
    """Return the error of a write that did not end as requested."""
    if write.outcome is WriteOutcome.CONFLICT and not write.attempts:
        return HomeAssistantError(translation_domain=DOMAIN, translation_key="schedule_changed")
    translation_key = ERROR_OF_WRITE.get(write.outcome)
    if translation_key is None:
        return None
    return HomeAssistantError(translation_domain=DOMAIN, translation_key=translation_key)
