"""Numbers of a heater: intervals, and the length of a vacation."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import override

from homeassistant.components.number import NumberEntity, NumberEntityDescription
from homeassistant.components.number.const import NumberDeviceClass, NumberMode
from homeassistant.const import EntityCategory, UnitOfTime
from homeassistant.core import HomeAssistant, callback
from homeassistant.exceptions import ServiceValidationError
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback

from .const import DOMAIN
from .controls import ControlDescription, ControlEntity
from .coordinator import NavilinkConfigEntry
from .entity import async_add_fitted, async_add_for_each_heater
from .heating.boost_entities import BoostDuration, BoostTemperature
from .kept_values import ANTI_LEGIONELLA_INTERVAL, FILTER_INTERVAL, VACATION_LENGTH, KeptNumber
from .nwp500 import Device, HeaterCommand, commands, heater_commands
from .wording import quantity, setting_words

# An action waits for its outcome; the queue puts commands in order, and one heater's wait must not hold up another's.
PARALLEL_UPDATES = 0


@dataclass(frozen=True, kw_only=True)
class KeptNumberDescription(ControlDescription, NumberEntityDescription):
    """A number that the heater uses, and that is kept while it does not."""

    kept: KeptNumber
    setting: str
    """Its name in the texts."""
    command: Callable[[Device, int], HeaterCommand]
    """What gives it to the heater."""
    switches_on: bool
    """Whether the command also switches on what the number is for."""


def _described(
    kept: KeptNumber,
    control: commands.Control,
    command: Callable[[Device, int], HeaterCommand],
    unit: UnitOfTime,
    *,
    switches_on: bool,
    is_enabled: bool,
) -> KeptNumberDescription:
    return KeptNumberDescription(
        key=kept.name,
        translation_key=kept.name,
        entity_category=EntityCategory.CONFIG,
        entity_registry_enabled_default=is_enabled,
        device_class=NumberDeviceClass.DURATION,
        mode=NumberMode.BOX,
        native_unit_of_measurement=unit,
        native_min_value=kept.allowed[0],
        native_max_value=kept.allowed[-1],
        native_step=kept.allowed.step,
        gate=control.gate,
        kept=kept,
        setting=control.parameters[0].name,
        command=command,
        switches_on=switches_on,
    )


NUMBERS = (
    _described(
        ANTI_LEGIONELLA_INTERVAL,
        commands.ANTI_LEGIONELLA_ON,
        heater_commands.anti_legionella,
        UnitOfTime.DAYS,
        switches_on=True,
        is_enabled=False,
    ),
    _described(
        FILTER_INTERVAL,
        commands.AIR_FILTER_LIFE,
        heater_commands.air_filter_interval,
        UnitOfTime.HOURS,
        switches_on=True,
        is_enabled=False,
    ),
    _described(
        VACATION_LENGTH,
        commands.VACATION_DAYS,
        heater_commands.vacation_days,
        UnitOfTime.DAYS,
        switches_on=False,
        is_enabled=True,
    ),
)


async def async_setup_entry(
    _hass: HomeAssistant, entry: NavilinkConfigEntry, async_add_entities: AddConfigEntryEntitiesCallback
) -> None:
    """Set up the numbers."""
    async_add_fitted(entry, async_add_entities, NUMBERS, KeptNumberEntity)
    async_add_for_each_heater(
        entry, async_add_entities, lambda *heater: [BoostDuration(*heater), BoostTemperature(*heater)]
    )


class KeptNumberEntity(ControlEntity, NumberEntity):
    """An interval of a cycle or reminder, or the length of a vacation.

    The heater takes an interval only together with switching on what it is for. So an interval that is changed while
    that is off is not sent, but kept, and used when it is switched on by its switch: whoever changes a number does not
    want to heat the water to 60 °C. The length of a vacation is always sent, and starts none.
    """

    entity_description: KeptNumberDescription

    @callback
    @override
    def _update_attrs(self) -> None:
        """Take in the number that the heater uses, or will use."""
        kept = self.entity_description.kept
        self.coordinator.kept.take_in(self.heater, kept)
        # The next vacation has a length also when nobody has set one.
        usual = None if self.entity_description.switches_on else kept.usual
        self._attr_native_value = self.coordinator.kept.number(self.heater, kept) or usual

    @override
    async def async_set_native_value(self, value: float) -> None:
        """Give the number to the heater, or keep it until what it is for is switched on."""
        description, kept = self.entity_description, self.entity_description.kept
        if value not in kept.allowed:
            raise self._not_a_step(value)
        if kept.is_in_force(self.heater) or not description.switches_on:
            await self.async_send(description.command(self.heater.device, int(value)))
        await self.coordinator.kept.async_put(self._mac_address, **{kept.name: int(value)})
        self._handle_coordinator_update()

    def _not_a_step(self, value: float) -> ServiceValidationError:
        allowed, unit = self.entity_description.kept.allowed, self.native_unit_of_measurement or ""
        return ServiceValidationError(
            translation_domain=DOMAIN,
            translation_key="value_not_a_step",
            translation_placeholders={
                "setting": setting_words(self.hass, self.entity_description.setting),
                "value": quantity(value, unit),
                "minimum": quantity(allowed[0], unit),
                "maximum": quantity(allowed[-1], unit),
                "step": quantity(allowed.step, unit),
            },
        )
