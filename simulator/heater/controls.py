"""Every control a heater knows, with what it takes and what it does (protocol.md 5.1)."""

from collections.abc import Callable, Container, Mapping
from dataclasses import KW_ONLY, dataclass, field

from .heater import Heater
from .members import OFF, ON
from .thermostat import DhwMode

type Param = tuple[int, ...]
type Effect = Callable[[Heater, Param], None]

_VACATION_DAYS = range(1, 100)
_FILTER_UNIT = 500  # hours


def _store(first: str | None = None, *, unit: int = 1, **members: int) -> Effect:
    """Store fixed values, and under `first` the first number of the control, in units of `unit`."""

    def apply(heater: Heater, param: Param) -> None:
        heater.members |= members
        if first is not None:
            heater.members[first] = param[0] * unit

    return apply


_NOTHING = _store()
"""Acknowledged; what it does does not show in the status (protocol.md 5.1)."""


def _dhw_mode(heater: Heater, param: Param) -> None:
    """Power off is a mode to be reported; who writes it gets energy saver (protocol.md 5.2)."""
    mode = DhwMode(param[0])
    heater.write_mode(DhwMode.ENERGY_SAVER if mode is DhwMode.POWER_OFF else mode, *param[1:])


@dataclass(frozen=True, slots=True)
class Control:
    """One control: its `mode` text, the forms its `param` may have, its effect and what it needs."""

    mode: str
    effect: Effect
    forms: tuple[tuple[Container[int], ...], ...] = ((),)
    """Alternatives; each lists what may stand at every position."""
    _: KW_ONLY
    gate: str | None = None
    """Member of device info that must be "supported"."""
    gate_by_value: Mapping[int, str] = field(default_factory=dict)
    """A further one that depends on the first number."""
    paced: bool = False
    """A DHW control, refused when it follows another one too soon (protocol.md 13.1)."""

    def objection(self, heater: Heater, param: Param) -> str | None:
        """Return why the heater silently ignores it; `None` when it does not."""
        if not any(_fits(form, param) for form in self.forms):
            return f"{self.mode} does not take {list(param)}"
        gates = [self.gate, self.gate_by_value.get(param[0]) if param else None]
        # A gate is a flag, 2 for "supported", or a kind of setpoint, where 0 and 1 mean that there is none.
        missing = [gate for gate in gates if gate is not None and heater.feature[gate] < ON]
        return f"the heater has no {missing[0]}" if missing else None


def _fits(form: tuple[Container[int], ...], param: Param) -> bool:
    return len(form) == len(param) and all(value in allowed for value, allowed in zip(param, form, strict=True))


CONTROLS: Mapping[int, Control] = {
    33554433: Control("power-off", lambda heater, _: heater.write_mode(DhwMode.POWER_OFF), gate="powerUse", paced=True),
    33554434: Control("power-on", lambda heater, _: heater.power_on(), gate="powerUse", paced=True),
    33554437: Control(
        "dhw-mode",
        _dhw_mode,
        (((1, 2, 3, 4, 6),), ((DhwMode.VACATION,), _VACATION_DAYS)),
        gate="dhwUse",
        gate_by_value={
            DhwMode.HEAT_PUMP: "heatpumpUse",
            DhwMode.ELECTRIC: "electricUse",
            DhwMode.ENERGY_SAVER: "energySaverUse",
            DhwMode.HIGH_DEMAND: "highDemandUse",
            DhwMode.VACATION: "holidayUse",
        },
        paced=True,
    ),
    33554441: Control("reservation-mode", _NOTHING, gate="programReservationUse"),
    33554444: Control(
        "recirc-hotbtn",
        lambda heater, _: heater.recirculation.press_hot_button(heater.now, heater.members),
        (((1,),),),
        gate="recirculationUse",
    ),
    33554445: Control("recirc-mode", _store("recircOperationMode"), ((range(1, 5),),), gate="recirculationUse"),
    33554463: Control("cond-fault-reset", _NOTHING),
    33554464: Control(
        "dhw-temperature",
        lambda heater, param: heater.write_setpoint(param[0]),
        ((range(256),),),
        gate="dhwTemperatureSettingUse",
        paced=True,
    ),
    33554466: Control("goout-day", _store("vacationDaySetting"), ((_VACATION_DAYS,),), gate="holidayUse", paced=True),
    33554467: Control("intelligent-off", _NOTHING),
    33554468: Control("intelligent-on", _NOTHING),
    33554469: Control("dr-off", _NOTHING, gate="drSettingUse"),
    33554470: Control("dr-on", _NOTHING, gate="drSettingUse"),
    33554471: Control("anti-leg-off", _store(antiLegionellaUse=OFF), gate="antiLegionellaSettingUse"),
    33554472: Control(
        "anti-leg-on",
        _store("antiLegionellaPeriod", antiLegionellaUse=ON),
        ((range(1, 31),),),
        gate="antiLegionellaSettingUse",
    ),
    33554473: Control("air-filter-reset", lambda heater, _: heater.reset_filter()),
    33554474: Control("air-filter-life", _store("airFilterAlarmPeriod", unit=_FILTER_UNIT), (((0, *range(2, 21)),),)),
    33554475: Control("tou-off", _store(touStatus=0), gate="programReservationUse"),
    33554476: Control("tou-on", _store(touStatus=1), gate="programReservationUse"),
}
"""By command code. Codes whose payload is unknown, and those of other products, are not here: a heater ignores them."""
