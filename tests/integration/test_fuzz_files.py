"""Damaged files of the queue: set aside with an issue, or read; what is read can be sent, shown and stored again."""

from collections.abc import Iterator, Mapping
import json
from pathlib import Path
from typing import Any

from homeassistant.config_entries import ConfigEntryState
from homeassistant.core import HomeAssistant
from homeassistant.helpers import issue_registry as ir
import orjson
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.navilink.const import DOMAIN
from custom_components.navilink.nwp500 import (
    CommandCompleted,
    DeviceFeature,
    MqttConnectionConfig,
    NavienMqttClient,
    commands,
)
from custom_components.navilink.nwp500.queue.command import QueuedCommand
from custom_components.navilink.outcomes import outcome_details
from custom_components.navilink.queue_store import QueueStore, StoredAccount
from custom_components.navilink.wording import time_words
from tests.integration.actions import lost
from tests.integration.fuzz_files import DamagedFiles, files
from tests.integration.fuzz_trouble import tracebacks

CASES, LONG_CASES, PARTS = 2_000, 100_000, 10
STARTS, LONG_STARTS, START_PARTS = 20, 1_000, 10
ENTRY = "fuzz"
CONTROLS = tuple(each for each in vars(commands).values() if isinstance(each, commands.Control))
_CHANGES_BY_ITSELF = frozenset({"stored_at", "queued_at", "age"})
"""Members that say how long ago something was, by the clocks of now."""


# Any: decoded JSON.
def timeless(content: Any) -> Any:  # noqa: ANN401 - as said above
    """Return a JSON value without what time changes."""
    if isinstance(content, dict):
        return {name: timeless(value) for name, value in content.items() if name not in _CHANGES_BY_ITSELF}
    return [timeless(value) for value in content] if isinstance(content, list) else content


class StoredFile:
    """The file of an account that is not set up, and what the account would read of it."""

    def __init__(self, hass: HomeAssistant) -> None:
        self._hass = hass
        self.path = Path(hass.config.path(".storage", f"{DOMAIN}.{ENTRY}"))
        self._account: StoredAccount | None = None
        self.store = QueueStore(hass, ENTRY, self._to_store, lambda _: None)

    def _to_store(self) -> StoredAccount:
        assert self._account is not None
        return self._account

    async def read(self, content: bytes) -> StoredAccount | None:
        """Return what is read of a content; None when it was set aside, as it was."""
        put(self.path, content)
        account = await self.store.async_load("client")
        kept_as, self.store.kept_as = self.store.kept_as, None
        if kept_as is not None:
            assert found(kept_as) == content
            kept_as.unlink()
        assert (kept_as is not None) == (account is None or bool(account.queue.unreadable))
        assert self.path.exists() == (account is not None)
        return account

    async def written(self, account: StoredAccount) -> bytes:
        """Return the file that the store writes of an account."""
        self._account = account
        self.store.async_changed()
        await self.store.async_saved()
        assert not self.store.has_failed
        return found(self.path)


def put(path: Path, content: bytes) -> None:
    """Write a file of some kilobytes, which no event loop notices here."""
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(content)


def found(path: Path) -> bytes:
    """Read one."""
    return path.read_bytes()


def controls_in(account: StoredAccount) -> Iterator[QueuedCommand]:
    """Return every command of an account, whatever became of it."""
    yield from account.queue.unsent
    yield from account.queue.sent
    for event in (*account.queue.outcomes, *account.lost):
        yield event.command


def assert_made_anew(account: StoredAccount, command: QueuedCommand) -> None:
    """Check that a command is one of the table, with parameters that this takes, for a heater of the account."""
    known = {device.mac_address: device for device in account.devices}
    device = known[command.mac_address or ""]
    assert command.topic == f"cmd/{device.device_type}/navilink-{device.mac_address}/ctrl"
    request = orjson.loads(command.body)["request"]
    assert (request["mode"], tuple(request["param"])) == (command.kind, command.parameters)
    assert (request["macAddress"], request["additionalValue"]) == (device.mac_address, device.additional_value)
    fitting = [each for each in CONTROLS if each.name == command.kind and len(each.parameters) == len(request["param"])]
    # Sent again under a session of its own, it is still the same.
    assert orjson.loads(command.written_again().body)["request"] == request
    assert any(
        all(
            parameter.low <= value <= parameter.high
            for parameter, value in zip(each.parameters, request["param"], strict=True)
        )
        for each in fitting
    )


def restored(account: StoredAccount) -> NavienMqttClient:
    """Give an account to a client, as the coordinator does."""
    # Never connected, so nobody signs in.
    client = NavienMqttClient(object(), config=MqttConnectionConfig())  # type: ignore[arg-type]  # as said above
    for device in account.devices:
        members = account.queue.features.get(device.mac_address)
        client.add_device(device, None if members is None else DeviceFeature(members))
    client.restore(account.queue)
    return client


def assert_can_be_shown(hass: HomeAssistant, account: StoredAccount, client: NavienMqttClient) -> None:
    """Show everything that there is to be seen of an account."""
    for event in (*account.queue.outcomes, *account.lost):
        assert isinstance(event, CommandCompleted)
        assert outcome_details(hass, event)["command"]
        # As the list of lost commands has it.
        assert time_words(event.command.queued_at)
    for command in client.pending_commands:
        assert command.age().total_seconds() >= 0
        assert client.stage(command.id) is not None
    for device in account.devices:
        client.outcome_counts(device)
        client.wanted_members(device)
        for message in filter(None, (client.status(device), client.feature(device))):
            assert message.decoded() is not None


async def check_one(hass: HomeAssistant, file: StoredFile, content: bytes, *, writes: bool) -> str:
    """Read one file, restore it, and store it again; return what became of it."""
    account = await file.read(content)
    if account is None:
        return "set aside"
    for command in controls_in(account):
        assert_made_anew(account, command)
    client = restored(account)
    assert_can_be_shown(hass, account, client)
    again = StoredAccount(account.devices, client.stored_queue(), account.lost)
    stored = (
        orjson.loads(await file.written(again)) if writes else {"data": orjson.loads(orjson.dumps(again.to_dict()))}
    )
    # What was written is read as a whole, and written the same.
    second = StoredAccount.from_dict(stored["data"], "client")
    assert second.queue.unreadable == 0
    assert timeless(orjson.loads(orjson.dumps(second.to_dict()))) == timeless(stored["data"])
    await client.disconnect()
    return "read in part" if account.queue.unreadable else "read"


async def check(hass: HomeAssistant, numbers: range) -> None:
    """Read the files of these numbers."""
    file, damaged = StoredFile(hass), DamagedFiles(f"{DOMAIN}.{ENTRY}")
    seen: dict[str, int] = {}
    with tracebacks() as trouble:
        for number in numbers:
            content = damaged.case(number)
            try:
                ended = await check_one(hass, file, content, writes=number % 20 == 0)
            except BaseException as error:
                error.add_note(f"file {number}: {content!r:.6000}")
                raise
            seen[ended] = seen.get(ended, 0) + 1
            assert trouble == [], number
    # Neither is everything refused nor everything taken.
    assert min(seen.get(ended, 0) for ended in ("set aside", "read in part", "read")) > len(numbers) / 20, seen


async def test_any_damage(hass: HomeAssistant) -> None:
    await check(hass, range(CASES))


@pytest.mark.long
@pytest.mark.timeout(1800)
@pytest.mark.parametrize("part", range(PARTS))
async def test_any_damage_many_times(hass: HomeAssistant, part: int) -> None:
    first = part * LONG_CASES // PARTS
    await check(hass, range(first, first + LONG_CASES // PARTS))


@pytest.mark.parametrize("minor_version", [1, 3, 4])
async def test_what_is_not_damaged_is_read_as_a_whole(hass: HomeAssistant, minor_version: int) -> None:
    content = orjson.dumps(files(f"{DOMAIN}.{ENTRY}")[minor_version])
    assert await check_one(hass, StoredFile(hass), content, writes=True) == "read"


# What was found


@pytest.mark.parametrize(
    ("command_id", "sessions"),
    [("120", []), ("120", ["140"]), ("2", ["3"]), ("param", ["x"]), ("x", ['x","request":{},"y":"']), ('"', ["\\"])],
)
async def test_what_a_command_is_called_changes_nothing_in_its_message(
    hass: HomeAssistant, command_id: str, sessions: list[str]
) -> None:
    """A session took the place of whatever looked like the id, so that a file could have anything published."""
    content = dict(files(f"{DOMAIN}.{ENTRY}")[4])
    content["data"]["queue"]["unsent"][0] |= {"id": command_id, "sessions": sessions}
    account = await StoredFile(hass).read(orjson.dumps(content))
    assert account is not None
    command = account.queue.unsent[0]
    assert (command.id, command.sessions) == (command_id, tuple(sessions))
    assert command.session_id == (sessions[-1] if sessions else command_id)
    again = command.written_again()
    for each in (command, again, again.written_again()):
        message = orjson.loads(each.body)
        assert message["request"]["param"] == [120]
        assert message["sessionID"] == each.session_id


# In Home Assistant itself


async def start(hass: HomeAssistant, entry: MockConfigEntry, content: bytes) -> str:
    """Set an account up with a file; return whether an issue reports it."""
    file = Path(hass.config.path(".storage", f"{DOMAIN}.{entry.entry_id}"))
    put(file, content)
    assert await hass.config_entries.async_setup(entry.entry_id)
    assert entry.state is ConfigEntryState.LOADED
    await hass.async_block_till_done()
    issues: Mapping[str, str] = {
        issue.translation_key or "": issue.issue_id
        for issue in ir.async_get(hass).issues.values()
        if issue.domain == DOMAIN
    }
    set_aside = sorted(file.parent.glob(f"{file.name}.*"))
    assert len(set_aside) == ("unreadable_store" in issues)
    # The list of lost commands can be read.
    assert bool(lost(entry)) == ("lost_commands" in issues)
    assert await hass.config_entries.async_unload(entry.entry_id)
    for issue_id in issues.values():
        ir.async_delete_issue(hass, DOMAIN, issue_id)
    for kept in set_aside:
        kept.unlink()
    # What is there now is a whole file.
    json.loads(found(file))
    return "issue" if set_aside else "no issue"


async def check_starts(hass: HomeAssistant, entry: MockConfigEntry, numbers: range) -> None:
    """Set the account up with the files of these numbers."""
    damaged = DamagedFiles(f"{DOMAIN}.{entry.entry_id}")
    seen = set()
    with tracebacks() as trouble:
        for number in numbers:
            content = damaged.case(number)
            try:
                seen.add(await start(hass, entry, content))
                assert trouble == []
            except BaseException as error:
                error.add_note(f"file {number}: {content!r:.6000}")
                raise
    assert seen == {"issue", "no issue"}


async def test_any_damage_at_the_start(hass: HomeAssistant, entry: MockConfigEntry) -> None:
    await check_starts(hass, entry, range(STARTS))


@pytest.mark.long
@pytest.mark.timeout(1800)
@pytest.mark.parametrize("part", range(START_PARTS))
async def test_any_damage_at_the_start_many_times(hass: HomeAssistant, entry: MockConfigEntry, part: int) -> None:
    first = part * LONG_STARTS // START_PARTS
    await check_starts(hass, entry, range(first, first + LONG_STARTS // START_PARTS))


@pytest.mark.parametrize(
    ("zone", "time"),
    [("Pacific/Kiritimati", "9999-12-31T23:59:59+00:00"), ("America/Los_Angeles", "0001-01-01T00:00:00+00:00")],
)
async def test_a_time_at_an_end_of_the_calendar_can_be_shown(
    hass: HomeAssistant, entry: MockConfigEntry, zone: str, time: str
) -> None:
    """The list of lost commands has it in the user's time zone, in which there may be no such day."""
    await hass.config.async_set_time_zone(zone)
    content = dict(files(f"{DOMAIN}.{entry.entry_id}")[4])
    outcomes = content["data"]["lost"]["outcomes"]
    outcomes[0]["command"]["queued_at"] = time
    put(Path(hass.config.path(".storage", f"{DOMAIN}.{entry.entry_id}")), orjson.dumps(content))
    assert await hass.config_entries.async_setup(entry.entry_id)
    assert len(lost(entry)) == len(outcomes)
    assert await hass.config_entries.async_unload(entry.entry_id)
