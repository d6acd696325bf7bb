"""What a heater measures and has counted, and how its commands and its connection are doing."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import override

from homeassistant.components.sensor import (
    SensorDeviceClass,
    SensorEntity,
    SensorEntityDescription,
    SensorStateClass,
)
from homeassistant.const import EntityCategory
from homeassistant.core import HomeAssistant
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback
from homeassistant.helpers.typing import StateType
from homeassistant.util.unit_system import US_CUSTOMARY_SYSTEM

from .coordinator import NavilinkConfigEntry, NavilinkCoordinator
from .entity import MeasuredEntity, NavilinkEntity, async_add_fitted, async_add_for_each_heater
from .heater import CONNECTION_STATES, HeaterState
from .heating.boost_entities import BoostEndSensor
from .heating.insight_entities import insight_sensors
from .readings.expert_sensors import EXPERT_DESCRIPTIONS
from .readings.fact_entity import FactEntity
from .readings.fact_sensors import COUNTER_DESCRIPTIONS, ENERGY_DESCRIPTIONS, FactSensorDescription
from .readings.status_sensors import STATUS_DESCRIPTIONS, Attributes, StatusSensorDescription, error_code_shown
from .schedules.next_entry import next_entry_sensors
from .wording import fault_words

PARALLEL_UPDATES = 0


@dataclass(frozen=True, kw_only=True)
class ServiceSensorDescription(SensorEntityDescription):
    """A sensor of what is known about a heater without asking it: its commands, its messages, what the service has."""

    value_fn: Callable[[HeaterState], StateType | datetime]
    attributes_fn: Callable[[HomeAssistant, HeaterState], Attributes | None] = lambda _hass, _heater: None


def _count(key: str, value_fn: Callable[[HeaterState], int]) -> ServiceSensorDescription:
    return ServiceSensorDescription(
        key=key,
        translation_key=key,
        state_class=SensorStateClass.TOTAL_INCREASING,
        entity_category=EntityCategory.DIAGNOSTIC,
        entity_registry_enabled_default=False,
        value_fn=value_fn,
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
    ServiceSensorDescription(
        key="last_fault",
        translation_key="last_fault",
        entity_category=EntityCategory.DIAGNOSTIC,
        entity_registry_enabled_default=False,
        # The service names no time zone.
        value_fn=lambda heater: error_code_shown(heater.device.error_code),
        attributes_fn=lambda hass, heater: {
            "meaning": fault_words(hass, heater.device.error_code, None),
            "occurred": heater.device.error_time,
        },
    ),
    _count("dropped_commands", lambda heater: heater.dropped),
    _count("expired_commands", lambda heater: heater.expired),
    ServiceSensorDescription(
        key="last_message",
        translation_key="last_message",
        device_class=SensorDeviceClass.TIMESTAMP,
        entity_category=EntityCategory.DIAGNOSTIC,
        entity_registry_enabled_default=False,
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
            *(ServiceSensor(coordinator, mac_address, each) for each in SERVICE_DESCRIPTIONS),
            *next_entry_sensors(coordinator, mac_address),
            BoostEndSensor(coordinator, mac_address),
            *insight_sensors(coordinator, mac_address),
        ],
    )
    async_add_fitted(entry, async_add_entities, (*STATUS_DESCRIPTIONS, *EXPERT_DESCRIPTIONS), StatusSensor)
    async_add_fitted(entry, async_add_entities, ENERGY_DESCRIPTIONS, FactSensor)
    async_add_fitted(entry, async_add_entities, COUNTER_DESCRIPTIONS, FactSensor)


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


class FactSensor[T](FactEntity, SensorEntity):
    """A sensor of what is read now and then."""

    entity_description: FactSensorDescription[T]

    def __init__(
        self, coordinator: NavilinkCoordinator, mac_address: str, description: FactSensorDescription[T]
    ) -> None:
        """Tie the entity to its heater and its fact."""
        super().__init__(coordinator, mac_address, description, description.fact)

    @property
    @override
    def available(self) -> bool:
        """Return whether the fact was read, and not too long ago."""
        return super().available and self.fact(self.entity_description.fact) is not None

    @property
    @override
    def native_value(self) -> StateType:
        """Return the value that was last read."""
        fact = self.fact(self.entity_description.fact)
        return None if fact is None else self.entity_description.value_fn(fact)
