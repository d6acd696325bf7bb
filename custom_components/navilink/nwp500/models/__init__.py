"""What the heater and the cloud say, as immutable values (protocol.md 2.4 to 2.8, 7.3, 8 and 9)."""

from .account import AppVersion, PushSettings, UserInfo
from .device import Descaling, Device, DeviceInfo, Installer, Location
from .error_history import ErrorHistory, PastError
from .feature import DeviceFeature
from .firmware import DeviceGroup, Firmware, FirmwareDetail
from .maintenance import MaintenanceEntry, MaintenanceKind
from .members import Kind, Member, Message
from .status import DeviceStatus
from .tou import TouPeriod
from .tou_plan import RegisteredPlan, RegisterPath, TouPlan

__all__ = [
    "AppVersion",
    "Descaling",
    "Device",
    "DeviceFeature",
    "DeviceGroup",
    "DeviceInfo",
    "DeviceStatus",
    "ErrorHistory",
    "Firmware",
    "FirmwareDetail",
    "Installer",
    "Kind",
    "Location",
    "MaintenanceEntry",
    "MaintenanceKind",
    "Member",
    "Message",
    "PastError",
    "PushSettings",
    "RegisterPath",
    "RegisteredPlan",
    "TouPeriod",
    "TouPlan",
    "UserInfo",
]
