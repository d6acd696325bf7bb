"""The dialog in which lost commands are sent again or discarded, as the frontend goes through it; what a form shows."""

from collections.abc import Mapping, Sequence
from typing import Any

from homeassistant.components.repairs import DOMAIN as REPAIRS
from homeassistant.core import HomeAssistant
from homeassistant.helpers import config_validation as cv
from homeassistant.helpers import issue_registry as ir
from homeassistant.setup import async_setup_component
from probatio import to_field_list
from pytest_homeassistant_custom_component.common import MockConfigEntry
from pytest_homeassistant_custom_component.typing import ClientSessionGenerator

from custom_components.navilink.const import DOMAIN


class Dialog:
    """The dialog of the issue, over the API that the frontend uses."""

    def __init__(self, hass: HomeAssistant, hass_client: ClientSessionGenerator, entry: MockConfigEntry) -> None:
        self._hass = hass
        self._hass_client = hass_client
        self.issue_id = f"lost_commands_{entry.entry_id}"

    @property
    def has_issue(self) -> bool:
        return ir.async_get(self._hass).async_get_issue(DOMAIN, self.issue_id) is not None

    async def open(self) -> dict[str, Any]:
        assert await async_setup_component(self._hass, REPAIRS, {})
        self._client = await self._hass_client()
        return await self._post("", {"handler": DOMAIN, "issue_id": self.issue_id})

    async def choose(self, flow: dict[str, Any], option: str) -> dict[str, Any]:
        return await self._post(f"/{flow['flow_id']}", {"next_step_id": option})

    async def submit(self, flow: dict[str, Any]) -> dict[str, Any]:
        return await self._post(f"/{flow['flow_id']}", {})

    async def _post(self, path: str, body: dict[str, str]) -> dict[str, Any]:
        response = await self._client.post(f"/api/repairs/issues/fix{path}", json=body)
        return dict(await response.json())


def results(flow: dict[str, Any]) -> list[str]:
    assert flow["step_id"] == "results"
    return str(flow["description_placeholders"]["results"]).splitlines()


def suggested(form: Mapping[str, Any]) -> dict[str, Any]:
    """Return the values with which the frontend begins a form, those of a section by its name."""
    fields = to_field_list(form["data_schema"], custom_serializer=cv.custom_serializer)
    assert isinstance(fields, list)
    return _begun(fields)


def _begun(fields: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """As `computeInitialHaFormData` of the frontend: the default of a section hides the values of its fields."""
    values: dict[str, Any] = {}
    for field in fields:
        if (value := (field.get("description") or {}).get("suggested_value")) is not None:
            values[field["name"]] = value
        elif "default" in field:
            values[field["name"]] = field["default"]
        elif field.get("type") == "expandable" and (inner := _begun(field["schema"])):
            values[field["name"]] = inner
    return values
