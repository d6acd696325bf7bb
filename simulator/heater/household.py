"""People who live with a heater: when they draw hot water and what is scheduled, the same on a date each time."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from zlib import crc32

from .heater import Heater
from .members import OFF, ON
from .records import Draw
from .schedules import ALL_YEAR, DECIMAL_POINT, EVERY_DAY, WEEKDAYS, WEEKEND, Entry, Period, TouPlan, WeeklySchedule
from .tank import RATED_GALLONS

_HEAT_PUMP, _ENERGY_SAVER, _HIGH_DEMAND = 1, 3, 4
_SUMMER = 0b0001_1110_0000  # June to September; January is bit 0
_WINTER = ALL_YEAR & ~_SUMMER
_NO_PARAMETER = -1  # of an entry of the recirculation schedule
_LEAST_SHARE, _SPREAD = 0.7, 0.6

LIVED = 24 * 3600.0
"""Simulated seconds that people have lived with a heater before anybody looks: its tank and counters show it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Household:
    """What its people do, and how they have set up their heater."""

    habits: Mapping[tuple[int, int], tuple[float, float]]
    """Liters drawn each day, more or less, and liters a minute; by hour and minute of the heater's local time."""
    reservations: tuple[Entry, ...]
    recirculation: tuple[Entry, ...] = ()
    tou: TouPlan | None = None
    members: Mapping[str, int] = field(default_factory=dict)
    """Settings that differ from the factory's."""
    feature: Mapping[str, int] = field(default_factory=dict)
    """Members of device info that differ from the factory's."""

    def move_in(self, heater: Heater) -> None:
        """Set a heater up as these people have it, and let them live with it for a day; they go on as time passes."""
        heater.members |= self.members
        heater.feature |= self.feature
        heater.tank.rated_gallons = RATED_GALLONS[heater.feature["volumeCode"]]
        heater.schedules.reservations = WeeklySchedule(ON, self.reservations)
        if self.recirculation:
            heater.schedules.recirculation = WeeklySchedule(ON, self.recirculation)
        if self.tou is not None:
            heater.take_tou(self.tou, is_on=True)
        heater.habits = self.draw
        heater.advance(heater.now + LIVED)

    def draw(self, local: datetime) -> Draw | None:
        """Give the draw that begins in this minute: 70 to 130 % of the usual."""
        habit = self.habits.get((local.hour, local.minute))
        if habit is None:
            return None
        liters, liters_per_minute = habit
        share = _LEAST_SHARE + _SPREAD * crc32(f"{local:%F %R}".encode()) / 2**32
        return Draw(liters_left=liters * share, liters_per_minute=liters_per_minute)


def _evening_peak(start: int, end: int) -> TouPlan:
    """Make a plan whose price is high between two hours of each day, and highest in summer."""
    spans = (((0, 0), (start - 1, 59)), ((start, 0), (end - 1, 59)), ((end, 0), (23, 59)))
    return TouPlan(
        name="Evening peak",
        utility="Example Power",
        zip_code="43001",
        periods=tuple(
            Period(season, EVERY_DAY, *begin, *last, price, price, DECIMAL_POINT)
            for season, low, high in ((_SUMMER, 14150, 41320), (_WINTER, 12480, 27610))
            for (begin, last), price in zip(spans, (low, high, low), strict=True)
        ),
    )


_FAMILY = Household(
    habits={
        (6, 10): (42, 8),
        (6, 45): (38, 8),
        (7, 20): (6, 5),
        (12, 30): (7, 5),
        (16, 15): (5, 4),
        (18, 40): (14, 6),
        (20, 30): (65, 10),
    },
    reservations=(
        Entry(ON, WEEKDAYS, 5, 0, _HIGH_DEMAND, 105),
        Entry(ON, WEEKDAYS, 8, 30, _HEAT_PUMP, 92),
        Entry(ON, WEEKDAYS, 16, 0, _ENERGY_SAVER, 100),
        Entry(ON, WEEKEND, 7, 0, _ENERGY_SAVER, 103),
        Entry(OFF, WEEKEND, 14, 0, _HIGH_DEMAND, 111),
        Entry(ON, EVERY_DAY, 22, 30, _HEAT_PUMP, 92),
    ),
    members={"antiLegionellaUse": ON},
)

_GUESTS = Household(
    habits={(7, 30): (36, 7), (8, 10): (5, 4), (13, 0): (6, 5), (21, 15): (40, 8)},
    reservations=(Entry(ON, EVERY_DAY, 6, 0, _ENERGY_SAVER, 100), Entry(ON, EVERY_DAY, 22, 0, _HEAT_PUMP, 86)),
    recirculation=(
        Entry(ON, EVERY_DAY, 6, 30, ON, _NO_PARAMETER),
        Entry(ON, EVERY_DAY, 8, 30, OFF, _NO_PARAMETER),
        Entry(ON, EVERY_DAY, 20, 0, ON, _NO_PARAMETER),
        Entry(ON, EVERY_DAY, 22, 0, OFF, _NO_PARAMETER),
    ),
    tou=_evening_peak(16, 21),
    members={
        "recircOperationMode": 2,
        "recircTempSetting": 104,
        "recircTemperature": 87,
        "recircFaucetTemperature": 79,
    },
    feature={
        "volumeCode": 3,
        "recirculationUse": ON,
        "recircReservationUse": ON,
        "recircSwVersion": 16777216,
        "recircModelTypeCode": 1,
        "recircTemperatureMin": 70,
        "recircTemperatureMax": 120,
    },
)

HOUSEHOLDS = (_FAMILY, _GUESTS)
"""Who has the first heater, and the second, which pumps its water around; further ones are used in turn like these."""
