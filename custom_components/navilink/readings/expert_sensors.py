"""What a technician asks a heater for: refrigerant circuit, thermostats, recirculation and codes of each status.

All of these are disabled by default. What the wire does not explain is shown as the number that it is.
"""

from collections.abc import Callable

from homeassistant.components.sensor import SensorDeviceClass, SensorStateClass
from homeassistant.const import (
    REVOLUTIONS_PER_MINUTE,
    EntityCategory,
    UnitOfEnergy,
    UnitOfRatio,
    UnitOfTemperature,
    UnitOfTime,
    UnitOfVolumeFlowRate,
)

from ..nwp500 import DeviceFeature, DeviceStatus
from .status_sensors import StatusSensorDescription

type Value = Callable[[DeviceStatus], float | None]
type IsFitted = Callable[[DeviceFeature], bool | None]


def _expert(
    key: str,
    value_fn: Value,
    unit: str | None = None,
    device_class: SensorDeviceClass | None = None,
    *,
    precision: int | None = 0,
    is_fitted: IsFitted | None = None,
    us_unit: str | None = None,
) -> StatusSensorDescription:
    return StatusSensorDescription(
        key=key,
        translation_key=key,
        device_class=device_class,
        state_class=SensorStateClass.MEASUREMENT,
        native_unit_of_measurement=unit,
        us_unit_of_measurement=us_unit,
        suggested_display_precision=precision,
        entity_category=EntityCategory.DIAGNOSTIC,
        entity_registry_enabled_default=False,
        is_fitted=is_fitted,
        value_fn=value_fn,
    )


def _temperature(key: str, value_fn: Value, is_fitted: IsFitted | None = None) -> StatusSensorDescription:
    return _expert(
        key, value_fn, UnitOfTemperature.CELSIUS, SensorDeviceClass.TEMPERATURE, precision=1, is_fitted=is_fitted
    )


def _difference(key: str, value_fn: Value) -> StatusSensorDescription:
    return _expert(
        key,
        value_fn,
        UnitOfTemperature.CELSIUS,
        SensorDeviceClass.TEMPERATURE_DELTA,
        precision=1,
        us_unit=UnitOfTemperature.FAHRENHEIT,
    )


def _missing_heat(key: str, value_fn: Value) -> StatusSensorDescription:
    """Describe heat in Wh; it has no device class, for it is not stored but missing."""

    def kilowatt_hours(status: DeviceStatus) -> float | None:
        watt_hours = value_fn(status)
        return None if watt_hours is None else watt_hours / 1000

    return _expert(key, kilowatt_hours, UnitOfEnergy.KILO_WATT_HOUR, precision=2)


def _code(key: str, value_fn: Value) -> StatusSensorDescription:
    """Describe a number that stands for something: it has no unit, and a mean of it means nothing."""
    return StatusSensorDescription(
        key=key,
        translation_key=key,
        entity_category=EntityCategory.DIAGNOSTIC,
        entity_registry_enabled_default=False,
        value_fn=value_fn,
    )


def _has_recirculation(feature: DeviceFeature) -> bool | None:
    return feature.supports_recirculation


EXPERT_DESCRIPTIONS = (
    # A unit that has no such sensor always reads 0 (protocol.md 8.5).
    _temperature("outside_temperature", lambda status: status.outside_temperature),
    _temperature("discharge_temperature", lambda status: status.discharge_temperature),
    _temperature("suction_temperature", lambda status: status.suction_temperature),
    _temperature("evaporator_temperature", lambda status: status.evaporator_temperature),
    _difference("target_superheat", lambda status: status.target_superheat),
    _difference("current_superheat", lambda status: status.current_superheat),
    _expert("target_fan_speed", lambda status: status.target_fan_speed, REVOLUTIONS_PER_MINUTE),
    _expert("fan_speed", lambda status: status.current_fan_speed, REVOLUTIONS_PER_MINUTE),
    _expert("expansion_valve_position", lambda status: status.expansion_valve_steps),
    _expert(
        "mixing_valve_position",
        lambda status: status.mixing_valve_position,
        UnitOfRatio.PERCENTAGE,
        is_fitted=lambda feature: feature.supports_mixing_valve,
    ),
    _temperature("heat_pump_upper_on", lambda status: status.heat_pump_upper_on_temperature),
    _temperature("heat_pump_upper_off", lambda status: status.heat_pump_upper_off_temperature),
    _temperature("heat_pump_lower_on", lambda status: status.heat_pump_lower_on_temperature),
    _temperature("heat_pump_lower_off", lambda status: status.heat_pump_lower_off_temperature),
    _temperature("element_upper_on", lambda status: status.element_upper_on_temperature),
    _temperature("element_upper_off", lambda status: status.element_upper_off_temperature),
    _temperature("element_lower_on", lambda status: status.element_lower_on_temperature),
    _temperature("element_lower_off", lambda status: status.element_lower_off_temperature),
    _temperature(
        "freeze_protection_temperature",
        lambda status: status.freeze_protection_temperature,
        lambda feature: feature.supports_freeze_protection,
    ),
    _temperature("recirculation_temperature", lambda status: status.recirculation_temperature, _has_recirculation),
    _temperature(
        "recirculation_faucet_temperature",
        lambda status: status.recirculation_faucet_temperature,
        _has_recirculation,
    ),
    _expert(
        "recirculation_flow",
        lambda status: status.recirculation_flow_rate,
        UnitOfVolumeFlowRate.LITERS_PER_MINUTE,
        SensorDeviceClass.VOLUME_FLOW_RATE,
        precision=1,
        is_fitted=_has_recirculation,
        us_unit=UnitOfVolumeFlowRate.GALLONS_PER_MINUTE,
    ),
    _missing_heat("full_recovery_energy", lambda status: status.full_recovery_energy),
    _missing_heat("missing_energy", lambda status: status.missing_energy),
    _expert(
        "filter_hours_used", lambda status: status.evaporator_fan_hours, UnitOfTime.HOURS, SensorDeviceClass.DURATION
    ),
    _code("state_number", lambda status: status.state_number),
    _code("special_function", lambda status: status.special_function),
    _code("minor_error_code", lambda status: status.minor_code),
    _code("fault_status_1", lambda status: status.fault_status_1),
    _code("fault_status_2", lambda status: status.fault_status_2),
    _code("smart_diagnostic", lambda status: status.smart_diagnostic),
)
