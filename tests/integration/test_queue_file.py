"""The stored queue as a file on a real disk."""

from datetime import timedelta
import json
from pathlib import Path
import shutil
import stat

from homeassistant.core import DOMAIN as HOMEASSISTANT
from homeassistant.core import HomeAssistant
from homeassistant.exceptions import HomeAssistantError
from homeassistant.helpers import issue_registry as ir
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.navilink.const import DOMAIN
from simulator.process import SimulatorProcess
from tests.integration.actions import CONNECTION, QUEUED, cut, queued_words, set_mode, set_temperature, shown
from tests.integration.heaters import HEATER, applied
from tests.integration.waiting import wait_for_value
from tests.integration.wall_clock import WallClock


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
    assert [command["wanted"] for command in content["data"]["queue"]["unsent"]] == ["set point 60 °C"]
    assert stat.S_IMODE((await hass.async_add_executor_job(file.stat)).st_mode) == 0o600
    await hass.config_entries.async_remove(running.entry_id)
    assert not await hass.async_add_executor_job(file.exists)


def stored(file: Path) -> list[str]:
    """Return the commands in the file, in words."""
    return [command["wanted"] for command in json.loads(file.read_text())["data"]["queue"]["unsent"]]


def kept(file: Path) -> list[Path]:
    """Return what was put aside of the file."""
    return sorted(file.parent.glob(f"{file.name}.*"))


async def write(hass: HomeAssistant, file: Path, content: bytes) -> None:
    await hass.async_add_executor_job(file.parent.mkdir, 0o777, True, True)
    await hass.async_add_executor_job(file.write_bytes, content)


async def start(hass: HomeAssistant, entry: MockConfigEntry) -> None:
    assert await hass.config_entries.async_setup(entry.entry_id)
    await wait_for_value(hass, HEATER, "eco")


def of_a_heater(mac_address: str) -> bytes:
    """Make a file of one heater, with nothing to send."""
    device = {
        "mac_address": mac_address,
        "additional_value": "5322",
        "device_type": 52,
        "home_seq": 10001,
        "name": "NWP500",
    }
    queue: dict[str, object] = {"unsent": [], "sent": [], "features": {}, "running_modes": {}}
    return json.dumps({"version": 1, "key": "", "data": {"devices": [device], "queue": queue}}).encode()


@pytest.mark.parametrize(
    "content",
    [
        b'{"version": 1, "da',
        b"",
        b"\xff\xfe\x00",
        b"[]",
        b"null",
        b'"text"',
        b"5",
        b'{"version": 1, "data": {}}',
        of_a_heater(":-:"),
        of_a_heater("04" * 200),
    ],
)
async def test_damaged_file_makes_one_issue_and_an_empty_queue(
    hass: HomeAssistant, entry: MockConfigEntry, content: bytes
) -> None:
    file = queue_file(hass, entry)
    await write(hass, file, content)
    await start(hass, entry)
    assert shown(hass, QUEUED).state == "0"
    issues = [
        issue
        for issue in ir.async_get(hass).issues.values()
        if issue.domain == DOMAIN or (issue.domain, issue.issue_domain) == (HOMEASSISTANT, DOMAIN)
    ]
    assert len(issues) == 1
    [corrupt] = await hass.async_add_executor_job(kept, file)
    assert corrupt.name.startswith(f"{file.name}.corrupt.")
    assert await hass.async_add_executor_job(corrupt.read_bytes) == content
    assert await hass.config_entries.async_unload(entry.entry_id)


async def test_file_of_a_newer_version_outlives_a_downgrade(
    hass: HomeAssistant, simulator: SimulatorProcess, entry: MockConfigEntry
) -> None:
    content = json.dumps({"version": 2, "minor_version": 1, "key": "of the future", "data": {"queue": []}}).encode()
    file = queue_file(hass, entry)
    await write(hass, file, content)
    await start(hass, entry)
    await wait_for_value(hass, CONNECTION, "on")
    await cut(hass, simulator)
    await set_temperature(hass, 60)
    assert await hass.async_add_executor_job(stored, file) == ["set point 60 °C"]
    [newer] = await hass.async_add_executor_job(kept, file)
    assert newer.name.startswith(f"{file.name}.newer.")
    assert await hass.async_add_executor_job(newer.read_bytes) == content
    [issue] = ir.async_get(hass).issues.values()
    assert issue.translation_placeholders == {"account": "NWP500", "file": str(newer)}
    await hass.config_entries.async_remove(entry.entry_id)
    assert await hass.async_add_executor_job(kept, file) == []


async def test_queue_that_cannot_be_written_is_told_until_it_can(
    hass: HomeAssistant, simulator: SimulatorProcess, running: MockConfigEntry, wall_clock: WallClock
) -> None:
    registry = ir.async_get(hass)
    issue_id = f"unwritable_store_{running.entry_id}"
    file = queue_file(hass, running)
    await cut(hass, simulator)
    await running.runtime_data.store.async_saved()
    assert registry.async_get_issue(DOMAIN, issue_id) is None
    # A folder in the way cannot be replaced by a file, not even by root.
    await hass.async_add_executor_job(file.unlink)
    await hass.async_add_executor_job(file.mkdir)
    with pytest.raises(HomeAssistantError) as not_stored:
        await set_temperature(hass, 60)
    assert not_stored.value.translation_key == "command_not_stored"
    assert queued_words(hass) == ["target temperature 60 °C"]
    issue = registry.async_get_issue(DOMAIN, issue_id)
    assert issue is not None
    assert not issue.is_fixable
    # Nothing new has to happen for another try.
    await hass.async_add_executor_job(file.rmdir)
    await wall_clock.pass_by(timedelta(seconds=31))
    assert registry.async_get_issue(DOMAIN, issue_id) is None
    assert await hass.async_add_executor_job(stored, file) == ["set point 60 °C"]
    await set_mode(hass, "heat_pump")
    await simulator.fault("link_up")
    await simulator.wait(applied=2)
    assert await applied(simulator) == [("dhw-temperature", [120]), ("dhw-mode", [1])]


async def test_folder_that_cannot_be_used_is_told_too(
    hass: HomeAssistant, simulator: SimulatorProcess, running: MockConfigEntry
) -> None:
    file = queue_file(hass, running)
    await cut(hass, simulator)
    await running.runtime_data.store.async_saved()
    await hass.async_add_executor_job(shutil.rmtree, file.parent)
    await hass.async_add_executor_job(file.parent.write_bytes, b"not a folder")
    with pytest.raises(HomeAssistantError) as not_stored:
        await set_temperature(hass, 60)
    assert not_stored.value.translation_key == "command_not_stored"
    await hass.async_add_executor_job(file.parent.unlink)
    await set_temperature(hass, 55)
    assert await hass.async_add_executor_job(stored, file) == ["set point 55 °C"]
    assert not ir.async_get(hass).issues
