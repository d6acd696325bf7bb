"""What a config entry holds: who signs in, to which service, and how commands are queued."""

from collections.abc import Mapping
from datetime import timedelta
from enum import StrEnum
from typing import Any, override

from homeassistant.const import CONF_EMAIL, CONF_PASSWORD
from homeassistant.core import HomeAssistant
from homeassistant.helpers.aiohttp_client import async_get_clientsession
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

from .nwp500 import MqttConnectionConfig, NavienAuthClient, servers

CONF_PRIVATE_SERVER = "private_server"
CONF_API_URL = "api_url"
CONF_MQTT_ENDPOINT = "mqtt_endpoint"
CONF_MQTT_PORT = "mqtt_port"
CONF_CA_FILE = "ca_file"

# How the entry's data names the server, and how the MQTT client does.
_MQTT_SETTINGS = {CONF_MQTT_ENDPOINT: "endpoint", CONF_MQTT_PORT: "port", CONF_CA_FILE: "ca_file"}

CONF_QUEUE = "queue"
CONF_QUEUE_SIZE = "queue_size"
CONF_EXPIRATION = "expiration"
CONF_EXPIRATION_TIME = "expiration_time"

MAX_EXPIRATION_TIME = timedelta(days=7)
_USUAL_EXPIRATION_TIME = {"days": 1}

# Seconds: a heater refuses a control that follows another one too soon.
COMMAND_INTERVAL = 2.0
# An older command makes no difference once a newer one for the same setting is sent, so it is not sent at all.
COALESCE_COMMANDS = True
# A heater takes two seconds for each command, also for one that asks for what it reports already.
SKIP_REDUNDANT = True


class Expiration(StrEnum):
    """When commands that wait to be sent expire."""

    BY_KIND = "by_kind"
    FIXED = "fixed"
    NEVER = "never"


class ExpirationSelector(DurationSelector):
    """A duration in numbers that can be counted with; Home Assistant's own takes texts, and fails on huge numbers."""

    @override
    def __call__(self, data: Any) -> dict[str, float]:
        """Return a duration that was entered; raises `vol.Invalid` for what is none."""
        try:
            checked = super().__call__(data)
        except OverflowError as err:
            raise vol.Invalid("the duration is too long") from err
        return {unit: amount if isinstance(amount, int) else float(amount) for unit, amount in checked.items()}


OPTIONS_SCHEMA = vol.Schema(
    {
        vol.Required(CONF_QUEUE, default=True): BooleanSelector(),
        vol.Required(CONF_QUEUE_SIZE, default=100): vol.All(
            NumberSelector(NumberSelectorConfig(min=1, max=1000, step=1, mode=NumberSelectorMode.BOX)),
            vol.Coerce(int),
        ),
        vol.Required(CONF_EXPIRATION, default=Expiration.BY_KIND.value): SelectSelector(
            SelectSelectorConfig(options=[each.value for each in Expiration], translation_key=CONF_EXPIRATION)
        ),
        vol.Required(CONF_EXPIRATION_TIME, default=_USUAL_EXPIRATION_TIME): ExpirationSelector(
            DurationSelectorConfig(enable_day=True, enable_second=False)
        ),
    }
)

# The names that options had in the first version of the entry, and of the values that are called otherwise now.
_FORMER_NAMES = {"longest_wait": CONF_EXPIRATION, "longest_wait_time": CONF_EXPIRATION_TIME}
_FORMER_VALUES = {"by_class": Expiration.BY_KIND.value, "forever": Expiration.NEVER.value}


def api_url(data: Mapping[str, Any]) -> str:
    """Return the address of the REST service."""
    url: str = data.get(CONF_PRIVATE_SERVER, {}).get(CONF_API_URL, servers.DEFAULT_BASE_URL)
    return url


def create_auth_client(hass: HomeAssistant, data: Mapping[str, Any]) -> NavienAuthClient:
    """Make the client that signs in to the account."""
    return NavienAuthClient(
        data[CONF_EMAIL],
        data[CONF_PASSWORD],
        base_url=api_url(data),
        ca_file=data.get(CONF_PRIVATE_SERVER, {}).get(CONF_CA_FILE),
        session=async_get_clientsession(hass),
    )


def create_mqtt_config(data: Mapping[str, Any], options: Mapping[str, Any]) -> MqttConnectionConfig:
    """Make the configuration of the MQTT client; raises `ValueError` if the data is malformed.

    The client id is a new one each time: a stable one would be the same in a copy restored from a backup, and the two
    would push each other out endlessly.
    """
    server = data.get(CONF_PRIVATE_SERVER, {})
    location = {name: server[key] for key, name in _MQTT_SETTINGS.items() if key in server}
    return MqttConnectionConfig(**location, **queue_settings(options))


def all_options(options: Mapping[str, Any]) -> dict[str, Any]:
    """Return what was chosen, and the default of what was not, or makes no sense; others than these are ignored."""
    chosen: dict[str, Any] = {}
    for name, allowed in OPTIONS_SCHEMA.schema.items():
        option = vol.Schema({name: allowed})
        try:
            chosen |= option({name: options[name]} if name in options else {})
        except vol.Invalid:
            chosen |= option({})
    if not is_expiration_in_range(chosen):
        chosen[CONF_EXPIRATION_TIME] = _USUAL_EXPIRATION_TIME
    return chosen


def migrated_options(former: Mapping[str, Any]) -> dict[str, Any]:
    """Return the options of the first version as they are called now; what is no choice any more is dropped."""
    renamed = {_FORMER_NAMES.get(name, name): value for name, value in former.items()}
    if CONF_EXPIRATION in renamed:
        renamed[CONF_EXPIRATION] = _FORMER_VALUES.get(str(renamed[CONF_EXPIRATION]), renamed[CONF_EXPIRATION])
    return {str(name): renamed[name] for name in OPTIONS_SCHEMA.schema if name in renamed}


def expiration_time(options: Mapping[str, Any]) -> timedelta:
    """Return the one time that was chosen for all commands; it counts only if that is how they expire."""
    return timedelta(**options[CONF_EXPIRATION_TIME])


def is_expiration_in_range(options: Mapping[str, Any]) -> bool:
    """Return whether commands can expire as it was chosen."""
    is_used = options[CONF_EXPIRATION] == Expiration.FIXED
    return not is_used or timedelta() < expiration_time(options) <= MAX_EXPIRATION_TIME


def queue_settings(options: Mapping[str, Any]) -> dict[str, Any]:
    """Return the settings of the client's queue: those that the options decide, and those that are always the same."""
    chosen = all_options(options)
    expiration = chosen[CONF_EXPIRATION]
    return {
        "enable_command_queue": chosen[CONF_QUEUE],
        "max_queued_commands": chosen[CONF_QUEUE_SIZE],
        "expire_by_class": expiration == Expiration.BY_KIND,
        "max_queued_command_age": (expiration_time(chosen).total_seconds() if expiration == Expiration.FIXED else None),
        "coalesce_commands": COALESCE_COMMANDS,
        "skip_redundant": SKIP_REDUNDANT,
        "guard_commands": True,
        "command_interval": COMMAND_INTERVAL,
    }
