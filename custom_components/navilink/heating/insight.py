"""How long until the water is hot, and how much hot water there is; pure, without Home Assistant.

Everything is worked out of a heater's statuses and a few options. The tank is two halves, one at each probe, as in
protocol.md 13.3. What differs from home to home, how fast it heats and how fast it cools, is learned from clean
periods: with one heat source, without a draw, and long enough.
"""

from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from math import cos, pi

from ..nwp500 import DeviceStatus
from ..nwp500.enums import DhwMode, HeatSource
from .plan import HeatingMode

_LITERS_PER_GALLON = 3.785411784
# By nominal gallons: what the tank holds (protocol.md 9).
_RATED_GALLONS = {50: 45.2, 65: 63.2, 80: 76.1}
# Of the 65-gallon tank, on which the rest was measured (protocol.md 13.3).
_MEASURED = _RATED_GALLONS[65]
_WATT_HOURS_PER_CELSIUS = 281.0

# °C per hour of the 65-gallon tank's mean while the compressor runs, of its upper half under the upper element and of
# its lower half under the lower one. W that they take.
_COMPRESSOR_RISE, _UPPER_RISE, _LOWER_RISE = 4.55, 66.7, 45.0
COMPRESSOR_POWER, ELEMENT_POWER = 410.0, 5100.0
# Share of the difference to the air that the tank loses in an hour.
_LOSS = 0.0085
_WARMED_PROBE = 3.4
RESTART_LOCK_OUT = timedelta(seconds=330)
# °C short of the setpoint at which the upper element stops, by mode; then the compressor goes on alone.
_ELEMENT_STOPS_SHORT = {DhwMode.ENERGY_SAVER: 0.9, DhwMode.HIGH_DEMAND: 0.0, DhwMode.ELECTRIC: 0.0}

SHOWER_TEMPERATURE = 40.0
# Showers: so many more than at which it is low, hot water is not low any more.
_LOW_HYSTERESIS = 0.5
_COLD_MEAN, _COLD_SWING, _COLDEST_DAY = 13.0, 5.0, 45

_MIN_HEATING, _MIN_IDLE = timedelta(minutes=30), timedelta(hours=2)
# How much one more period counts, and how far from physics what is learned may be.
_WEIGHT = 0.25
_BOUNDS = (0.5, 1.5)
# Statuses that are further apart show too little of what happened between them.
_MAX_GAP = timedelta(minutes=5)


@dataclass(frozen=True, slots=True)
class Tank:
    """The size of a tank."""

    gallons: int
    """Nominal US gallons: 50, 65 or 80."""

    @property
    def liters(self) -> float:
        """What it holds."""
        return _RATED_GALLONS[self.gallons] * _LITERS_PER_GALLON

    @property
    def share(self) -> float:
        """Its size beside the one that was measured."""
        return _RATED_GALLONS[self.gallons] / _MEASURED

    def heat(self, celsius: float) -> float:
        """Return the Wh that warm the whole tank by so much."""
        return _WATT_HOURS_PER_CELSIUS * self.share * celsius


@dataclass(frozen=True, slots=True, kw_only=True)
class Learned:
    """How a heater differs from what physics predicts, and what it did last."""

    heat_pump: float = 1.0
    """Its heating rate with the compressor, as a factor."""
    element: float = 1.0
    """The same with an element."""
    loss: float = 1.0
    """Its standing loss, as a factor."""
    cop: float | None = None
    """Of the last clean period with the compressor: heat in the water by energy taken."""
    hygienic_at: datetime | None = None
    """When all the water was last hot enough for long enough, or the heater's own cycle ended."""


@dataclass(frozen=True, slots=True)
class Household:
    """How much hot water people need and how hot, and the cold water that they have."""

    cold_water: float | None = None
    """°C; None: by the season."""
    is_southern: bool = False
    """Whether they live in the southern hemisphere, where it is warmest in February."""
    liters_per_shower: float = 40.0
    """Of 40 °C."""
    low_showers: float = 1.0
    """Hot water is low while there is less than for so many showers."""
    hygiene_temperature: float = 60.0
    """°C that all the water has to have against legionella."""
    hygiene_minutes: float = 30.0
    """For how long it has to have that."""


def mean_temperature(status: DeviceStatus) -> float | None:
    """Return the mean of the two probes in °C."""
    upper, lower = status.tank_upper_temperature, status.tank_lower_temperature
    return None if upper is None or lower is None else (upper + lower) / 2


def missing_heat(status: DeviceStatus, tank: Tank, target: float) -> float | None:
    """Return the Wh that the water lacks to a temperature in °C, 0 if it is as warm."""
    mean = mean_temperature(status)
    return None if mean is None else max(0.0, tank.heat(target - mean))


def air_temperature(status: DeviceStatus) -> float | None:
    """Return the temperature of the air in °C; its probe is too warm while the fan rests (protocol.md 8.2)."""
    ambient = status.ambient_temperature
    return None if ambient is None else ambient - (0.0 if status.compressor_running else _WARMED_PROBE)


def standing_loss(status: DeviceStatus, tank: Tank, learned: Learned, target: float) -> float | None:
    """Return the W that the tank loses at a temperature in °C, in the air that is around it."""
    air = air_temperature(status)
    return None if air is None else max(0.0, tank.heat((target - air) * _LOSS * learned.loss))


def heating_rate(source: HeatSource, tank: Tank, learned: Learned) -> float:
    """Return by how many °C an hour a heat source warms the tank's mean."""
    rises = {
        HeatSource.NONE: 0.0,
        HeatSource.HEAT_PUMP: _COMPRESSOR_RISE * learned.heat_pump,
        HeatSource.ELEMENT: _LOWER_RISE / 2 * learned.element,
        HeatSource.HEAT_PUMP_AND_ELEMENT: _COMPRESSOR_RISE * learned.heat_pump + _UPPER_RISE / 2 * learned.element,
    }
    return rises[source] / tank.share


def heating_mode(
    mode: DhwMode, status: DeviceStatus, tank: Tank, learned: Learned, target: float
) -> HeatingMode | None:
    """Return how a heater heats to a temperature in °C in one of its modes; None if the status does not have enough.

    With elements that is the mean over the time in which the upper element, then the lower one or the compressor runs.
    """
    upper, mean = status.tank_upper_temperature, mean_temperature(status)
    if upper is None or mean is None:
        return None
    compressor = heating_rate(HeatSource.HEAT_PUMP, tank, learned)
    if mode not in {DhwMode.ELECTRIC, DhwMode.HIGH_DEMAND}:
        return HeatingMode(heat=tank.heat(compressor), power=COMPRESSOR_POWER, lock_out=RESTART_LOCK_OUT)
    missing, gap = max(0.1, target - mean), max(0.0, target - upper)
    upper_hours = gap / (_UPPER_RISE / tank.share * learned.element)
    if mode is DhwMode.ELECTRIC:
        rate = heating_rate(HeatSource.ELEMENT, tank, learned)
        hours = upper_hours + max(0.0, missing - gap / 2) / rate
        return HeatingMode(heat=tank.heat(missing / hours), power=ELEMENT_POWER)
    hours = upper_hours + max(0.0, missing - gap / 2 - upper_hours * compressor) / compressor
    power = COMPRESSOR_POWER + ELEMENT_POWER * upper_hours / hours
    return HeatingMode(heat=tank.heat(missing / hours), power=power, lock_out=RESTART_LOCK_OUT)


def cold_water(household: Household, day: date) -> float:
    """Return the temperature of the water that comes in: as given, or as is usual at that time of the year."""
    if household.cold_water is not None:
        return household.cold_water
    swing = -_COLD_SWING if household.is_southern else _COLD_SWING
    return _COLD_MEAN - swing * cos(2 * pi * (day.timetuple().tm_yday - _COLDEST_DAY) / 365)


def hot_water(status: DeviceStatus, tank: Tank, cold: float) -> float | None:
    """Return how many liters of 40 °C the tank gives with water of `cold` °C coming in; a colder half gives none."""
    upper, lower = status.tank_upper_temperature, status.tank_lower_temperature
    if upper is None or lower is None:
        return None
    halves = [half for half in (upper, lower) if half >= SHOWER_TEMPERATURE]
    return sum(tank.liters / 2 * (half - cold) / (SHOWER_TEMPERATURE - cold) for half in halves)


def showers_left(liters: float, household: Household) -> float:
    """Return how many showers so much water of 40 °C is for, in halves."""
    return int(liters / household.liters_per_shower * 2) / 2


def is_low(showers: float, household: Household, *, was_low: bool) -> bool:
    """Return whether there is less hot water than the household wants to have."""
    return showers < household.low_showers + (_LOW_HYSTERESIS if was_low else 0)


def time_until_hot(status: DeviceStatus, tank: Tank, learned: Learned) -> timedelta | None:
    """Return when the water will be as hot as it is set, None if nothing heats it, or while it is drawn from."""
    missing = status.missing_energy
    if missing is None or status.dhw_in_use is not False or status.heat_source is None:
        return None
    if missing <= 0:
        return timedelta(0)
    source, wait = status.heat_source, timedelta(0)
    if source is HeatSource.NONE:
        if not _is_compressor_due(status):
            return None
        source, wait = HeatSource.HEAT_PUMP, RESTART_LOCK_OUT
    hours = _hours(status, tank, learned, source, missing / tank.heat(1))
    return None if hours is None else wait + timedelta(hours=hours)


def _is_compressor_due(status: DeviceStatus) -> bool:
    """Return whether the lower probe starts the compressor (protocol.md 13.4)."""
    lower, upper, setpoint = (
        status.tank_lower_temperature,
        status.tank_upper_temperature,
        status.dhw_temperature_setting,
    )
    start = status.heat_pump_lower_on_temperature
    if lower is None or upper is None or setpoint is None or start is None:
        return False
    return status.dhw_mode in {DhwMode.HEAT_PUMP, DhwMode.ENERGY_SAVER} and lower <= start and upper < setpoint


def _hours(status: DeviceStatus, tank: Tank, learned: Learned, source: HeatSource, missing: float) -> float | None:
    """Return how long a source takes for so many °C of the mean, None if it loses as much as it gains."""
    loss = _loss_per_hour(status, learned)
    if source is HeatSource.HEAT_PUMP:
        return _at_rate(missing, heating_rate(source, tank, learned) - loss)
    upper, setpoint = status.tank_upper_temperature, status.dhw_temperature_setting
    if upper is None or setpoint is None:
        return None
    mode = status.dhw_mode if status.dhw_mode in _ELEMENT_STOPS_SHORT else DhwMode.HIGH_DEMAND
    # First the upper element until the upper half is hot, then the lower element, or the compressor alone.
    gap = max(0.0, setpoint - _ELEMENT_STOPS_SHORT[mode] - upper) if status.upper_element_on is not False else 0.0
    upper_hours = gap / (_UPPER_RISE / tank.share * learned.element)
    if source is HeatSource.ELEMENT:
        return _sum(upper_hours, _at_rate(missing - gap / 2, heating_rate(source, tank, learned) - loss))
    compressor = heating_rate(HeatSource.HEAT_PUMP, tank, learned) - loss
    return _sum(upper_hours, _at_rate(missing - gap / 2 - upper_hours * compressor, compressor))


def _loss_per_hour(status: DeviceStatus, learned: Learned) -> float:
    """Return by how many °C an hour the mean falls at rest; 0 if that cannot be known."""
    mean, air = mean_temperature(status), air_temperature(status)
    return 0.0 if mean is None or air is None else max(0.0, (mean - air) * _LOSS * learned.loss)


def _at_rate(celsius: float, rate: float) -> float | None:
    if celsius <= 0:
        return 0.0
    return celsius / rate if rate > 0 else None


def _sum(hours: float, more: float | None) -> float | None:
    return None if more is None else hours + more


# What is learned


@dataclass(frozen=True, slots=True)
class _Sample:
    """A status at a time."""

    at: datetime
    status: DeviceStatus
    mean: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Observer:
    """What is known from the statuses so far; `after` gives what is known with one more."""

    tank: Tank
    household: Household = field(default_factory=Household)
    learned: Learned = field(default_factory=Learned)
    _first: _Sample | None = None
    """Where the period began that is going on, with one source and without a draw."""
    _last: _Sample | None = None
    _energy: float = 0.0
    """Wh taken in that period."""
    _hot_since: datetime | None = None

    def after(self, status: DeviceStatus, at: datetime) -> Observer:
        """Return what is known with a status received at a time."""
        mean = mean_temperature(status)
        if mean is None:
            return replace(self, learned=self._with_period(), _first=None, _last=None, _hot_since=None)
        sample = _Sample(at, status, mean)
        hot_since = self._still_hot_since(sample)
        last = self._last if self._last is not None and _goes_on(self._last, sample) else None
        learned = self._with_period() if last is None else self.learned
        if self._is_hygienic(sample, hot_since):
            learned = replace(learned, hygienic_at=at)
        seen = replace(self, learned=learned, _last=sample, _hot_since=hot_since)
        if last is None:
            return replace(seen, _first=sample if _is_clean(sample) else None, _energy=0.0)
        hours = (at - last.at) / timedelta(hours=1)
        return replace(seen, _energy=self._energy + (last.status.current_power or 0.0) * hours)

    def _with_period(self) -> Learned:
        """Return what is learned with the period that has ended."""
        first, last = self._first, self._last
        air = None if first is None else air_temperature(first.status)
        if first is None or last is None or air is None:
            return self.learned
        time, source = last.at - first.at, first.status.heat_source
        if source is None or time < (_MIN_IDLE if source is HeatSource.NONE else _MIN_HEATING):
            return self.learned
        hours = time / timedelta(hours=1)
        rise, difference = (last.mean - first.mean) / hours, (first.mean + last.mean) / 2 - air
        if source is HeatSource.NONE:
            return replace(self.learned, loss=_blended(self.learned.loss, -rise, difference * _LOSS))
        gained = rise + max(0.0, difference) * _LOSS * self.learned.loss
        return self._with_heating(source, gained, self.tank.heat(gained) * hours)

    def _with_heating(self, source: HeatSource, gained: float, heat: float) -> Learned:
        """Return what is learned from heating by so many °C an hour, and from the Wh of heat in all."""
        learned, usual = self.learned, heating_rate(source, self.tank, Learned())
        if source is HeatSource.HEAT_PUMP:
            cop = heat / self._energy if self._energy > 0 else learned.cop
            return replace(learned, heat_pump=_blended(learned.heat_pump, gained, usual), cop=cop)
        is_lower = self._first is not None and self._first.status.upper_element_on is False
        if source is HeatSource.ELEMENT and is_lower:
            return replace(learned, element=_blended(learned.element, gained, usual))
        return learned

    def _still_hot_since(self, sample: _Sample) -> datetime | None:
        """Return since when all the water has been hot enough against legionella, None if it is not."""
        upper, lower = sample.status.tank_upper_temperature, sample.status.tank_lower_temperature
        if min(upper or 0.0, lower or 0.0) < self.household.hygiene_temperature:
            return None
        is_known_since = self._last is not None and sample.at - self._last.at <= _MAX_GAP
        return self._hot_since if is_known_since and self._hot_since is not None else sample.at

    def _is_hygienic(self, sample: _Sample, hot_since: datetime | None) -> bool:
        """Return whether the water was hot enough for long enough, or the heater's own cycle has just ended."""
        status, last = sample.status, self._last
        has_ended = (
            last is not None
            and last.status.anti_legionella_running is True
            and status.anti_legionella_running is False
            and (status.tank_upper_temperature or 0.0) >= self.household.hygiene_temperature - 1
        )
        hygiene_time = timedelta(minutes=self.household.hygiene_minutes)
        return has_ended or (hot_since is not None and sample.at - hot_since >= hygiene_time)


def _is_clean(sample: _Sample) -> bool:
    """Return whether a period can begin: without a draw, and with a source that is known."""
    return sample.status.dhw_in_use is False and sample.status.heat_source is not None


def _goes_on(last: _Sample, sample: _Sample) -> bool:
    """Return whether a status belongs to the same period as the one before it."""
    before, now = last.status, sample.status
    return (
        sample.at - last.at <= _MAX_GAP
        and _is_clean(last)
        and _is_clean(sample)
        and before.heat_source is now.heat_source
        and before.upper_element_on is now.upper_element_on
    )


def _blended(factor: float, measured: float, usual: float) -> float:
    """Return a factor with one more measurement in it, within its bounds."""
    if usual <= 0:
        return factor
    low, high = _BOUNDS
    return min(high, max(low, factor + _WEIGHT * (measured / usual - factor)))
