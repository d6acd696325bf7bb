"""The stored queue as a file on a real disk."""

import json
from pathlib import Path
import stat

from homeassistant.core import DOMAIN as HOMEASSISTANT
from homeassistant.core import HomeAssistant
from homeassistant.helpers import issue_registry as ir
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.navilink.const import DOMAIN
from simulator.process import SimulatorProcess
from tests.integration.actions import QUEUED, cut, set_temperature, shown
from tests.integration.heaters import HEATER
from tests.integration.waiting import wait_for_value


@pytest.fixture
def hass_config_dir(hass_tmp_config_dir: str) -> str:
    """Let Home Assistant live in a folder of the test's own."""
    return hass_tmp_config_dir


@pytest.fixture
def hass_storage() -> dict[str, object]:
    """Put nothing in the place of the real storage."""
    return {}


def queue_file(hass: HomeAssistant, entry: MockConfigEntry) -> Path:
    return Path(hass.config.path(".storage", f"{DOMAIN}.{entry.entry_id}"))


async def test_file_holds_the_command_when_its_action_returns(
    hass: HomeAssistant, simulator: SimulatorProcess, running: MockConfigEntry
) -> None:
    await cut(hass, simulator)
    await set_temperature(hass, 60)
    file = queue_file(hass, running)
    content = json.loads(await hass.async_add_executor_job(file.read_text))
    assert [command["wanted"] for command in content["data"]["queue"]["unsent"]] == ["set point 140 °F"]
    assert stat.S_IMODE((await hass.async_add_executor_job(file.stat)).st_mode) == 0o600
    await hass.config_entries.async_remove(running.entry_id)
    assert not await hass.async_add_executor_job(file.exists)


@pytest.mark.parametrize("content", [b'{"version": 1, "da', b"", b"\xff\xfe\x00", b"[]", b"null", b'"text"', b"5"])
async def test_damaged_file_makes_one_issue_and_an_empty_queue(
    hass: HomeAssistant, entry: MockConfigEntry, content: bytes
) -> None:
    file = queue_file(hass, entry)
    await hass.async_add_executor_job(file.parent.mkdir, 0o777, True, True)
    await hass.async_add_executor_job(file.write_bytes, content)
    assert await hass.config_entries.async_setup(entry.entry_id)
    await wait_for_value(hass, HEATER, "eco")
    assert shown(hass, QUEUED).state == "0"
    issues = [
        issue
        for issue in ir.async_get(hass).issues.values()
        if issue.domain == DOMAIN or (issue.domain, issue.issue_domain) == (HOMEASSISTANT, DOMAIN)
    ]
    assert len(issues) == 1
    assert await hass.config_entries.async_unload(entry.entry_id)
