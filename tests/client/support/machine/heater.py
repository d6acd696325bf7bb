"""A heater that does what a test says: answers, refuses, ignores, falls silent, or is turned at its panel."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from nwp500 import Device, commands, queries

type JsonObject = dict[str, object]

RUNNING_MODES = frozenset({1, 2, 3, 4})
VACATION, POWER_OFF = 5, 6


_SETTINGS: Mapping[int, Callable[..., dict[str, int]]] = {
    commands.DHW_TEMPERATURE.code: lambda setpoint: {"dhwTemperatureSetting": setpoint},
    commands.VACATION_DAYS.code: lambda days: {"vacationDaySetting": days},
    commands.ANTI_LEGIONELLA_ON.code: lambda days: {"antiLegionellaUse": 2, "antiLegionellaPeriod": days},
    commands.ANTI_LEGIONELLA_OFF.code: lambda: {"antiLegionellaUse": 1},
    commands.TOU_ON.code: lambda: {"touStatus": 1},
    commands.TOU_OFF.code: lambda: {"touStatus": 0},
    commands.RECIRCULATION_MODE.code: lambda mode: {"recircOperationMode": mode},
    commands.AIR_FILTER_LIFE.code: lambda steps: {"airFilterAlarmPeriod": steps * 500},
}
"""What each control that sets something by itself makes of the status."""
_UNREPORTED: Mapping[int, dict[str, int]] = {
    commands.DEMAND_RESPONSE_ON.code: {"demand response": 1},
    commands.DEMAND_RESPONSE_OFF.code: {"demand response": 0},
    commands.INTELLIGENT_ON.code: {"intelligent mode": 1},
    commands.INTELLIGENT_OFF.code: {"intelligent mode": 0},
}
"""What each of those sets that no status shows."""


class Manner(StrEnum):
    """How a heater treats what it is asked."""

    OBEYS = "obeys"
    IGNORES = "ignores"
    """Acknowledges a control, but does not do it."""
    KEEPS_SILENT = "keeps silent"
    """Does what it is asked, but no answer gets through."""
    IS_OFFLINE = "is offline"
    """What is sent to it is lost."""


@dataclass(slots=True)
class Reply:
    """An answer on its way."""

    topic: str
    session_id: str
    response: JsonObject
    foreign_changes: int
    """Those of the heater when it answered."""
    is_refusal: bool = False


@dataclass(slots=True)
class ScriptedHeater:
    """One heater behind the broker."""

    mac_address: str
    manner: Manner = Manner.OBEYS
    refusals: int = 0
    """How many of the next controls it refuses."""
    fail_code: int = 2
    status: dict[str, int] = field(
        default_factory=lambda: {
            "dhwOperationSetting": 3,
            "dhwTemperatureSetting": 100,
            "vacationDaySetting": 0,
            "antiLegionellaUse": 1,
            "antiLegionellaPeriod": 7,
            "touStatus": 1,
            "recircOperationMode": 4,
            "airFilterAlarmPeriod": 1000,
            "hpUpperOnDiffTempSetting": 0,
        }
    )
    feature: dict[str, int | str] = field(default_factory=lambda: {"controllerSwVersion": 1, "powerUse": 2})
    is_on: bool = True
    """Whether it is on, or will be after a vacation."""
    running_mode: int = 3
    """The mode in which it heats, or will when it is on again."""
    unreported: dict[str, int] = field(default_factory=lambda: {"demand response": 0, "intelligent mode": 0})
    """What it remembers and no status shows."""
    odd_members: dict[str, object] = field(default_factory=dict)
    """What it shows instead of some members, without any sense."""
    held_mode: int | None = None
    """A mode that it was asked for in a peak period, to be taken up at its end."""
    is_hold_forgotten: bool = False
    """The client cannot know of the held mode any more: it is another one, or took something else for done."""
    foreign_changes: int = 0
    """How often somebody else than the present client changed something."""

    @property
    def device(self) -> Device:
        """The heater as the client knows it."""
        return Device(mac_address=self.mac_address, additional_value="5322", home_seq=1, name="Heater")

    @property
    def memory(self) -> dict[str, int]:
        """What it remembers, each for itself and whatever shows of it: power, mode, vacation and all settings."""
        settings = {name: value for name, value in self.status.items() if name != "dhwOperationSetting"}
        is_away = self.status["dhwOperationSetting"] == VACATION
        return {**settings, **self.unreported, "power": self.is_on, "mode": self.running_mode, "vacation": is_away}

    @property
    def is_in_peak_period(self) -> bool:
        """Whether modes that heat with an element are held."""
        return self.status["hpUpperOnDiffTempSetting"] != 0

    def will_leave(self, expected: Mapping[str, frozenset[int]]) -> bool:
        """Return whether it will take up another mode than expected, because the present client asked it to before."""
        modes = expected.get("dhwOperationSetting", frozenset())
        return bool(modes) and self.held_mode is not None and self.held_mode not in modes and not self.is_hold_forgotten

    def turn(self, member: str, value: int) -> None:
        """Let somebody change a setting at the panel."""
        self.foreign_changes += 1
        if member == "dhwOperationSetting":
            self._take_mode(value, 7)
        else:
            self.status[member] = value

    def peak_period(self, *, begins: bool) -> None:
        """Let a peak period begin or end."""
        self.status["hpUpperOnDiffTempSetting"] = 16 if begins else 0
        if not begins and self.held_mode is not None:
            self.foreign_changes += self.is_hold_forgotten
            self._take_mode(self.held_mode, 0)

    def receive(self, message: JsonObject) -> Reply | None:
        """Take a request in and return the answer, if there is one."""
        request = message["request"]
        assert isinstance(request, dict)
        session_id, response_topic = message["sessionID"], message["responseTopic"]
        assert isinstance(session_id, str)
        assert isinstance(response_topic, str)
        if self.manner is Manner.IS_OFFLINE:
            self.is_hold_forgotten = True
            return None
        if "param" not in request and request["command"] not in (queries.STATUS.code, queries.DEVICE_INFO.code):
            return None
        if is_refusal := "param" in request and self.refusals > 0:
            self.refusals -= 1
            self.is_hold_forgotten = True
            response_topic = f"cmd/52/navilink-{self.mac_address}/res/ctrl-fail"
        elif "param" in request and self.manner is Manner.IGNORES:
            # If it is asked to stay in its mode, it looks as if it had obeyed.
            self.is_hold_forgotten = True
        elif "param" in request:
            self._apply(request["command"], request["param"])
        content: JsonObject = {"failCode": self.fail_code} if is_refusal else self._reported_in(request["command"])
        if self.manner is Manner.KEEPS_SILENT:
            return None
        return Reply(response_topic, session_id, self._named(content), self.foreign_changes, is_refusal)

    def _reported_in(self, code: int) -> JsonObject:
        """Return what it reports in answer to a request; a control is answered with a status too."""
        if code == queries.DEVICE_INFO.code:
            return {"feature": dict(self.feature)}
        return {"status": {**self.status, **self.odd_members}}

    def _named(self, content: JsonObject) -> JsonObject:
        return {"deviceType": 52, "macAddress": self.mac_address, "additionalValue": "5322", **content}

    def _apply(self, code: int, parameters: list[int]) -> None:
        match code:
            case commands.POWER_ON.code:
                self._take_mode(self.running_mode, 0)
            case commands.POWER_OFF.code:
                self._take_mode(POWER_OFF, 0)
            case commands.DHW_MODE.code if self._holds(parameters[0]):
                self.held_mode, self.is_hold_forgotten = parameters[0], False
            case commands.DHW_MODE.code:
                self._take_mode(*(*parameters, 0)[:2])
            case _ if code in _SETTINGS:
                self.status |= _SETTINGS[code](*parameters)
            case _:
                self.unreported |= _UNREPORTED.get(code, {})

    def _holds(self, mode: int) -> bool:
        return self.is_in_peak_period and mode in (2, 3, 4) and mode != self.status["dhwOperationSetting"]

    def _take_mode(self, mode: int, days: int) -> None:
        """Take up a mode. A vacation lies over power and mode, which stay; whatever ends it leaves its days."""
        self.held_mode = None
        self.status["dhwOperationSetting"] = mode
        if mode == VACATION:
            self.status["vacationDaySetting"] = days
        else:
            self.is_on = mode != POWER_OFF
        if mode in RUNNING_MODES:
            self.running_mode = mode
