"""The enumerations of the protocol (protocol.md 11).

A number outside its list is no member: what reads it gives None and keeps the raw number.
"""

from enum import IntEnum, StrEnum, unique


@unique
class DhwMode(IntEnum):
    """The configured mode, `dhwOperationSetting` (protocol.md 5.2 and 11.1)."""

    STANDBY = 0
    """Only ever reported."""
    HEAT_PUMP = 1
    ELECTRIC = 2
    """The device leaves it by itself after 72 h."""
    ENERGY_SAVER = 3
    HIGH_DEMAND = 4
    VACATION = 5
    """Sent together with a day count of 1 to 99."""
    POWER_OFF = 6


@unique
class OperationMode(IntEnum):
    """What the heater is doing now (protocol.md 11.2); which number pure electric heating gives is not attested."""

    STANDBY = 0
    HEAT_PUMP = 32
    HYBRID_EFFICIENCY = 64
    HYBRID_BOOST = 96


@unique
class HeatSource(IntEnum):
    """What heats now, `currentHeatUse` (protocol.md 11.3)."""

    NONE = 0
    HEAT_PUMP = 1
    ELEMENT = 2
    HEAT_PUMP_AND_ELEMENT = 3


@unique
class DrEvent(IntEnum):
    """A demand response event of the utility (protocol.md 11.4)."""

    NOT_APPLIED = 0
    RUN_NORMAL = 1
    SHED = 2
    LOAD_UP = 3
    ADVANCED_LOAD_UP = 4
    CUSTOMER_PEAK = 5
    GRID_EMERGENCY = 6


@unique
class RecirculationMode(IntEnum):
    """When the recirculation pump runs (protocol.md 11.5); a reported 0 means unknown."""

    ALWAYS_ON = 1
    WEEKLY_SCHEDULE = 2
    HOT_BUTTON = 3
    OFF = 4


@unique
class ReservationMode(IntEnum):
    """The mode of an entry of the weekly schedule (protocol.md 11.6); a reported 0 is an unused slot.

    Not the numbers of `DhwMode`: 5 is not vacation here, and there is no 6.
    """

    HEAT_PUMP = 1
    ELECTRIC = 2
    ENERGY_SAVER = 3
    HIGH_DEMAND = 4
    POWER_OFF = 5


@unique
class DhwTemperatureControl(IntEnum):
    """How the setpoint can be set (protocol.md 11.7); a reported 0 means unknown."""

    DISABLED = 1
    HALF_DEGREE_STEPS = 2
    """Steps of 0.5 °C."""
    ONE_DEGREE_STEPS = 3
    """Steps of 1 °C."""
    THREE_STAGES = 4


@unique
class TemperatureUnit(IntEnum):
    """The unit in which the owner wants to see temperatures (protocol.md 6.4); raw values never depend on it."""

    CELSIUS = 1
    FAHRENHEIT = 2

    @property
    def symbol(self) -> str:
        """The symbol of the unit."""
        return "°C" if self is TemperatureUnit.CELSIUS else "°F"

    def from_celsius(self, celsius: float) -> float:
        """Return a temperature in this unit, unrounded."""
        return celsius if self is TemperatureUnit.CELSIUS else celsius * 9 / 5 + 32


@unique
class TemperatureFormula(IntEnum):
    """How an outside temperature is rounded to whole degrees Fahrenheit (protocol.md 6.1)."""

    ASYMMETRIC = 0
    STANDARD = 1


@unique
class VolumeCode(IntEnum):
    """Nominal tank size in US gallons (protocol.md 9)."""

    GALLONS_50 = 1
    GALLONS_65 = 2
    GALLONS_80 = 3


@unique
class DeviceType(IntEnum):
    """The product (protocol.md 11.8)."""

    NAVILINK = 1
    NAVILINK_LIGHT = 2
    IOT_MODULE = 8
    NFB700_MAIN = 50
    NFB700_SUB = 51
    HEAT_PUMP_WATER_HEATER = 52
    """The NWP500."""


@unique
class FirmwarePart(IntEnum):
    """The part of the device that a software download is for (protocol.md 11.9); a reported 0 means unknown."""

    CONTROLLER = 1
    PANEL = 2
    ROOM_CONTROLLER = 3
    COMMUNICATION_MODULE = 4
    VALVE = 5
    SUB_ROOM_CONTROLLER = 6


@unique
class ConnectionStatus(IntEnum):
    """Whether the cloud has the device online (protocol.md 2.4); offline is 1, not 0."""

    OFFLINE = 1
    ONLINE = 2


@unique
class ControlFailure(IntEnum):
    """Why the device refused a control, `failCode` (protocol.md 10.4)."""

    INTERVAL_EXCEEDED = 2
    """It came too soon after the one before: wait, then send it again."""


@unique
class InstallType(StrEnum):
    """Where the heater stands (protocol.md 2.4)."""

    RESIDENTIAL = "R"
    COMMERCIAL = "C"
