"""What the heater and the cloud say, as immutable values (protocol.md 2.4 to 2.6, 8 and 9)."""

from .device import Device, DeviceInfo, Location
from .feature import DeviceFeature
from .firmware import Firmware
from .members import Kind, Member, Message
from .status import DeviceStatus
from .tou import TouPeriod
from .tou_plan import RegisteredPlan, RegisterPath, TouPlan

__all__ = [
    "Device",
    "DeviceFeature",
    "DeviceInfo",
    "DeviceStatus",
    "Firmware",
    "Kind",
    "Location",
    "Member",
    "Message",
    "RegisterPath",
    "RegisteredPlan",
    "TouPeriod",
    "TouPlan",
]
