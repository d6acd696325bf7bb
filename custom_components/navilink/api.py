"""What a config entry says: who signs in, to which service, and how commands are queued."""

from collections.abc import Mapping
from typing import Any

from homeassistant.const import CONF_EMAIL, CONF_PASSWORD
from homeassistant.core import HomeAssistant
from homeassistant.helpers.aiohttp_client import async_get_clientsession

from .nwp500 import MqttConnectionConfig, NavienAuthClient, servers
from .options import queue_settings

CONF_PRIVATE_SERVER = "private_server"
CONF_API_URL = "api_url"
CONF_MQTT_ENDPOINT = "mqtt_endpoint"
CONF_MQTT_PORT = "mqtt_port"
CONF_CA_FILE = "ca_file"

# How the entry's data names the server, and how the MQTT client does.
_MQTT_SETTINGS = {CONF_MQTT_ENDPOINT: "endpoint", CONF_MQTT_PORT: "port", CONF_CA_FILE: "ca_file"}


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
    """Make the configuration of the MQTT client; `ValueError` says what in the data is malformed.

    The client id is a new one each time: a stable one would be the same in a copy restored from a backup, and the two
    would push each other out endlessly.
    """
    server = data.get(CONF_PRIVATE_SERVER, {})
    location = {name: server[key] for key, name in _MQTT_SETTINGS.items() if key in server}
    return MqttConnectionConfig(**location, **queue_settings(options))
