"""What is entered about an account, checked before anything is sent: the one place where it is."""

from collections.abc import Mapping
from typing import Any

from homeassistant.const import CONF_EMAIL, CONF_PASSWORD
from homeassistant.core import HomeAssistant

from .api import CONF_API_URL, CONF_CA_FILE, CONF_MQTT_ENDPOINT, CONF_PRIVATE_SERVER
from .const import LOGGER
from .nwp500 import servers, visible

# Characters; far more than an account or a path has.
MAX_LENGTH = 2000

ERROR_OF_ADDRESS = {
    servers.AddressProblem.MALFORMED: "invalid_url",
    servers.AddressProblem.NOT_BARE: "url_not_bare",
    servers.AddressProblem.INSECURE: "url_insecure",
}


class FormError(Exception):
    """What the user entered does not work; the key says what to tell them."""

    def __init__(self, translation_key: str, **placeholders: str) -> None:
        """Take the key of a text under `config.error`, and what fills its gaps."""
        super().__init__(translation_key)
        self.translation_key = translation_key
        self.placeholders = placeholders


async def async_checked(hass: HomeAssistant, entered: Mapping[str, Any]) -> dict[str, Any]:
    """Return what an entry keeps of what was entered; raises `FormError` for what cannot be meant.

    What pasting brings along goes, but for the password, which is taken as it is. What was not filled in is left out,
    and the whole private server if nothing of it was.
    """
    server = {name: _entry(value) for name, value in entered.get(CONF_PRIVATE_SERVER, {}).items()}
    server = {name: value for name, value in server.items() if value != ""}
    data = {CONF_EMAIL: visible(entered[CONF_EMAIL]), CONF_PASSWORD: entered[CONF_PASSWORD]}
    if any(len(text) > MAX_LENGTH for text in (*data.values(), *server.values()) if isinstance(text, str)):
        raise FormError("too_long")
    await _async_check_server(hass, server)
    return {**data, CONF_PRIVATE_SERVER: server} if server else data


async def _async_check_server(hass: HomeAssistant, server: Mapping[str, Any]) -> None:
    problem = servers.address_problem(server[CONF_API_URL]) if CONF_API_URL in server else None
    if problem is not None:
        raise FormError(ERROR_OF_ADDRESS[problem])
    if CONF_MQTT_ENDPOINT in server and not servers.is_host(server[CONF_MQTT_ENDPOINT]):
        raise FormError("invalid_host")
    if CONF_CA_FILE in server:
        try:
            await hass.async_add_executor_job(servers.tls_context, server[CONF_CA_FILE])
        except (OSError, ValueError) as err:
            # An SSLError, for a file that holds no certificate, is an OSError too.
            LOGGER.debug("The CA file cannot be used: %s", err)
            raise FormError("invalid_ca_file") from err


def _entry(value: str | int) -> str | int:
    """Return a text without what pasting brings along; the port is a number."""
    return visible(value) if isinstance(value, str) else value
