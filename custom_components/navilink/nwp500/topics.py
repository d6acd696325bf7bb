"""Topic names and filters (protocol.md 4.1); pure functions."""

from typing import Protocol

from .exceptions import InvalidParameterError

MAX_TOPIC_BYTES = 256
MAX_TOPIC_SLASHES = 7


class Addressed(Protocol):
    """What a topic needs to know of a device."""

    @property
    def mac_address(self) -> str:
        """Twelve hexadecimal digits."""

    @property
    def device_type(self) -> int:
        """52 for a heat-pump water heater."""


def normalised_mac(mac_address: str) -> str:
    """Return a MAC as it stands in topics: lower case, no separators."""
    return "".join(character for character in mac_address.lower() if character.isalnum())


def request_topic(device: Addressed, suffix: str) -> str:
    """Return the topic that a request of this suffix is published to, such as `cmd/52/navilink-0478630a1b2c/st`."""
    return f"{_device_root(device)}/{suffix}"


def device_reply_topic(device: Addressed, client_id: str) -> str:
    """Return the topic of control acknowledgements and of status and device-info replies."""
    return f"{_device_root(device)}/{client_id}/res"


def client_reply_topic(device: Addressed, client_id: str, suffix: str) -> str:
    """Return the client-keyed topic of a query's reply."""
    return f"cmd/{device.device_type}/{client_id}/res/{suffix}"


def device_filter(device: Addressed) -> str:
    """Return the filter for everything on the device's own topics, other clients' traffic included."""
    return f"{_device_root(device)}/#"


def client_filter(device: Addressed, client_id: str) -> str:
    """Return the filter for all client-keyed replies to this client."""
    return f"cmd/{device.device_type}/{client_id}/res/#"


def connection_topic(device: Addressed) -> str:
    """Return the topic on which a device tells that it comes or goes."""
    return f"evt/{device.device_type}/navilink-{normalised_mac(device.mac_address)}/connection"


def matches(topic_filter: str, topic: str) -> bool:
    """Tell whether an MQTT topic filter, with its `+` and `#`, covers a topic; at the start they never cover `$`."""
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


def check_topic(topic: str) -> None:
    """Raise `InvalidParameterError` for a topic that the service would refuse to publish to."""
    _check_size(topic, "topic")
    if any(character in topic for character in "+#\0"):
        raise InvalidParameterError("topic", topic, "without wildcards and NUL")


def check_filter(topic_filter: str) -> None:
    """Raise `InvalidParameterError` for a filter that the service would refuse to subscribe to."""
    _check_size(topic_filter, "topic filter")
    levels = topic_filter.split("/")
    if "\0" in topic_filter or any(
        (len(level) > 1 and ("+" in level or "#" in level)) or (level == "#" and index < len(levels) - 1)
        for index, level in enumerate(levels)
    ):
        raise InvalidParameterError("topic filter", topic_filter, "a filter with wildcards in levels of their own")


def _check_size(topic: str, name: str) -> None:
    if not isinstance(topic, str) or not 0 < len(topic.encode(errors="surrogatepass")) <= MAX_TOPIC_BYTES:
        raise InvalidParameterError(name, topic, f"a text of 1 to {MAX_TOPIC_BYTES} bytes")
    if any("\ud800" <= character <= "\udfff" for character in topic):
        raise InvalidParameterError(name, topic, "without lone surrogates")
    if topic.count("/") > MAX_TOPIC_SLASHES:
        raise InvalidParameterError(name, topic, f"at most {MAX_TOPIC_SLASHES} slashes deep")


def _device_root(device: Addressed) -> str:
    return f"cmd/{device.device_type}/navilink-{normalised_mac(device.mac_address)}"
