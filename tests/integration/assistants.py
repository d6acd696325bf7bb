"""Home Assistant's own Google, Alexa and HomeKit code, in front of every entity of an account.

Whatever entity the integration has, also one that it gets later, is taken along.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from http import HTTPStatus
from itertools import count
from typing import Any, override
from unittest.mock import MagicMock, patch

from homeassistant.components.alexa import entities as alexa_entities
from homeassistant.components.alexa.errors import AlexaError
from homeassistant.components.alexa.smart_home import AlexaConfig
from homeassistant.components.alexa.smart_home import async_handle_message as async_handle_alexa
from homeassistant.components.google_assistant.const import SOURCE_CLOUD
from homeassistant.components.google_assistant.helpers import GoogleEntity
from homeassistant.components.google_assistant.http import GoogleConfig
from homeassistant.components.google_assistant.smart_home import async_handle_message as async_handle_google
from homeassistant.components.homekit.accessories import HomeAccessory, HomeDriver, get_accessory
from homeassistant.components.homekit.iidmanager import AccessoryIIDStorage
from homeassistant.core import HomeAssistant, State
from homeassistant.helpers import entity_registry as er
from pytest_homeassistant_custom_component.common import MockConfigEntry

# Any: what goes to the assistants and comes from them is JSON.
type Json = dict[str, Any]

USER = "agent"
FIRST_ACCESSORY = 2
"""Number 1 is the bridge itself."""


def states_of(hass: HomeAssistant, entry: MockConfigEntry) -> Iterator[State]:
    """Give the state of every entity of an account."""
    for registered in er.async_entries_for_config_entry(er.async_get(hass), entry.entry_id):
        if (state := hass.states.get(registered.entity_id)) is not None:
            yield state


class Google(GoogleConfig):
    """Google's assistant with everything exposed; what is reported to it is kept."""

    def __init__(self, hass: HomeAssistant) -> None:
        super().__init__(hass, {"report_state": True})  # type: ignore[no-untyped-call]  # Home Assistant gives it no types
        self.reported: list[Json] = []

    @override
    def should_expose(self, entity_id: str) -> bool:
        return True

    @override
    def async_get_agent_users(self) -> tuple[str]:
        return (USER,)

    @override
    async def async_report_state(self, message: Json, agent_user_id: str, event_id: str | None = None) -> HTTPStatus:
        self.reported.append(message["devices"]["states"])
        return HTTPStatus.OK

    def view(self, state: State) -> Json | None:
        """Return what a query for an entity answers; `None` for one that Google cannot show."""
        entity = GoogleEntity(self.hass, self, state)
        if not entity.is_supported():
            return None
        assert self.description(state)["traits"]
        entity.notifications_serialize()
        answer: Json = entity.query_serialize()
        return answer

    def description(self, state: State) -> Json:
        """Return what Google learns of an entity when it asks what there is."""
        description: Json = GoogleEntity(self.hass, self, state).sync_serialize(USER, "uuid")
        return description

    async def execute(self, entity_id: str, command: str, **params: object) -> None:
        """Say a command for an entity, which it has to accept."""
        execution = {"command": f"action.devices.commands.{command}", "params": params}
        payload = {"commands": [{"devices": [{"id": entity_id}], "execution": [execution]}]}
        message = {"requestId": "1", "inputs": [{"intent": "action.devices.EXECUTE", "payload": payload}]}
        # Without a user of Home Assistant it is done as by Home Assistant itself.
        answer = await async_handle_google(self.hass, self, USER, None, message, SOURCE_CLOUD)
        (result,) = answer["payload"]["commands"]
        assert result["status"] == "SUCCESS", result


class Alexa(AlexaConfig):
    """Amazon's assistant with everything exposed."""

    def __init__(self, hass: HomeAssistant) -> None:
        super().__init__(hass, {"locale": "en-US"})

    @override
    def should_expose(self, entity_id: str) -> bool:
        return True

    @override
    async def set_authorized(self, authorized: bool) -> None:
        """Nothing is reported without being asked."""

    def view(self, state: State) -> Json | None:
        """Return the properties of an entity by name; `None` for one that Alexa cannot show."""
        adapter = alexa_entities.ENTITY_ADAPTERS.get(state.domain)
        if adapter is None:
            return None
        entity = adapter(self.hass, self, state)
        if not list(entity.interfaces()):
            return None
        try:
            assert entity.serialize_discovery()["capabilities"]
        except AlexaError as error:
            raise AssertionError(f"{state} cannot be discovered") from error
        return {each["name"]: each["value"] for each in entity.serialize_properties()}

    async def direct(
        self, entity_id: str, namespace: str, name: str, payload: Json, expected: str = "Response", **header: str
    ) -> None:
        """Give a directive for an entity, which it has to accept."""
        directive = {
            "header": {"namespace": namespace, "name": name, "messageId": "1", "payloadVersion": "3", **header},
            "endpoint": {"endpointId": entity_id.replace(".", "#")},
            "payload": payload,
        }
        answer = await async_handle_alexa(self.hass, self, {"directive": directive})
        assert answer["event"]["header"]["name"] == expected, answer["event"]


class HomeKit:
    """Apple's bridge; an accessory lives as long as the context."""

    def __init__(self, hass: HomeAssistant, driver: HomeDriver) -> None:
        self._hass = hass
        self._driver = driver
        self._numbers = count(FIRST_ACCESSORY)

    def accessory(self, state: State) -> HomeAccessory | None:
        """Make the accessory of an entity, which follows its state; `None` for one that HomeKit cannot show."""
        accessory = get_accessory(self._hass, self._driver, state, next(self._numbers), {})
        if accessory is not None:
            accessory.run()
        return accessory

    def view(self, state: State) -> Json | None:
        """Return the characteristics of an entity by name."""
        accessory = self.accessory(state)
        if accessory is None:
            return None
        try:
            # As it goes over the network, with every value checked.
            assert accessory.to_HAP()
            return {
                characteristic.display_name: characteristic.value
                for service in accessory.services
                for characteristic in service.characteristics
            }
        finally:
            accessory.async_stop()


@dataclass(frozen=True, slots=True)
class Assistants:
    """All of them."""

    google: Google
    alexa: Alexa
    homekit: HomeKit

    def views(self, state: State) -> Mapping[str, Json]:
        """Return how each of them that can show an entity does so."""
        views = {
            "google": self.google.view(state),
            "alexa": self.alexa.view(state),
            "homekit": self.homekit.view(state),
        }
        return {name: view for name, view in views.items() if view is not None}


@contextmanager
def all_assistants(hass: HomeAssistant) -> Iterator[Assistants]:
    """Make all of them; HomeKit without its server and without Zeroconf."""
    google = Google(hass)
    with _homekit(hass) as homekit:
        yield Assistants(google, Alexa(hass), homekit)
    google.async_disable_report_state()


@contextmanager
def _homekit(hass: HomeAssistant) -> Iterator[HomeKit]:
    storage = AccessoryIIDStorage(hass, "")
    storage.store = MagicMock()
    with (
        patch("pyhap.accessory_driver.AsyncZeroconf"),
        patch("pyhap.accessory_driver.AccessoryEncoder"),
        patch("pyhap.accessory_driver.HAPServer"),
        patch("pyhap.accessory_driver.AccessoryDriver.publish"),
        patch("pyhap.accessory_driver.AccessoryDriver.persist"),
    ):
        driver = HomeDriver(
            hass,
            pincode=b"123-45-678",
            entry_id="",
            entry_title="Bridge",
            bridge_name="Bridge",
            iid_storage=storage,
            address="127.0.0.1",
            loop=hass.loop,
        )
        yield HomeKit(hass, driver)
