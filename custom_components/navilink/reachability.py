"""Whether the two services of an account can be reached from here, and how far their clocks are from this one's.

MQTT credentials are signed with the time, so the service rejects them where the clock is wrong.
"""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from email.utils import parsedate_to_datetime
import ssl
from typing import Any

import aiohttp
from homeassistant.core import HomeAssistant
from homeassistant.helpers.aiohttp_client import async_get_clientsession
from homeassistant.util import dt as dt_util

from .config import CONF_CA_FILE, CONF_PRIVATE_SERVER, api_url, create_mqtt_config
from .nwp500 import servers

# Seconds.
TIMEOUT = 5.0

# As Home Assistant's own system health calls them.
UNREACHABLE = "unreachable"
TIMED_OUT = "timeout"


@dataclass(frozen=True, slots=True)
class Reached:
    """What came of an attempt to reach a service; any answer counts, also one that refuses the request."""

    problem: str | None
    clock_difference: float | None = None
    """Seconds by which the service's clock is ahead of this one's, to a second; None if it does not name its time."""


async def async_reach_sign_in_service(hass: HomeAssistant, data: Mapping[str, Any]) -> Reached:
    """Try the REST service, by the data of an account's entry; an answer is enough, whatever it is."""
    url = api_url(data)
    try:
        # Without a file of its own, the session verifies as always.
        context = await _async_context(hass, data) if url.lower().startswith("https:") and _ca_file(data) else True
        call = async_get_clientsession(hass).get(url, allow_redirects=False, ssl=context)
        async with asyncio.timeout(TIMEOUT), call as response:
            return Reached(None, clock_difference(response.headers.get(aiohttp.hdrs.DATE)))
    except TimeoutError:
        return Reached(TIMED_OUT)
    except aiohttp.ClientError, OSError, ValueError:
        return Reached(UNREACHABLE)


async def async_reach_mqtt_service(hass: HomeAssistant, data: Mapping[str, Any]) -> Reached:
    """Try the MQTT service, by the data of an account's entry; a secure connection is enough.

    The host is looked up as the MQTT client does it, which is the system's way and not that of Home Assistant.
    """
    config = create_mqtt_config(data, {})
    try:
        context = await _async_context(hass, data)
        async with asyncio.timeout(TIMEOUT):
            _, writer = await asyncio.open_connection(config.endpoint, config.port, ssl=context)
    except TimeoutError:
        return Reached(TIMED_OUT)
    except OSError, ValueError:
        return Reached(UNREACHABLE)
    # There is nothing to say to it.
    writer.transport.abort()
    return Reached(None)


def _ca_file(data: Mapping[str, Any]) -> str | None:
    ca_file: str | None = data.get(CONF_PRIVATE_SERVER, {}).get(CONF_CA_FILE)
    return ca_file


async def _async_context(hass: HomeAssistant, data: Mapping[str, Any]) -> ssl.SSLContext:
    # In a thread, since reading certificates blocks.
    return await hass.async_add_executor_job(servers.tls_context, _ca_file(data))


def clock_difference(date: str | None) -> float | None:
    """Return by how many seconds a service is ahead, by the date of its answer; None if that does not say."""
    try:
        service: datetime | None = None if date is None else parsedate_to_datetime(date)
    except ValueError:
        return None
    if service is None or service.tzinfo is None:
        return None
    return round((service - dt_util.utcnow()).total_seconds(), 1)
