"""What the integration says of itself, compared with the rules of the Integration Quality Scale."""

from annotationlib import get_annotations
import ast
import json
from pathlib import Path
import re
import tomllib
from typing import Any

from homeassistant.util.yaml import load_yaml_dict
import pytest

from custom_components import navilink
from custom_components.navilink import PLATFORMS
from custom_components.navilink.config_flow import NavilinkConfigFlow
from custom_components.navilink.coordinator import NavilinkConfigEntry

FOLDER = Path(navilink.__file__).parent
ROOT = FOLDER.parents[1]
RULES = {
    # Bronze
    *["action-setup", "appropriate-polling", "brands", "common-modules", "config-flow", "config-flow-test-coverage"],
    *["dependency-transparency", "docs-actions", "docs-conditions", "docs-high-level-description"],
    *["docs-installation-instructions", "docs-removal-instructions", "docs-triggers", "entity-event-setup"],
    *["entity-unique-id", "has-entity-name", "runtime-data", "test-before-configure", "test-before-setup"],
    "unique-config-entry",
    # Silver
    *["action-exceptions", "config-entry-unloading", "docs-configuration-parameters", "docs-installation-parameters"],
    *["entity-unavailable", "integration-owner", "log-when-unavailable", "parallel-updates", "reauthentication-flow"],
    "test-coverage",
    # Gold
    *["devices", "diagnostics", "discovery", "discovery-update-info", "docs-data-update", "docs-examples"],
    *["docs-known-limitations", "docs-supported-devices", "docs-supported-functions", "docs-troubleshooting"],
    *["docs-use-cases", "dynamic-devices", "entity-category", "entity-device-class", "entity-disabled-by-default"],
    *["entity-translations", "exception-translations", "icon-translations", "reconfiguration-flow", "repair-issues"],
    "stale-devices",
    # Platinum
    *["async-dependency", "inject-websession", "strict-typing"],
}
DOCUMENTED = {
    "docs-actions": "docs/actions.md",
    "docs-configuration-parameters": "README.md",
    "docs-data-update": "docs/entities.md",
    "docs-examples": "docs/actions.md",
    "docs-installation-instructions": "README.md",
    "docs-known-limitations": "README.md",
    "docs-removal-instructions": "README.md",
    "docs-supported-devices": "README.md",
    "docs-supported-functions": "docs/entities.md",
    "docs-troubleshooting": "docs/troubleshooting.md",
    "docs-use-cases": "README.md",
}
"""Where a reviewer finds what a rule asks for; tests/repository/test_documents.py looks at the content."""

LOOKED_UP = {
    "action-exceptions": ("outcomes.py", r"raise err\b"),
    "action-setup": ("__init__.py", r"async def async_setup\(.*\n.*\n    async_setup_services\(hass\)"),
    "appropriate-polling": ("coordinator.py", r"STATUS_INTERVAL = timedelta\(seconds=30\)"),
    "async-dependency": ("nwp500/transport/*.py", r"call_soon_threadsafe"),
    "common-modules": ("entity.py", r"class NavilinkEntity\(CoordinatorEntity\[NavilinkCoordinator\]\)"),
    "config-entry-unloading": ("__init__.py", r"async_unload_platforms\(entry, PLATFORMS\)"),
    "config-flow": ("manifest.json", r'"config_flow": true'),
    "devices": ("entity.py", r"DeviceInfo\("),
    "diagnostics": ("diagnostics.py", r"async_redact_data\(entry\.data"),
    "dynamic-devices": ("entity.py", r"coordinator\.async_add_listener\(add_new\)"),
    "entity-category": ("**/*.py", r"EntityCategory\.DIAGNOSTIC"),
    "entity-device-class": ("**/*.py", r"device_class=SensorDeviceClass\.TEMPERATURE"),
    "entity-disabled-by-default": ("**/*.py", r"entity_registry_enabled_default=(False|not )"),
    "entity-event-setup": ("event.py", r"async def async_added_to_hass"),
    "entity-translations": ("**/*.py", r"translation_key=(key|\")"),
    "entity-unavailable": ("entity.py", r"return super\(\)\.available and self\.heater\.is_fresh"),
    "entity-unique-id": ("entity.py", r'unique_id = f"\{mac_address\}_\{description\.key\}"'),
    "exception-translations": ("wording.py", r"translation_domain=DOMAIN, translation_key="),
    "has-entity-name": ("entity.py", r"_attr_has_entity_name = True"),
    "icon-translations": ("icons.json", r'"entity"'),
    "inject-websession": ("config.py", r"session=async_get_clientsession\(hass\)"),
    "integration-owner": ("manifest.json", r'"codeowners": \["@'),
    "log-when-unavailable": ("client_events.py", r'LOGGER\.info\("Disconnected from NaviLink'),
    "reauthentication-flow": ("config_flow.py", r"async def async_step_reauth\("),
    "reconfiguration-flow": ("config_flow.py", r"async def async_step_reconfigure\("),
    "repair-issues": ("repairs.py", r"ir\.async_create_issue\("),
    "runtime-data": ("__init__.py", r"entry\.runtime_data = coordinator"),
    "stale-devices": ("__init__.py", r"async def async_remove_config_entry_device\("),
    "test-before-configure": ("config_flow.py", r"await auth_client\.sign_in\(\)"),
    "test-before-setup": ("__init__.py", r"async_config_entry_first_refresh\(\)"),
    "unique-config-entry": ("config_flow.py", r"self\._abort_if_unique_id_configured\(\)"),
}
"""Where in the integration a reviewer sees that a rule is kept."""
SHOWN_ELSEWHERE = {
    "brands": "custom_components/navilink/brand/icon.png",
    "config-flow-test-coverage": "tests/integration/test_config_flow.py",
    "dependency-transparency": "custom_components/navilink/manifest.json",
    "docs-actions": "docs/actions.md",
    "docs-high-level-description": "README.md",
    "docs-installation-parameters": "README.md",
    "parallel-updates": "tests/integration/test_quality.py",
    "strict-typing": "scripts/lint",
    "test-coverage": "scripts/coverage",
}


def manifest() -> dict[str, Any]:
    content: dict[str, Any] = json.loads((FOLDER / "manifest.json").read_text())
    return content


def test_every_rule_is_kept_or_does_not_apply() -> None:
    rules = load_yaml_dict(str(FOLDER / "quality_scale.yaml"))["rules"]
    assert set(rules) == RULES
    for name, rule in rules.items():
        if rule == "done":
            continue
        assert rule["status"] in {"done", "exempt"}, name
        assert rule["comment"], name
    assert manifest()["quality_scale"] == "platinum"


def test_every_rule_that_is_kept_can_be_looked_up() -> None:
    rules = load_yaml_dict(str(FOLDER / "quality_scale.yaml"))["rules"]
    exempt = {name for name, rule in rules.items() if isinstance(rule, dict) and rule["status"] == "exempt"}
    assert LOOKED_UP.keys() | SHOWN_ELSEWHERE.keys() | DOCUMENTED.keys() == RULES - exempt


@pytest.mark.parametrize("rule", LOOKED_UP)
def test_what_a_rule_asks_for_is_in_the_code(rule: str) -> None:
    name, pattern = LOOKED_UP[rule]
    assert any(re.search(pattern, path.read_text()) for path in FOLDER.glob(name))


@pytest.mark.parametrize("rule", SHOWN_ELSEWHERE)
def test_what_shows_a_rule_is_there(rule: str) -> None:
    assert (ROOT / SHOWN_ELSEWHERE[rule]).exists()


def test_manifest_is_in_order() -> None:
    keys = list(manifest())
    assert keys == ["domain", "name", *sorted(keys[2:])]
    assert manifest()["domain"] == FOLDER.name
    assert manifest()["codeowners"]
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    assert manifest()["version"] == project["version"]


@pytest.mark.parametrize("rule", DOCUMENTED)
def test_documentation_is_there(rule: str) -> None:
    assert (ROOT / DOCUMENTED[rule]).exists()
    assert rule in RULES


@pytest.mark.parametrize("platform", PLATFORMS)
def test_platform_says_how_many_of_its_actions_run_at_once(platform: str) -> None:
    module = ast.parse((FOLDER / f"{platform}.py").read_text())
    names = [
        target.id
        for node in module.body
        if isinstance(node, ast.Assign)
        for target in node.targets
        if isinstance(target, ast.Name)
    ]
    assert "PARALLEL_UPDATES" in names


def test_the_options_flow_gets_the_integrations_own_entries() -> None:
    parameters = get_annotations(NavilinkConfigFlow.async_get_options_flow)
    assert parameters["_config_entry"] is NavilinkConfigEntry


def test_what_has_no_types_is_said() -> None:
    said = (FOLDER / "quality_scale.yaml").read_text().partition("  strict-typing: done")[0].splitlines()[-2:]
    assert "AWS packages ship no type information" in said[0]


def test_brand_is_there() -> None:
    assert {"icon.png", "icon@2x.png", "logo.png"} <= {file.name for file in (FOLDER / "brand").iterdir()}
