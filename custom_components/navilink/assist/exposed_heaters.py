"""Which heaters an assistant may see, and which one of them somebody means who speaks to it."""

from collections.abc import Mapping
from dataclasses import dataclass

from homeassistant.components.homeassistant.exposed_entities import async_should_expose
from homeassistant.components.water_heater.const import DOMAIN as WATER_HEATER_DOMAIN
from homeassistant.core import HomeAssistant, State, callback
from homeassistant.exceptions import ServiceValidationError
from homeassistant.helpers import entity_registry as er
from homeassistant.helpers import intent
from homeassistant.helpers.llm import LLMContext, async_get_match_preferences

from ..const import DOMAIN
from ..coordinator import NavilinkConfigEntry, NavilinkCoordinator
from ..heater import HeaterState
from ..heating.boosts import Boosts
from ..water_heater import DESCRIPTION


@dataclass(frozen=True, slots=True)
class ExposedHeater:
    """A heater that an assistant may see."""

    state: State
    coordinator: NavilinkCoordinator
    mac_address: str

    @property
    def heater(self) -> HeaterState:
        """What is known about it now."""
        return self.coordinator.data[self.mac_address]

    @property
    def boosts(self) -> Boosts:
        """Its boosts now."""
        return self.coordinator.boosts.of(self.mac_address)


@callback
def exposed_heaters(hass: HomeAssistant, assistant: str) -> dict[str, ExposedHeater]:
    """Return the heaters that are exposed to an assistant by the entity id of the water heater."""
    registry = er.async_get(hass)
    entries: list[NavilinkConfigEntry] = hass.config_entries.async_loaded_entries(DOMAIN)
    found: dict[str, ExposedHeater] = {}
    for coordinator in (entry.runtime_data for entry in entries):
        for mac_address in coordinator.data:
            unique_id = f"{mac_address}_{DESCRIPTION.key}"
            entity_id = registry.async_get_entity_id(WATER_HEATER_DOMAIN, DOMAIN, unique_id)
            state = None if entity_id is None else hass.states.get(entity_id)
            if state is not None and async_should_expose(hass, assistant, state.entity_id):
                found[state.entity_id] = ExposedHeater(state, coordinator, mac_address)
    return found


def heater_names(hass: HomeAssistant, heaters: Mapping[str, ExposedHeater]) -> list[str]:
    """Return the names and aliases of heaters, each once."""
    registry = er.async_get(hass)
    known = (
        intent.async_get_entity_aliases(hass, registry.async_get(entity_id), state=found.state)
        for entity_id, found in heaters.items()
    )
    return sorted({name for names in known for name in names})


def matching_heater(hass: HomeAssistant, llm_context: LLMContext, name: str | None, area: str | None) -> ExposedHeater:
    """Return the heater that is meant; of several, one in the area of who is asking."""
    heaters = exposed_heaters(hass, llm_context.assistant)
    # Without any state, Home Assistant would look among all water heaters.
    matched = [] if not heaters else _matched_states(hass, llm_context, name, area, heaters)
    if len(matched) == 1:
        return heaters[matched[0].entity_id]
    raise ServiceValidationError(
        translation_domain=DOMAIN,
        translation_key="which_heater",
        translation_placeholders={"names": ", ".join(heater_names(hass, heaters))},
    )


def _matched_states(
    hass: HomeAssistant,
    llm_context: LLMContext,
    name: str | None,
    area: str | None,
    heaters: Mapping[str, ExposedHeater],
) -> list[State]:
    constraints = intent.MatchTargetsConstraints(
        name=name, area_name=area, assistant=llm_context.assistant, single_target=True
    )
    states = [found.state for found in heaters.values()]
    result = intent.async_match_targets(hass, constraints, async_get_match_preferences(hass, llm_context), states)
    return result.states if result.is_match else []
