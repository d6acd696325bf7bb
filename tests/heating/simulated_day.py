"""A day of a simulated heater with a random household, as the statuses that it would report."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import count
import random

from custom_components.navilink.nwp500 import DeviceStatus
from simulator.heater.heater import Heater
from simulator.heater.records import Draw
from simulator.heater.registration import Identity
from simulator.heater.report import status
from simulator.heater.tank import Tank
from simulator.heater.thermostat import DhwMode

BEGINNING = datetime(2026, 1, 1, tzinfo=UTC)
INTERVAL = 30
DAY = 86_400
_MODES = (DhwMode.HEAT_PUMP, DhwMode.HEAT_PUMP, DhwMode.ENERGY_SAVER, DhwMode.HIGH_DEMAND, DhwMode.ELECTRIC)

type Statuses = list[tuple[datetime, DeviceStatus]]


def make_heater(upper: float, lower: float, *, ambient: float = 21.0, setpoint: int = 98) -> Heater:
    """Make a heater in heat-pump mode; the setpoint is in half-degrees Celsius."""
    heater = Heater(identity=Identity.of_number(0), now=0.0, tank=Tank(upper=upper, lower=lower, ambient=ambient))
    heater.members["dhwOperationSetting"] = DhwMode.HEAT_PUMP.value
    heater.members["dhwTemperatureSetting"] = setpoint
    return heater


def reports(heater: Heater) -> Iterator[tuple[datetime, DeviceStatus]]:
    """Give the status of each half minute, without an end."""
    for number in count():
        heater.advance(float(number * INTERVAL))
        yield BEGINNING + timedelta(seconds=heater.now), DeviceStatus(status(heater))


def random_day(seed: int) -> Statuses:
    """Live through a day in which hot water is drawn 4 to 14 times."""
    chance = random.Random(seed)  # noqa: S311 - the same day each time
    heater = make_heater(
        chance.uniform(46, 55),
        chance.uniform(42, 55),
        ambient=chance.uniform(12, 28),
        setpoint=chance.randrange(98, 125),
    )
    heater.members["dhwOperationSetting"] = chance.choice(_MODES).value
    draws = sorted(
        (chance.uniform(0, DAY), chance.uniform(5, 90), chance.uniform(3, 9)) for _ in range(chance.randint(4, 14))
    )
    lived: Statuses = []
    for at, reported in reports(heater):
        if heater.now >= DAY:
            return lived
        lived.append((at, reported))
        while draws and draws[0][0] <= heater.now and heater.draw is None:
            _, liters, flow = draws.pop(0)
            heater.draw = Draw(liters_left=liters, liters_per_minute=flow)
    raise AssertionError("reports have no end")
