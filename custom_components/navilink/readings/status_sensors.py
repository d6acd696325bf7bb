"""What a heater reports in each status: temperatures, power, hot water, and how it is set.

What only a technician asks for stands in `expert_sensors`.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from homeassistant.components.sensor import SensorDeviceClass, SensorEntityDescription, SensorStateClass
from homeassistant.const import (
    SIGNAL_STRENGTH_DECIBELS_MILLIWATT,
    EntityCategory,
    UnitOfEnergy,
    UnitOfPower,
    UnitOfRatio,
    UnitOfTemperature,
    UnitOfTime,
    UnitOfVolume,
    UnitOfVolumeFlowRate,
)
from homeassistant.core import HomeAssistant
from homeassistant.helpers.typing import StateType

from ..entity import FittedDescription
from ..nwp500 import DeviceStatus, enums, models
from ..wording import fault_words

NO_ERROR = "none"

type Attributes = Mapping[str, object]


@dataclass(frozen=True, kw_only=True)
class StatusSensorDescription(FittedDescription, SensorEntityDescription):
    """A sensor and how its value and attributes are read from a status."""

    value_fn: Callable[[DeviceStatus], StateType]
    attributes_fn: Callable[[HomeAssistant, DeviceStatus], Attributes | None] = lambda _hass, _status: None
    us_unit_of_measurement: str | None = None
    """What users of US units see at first, where Home Assistant converts nothing by itself."""


def _temperature(
    key: str,
    value_fn: Callable[[DeviceStatus], StateType],
    *,
    is_enabled: bool = True,
    category: EntityCategory | None = None,
) -> StatusSensorDescription:
    return StatusSensorDescription(
        key=key,
        translation_key=key,
        device_class=SensorDeviceClass.TEMPERATURE,
        state_class=SensorStateClass.MEASUREMENT,
        native_unit_of_measurement=UnitOfTemperature.CELSIUS,
        suggested_display_precision=1,
        entity_category=category,
        entity_registry_enabled_default=is_enabled,
        value_fn=value_fn,
    )


def _vacation_days_left(status: DeviceStatus) -> int | None:
    days, elapsed = status.vacation_days, status.vacation_days_elapsed
    if status.is_on_vacation is False:
        return 0
    return None if days is None or elapsed is None else max(0, days - elapsed)


def error_code_shown(code: int | None) -> str | None:
    """Return an error code as people know it, such as `E096`."""
    if code is None:
        return None
    return models.error_codes.error_label(code) if code else NO_ERROR


TOU_OFF, TOU_OFF_PEAK, TOU_PEAK, TOU_OVERRIDDEN = TOU_STATES = ("off", "off_peak", "peak", "overridden")


def time_of_use_state(status: DeviceStatus) -> str | None:
    """Return what time of use does now.

    That it is enabled does not mean that a peak period is in force; the thermostat shows that (protocol.md 13.5).
    """
    if not status.tou_enabled:
        return TOU_OFF if status.tou_enabled is False else None
    if status.tou_overridden:
        return TOU_OVERRIDDEN
    is_peak = status.is_in_tou_window
    return None if is_peak is None else TOU_PEAK if is_peak else TOU_OFF_PEAK


STATUS_DESCRIPTIONS = (
    _temperature("tank_upper_temperature", lambda status: status.tank_upper_temperature),
    _temperature("tank_lower_temperature", lambda status: status.tank_lower_temperature, is_enabled=False),
    _temperature("ambient_temperature", lambda status: status.ambient_temperature, is_enabled=False),
    StatusSensorDescription(
        key="hot_water_charge",
        translation_key="hot_water_charge",
        state_class=SensorStateClass.MEASUREMENT,
        native_unit_of_measurement=UnitOfRatio.PERCENTAGE,
        suggested_display_precision=0,
        value_fn=lambda status: status.dhw_charge,
    ),
    StatusSensorDescription(
        key="power",
        translation_key="power",
        device_class=SensorDeviceClass.POWER,
        state_class=SensorStateClass.MEASUREMENT,
        native_unit_of_measurement=UnitOfPower.WATT,
        suggested_display_precision=0,
        value_fn=lambda status: status.current_power,
    ),
    StatusSensorDescription(
        key="usable_energy",
        translation_key="usable_energy",
        device_class=SensorDeviceClass.ENERGY_STORAGE,
        state_class=SensorStateClass.MEASUREMENT,
        native_unit_of_measurement=UnitOfEnergy.WATT_HOUR,
        suggested_unit_of_measurement=UnitOfEnergy.KILO_WATT_HOUR,
        suggested_display_precision=2,
        entity_registry_enabled_default=False,
        value_fn=lambda status: status.usable_energy,
    ),
    StatusSensorDescription(
        key="flow_rate",
        translation_key="flow_rate",
        device_class=SensorDeviceClass.VOLUME_FLOW_RATE,
        state_class=SensorStateClass.MEASUREMENT,
        native_unit_of_measurement=UnitOfVolumeFlowRate.LITERS_PER_MINUTE,
        us_unit_of_measurement=UnitOfVolumeFlowRate.GALLONS_PER_MINUTE,
        suggested_display_precision=1,
        entity_registry_enabled_default=False,
        value_fn=lambda status: status.dhw_flow_rate,
    ),
    # Some firmware counts nothing here (protocol.md 8.5).
    StatusSensorDescription(
        key="hot_water_total",
        translation_key="hot_water_total",
        device_class=SensorDeviceClass.WATER,
        state_class=SensorStateClass.TOTAL_INCREASING,
        native_unit_of_measurement=UnitOfVolume.LITERS,
        suggested_display_precision=0,
        entity_registry_enabled_default=False,
        value_fn=lambda status: status.cumulated_dhw_volume,
    ),
    StatusSensorDescription(
        key="heat_source",
        translation_key="heat_source",
        device_class=SensorDeviceClass.ENUM,
        options=[source.name.lower() for source in enums.HeatSource],
        value_fn=lambda status: None if status.heat_source is None else status.heat_source.name.lower(),
    ),
    StatusSensorDescription(
        key="operation",
        translation_key="operation",
        device_class=SensorDeviceClass.ENUM,
        options=[operation.name.lower() for operation in enums.OperationMode],
        entity_registry_enabled_default=False,
        value_fn=lambda status: None if status.operation_mode is None else status.operation_mode.name.lower(),
    ),
    StatusSensorDescription(
        key="vacation_days_left",
        translation_key="vacation_days_left",
        device_class=SensorDeviceClass.DURATION,
        native_unit_of_measurement=UnitOfTime.DAYS,
        value_fn=_vacation_days_left,
    ),
    StatusSensorDescription(
        key="time_of_use_state",
        translation_key="time_of_use_state",
        device_class=SensorDeviceClass.ENUM,
        options=list(TOU_STATES),
        is_fitted=lambda feature: feature.supports_program_reservation,
        value_fn=time_of_use_state,
    ),
    StatusSensorDescription(
        key="demand_response_event",
        translation_key="demand_response_event",
        device_class=SensorDeviceClass.ENUM,
        entity_registry_enabled_default=False,
        options=[event.name.lower() for event in enums.DrEvent],
        is_fitted=lambda feature: feature.supports_demand_response,
        value_fn=lambda status: None if status.dr_event is None else status.dr_event.name.lower(),
    ),
    StatusSensorDescription(
        key="error_code",
        translation_key="error_code",
        entity_category=EntityCategory.DIAGNOSTIC,
        value_fn=lambda status: error_code_shown(status.error_code),
        attributes_fn=lambda hass, status: {
            "meaning": fault_words(hass, status.error_code, status.sub_error_code),
            "sub_code": status.sub_error_code,
        },
    ),
    StatusSensorDescription(
        key="filter_hours_left",
        translation_key="filter_hours_left",
        device_class=SensorDeviceClass.DURATION,
        native_unit_of_measurement=UnitOfTime.HOURS,
        suggested_display_precision=0,
        entity_category=EntityCategory.DIAGNOSTIC,
        value_fn=lambda status: status.filter_hours_left,
    ),
    StatusSensorDescription(
        key="wifi_signal",
        translation_key="wifi_signal",
        device_class=SensorDeviceClass.SIGNAL_STRENGTH,
        state_class=SensorStateClass.MEASUREMENT,
        native_unit_of_measurement=SIGNAL_STRENGTH_DECIBELS_MILLIWATT,
        entity_category=EntityCategory.DIAGNOSTIC,
        entity_registry_enabled_default=False,
        value_fn=lambda status: status.wifi_signal,
    ),
)
