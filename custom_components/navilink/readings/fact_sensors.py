"""What a heater has counted in its life: energy and hours, and the counters of the installer's diagnostics.

Left out are the counters whose unit or meaning nobody knows: the times of demand response, of the recirculation pump
and of an inverter compressor, the average mixing rate, and the occurrences of `Hpo` (protocol.md 10.2).
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from homeassistant.components.sensor import SensorDeviceClass, SensorEntityDescription, SensorStateClass
from homeassistant.const import EntityCategory, UnitOfEnergy, UnitOfTime, UnitOfVolume

from ..entity import FittedDescription
from ..nwp500 import DeviceFeature, models
from .heater_facts import DIAGNOSTICS, ENERGY, Fact

type IsFitted = Callable[[DeviceFeature], bool | None]
type Used = Callable[[models.EnergyAmount], float | None]
type Counted = Callable[[models.Diagnostics], float | None]


@dataclass(frozen=True, kw_only=True)
class FactSensorDescription[T](FittedDescription, SensorEntityDescription):
    """A sensor of a fact, and how its value is read from it."""

    fact: Fact[T]
    value_fn: Callable[[T], float | None]


def _has_energy(feature: DeviceFeature) -> bool | None:
    return feature.supports_energy_usage


def _has_mixing_valve(feature: DeviceFeature) -> bool | None:
    return feature.supports_mixing_valve


def _energy(key: str, value_fn: Used, *, is_enabled: bool = False) -> FactSensorDescription[models.EnergyAmount]:
    return FactSensorDescription(
        key=key,
        translation_key=key,
        device_class=SensorDeviceClass.ENERGY,
        state_class=SensorStateClass.TOTAL_INCREASING,
        native_unit_of_measurement=UnitOfEnergy.WATT_HOUR,
        suggested_unit_of_measurement=UnitOfEnergy.KILO_WATT_HOUR,
        suggested_display_precision=2,
        entity_registry_enabled_default=is_enabled,
        is_fitted=_has_energy,
        fact=ENERGY,
        value_fn=value_fn,
    )


def _running_hours(key: str, value_fn: Used, wire_name: str) -> FactSensorDescription[models.EnergyAmount]:
    return FactSensorDescription(
        key=key,
        translation_key=key,
        device_class=SensorDeviceClass.DURATION,
        state_class=SensorStateClass.TOTAL_INCREASING,
        native_unit_of_measurement=UnitOfTime.HOURS,
        suggested_display_precision=0,
        entity_category=EntityCategory.DIAGNOSTIC,
        entity_registry_enabled_default=False,
        is_fitted=_has_energy,
        fact=ENERGY,
        # In a list a time may be left out where it is 0. A total without it is no total of 0.
        value_fn=lambda used: value_fn(used) if wire_name in used.raw else None,
    )


def _counter(
    key: str,
    value_fn: Counted,
    *,
    unit: str | None = None,
    device_class: SensorDeviceClass | None = None,
    state_class: SensorStateClass = SensorStateClass.TOTAL_INCREASING,
    is_fitted: IsFitted | None = None,
) -> FactSensorDescription[models.Diagnostics]:
    return FactSensorDescription(
        key=key,
        translation_key=key,
        device_class=device_class,
        state_class=state_class,
        native_unit_of_measurement=unit,
        suggested_display_precision=0,
        entity_category=EntityCategory.DIAGNOSTIC,
        entity_registry_enabled_default=False,
        is_fitted=is_fitted,
        fact=DIAGNOSTICS,
        value_fn=value_fn,
    )


_hours = partial(_counter, unit=UnitOfTime.HOURS, device_class=SensorDeviceClass.DURATION)
_volume = partial(_counter, unit=UnitOfVolume.LITERS, device_class=SensorDeviceClass.WATER)

ENERGY_DESCRIPTIONS = (
    _energy("energy_heat_pump", lambda used: used.heat_pump),
    _energy("energy_elements", lambda used: used.elements),
    _energy("energy_total", lambda used: used.energy, is_enabled=True),
    _running_hours("heat_pump_hours", lambda used: used.heat_pump_hours, "hpTime"),
    _running_hours("element_hours", lambda used: used.element_hours, "heTime"),
)

COUNTER_DESCRIPTIONS = (
    _counter(
        "days_since_installation",
        lambda counted: counted.system.days_since_installation,
        unit=UnitOfTime.DAYS,
        device_class=SensorDeviceClass.DURATION,
    ),
    _counter("eco_trips", lambda counted: counted.system.eco_trips),
    _counter("dry_fires", lambda counted: counted.system.dry_fires),
    _counter("freeze_protections", lambda counted: counted.system.freeze_protections),
    _counter("condensate_overflows", lambda counted: counted.system.condensate_overflows),
    _counter("water_overflows", lambda counted: counted.system.water_overflows),
    _counter("abnormal_discharge_temperatures", lambda counted: counted.system.abnormal_discharge_temperatures),
    _counter("abnormal_suction_temperatures", lambda counted: counted.system.abnormal_suction_temperatures),
    _counter(
        "abnormal_discharge_suction_differences",
        lambda counted: counted.system.abnormal_discharge_suction_differences,
    ),
    # Some firmware leaves the counters of draws at 0.
    _counter("draws", lambda counted: counted.draws.draws),
    _counter("short_draws", lambda counted: counted.draws.short_draws),
    _counter("long_draws", lambda counted: counted.draws.long_draws),
    _volume("drawn_volume", lambda counted: counted.draws.drawn_volume),
    _volume("long_drawn_volume", lambda counted: counted.draws.long_drawn_volume),
    _hours("draw_hours", lambda counted: counted.draws.draw_time),
    _hours("long_draw_hours", lambda counted: counted.draws.long_draw_time),
    _counter(
        "average_recovery_time",
        lambda counted: counted.draws.average_recovery_time,
        unit=UnitOfTime.MINUTES,
        device_class=SensorDeviceClass.DURATION,
        state_class=SensorStateClass.MEASUREMENT,
    ),
    _hours("compressor_hours", lambda counted: counted.parts.compressor_time),
    _counter("compressor_starts", lambda counted: counted.parts.compressor_starts),
    _hours("fan_hours", lambda counted: counted.parts.evaporator_fan_time),
    _counter("fan_starts", lambda counted: counted.parts.evaporator_fan_starts),
    _counter("expansion_valve_steps", lambda counted: counted.parts.expansion_valve_steps),
    _hours("upper_element_hours", lambda counted: counted.parts.upper_element_time),
    _counter("upper_element_starts", lambda counted: counted.parts.upper_element_starts),
    _hours("lower_element_hours", lambda counted: counted.parts.lower_element_time),
    _counter("lower_element_starts", lambda counted: counted.parts.lower_element_starts),
    _counter("shut_off_valve_operations", lambda counted: counted.parts.shut_off_valve_operations),
    _counter("mixing_valve_steps", lambda counted: counted.parts.mixing_valve_steps, is_fitted=_has_mixing_valve),
    _counter(
        "recirculation_pump_starts",
        lambda counted: counted.parts.recirculation_pump_starts,
        is_fitted=lambda feature: feature.supports_recirculation,
    ),
)
