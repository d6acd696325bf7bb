"""What heaters say: replies and pushed messages become statuses, features and events (protocol.md 4.3 to 4.5)."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
import logging

from .answer_watch import AnswerWatch
from .changes import changes
from .events import Changed, EventEmitter, FeatureReceived, QueueChanged, StatusReceived
from .exceptions import ResponseFormatError
from .models import Device, DeviceFeature, DeviceStatus
from .pending_replies import PendingReplies
from .pipeline import CommandPipeline
from .stored_queue import Members
from .subscriptions import Message
from .topics import normalised_mac

_LOGGER = logging.getLogger(__name__)

_DEVICE_LEVEL = 2
"""Where a topic names the device, counted from 0: `cmd/52/navilink-0478630a1b2c/...`."""
_DEVICE_PREFIX = "navilink-"
_REFUSAL_SUFFIX = "/res/ctrl-fail"


@dataclass(slots=True)
class HeaterRecord:
    """A device and what it last said."""

    device: Device
    status: DeviceStatus | None = None
    feature: DeviceFeature | None = None
    last_message_at: datetime | None = None


class Inbox:
    """Sorts messages by device; what is not from a known heater, or makes no sense, is dropped with a debug line."""

    def __init__(
        self, events: EventEmitter, pipeline: CommandPipeline, answers: AnswerWatch, replies: PendingReplies
    ) -> None:
        self._events = events
        self._pipeline = pipeline
        self._answers = answers
        self._replies = replies
        self._records: dict[str, HeaterRecord] = {}

    @property
    def devices(self) -> tuple[Device, ...]:
        """The known devices."""
        return tuple(record.device for record in self._records.values())

    @property
    def features(self) -> dict[str, Members]:
        """The last device-info members of each heater, by MAC."""
        return {
            mac_address: {name: value for name, value in record.feature.raw.items() if isinstance(value, int | str)}
            for mac_address, record in self._records.items()
            if record.feature is not None
        }

    def add(self, device: Device, feature: DeviceFeature | None = None) -> None:
        """Make a device known, and what it has unless it has said so itself."""
        record = self._records.setdefault(normalised_mac(device.mac_address), HeaterRecord(device))
        record.device = device
        if record.feature is None:
            record.feature = feature

    def device(self, mac_address: str) -> Device | None:
        """Return a known device."""
        record = self._records.get(mac_address)
        return None if record is None else record.device

    def record(self, device: Device) -> HeaterRecord:
        """Return what is known of a device."""
        return self._records.get(normalised_mac(device.mac_address)) or HeaterRecord(device)

    def receive(self, topic: str, message: Message) -> None:
        """Take in one message; requests, which the device wildcard delivers too, are not meant for us."""
        if "request" in message or not topic.startswith("cmd/"):
            return
        record = self._sender(topic, message)
        if record is None:
            return
        mac_address = normalised_mac(record.device.mac_address)
        record.last_message_at = datetime.now(UTC)
        self._answers.answered(mac_address)
        session_id = message.get("sessionID")
        if topic.endswith(_REFUSAL_SUFFIX):
            if isinstance(session_id, str):
                self._pipeline.heard_refusal(session_id, _fail_code(message))
            return
        if isinstance(session_id, str):
            self._pipeline.heard_answer(session_id)
            self._replies.answered(session_id, mac_address, message)
        if (status := _decoded(DeviceStatus.from_message, message)) is not None:
            self._take_status(mac_address, record, status)
        if (feature := _decoded(DeviceFeature.from_message, message)) is not None:
            if record.feature != feature:
                record.feature = feature
                self._events.emit("queue_changed", QueueChanged())
            self._events.emit("feature_received", FeatureReceived(record.device, feature))

    def _take_status(self, mac_address: str, record: HeaterRecord, status: DeviceStatus) -> None:
        before, record.status = record.status, status
        self._pipeline.heard_status(mac_address, status)
        self._events.emit("status_received", StatusReceived(record.device, status))
        for change in changes(before, status):
            self._events.emit(change.name, Changed(record.device, change.attribute, change.old, change.new))

    def _sender(self, topic: str, message: Message) -> HeaterRecord | None:
        """Return the record of the heater that a message comes from; client-keyed topics are shared by all of them."""
        response = message.get("response")
        named = response.get("macAddress") if isinstance(response, dict) else None
        level = "".join(topic.split("/")[_DEVICE_LEVEL : _DEVICE_LEVEL + 1])
        by_topic = level.removeprefix(_DEVICE_PREFIX) if level.startswith(_DEVICE_PREFIX) else None
        by_name = normalised_mac(named) if isinstance(named, str) else None
        only_one = next(iter(self._records)) if len(self._records) == 1 else ""
        by_session = self._replies.asked(message.get("sessionID"))
        record = self._records.get(by_name or by_topic or by_session or only_one)
        if by_name is not None and by_topic is not None and by_name != by_topic:
            record = None
        if record is None:
            _LOGGER.debug("Dropped a message that is not from a known heater")
        return record


def _fail_code(message: Message) -> int | None:
    response = message.get("response")
    code = response.get("failCode") if isinstance(response, dict) else None
    return code if isinstance(code, int) else None


def _decoded[T](decode: Callable[[Mapping[str, object]], T], message: Message) -> T | None:
    try:
        return decode(message)
    except ResponseFormatError:
        return None
