"""The inbox: which message is from which heater, what it says, and that nothing else gets in."""

from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial
import json
import logging
import math
from typing import Any, cast

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
import pytest

from nwp500 import (
    Changed,
    CommandCompleted,
    CommandOutcome,
    CommandStage,
    Device,
    DeviceFeature,
    DeviceStatus,
    FeatureReceived,
    HeaterCommand,
    MqttConnectionConfig,
    QueuedCommand,
    ScheduleWritten,
    StatusReceived,
    commands,
    queries,
)
from nwp500.events import EVENTS, EventEmitter
from nwp500.heaters.inbox import Inbox
from nwp500.heaters.requests import PendingReplies
from nwp500.heaters.watchdog import ResponseWatchdog
from nwp500.json_types import JsonMessage, JsonValue
from nwp500.queue.command import control_request, query_request
from nwp500.queue.persistence import StoredQueue
from nwp500.queue.pipeline import CommandPipeline
from nwp500.queue.stored_values import Members
from tests import FIXTURES
from tests.client.support.own_transport import OwnTransport, scripted

CLIENT = "ha-client-3f9a1c07"
DEVICE = Device(mac_address="0478630a1b2c", additional_value="5322")
OTHER = Device(mac_address="0478630a1b2d", additional_value="5322")
DEVICE_REPLY = "cmd/52/navilink-0478630a1b2c/ha-client-3f9a1c07/res"
CLIENT_REPLY = "cmd/52/ha-client-3f9a1c07/res/rsv/rd"
REFUSAL = "cmd/52/navilink-0478630a1b2c/res/ctrl-fail"

# Any: decoded JSON, as it comes off the wire.
type Json = dict[str, Any]


class Desk:
    """An inbox, the events that it brought about, and a pipeline that has a connection."""

    def __init__(self, *devices: Device) -> None:
        self.events: list[tuple[str, object]] = []
        """What was reported of heaters."""
        self.outcomes: list[tuple[CommandOutcome, str, int | None]] = []
        """How commands ended: the outcome, the id, and the heater's code."""
        self.delays: list[float] = []
        """How long the storing of what is known may take, each time that something is new."""
        self.replies = PendingReplies()
        self.transport = OwnTransport(lambda _topic, _body: None, acknowledges=False)
        emitter = EventEmitter()
        for name in EVENTS:
            if not name.startswith(("command_", "connection_", "queue_", "knowledge_")):
                emitter.on(name, partial(self._note, name))
        emitter.on("command_completed", self._result)
        emitter.on("knowledge_changed", lambda event: self.delays.append(event.delay))
        self.pipeline = CommandPipeline(
            MqttConnectionConfig(),
            emitter,
            ask_status=lambda _: True,
            replace_connection=lambda _: None,
            written_query=lambda _: None,
            denied=(),
        )
        self.pipeline.on_connected(self.transport)
        self.answers = ResponseWatchdog(lambda: None, lambda _: None)
        self.inbox = Inbox(emitter, self.pipeline, self.answers, self.replies, CLIENT)
        for device in devices:
            self.inbox.add(device)

    def close(self) -> None:
        """End the waiting."""
        self.pipeline.close()
        self.answers.reset()

    def _note(self, name: str, happened: object) -> None:
        self.events.append((name, happened))

    def _result(self, event: CommandCompleted) -> None:
        self.outcomes.append((event.result.outcome, event.command.id, event.result.code))

    def names(self) -> list[str]:
        """The names of the events about heaters so far."""
        return [name for name, _ in self.events]

    def sent(self, raw: int) -> QueuedCommand:
        """Send a setpoint to the first heater, up to its PUBACK."""
        command = control_request(commands.DHW_TEMPERATURE, (raw,), DEVICE, CLIENT)
        self.pipeline.give(command)
        self.transport.acknowledge()
        return command


type Furnish = Callable[..., Desk]


@pytest.fixture
async def furnish() -> AsyncIterator[Furnish]:
    """Make desks for some heaters; their waiting is ended with the test."""
    desks: list[Desk] = []

    def furnish(*devices: Device) -> Desk:
        desks.append(Desk(*devices))
        return desks[-1]

    yield furnish
    for desk in desks:
        desk.close()


@pytest.fixture
async def desk(furnish: Furnish) -> Desk:
    return furnish(DEVICE)


def fixture(name: str) -> Json:
    """Read a fixture."""
    message: Json = json.loads((FIXTURES / f"{name}.json").read_text())
    return message


def status_of(mac_address: object, **members: object) -> Json:
    """Make a status reply of a heater."""
    return {"response": {"macAddress": mac_address, "status": members}}


def write_request(suffix: str, client_id: str, device: Device = DEVICE) -> tuple[str, Json]:
    """Make a request of a client, as the device's filter delivers it."""
    topic = f"cmd/52/navilink-{device.mac_address}/{suffix}"
    request = {"macAddress": device.mac_address, "reservationUse": 2, "reservation": []}
    return topic, {"clientID": client_id, "requestTopic": topic, "request": request}


@pytest.mark.parametrize("suffix", ["ctrl/rsv/rd", "ctrl/recirc-rsv/rd", "ctrl/tou/rd"])
async def test_a_schedule_that_another_client_writes_is_an_event(furnish: Furnish, suffix: str) -> None:
    desk = furnish(DEVICE, OTHER)
    desk.inbox.receive(*write_request(suffix, "app-5f0c1e7a", OTHER))
    assert desk.events == [("schedule_written", ScheduleWritten(OTHER))]
    assert desk.inbox.record(OTHER).last_message_at is None


@pytest.mark.parametrize(
    ("suffix", "client_id", "mac_address"),
    [
        ("ctrl/rsv/rd", CLIENT, DEVICE.mac_address),
        ("st/rsv/rd", "app-5f0c1e7a", DEVICE.mac_address),
        ("ctrl", "app-5f0c1e7a", DEVICE.mac_address),
        ("ctrl/rsv/rd", "app-5f0c1e7a", OTHER.mac_address),
    ],
    ids=["own write", "a read", "a control", "unknown heater"],
)
async def test_no_other_request_is_an_event(desk: Desk, suffix: str, client_id: str, mac_address: str) -> None:
    desk.inbox.receive(*write_request(suffix, client_id, replace(DEVICE, mac_address=mac_address)))
    assert desk.events == []


@pytest.mark.parametrize("name", sorted(path.stem for path in FIXTURES.glob("status_*.json")))
async def test_every_recorded_status_is_taken_in(desk: Desk, name: str) -> None:
    message = fixture(name)
    before = datetime.now(UTC)
    desk.inbox.receive(DEVICE_REPLY, message)
    record = desk.inbox.record(DEVICE)
    assert record.status is not None
    response = message["response"]
    assert dict(record.status.raw) == response.get("status", response.get("st"))
    assert desk.events == [("status_received", StatusReceived(DEVICE, record.status))]
    assert record.last_message_at is not None
    assert before <= record.last_message_at <= datetime.now(UTC)
    assert record.feature is None


@pytest.mark.parametrize("name", ["feature", "feature_80gal_celsius_recirculation"])
async def test_every_recorded_feature_is_taken_in(furnish: Furnish, name: str) -> None:
    message = fixture(name)
    device = Device(mac_address=message["response"]["macAddress"], additional_value="5322")
    desk = furnish(device)
    desk.inbox.receive(f"cmd/52/navilink-{device.mac_address}/{CLIENT}/res", message)
    record = desk.inbox.record(device)
    assert record.feature is not None
    assert dict(record.feature.raw) == message["response"]["feature"]
    assert desk.events == [("feature_received", FeatureReceived(device, record.feature))]
    assert record.status is None


async def test_one_message_can_say_both(desk: Desk) -> None:
    desk.inbox.receive(DEVICE_REPLY, {"response": {"st": {"errorCode": 0}, "did": {"powerUse": 2}}})
    assert desk.names() == ["status_received", "feature_received"]


async def test_requests_are_not_for_us(desk: Desk) -> None:
    """The device's filter delivers the client's own requests too, and those of other clients."""
    for request in fixture("mqtt_requests").values():
        desk.inbox.receive(request["topic"], request["payload"])
    assert desk.events == []
    assert desk.inbox.record(DEVICE).last_message_at is None


@pytest.mark.parametrize(
    "name",
    [
        "energy_daily",
        "diagnostics",
        "reservations_json",
        "reservations_hex",
        "firmware_download_info",
        "tou_write_echo",
    ],
)
async def test_other_replies_show_that_the_heater_is_there(desk: Desk, name: str) -> None:
    message = fixture(name)
    desk.inbox.receive(message["topic"], message["payload"])
    assert desk.events == []
    assert desk.inbox.record(DEVICE).last_message_at is not None


@pytest.mark.parametrize("mac_address", ["0478630A1B2C", "04:78:63:0a:1b:2c", "04-78-63-0A-1B-2C"])
async def test_however_a_mac_is_written(desk: Desk, mac_address: str) -> None:
    desk.inbox.receive(DEVICE_REPLY, status_of(mac_address, errorCode=0))
    assert desk.names() == ["status_received"]


@pytest.mark.parametrize("topic", [DEVICE_REPLY, CLIENT_REPLY])
async def test_a_foreign_mac_is_dropped(desk: Desk, topic: str, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG, "nwp500"):
        desk.inbox.receive(topic, status_of("0478630affff", errorCode=0))
    assert desk.events == []
    assert desk.inbox.record(DEVICE).last_message_at is None
    assert "not from a known heater" in caplog.text
    assert "0478630affff" not in caplog.text


async def test_heaters_do_not_mix_on_the_topics_they_share(furnish: Furnish) -> None:
    desk = furnish(DEVICE, OTHER)
    desk.inbox.receive(CLIENT_REPLY, status_of(OTHER.mac_address, dhwTemperature=100))
    desk.inbox.receive(CLIENT_REPLY, status_of(DEVICE.mac_address, dhwTemperature=90))
    first, second = desk.inbox.record(DEVICE).status, desk.inbox.record(OTHER).status
    assert first is not None
    assert second is not None
    assert (first.dhw_temperature, second.dhw_temperature) == (45, 50)
    assert desk.events == [
        ("status_received", StatusReceived(OTHER, second)),
        ("status_received", StatusReceived(DEVICE, first)),
    ]
    assert desk.inbox.devices == (DEVICE, OTHER)


@pytest.mark.parametrize("unnamed", [{"st": {"errorCode": 0}}, {"response": {"macAddress": 5, "st": {"errorCode": 0}}}])
async def test_a_reply_without_a_mac_is_from_the_device_of_its_topic(furnish: Furnish, unnamed: Json) -> None:
    desk = furnish(OTHER, DEVICE)
    desk.inbox.receive(DEVICE_REPLY, unnamed)
    assert desk.inbox.record(DEVICE).status is not None
    assert desk.inbox.record(OTHER).status is None


async def test_a_reply_without_a_mac_on_a_shared_topic_is_from_the_only_heater_there_is(desk: Desk) -> None:
    desk.inbox.receive(CLIENT_REPLY, {"status": {"errorCode": 0}})
    assert desk.names() == ["status_received"]
    desk.inbox.receive("cmd/res", {"status": {"errorCode": 0}})
    assert desk.names() == ["status_received"] * 2


async def test_a_reply_without_a_mac_on_a_shared_topic_could_be_from_any_of_two(furnish: Furnish) -> None:
    desk = furnish(DEVICE, OTHER)
    desk.inbox.receive(CLIENT_REPLY, {"status": {"errorCode": 0}})
    desk.inbox.receive("cmd/52/navilink-0478630affff/res", {"status": {"errorCode": 0}})
    assert desk.events == []


async def test_a_reply_without_a_mac_on_a_shared_topic_is_from_the_heater_that_was_asked(furnish: Furnish) -> None:
    desk = furnish(DEVICE, OTHER)
    with desk.replies.expecting("mine", OTHER.mac_address, lambda message: message) as reply:
        desk.inbox.receive(CLIENT_REPLY, {"sessionID": "of theirs", "response": {}})
        assert not reply.done()
        desk.inbox.receive(CLIENT_REPLY, {"sessionID": "mine", "response": {}})
        assert reply.done()
    assert desk.inbox.record(OTHER).last_message_at is not None
    assert desk.inbox.record(DEVICE).last_message_at is None


async def test_a_reply_that_names_another_heater_than_its_topic_is_nobodys(furnish: Furnish) -> None:
    desk = furnish(DEVICE, OTHER)
    desk.inbox.receive(DEVICE_REPLY, status_of(OTHER.mac_address, errorCode=0))
    assert desk.events == []


async def test_other_topics_are_none_of_the_heaters(desk: Desk) -> None:
    desk.inbox.receive("test/a", status_of(DEVICE.mac_address, errorCode=0))
    assert desk.events == []
    assert desk.inbox.record(DEVICE).last_message_at is None


@pytest.mark.parametrize("suffix", ["st", "ctrl", "st/did", "ctrl/rsv/rd", "", "somebody-else"])
async def test_only_replies_are_from_a_heater(desk: Desk, suffix: str) -> None:
    """What another client sends there can hold anything."""
    desk.inbox.receive(f"cmd/52/navilink-0478630a1b2c/{suffix}", status_of(DEVICE.mac_address, errorCode=0))
    assert desk.events == []
    assert desk.inbox.record(DEVICE).is_online is None


CONNECTION = "evt/52/navilink-0478630a1b2c/connection"


def announcement(status: object, **event: object) -> Json:
    """Make the event of a heater that comes or goes."""
    message = fixture("app_connection")["device_connection_event"]["payload"]
    message["event"] |= {"connection": {"sessionNumber": 3, "status": status}, **event}
    return cast("Json", message)


async def test_what_other_clients_announce_says_nothing_of_the_heater(desk: Desk) -> None:
    for name in ("announce", "last_will"):
        event = fixture("app_connection")[name]
        desk.inbox.receive(event["topic"], event["payload"])
    assert desk.events == []
    assert desk.inbox.record(DEVICE).is_online is None


async def test_a_heater_announces_that_it_comes_and_goes(desk: Desk) -> None:
    recorded = fixture("app_connection")["device_connection_event"]
    desk.inbox.receive(recorded["topic"], recorded["payload"])
    assert desk.inbox.record(DEVICE).is_online is True
    assert desk.inbox.record(DEVICE).last_message_at is not None
    for status in (0, 1, -1, 0, 2):
        desk.inbox.receive(CONNECTION, announcement(status))
    assert desk.events == [
        ("device_offline", Changed(DEVICE, "is_online", old=True, new=False)),
        ("device_online", Changed(DEVICE, "is_online", old=False, new=True)),
        ("device_offline", Changed(DEVICE, "is_online", old=True, new=False)),
        ("device_online", Changed(DEVICE, "is_online", old=False, new=True)),
    ]


@pytest.mark.parametrize(
    "message",
    [
        {},
        {"event": None},
        {"event": {"connection": 0}},
        announcement(None),
        announcement("0"),
        announcement(False),
        announcement(math.nan),
        announcement(0, macAddress="0478630affff"),
    ],
)
async def test_an_event_that_says_nothing_changes_nothing(desk: Desk, message: Json) -> None:
    desk.inbox.receive(CONNECTION, message)
    assert desk.events == []
    assert desk.inbox.record(DEVICE).is_online is None


@pytest.mark.parametrize(
    ("connected", "names"), [(None, ["status_received"]), (True, ["status_received"]), (False, ["device_online"])]
)
async def test_what_the_cloud_says_counts_until_the_heater_is_heard(
    furnish: Furnish, connected: bool | None, names: list[str]
) -> None:
    desk = furnish(replace(DEVICE, connected=connected))
    assert desk.inbox.record(DEVICE).is_online is connected
    desk.inbox.receive(DEVICE_REPLY, status_of(DEVICE.mac_address, errorCode=0))
    assert desk.inbox.record(DEVICE).is_online is True
    assert desk.names()[: len(names)] == names


async def test_a_heater_that_does_not_answer_is_offline_until_it_is_heard(furnish: Furnish) -> None:
    desk = furnish(DEVICE, OTHER)
    desk.inbox.absent(DEVICE.mac_address)
    desk.inbox.absent(DEVICE.mac_address)
    desk.inbox.absent("0478630affff")
    assert desk.events == [("device_offline", Changed(DEVICE, "is_online", None, new=False))]
    assert desk.inbox.record(OTHER).is_online is None
    desk.inbox.receive(REFUSAL, {"sessionID": "of theirs", "response": {"failCode": 2}})
    assert desk.names() == ["device_offline", "device_online"]


async def test_new_firmware_is_reported_also_when_it_came_between_two_runs(furnish: Furnish) -> None:
    desk = furnish()
    desk.inbox.add(DEVICE, DeviceFeature({"controllerSwVersion": 184614912}))
    newer: Json = {"response": {"feature": {"controllerSwVersion": 184877056}}}
    desk.inbox.receive(DEVICE_REPLY, newer)
    desk.inbox.receive(DEVICE_REPLY, newer)
    assert desk.names() == ["feature_received", "firmware_changed", "feature_received"]
    assert desk.events[1] == (
        "firmware_changed",
        Changed(DEVICE, "controller_version", "11.1.0.0", "11.5.0.0"),
    )


async def test_a_reply_goes_to_whoever_waits_for_it(desk: Desk) -> None:
    with desk.replies.expecting("mine", DEVICE.mac_address, lambda message: message) as reply:
        desk.inbox.receive(DEVICE_REPLY, {"sessionID": "of theirs", **status_of(DEVICE.mac_address, errorCode=0)})
        assert not reply.done()
        desk.inbox.receive(DEVICE_REPLY, {"sessionID": "mine", **status_of("0478630affff", errorCode=1)})
        assert not reply.done()
        mine: JsonMessage = {"sessionID": "mine", **status_of(DEVICE.mac_address, errorCode=2)}
        desk.inbox.receive(DEVICE_REPLY, mine)
        assert await reply == mine


async def test_what_a_heater_has_is_kept_until_it_says_something_else(desk: Desk) -> None:
    known = DeviceFeature({"powerUse": 2, "junk": [1]})
    desk.inbox.add(DEVICE, known)
    assert desk.inbox.record(DEVICE).feature is known
    assert desk.inbox.features == {DEVICE.mac_address: {"powerUse": 2}}
    desk.inbox.receive(DEVICE_REPLY, {"response": {"feature": {"powerUse": 1}}})
    desk.inbox.add(DEVICE, known)
    assert desk.inbox.features == {DEVICE.mac_address: {"powerUse": 1}}


async def test_what_answers_other_clients_is_taken_as_extra(desk: Desk) -> None:
    topic = "cmd/52/navilink-0478630a1b2c/somebody-else/res"
    desk.inbox.receive(topic, {"sessionID": "of theirs", **status_of(DEVICE.mac_address, errorCode=0)})
    assert desk.names() == ["status_received"]
    assert desk.outcomes == []


async def test_a_refusal_is_of_the_command_of_its_session(desk: Desk) -> None:
    command = desk.sent(120)
    refusal = fixture("control_fail")
    desk.inbox.receive(refusal["topic"], refusal["payload"])
    assert desk.pipeline.registry.stage(command.id) is CommandStage.SENT
    desk.inbox.receive(refusal["topic"], {**refusal["payload"], "sessionID": command.id})
    assert desk.outcomes == []
    assert desk.pipeline.queue.waiting == (command.written_again(),)
    assert desk.events == []


@pytest.mark.parametrize("response", [{}, {"failCode": None}, {"failCode": "2"}, None, []])
async def test_a_refusal_without_a_number_is_one_all_the_same(desk: Desk, response: JsonValue) -> None:
    command = desk.sent(120)
    desk.inbox.receive(REFUSAL, {"sessionID": command.id, "response": response})
    assert desk.outcomes == [(CommandOutcome.REJECTED, command.id, None)]


async def test_a_heater_answers_for_no_other(furnish: Furnish) -> None:
    desk = furnish(DEVICE, OTHER)
    command = desk.sent(120)
    desk.inbox.receive("cmd/52/navilink-0478630a1b2d/res/ctrl-fail", {"sessionID": command.id, "response": {}})
    others = {**status_of(OTHER.mac_address, dhwTemperatureSetting=120), "sessionID": command.id}
    desk.inbox.receive("cmd/52/navilink-0478630a1b2d/ha-client-3f9a1c07/res", others)
    assert desk.outcomes == []
    assert desk.pipeline.registry.stage(command.id) is CommandStage.SENT
    # What it says of itself counts all the same.
    assert desk.names() == ["status_received"]


@pytest.mark.parametrize("session_id", [None, 5, ["a"]])
async def test_a_session_that_is_no_text_is_nobodys(desk: Desk, session_id: JsonValue) -> None:
    desk.sent(120)
    for topic in (REFUSAL, DEVICE_REPLY):
        desk.inbox.receive(topic, {"sessionID": session_id, "response": {"status": {}}})
    assert desk.outcomes == []
    assert desk.names() == ["status_received"]


async def test_an_acknowledgement_is_a_status_that_may_still_be_the_old_one(desk: Desk) -> None:
    command = desk.sent(110)
    reply = fixture("control_ack")["reply"]
    old = {**reply["payload"]["response"]["status"], "dhwTemperatureSetting": 98}
    desk.inbox.receive(reply["topic"], {"sessionID": command.id, "response": {"status": old}})
    assert desk.outcomes == []
    desk.inbox.receive(reply["topic"], {**reply["payload"], "sessionID": "of somebody else"})
    assert desk.outcomes == []
    later = query_request(queries.STATUS, DEVICE, CLIENT)
    desk.pipeline.guard.written(later)
    desk.inbox.receive(reply["topic"], {**reply["payload"], "sessionID": later.id})
    assert desk.outcomes == [(CommandOutcome.CONFIRMED, command.id, None)]


async def test_changes_are_reported_after_the_status_that_brings_them(desk: Desk) -> None:
    members = {"dhwTemperatureSetting": 98, "dhwOperationSetting": 3, "errorCode": 0}
    desk.inbox.receive(DEVICE_REPLY, status_of(DEVICE.mac_address, **members))
    desk.events.clear()
    desk.inbox.receive(DEVICE_REPLY, status_of(DEVICE.mac_address, **members | {"errorCode": 515}))
    assert desk.names() == ["status_received", "error_detected"]
    assert desk.events[1] == ("error_detected", Changed(DEVICE, "error_code", 0, 515))


async def test_a_device_made_known_again_keeps_what_it_said(desk: Desk) -> None:
    desk.inbox.receive(DEVICE_REPLY, status_of(DEVICE.mac_address, errorCode=0))
    renamed = Device(mac_address="0478630A1B2C", additional_value="5322", name="Cellar")
    desk.inbox.add(renamed)
    assert desk.inbox.devices == (renamed,)
    assert desk.inbox.record(DEVICE).status is not None
    assert desk.inbox.record(DEVICE).device is renamed


async def test_of_an_unknown_device_nothing_is_known_and_nothing_is_kept(desk: Desk) -> None:
    record = desk.inbox.record(OTHER)
    assert (record.device, record.status, record.feature, record.last_message_at) == (OTHER, None, None, None)
    assert desk.inbox.devices == (DEVICE,)


@pytest.mark.parametrize("content", [None, 1, "text", [], [{}], True])
async def test_content_of_the_wrong_shape_is_no_status(desk: Desk, content: JsonValue) -> None:
    messages: tuple[JsonMessage, ...] = (
        {"response": {"status": content, "feature": content}},
        {"response": content},
        {"st": content},
    )
    for message in messages:
        desk.inbox.receive(DEVICE_REPLY, message)
    assert desk.events == []


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=3),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=8,
)
NAMES = ["response", "status", "st", "feature", "did", "macAddress", "sessionID", "request", "failCode", "errorCode"]
MESSAGES = st.recursive(
    st.dictionaries(st.sampled_from(NAMES), JSON, max_size=4),
    lambda inner: st.dictionaries(st.sampled_from(NAMES), inner | JSON, max_size=4),
    max_leaves=6,
)


# A machine with much else to do is slow in making messages, too.
@settings(suppress_health_check=[HealthCheck.too_slow])
@given(message=MESSAGES, topic=st.sampled_from([DEVICE_REPLY, CLIENT_REPLY, REFUSAL, "", "a/b"]))
async def test_no_message_whatsoever_breaks_the_inbox(message: Mapping[str, object], topic: str) -> None:
    desk = Desk(DEVICE)
    desk.sent(120)
    desk.inbox.receive(topic, dict(message))  # type: ignore[arg-type]  # any JSON object at all
    assert set(desk.names()) <= EVENTS
    desk.close()
    assert len(desk.outcomes) == 1


# What outlives a restart


async def test_a_restored_status_is_known_but_no_news(furnish: Furnish) -> None:
    desk = furnish(DEVICE)
    members = {"dhwTemperatureSetting": 120, "dhwOperationSetting": 3}
    desk.pipeline.restore(StoredQueue(statuses={"0478630a1b2c": {**members}, "0478630a1b2d": {**members}}))
    desk.inbox.add(OTHER)
    for device in (DEVICE, OTHER):
        record, known = desk.inbox.record(device), desk.pipeline.guard.known_status(device.mac_address)
        assert known == DeviceStatus(members)
        assert (record.status, record.last_message_at) == (None, None)
        assert desk.inbox.statuses[device.mac_address] == members
    assert (desk.events, desk.delays) == ([], [])
    desk.inbox.receive(DEVICE_REPLY, fixture("status_idle"))
    assert desk.inbox.record(DEVICE).status is not None
    assert desk.inbox.record(OTHER).status is None


async def test_a_client_knows_a_restored_status_of_its_heaters_until_they_report_one() -> None:
    client, transports = await scripted()
    client.restore(StoredQueue(statuses={"0478630a1b2c": {"dhwTemperatureSetting": 120}}))
    assert (client.status(DEVICE), client.is_status_restored(DEVICE)) == (None, False)
    client.add_device(DEVICE)
    assert client.status(DEVICE) == DeviceStatus({"dhwTemperatureSetting": 120})
    assert client.is_status_restored(DEVICE)
    client.poll(DEVICE)
    transports[0].reply("res", status={"dhwTemperatureSetting": 98})
    assert client.status(DEVICE) == DeviceStatus({"dhwTemperatureSetting": 98})
    assert not client.is_status_restored(DEVICE)
    await client.disconnect()


async def test_how_long_a_command_may_wait_follows_from_a_restored_status_too() -> None:
    client, transports = await scripted(MqttConnectionConfig(expire_by_class=True))
    transports[0].drop()
    client.restore(StoredQueue(statuses={"0478630a1b2c": {"dhwTemperatureSetting": 120}}))
    client.add_device(DEVICE)
    handles = [await client.submit(HeaterCommand(DEVICE, commands.DHW_TEMPERATURE, (raw,))) for raw in (110, 130)]
    # Only the higher one adds heat.
    assert [handle.command.life_time for handle in handles] == [timedelta(hours=24), timedelta(hours=1)]
    await client.disconnect()


async def test_what_was_reported_is_not_replaced_by_an_older_status(desk: Desk) -> None:
    question = query_request(queries.STATUS, DEVICE, CLIENT)
    desk.pipeline.guard.written(question)
    members = {"dhwTemperatureSetting": 120, "dhwOperationSetting": 1}
    desk.inbox.receive(DEVICE_REPLY, {**status_of(DEVICE.mac_address, **members), "sessionID": question.id})
    older: Members = {"dhwTemperatureSetting": 70, "dhwOperationSetting": 3}
    desk.pipeline.restore(StoredQueue(statuses={"0478630a1b2c": older}, running_modes={"0478630a1b2c": 3}))
    assert desk.pipeline.guard.known_status(DEVICE.mac_address) == DeviceStatus(members)
    assert desk.pipeline.guard.running_modes == {"0478630a1b2c": 1}
    assert desk.inbox.statuses == {"0478630a1b2c": members}


async def test_what_is_known_is_stored_at_once_for_a_setting_and_later_for_the_rest(desk: Desk) -> None:
    message = fixture("status_idle")
    status = message["response"]["status"]
    desk.inbox.receive(DEVICE_REPLY, message)
    assert desk.delays == [0.0]
    desk.inbox.receive(DEVICE_REPLY, message)
    status["currentInstPower"] += 1
    desk.inbox.receive(DEVICE_REPLY, message)
    assert desk.delays == [0.0]
    status["tankUpperTemperature"] += 1
    desk.inbox.receive(DEVICE_REPLY, message)
    assert desk.delays == [0.0, 900.0]
    status["dhwTemperatureSetting"] += 1
    desk.inbox.receive(DEVICE_REPLY, message)
    assert desk.delays == [0.0, 900.0, 0.0]
    assert desk.inbox.statuses["0478630a1b2c"]["dhwTemperatureSetting"] == status["dhwTemperatureSetting"]


async def test_device_info_is_stored_within_a_minute_if_what_is_stored_of_it_changed(desk: Desk) -> None:
    message = fixture("feature")
    feature = message["response"]["feature"]
    desk.inbox.receive(DEVICE_REPLY, message)
    assert desk.delays == [60.0]
    feature["somethingElse"] = "x" * 80_000
    desk.inbox.receive(DEVICE_REPLY, message)
    assert desk.delays == [60.0]
    feature["controllerSwVersion"] += 1
    desk.inbox.receive(DEVICE_REPLY, message)
    assert desk.delays == [60.0, 60.0]
    assert "somethingElse" not in desk.inbox.features["0478630a1b2c"]
