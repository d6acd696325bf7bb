"""Topic names and filters (protocol.md 4.1); pure functions."""

from enum import Enum, auto
from typing import Protocol

from ..exceptions import InvalidParameterError

MAX_TOPIC_BYTES = 256
MAX_TOPIC_SLASHES = 7
_MAX_NAME_BYTES = 64
"""Of a device: a MAC has 12, and the longest topic leaves room for this many."""


class Addressed(Protocol):
    """What a topic needs to know of a device."""

    @property
    def mac_address(self) -> str:
        """Twelve hexadecimal digits, in lower case and without separators."""

    @property
    def device_type(self) -> int:
        """52 for a heat-pump water heater."""

    @property
    def home_seq(self) -> int | None:
        """Number of the home; the service takes any value."""


class ReplyForm(Enum):
    """The shapes of the topic that a request asks its reply on."""

    ACKNOWLEDGEMENT = auto()
    """`cmd/52/navilink-{mac}/{client}/res`: status, device info and controls."""
    CLIENT_KEYED = auto()
    """`cmd/52/{client}/res/{suffix}`, shared by all devices of a client."""
    FIVE_SEGMENT = auto()
    """`cmd/52/{home}/{user}/{client}/res/{suffix}`: the only form for which the cloud decodes some replies."""
    DEVICE_OWN = auto()
    """`cmd/52/navilink-{mac}/res/{suffix}`, shared by all clients of a device."""


def request_topic(device: Addressed, suffix: str) -> str:
    """Return the topic that a request of this suffix is published to, such as `cmd/52/navilink-0478630a1b2c/st`."""
    return f"{_device_root(device)}/{suffix}"


def reply_topic(form: ReplyForm, device: Addressed, client_id: str, suffix: str) -> str:
    """Return the topic that a request asks its reply on; an acknowledgement has no suffix."""
    match form:
        case ReplyForm.ACKNOWLEDGEMENT:
            return f"{_device_root(device)}/{client_id}/res"
        case ReplyForm.CLIENT_KEYED:
            return f"cmd/{device.device_type}/{client_id}/res/{suffix}"
        case ReplyForm.FIVE_SEGMENT:
            return f"{_five_segments(device, client_id)}/{suffix}"
        case ReplyForm.DEVICE_OWN:
            return f"{_device_root(device)}/res/{suffix}"


def device_filter(device: Addressed) -> str:
    """Return the filter for everything on the device's own topics, other clients' traffic included."""
    return f"{_device_root(device)}/#"


def client_filter(device: Addressed, client_id: str) -> str:
    """Return the filter for all client-keyed replies to this client."""
    return f"cmd/{device.device_type}/{client_id}/res/#"


def five_segment_filter(device: Addressed, client_id: str) -> str:
    """Return the filter for all five-segment replies to this client about the devices of a home."""
    return f"{_five_segments(device, client_id)}/#"


def connection_topic(device: Addressed) -> str:
    """Return the topic on which the broker announces that a device comes online or goes offline."""
    return f"evt/{device.device_type}/navilink-{device.mac_address}/connection"


def matches(topic_filter: str, topic: str) -> bool:
    """Return whether an MQTT topic filter, with its `+` and `#`, covers a topic; at the start they never cover `$`."""
    wanted = topic_filter.split("/")
    levels = topic.split("/")
    if topic.startswith("$") and wanted[0] in ("+", "#"):
        return False
    for index, level in enumerate(wanted):
        if level == "#":
            return True
        if index >= len(levels) or level not in ("+", levels[index]):
            return False
    return len(wanted) == len(levels)


def check_device(device: Addressed) -> None:
    """Raise `InvalidParameterError` for a device whose topics no service accepts: they would end every connection."""
    length = len(device.mac_address.encode())
    if not 0 < length <= _MAX_NAME_BYTES:
        raise InvalidParameterError(
            "length of the MAC address",
            length,
            f"1 to {_MAX_NAME_BYTES} letters and digits",
            minimum=1,
            maximum=_MAX_NAME_BYTES,
        )


def check_topic(topic: str) -> None:
    """Raise `InvalidParameterError` for a topic that the service would refuse to publish to."""
    _check_size(topic, "topic")
    if any(character in topic for character in "+#\0"):
        raise InvalidParameterError("topic", topic, "without wildcards and NUL")


def check_filter(topic_filter: str) -> None:
    """Raise `InvalidParameterError` for a filter that the service would refuse to subscribe to."""
    _check_size(topic_filter, "topic_filter")
    levels = topic_filter.split("/")
    if "\0" in topic_filter or any(
        (len(level) > 1 and ("+" in level or "#" in level)) or (level == "#" and index < len(levels) - 1)
        for index, level in enumerate(levels)
    ):
        raise InvalidParameterError("topic_filter", topic_filter, "a filter with wildcards in levels of their own")


def _check_size(topic: str, name: str) -> None:
    if not isinstance(topic, str) or not 0 < len(topic.encode(errors="surrogatepass")) <= MAX_TOPIC_BYTES:
        raise InvalidParameterError(name, topic, f"a text of 1 to {MAX_TOPIC_BYTES} bytes")
    if any("\ud800" <= character <= "\udfff" for character in topic):
        raise InvalidParameterError(name, topic, "without lone surrogates")
    if topic.count("/") > MAX_TOPIC_SLASHES:
        raise InvalidParameterError(name, topic, f"at most {MAX_TOPIC_SLASHES} slashes deep")


def _device_root(device: Addressed) -> str:
    return f"cmd/{device.device_type}/navilink-{device.mac_address}"


def _five_segments(device: Addressed, client_id: str) -> str:
    # Nobody checks the numbers of home and user, only that they are there.
    return f"cmd/{device.device_type}/{device.home_seq or 0}/0/{client_id}/res"
