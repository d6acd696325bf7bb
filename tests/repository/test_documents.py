"""The documents say what the code does: links resolve, and tables have every entity, action, event and room."""

from dataclasses import fields
import inspect
import json
from pathlib import Path
import re
from urllib.parse import parse_qs, urlsplit

import pytest

import nwp500
from nwp500 import (
    CommandOutcome,
    Device,
    DeviceStatus,
    MqttConnectionConfig,
    NavienAPIClient,
    NavienAuthClient,
    NavienMqttClient,
    WriteOutcome,
)
from nwp500.events import EVENTS
from nwp500.heaters.events import ChangeWatch
from tests.repository.documents import (
    DOCS,
    DOCUMENTS,
    README,
    ROOT,
    anchors,
    chapter,
    links,
    names,
    prose,
    quoted,
    rows,
    section,
)

ACTIONS = DOCS / "actions.md"
ARCHITECTURE = DOCS / "architecture.md"
CLIENT = DOCS / "client.md"
DEVELOPMENT = DOCS / "development.md"
ENTITIES = DOCS / "entities.md"
QUEUE = DOCS / "queue.md"
TROUBLESHOOTING = DOCS / "troubleshooting.md"

INTEGRATION = ROOT / "custom_components" / "navilink"
BLUEPRINTS = ROOT / "blueprints" / "automation" / "navilink"
TEXTS = json.loads((INTEGRATION / "translations" / "en.json").read_text())
REPOSITORY = "https://github.com/navilink-ha/navilink"
CODE = ("custom_components", "simulator", "drills", "benchmarks", "tests", "examples", "scripts")

FOR_THE_INTEGRATION = {"control", "exchange", "finish_sending", "give"}
"""Methods of the client that its own parts and the integration use."""


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda document: document.name)
def test_every_link_within_the_repository_resolves(document: Path) -> None:
    broken = []
    for link in links(document):
        path, _, anchor = link.removeprefix(f"{REPOSITORY}/blob/main/").partition("#")
        start = ROOT if link.startswith(REPOSITORY) else document.parent
        if urlsplit(path).scheme:
            continue
        target = start / path if path else document
        if not target.exists() or (anchor and anchor not in anchors(target)):
            broken.append(link)
    assert broken == []


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda document: document.name)
def test_every_file_that_is_named_exists(document: Path) -> None:
    files = {path.name for folder in CODE for path in (ROOT / folder).rglob("*.py")}
    assert set(re.findall(r"\b[a-z_0-9]+\.py\b", document.read_text())) - files == set()
    top = "|".join(re.escape(path.name) for path in ROOT.iterdir() if path.is_dir())
    named = re.findall(rf"`((?:{top})/[\w./-]*)`", document.read_text())
    assert [path for path in named if not (ROOT / path).exists()] == []


def test_the_readme_is_short() -> None:
    assert len(README.read_text().splitlines()) <= 250


def test_buttons_lead_to_this_repository() -> None:
    buttons = [urlsplit(link) for link in links(README) if link.startswith("https://my.home-assistant.io/redirect/")]
    reached = {button.path.strip("/").removeprefix("redirect/"): parse_qs(button.query) for button in buttons}
    assert reached["config_flow_start"] == {"domain": [INTEGRATION.name]}
    assert reached["hacs_repository"] == {
        "owner": ["navilink-ha"],
        "repository": ["navilink"],
        "category": ["integration"],
    }
    imported = [parse_qs(button.query)["blueprint_url"][0] for button in buttons if "blueprint" in button.path]
    offered = [f"{REPOSITORY}/blob/main/{path.relative_to(ROOT)}" for path in BLUEPRINTS.glob("*.yaml")]
    assert sorted(imported) == sorted(offered)


def test_the_minimum_version_of_home_assistant_is_one() -> None:
    minimum = json.loads((ROOT / "hacs.json").read_text())["homeassistant"]
    assert f"Home Assistant {minimum.removesuffix('.0')} or newer" in README.read_text()
    assert [
        path.name for path in BLUEPRINTS.glob("*.yaml") if f"min_version: {minimum}\n" not in path.read_text()
    ] == []


@pytest.mark.parametrize("path", sorted(BLUEPRINTS.glob("*.yaml")), ids=lambda path: path.stem)
def test_a_blueprint_knows_its_address(path: Path) -> None:
    assert f"source_url: {REPOSITORY}/blob/main/{path.relative_to(ROOT)}\n" in path.read_text()
    assert f"| `{path.stem}` |" in README.read_text()


@pytest.mark.parametrize(
    ("folder", "heading"),
    [(INTEGRATION / "nwp500", "### The client: `nwp500/`"), (ROOT / "simulator", "### The simulator: `simulator/`")],
    ids=["client", "simulator"],
)
def test_the_map_has_every_room(folder: Path, heading: str) -> None:
    cells = "".join(cells[0] for cells in rows(section(ARCHITECTURE, heading)))
    rooms = {f"{path.name}/" for path in folder.iterdir() if (path / "__init__.py").exists()}
    modules = {path.name for path in folder.glob("*.py") if not path.name.startswith("__")}
    assert rooms | modules <= set(re.findall(r"`([\w.]+/?)`", cells))


@pytest.mark.parametrize(
    ("platform", "heading"),
    [
        ("sensor", "## Sensors"),
        ("binary_sensor", "## Binary sensors"),
        ("button", "## Buttons"),
        ("event", "## Event"),
        ("switch", "## Switches"),
        ("calendar", "## Calendars"),
        ("number", "## Numbers"),
        ("select", "## Selects"),
        ("update", "## Updates"),
    ],
)
def test_every_entity_is_described(platform: str, heading: str) -> None:
    described = [cells[0] for cells in rows(chapter(ENTITIES, heading))]
    # As it is named unless the options say otherwise.
    named = [entity["name"].format(temperature="60 °C") for entity in TEXTS["entity"][platform].values()]
    assert sorted(described) == sorted(named)


def test_every_action_and_field_is_described() -> None:
    for action, texts in TEXTS["services"].items():
        described = quoted(section(ACTIONS, f"## `navilink.{action}`"))
        assert set(texts["fields"]) <= set(described), action
        assert f"`navilink.{action}`" in README.read_text()


def test_what_is_entered_for_an_account_is_described() -> None:
    user = TEXTS["config"]["step"]["user"]
    described = [cells[0] for cells in rows(section(README, "## Configure"))]
    assert set(user["data"].values()) <= set(described)
    server = [cells[0] for cells in rows(section(DEVELOPMENT, "## Private server"))]
    assert server == list(user["sections"]["private_server"]["data"].values())


def test_every_option_is_described() -> None:
    step = TEXTS["options"]["step"]["init"]
    options = [*step["data"].values(), *(text for each in step["sections"].values() for text in each["data"].values())]
    described = [cells[0] for cells in rows(section(README, "## Configure"))]
    assert set(options) <= set(described)
    assert len(described) == len(options) + len(TEXTS["config"]["step"]["user"]["data"])


def test_every_repair_issue_is_described() -> None:
    titles = [re.sub(r" (?:of )?\(?\{\w+\}\)?", "", issue["title"]) for issue in TEXTS["issues"].values()]
    assert sorted(cells[0] for cells in rows(section(TROUBLESHOOTING, "## Repair issues"))) == sorted(titles)
    choices = TEXTS["issues"]["lost_commands"]["fix_flow"]["step"]["init"]["menu_options"].values()
    assert all(f"**{choice}**" in section(TROUBLESHOOTING, "## Repair issues") for choice in choices)


def test_messages_of_the_setup_are_quoted_as_they_are() -> None:
    messages = tuple(TEXTS["config"]["error"].values())
    listed = [cells[0] for cells in rows(section(TROUBLESHOOTING, "## What the setup reports"))]
    italic = [
        text for cells in rows(section(README, "## Troubleshooting")) for text in re.findall(r"^\*([^*]+)\*", cells[0])
    ]
    assert listed
    assert italic
    assert [text for text in [*listed, *italic] if not any(message.startswith(text) for message in messages)] == []


def test_errors_of_actions_are_quoted_as_they_are() -> None:
    messages = [re.sub(r"\{\w+\}", "\N{HORIZONTAL ELLIPSIS}", each["message"]) for each in TEXTS["exceptions"].values()]
    quotes = [cells[0] for cells in rows(chapter(TROUBLESHOOTING, "## Errors of actions"))]
    assert quotes
    patterns = [".+".join(re.escape(part) for part in quote.split("\N{HORIZONTAL ELLIPSIS}")) for quote in quotes]
    assert [each for each in patterns if not any(re.match(each, message) for message in messages)] == []


def test_every_error_of_schedules_boosts_and_energy_is_explained() -> None:
    quotes = [cells[0] for cells in rows(chapter(TROUBLESHOOTING, "## Errors of actions"))]
    starts = tuple(quote.partition("\N{HORIZONTAL ELLIPSIS}")[0] for quote in quotes)
    about = ("boost_", "energy_", "event_", "rate_", "schedule_", "temperature_")
    messages = {key: re.sub(r"\{\w+\}.*", "", each["message"]) for key, each in TEXTS["exceptions"].items()}
    assert [key for key, text in messages.items() if key.startswith(about) and not text.startswith(starts)] == []


def test_every_outcome_is_explained() -> None:
    assert sorted(names(QUEUE, "## From submission to outcome")) == sorted(CommandOutcome)
    assert set(CommandOutcome) <= set(quoted(section(ENTITIES, "## Event")))


def coroutines(owner: object) -> set[str]:
    """Return the names of the coroutines that an object offers."""
    members = inspect.getmembers(owner, inspect.iscoroutinefunction)
    return {name for name, _ in members if not name.startswith("_")}


def offered(owner: object) -> set[str]:
    """Return the names of the coroutines that an object of the client and its parts offer."""
    parts = [getattr(owner, name) for name in dir(owner) if not name.startswith("_")]
    return coroutines(owner).union(*(coroutines(part) for part in parts if type(part).__module__.startswith("nwp500.")))


def test_every_method_of_the_mqtt_client_is_named() -> None:
    methods = offered(NavienMqttClient(NavienAuthClient("user@example.com", "secret")))
    described = set(quoted(prose(CLIENT)))
    assert methods - FOR_THE_INTEGRATION - described == set()
    for heading in ("## Connection and messages", "## Controls", "## Requests"):
        assert set(names(CLIENT, heading)) <= methods, heading


def test_every_schedule_method_and_outcome_is_named() -> None:
    methods = coroutines(NavienMqttClient(NavienAuthClient("user@example.com", "secret")).schedules)
    assert sorted(names(CLIENT, "## Schedules")) == sorted([*methods, *(outcome.name for outcome in WriteOutcome)])


def test_every_rest_call_is_named() -> None:
    api = NavienAPIClient(NavienAuthClient("user@example.com", "secret"))
    described = {cells[0].strip("`"): set(quoted(cells[1])) for cells in rows(section(CLIENT, "## REST"))}
    parts = {name: getattr(api, name.partition(".")[2], api) for name in described}
    assert described == {name: coroutines(part) for name, part in parts.items()}
    assert offered(api) == set[str]().union(*described.values())


def test_every_event_is_named() -> None:
    assert sorted(names(CLIENT, "## Events")) == sorted(EVENTS)


def test_what_a_change_event_watches_is_an_attribute() -> None:
    (watched,) = (cells[1] for cells in rows(section(CLIENT, "## Events")) if cells[0] == "`temperature_changed`")
    status = DeviceStatus(dict.fromkeys(("dhwTemperature", "tankUpperTemperature", "tankLowerTemperature"), 80))
    watch = ChangeWatch()
    device = Device(mac_address="0478630a1b2c", additional_value="5322")
    watch.changes(device, status)
    changes = watch.changes(device, status.with_members(dict.fromkeys(status.raw, 100)))
    assert [changed.name for event, changed in changes if event == "temperature_changed"] == quoted(watched)


def test_settings_are_named_with_their_defaults() -> None:
    defaults = {field.name: repr(field.default) for field in fields(MqttConnectionConfig)}
    described = {quoted(cells[0])[0]: cells[1].strip("`") for cells in rows(section(CLIENT, "## Settings"))}
    assert described == {name: defaults[name] for name in described}
    assert [name for name in defaults if "command" in name and name not in described] == []


def test_what_the_script_imports_is_public() -> None:
    imported = re.search(r"^from nwp500 import (.+)$", CLIENT.read_text(), re.MULTILINE)
    assert imported is not None
    assert set(imported[1].split(", ")) <= set(nwp500.__all__)
