"""What the integration says of itself, compared with the rules of the Integration Quality Scale."""

from annotationlib import get_annotations
import ast
import json
from pathlib import Path
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
SECTIONS = {
    "docs-configuration-parameters": "Configure",
    "docs-installation-instructions": "Install",
    "docs-removal-instructions": "Remove",
    "docs-data-update": "How data is updated",
    "docs-examples": "Automate",
    "docs-known-limitations": "Known limitations",
    "docs-supported-devices": "Supported devices",
    "docs-supported-functions": "What you get",
    "docs-troubleshooting": "Troubleshooting",
    "docs-use-cases": "Use cases",
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


def test_manifest_is_in_order() -> None:
    keys = list(manifest())
    assert keys == ["domain", "name", *sorted(keys[2:])]
    assert manifest()["domain"] == FOLDER.name
    assert manifest()["codeowners"]
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    assert manifest()["version"] == project["version"]


@pytest.mark.parametrize("rule", SECTIONS)
def test_documentation_has_its_section(rule: str) -> None:
    assert f"\n## {SECTIONS[rule]}\n" in (ROOT / "README.md").read_text()


def test_documentation_names_every_action_and_option() -> None:
    readme = (ROOT / "README.md").read_text()
    texts = json.loads((FOLDER / "translations" / "en.json").read_text())
    for action, described in texts["services"].items():
        assert f"`navilink.{action}`" in readme
        for field in described["fields"]:
            assert f"`{field}`" in readme, action
    user = texts["config"]["step"]["user"]
    fields = user["data"] | user["sections"]["private_server"]["data"] | texts["options"]["step"]["init"]["data"]
    for field, label in fields.items():
        if field != "expiration_time":  # described with the expiration
            assert f"| {label} |" in readme, field


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


def test_the_options_flow_is_told_of_the_integrations_own_entries() -> None:
    parameters = get_annotations(NavilinkConfigFlow.async_get_options_flow)
    assert parameters["_config_entry"] is NavilinkConfigEntry


def test_what_has_no_types_is_said() -> None:
    said = (FOLDER / "quality_scale.yaml").read_text().partition("  strict-typing: done")[0].splitlines()[-2:]
    assert "AWS packages ship no type information" in said[0]


def test_brand_is_there() -> None:
    assert {"icon.png", "icon@2x.png", "logo.png"} <= {file.name for file in (FOLDER / "brand").iterdir()}
