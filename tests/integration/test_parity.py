"""Every text, icon, field and placeholder that is used exists, and none that exists is unused.

What is used is read from the sources, or seen in a running Home Assistant, so that what is added is checked unasked.
"""

from collections.abc import Iterator, Mapping
import json
from string import Formatter
from typing import Any

from homeassistant.core import HomeAssistant
from homeassistant.exceptions import HomeAssistantError, Unauthorized, UnknownUser
from homeassistant.helpers import entity_registry as er
from homeassistant.helpers.entity import Entity
from homeassistant.helpers.service import async_get_all_descriptions
from homeassistant.setup import async_setup_component
from homeassistant.util.yaml import load_yaml_dict
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.navilink import PLATFORMS, repairs
from custom_components.navilink.const import DOMAIN
from tests.integration.heaters import HEATER
from tests.integration.sources import FOLDER, Call, calls, words
from tests.integration.waiting import wait_for

# Any: JSON and YAML as they are in the files.
type Tree = dict[str, Any]

TEXTS: Tree = json.loads((FOLDER / "translations" / "en.json").read_text())
ICONS: Tree = json.loads((FOLDER / "icons.json").read_text())
ACTIONS: Tree = load_yaml_dict(str(FOLDER / "services.yaml"))

SHAPE = {
    *(
        "abort",
        "config",
        "data",
        "data_description",
        "default",
        "description",
        "entity",
        "error",
        "exceptions",
        "fields",
    ),
    *("fix_flow", "info", "issues", "menu_options", "message", "name", "options", "sections", "selector"),
    *("service", "services", "state", "state_attributes", "step", "system_health", "title", "unit_of_measurement"),
}
"""Keys that Home Assistant gives the files their form with."""
LONGEST_SYMBOL = 3
"""Letters of a unit that is the same in every language, such as `min`."""
OF_HOME_ASSISTANT = {"confirm", "on", "off", "already_configured", "init", "user", "reauth_confirm", "reconfigure"}
"""Steps, states and reasons that Home Assistant names."""


def placeholders(text: str) -> set[str]:
    return {name for _, name, _, _ in Formatter().parse(text) if name}


def keys_below(tree: Tree, path: str) -> Iterator[tuple[str, str]]:
    """Give every key of a tree that a person has chosen, and where it stands."""
    for key, value in tree.items():
        place = f"{path}.{key}"
        if key not in SHAPE or path.endswith((".state", ".options", ".data", ".fields")):
            yield key, place
        if isinstance(value, dict):
            yield from keys_below(value, place)


def is_used(key: str) -> bool:
    """Return whether a key is a word of the sources, or made of several, as `refused_with_code` is."""
    known = words()
    parts = key.split("_")
    return key in known or any(
        "_".join(parts[:middle]) in known and {"_".join(parts[middle:]), "_" + "_".join(parts[middle:])} & known
        for middle in range(1, len(parts))
    )


def fields_of(action: Tree) -> set[str]:
    """Return the fields of an action, those in sections included."""
    found: set[str] = set()
    for name, about in action.get("fields", {}).items():
        found |= set(about["fields"]) if "fields" in (about or {}) else {name}
    return found


PLAIN_ERRORS = {"UnstorableEventError"}
"""Errors of the integration's own that carry the key of a text, and what is put into it by name."""


def errors() -> list[Call]:
    """Return every call that makes an error, or whatever else, with a text of this integration."""
    return [call for call in calls() if call.name in PLAIN_ERRORS or call.keyword("translation_domain") is not None]


def given_to(call: Call) -> set[str]:
    """Return what is put into the text of an error."""
    if call.name in PLAIN_ERRORS:
        return {each.arg for each in call.node.keywords if each.arg is not None}
    return call.keys(call.keyword("translation_placeholders"))


def keys_of_errors() -> Iterator[tuple[Call, str]]:
    for call in errors():
        key = call.keyword("translation_key")
        assert key is not None, call.place
        for text in call.texts(key):
            yield call, text


def test_no_error_of_home_assistant_is_without_a_text_of_ours() -> None:
    """But for those that say by themselves what is wrong, in the words of Home Assistant."""
    for call in calls():
        made = getattr(call.module, call.name, None)
        if isinstance(made, type) and issubclass(made, HomeAssistantError) and made not in (Unauthorized, UnknownUser):
            assert call.keyword("translation_domain") is not None, call.place


def test_every_error_has_a_text_and_every_text_an_error() -> None:
    assert {key for _, key in keys_of_errors()} == set(TEXTS["exceptions"])


def test_every_placeholder_of_an_error_is_given() -> None:
    for call, key in keys_of_errors():
        needed = placeholders(TEXTS["exceptions"][key]["message"])
        assert needed <= given_to(call), f"{call.place}: {key}"


def test_every_text_that_is_looked_up_exists() -> None:
    """Of the groups that the integration makes its sentences from; keys that come from codes are compared elsewhere."""
    used: set[str] = set()
    for call in calls():
        if call.name != "text":
            continue
        group, key = call.argument(1), call.argument(2)
        assert group is not None, call.place
        for name in call.texts(group):
            used.add(name)
            assert name in TEXTS["selector"], call.place
            if key is not None and type(key).__name__ == "Constant":
                assert call.texts(key) <= set(TEXTS["selector"][name]["options"]), call.place
    for call in calls():
        if call.name.endswith("SelectorConfig") and (key := call.keyword("translation_key")) is not None:
            used |= call.texts(key)
    used |= {config["translation_key"] for config, _ in selections()} | set(forms(ACTIONS))
    assert set(TEXTS["selector"]) == used


def forms(tree: Tree) -> Iterator[str]:
    """Give the keys of the texts of all selections and objects in the fields of the actions, however deep."""
    for key, value in tree.items():
        if key == "translation_key":
            yield value
        elif isinstance(value, dict):
            yield from forms(value)


def selections() -> Iterator[tuple[Tree, str]]:
    """Give the selections of the actions that have texts, and whose they are."""
    for name, action in ACTIONS.items():
        for field, about in all_fields(action):
            config = about.get("selector", {}).get("select") or {}
            if "translation_key" in config:
                yield config, f"{name}.{field}"


def all_fields(action: Tree) -> Iterator[tuple[str, Tree]]:
    for name, about in (action.get("fields") or {}).items():
        if "fields" in (about or {}):
            yield from all_fields(about)
        else:
            yield name, about or {}


def test_options_of_an_action_are_those_that_have_texts() -> None:
    for config, place in selections():
        assert set(config["options"]) == set(TEXTS["selector"][config["translation_key"]]["options"]), place
    for name, action in ACTIONS.items():
        for field, about in all_fields(action):
            options = about.get("selector", {}).get("select", {}).get("options", [])
            has_texts = all(isinstance(option, dict) and option["label"] for option in options)
            assert has_texts or "translation_key" in about["selector"]["select"], f"{name}.{field}"


def test_words_for_units_of_an_action_have_texts() -> None:
    for name, action in ACTIONS.items():
        for field, about in all_fields(action):
            number = about.get("selector", {}).get("number") or {}
            unit = number.get("unit_of_measurement", "")
            if len(unit) > LONGEST_SYMBOL:
                assert unit in TEXTS["selector"][number["translation_key"]]["unit_of_measurement"], f"{name}.{field}"


async def test_every_action_has_name_description_icon_and_fields(hass: HomeAssistant) -> None:
    assert await async_setup_component(hass, DOMAIN, {})
    registered = set(hass.services.async_services_for_domain(DOMAIN))
    assert set(ACTIONS) == set(TEXTS["services"]) == set(ICONS["services"]) == registered
    described = (await async_get_all_descriptions(hass))[DOMAIN]
    for name, action in ACTIONS.items():
        texts = TEXTS["services"][name]
        assert texts["name"], name
        assert texts["description"], name
        assert ICONS["services"][name]["service"].startswith("mdi:"), name
        assert set(texts.get("fields", {})) == fields_of(action), name
        assert all(about["name"] and about["description"] for about in texts.get("fields", {}).values()), name
        sections = {key for key, about in (action.get("fields") or {}).items() if "fields" in (about or {})}
        assert set(texts.get("sections", {})) == sections, name
        assert fields_of(described[name]) == fields_of(action), name


def fields_taken(schema: object) -> Mapping[object, object]:
    """Return the fields of a schema, which may be one of several that must all be satisfied."""
    if isinstance(schema, Mapping):
        return schema
    inner = [getattr(schema, "schema", None), *getattr(schema, "validators", ())]
    return next((found for each in inner if each is not None and (found := fields_taken(each))), {})


async def test_fields_of_an_action_are_those_that_it_takes(hass: HomeAssistant) -> None:
    """What it takes decides its schema; the targets that Home Assistant adds are no fields."""
    assert await async_setup_component(hass, DOMAIN, {})
    targets = {"entity_id", "device_id", "area_id", "floor_id", "label_id", "metadata"}
    for name, service in hass.services.async_services_for_domain(DOMAIN).items():
        taken = set(map(str, fields_taken(service.schema)))
        described = fields_of(ACTIONS[name])
        assert described <= taken, name
        assert taken - described <= targets, name


def test_every_issue_has_a_text_and_every_text_an_issue() -> None:
    assert set(repairs.ISSUES) == set(TEXTS["issues"])


def kinds_of_issue(call: Call) -> set[str]:
    """Return the issues that a call is about: what it is given, by name, that names one."""
    given = (*call.node.args, *(each.value for each in call.node.keywords))
    named = [ast_value for each in given if (ast_value := getattr(call.module, getattr(each, "id", ""), None))]
    return {each for each in named if isinstance(each, str) and each in TEXTS["issues"]}


def texts_of_issue(kind: str) -> set[str]:
    """Return the placeholders that the issue itself has to give; a dialog of the integration's own gives its own."""
    issue = TEXTS["issues"][kind]
    confirmed = issue.get("fix_flow", {}).get("step", {}).get("confirm", {})
    texts = (issue["title"], issue.get("description", ""), *confirmed.values())
    return set().union(*map(placeholders, texts))


def test_every_placeholder_of_an_issue_is_given() -> None:
    given: dict[str, set[str]] = {}
    for call in calls():
        mapping = call.keyword("placeholders")
        for kind in kinds_of_issue(call) if mapping is not None else ():
            given[kind] = call.keys(mapping)
    assert {kind: texts_of_issue(kind) - given.get(kind, set()) for kind in TEXTS["issues"]} == {
        kind: set() for kind in TEXTS["issues"]
    }


def steps() -> Mapping[str, Tree]:
    """Return the texts of every step of every dialog by its id; those of two issues may have the same."""
    fixes = [issue["fix_flow"]["step"] for issue in TEXTS["issues"].values() if "fix_flow" in issue]
    found: dict[str, Tree] = {}
    for named in (TEXTS["config"]["step"], TEXTS["options"]["step"], *fixes):
        for name, step in named.items():
            found[name] = found.get(name, {}) | {f"{name} {len(found)}": step}
    return found


def test_every_step_that_is_shown_has_texts() -> None:
    known = steps()
    for call in calls():
        step = call.keyword("step_id")
        if step is None or call.is_parameter(step):
            continue
        for step_id in call.texts(step):
            assert step_id in known, call.place
            menu = call.keyword("menu_options")
            if menu is not None:
                options = {each.value for each in getattr(menu, "elts", [])}
                assert options in [set(texts.get("menu_options", {})) for texts in known[step_id].values()], call.place


def test_every_placeholder_of_a_step_is_given() -> None:
    for call in calls():
        step, given = call.keyword("step_id"), call.keyword("description_placeholders")
        if step is None or given is None or call.is_parameter(step):
            continue
        keys = call.keys(given)
        for step_id in call.texts(step):
            needed = [set().union(*map(placeholders, all_texts(each))) for each in steps()[step_id].values()]
            assert any(each <= keys for each in needed), call.place


def all_texts(tree: Tree | str) -> Iterator[str]:
    if isinstance(tree, str):
        yield tree
        return
    for value in tree.values():
        yield from all_texts(value)


@pytest.mark.parametrize("section", [name for name in TEXTS if name != "title"])
def test_no_text_is_unused(section: str) -> None:
    named = (
        {field for action in ACTIONS.values() for field in fields_of(action)}
        | set(ACTIONS)
        | set(forms(ACTIONS))
        | set(PLATFORMS)
        | OF_HOME_ASSISTANT
    )
    unused = [place for key, place in keys_below(TEXTS[section], section) if key not in named and not is_used(key)]
    assert unused == []


@pytest.mark.parametrize("key", ["nobody_uses_this", "refused_with_nobody", "nobody"])
def test_a_key_that_nobody_uses_is_found(key: str) -> None:
    assert not is_used(key)
    assert is_used("refused_with_code")
    assert [place for _, place in keys_below({"options": {key: "A text"}}, "selector")] == [f"selector.options.{key}"]


def test_no_icon_is_without_a_text() -> None:
    """An icon of an entity, a state or an attribute that has no text is one that nobody sees."""
    for platform, named in ICONS["entity"].items():
        for key, icon in named.items():
            texts = TEXTS["entity"][platform].get(key)
            assert texts is not None, f"{platform}.{key}"
            states = set(texts.get("state", {})) or {"on", "off"}
            assert set(icon.get("state", {})) <= states, f"{platform}.{key}"
            for attribute, about in icon.get("state_attributes", {}).items():
                known = texts["state_attributes"][attribute].get("state", {})
                assert set(about.get("state", {})) <= set(known), f"{platform}.{key}.{attribute}"


@pytest.fixture
def everything_enabled(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Entity, "entity_registry_enabled_default", True)


@pytest.mark.usefixtures("everything_enabled")
async def test_every_entity_has_a_name_and_an_icon(hass: HomeAssistant, running: MockConfigEntry) -> None:
    await wait_for(hass, HEATER, lambda state: state.attributes["min_temp"] == 40.5)
    await hass.async_block_till_done()
    for entity in er.async_entries_for_config_entry(er.async_get(hass), running.entry_id):
        if entity.entity_id == HEATER:
            # It bears the name of its device, and its icon is that of its platform.
            continue
        assert entity.has_entity_name, entity.entity_id
        texts = TEXTS["entity"][entity.domain].get(entity.translation_key)
        assert texts is not None, entity.entity_id
        assert texts.get("name"), entity.entity_id
        has_icon = entity.translation_key in ICONS["entity"].get(entity.domain, {})
        assert has_icon or entity.original_device_class, entity.entity_id
        capabilities = entity.capabilities or {}
        if "options" in capabilities:
            assert set(texts["state"]) == set(capabilities["options"]), entity.entity_id
