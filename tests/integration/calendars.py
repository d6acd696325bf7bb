"""The calendar of a heater as the frontend uses it: over its websocket and its list of events."""

from typing import Any, Self

from homeassistant.util import dt as dt_util
from pytest_homeassistant_custom_component.typing import (
    ClientSessionGenerator,
    MockHAClientWebSocket,
    WebSocketGenerator,
)

CALENDAR = "calendar.nwp500_weekly_schedule"


class Calendar:
    """The calendar, for one user."""

    def __init__(
        self,
        hass_client: ClientSessionGenerator,
        hass_ws_client: WebSocketGenerator,
        socket: MockHAClientWebSocket,
    ) -> None:
        self._hass_client = hass_client
        self._hass_ws_client = hass_ws_client
        self._socket = socket

    @classmethod
    async def connected(cls, hass_client: ClientSessionGenerator, hass_ws_client: WebSocketGenerator) -> Self:
        """Connect as a user does; the websocket has to be there before anything else is asked for over HTTP."""
        return cls(hass_client, hass_ws_client, await hass_ws_client())

    async def events(self, start: str, end: str) -> list[dict[str, Any]]:
        """Return the events between two dates, at the beginning of each."""
        client = await self._hass_client()
        times = {name: f"{day}T00:00:00{self._offset(day)}" for name, day in (("start", start), ("end", end))}
        response = await client.get(f"/api/calendars/{CALENDAR}", params=times)
        assert response.ok, await response.text()
        return list(await response.json())

    async def create(self, summary: str, start: str, rule: str | None = None, end: str | None = None) -> str | None:
        """Create an event as the dialog does; returns the text of the error that it shows."""
        return await self._call("create", event=_event(summary, start, rule, end))

    async def update(
        self,
        uid: str,
        summary: str,
        start: str,
        rule: str | None = None,
        *,
        recurrence_id: str | None = None,
        is_whole: bool = True,
    ) -> str | None:
        """Change an event, or a whole series, as the dialog does."""
        return await self._call(
            "update", uid=uid, event=_event(summary, start, rule), **_which(recurrence_id, is_whole=is_whole)
        )

    async def delete(self, uid: str, *, recurrence_id: str | None = None, is_whole: bool = True) -> str | None:
        """Delete an event, or a whole series, as the dialog does."""
        return await self._call("delete", uid=uid, **_which(recurrence_id, is_whole=is_whole))

    async def subscribe(self, start: str, end: str) -> MockHAClientWebSocket:
        """Follow the events between two dates, as an open calendar does; returns what receives them."""
        socket = await self._hass_ws_client()
        times = {"start": f"{start}T00:00:00", "end": f"{end}T00:00:00"}
        await socket.send_json_auto_id({"type": "calendar/event/subscribe", "entity_id": CALENDAR, **times})
        assert (await socket.receive_json())["success"]
        return socket

    async def _call(self, action: str, **members: object) -> str | None:
        await self._socket.send_json_auto_id({"type": f"calendar/event/{action}", "entity_id": CALENDAR, **members})
        answer = await self._socket.receive_json()
        return None if answer["success"] else str(answer["error"]["message"])

    @staticmethod
    def _offset(day: str) -> str:
        midnight = dt_util.parse_datetime(f"{day}T00:00:00")
        assert midnight is not None
        return f"{midnight.replace(tzinfo=dt_util.get_default_time_zone()):%:z}"


def _event(summary: str, start: str, rule: str | None, end: str | None = None) -> dict[str, str]:
    # What the dialog offers to begin with is an hour; the heater knows no end.
    default = f"{start[:11]}23:59:59" if "T" in start else start
    event = {"summary": summary, "dtstart": start, "dtend": end or default}
    return event if rule is None else {**event, "rrule": rule}


def _which(recurrence_id: str | None, *, is_whole: bool) -> dict[str, str]:
    if recurrence_id is None:
        return {}
    scope = {"recurrence_range": "THISANDFUTURE"} if is_whole else {}
    return {"recurrence_id": recurrence_id, **scope}
