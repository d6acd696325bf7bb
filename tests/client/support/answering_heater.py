"""Heaters that answer queries and keep schedules as protocol.md 4, 7 and 10 say, and the connection to them.

What is asked and what is answered are messages in wire form; replies come only on topics that are subscribed.
"""

import asyncio
from collections.abc import Callable, Iterable
import json
from typing import Any, override

from nwp500 import Device, MqttConnectionConfig, NavienMqttClient
from nwp500.protocol.topics import matches
from nwp500.transport.base import MessageListener, PublishListener, SigningCredentials, Transport, TransportError
from tests import FIXTURES
from tests.client.support.credentials import InventedCredentials
from tests.client.support.stage import MAC

CLIENT_ID = "ha-client-3f9a1c07"
DEVICE = Device(mac_address=MAC, additional_value="5322", home_seq=10001)
SUBACK_SECONDS = 0.1
_DEVICE_MEMBERS = {"deviceType", "macAddress", "additionalValue"}
HEX_ORDER = ("enable", "week", "hour", "min", "mode", "param")

# Any: decoded JSON.
type Json = dict[str, Any]


def recorded(name: str) -> Json:
    """Read a recorded message."""
    loaded: Json = json.loads((FIXTURES / f"{name}.json").read_text())
    return loaded


def content_of(name: str) -> Json:
    """Return what a recorded reply says, without what it says of the device."""
    response: Json = recorded(name)["payload"]["response"]
    return {key: value for key, value in response.items() if key not in _DEVICE_MEMBERS}


class AnsweringHeater:
    """One heater; what it is asked, how it answers, and how it fails to."""

    def __init__(self, device: Device = DEVICE) -> None:
        self.device = device
        self.asked: list[Json] = []
        """Every request, in order."""
        self.feature: Json = recorded("feature")["response"]["feature"]
        self.schedule: Json = {"reservationUse": 1, "reservation": []}
        self.recirculation: Json = {"reservationUse": 1, "reservation": []}
        self.forms: tuple[str, ...] = ("list", "hex")
        """In which forms it reports its schedules, and in which order."""
        self.silent: set[str] = set()
        """Request suffixes that it does not answer."""
        self.lost_writes = 0
        """How many of the next writes it acknowledges and forgets."""
        self.reply_seconds = 2.0
        self.landing_seconds = 0.0
        """How long a write takes to show."""
        self.on_write: Callable[[], None] = lambda: None
        """Called after each write."""
        self.reply_names: dict[str, str] | None = None
        """What it says of itself in replies, instead of its own MAC."""

    def suffixes(self) -> list[str]:
        """Return the end of the topic of every request, in order."""
        return [asked["requestTopic"].partition(f"{self.device.mac_address}/")[2] for asked in self.asked]

    def answers(self, asked: Json) -> Iterable[tuple[str, Json]]:
        """Take a request and return the replies with their topics."""
        self.asked.append(asked)
        suffix = self.suffixes()[-1]
        schedule = self._schedule(suffix)
        if suffix.startswith("ctrl/") and schedule is not None:
            if self.lost_writes:
                self.lost_writes -= 1
            else:
                content = {name: asked["request"][name] for name in ("reservationUse", "reservation")}
                asyncio.get_running_loop().call_later(self.landing_seconds, schedule.update, content)
            self.on_write()
        if suffix in self.silent:
            return
        for topic, content in self._contents(suffix, asked, schedule):
            names = {"macAddress": self.device.mac_address} if self.reply_names is None else self.reply_names
            yield topic, {"sessionID": asked["sessionID"], "response": {**names, **content}}

    def _schedule(self, suffix: str) -> Json | None:
        match suffix.split("/")[1:]:
            case ["rsv", "rd"]:
                return self.schedule
            case ["recirc-rsv", "rd"]:
                return self.recirculation
            case _:
                return None

    def _contents(self, suffix: str, asked: Json, schedule: Json | None) -> Iterable[tuple[str, Json]]:
        topic = asked["responseTopic"]
        request = asked["request"]
        echo = {name: request[name] for name in ("reservationUse", "reservation") if name in request}
        match suffix:
            case "st/did":
                yield topic, {"feature": self.feature}
            case "st/rsv/rd" | "st/recirc-rsv/rd":
                assert schedule is not None
                for form in self.forms:
                    yield (topic, dict(schedule)) if form == "list" else (topic.removesuffix("/rd"), in_hex(schedule))
            case "ctrl/rsv/rd" | "ctrl/recirc-rsv/rd" | "ctrl/tou/rd":
                yield topic, echo
            case "st/energy-usage-daily-query/rd":
                yield topic, content_of("energy_daily")
            case "st/energy-usage-monthly-query/rd":
                yield topic, content_of("energy_monthly")
            case "st/dl-sw-info":
                own_topic = f"cmd/52/navilink-{self.device.mac_address}/res/dl-sw-info"
                yield own_topic, content_of("firmware_download_info")
            case "st/td/rd" if len(topic.split("/")) == 8:
                yield topic, content_of("diagnostics")


def in_hex(schedule: Json) -> Json:
    """Return a schedule in the form of six bytes for each entry, with an empty slot at its end."""
    numbers = [bytes(entry[name] & 0xFF for name in HEX_ORDER) for entry in schedule["reservation"]]
    return {**schedule, "reservation": b"".join([*numbers, bytes(6)]).hex()}


class AnsweringLink(Transport):
    """A connection over which heaters answer after a while."""

    def __init__(self, heaters: tuple[AnsweringHeater, ...], on_message: MessageListener) -> None:
        self.lost: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        self.filters: list[str] = []
        self._heaters = {heater.device.mac_address: heater for heater in heaters}
        self._on_message = on_message

    @override
    async def open(self) -> None:
        """Succeed."""

    @override
    async def subscribe(self, topic_filter: str) -> None:
        await asyncio.sleep(SUBACK_SECONDS)
        self.filters.append(topic_filter)

    @override
    async def unsubscribe(self, topic_filter: str) -> None:
        self.filters.remove(topic_filter)

    @override
    def publish(self, topic: str, body: bytes, qos: int, on_done: PublishListener) -> int:
        if self.lost.done():
            raise TransportError("AWS_ERROR_MQTT_NOT_CONNECTED")
        loop = asyncio.get_running_loop()
        loop.call_soon(on_done, None)
        message = json.loads(body)
        assert message["requestTopic"] == topic
        heater = self._heaters[message["request"]["macAddress"]]
        for reply_topic, reply in heater.answers(message):
            loop.call_later(heater.reply_seconds, self.deliver, reply_topic, reply)
        return 1

    @override
    async def close(self) -> None:
        self.cut()

    def deliver(self, topic: str, message: Json) -> None:
        """Let a message arrive, if the connection is up and the topic subscribed."""
        if not self.lost.done() and any(matches(topic_filter, topic) for topic_filter in self.filters):
            self._on_message(topic, json.dumps(message).encode())

    def cut(self) -> None:
        """Lose the connection."""
        if not self.lost.done():
            self.lost.set_result("AWS_ERROR_MQTT_UNEXPECTED_HANGUP")


async def answered_by(*heaters: AnsweringHeater) -> tuple[NavienMqttClient, list[AnsweringLink]]:
    """Connect a client to heaters; its newest connection is the last."""
    transports: list[AnsweringLink] = []

    async def make_transport(_: SigningCredentials, on_message: MessageListener) -> Transport:
        transports.append(AnsweringLink(heaters, on_message))
        return transports[-1]

    config = MqttConnectionConfig(client_id=CLIENT_ID, reconnect_spread=0)
    client = NavienMqttClient(InventedCredentials(), config=config, make_transport=make_transport)
    await client.connect()
    return client, transports
