"""What is raised when a schedule of a heater was not changed as requested, or when that is not known."""

from collections.abc import Awaitable
from typing import Any

from homeassistant.core import HomeAssistant
from homeassistant.exceptions import HomeAssistantError

from .const import DOMAIN
from .nwp500 import NavienError, ScheduleWrite, WriteOutcome, exceptions
from .wording import to_home_assistant_error

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


# What the write holds makes no difference here.
async def async_written(hass: HomeAssistant, writing: Awaitable[ScheduleWrite[Any]]) -> None:
    """Return once the heater shows what was to be written; raises for every other outcome."""
    try:
        write = await writing
    except exceptions.ScheduleReadError as err:
        raise HomeAssistantError(translation_domain=DOMAIN, translation_key=ERROR_OF_PROBLEM[err.problem]) from err
    except NavienError as err:
        raise to_home_assistant_error(hass, err) from err
    if (translation_key := ERROR_OF_WRITE.get(write.outcome)) is not None:
        raise HomeAssistantError(translation_domain=DOMAIN, translation_key=translation_key)
