"""What Google, Alexa and HomeKit can do with an entity, found by what each of them says of it.

An entity of any platform is operated: what decides is the capability that an assistant sees in it. A capability that is
not in the tables here is an error, so that none is left out unseen.
"""

from collections.abc import Awaitable, Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial

from homeassistant.components.alexa import entities as alexa_entities
from homeassistant.components.google_assistant.helpers import GoogleEntity
from homeassistant.const import STATE_OFF, STATE_ON
from homeassistant.core import State
from pyhap.characteristic import Characteristic  # type: ignore[import-untyped]  # HAP-python has no types

from tests.integration.assistants import Alexa, Assistants, Google, HomeKit, Json

type Sample = tuple[Json, str | None]
"""The parameters of a command, and the state that it leads to; `None`: another one than before."""


@dataclass(frozen=True, slots=True)
class Operation:
    """One thing that an assistant can do with an entity."""

    name: str
    state: State
    do: Callable[[], Awaitable[None]]
    expected: str | None

    def is_done(self, state: State) -> bool:
        """Return whether a state is what the operation leads to."""
        if self.expected is None:
            return state.state != self.state.state
        return state.state == self.expected or _is_same_number(state.state, self.expected)


def _is_same_number(state: str, expected: str) -> bool:
    try:
        return float(state) == float(expected)
    except ValueError:
        return False


def _opposite(state: State) -> str:
    return STATE_OFF if state.state == STATE_ON else STATE_ON


def _other_number(state: State) -> float:
    """Return a limit that the entity is not at."""
    low, high = state.attributes["min"], state.attributes["max"]
    return float(high if _is_same_number(state.state, str(low)) else low)


def _other_mode(state: State, attributes: Json) -> Sample:
    (mode,) = attributes["availableModes"]
    other = next(each for each in (s["setting_name"] for s in mode["settings"]) if each != state.state)
    return {"updateModeSettings": {mode["name"]: other}}, other


GOOGLE_COMMANDS: Mapping[str, Callable[[State, Json], Sample]] = {
    "OnOff": lambda state, _: ({"on": _opposite(state) == STATE_ON}, _opposite(state)),
    "ActivateScene": lambda _state, _attributes: ({"deactivate": False}, None),
    "SetModes": _other_mode,
}

type Directive = tuple[str, Json, str | None, str]
"""Its name, its payload, the state that it leads to, and the name of the answer."""

ALEXA_CONTROLLERS: Mapping[str, Callable[[State], Directive]] = {
    "Alexa.PowerController": lambda state: (f"Turn{_opposite(state).capitalize()}", {}, _opposite(state), "Response"),
    "Alexa.SceneController": lambda _: ("Activate", {}, None, "ActivationStarted"),
    "Alexa.RangeController": lambda state: (
        "SetRangeValue",
        {"rangeValue": _other_number(state)},
        str(_other_number(state)),
        "Response",
    ),
}

HOMEKIT_SWITCH = "On"
HOMEKIT_NAMES = {"Name", "ConfiguredName", "Identify"}
"""What can be written in every accessory, and changes nothing at home."""


def google_operations(google: Google, state: State) -> Iterator[Operation]:
    entity = GoogleEntity(google.hass, google, state)
    if not entity.is_supported():
        return
    attributes = google.description(state)["attributes"]
    if any(value for name, value in attributes.items() if name.startswith("queryOnly")):
        return
    for command in (each for trait in entity.traits() for each in trait.commands):
        name = command.removeprefix("action.devices.commands.")
        parameters, expected = GOOGLE_COMMANDS[name](state, attributes)
        yield Operation(f"google {name}", state, partial(google.execute, state.entity_id, name, **parameters), expected)


def alexa_operations(alexa: Alexa, state: State) -> Iterator[Operation]:
    adapter = alexa_entities.ENTITY_ADAPTERS.get(state.domain)
    interfaces = [] if adapter is None else list(adapter(alexa.hass, alexa, state).interfaces())
    for interface in interfaces:
        namespace = interface.name()
        if not namespace.endswith("Controller"):
            continue
        name, payload, expected, answer = ALEXA_CONTROLLERS[namespace](state)
        header = {} if interface.instance is None else {"instance": interface.instance}
        direct = partial(alexa.direct, state.entity_id, namespace, name, payload, answer, **header)
        yield Operation(f"alexa {name}", state, direct, expected)


def homekit_operations(homekit: HomeKit, state: State) -> Iterator[Operation]:
    accessory = homekit.accessory(state)
    if accessory is None:
        return
    try:
        for service in accessory.services:
            for characteristic in service.characteristics:
                is_writable = "pw" in characteristic.properties["Permissions"]
                if not is_writable or characteristic.display_name in HOMEKIT_NAMES:
                    continue
                assert characteristic.display_name == HOMEKIT_SWITCH
                option = service.get_characteristic("Name").value if "options" in state.attributes else None
                if option != state.state:
                    yield _homekit_switch(state, characteristic, option)
    finally:
        accessory.async_stop()


def _homekit_switch(state: State, characteristic: Characteristic, option: str | None) -> Operation:
    """Return the switch for an option, for something that is on or off, or for what is pressed."""
    is_switch = state.state in (STATE_ON, STATE_OFF)
    expected = _opposite(state) if option is None and is_switch else option

    async def switch() -> None:
        characteristic.client_update_value(expected != STATE_OFF)

    return Operation("homekit On", state, switch, expected)


def operations(assistants: Assistants, assistant: str, state: State) -> Iterator[Operation]:
    """Give everything that one of the assistants can do with an entity."""
    match assistant:
        case "google":
            yield from google_operations(assistants.google, state)
        case "alexa":
            yield from alexa_operations(assistants.alexa, state)
        case _:
            yield from homekit_operations(assistants.homekit, state)
