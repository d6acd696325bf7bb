"""Messages that a heater never sends, or not so many: junk, and a flood."""

import asyncio
import json

from custom_components.navilink.nwp500 import DeviceStatus

from .drill import Step
from .home import Home

_HUGE = 600_000
_LOOK_SECONDS = 0.2
_DEEP = 40_000
_STATUS_OF_JUNK = {"response": {"status": {"operationMode": "x" * 1000, "dhwTemperature": [1e400], "errorCode": {}}}}

JUNK: tuple[str, ...] = (
    "",
    "null",
    "[]",
    "42",
    "no JSON",
    "\ufffd\x00",
    '{"response": ' * 20,
    '{"response": {"status": NaN}}',
    '{"response": {"status": {"dhwTemperature": 1e999, "operationMode": 99999999999999999999999}}}',
    '{"sessionID": {"a": 1}, "response": []}',
    '{"sessionID": null, "response": {"macAddress": 7, "status": "on"}}',
    '{"response": {"failCode": "two"}}',
    '{"event": {"connection": {"status": "\\ud800"}}}',
    json.dumps(_STATUS_OF_JUNK),
    "[" * _DEEP,
    "[" * _DEEP + "]" * _DEEP,
    '{"response":' * _DEEP + "1" + "}" * _DEEP,
    json.dumps({"response": {"status": "x" * _HUGE}}),
    "x" * _HUGE,
)
"""What no heater sends; some of it is larger than any message of the service."""


async def junk(home: Home) -> None:
    """Send all of the junk to all topics on which heaters answer or are announced."""
    for mac_address in home.heaters:
        topics = [f"{_reply_topic(home, mac_address)}/{name}" for name in ("st", "did", "ctrl", "ctrl-fail", "x/y")]
        topics.append(f"evt/52/navilink-{mac_address}/connection")
        for topic in topics:
            for text in JUNK:
                await home.simulator.publish_text(topic, text)


def flood(count: int) -> Step:
    """Send so many statuses of each heater at once that nobody has asked for; entities are not updated with each."""

    async def send(home: Home) -> None:
        updates = 0

        def updated() -> None:
            nonlocal updates
            updates += 1

        for mac_address, device in home.heaters.items():
            home.snapshots.listen(mac_address, updated)
            status: DeviceStatus | None = home.client.status(device)
            assert status is not None  # noqa: S101 - every heater has reported
            message = {
                "sessionID": "of-somebody-else",
                "response": {"deviceType": 52, "macAddress": mac_address, "status": dict(status.raw)},
            }
            await home.simulator.publish(f"{_reply_topic(home, mac_address)}/st", message, count=count)
        # The simulator has no event for the end of it.
        while any(each["unacknowledged"] for each in (await home.simulator.state())["connections"]):  # noqa: ASYNC110 - see above
            await asyncio.sleep(_LOOK_SECONDS)
        if updates > count / 2:
            home.errors.append(f"entities were updated {updates} times for {count} messages")

    return send


def _reply_topic(_home: Home, mac_address: str) -> str:
    return f"cmd/52/navilink-{mac_address}/res"
