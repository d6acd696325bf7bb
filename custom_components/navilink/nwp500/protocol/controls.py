"""Every control, described once (protocol.md 5.1): what goes out, what is allowed, how the effect shows.

The device acts on the number and not on the mode text, so a code outside this table is never sent.

`overwrites` names what a heater remembers separately: that it is on, the mode in which it heats, a vacation on top of
these, the setpoint, and so on. A control sets everything in its `overwrites`, whatever it was before, and nothing else.
So an older command may be left out once a newer one overwrites everything that it does, and only then. Power off, for
one, leaves the mode as it is, so the mode requested before is what power on restores; a vacation leaves both.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import ClassVar

from ..enums import DhwMode, RecirculationMode
from ..exceptions import InvalidParameterError, UnsupportedCommandError
from ..models import Device, DeviceFeature
from ..models.members import Number
from .topics import ReplyForm

LOWEST_SETPOINT, HIGHEST_SETPOINT = 70, 131
"""No setpoint in raw half-degrees is outside these, 35-65.5 °C, whatever a message says (protocol.md 14.1)."""

type Effect = Mapping[str, frozenset[int]]
"""Raw status members, each with the values that show that a command took effect."""


def _shows(**members: int) -> Callable[..., Effect]:
    effect = {name: frozenset({value}) for name, value in members.items()}
    return lambda *_: effect


_NOWHERE = _shows()


def _shows_parameter(member: str) -> Callable[..., Effect]:
    return lambda value: {member: frozenset({value})}


LACKING = (0, 1)
"""Of a capability in the device-info message, "not fitted" and "not supported" (protocol.md 6.2); of setpoint steps,
"unknown" and "disabled". A member that is missing does not count."""

_HEATING = timedelta(hours=1)
"""Yesterday's "150 °F" must not fire today."""
_SETTING = timedelta(hours=24)
_MOMENTARY = timedelta(seconds=60)


type LifeTime = Callable[[tuple[int, ...], Mapping[str, int]], timedelta]
"""How long a command may wait to be sent, by its parameters and the values known when it was given."""


def _always(life_time: timedelta) -> LifeTime:
    return lambda *_: life_time


_SETTING_LIFE = _always(_SETTING)


def _life_of_a_mode(parameters: tuple[int, ...], _baseline: Mapping[str, int]) -> timedelta:
    return _HEATING if parameters[0] in (DhwMode.ELECTRIC, DhwMode.HIGH_DEMAND) else _SETTING


def _life_of_a_setpoint(parameters: tuple[int, ...], baseline: Mapping[str, int]) -> timedelta:
    """A higher setpoint adds heat; so may one over a setpoint that is not known."""
    known = baseline.get("dhwTemperatureSetting")
    return _SETTING if known is not None and parameters[0] <= known else _HEATING


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Control:
    """A command that changes something at the heater (protocol.md 5.1)."""

    name: str
    """Also its mode text on the wire."""
    code: int
    parameters: tuple[Number, ...] = ()
    gate: str | None = None
    """Member of the device info that must report what the command needs."""
    setting: str | None = None
    """The name of what it sets. `None`: not a setting."""
    overwrites: frozenset[str] = frozenset()
    """Everything that it sets to values of its own (see above); by default just its setting."""
    repeatable: bool = True
    """Whether sending it twice does no harm."""
    effect: Callable[..., Effect] = _NOWHERE
    value_gates: Mapping[int, str] = field(default_factory=dict)
    """Further gates by the first parameter."""
    life_time: LifeTime = _SETTING_LIFE
    words: str
    """The wanted value in words; `{0}` stands for the first parameter."""
    value_words: Mapping[int, str] = field(default_factory=dict)
    """Words for the first parameter instead of its number."""

    suffix: ClassVar = "ctrl"
    reply: ClassVar = ReplyForm.ACKNOWLEDGEMENT

    def __post_init__(self) -> None:
        """Take the setting for what it overwrites by default."""
        if self.setting is not None and not self.overwrites:
            object.__setattr__(self, "overwrites", frozenset({self.setting}))

    def checked(self, parameters: tuple[int, ...], feature: DeviceFeature | None) -> tuple[int, ...]:
        """Return the parameters; raises `InvalidParameterError` or `UnsupportedCommandError` if it may not be sent."""
        if len(parameters) != len(self.parameters):
            raise InvalidParameterError(self.name, parameters, f"{len(self.parameters)} parameter(s)")
        checked = tuple(
            description.check(value) for description, value in zip(self.parameters, parameters, strict=True)
        )
        if feature is not None:
            for gate in (self.gate, self.value_gates.get(checked[0]) if checked else None):
                if gate is not None and feature.raw.get(gate) in LACKING:
                    raise UnsupportedCommandError(self.name, gate)
        return checked

    def wanted(self, parameters: tuple[int, ...]) -> str:
        """Return the wanted value in words."""
        first, *others = (*parameters, None)
        return self.words.format(first if first is None else self.value_words.get(first, first), *others)


@dataclass(frozen=True, slots=True)
class HeaterCommand:
    """A control with its parameters, for one heater, before it is checked against what the heater has."""

    device: Device
    control: Control
    parameters: tuple[int, ...] = ()
    words: str | None = None
    """What the user wants, where that describes it better than the table."""


_DAYS_AWAY = Number("vacation_days", 1, 99, "days")
HELD_MODES = frozenset({DhwMode.ELECTRIC, DhwMode.ENERGY_SAVER, DhwMode.HIGH_DEMAND})
"""The heater holds a write of these in a peak period (protocol.md 13.5)."""
RUNNING_MODES = HELD_MODES | {DhwMode.HEAT_PUMP}
"""Those in which it heats."""

POWER_OFF = Control(
    name="power-off",
    code=33554433,
    gate="powerUse",
    setting="mode",
    overwrites=frozenset({"power", "vacation"}),
    effect=_shows(dhwOperationSetting=DhwMode.POWER_OFF),
    words="power off",
)
POWER_ON = Control(
    name="power-on",
    code=33554434,
    gate="powerUse",
    setting="mode",
    overwrites=frozenset({"power", "vacation"}),
    # Which mode comes back is not documented, so any that heats will do.
    effect=lambda: {"dhwOperationSetting": RUNNING_MODES},
    life_time=_always(_HEATING),
    words="power on",
)
DHW_MODE = Control(
    name="dhw-mode",
    code=33554437,
    # Never 6 (power off): the heater takes that for energy saver (protocol.md 5.2).
    parameters=(Number("mode", DhwMode.HEAT_PUMP, DhwMode.HIGH_DEMAND),),
    gate="dhwUse",
    value_gates={
        DhwMode.HEAT_PUMP: "heatpumpUse",
        DhwMode.ELECTRIC: "electricUse",
        DhwMode.ENERGY_SAVER: "energySaverUse",
        DhwMode.HIGH_DEMAND: "highDemandUse",
    },
    setting="mode",
    overwrites=frozenset({"power", "mode", "vacation"}),
    effect=_shows_parameter("dhwOperationSetting"),
    life_time=_life_of_a_mode,
    words="mode {0}",
    value_words={mode: mode.name.lower().replace("_", " ") for mode in RUNNING_MODES},
)
VACATION = Control(
    # The same code as the mode write: `[5]` without the days is ignored by the heater without any error.
    name="dhw-mode",
    code=33554437,
    parameters=(Number("mode", DhwMode.VACATION, DhwMode.VACATION), _DAYS_AWAY),
    gate="dhwUse",
    value_gates={DhwMode.VACATION: "holidayUse"},
    setting="mode",
    overwrites=frozenset({"vacation"}),
    effect=lambda mode, days: {"dhwOperationSetting": frozenset({mode}), "vacationDaySetting": frozenset({days})},
    words="vacation for {1} days",
)
DHW_TEMPERATURE = Control(
    name="dhw-temperature",
    code=33554464,
    # The heater's own limits, or the fallback ones, are checked in `setpoint.py`; none is wider than these.
    parameters=(Number("setpoint", LOWEST_SETPOINT, HIGHEST_SETPOINT, "half-degrees Celsius"),),
    gate="dhwTemperatureSettingUse",
    setting="setpoint",
    effect=_shows_parameter("dhwTemperatureSetting"),
    life_time=_life_of_a_setpoint,
    words="setpoint {0}",
)
ANTI_LEGIONELLA_ON = Control(
    name="anti-leg-on",
    code=33554472,
    parameters=(Number("anti_legionella_period", 1, 30, "days"),),
    gate="antiLegionellaSettingUse",
    setting="anti_legionella",
    overwrites=frozenset({"anti_legionella", "anti_legionella_period"}),
    effect=lambda days: {"antiLegionellaUse": frozenset({2}), "antiLegionellaPeriod": frozenset({days})},
    words="anti-legionella every {0} days",
)
ANTI_LEGIONELLA_OFF = Control(
    name="anti-leg-off",
    code=33554471,
    gate="antiLegionellaSettingUse",
    setting="anti_legionella",
    effect=_shows(antiLegionellaUse=1),
    words="anti-legionella off",
)
TOU_ON = Control(
    name="tou-on",
    code=33554476,
    gate="programReservationUse",
    setting="tou",
    effect=_shows(touStatus=1),
    words="time of use on",
)
TOU_OFF = Control(
    name="tou-off",
    code=33554475,
    gate="programReservationUse",
    setting="tou",
    effect=_shows(touStatus=0),
    words="time of use off",
)
RESERVATION_MODE = Control(
    name="reservation-mode", code=33554441, gate="programReservationUse", words="weekly schedule mode"
)
VACATION_DAYS = Control(
    name="goout-day",
    code=33554466,
    parameters=(_DAYS_AWAY,),
    gate="holidayUse",
    setting="vacation_days",
    effect=_shows_parameter("vacationDaySetting"),
    words="vacation length {0} days",
)
INTELLIGENT_ON = Control(name="intelligent-on", code=33554468, setting="intelligent_mode", words="intelligent mode on")
INTELLIGENT_OFF = Control(
    name="intelligent-off", code=33554467, setting="intelligent_mode", words="intelligent mode off"
)
DEMAND_RESPONSE_ON = Control(
    name="dr-on", code=33554470, gate="drSettingUse", setting="demand_response", words="demand response on"
)
DEMAND_RESPONSE_OFF = Control(
    name="dr-off", code=33554469, gate="drSettingUse", setting="demand_response", words="demand response off"
)
RECIRCULATION_HOT_BUTTON = Control(
    name="recirc-hotbtn",
    code=33554444,
    parameters=(Number("hot_button", 1, 1),),
    gate="recirculationUse",
    repeatable=False,
    life_time=_always(_MOMENTARY),
    words="hot button",
)
RECIRCULATION_MODE = Control(
    name="recirc-mode",
    code=33554445,
    parameters=(Number("recirculation_mode", RecirculationMode.ALWAYS_ON, RecirculationMode.OFF),),
    gate="recirculationUse",
    setting="recirculation_mode",
    effect=_shows_parameter("recircOperationMode"),
    words="recirculation {0}",
    value_words={
        RecirculationMode.ALWAYS_ON: "always on",
        RecirculationMode.WEEKLY_SCHEDULE: "by its weekly schedule",
        RecirculationMode.HOT_BUTTON: "by the hot button only",
        RecirculationMode.OFF: "off",
    },
)
AIR_FILTER_RESET = Control(name="air-filter-reset", code=33554473, repeatable=False, words="air filter reset")
AIR_FILTER_LIFE = Control(
    name="air-filter-life",
    code=33554474,
    # 0 switches the reminder off; the status reports the interval in hours.
    parameters=(Number("air_filter_interval", 0, 20, "steps of 500 hours", gap=1),),
    setting="air_filter_interval",
    effect=lambda steps: {"airFilterAlarmPeriod": frozenset({steps * 500})},
    words="air filter interval {0}",
    value_words={0: "off"} | {steps: f"{steps * 500} h" for steps in range(2, 21)},
)
CONDENSER_FAULT_RESET = Control(name="cond-fault-reset", code=33554463, repeatable=False, words="condenser fault reset")
