"""The one place where the content of the file is checked: nothing gets by that could break what comes after it."""

from datetime import UTC, datetime, timedelta
import json

from hypothesis import given
from hypothesis import strategies as st
import orjson
import pytest
import voluptuous as vol

from custom_components.navilink.nwp500 import (
    CommandCompleted,
    CommandOutcome,
    CommandReason,
    CommandResult,
    Device,
    DeviceFeature,
    MqttConnectionConfig,
    NavienError,
    NavienMqttClient,
    StoredQueue,
    migrated_queue,
)
from custom_components.navilink.nwp500.protocol import controls
from custom_components.navilink.nwp500.queue.command import control_request
from custom_components.navilink.queue_store import StoredAccount
from custom_components.navilink.schedules.switch_command import (
    RECIRCULATION,
    WEEKLY,
    StoredSwitchCommands,
    new_switch_command,
)
from tests.integration.heaters import MAC

DEVICE = Device(mac_address=MAC, additional_value="5322", home_seq=10001)
COMMAND = control_request(controls.DHW_TEMPERATURE, (120,), DEVICE, "client")
ACCOUNT = StoredAccount(
    (DEVICE,),
    StoredQueue(
        unsent=(COMMAND,),
        order=(COMMAND.id,),
        features={MAC: {"powerUse": 2}},
        statuses={MAC: {"dhwTemperatureSetting": 98}},
        running_modes={MAC: 3},
        completed_effects={MAC: ({"dhwOperationSetting": frozenset({2})},)},
    ),
    switch_commands=StoredSwitchCommands(
        (new_switch_command(WEEKLY, MAC, on=True, life_time=timedelta(hours=24)),),
        (
            CommandCompleted(
                new_switch_command(RECIRCULATION, MAC, on=False, life_time=None),
                CommandResult(CommandOutcome.CONFIRMED, CommandReason.REPORTED),
            ),
        ),
    ),
)

NONSENSE = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(),
    st.text(max_size=5),
    st.sampled_from([10**100, -(10**100), 2**63, "x" * 100_000, [[[[[[]]]]]], {"a": {"a": {}}}, "0" * 65]),
    st.lists(st.integers(), max_size=3),
    st.dictionaries(st.text(max_size=5), st.integers(), max_size=3),
)


def content() -> dict[str, object]:
    return dict(json.loads(json.dumps(ACCOUNT.to_dict())))


def spoil(data: st.DataObject, stored: object) -> object:
    """Put nonsense into one place, anywhere."""
    if not isinstance(stored, dict | list) or not stored or data.draw(st.integers(0, 5)) == 0:
        return data.draw(NONSENSE)
    if isinstance(stored, dict):
        name = data.draw(st.sampled_from(sorted(stored)))
        return {**stored, name: spoil(data, stored[name])}
    return [spoil(data, stored[0]), *stored[1:]]


@given(data=st.data(), is_old=st.booleans())
async def test_nonsense_is_refused_or_does_no_harm(data: st.DataObject, is_old: bool) -> None:
    stored = content()
    for _ in range(data.draw(st.integers(1, 3))):
        spoiled = spoil(data, stored)
        stored = spoiled if isinstance(spoiled, dict) else {"devices": spoiled}
    if is_old:
        stored = {**stored, "queue": migrated_queue(stored.get("queue"))}
    try:
        account = StoredAccount.from_dict(stored, "client")
    except vol.Invalid, NavienError:
        return
    # As the coordinator does at the start.
    client = NavienMqttClient(object(), config=MqttConnectionConfig())  # type: ignore[arg-type]  # never connected
    for device in account.devices:
        members = account.queue.features.get(device.mac_address)
        client.add_device(device, None if members is None else DeviceFeature(members))
    client.restore(account.queue)
    for device in account.devices:
        assert client.is_status_restored(device) is (client.status(device) is not None)
        client.outcome_counts(device)
        client.wanted_members(device)
        for status in filter(None, (client.status(device), client.feature(device))):
            status.decoded()
    for command in account.switch_commands.pending:
        assert (command.kind, command.topic, command.body) in {(WEEKLY, "", b""), (RECIRCULATION, "", b"")}
        assert command.age() >= timedelta()
        assert command.is_expired() in {True, False}
    StoredAccount.from_dict(orjson.loads(orjson.dumps(account.to_dict())), "client")
    for command in client.queued_commands:
        assert command.topic == f"cmd/52/navilink-{MAC}/ctrl"
        assert 70 <= command.parameters[0] <= 131
    written = StoredAccount(account.devices, client.stored_queue()).to_dict()
    StoredAccount.from_dict(orjson.loads(orjson.dumps(written)), "client")
    await client.disconnect()


@pytest.mark.parametrize(
    "device",
    [
        {"mac_address": "x" * 65},
        {"mac_address": ":-:"},
        {"mac_address": 5},
        {"additional_value": "x" * 257},
        {"device_type": 10**100},
        {"device_type": True},
        {"device_type": 52.5},
        {"home_seq": 10**30},
        {"name": None},
    ],
    ids=str,
)
def test_heater_that_nobody_could_talk_to_is_damage(device: dict[str, object]) -> None:
    stored = content()
    stored["devices"] = [ACCOUNT.to_dict()["devices"][0] | device]
    with pytest.raises(vol.Invalid):
        StoredAccount.from_dict(stored, "client")


def test_a_store_from_before_lost_commands_were_stored_is_read() -> None:
    stored = content()
    stored.pop("lost", None)
    account = StoredAccount.from_dict(stored, "client")
    assert account.lost == ()
    assert account.queue.unsent


def test_switch_commands_come_back_and_those_that_are_none_are_counted() -> None:
    stored = content()
    account = StoredAccount.from_dict(stored, "client")
    assert [(command.kind, command.parameters) for command in account.switch_commands.pending] == [(WEEKLY, (2,))]
    [event] = account.switch_commands.outcomes
    assert (event.command.kind, event.command.parameters) == (RECIRCULATION, (1,))
    assert event.result == ACCOUNT.switch_commands.outcomes[0].result
    [command, outcome] = ACCOUNT.switch_commands.to_list()
    damaged: list[object] = [
        None,
        {**command, "kind": "dhw-mode"},
        {**command, "on": "yes"},
        {**command, "mac_address": "0478630a1b2f"},
        {**command, "age": 1e300},
        {**command, "age": float("nan")},
        {**command, "stored_at": "2026-03-01T12:00:00"},
        {**command, "stored_at": "0001-01-01T00:00:00+00:00", "age": 60},
        {**command, "stored_at": "soon"},
        {**command, "id": "a b"},
        {**outcome, "outcome": "won"},
    ]
    account = StoredAccount.from_dict({**stored, "wishes": [*damaged, outcome, {**outcome, "reason": "new"}]}, "client")
    assert account.queue.unreadable == len(damaged)
    assert account.switch_commands.pending == ()
    [event] = account.switch_commands.outcomes
    assert event.result.reason is CommandReason.UNKNOWN


def test_name_is_cut_to_printable_text() -> None:
    stored = content()
    stored["devices"] = [ACCOUNT.to_dict()["devices"][0] | {"name": "Cellar\n\x1b" + "x" * 80_000}]
    [device] = StoredAccount.from_dict(stored, "client").devices
    assert device.name == "Cellar " + "x" * 57


def test_times_are_those_of_now() -> None:
    assert datetime.fromisoformat(ACCOUNT.to_dict()["queue"]["stored_at"]) <= datetime.now(UTC)
