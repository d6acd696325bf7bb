"""The list of the account's heaters: read now and then, and believed with care.

The service has answered with an empty list, and with less than the account has. So what a list lacks has left the
account only if the next one, a minute later, lacks it as well; a list that is not complete, or fails, says nothing.
"""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta

from homeassistant.config_entries import ConfigEntry
from homeassistant.core import CALLBACK_TYPE, HomeAssistant, callback
from homeassistant.helpers.event import async_call_later

from .const import LOGGER
from .devices import async_absent
from .nwp500 import AuthenticationError, Device, DeviceListing, NavienAPIClient, NavienError, watched

CONFIRMATION_DELAY = timedelta(minutes=1)

type ListingTaker = Callable[[tuple[Device, ...], set[str]], Awaitable[None]]


class AccountListing:
    """Lists the heaters of an account, one listing at a time."""

    def __init__(
        self, hass: HomeAssistant, entry: ConfigEntry, api_client: NavienAPIClient, take: ListingTaker
    ) -> None:
        """Say who takes what is listed: the heaters, and the MAC addresses of those that have left."""
        self._hass = hass
        self._entry = entry
        self._api_client = api_client
        self._take = take
        self._task: asyncio.Task[None] | None = None
        self._last: frozenset[str] | None = None
        """The heaters in the last complete list."""
        self._is_current = False
        """Whether the next list can wait until it is due."""
        self._stop_waiting: CALLBACK_TYPE | None = None
        """Ends the wait for the list that confirms the last one."""

    def lacks(self, mac_address: str) -> bool:
        """Tell whether the last complete list has no such heater, whether or not that is believed yet."""
        return self._last is not None and mac_address not in self._last

    async def async_first(self) -> tuple[Device, ...]:
        """Return the heaters for a set-up that knows of none; raises `NavienError`."""
        listing = await self._api_client.device_listing()
        self._gone(listing)
        return listing.devices

    @callback
    def async_look(self, *, is_due: bool) -> None:
        """List the heaters if it is time."""
        if is_due or not self._is_current:
            self.async_start()

    @callback
    def async_start(self) -> None:
        """List the heaters in the background: a network that swallows everything must not hold up polls."""
        if self._stop_waiting is None and (self._task is None or self._task.done()):
            self._task = watched(
                self._entry.async_create_background_task(self._hass, self._async_list(), "navilink listing")
            )

    @callback
    def async_stop(self) -> None:
        """Wait no longer for a confirmation."""
        if self._stop_waiting is not None:
            self._stop_waiting()
            self._stop_waiting = None

    async def _async_list(self) -> None:
        try:
            listing = await self._api_client.device_listing()
        except AuthenticationError:
            # With the next poll the service would only refuse again.
            self._is_current = True
            self._entry.async_start_reauth(self._hass)
        except NavienError as err:
            # The connection lives on without the list.
            LOGGER.debug("The heaters of the account could not be listed: %s", err)
        else:
            await self._take(listing.devices, self._gone(listing))

    def _gone(self, listing: DeviceListing) -> set[str]:
        """Return the heaters that are now known to have left, and see to it that a doubt is cleared up soon."""
        listed = frozenset(device.mac_address for device in listing.devices)
        last, self._is_current = self._last, True
        if not listing.is_complete:
            self._last = None if last is None else last | listed
            return set()
        self._last = listed
        absent = async_absent(self._hass, self._entry, listed)
        gone = set() if last is None else absent - last
        if absent - gone or (not listed and listed != last):
            self._is_current = False
            self._stop_waiting = async_call_later(self._hass, CONFIRMATION_DELAY, self._async_confirm)
        return gone

    @callback
    def _async_confirm(self, _now: datetime) -> None:
        self._stop_waiting = None
        self.async_start()
