"""What a heater does at the moment, and what is wrong with it."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import override

from homeassistant.components.binary_sensor import BinarySensorEntity, BinarySensorEntityDescription
from homeassistant.components.binary_sensor.const import BinarySensorDeviceClass
from homeassistant.const import EntityCategory
from homeassistant.core import HomeAssistant
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback

from .coordinator import NavilinkConfigEntry
from .entity import FittedDescription, MeasuredEntity, NavilinkEntity, async_add_fitted, async_add_for_each_heater
from .heating.insight_entities import HotWaterLow
from .nwp500 import DeviceStatus
from .readings.status_sensors import TOU_PEAK, time_of_use_state

PARALLEL_UPDATES = 0


@dataclass(frozen=True, kw_only=True)
class StatusBinarySensorDescription(FittedDescription, BinarySensorEntityDescription):
    """A binary sensor and how its state is read from a status."""

    value_fn: Callable[[DeviceStatus], bool | None]


def _is_in_peak_period(status: DeviceStatus) -> bool | None:
    state = time_of_use_state(status)
    return None if state is None else state == TOU_PEAK


STATUS_DESCRIPTIONS = (
    StatusBinarySensorDescription(
        key="heating",
        translation_key="heating",
        device_class=BinarySensorDeviceClass.RUNNING,
        entity_registry_enabled_default=False,
        value_fn=lambda status: status.is_heating,
    ),
    StatusBinarySensorDescription(
        key="compressor",
        translation_key="compressor",
        device_class=BinarySensorDeviceClass.RUNNING,
        entity_category=EntityCategory.DIAGNOSTIC,
        entity_registry_enabled_default=False,
        value_fn=lambda status: status.compressor_running,
    ),
    StatusBinarySensorDescription(
        key="upper_element",
        translation_key="upper_element",
        device_class=BinarySensorDeviceClass.RUNNING,
        entity_category=EntityCategory.DIAGNOSTIC,
        entity_registry_enabled_default=False,
        value_fn=lambda status: status.upper_element_on,
    ),
    StatusBinarySensorDescription(
        key="lower_element",
        translation_key="lower_element",
        device_class=BinarySensorDeviceClass.RUNNING,
        entity_category=EntityCategory.DIAGNOSTIC,
        entity_registry_enabled_default=False,
        value_fn=lambda status: status.lower_element_on,
    ),
    StatusBinarySensorDescription(
        key="hot_water_in_use",
        translation_key="hot_water_in_use",
        value_fn=lambda status: status.dhw_in_use,
    ),
    StatusBinarySensorDescription(
        key="fault",
        translation_key="fault",
        device_class=BinarySensorDeviceClass.PROBLEM,
        value_fn=lambda status: None if status.error_code is None else status.error_code != 0,
    ),
    StatusBinarySensorDescription(
        key="water_leak",
        translation_key="water_leak",
        device_class=BinarySensorDeviceClass.MOISTURE,
        value_fn=lambda status: status.water_leak,
    ),
    StatusBinarySensorDescription(
        key="condensate_overflow",
        translation_key="condensate_overflow",
        device_class=BinarySensorDeviceClass.PROBLEM,
        entity_category=EntityCategory.DIAGNOSTIC,
        entity_registry_enabled_default=False,
        value_fn=lambda status: status.condensate_overflow,
    ),
    StatusBinarySensorDescription(
        key="eco_tripped",
        translation_key="eco_tripped",
        device_class=BinarySensorDeviceClass.PROBLEM,
        entity_category=EntityCategory.DIAGNOSTIC,
        entity_registry_enabled_default=False,
        value_fn=lambda status: status.eco_tripped,
    ),
    StatusBinarySensorDescription(
        key="peak_period",
        translation_key="peak_period",
        entity_registry_enabled_default=False,
        is_fitted=lambda feature: feature.supports_program_reservation,
        value_fn=_is_in_peak_period,
    ),
    StatusBinarySensorDescription(
        key="anti_legionella",
        translation_key="anti_legionella",
        device_class=BinarySensorDeviceClass.RUNNING,
        entity_registry_enabled_default=False,
        is_fitted=lambda feature: feature.supports_anti_legionella,
        value_fn=lambda status: status.anti_legionella_running,
    ),
    StatusBinarySensorDescription(
        key="recirculation",
        translation_key="recirculation",
        device_class=BinarySensorDeviceClass.RUNNING,
        is_fitted=lambda feature: feature.supports_recirculation,
        value_fn=lambda status: status.recirculation_running,
    ),
    StatusBinarySensorDescription(
        key="scald_warning",
        translation_key="scald_warning",
        device_class=BinarySensorDeviceClass.SAFETY,
        entity_registry_enabled_default=False,
        value_fn=lambda status: status.scald_warning,
    ),
    # Sources differ on whether it is enabled or at work; the units seen report it all the time (protocol.md 8.1).
    StatusBinarySensorDescription(
        key="freeze_protection",
        translation_key="freeze_protection",
        entity_category=EntityCategory.DIAGNOSTIC,
        entity_registry_enabled_default=False,
        is_fitted=lambda feature: feature.supports_freeze_protection,
        value_fn=lambda status: status.freeze_protection_on,
    ),
    StatusBinarySensorDescription(
        key="fan",
        translation_key="fan",
        device_class=BinarySensorDeviceClass.RUNNING,
        entity_category=EntityCategory.DIAGNOSTIC,
        entity_registry_enabled_default=False,
        value_fn=lambda status: status.evaporator_fan_running,
    ),
)

CONNECTION = BinarySensorEntityDescription(
    key="connection",
    translation_key="connection",
    device_class=BinarySensorDeviceClass.CONNECTIVITY,
    entity_category=EntityCategory.DIAGNOSTIC,
)


async def async_setup_entry(
    _hass: HomeAssistant, entry: NavilinkConfigEntry, async_add_entities: AddConfigEntryEntitiesCallback
) -> None:
    """Set up the binary sensors."""
    async_add_for_each_heater(
        entry,
        async_add_entities,
        lambda coordinator, mac_address: [
            ConnectionBinarySensor(coordinator, mac_address, CONNECTION),
            HotWaterLow(coordinator, mac_address),
        ],
    )
    async_add_fitted(entry, async_add_entities, STATUS_DESCRIPTIONS, StatusBinarySensor)


class StatusBinarySensor(MeasuredEntity, BinarySensorEntity):
    """A binary sensor of what the heater reports."""

    entity_description: StatusBinarySensorDescription

    @property
    @override
    def is_on(self) -> bool | None:
        """Return the state in the last status."""
        return None if self.status is None else self.entity_description.value_fn(self.status)


class ConnectionBinarySensor(NavilinkEntity, BinarySensorEntity):
    """Whether commands reach the heater now."""

    @property
    @override
    def is_on(self) -> bool | None:
        """Return whether the account is connected and the heater online."""
        return self.heater.is_online
