"""What the user can choose about an account, and what that means for the client."""

from collections.abc import Mapping
from datetime import timedelta
from enum import StrEnum
from typing import Any

from homeassistant.helpers.selector import (
    BooleanSelector,
    DurationSelector,
    DurationSelectorConfig,
    NumberSelector,
    NumberSelectorConfig,
    NumberSelectorMode,
    SelectSelector,
    SelectSelectorConfig,
)
import voluptuous as vol

CONF_QUEUE = "queue"
CONF_QUEUE_SIZE = "queue_size"
CONF_LONGEST_WAIT = "longest_wait"
CONF_LONGEST_WAIT_TIME = "longest_wait_time"
CONF_COALESCE = "coalesce"
CONF_SKIP_SETTLED = "skip_redundant"
CONF_STATUS_INTERVAL = "status_interval"

MAX_WAIT = timedelta(days=7)

# Seconds: a heater refuses a control that follows another one too soon.
COMMAND_INTERVAL = 2.0


class LongestWait(StrEnum):
    """How long a command may wait to be sent."""

    BY_CLASS = "by_class"
    FIXED = "fixed"
    FOREVER = "forever"


def _whole_number(low: int, high: int, unit: str | None = None) -> vol.All:
    config = NumberSelectorConfig(min=low, max=high, step=1, mode=NumberSelectorMode.BOX)
    if unit is not None:
        config["unit_of_measurement"] = unit
    return vol.All(NumberSelector(config), vol.Coerce(int))


OPTIONS_SCHEMA = vol.Schema(
    {
        vol.Required(CONF_QUEUE, default=True): BooleanSelector(),
        vol.Required(CONF_QUEUE_SIZE, default=100): _whole_number(1, 1000),
        vol.Required(CONF_LONGEST_WAIT, default=LongestWait.BY_CLASS.value): SelectSelector(
            SelectSelectorConfig(options=[each.value for each in LongestWait], translation_key=CONF_LONGEST_WAIT)
        ),
        vol.Required(CONF_LONGEST_WAIT_TIME, default={"days": 1}): DurationSelector(
            DurationSelectorConfig(enable_day=True, enable_second=False)
        ),
        vol.Required(CONF_COALESCE, default=True): BooleanSelector(),
        vol.Required(CONF_SKIP_SETTLED, default=True): BooleanSelector(),
        vol.Required(CONF_STATUS_INTERVAL, default=30): _whole_number(10, 300, "s"),
    }
)


def all_options(options: Mapping[str, Any]) -> dict[str, Any]:
    """Return what was chosen, and the default of what was not."""
    chosen: dict[str, Any] = OPTIONS_SCHEMA(dict(options))
    return chosen


def longest_wait(options: Mapping[str, Any]) -> timedelta:
    """Return the one time that was chosen for all commands; it counts only if that is how they expire."""
    return timedelta(**options[CONF_LONGEST_WAIT_TIME])


def status_interval(options: Mapping[str, Any]) -> timedelta:
    """Return how often the heaters are asked for their status."""
    return timedelta(seconds=all_options(options)[CONF_STATUS_INTERVAL])


def queue_settings(options: Mapping[str, Any]) -> dict[str, Any]:
    """Return the settings of the client that the options decide, and those that Home Assistant always wants."""
    chosen = all_options(options)
    wait = chosen[CONF_LONGEST_WAIT]
    return {
        "enable_command_queue": chosen[CONF_QUEUE],
        "max_queued_commands": chosen[CONF_QUEUE_SIZE],
        "expire_by_class": wait == LongestWait.BY_CLASS,
        "max_queued_command_age": longest_wait(chosen).total_seconds() if wait == LongestWait.FIXED else None,
        "coalesce_commands": chosen[CONF_COALESCE],
        "skip_redundant": chosen[CONF_SKIP_SETTLED],
        "guard_commands": True,
        "command_interval": COMMAND_INTERVAL,
    }
