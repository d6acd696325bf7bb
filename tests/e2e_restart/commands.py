"""Commands for the heaters, and what a queue that coalesces must make of them."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from random import Random

from simulator.process import SimulatorProcess

_MODE_CODES = {"heat_pump": 1, "electric": 2, "eco": 3, "high_demand": 4}
"""Home Assistant's operation modes and the raw values the heater uses for them: protocol.md 5.1."""
_VACATION = 5
_VACATION_DAYS = 7
_SETPOINTS = range(106, 146)
"""Whole degrees Fahrenheit that the simulated heaters take; no two of them are the same raw value."""
_SETPOINTS_PER_ROUND = 4

_REPLACED_BY = {
    "setpoint": frozenset({"setpoint"}),
    "mode": frozenset({"mode"}),
    "vacation": frozenset({"mode", "vacation"}),
}
"""The settings of newer commands that leave nothing of an older one; a mode is what a vacation comes back to."""

type Arrival = tuple[str, tuple[int, ...]]
"""A control as it took effect on a heater: its name and its parameters."""


@dataclass(frozen=True, slots=True, kw_only=True)
class GivenCommand:
    """An action on a heater, and the control that should come of it."""

    mac_address: str
    setting: str
    """A key of `_REPLACED_BY`."""
    action: str
    data: Mapping[str, object]
    arrival: Arrival


def surviving(given: Sequence[GivenCommand]) -> list[GivenCommand]:
    """Return what is still to be sent, in the order given: what no newer command of the same heater replaces."""
    return [
        command
        for sequence, command in enumerate(given)
        if not any(
            newer.mac_address == command.mac_address and newer.setting in _REPLACED_BY[command.setting]
            for newer in given[sequence + 1 :]
        )
    ]


def arrivals(commands: Iterable[GivenCommand], mac_address: str) -> list[Arrival]:
    """Return what should arrive at one heater."""
    return [command.arrival for command in commands if command.mac_address == mac_address]


async def arrived(simulator: SimulatorProcess) -> dict[str, list[Arrival]]:
    """Return everything that took effect so far, by MAC address, in order."""
    heaters = (await simulator.state())["heaters"]
    return {
        mac_address: [(control["control"], tuple(control["param"])) for control in heater["applied"]]
        for mac_address, heater in heaters.items()
    }


async def invent(simulator: SimulatorProcess, random: Random, count: int) -> list[GivenCommand]:
    """Return so many different commands, shuffled over the heaters; none asks for what its heater has already."""
    heaters = (await simulator.state())["heaters"]
    pool = [
        command
        for mac_address, heater in heaters.items()
        for command in (
            *random.sample(_setpoints(mac_address, heater["status"]), _SETPOINTS_PER_ROUND),
            *_modes(mac_address, heater["status"]),
        )
    ]
    return random.sample(pool, count)


async def invent_setpoint(simulator: SimulatorProcess, random: Random) -> GivenCommand:
    """Return a command for the setpoint of one of the heaters."""
    heaters = (await simulator.state())["heaters"]
    mac_address = random.choice(sorted(heaters))
    return random.choice(_setpoints(mac_address, heaters[mac_address]["status"]))


def _setpoints(mac_address: str, status: Mapping[str, int]) -> list[GivenCommand]:
    # Half degrees Celsius: protocol.md 6.1.
    raw_values = {degrees: round((degrees - 32) / 1.8 * 2) for degrees in _SETPOINTS}
    return [
        GivenCommand(
            mac_address=mac_address,
            setting="setpoint",
            action="water_heater.set_temperature",
            data={"temperature": degrees},
            arrival=("dhw-temperature", (raw,)),
        )
        for degrees, raw in raw_values.items()
        if raw != status["dhwTemperatureSetting"]
    ]


def _modes(mac_address: str, status: Mapping[str, int]) -> list[GivenCommand]:
    now = status["dhwOperationSetting"]
    modes = [
        _mode(mac_address, "mode", "set_operation_mode", {"operation_mode": mode}, (code,))
        for mode, code in _MODE_CODES.items()
        if code != now
    ]
    if now != _VACATION:
        modes.append(_mode(mac_address, "vacation", "set_away_mode", {"away_mode": True}, (_VACATION, _VACATION_DAYS)))
    return modes


def _mode(
    mac_address: str, setting: str, action: str, data: Mapping[str, object], parameters: tuple[int, ...]
) -> GivenCommand:
    return GivenCommand(
        mac_address=mac_address,
        setting=setting,
        action=f"water_heater.{action}",
        data=data,
        arrival=("dhw-mode", parameters),
    )
