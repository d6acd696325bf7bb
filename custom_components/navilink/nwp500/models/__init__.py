"""What the heater and the cloud say, as immutable values (protocol.md 2.4 to 2.6 and 7 to 10)."""

from .device import Device, DeviceInfo, Location
from .diagnostics import Diagnostics
from .energy import EnergyAmount, EnergyPeriod, EnergyUsage
from .feature import DeviceFeature
from .firmware import Firmware
from .firmware_download import FirmwareDownload
from .members import Kind, Member, Message
from .schedule import RecirculationEntry, RecirculationSchedule, ReservationEntry, ReservationSchedule
from .status import DeviceStatus
from .tou import TouPeriod
from .tou_plan import RegisteredPlan, RegisterPath, TouPlan

__all__ = [
    "Device",
    "DeviceFeature",
    "DeviceInfo",
    "DeviceStatus",
    "Diagnostics",
    "EnergyAmount",
    "EnergyPeriod",
    "EnergyUsage",
    "Firmware",
    "FirmwareDownload",
    "Kind",
    "Location",
    "Member",
    "Message",
    "RecirculationEntry",
    "RecirculationSchedule",
    "RegisterPath",
    "RegisteredPlan",
    "ReservationEntry",
    "ReservationSchedule",
    "TouPeriod",
    "TouPlan",
]
