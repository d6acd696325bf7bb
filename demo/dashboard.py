"""The dashboard that greets the person in front of the demo: the heater, what waits for it, what it measures."""

from collections.abc import Mapping

from .heater import Heater
from .home_assistant_api import HomeAssistantApi

_URL_PATH = "water-heater"
_MEASURED = (
    "tank_upper_temperature",
    "tank_lower_temperature",
    "hot_water_charge",
    "power",
    "heat_source",
    "operation",
)
"""What a person looks at first, of the sensors that the integration has."""

type Card = dict[str, object]


async def show_dashboard(api: HomeAssistantApi, heater: Heater) -> None:
    """Make the dashboard and open Home Assistant with it. `ApiError` when that is refused."""
    await api.call(
        "lovelace/dashboards/create", url_path=_URL_PATH, title="Water heater", icon="mdi:water-boiler", mode="storage"
    )
    await api.call("lovelace/config/save", url_path=_URL_PATH, config=dashboard(heater))
    await api.call("frontend/set_system_data", key="core", value={"default_panel": _URL_PATH})


def dashboard(heater: Heater) -> Mapping[str, object]:
    """Return the dashboard as Home Assistant stores it."""
    return {
        "views": [
            {
                "title": "Water heater",
                "type": "sections",
                "max_columns": 3,
                "sections": [_control(heater), _queue(heater), _measurements(heater)],
            }
        ]
    }


def _section(title: str, icon: str, *cards: Card) -> Card:
    heading: Card = {"type": "heading", "heading": title, "icon": icon}
    return {"type": "grid", "cards": [heading, *cards]}


def _tile(entity_id: str, **members: object) -> Card:
    return {"type": "tile", "entity": entity_id, **members}


def _control(heater: Heater) -> Card:
    thermostat: Card = {
        "type": "thermostat",
        "entity": heater.water_heater,
        "features": [{"type": "water-heater-operation-modes"}],
    }
    return _section("Heater", "mdi:water-boiler", thermostat)


def _press_tile(entity_id: str, name: str) -> Card:
    press = {"action": "toggle"}
    return _tile(entity_id, name=name, hide_state=True, tap_action=press, icon_tap_action=press)


def _queue(heater: Heater) -> Card:
    listed: Card = {
        "type": "markdown",
        "content": _queue_text(heater.queued_commands),
        "grid_options": {"columns": "full"},
    }
    return _section(
        "Command queue",
        "mdi:tray-full",
        _tile(heater.connection, name="Connection", color="green"),
        _tile(heater.queued_commands, name="Queued"),
        listed,
        _press_tile(heater.clear_queue, "Clear"),
        _press_tile(heater.refresh, "Refresh"),
    )


def _queue_text(sensor: str) -> str:
    """Return a template that lists the queue in words, next command first."""
    return (
        f"""{{% set commands = state_attr('{sensor}', 'commands') or [] %}}"""
        """
{% if commands %}
| | Command | Queued at |
|-:|:-|:-|
{%- for command in commands %}
| {{ loop.index }} | {{ command.command }} | {{ (command.queued_at | as_datetime).strftime('%H:%M:%S') }} |
{%- endfor %}
{% else %}
The queue is empty: all commands have been sent.
{% endif %}"""
    )


def _measurements(heater: Heater) -> Card:
    own_name = {"type": "entity"}  # without the device's, which is the same on every tile
    entities = [heater.others[key] for key in _MEASURED if key in heater.others]
    return _section("Measured", "mdi:gauge", *(_tile(entity_id, name=own_name) for entity_id in entities))
