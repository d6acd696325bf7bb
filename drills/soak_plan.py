"""What happens in a soak: the faults and the actions, each a row of a table, and by which chance they come."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from random import Random

MINUTE, HOUR = 60.0, 3600.0

type Steps = Sequence[tuple[str, Mapping[str, object]]]
"""Kinds of fault of the simulator, with their members."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SoakFault:
    """Something that goes wrong for a while, of an account or of one heater."""

    name: str
    begin: Steps
    end: Steps = ()
    weight: int = 4
    shortest: float = 0.0
    """Simulated seconds from begin to end; as likely as any up to `longest`."""
    longest: float = 0.0
    silences: bool = False
    """Whether heaters do not answer meanwhile, so that time need not wait for it."""

    def lasts(self, chance: Random) -> float:
        """Return how long it lasts this time, in simulated seconds."""
        return chance.uniform(self.shortest, self.longest)


_UP: Steps = (("mqtt_up", {}),)
_CUT: Steps = (("cut", {}),)

OF_ACCOUNTS: Sequence[SoakFault] = (
    SoakFault(name="cut", begin=_CUT, weight=8),
    SoakFault(name="cut without FIN", begin=(("cut", {"fin": False}),), weight=6),
    SoakFault(name="router reboot", begin=(("blackhole", {}),), end=_UP, shortest=120, longest=300, silences=True),
    SoakFault(name="broker down for minutes", begin=(("mqtt_down", {}),), end=_UP, shortest=60, longest=20 * MINUTE),
    SoakFault(
        name="broker down for hours", begin=(("mqtt_down", {}),), end=_UP, weight=1, shortest=HOUR, longest=5 * HOUR
    ),
    SoakFault(
        name="delivers nothing",
        begin=(("withhold", {"what": "deliveries"}),),
        end=_UP,
        shortest=2 * MINUTE,
        longest=5 * MINUTE,
        silences=True,
        weight=2,
    ),
    SoakFault(name="session end", begin=(("end_sessions", {}),)),
    SoakFault(name="session lost", begin=(("drop_session", {}),), weight=2),
    SoakFault(name="SUBACK lost", begin=(("lose_suback", {"count": 1}), *_CUT), weight=1),
    SoakFault(name="SUBACK refused", begin=(("refuse_suback", {"count": 1}), *_CUT), weight=2),
    SoakFault(name="ends after CONNACK", begin=(("hang_up_after_connack", {"count": 2}), *_CUT), weight=2),
    SoakFault(
        name="delivered twice",
        begin=(("deliver_twice", {}),),
        end=(("deliver_twice", {"on": False}),),
        shortest=MINUTE,
        longest=HOUR,
    ),
    SoakFault(
        name="latency",
        begin=(("latency", {"seconds": 0.02}),),
        end=(("latency", {"seconds": 0}),),
        shortest=MINUTE,
        longest=10 * MINUTE,
        weight=2,
    ),
    SoakFault(
        name="upgrade refused",
        begin=(("refuse_upgrade", {"status": 403}), *_CUT),
        end=(("refuse_upgrade", {"status": None}),),
        shortest=MINUTE,
        longest=5 * MINUTE,
        weight=2,
    ),
    SoakFault(name="AWS keys expired", begin=(("expire_aws", {}), *_CUT)),
    SoakFault(name="JWT expired", begin=(("expire_jwt", {}),)),
    SoakFault(name="both expired", begin=(("expire_aws", {}), ("expire_jwt", {}), ("end_sessions", {}))),
    SoakFault(name="refresh refused", begin=(("expire_aws", {}), ("expire_jwt", {"refresh": True}), *_CUT), weight=2),
    SoakFault(
        name="API down",
        begin=(("api_down", {}),),
        end=(("api_down", {"on": False}),),
        shortest=5 * MINUTE,
        longest=HOUR,
    ),
    SoakFault(
        name="API down, keys expired",
        begin=(("api_down", {}), ("expire_aws", {}), *_CUT),
        end=(("api_down", {"on": False}),),
        shortest=5 * MINUTE,
        longest=30 * MINUTE,
        weight=2,
    ),
    SoakFault(
        name="captive portal",
        begin=(("portal", {}), *_CUT),
        end=(("portal", {"on": False}),),
        shortest=MINUTE,
        longest=10 * MINUTE,
        weight=2,
    ),
)
"""Of an account, one at a time."""

OF_HEATERS: Sequence[SoakFault] = (
    SoakFault(
        name="heater offline",
        begin=(("device_offline", {}),),
        end=(("device_offline", {"on": False}),),
        shortest=5 * MINUTE,
        longest=2 * HOUR,
        silences=True,
    ),
    SoakFault(
        name="power cut",
        begin=(("power_cut", {}),),
        end=(("power_cut", {"on": False}),),
        shortest=MINUTE,
        longest=30 * MINUTE,
        silences=True,
    ),
    SoakFault(
        name="refuses as too soon",
        begin=(("ctrl_fail", {"count": 100_000, "code": 2}),),
        end=(("ctrl_fail", {"count": 0, "code": 2}),),
        shortest=MINUTE,
        longest=20 * MINUTE,
    ),
    SoakFault(name="refuses twice as too soon", begin=(("ctrl_fail", {"count": 2, "code": 2}),)),
    SoakFault(name="ignores a write", begin=(("ignore_write", {"count": 1}),)),
    SoakFault(
        name="does not answer controls",
        begin=(("silent", {"suffix": "ctrl", "count": 2}),),
        end=(("silent", {"suffix": "ctrl", "count": 0}),),
        shortest=MINUTE,
        longest=20 * MINUTE,
    ),
    SoakFault(name="draw", begin=(("draw", {"liters": 60}),), weight=12),
    SoakFault(
        name="error", begin=(("error", {"code": 96}),), end=(("error", {"code": 0}),), shortest=MINUTE, longest=HOUR
    ),
)
"""Of one heater, one at a time."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SoakAction:
    """Something that a person or an automation asks of a heater."""

    domain: str = "water_heater"
    action: str
    choices: Sequence[Mapping[str, object]] = ({},)
    """What is given with it, one of these."""
    weight: int


ACTIONS: Sequence[SoakAction] = (
    SoakAction(
        action="set_temperature",
        choices=tuple({"temperature": celsius} for celsius in (45.0, 46.0, 47.5, 50.0, 52.5, 55.0)),
        weight=40,
    ),
    SoakAction(
        action="set_operation_mode",
        choices=tuple({"operation_mode": mode} for mode in ("heat_pump", "eco", "high_demand", "electric")),
        weight=25,
    ),
    SoakAction(action="turn_off", weight=6),
    SoakAction(action="turn_on", weight=10),
    SoakAction(action="set_away_mode", choices=({"away_mode": True},), weight=3),
    SoakAction(action="set_away_mode", choices=({"away_mode": False},), weight=6),
    SoakAction(domain="navilink", action="clear_queue", weight=1),
)
LAST_ACTIONS: Sequence[tuple[str, Mapping[str, object]]] = (
    ("set_operation_mode", {"operation_mode": "heat_pump"}),
    ("set_temperature", {"temperature": 51.0}),
    ("set_operation_mode", {"operation_mode": "eco"}),
    ("set_temperature", {"temperature": 48.5}),
)
"""Given to every heater at the end, when nothing is wrong any more."""

PANEL: Mapping[str, Sequence[int]] = {
    "dhwTemperatureSetting": (88, 94, 100, 107, 112),
    "dhwOperationSetting": (1, 2, 3, 4),
}
"""What somebody sets at the panel: raw members of the status, and values."""

PAUSE_BETWEEN_FAULTS = 1.5 * HOUR
"""Simulated seconds on average between the end of a fault and the next one, of an account or of a heater."""
PAUSE_BETWEEN_PANEL_CHANGES = 6 * HOUR
PAUSE_BETWEEN_RELOADS = 20 * HOUR
PAUSE_BETWEEN_RESTARTS = 30 * HOUR
PAUSE_BETWEEN_ACTIONS = 45 * MINUTE
PAUSE_BETWEEN_ACTIONS_OFFLINE = 6 * MINUTE
"""People try again when nothing seems to happen."""


def one_of[Row: (SoakFault, SoakAction)](rows: Sequence[Row], chance: Random) -> Row:
    """Choose a row by its weight."""
    return chance.choices(rows, [row.weight for row in rows])[0]
