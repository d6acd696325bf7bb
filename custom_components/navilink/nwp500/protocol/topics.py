"""Topics, topic filters, and what the service takes for either (protocol.md 4.1)."""

from enum import Enum
from functools import lru_cache

from ..exceptions import InvalidParameterError
from ..models import Device
from ..models.members import Number

MAX_TOPIC_BYTES = 256
MAX_TOPIC_SLASHES = 7
_SIZE = f"a text of 1 to {MAX_TOPIC_BYTES} bytes"
_NAME_BYTES = Number("length of the MAC address", 1, 64, "letters and digits")
"""A MAC has 12, and the longest topic leaves room for this many."""


class ReplyForm(Enum):
    """The shapes of the topic that a request asks its reply on."""

    ACKNOWLEDGEMENT = "cmd/{type}/navilink-{mac}/{client}/res"
    """Status, device info and controls."""
    CLIENT_KEYED = "cmd/{type}/{client}/res/{suffix}"
    """Shared by all devices of a client."""
    FIVE_SEGMENT = "cmd/{type}/{home}/0/{client}/res/{suffix}"
    """The only form for which the cloud decodes some replies; nobody checks the numbers of home and user."""
    DEVICE_OWN = "cmd/{type}/navilink-{mac}/res/{suffix}"
    """Shared by all clients of a device."""


def device_filter(device: Device) -> str:
    """Return the filter for everything on the device's own topics, other clients' traffic included."""
    return f"cmd/{device.device_type}/navilink-{device.mac_address}/#"


def client_filter(device: Device, client_id: str) -> str:
    """Return the filter for all client-keyed replies to this client."""
    return f"cmd/{device.device_type}/{client_id}/res/#"


def five_segment_filter(device: Device, client_id: str) -> str:
    """Return the filter for all five-segment replies to this client about the devices of a home."""
    return f"cmd/{device.device_type}/{device.home_seq or 0}/0/{client_id}/res/#"


def connection_topic(device: Device) -> str:
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


def check_device(device: Device) -> None:
    """Raise `InvalidParameterError` for a device whose topics no service accepts: they would end every connection."""
    _NAME_BYTES.check(len(device.mac_address.encode()))


def check_topic(topic: str) -> None:
    """Raise `InvalidParameterError` for a topic that the service would refuse to publish to."""
    if not isinstance(topic, str):
        raise InvalidParameterError("topic", topic, _SIZE)
    _check_topic_text(topic)


@lru_cache(maxsize=128)
def _check_topic_text(topic: str) -> None:
    """Look through a topic; whoever publishes does it to the same few again and again."""
    _check_size(topic, "topic")
    if "+" in topic or "#" in topic or "\0" in topic:
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
        raise InvalidParameterError(name, topic, _SIZE)
    if not topic.isascii() and any("\ud800" <= character <= "\udfff" for character in topic):
        raise InvalidParameterError(name, topic, "without lone surrogates")
    if topic.count("/") > MAX_TOPIC_SLASHES:
        raise InvalidParameterError(name, topic, f"at most {MAX_TOPIC_SLASHES} slashes deep")
