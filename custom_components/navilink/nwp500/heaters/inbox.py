"""What heaters report: replies and pushed messages become statuses, features and events (protocol.md 4.3 to 4.5)."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
import logging

from ..events import EventEmitter
from ..exceptions import ResponseFormatError
from ..json_types import JsonMessage
from ..models import Device, DeviceFeature, DeviceStatus
from ..models.conversions import TEXT
from ..models.device import normalized_mac
from ..models.members import NUMBER, WHOLE, block
from ..protocol.queries import WRITE_RECIRCULATION_SCHEDULE, WRITE_RESERVATIONS, WRITE_TOU
from ..protocol.topics import check_device, client_filter, connection_topic, device_filter, five_segment_filter
from ..queue.command import KnowledgeChanged
from ..queue.pipeline import CommandPipeline
from ..queue.stored_values import FEATURE_DELAY, Members, feature_to_store, status_delay, status_to_store
from .events import Changed, ChangeWatch, FeatureReceived, ScheduleWritten, StatusReceived
from .requests import PendingReplies
from .watchdog import ResponseWatchdog

_LOGGER = logging.getLogger(__name__)

_DEVICE_LEVEL = 2
"""Where a topic names the device, counted from 0: `cmd/52/navilink-0478630a1b2c/...`."""
_DEVICE_PREFIX = "navilink-"
_REFUSAL_SUFFIX = "/res/ctrl-fail"
_SCHEDULE_WRITES = tuple(f"/{write.suffix}" for write in (WRITE_RESERVATIONS, WRITE_RECIRCULATION_SCHEDULE, WRITE_TOU))


@dataclass(slots=True, eq=False)
class HeaterRecord:
    """A device and what it last reported."""

    device: Device
    status: DeviceStatus | None = None
    """Reported in this run; that of an earlier one has the guard (`known_status`)."""
    feature: DeviceFeature | None = None
    last_message_at: datetime | None = None
    is_online: bool | None = None
    watch: ChangeWatch = field(default_factory=ChangeWatch)
    stored: Members | None = None
    """The members of the status that are stored; None when they have to be chosen anew."""
    filters: tuple[str, ...] = ()
    """The topic filters by which it is received (protocol.md 4.1)."""
    all_filters: tuple[str, ...] = ()
    """Every filter that there can be for it, made or not."""
    is_presence_tried: bool = False
    """Whether its presence was subscribed to, or tried in vain."""


class Inbox:
    """Sorts messages by device; what is not from a known heater, or makes no sense, is dropped with a debug line."""

    def __init__(
        self,
        events: EventEmitter,
        pipeline: CommandPipeline,
        answers: ResponseWatchdog,
        replies: PendingReplies,
        client_id: str,
    ) -> None:
        self._events = events
        self._pipeline = pipeline
        self._answers = answers
        self._replies = replies
        self._client_id = client_id
        self.records: dict[str, HeaterRecord] = {}
        """The known heaters, by MAC."""

    @property
    def devices(self) -> tuple[Device, ...]:
        """The known devices."""
        return tuple(record.device for record in self.records.values())

    @property
    def features(self) -> dict[str, Members]:
        """The last device-info members of each heater, by MAC, as they are stored."""
        return {
            mac_address: feature_to_store(record.feature.raw)
            for mac_address, record in self.records.items()
            if record.feature is not None
        }

    @property
    def statuses(self) -> dict[str, Members]:
        """The last status members of each heater, by MAC, as they are stored."""
        known = {mac_address: self._known_members(record) for mac_address, record in self.records.items()}
        return {mac_address: members for mac_address, members in known.items() if members}

    def add(self, device: Device, feature: DeviceFeature | None = None) -> HeaterRecord:
        """Make a device known, and what it has unless it has reported that itself.

        Until its first message it is online or offline as the cloud's list has it. Raises `InvalidParameterError` for
        one that has no valid address.
        """
        check_device(device)
        if (record := self.records.get(device.mac_address)) is None:
            record = self.records[device.mac_address] = HeaterRecord(device, is_online=device.connected)
        record.device = device
        record.filters = device_filter(device), client_filter(device, self._client_id)
        others = connection_topic(device), five_segment_filter(device, self._client_id)
        record.all_filters = *record.filters, *others
        if record.feature is None and feature is not None:
            record.feature = feature
            record.watch.changes(device, feature)
        return record

    def remove(self, device: Device) -> None:
        """Forget a device and everything that it has reported."""
        self.records.pop(device.mac_address, None)
        self._answers.forget(device.mac_address)
        self._replies.fail("the heater was removed", device.mac_address)

    def record(self, device: Device) -> HeaterRecord:
        """Return what is known of a device, if only that."""
        return self.records.get(device.mac_address) or HeaterRecord(device)

    def receive(self, topic: str, message: JsonMessage) -> None:
        """Take in one message.

        Requests, which the device wildcard delivers too, and what other clients announce are not from a heater.
        """
        kind, *levels = topic.split("/")
        is_reply = kind == "cmd" and "res" in levels and "request" not in message
        is_announcement = kind == "evt" and levels[-1:] == ["connection"]
        if not is_reply and not is_announcement:
            self._take_request(topic, message)
            return
        record = self._sender(topic, message, "response" if is_reply else "event")
        if record is None:
            return
        if is_reply:
            self._take_reply(topic, record, message)
        else:
            self._take_announcement(record, message)

    def absent(self, mac_address: str) -> None:
        """A heater leaves requests unanswered while connected."""
        if (record := self.records.get(mac_address)) is not None:
            self._take_presence(record, is_online=False)

    def _take_request(self, topic: str, message: JsonMessage) -> None:
        """Report that another client writes a schedule; its other requests are of no interest."""
        is_write = topic.endswith(_SCHEDULE_WRITES) and "request" in message
        if not is_write or message.get("clientID") == self._client_id:
            return
        if (record := self._sender(topic, message, "request")) is not None:
            self._events.emit("schedule_written", ScheduleWritten(record.device))

    def _take_reply(self, topic: str, record: HeaterRecord, message: JsonMessage) -> None:
        self._received_from(record)
        mac_address = record.device.mac_address
        session_id = self._session(mac_address, message)
        if topic.endswith(_REFUSAL_SUFFIX):
            if session_id is not None:
                self._pipeline.on_refusal(session_id, WHOLE.read(block(message, "response").get("failCode")))
            return
        if session_id is not None:
            self._pipeline.on_reply(session_id)
        # Also in the answer to another client's command: it is the heater that reports. What waits for the answer is
        # judged by it before it goes.
        if (status := _decoded(DeviceStatus.from_message, message)) is not None:
            self._take_status(record, status, session_id)
        if session_id is not None:
            self._pipeline.on_reply_processed(session_id)
            self._replies.answered(session_id, mac_address, message)
        if (feature := _decoded(DeviceFeature.from_message, message)) is not None:
            self._take_feature(record, feature)

    def _session(self, mac_address: str, message: JsonMessage) -> str | None:
        """Return which session a heater answers; one with a command to another heater is none of its own."""
        session_id = message.get("sessionID")
        if not isinstance(session_id, str):
            return None
        record = self._pipeline.registry.asked(session_id)
        return session_id if record is None or record.command.mac_address == mac_address else None

    def _take_announcement(self, record: HeaterRecord, message: JsonMessage) -> None:
        match announced_presence(message):
            case True:
                self._received_from(record)
            case False:
                # The broker reports it in the heater's stead.
                self._answers.announced_absent(record.device.mac_address)
                self._take_presence(record, is_online=False)

    def _received_from(self, record: HeaterRecord) -> None:
        record.last_message_at = datetime.now(UTC)
        self._answers.answered(record.device.mac_address)
        self._take_presence(record, is_online=True)

    def _take_status(self, record: HeaterRecord, status: DeviceStatus, session_id: str | None) -> None:
        mac_address = record.device.mac_address
        asked_at = self._pipeline.fresh.dated(mac_address, session_id)
        if asked_at is None:
            _LOGGER.debug("Dropped a status that is older than what is known")
            return
        before = self._known_members(record) if record.stored is None else record.stored
        record.status = status
        self._pipeline.on_status(mac_address, status, asked_at)
        self._events.emit("status_received", StatusReceived(record.device, status))
        self._emit_changes(record, status)
        record.stored = self._known_members(record)
        if (delay := status_delay(before, record.stored)) is not None:
            self._events.emit("knowledge_changed", KnowledgeChanged(delay))

    def _known_members(self, record: HeaterRecord) -> Members:
        """Return what is stored of a heater's status: an answer goes before what nobody asked for."""
        status = self._pipeline.guard.known_status(record.device.mac_address) or record.status
        return {} if status is None else status_to_store(status.raw)

    def _take_feature(self, record: HeaterRecord, feature: DeviceFeature) -> None:
        before, record.feature = record.feature, feature
        if before is None or feature_to_store(before.raw) != feature_to_store(feature.raw):
            self._events.emit("knowledge_changed", KnowledgeChanged(FEATURE_DELAY))
        self._events.emit("feature_received", FeatureReceived(record.device, feature))
        self._emit_changes(record, feature)

    def _emit_changes(self, record: HeaterRecord, message: DeviceStatus | DeviceFeature) -> None:
        for name, changed in record.watch.changes(record.device, message):
            self._events.emit(name, changed)

    def _take_presence(self, record: HeaterRecord, *, is_online: bool) -> None:
        """Report that a heater went offline or is back; its first message is no news."""
        before, record.is_online = record.is_online, is_online
        if not is_online and before is not is_online:
            self._pipeline.heater_offline(record.device.mac_address)
        if before is not is_online and (before is not None or not is_online):
            name = "device_online" if is_online else "device_offline"
            self._events.emit(name, Changed(record.device, "is_online", before, is_online))

    def _sender(self, topic: str, message: JsonMessage, content: str) -> HeaterRecord | None:
        """Return the record of the heater that a message comes from; client-keyed topics are shared by all of them."""
        level = "".join(topic.split("/")[_DEVICE_LEVEL : _DEVICE_LEVEL + 1])
        by_topic = self._mac(level.removeprefix(_DEVICE_PREFIX)) if level.startswith(_DEVICE_PREFIX) else None
        by_name = self._mac(block(message, content).get("macAddress")) or None
        if by_name is not None and by_topic is not None and by_name != by_topic:
            record = None
        elif by_name or by_topic:
            record = self.records.get(by_name or by_topic or "")
        else:
            only_one = next(iter(self.records)) if len(self.records) == 1 else ""
            record = self.records.get(self._replies.asked(message.get("sessionID")) or only_one)
        if record is None:
            _LOGGER.debug("Dropped a message that is not from a known heater")
        return record

    def _mac(self, name: object) -> str:
        """Return a MAC from outside as heaters are known by; empty for what is none."""
        if isinstance(name, str) and name in self.records:
            return name
        return normalized_mac(TEXT.read(name) or "")


def _decoded[T](decode: Callable[[Mapping[str, object]], T], message: JsonMessage) -> T | None:
    try:
        return decode(message)
    except ResponseFormatError:
        return None


def announced_presence(message: Mapping[str, object]) -> bool | None:
    """Return whether a heater is announced as online: a status of 0 or less is offline, none decides nothing."""
    status = NUMBER.read(block(block(message, "event"), "connection").get("status"))
    return None if status is None else status > 0
