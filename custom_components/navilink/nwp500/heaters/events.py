"""What is reported of heaters."""

from dataclasses import dataclass

from ..models import Device, DeviceFeature, DeviceStatus


@dataclass(frozen=True, slots=True)
class StatusReceived:
    """A heater reported its status."""

    device: Device
    status: DeviceStatus


@dataclass(frozen=True, slots=True)
class FeatureReceived:
    """A heater reported what it has."""

    device: Device
    feature: DeviceFeature


@dataclass(frozen=True, slots=True)
class ScheduleWritten:
    """Another client, such as the app, wrote a schedule of a heater; only a read shows what became of that."""

    device: Device


@dataclass(frozen=True, slots=True)
class Changed:
    """A value of a heater is another one than before; `old` is None when it was not known."""

    device: Device
    name: str
    old: object
    new: object
