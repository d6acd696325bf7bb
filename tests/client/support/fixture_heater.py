"""Heaters and a cloud that have nothing to say but the recorded messages: neither client nor simulator is asked.

What a heater says is a recorded message word for word; only whom it is for and which heater it is from are filled in.
"""

import asyncio
from collections import defaultdict
from collections.abc import AsyncIterator, Iterator, Mapping
import contextlib
from contextlib import asynccontextmanager
from dataclasses import dataclass
import json
from pathlib import Path
from typing import Any

from simulator.mqtt.codec import PacketDecoder, encode
from simulator.mqtt.packets import ConnAck, Connect, Packet, Publish, SubAck, Subscribe
from tests import FIXTURES
from tests.client.support.mosquitto import Mosquitto, running_mosquitto
from tests.client.support.scripted_service import ScriptedService, recorded, scripted_service

# Any: decoded JSON, as it comes off the wire.
type Json = dict[str, Any]

STATUSES = tuple(sorted(path.stem for path in FIXTURES.glob("status_*.json")))

MAC = "0478630a1b2c"
RECIRCULATION_MAC = "0478630a1b2d"
"""The heater with recirculation, whose display is in Celsius."""
_FEATURES = {MAC: "feature", RECIRCULATION_MAC: "feature_80gal_celsius_recirculation"}

_REST = {
    "/user/sign-in": "sign_in",
    "/auth/refresh": "auth_refresh",
    "/auth/session/refresh": "session_refresh",
    "/user/secured-sign-in": "secured_sign_in",
    "/device/list": "device_list",
    "/device/simple-list": "device_simple_list",
    "/device/info": "device_info",
    "/device/change-info": "device_change_info",
    "/device/error/list": "device_error_list_owner_refused",
    "/device/firmware/info": "device_firmware_info",
    "/firmware/info": "firmware_info",
    "/device/filter/change-info": "filter_change_info",
    "/device/filter/history": "filter_history",
    "/device/cip/change-info": "cip_change_info",
    "/device/cip/history": "cip_history_empty",
    "/device/tou": "tou_get",
    "/device/tou/manufacture-id": "tou_manufacture_id",
    "/device/tou/convert": "tou_convert",
    "/user/info": "user_info",
    "/user/get-push-settings": "get_push_settings",
    "/user/set-push-settings": "set_push_settings",
    "/app/version": "app_version",
}

# By code and parameters of a control, the recorded status that shows what it does (protocol.md 5.1).
_EFFECTS: Mapping[tuple[int, ...], str] = {
    (33554433,): "status_powered_off",
    (33554434,): "status_idle",
    (33554437, 1): "status_tou_window",
    (33554437, 2): "status_electric_lower",
    (33554437, 3): "status_idle",
    (33554437, 4): "status_hybrid_boost_element",
    (33554437, 5, 14): "status_vacation",
    (33554437, 6): "status_powered_off",
    (33554445, 2): "status_demand_response_and_recirculation",
    (33554464, 110): "control_ack",
    (33554466, 14): "status_vacation",
    (33554472, 7): "status_idle",
    (33554474, 2): "status_idle",
    (33554475,): "status_idle",
    (33554476,): "status_tou_window",
}
# The one effect that no recorded status shows.
_UNRECORDED: Mapping[tuple[int, ...], Mapping[str, int]] = {(33554471,): {"antiLegionellaUse": 1}}

# Each recorded weekly schedule in its forms; the first is what a heater has that nobody has written to.
_SCHEDULES = (("reservations_json", "reservations_hex"), ("reservations_empty",))
_SCHEDULE_REPLIES = frozenset(name for forms in _SCHEDULES for name in forms)

_RECORDED_CLIENT = "ha-client-3f9a1c07"
_DEADLINE = 10.0


def fixture(name: str) -> Json:
    """Read a recorded message."""
    found: Json = json.loads((FIXTURES / f"{name}.json").read_text())
    return found


def response_of(name: str) -> Json:
    """Read what a recorded reply says."""
    response: Json = fixture(name)["payload"]["response"]
    return response


REPLIES = frozenset(path.stem for path in FIXTURES.glob("*.json") if "payload" in fixture(path.stem)) - {"control_fail"}
"""Every recorded reply to a query, or to a write."""


def _control_ack() -> Json:
    found: Json = fixture("control_ack")["reply"]["payload"]
    return found


def _answers() -> Mapping[str, tuple[str, ...]]:
    """Name the recorded replies to each query but the weekly schedule, by the end of the topic that it is asked on."""
    found: defaultdict[str, tuple[str, ...]] = defaultdict(tuple)
    for name in sorted(REPLIES - _SCHEDULE_REPLIES):
        found[fixture(name)["payload"]["requestTopic"].split("/", 3)[3]] += (name,)
    return found


class FixtureHeaters:
    """Answers what the broker brings, in the name of each heater that it has a feature of."""

    def __init__(self, broker: Mosquitto, status: str) -> None:
        self._broker = broker
        self._statuses = {mac_address: self._message(status) for mac_address in _FEATURES}
        self._refusals = 0
        self.requests: list[Json] = []
        """What was asked for, in order."""
        self.reported: set[str] = set()
        """The recorded replies that were given."""
        self._decoder = PacketDecoder()
        self._packets: list[Packet] = []
        self._answers = _answers()
        self._schedules: dict[str, tuple[str, ...]] = dict.fromkeys(_FEATURES, _SCHEDULES[0])

    def report(self, status: str) -> None:
        """Let every heater be in a recorded state."""
        self._statuses = {mac_address: self._message(status) for mac_address in _FEATURES}

    def refuse(self, count: int) -> None:
        """Refuse the next controls."""
        self._refusals = count

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Answer while the context lasts."""
        reader, writer = await asyncio.open_connection("127.0.0.1", self._broker.plain_port)
        writer.write(encode(Connect(client_id="heaters")))
        assert isinstance(await self._packet(reader), ConnAck)
        writer.write(encode(Subscribe(1, (("cmd/52/#", 0),))))
        assert isinstance(await self._packet(reader), SubAck)
        answering = asyncio.create_task(self._answer_all(reader, writer))
        try:
            yield
        finally:
            answering.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await answering
            writer.close()

    async def _answer_all(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while True:
            packet = await self._packet(reader, None)
            assert isinstance(packet, Publish)
            message = json.loads(packet.payload)
            if "request" in message:
                self.requests.append(message)
                for topic, reply in self._replies(packet.topic, message):
                    writer.write(encode(Publish(topic=topic, payload=json.dumps(reply).encode())))

    async def _packet(self, reader: asyncio.StreamReader, deadline: float | None = _DEADLINE) -> Packet:
        while not self._packets:
            async with asyncio.timeout(deadline):
                data = await reader.read(65536)
            assert data, "the broker has gone"
            self._packets += self._decoder.feed(data)
        return self._packets.pop(0)

    def _replies(self, topic: str, message: Json) -> Iterator[tuple[str, Json]]:
        """Answer one request with what was recorded for it."""
        request = message["request"]
        mac_address, suffix = request["macAddress"], topic.split("/", 3)[3]
        if mac_address not in _FEATURES:
            return
        if suffix == "st":
            yield message["responseTopic"], _addressed(self._statuses[mac_address], message)
        elif suffix == "st/did":
            yield message["responseTopic"], _addressed(fixture(_FEATURES[mac_address]), message)
        elif suffix == "ctrl" and self._refusals:
            self._refusals -= 1
            refusal = fixture("control_fail")
            yield refusal["topic"].replace(MAC, mac_address), _addressed(refusal["payload"], message)
        elif suffix == "ctrl":
            self._obey(mac_address, request)
            yield message["responseTopic"], _addressed(self._statuses[mac_address], message)
        elif suffix == "ctrl/rsv/rd":
            self._schedules[mac_address] = _written_schedule(request) or self._schedules[mac_address]
        for name in self._names(mac_address, suffix, request):
            self.reported.add(name)
            yield _reply_topic(fixture(name), message), _addressed(fixture(name)["payload"], message)

    def _names(self, mac_address: str, suffix: str, request: Json) -> tuple[str, ...]:
        """Name the recorded replies to a query, and to a write of what is recorded."""
        if suffix == "st/rsv/rd":
            return self._schedules[mac_address]
        if suffix == "ctrl/rsv/rd":
            return _written_schedule(request)[:1]
        return self._answers.get(suffix, ())

    def _obey(self, mac_address: str, request: Json) -> None:
        control = (request["command"], *request["param"])
        if control in _EFFECTS:
            self._statuses[mac_address] = self._message(_EFFECTS[control])
        response = self._statuses[mac_address]["response"]
        response[next(name for name in ("status", "st") if name in response)].update(_UNRECORDED.get(control, {}))

    def _message(self, name: str) -> Json:
        return _control_ack() if name == "control_ack" else fixture(name)


def _written_schedule(request: Json) -> tuple[str, ...]:
    """Find the recorded weekly schedule that is written; any other is lost without a word."""
    written = {name: request[name] for name in ("reservationUse", "reservation")}
    return next((forms for forms in _SCHEDULES if written.items() <= response_of(forms[0]).items()), ())


def _reply_topic(recorded_reply: Json, request: Json) -> str:
    """Give the topic that was asked for; a reply recorded beside it comes beside it, and some have one of their own."""
    topic: str = recorded_reply["topic"]
    asked: str = request["responseTopic"]
    if topic == recorded_reply["payload"]["responseTopic"]:
        return asked
    mac_address: str = request["request"]["macAddress"]
    return topic.replace(_RECORDED_CLIENT, request["clientID"]).replace(MAC, mac_address)


def _addressed(recorded_reply: Json, request: Json) -> Json:
    """Fill in whom a recorded reply answers, and in whose name."""
    identity = {name: request["request"][name] for name in ("macAddress", "additionalValue")}
    return {
        **recorded_reply,
        "clientID": request["clientID"],
        "sessionID": request["sessionID"],
        "requestTopic": request["requestTopic"],
        "response": {**recorded_reply["response"], **identity},
    }


@dataclass(frozen=True, slots=True)
class FixtureService:
    """A cloud of recorded messages: where it is, and its heaters."""

    rest: ScriptedService
    broker: Mosquitto
    heaters: FixtureHeaters


@asynccontextmanager
async def fixture_rest_service() -> AsyncIterator[ScriptedService]:
    """Run a REST service of recorded answers."""
    async with scripted_service() as rest:
        for path, name in _REST.items():
            rest.answer(path, recorded(name))
        yield rest


@asynccontextmanager
async def fixture_service(directory: Path, status: str) -> AsyncIterator[FixtureService]:
    """Run a broker, a REST service and heaters in one recorded state."""
    async with running_mosquitto(directory) as broker, fixture_rest_service() as rest:
        heaters = FixtureHeaters(broker, status)
        async with heaters.running():
            yield FixtureService(rest, broker, heaters)
