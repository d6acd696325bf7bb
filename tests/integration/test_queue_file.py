"""The stored queue as a file on a real disk."""

from collections.abc import Callable, Mapping
from datetime import timedelta
import errno
import json
import logging
from pathlib import Path
import shutil
import stat
import time
from typing import Any

from homeassistant.config_entries import ConfigEntryState
from homeassistant.core import DOMAIN as HOMEASSISTANT
from homeassistant.core import HomeAssistant
from homeassistant.exceptions import HomeAssistantError
from homeassistant.helpers import device_registry as dr
from homeassistant.helpers import issue_registry as ir
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry, async_capture_events

from custom_components.navilink.const import DOMAIN
from custom_components.navilink.coordinator import NavilinkCoordinator
from custom_components.navilink.outcomes import EVENT_COMMAND_OUTCOME
from custom_components.navilink.queue_store import MAX_FILE_BYTES, replace_file
from simulator.process import SimulatorProcess
from tests.integration.actions import CONNECTION, OUTCOME, QUEUED, cut, queued_words, set_mode, set_temperature, shown
from tests.integration.heaters import HEATER, MAC, applied
from tests.integration.waiting import next_event, wait_for, wait_for_value
from tests.integration.wall_clock import WallClock


def queue_file(hass: HomeAssistant, entry: MockConfigEntry) -> Path:
    return Path(hass.config.path(".storage", f"{DOMAIN}.{entry.entry_id}"))


async def test_file_holds_the_command_when_its_action_returns(
    hass: HomeAssistant, simulator: SimulatorProcess, running: MockConfigEntry
) -> None:
    await cut(hass, simulator)
    await set_temperature(hass, 60)
    file = queue_file(hass, running)
    content = json.loads(await hass.async_add_executor_job(file.read_text))
    assert [command["wanted"] for command in content["data"]["queue"]["unsent"]] == ["setpoint 60 °C"]
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


def of_a_heater(mac_address: str, **members: object) -> bytes:
    """Make a file of one heater as the first version wrote it, with nothing to send."""
    device = {
        "mac_address": mac_address,
        "additional_value": "5322",
        "device_type": 52,
        "home_seq": 10001,
        "name": "NWP500",
    }
    queue: dict[str, object] = {"unsent": [], "sent": [], "features": {}, "running_modes": {}, **members}
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
        of_a_heater("0478630a1b2c", running_modes={"0478630a1b2c": 10**100}),
        of_a_heater("0478630a1b2c", unsent={}),
        of_a_heater("0478630a1b2c", features={"0478630a1b2c": []}),
        of_a_heater("0478630a1b2c", order=[[[[[["deep"]]]]]]),
        b'{"version": 1, "data": {"devices": [], "queue": ' + b"[" * 500 + b"]" * 500 + b"}}",
        b'{"version": 1, "minor_version": "x", "data": {}}',
        b'{"version": 1, "minor_version": 2, "data": [[]]}',
        b'{"version": [1], "minor_version": 2, "data": {}}',
        b'{"version": 1' + b"0" * 100 + b', "data": {}}',
        b'{"version": 1, "minor_version": NaN, "data": {}}',
    ],
    ids=range(20),
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
    assert corrupt.name.startswith((f"{file.name}.corrupt.", f"{file.name}.newer."))
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
    assert await hass.async_add_executor_job(stored, file) == ["setpoint 60 °C"]
    [newer] = await hass.async_add_executor_job(kept, file)
    assert newer.name.startswith(f"{file.name}.newer.")
    assert await hass.async_add_executor_job(newer.read_bytes) == content
    [issue] = ir.async_get(hass).issues.values()
    assert issue.translation_placeholders == {"file": newer.name}
    await hass.config_entries.async_remove(entry.entry_id)
    assert await hass.async_add_executor_job(kept, file) == []


async def test_queue_that_cannot_be_written_is_reported_until_it_can(
    hass: HomeAssistant,
    simulator: SimulatorProcess,
    running: MockConfigEntry,
    wall_clock: WallClock,
    caplog: pytest.LogCaptureFixture,
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
    with pytest.raises(HomeAssistantError):
        await set_temperature(hass, 60)
    issue = registry.async_get_issue(DOMAIN, issue_id)
    assert issue is not None
    assert not issue.is_fixable
    # However often it is tried.
    [line] = [record for record in caplog.records if record.levelno >= logging.ERROR]
    assert line.message.startswith(f"Cannot write the command queue to {file}: ")
    assert line.exc_info is None
    # Nothing new has to happen for another try.
    await hass.async_add_executor_job(file.rmdir)
    await wall_clock.pass_by(timedelta(seconds=31))
    assert registry.async_get_issue(DOMAIN, issue_id) is None
    assert "The command queue can be written again" in caplog.messages
    assert await hass.async_add_executor_job(stored, file) == ["setpoint 60 °C"]
    await set_mode(hass, "heat_pump")
    await simulator.fault("mqtt_up")
    await simulator.wait(applied=2)
    assert await applied(simulator) == [("dhw-temperature", [120]), ("dhw-mode", [1])]


async def test_folder_that_cannot_be_used_is_reported_too(
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
    assert await hass.async_add_executor_job(stored, file) == ["setpoint 55 °C"]
    assert not ir.async_get(hass).issues


async def stopped_with(hass: HomeAssistant, simulator: SimulatorProcess, entry: MockConfigEntry) -> dict[str, Any]:
    """Leave a setpoint and a mode in the file, and Home Assistant without the account; return the content."""
    await cut(hass, simulator)
    await set_temperature(hass, 60)
    await set_mode(hass, "heat_pump")
    assert await hass.config_entries.async_unload(entry.entry_id)
    return dict(json.loads(await hass.async_add_executor_job(queue_file(hass, entry).read_bytes)))


async def set_up_with(hass: HomeAssistant, entry: MockConfigEntry, content: object) -> None:
    await write(hass, queue_file(hass, entry), json.dumps(content).encode())
    assert await hass.config_entries.async_setup(entry.entry_id)


async def test_tampered_commands_are_set_aside_and_the_others_are_sent(
    hass: HomeAssistant, simulator: SimulatorProcess, running: MockConfigEntry
) -> None:
    content = await stopped_with(hass, simulator, running)
    setpoint, mode = content["data"]["queue"]["unsent"]
    content["data"]["queue"]["unsent"] = [
        setpoint | {"id": "1", "parameters": [196]},
        setpoint | {"id": "2", "mac_address": "0478630a1bff"},
        setpoint | {"id": "3", "mac_address": None},
        setpoint | {"id": "4", "mac_address": "0" * 65},
        setpoint | {"id": "5", "kind": "firmware-update"},
        # What is said besides counts for nothing.
        setpoint | {"topic": "cmd/52/navilink-0478630a1bff/ctrl", "body": "{}"},
        "nothing of ours",
        mode,
    ]
    await set_up_with(hass, running, content)
    assert running.state is ConfigEntryState.LOADED
    assert queued_words(hass) == ["target temperature 60 °C", "mode heat pump"]
    [issue] = ir.async_get(hass).issues.values()
    assert issue.translation_key == "unreadable_store"
    [corrupt] = await hass.async_add_executor_job(kept, queue_file(hass, running))
    assert json.loads(await hass.async_add_executor_job(corrupt.read_bytes)) == content
    assert issue.translation_placeholders is not None
    assert issue.translation_placeholders["file"] == corrupt.name
    await simulator.fault("mqtt_up")
    await simulator.wait(applied=2)
    assert await applied(simulator) == [("dhw-temperature", [120]), ("dhw-mode", [1])]
    topics = {each["topic"] for each in (await simulator.state())["received"] if each["topic"].endswith("/ctrl")}
    assert topics == {f"cmd/52/navilink-{MAC}/ctrl"}


async def test_file_of_the_first_version_is_read(
    hass: HomeAssistant, simulator: SimulatorProcess, running: MockConfigEntry
) -> None:
    content = await stopped_with(hass, simulator, running)
    content["minor_version"] = 1
    queue = content["data"]["queue"]
    for name in ("outcomes", "statuses", "stored_at"):
        del queue[name]
    for command in queue["unsent"]:
        param = command.pop("parameters")
        del command["age"]
        command |= {
            "topic": f"cmd/52/navilink-{MAC}/ctrl",
            "body": json.dumps({"clientID": "earlier", "request": {"mode": command["kind"], "param": param}}),
            "qos": 1,
            "setting": None,
            "expected": {},
        }
    await set_up_with(hass, running, content)
    assert queued_words(hass) == ["target temperature 60 °C", "mode heat pump"]
    assert not ir.async_get(hass).issues
    await simulator.fault("mqtt_up")
    await simulator.wait(applied=2)
    assert await applied(simulator) == [("dhw-temperature", [120]), ("dhw-mode", [1])]


async def test_file_that_is_too_large_is_not_even_read(hass: HomeAssistant, entry: MockConfigEntry) -> None:
    file = queue_file(hass, entry)
    await write(hass, file, b" " * (MAX_FILE_BYTES + 1))
    await start(hass, entry)
    assert [issue.translation_key for issue in ir.async_get(hass).issues.values()] == ["unreadable_store"]
    assert len(await hass.async_add_executor_job(kept, file)) == 1
    assert await hass.config_entries.async_unload(entry.entry_id)


async def test_a_queue_of_three_thousand_is_cut_in_no_time_with_an_outcome_for_each(
    hass: HomeAssistant, simulator: SimulatorProcess, running: MockConfigEntry, monkeypatch: pytest.MonkeyPatch
) -> None:
    content = await stopped_with(hass, simulator, running)
    setpoint, _ = content["data"]["queue"]["unsent"]
    monkeypatch.setattr("custom_components.navilink.config.COALESCE_COMMANDS", False)
    many = [setpoint | {"id": f"command {number}"} for number in range(3000)]
    content["data"]["queue"] |= {"unsent": many, "order": [command["id"] for command in many]}
    passed = async_capture_events(hass, EVENT_COMMAND_OUTCOME)
    # In debug mode asyncio notes a traceback for every future, which takes ten times as long as all the rest.
    hass.loop.set_debug(False)
    begin = time.process_time()
    await set_up_with(hass, running, content)
    seconds = time.process_time() - begin
    await hass.async_block_till_done()
    assert shown(hass, QUEUED).state == "100"
    assert [event.data["command_id"] for event in passed] == [f"command {number}" for number in range(2900)]
    assert {event.data["outcome"] for event in passed} == {"dropped"}
    assert len(await hass.async_add_executor_job(stored, queue_file(hass, running))) == 100
    # 0.3 s of one core; it was half a minute.
    assert seconds < 2


async def test_what_killed_writings_left_is_removed_and_nobody_elses(
    hass: HomeAssistant, entry: MockConfigEntry
) -> None:
    file = queue_file(hass, entry)
    ours = [file.with_name("tmpaaaaaaaa"), file.with_name("tmpbbbbbbbb")]
    others = [file.with_name("tmpcccccccc"), file.with_name("tmpdddddddd")]
    # Killed before the first byte: nothing but the name says whose it is.
    empty = file.with_name(f"tmp.{file.name}")
    await write(hass, empty, b"")
    whole = json.dumps({"version": 1, "minor_version": 2, "key": file.name, "data": {}}, indent=2).encode()
    for path, content in zip(
        (*ours, *others), (whole, whole[:90], whole.replace(file.name.encode(), b"core.uuid"), b""), strict=True
    ):
        await write(hass, path, content)
    await start(hass, entry)
    left = await hass.async_add_executor_job(lambda: set(file.parent.glob("tmp*")))
    # Others may be writing just now.
    assert left >= set(others)
    assert left.isdisjoint(ours)
    assert await hass.config_entries.async_unload(entry.entry_id)
    assert not await hass.async_add_executor_job(empty.exists)


type Write = Callable[[Callable[[], None], bytes], None]


@pytest.fixture
def on_writing(monkeypatch: pytest.MonkeyPatch) -> Callable[[Write], None]:
    """Put something around every writing: it is called with what writes, and with what is written."""

    def put(around: Write) -> None:
        def changed(file: Path, data: bytes) -> None:
            around(lambda: replace_file(file, data), data)

        monkeypatch.setattr("custom_components.navilink.queue_store.replace_file", changed)

    return put


async def test_what_is_stale_on_a_full_disk_does_not_come_back(
    hass: HomeAssistant,
    simulator: SimulatorProcess,
    running: MockConfigEntry,
    on_writing: Callable[[Write], None],
) -> None:
    await cut(hass, simulator)
    await set_temperature(hass, 60)
    file = queue_file(hass, running)
    assert await hass.async_add_executor_job(stored, file) == ["setpoint 60 °C"]

    def no_space(_write: Callable[[], None], _data: bytes) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    on_writing(no_space)
    await simulator.fault("mqtt_up")
    # Nobody waits for a store that cannot be written.
    await wait_for(hass, OUTCOME, lambda state: state.attributes.get("event_type") == "confirmed")
    assert not await hass.async_add_executor_job(file.exists)
    await simulator.device(MAC, dhwTemperatureSetting=100)
    assert await hass.config_entries.async_reload(running.entry_id)
    await wait_for(hass, HEATER, lambda state: state.attributes.get("temperature") == 50)
    assert queued_words(hass) == []
    assert await applied(simulator) == [("dhw-temperature", [120])]


@pytest.mark.parametrize(("messages", "serial_number"), [(30, "29" + "S" * 62), (29, None)])
async def test_a_flood_of_device_info_is_written_once_and_short(
    hass: HomeAssistant,
    simulator: SimulatorProcess,
    running: MockConfigEntry,
    on_writing: Callable[[Write], None],
    messages: int,
    serial_number: str | None,
) -> None:
    """A serial number that is too long is none: cut, it would be another one."""
    coordinator: NavilinkCoordinator = running.runtime_data

    def feature() -> Mapping[str, object]:
        found = coordinator.client.feature(coordinator.data[MAC].device)
        return {} if found is None else found.raw

    await wait_for(hass, HEATER, lambda _: bool(feature()))
    await coordinator.store.async_saved()
    written: list[bytes] = []

    def note(write: Callable[[], None], data: bytes) -> None:
        written.append(data)
        write()

    on_writing(note)
    for number in range(messages):
        reported = f"{number}" + "S" * (62 if number % 2 else 80_000)
        changed = {**feature(), "controllerSerialNumber": reported, "controllerSwVersion": number}
        await simulator.publish(f"cmd/52/navilink-{MAC}/res/did", {"response": {"macAddress": MAC, "feature": changed}})
    while feature()["controllerSwVersion"] != messages - 1:
        await next_event(coordinator.client, "feature_received")
    assert written == []
    device = dr.async_get(hass).async_get_device_by_identifier((DOMAIN, MAC), running.entry_id)
    assert device is not None
    assert device.serial_number == serial_number
    assert await hass.config_entries.async_unload(running.entry_id)
    [last] = [data for data in written if b'"features"' in data]
    members = json.loads(last)["data"]["queue"]["features"][MAC]
    assert members["controllerSwVersion"] == messages - 1
    assert members.get("controllerSerialNumber") == serial_number


@pytest.mark.usefixtures("no_coalescing", "no_skipping")
async def test_reload_while_draining_onto_a_slow_disk_sends_nothing_twice(
    hass: HomeAssistant,
    simulator: SimulatorProcess,
    running: MockConfigEntry,
    on_writing: Callable[[Write], None],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("custom_components.navilink.config.COMMAND_INTERVAL", 0.0)
    assert await hass.config_entries.async_reload(running.entry_id)
    await wait_for_value(hass, CONNECTION, "on")
    await cut(hass, simulator)
    temperatures = range(45, 60)
    for celsius in temperatures:
        await set_temperature(hass, celsius)

    def slow(write: Callable[[], None], _data: bytes) -> None:
        time.sleep(0.1)
        write()

    on_writing(slow)
    await simulator.fault("latency", seconds=0.1)
    await simulator.fault("mqtt_up")
    for count in (1, 12):
        await simulator.wait(applied=count)
        assert await hass.config_entries.async_reload(running.entry_id)
    await wait_for(hass, QUEUED, lambda state: state.state == "0" and not state.attributes["commands"])
    assert await applied(simulator) == [("dhw-temperature", [2 * celsius]) for celsius in temperatures]
