"""The entities that the integration made for a heater."""

from collections.abc import Mapping
from dataclasses import dataclass

from .exceptions import DemoError
from .home_assistant_api import HomeAssistantApi

_DOMAIN = "navilink"
_NEEDED = ("queued_commands", "clear_queue", "connection", "refresh", "ambient_temperature")


@dataclass(frozen=True, slots=True, kw_only=True)
class Heater:
    """The entity ids of one heater."""

    water_heater: str
    queued_commands: str
    clear_queue: str
    connection: str
    refresh: str
    ambient_temperature: str
    others: Mapping[str, str]
    """All further enabled entities: the key at the end of the unique id -> entity id."""


async def find_heater(api: HomeAssistantApi) -> Heater:
    """Look the entities of the only heater up in the registry. `DemoError` names one that is missing."""
    entities = await api.entities(_DOMAIN)
    water_heater = next((entity_id for entity_id in entities.values() if entity_id.startswith("water_heater.")), None)
    if water_heater is None:
        raise DemoError("the integration made no water heater")
    # A unique id is the MAC address and a key.
    keyed = {unique_id.partition("_")[2]: entity_id for unique_id, entity_id in entities.items()}
    for key in _NEEDED:
        if key not in keyed:
            raise DemoError(f"the integration made no entity {key!r}")
    others = {key: entity_id for key, entity_id in keyed.items() if entity_id != water_heater and key not in _NEEDED}
    return Heater(water_heater=water_heater, others=others, **{key: keyed[key] for key in _NEEDED})
