"""What a heater measures, and how its commands and its connection are doing."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import override

from homeassistant.components.sensor import (
    SensorDeviceClass,
    SensorEntity,
    SensorEntityDescription,
    SensorStateClass,
)
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
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback
from homeassistant.helpers.typing import StateType
from homeassistant.util.unit_system import US_CUSTOMARY_SYSTEM

from .coordinator import NavilinkConfigEntry
from .entity import MeasuredEntity, NavilinkEntity, async_add_for_each_heater
from .heater import CONNECTION_STATES, HeaterState
from .heating.boost_entities import BoostEndSensor
from .heating.insight_entities import insight_sensors
from .nwp500 import DeviceStatus, enums, error_codes
from .schedule_sensor import next_entry_sensors
from .wording import fault_words

PARALLEL_UPDATES = 0

NO_ERROR = "none"

type Attributes = Mapping[str, object]


@dataclass(frozen=True, kw_only=True)
class StatusSensorDescription(SensorEntityDescription):
    """A sensor and how its value and attributes are read from a status."""

    value_fn: Callable[[DeviceStatus], StateType]
    attributes_fn: Callable[[HomeAssistant, DeviceStatus], Attributes | None] = lambda _hass, _status: None
    us_unit_of_measurement: str | None = None
    """What users of US units see at first, where Home Assistant converts nothing by itself."""


@dataclass(frozen=True, kw_only=True)
class ServiceSensorDescription(SensorEntityDescription):
    """A sensor of what this side knows about a heater: its commands and its messages."""

    value_fn: Callable[[HeaterState], StateType | datetime]
    attributes_fn: Callable[[HomeAssistant, HeaterState], Attributes | None] = lambda _hass, _heater: None


def _temperature(
    key: str, value_fn: Callable[[DeviceStatus], StateType], *, is_for_experts: bool = False
) -> StatusSensorDescription:
    return StatusSensorDescription(
        key=key,
        translation_key=key,
        device_class=SensorDeviceClass.TEMPERATURE,
        state_class=SensorStateClass.MEASUREMENT,
        native_unit_of_measurement=UnitOfTemperature.CELSIUS,
        suggested_display_precision=1,
        entity_category=EntityCategory.DIAGNOSTIC if is_for_experts else None,
        entity_registry_enabled_default=not is_for_experts,
        value_fn=value_fn,
    )


def _vacation_days_left(status: DeviceStatus) -> int | None:
    days, elapsed = status.vacation_days, status.vacation_days_elapsed
    if status.is_on_vacation is False:
        return 0
    return None if days is None or elapsed is None else max(0, days - elapsed)


def _error_code(status: DeviceStatus) -> str | None:
    code = status.error_code
    if code is None:
        return None
    return error_codes.error_label(code) if code else NO_ERROR


def _count(key: str, value_fn: Callable[[HeaterState], int]) -> ServiceSensorDescription:
    return ServiceSensorDescription(
        key=key,
        translation_key=key,
        state_class=SensorStateClass.TOTAL_INCREASING,
        entity_category=EntityCategory.DIAGNOSTIC,
        value_fn=value_fn,
    )


STATUS_DESCRIPTIONS = (
    _temperature("tank_upper_temperature", lambda status: status.tank_upper_temperature),
    _temperature("tank_lower_temperature", lambda status: status.tank_lower_temperature),
    _temperature("ambient_temperature", lambda status: status.ambient_temperature),
    # A unit that has no such sensor always reads 0 (protocol.md 8.5).
    _temperature("outside_temperature", lambda status: status.outside_temperature, is_for_experts=True),
    _temperature("discharge_temperature", lambda status: status.discharge_temperature, is_for_experts=True),
    _temperature("suction_temperature", lambda status: status.suction_temperature, is_for_experts=True),
    _temperature("evaporator_temperature", lambda status: status.evaporator_temperature, is_for_experts=True),
    StatusSensorDescription(
        key="hot_water_charge",
        translation_key="hot_water_charge",
        state_class=SensorStateClass.MEASUREMENT,
        native_unit_of_measurement=UnitOfRatio.PERCENTAGE,
        value_fn=lambda status: status.dhw_charge,
    ),
    StatusSensorDescription(
        key="power",
        translation_key="power",
        device_class=SensorDeviceClass.POWER,
        state_class=SensorStateClass.MEASUREMENT,
        native_unit_of_measurement=UnitOfPower.WATT,
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
        value_fn=lambda status: status.usable_energy,
    ),
    StatusSensorDescription(
        key="flow_rate",
        translation_key="flow_rate",
        device_class=SensorDeviceClass.VOLUME_FLOW_RATE,
        state_class=SensorStateClass.MEASUREMENT,
        native_unit_of_measurement=UnitOfVolumeFlowRate.LITERS_PER_MINUTE,
        us_unit_of_measurement=UnitOfVolumeFlowRate.GALLONS_PER_MINUTE,
        value_fn=lambda status: status.dhw_flow_rate,
    ),
    # Some firmware counts nothing here (protocol.md 8.5).
    StatusSensorDescription(
        key="hot_water_total",
        translation_key="hot_water_total",
        device_class=SensorDeviceClass.WATER,
        state_class=SensorStateClass.TOTAL_INCREASING,
        native_unit_of_measurement=UnitOfVolume.LITERS,
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
        key="error_code",
        translation_key="error_code",
        entity_category=EntityCategory.DIAGNOSTIC,
        value_fn=_error_code,
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

SERVICE_DESCRIPTIONS = (
    ServiceSensorDescription(
        key="connection_status",
        translation_key="connection_status",
        device_class=SensorDeviceClass.ENUM,
        entity_category=EntityCategory.DIAGNOSTIC,
        options=list(CONNECTION_STATES),
        value_fn=lambda heater: heater.connection.state,
        attributes_fn=lambda _, heater: {
            "detail": heater.connection.detail,
            "since": heater.connection.since,
            "next_attempt": heater.connection.next_attempt_at,
        },
    ),
    ServiceSensorDescription(
        key="queued_commands",
        translation_key="queued_commands",
        state_class=SensorStateClass.MEASUREMENT,
        entity_category=EntityCategory.DIAGNOSTIC,
        value_fn=lambda heater: heater.queued_count,
        attributes_fn=lambda hass, heater: {"commands": [command.in_words(hass) for command in heater.pending]},
    ),
    _count("dropped_commands", lambda heater: heater.dropped),
    _count("expired_commands", lambda heater: heater.expired),
    ServiceSensorDescription(
        key="last_message",
        translation_key="last_message",
        device_class=SensorDeviceClass.TIMESTAMP,
        entity_category=EntityCategory.DIAGNOSTIC,
        value_fn=lambda heater: heater.shown_message_at,
    ),
)


async def async_setup_entry(
    _hass: HomeAssistant, entry: NavilinkConfigEntry, async_add_entities: AddConfigEntryEntitiesCallback
) -> None:
    """Set up the sensors."""
    async_add_for_each_heater(
        entry,
        async_add_entities,
        lambda coordinator, mac_address: [
            *(StatusSensor(coordinator, mac_address, each) for each in STATUS_DESCRIPTIONS),
            *(ServiceSensor(coordinator, mac_address, each) for each in SERVICE_DESCRIPTIONS),
            *next_entry_sensors(coordinator, mac_address),
            BoostEndSensor(coordinator, mac_address),
            *insight_sensors(coordinator, mac_address),
        ],
    )


class StatusSensor(MeasuredEntity, SensorEntity):
    """A sensor of what the heater reports."""

    entity_description: StatusSensorDescription

    @property
    @override
    def suggested_unit_of_measurement(self) -> str | None:
        """Return the unit to begin with."""
        description = self.entity_description
        if description.us_unit_of_measurement and self.hass.config.units is US_CUSTOMARY_SYSTEM:
            return description.us_unit_of_measurement
        return description.suggested_unit_of_measurement

    @property
    @override
    def native_value(self) -> StateType:
        """Return the value in the last status."""
        return None if self.status is None else self.entity_description.value_fn(self.status)

    @property
    @override
    def extra_state_attributes(self) -> Attributes | None:
        """Return what explains the value."""
        return None if self.status is None else self.entity_description.attributes_fn(self.hass, self.status)


class ServiceSensor(NavilinkEntity, SensorEntity):
    """A sensor of what this side knows, connected or not."""

    # Neither is worth recording: the one is long, the other changes with each attempt to connect.
    _unrecorded_attributes = frozenset({"commands", "next_attempt"})

    entity_description: ServiceSensorDescription

    @property
    @override
    def native_value(self) -> StateType | datetime:
        """Return the value of now."""
        return self.entity_description.value_fn(self.heater)

    @property
    @override
    def extra_state_attributes(self) -> Attributes | None:
        """Return what explains the value."""
        return self.entity_description.attributes_fn(self.hass, self.heater)
