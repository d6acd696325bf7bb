"""What heater and cloud report, as immutable values (protocol.md 2.4 to 2.8 and 7 to 10)."""

from . import error_codes
from .account import AppVersion, ErrorHistory, MaintenanceEntry, MaintenanceKind, PastError, PushSettings, UserInfo
from .conversions import Weekday
from .device import Descaling, Device, DeviceInfo, DeviceListing, Installer, Location
from .diagnostics import Diagnostics
from .energy import EnergyAmount, EnergyPeriod, EnergyUsage
from .feature import DeviceFeature
from .firmware import DeviceGroup, Firmware, FirmwareDetail, FirmwareDownload
from .members import Kind, Member, Message
from .schedule import (
    RecirculationEntry,
    RecirculationSchedule,
    ReservationEntry,
    ReservationSchedule,
    WeeklyEntry,
    WeeklySchedule,
)
from .status import DeviceStatus
from .tou import RegisteredPlan, RegisterPath, TouPeriod, TouPlan

__all__ = [
    "AppVersion",
    "Descaling",
    "Device",
    "DeviceFeature",
    "DeviceGroup",
    "DeviceInfo",
    "DeviceListing",
    "DeviceStatus",
    "Diagnostics",
    "EnergyAmount",
    "EnergyPeriod",
    "EnergyUsage",
    "ErrorHistory",
    "Firmware",
    "FirmwareDetail",
    "FirmwareDownload",
    "Installer",
    "Kind",
    "Location",
    "MaintenanceEntry",
    "MaintenanceKind",
    "Member",
    "Message",
    "PastError",
    "PushSettings",
    "RecirculationEntry",
    "RecirculationSchedule",
    "RegisterPath",
    "RegisteredPlan",
    "ReservationEntry",
    "ReservationSchedule",
    "TouPeriod",
    "TouPlan",
    "UserInfo",
    "Weekday",
    "WeeklyEntry",
    "WeeklySchedule",
    "error_codes",
]
