"""The entities that the integration made for a heater."""

import asyncio
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from .exceptions import DemoError
from .home_assistant_api import HomeAssistantApi

DOMAIN = "navilink"

_LOOK_SECONDS, _MOST_LOOKS = 2.0, 30

_NEEDED = {
    "water_heater": "water_heater.water_heater",
    "queued_commands": "sensor.queued_commands",
    "clear_queue": "button.clear_queue",
    "connection": "binary_sensor.connection",
    "refresh": "button.refresh",
}
"""Where a heater's entities go that it must have."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Heater:
    """The entity ids of one heater."""

    name: str
    mac_address: str
    device_id: str
    water_heater: str
    queued_commands: str
    clear_queue: str
    connection: str
    refresh: str
    others: Mapping[str, str]
    """All further enabled entities: platform and key, as in `sensor.power`, whatever the entity is called -> its id."""

    def of_platform(self, platform: str) -> Iterator[str]:
        """Return the ids of further entities of a platform."""
        return (entity_id for key, entity_id in self.others.items() if key.startswith(f"{platform}."))


async def find_heaters(api: HomeAssistantApi) -> tuple[Heater, ...]:
    """Look the heaters up in the registries, in the order of their addresses, once they have all their entities.

    What a heater reports that it has brings entities a moment later. `DemoError` names what is missing in the end.
    """
    found: tuple[Heater, ...] = ()
    missing: DemoError | None = None
    for _ in range(_MOST_LOOKS):
        before = found
        try:
            found, missing = await _found(api), None
        except DemoError as error:
            found, missing = (), error
        if found and found == before:
            return found
        await asyncio.sleep(_LOOK_SECONDS)
    raise missing or DemoError("the integration makes entities without end")


async def _found(api: HomeAssistantApi) -> tuple[Heater, ...]:
    devices = await api.devices(DOMAIN)
    found: dict[str, dict[str, str]] = {mac_address: {} for mac_address in sorted(devices)}
    for unique_id, entity_id in await api.entities(DOMAIN):
        # A unique id is the MAC address and a key. Entities of the account have none.
        mac_address, _, key = unique_id.partition("_")
        if mac_address in found:
            found[mac_address][f"{entity_id.partition('.')[0]}.{key}"] = entity_id
    if not found:
        raise DemoError("the integration made no water heater")
    return tuple(
        _heater(mac_address, entities, name=_name(devices[mac_address]), device_id=str(devices[mac_address]["id"]))
        for mac_address, entities in found.items()
    )


def _name(device: Mapping[str, object]) -> str:
    return str(device["name_by_user"] or device["name"])


def _heater(mac_address: str, entities: Mapping[str, str], *, name: str, device_id: str) -> Heater:
    for key in _NEEDED.values():
        if key not in entities:
            raise DemoError(f"the integration made no entity {key!r} for {name}")
    return Heater(
        name=name,
        mac_address=mac_address,
        device_id=device_id,
        others={key: entity_id for key, entity_id in entities.items() if key not in _NEEDED.values()},
        **{field: entities[key] for field, key in _NEEDED.items()},
    )
