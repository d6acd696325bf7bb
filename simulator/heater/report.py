"""The two messages as the heater sends them: its settings, and what follows from tank and heat sources.

The members that move together are those of protocol.md 13.2, the energy members those of 13.3.
"""

from collections.abc import Mapping

from .heater import Heater
from .members import OFF, ON
from .tank import THERMOSTAT_ON, idle_power, power
from .thermostat import DhwMode

_ON_TEMPERATURE = round(THERMOSTAT_ON * 2)
_WINDOW_REDUCTION = 2.0  # °C that the energy members' target is lower inside a time-of-use window
_IDLE_AMBIENT_ERROR = 3.4  # °C that the probe of the air reads high while nothing runs
_LOOP_LOSS = 2.5  # °C from the tank to the loop, and from there to the faucet; plausible, not recorded
_LOOP_FLOW = 60  # 0.1 L/min while the pump runs; plausible, not recorded
_CHARGE_PER_MISSING = 0.79  # falls so much slower than the energy members; fits every recorded pair

_COMPRESSOR_MEMBERS: Mapping[str, tuple[int, int]] = {
    "compUse": (OFF, ON),
    "eevUse": (OFF, ON),
    "evaFanUse": (OFF, ON),
    "targetFanRpm": (0, 550),
    "currentFanRpm": (0, 543),
    "fanPwm": (0, 48),
    "eevStep": (480, 200),
    "currentSuperHeat": (-16, 38),
}
"""At rest, and while it runs."""

# By (compressor, element) running; the state numbers other than 20 and 50 are plausible, not recorded.
_ACTIVITY: Mapping[tuple[bool, bool], Mapping[str, int]] = {
    (False, False): {"operationMode": 0, "currentHeatUse": 0, "currentStatenum": 20},
    (True, False): {"operationMode": 32, "currentHeatUse": 1, "currentStatenum": 50},
    (True, True): {"operationMode": 96, "currentHeatUse": 3, "currentStatenum": 52},
    (False, True): {"operationMode": 64, "currentHeatUse": 2, "currentStatenum": 54},
}
_STATE_NUMBER_OFF = 0
_UNKNOWN = 0


def status(heater: Heater) -> dict[str, int]:
    """Give all 103 raw members of `response.status` as they are now."""
    return {**heater.members, **derived_members(heater), **heater.pinned}


def feature(heater: Heater) -> dict[str, int | str]:
    """Give all 43 raw members of `response.feature`."""
    return {**heater.feature, "controllerSerialNumber": heater.identity.serial_number}


def derived_members(heater: Heater) -> dict[str, int]:
    """Give the members that follow from the state of the heater."""
    return {
        **_activity(heater),
        **_temperatures(heater),
        **_thermostat_settings(heater),
        **_schedules(heater),
        **_energy(heater),
        **_counters(heater),
        **_recirculation(heater),
    }


def idle_ambient_error(heater: Heater) -> float:
    """By how many °C the probe of the air reads high at the moment."""
    return 0.0 if heater.heating.compressor else _IDLE_AMBIENT_ERROR


def _activity(heater: Heater) -> dict[str, int]:
    heating = heater.heating
    busy = _flag(bool(heating))
    members = {
        **{name: values[heating.compressor] for name, values in _COMPRESSOR_MEMBERS.items()},
        **_ACTIVITY[heating.compressor, heating.any_element],
        "operationBusy": busy,
        "dhwOperationBusy": busy,
        "heatUpperUse": _flag(heating.upper_element),
        "heatLowerUse": _flag(heating.lower_element),
        "currentInstPower": power(heating, heater.tank).whole_unit or idle_power(heater.identity.number, heater.age),
    }
    if heater.mode is DhwMode.POWER_OFF and not heating:
        members["currentStatenum"] = _STATE_NUMBER_OFF
    return members


def _temperatures(heater: Heater) -> dict[str, int]:
    tank = heater.tank
    if heater.heating.compressor:
        discharge = min(82.0, max(49.0, tank.lower + 14))
        suction = min(16.0, max(4.0, tank.ambient - 9))
        evaporator = min(12.0, max(-7.0, suction - 0.2))
    else:
        discharge = suction = evaporator = tank.ambient
    return {
        "tankUpperTemperature": _deci(tank.upper),
        "tankLowerTemperature": _deci(tank.lower),
        "ambientTemperature": _deci(tank.ambient + idle_ambient_error(heater)),
        "dischargeTemperature": _deci(discharge),
        "suctionTemperature": _deci(suction),
        "evaporatorTemperature": _deci(evaporator),
        "dhwTemperature": round(tank.upper * 2),
    }


def _thermostat_settings(heater: Heater) -> dict[str, int]:
    setpoint = heater.setpoint
    window = heater.window_in_force
    element_at_setpoint = heater.mode in {DhwMode.ELECTRIC, DhwMode.HIGH_DEMAND}
    return {
        "dhwTargetTemperatureSetting": setpoint,
        "hpUpperOnTempSetting": setpoint if window else _ON_TEMPERATURE,
        "hpUpperOffTempSetting": setpoint,
        "hpLowerOnTempSetting": _ON_TEMPERATURE,
        "hpLowerOffTempSetting": setpoint,
        "heUpperOnTempSetting": setpoint if element_at_setpoint else _ON_TEMPERATURE,
        "heUpperOffTempSetting": setpoint,
        "heLowerOnTempSetting": setpoint if heater.mode is DhwMode.ELECTRIC else 0,
        "heLowerOffTempSetting": setpoint,
        "hpUpperOnDiffTempSetting": 16 if window else 0,
        "hpLowerOffDiffTempSetting": 20 if window else 0,
    }


def _schedules(heater: Heater) -> dict[str, int]:
    """A vacation suspends the weekly schedule; a unit without recirculation reports nothing of its own."""
    weekly = heater.schedules.reservations.is_on and heater.mode is not DhwMode.VACATION
    has_recirculation = heater.feature["recircReservationUse"] == ON
    return {
        "programReservationUse": _flag(weekly),
        "programReservationType": int(weekly),
        "recircReservationUse": heater.schedules.recirculation.use if has_recirculation else _UNKNOWN,
    }


def _recirculation(heater: Heater) -> dict[str, int]:
    """Give what the loop measures; a unit without one reports zeros."""
    if heater.feature["recirculationUse"] != ON:
        return {}
    runs = heater.members["recircOperationBusy"] == ON
    return {
        "recircTemperature": round((heater.tank.upper - _LOOP_LOSS if runs else heater.tank.ambient) * 2),
        "recircFaucetTemperature": round((heater.tank.upper - 2 * _LOOP_LOSS if runs else heater.tank.ambient) * 2),
        "recircDhwFlowRate": _LOOP_FLOW if runs else 0,
    }


def _energy(heater: Heater) -> dict[str, int]:
    tank, setpoint = heater.tank, heater.setpoint / 2
    target = setpoint - (_WINDOW_REDUCTION if heater.window_in_force else 0.0)
    capacity = setpoint - THERMOSTAT_ON
    missing = max(0.0, setpoint - tank.mean)
    charge = 1 - _CHARGE_PER_MISSING * missing / capacity if capacity > 0 else float(missing == 0)
    return {
        "totalEnergyCapacity": tank.counts(target - THERMOSTAT_ON),
        "availableEnergyCapacity": tank.counts(target - tank.mean),
        "dhwChargePer": round(100 * max(0.0, charge)),
    }


def _counters(heater: Heater) -> dict[str, int]:
    draw = heater.draw
    return {
        "dhwUse": _flag(draw is not None),
        "dhwUseSustained": _flag(draw is not None and draw.sustained),
        "currentDhwFlowRate": 0 if draw is None else round(draw.liters_per_minute * 10),
        "cumulatedDhwFlowRate": int(heater.drawn_liters),
        "cumulatedOpTimeEvaFan": int(heater.fan_seconds / 3600),
        "airFilterAlarmUse": _flag(heater.members["airFilterAlarmPeriod"] > 0),
    }


def _flag(on: bool) -> int:  # noqa: FBT001 - a flag is all there is
    return ON if on else OFF


def _deci(celsius: float) -> int:
    return round(celsius * 10)
