"""The sensors of how much hot water there is, when it will be hot, and what is learned about a heater."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import override

from homeassistant.components.binary_sensor import BinarySensorEntity, BinarySensorEntityDescription
from homeassistant.components.sensor import (
    SensorDeviceClass,
    SensorEntity,
    SensorEntityDescription,
    SensorStateClass,
)
from homeassistant.const import EntityCategory, UnitOfPower, UnitOfTemperature, UnitOfTime, UnitOfVolume
from homeassistant.helpers.typing import StateType

from ..coordinator import NavilinkCoordinator
from ..entity import MeasuredEntity
from ..nwp500.enums import HeatSource
from ..wording import quantity
from .insight import Tank, heating_rate, standing_loss
from .observers import Insight


@dataclass(frozen=True, kw_only=True)
class InsightSensorDescription(SensorEntityDescription):
    """A sensor and how its value is read."""

    value_fn: Callable[[InsightSensor], StateType | datetime]
    is_rate: bool = False
    """Whether it is a change of temperature in an hour, which Home Assistant does not convert."""


def _minutes(sensor: InsightSensor) -> int | None:
    left = sensor.insight.until_hot
    return None if left is None else left // timedelta(minutes=1)


def _rate(source: HeatSource) -> Callable[[InsightSensor], float | None]:
    def rate(sensor: InsightSensor) -> float | None:
        tank = sensor.tank
        if tank is None:
            return None
        celsius = heating_rate(source, tank, sensor.insight.learned)
        is_fahrenheit = sensor.hass.config.units.temperature_unit == UnitOfTemperature.FAHRENHEIT
        return round(celsius * (1.8 if is_fahrenheit else 1), 1)

    return rate


def _loss(sensor: InsightSensor) -> int | None:
    status, tank = sensor.status, sensor.tank
    if status is None or tank is None or status.dhw_temperature_setting is None:
        return None
    loss = standing_loss(status, tank, sensor.insight.learned, status.dhw_temperature_setting)
    return None if loss is None else 10 * round(loss / 10)


DESCRIPTIONS = (
    InsightSensorDescription(
        key="time_until_hot",
        translation_key="time_until_hot",
        device_class=SensorDeviceClass.DURATION,
        native_unit_of_measurement=UnitOfTime.MINUTES,
        value_fn=_minutes,
    ),
    InsightSensorDescription(
        key="hot_at",
        translation_key="hot_at",
        device_class=SensorDeviceClass.TIMESTAMP,
        entity_registry_enabled_default=False,
        value_fn=lambda sensor: sensor.insight.hot_at,
    ),
    InsightSensorDescription(
        key="hot_water_left",
        translation_key="hot_water_left",
        entity_registry_enabled_default=False,
        device_class=SensorDeviceClass.VOLUME_STORAGE,
        state_class=SensorStateClass.MEASUREMENT,
        native_unit_of_measurement=UnitOfVolume.LITERS,
        suggested_display_precision=0,
        value_fn=lambda sensor: sensor.insight.hot_water,
    ),
    InsightSensorDescription(
        key="showers_left",
        translation_key="showers_left",
        state_class=SensorStateClass.MEASUREMENT,
        suggested_display_precision=1,
        value_fn=lambda sensor: sensor.insight.showers,
    ),
    InsightSensorDescription(
        key="last_hygienic",
        translation_key="last_hygienic",
        device_class=SensorDeviceClass.TIMESTAMP,
        entity_category=EntityCategory.DIAGNOSTIC,
        entity_registry_enabled_default=False,
        value_fn=lambda sensor: sensor.insight.learned.hygienic_at,
    ),
    InsightSensorDescription(
        key="heat_pump_rate",
        translation_key="heat_pump_rate",
        state_class=SensorStateClass.MEASUREMENT,
        is_rate=True,
        entity_category=EntityCategory.DIAGNOSTIC,
        entity_registry_enabled_default=False,
        value_fn=_rate(HeatSource.HEAT_PUMP),
    ),
    InsightSensorDescription(
        key="element_rate",
        translation_key="element_rate",
        state_class=SensorStateClass.MEASUREMENT,
        is_rate=True,
        entity_category=EntityCategory.DIAGNOSTIC,
        entity_registry_enabled_default=False,
        value_fn=_rate(HeatSource.ELEMENT),
    ),
    InsightSensorDescription(
        key="standing_loss",
        translation_key="standing_loss",
        device_class=SensorDeviceClass.POWER,
        state_class=SensorStateClass.MEASUREMENT,
        native_unit_of_measurement=UnitOfPower.WATT,
        entity_category=EntityCategory.DIAGNOSTIC,
        entity_registry_enabled_default=False,
        value_fn=_loss,
    ),
    InsightSensorDescription(
        key="last_cop",
        translation_key="last_cop",
        state_class=SensorStateClass.MEASUREMENT,
        suggested_display_precision=1,
        entity_category=EntityCategory.DIAGNOSTIC,
        entity_registry_enabled_default=False,
        value_fn=lambda sensor: None if sensor.insight.learned.cop is None else round(sensor.insight.learned.cop, 2),
    ),
)

LOW = BinarySensorEntityDescription(
    key="hot_water_low", translation_key="hot_water_low", entity_registry_enabled_default=False
)


class _InsightEntity(MeasuredEntity):
    """An entity that shows what is worked out of statuses."""

    @property
    def insight(self) -> Insight:
        """What is known now."""
        return self.coordinator.observers.of(self._mac_address)

    @property
    def tank(self) -> Tank | None:
        """The size of the tank, None until the heater has reported it."""
        gallons = None if self.heater.feature is None else self.heater.feature.volume_gallons
        return None if gallons is None else Tank(gallons)


class InsightSensor(_InsightEntity, SensorEntity):
    """A sensor of what is worked out."""

    entity_description: InsightSensorDescription

    def __init__(
        self, coordinator: NavilinkCoordinator, mac_address: str, description: InsightSensorDescription
    ) -> None:
        """Tie the sensor to its heater; how hot the water has to be against legionella is part of a name."""
        super().__init__(coordinator, mac_address, description)
        units = coordinator.hass.config.units
        celsius = coordinator.observers.household.hygiene_temperature
        hot = units.temperature(celsius, UnitOfTemperature.CELSIUS)
        self._attr_translation_placeholders = {"temperature": quantity(hot, units.temperature_unit)}

    @property
    @override
    def native_unit_of_measurement(self) -> str | None:
        """Return the unit; of a rate, the one of the user."""
        description = self.entity_description
        if description.is_rate:
            return f"{self.hass.config.units.temperature_unit}/h"
        return description.native_unit_of_measurement

    @property
    @override
    def native_value(self) -> StateType | datetime:
        """Return the value of now."""
        return self.entity_description.value_fn(self)


class HotWaterLow(_InsightEntity, BinarySensorEntity):
    """Whether there is less hot water than the household wants to have."""

    def __init__(self, coordinator: NavilinkCoordinator, mac_address: str) -> None:
        super().__init__(coordinator, mac_address, LOW)

    @property
    @override
    def is_on(self) -> bool | None:
        """Return whether it is low."""
        return self.insight.is_low


def insight_sensors(coordinator: NavilinkCoordinator, mac_address: str) -> list[InsightSensor]:
    """Return the sensors of a heater."""
    return [InsightSensor(coordinator, mac_address, each) for each in DESCRIPTIONS]
