"""What is stored of an account: the one place where the content of its file is checked."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Self

import voluptuous as vol

from .nwp500 import CommandCompleted, Device, StoredQueue, enums, one_line

# What a service may call a heater; topics leave room for this much.
MAX_NAME = 64
MAX_ADDITIONAL_VALUE = 256
# JSON numbers up to here are the same in every program.
MAX_NUMBER = 2**53


def _whole(value: object) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or abs(value) > MAX_NUMBER:
        raise vol.Invalid("expected a whole number")
    return value


# The address and the like of a heater are not needed for commands, so they are not kept.
DEVICE = vol.Schema(
    {
        # No service takes a topic with a longer one, or with one that has no digit.
        vol.Required("mac_address"): vol.All(str, vol.Length(max=MAX_NAME), vol.Match(r".*[0-9A-Za-z]")),
        vol.Required("additional_value"): vol.All(str, vol.Length(max=MAX_ADDITIONAL_VALUE)),
        # The account's other products are never stored.
        vol.Required("device_type"): vol.All(_whole, vol.In([enums.DeviceType.HEAT_PUMP_WATER_HEATER.value])),
        vol.Required("home_seq"): vol.Any(None, _whole),
        vol.Required("name"): vol.All(str, one_line),
    }
)
STORED = vol.Schema(
    {
        vol.Required("devices"): vol.All([DEVICE], vol.Length(max=1000)),
        vol.Required("queue"): dict,
        vol.Optional("lost"): dict,
    }
)


@dataclass(frozen=True, slots=True)
class StoredAccount:
    """The heaters of an account, and its commands. Credentials are not part of it."""

    devices: tuple[Device, ...]
    queue: StoredQueue
    """Commands without an outcome."""
    lost: tuple[CommandCompleted, ...] = ()
    """Commands that were not sent, and about which the user has not decided yet."""

    def to_dict(self) -> dict[str, Any]:
        """Return JSON values only."""
        names = [str(marker) for marker in DEVICE.schema]
        return {
            "devices": [{name: getattr(device, name) for name in names} for device in self.devices],
            "queue": self.queue.to_dict(),
            "lost": StoredQueue(outcomes=self.lost).to_dict(),
        }

    @classmethod
    def from_dict(cls, stored: Mapping[str, Any], client_id: str) -> Self:
        """Read what `to_dict` wrote; raises `vol.Invalid` or `StoredQueueError` for anything else.

        Commands that cannot be made anew for this client and one of the heaters are counted in the queue, no more.
        """
        content = STORED(stored)
        devices = tuple(Device(**device) for device in content["devices"])
        queue = StoredQueue.from_dict(content["queue"], devices, client_id)
        if "lost" not in content:
            return cls(devices, queue)
        lost = StoredQueue.from_dict(content["lost"], devices, client_id)
        return cls(devices, replace(queue, unreadable=queue.unreadable + lost.unreadable), lost.outcomes)
