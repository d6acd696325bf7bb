"""One heater as the entities see it: an immutable picture of everything known about it."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from .nwp500 import Device, DeviceFeature, DeviceStatus, QueuedCommand

# Measured values are not shown any longer than this after the heater's last message.
FRESH_FOR = timedelta(minutes=5)
# Three polls unanswered, and the heater counts as offline.
ONLINE_FOR = timedelta(seconds=90)


@dataclass(frozen=True, slots=True, kw_only=True)
class HeaterState:
    """What is known about a heater at one moment."""

    device: Device
    feature: DeviceFeature | None
    status: DeviceStatus | None
    """What the heater last said."""
    shown: DeviceStatus | None
    """The same, with the values that commands on their way will set."""
    last_message_at: datetime | None
    is_fresh: bool
    """Whether the status is young enough for its measured values to be shown."""
    is_online: bool
    """Whether the link is up and the heater answers."""
    queued: tuple[QueuedCommand, ...]
    """Commands that are not sent yet, in order; questions to the heater are not among them."""
    dropped: int
    """Commands that a full queue gave up since the start."""
    expired: int
    """Commands that became too old to be sent since the start."""


def heater_name(device: Device) -> str:
    """Name a heater as its owner does, unless that would carry the MAC address into entity ids."""
    bare_name = "".join(character for character in device.name.lower() if character.isalnum())
    if not bare_name or device.mac_address in bare_name:
        return "NWP500"
    return device.name
