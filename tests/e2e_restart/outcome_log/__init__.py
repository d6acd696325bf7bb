"""Runs inside the Home Assistant that is killed, and notes every outcome the moment automations learn it."""

import json
from pathlib import Path

from homeassistant.core import Event, HomeAssistant, callback
from homeassistant.helpers import config_validation as cv
from homeassistant.helpers.typing import ConfigType

CONFIG_SCHEMA = cv.empty_config_schema("outcome_log")


async def async_setup(hass: HomeAssistant, _config: ConfigType) -> bool:
    """Listen from the start on."""
    file = Path(hass.config.path("outcomes.log"))

    @callback
    def note(event: Event) -> None:
        # On the event loop on purpose: what the kernel has is not lost with the process.
        with file.open("a", encoding="utf-8") as log:
            log.write(json.dumps([event.data["command_id"], event.data["outcome"]]) + "\n")

    hass.bus.async_listen("navilink_command_outcome", note)
    return True
