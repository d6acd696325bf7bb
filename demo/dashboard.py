"""The dashboard that greets the person in front of the demo: a view for each heater, in sections.

What the integration does not have is left out, and a section with it that has nothing else.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import chain

from .heater import Heater
from .home_assistant_api import HomeAssistantApi

_URL_PATH = "water-heater"
_TEMPERATURES = ("sensor.tank_upper_temperature", "sensor.tank_lower_temperature")
_MEASURED = (
    "sensor.showers_left",
    "sensor.time_until_hot",
    "sensor.power",
    "sensor.heat_source",
    "binary_sensor.hot_water_in_use",
)
"""What a person looks at first, of what the heater measures."""

_CHARGE = "sensor.hot_water_charge"
_ENERGY = "sensor.energy"
"""How the keys of sensors that count energy begin."""

_NEXT_ENTRY = "sensor.next_schedule_entry"
_PLANNED = ("sensor.time_of_use_state", "binary_sensor.peak_period")
_YEAR = 365
_COURSE_HOURS = 6

type Card = dict[str, object]


async def show_dashboard(api: HomeAssistantApi, heaters: Sequence[Heater], energy: Sequence[str] = ()) -> None:
    """Make the dashboard and open Home Assistant with it; `energy` are ids of statistics. `ApiError` when refused."""
    await api.call(
        "lovelace/dashboards/create", url_path=_URL_PATH, title="Water heater", icon="mdi:water-boiler", mode="storage"
    )
    await api.call("lovelace/config/save", url_path=_URL_PATH, config=dashboard(heaters, energy))
    await api.call("frontend/set_system_data", key="core", value={"default_panel": _URL_PATH})


def dashboard(heaters: Iterable[Heater], energy: Sequence[str] = ()) -> Mapping[str, object]:
    """Return the dashboard as Home Assistant stores it."""
    return {"views": [_view(heater, [each for each in energy if heater.mac_address in each]) for heater in heaters]}


def _view(heater: Heater, energy: Sequence[str]) -> Card:
    sections = [
        _section("Heater", "mdi:water-boiler", _control(heater)),
        _section("Command queue", "mdi:tray-full", _queue(heater)),
        _section("Measured", "mdi:gauge", _measured(heater)),
        _section("Schedule", "mdi:calendar-clock", _schedule(heater)),
        _section("Energy", "mdi:lightning-bolt", _energy(heater, energy)),
        _section("Settings", "mdi:tune", _settings(heater)),
    ]
    return {
        "title": heater.name,
        "path": heater.mac_address,
        "type": "sections",
        "max_columns": 3,
        "sections": [section for section in sections if section is not None],
    }


def _section(title: str, icon: str, cards: Iterable[Card]) -> Card | None:
    heading: Card = {"type": "heading", "heading": title, "icon": icon}
    shown = list(cards)
    return {"type": "grid", "cards": [heading, *shown]} if shown else None


def _tile(entity_id: str, **members: object) -> Card:
    # Its own name, without the device's, which is the same on every tile.
    return {"type": "tile", "entity": entity_id, "name": {"type": "entity"}, **members}


def _tiles(heater: Heater, keys: Iterable[str], **members: object) -> Iterable[Card]:
    return (_tile(heater.others[key], **members) for key in keys if key in heater.others)


def _control(heater: Heater) -> Iterable[Card]:
    yield {
        "type": "thermostat",
        "entity": heater.water_heater,
        "features": [{"type": "water-heater-operation-modes"}],
    }
    if _CHARGE in heater.others:
        yield _tile(heater.others[_CHARGE], features=[{"type": "bar-gauge"}], grid_options={"columns": "full"})


def _measured(heater: Heater) -> Iterable[Card]:
    course: Mapping[str, object] = {"type": "trend-graph", "hours_to_show": _COURSE_HOURS}
    yield from _tiles(heater, _TEMPERATURES, features=[course], grid_options={"columns": "full"})
    yield from _tiles(heater, _MEASURED)


def _press_tile(entity_id: str, **members: object) -> Card:
    press = {"action": "toggle"}
    return _tile(entity_id, hide_state=True, tap_action=press, icon_tap_action=press, **members)


def _queue(heater: Heater) -> Iterable[Card]:
    listed: Card = {
        "type": "markdown",
        "content": _queue_text(heater.queued_commands),
        "grid_options": {"columns": "full"},
    }
    return (
        _tile(heater.connection, name="Connection", color="green"),
        _tile(heater.queued_commands, name="Queued"),
        listed,
        _press_tile(heater.clear_queue, name="Clear"),
        _press_tile(heater.refresh, name="Refresh"),
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


def _schedule(heater: Heater) -> Iterable[Card]:
    calendars = list(heater.of_platform("calendar"))
    if calendars:
        week: Card = {"type": "calendar", "entities": calendars, "initial_view": "listWeek"}
        yield {**week, "grid_options": {"columns": "full"}}
    # Its name and its time together need all of the width.
    yield from _tiles(heater, (_NEXT_ENTRY,), grid_options={"columns": "full"})
    yield from _tiles(heater, _PLANNED)


def _energy(heater: Heater, statistics: Sequence[str]) -> Iterable[Card]:
    if statistics:
        yield {
            "type": "statistics-graph",
            "entities": [each for each in statistics if not each.endswith("_total")],
            "chart_type": "bar",
            "stat_types": ["change"],
            "period": "month",
            "days_to_show": _YEAR,
            "grid_options": {"columns": "full"},
        }
    yield from _tiles(heater, (key for key in heater.others if key.startswith(_ENERGY)))


def _toggle_tile(entity_id: str) -> Card:
    return _tile(entity_id, tap_action={"action": "toggle"}, grid_options={"columns": "full"})


def _feature_tile(feature: Mapping[str, object]) -> Callable[[str], Card]:
    return lambda entity_id: _tile(entity_id, features=[feature], grid_options={"columns": "full"})


_SETTINGS: Mapping[str, Callable[[str], Card]] = {
    "switch": _toggle_tile,
    "select": _feature_tile({"type": "select-options"}),
    "number": _feature_tile({"type": "numeric-input", "style": "buttons"}),
    "button": _press_tile,
}
"""By platform, in the order in which they are shown."""


def _settings(heater: Heater) -> Iterable[Card]:
    return chain.from_iterable(map(tile, heater.of_platform(platform)) for platform, tile in _SETTINGS.items())
