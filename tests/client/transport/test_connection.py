"""The connection: made, lost in every way the simulator knows, and made again."""

import asyncio

import pytest

from nwp500 import (
    AuthenticationError,
    ConnectionInterrupted,
    ConnectionState,
    MqttConnectionConfig,
    NavienMqttClient,
    NotConnectedError,
)
from nwp500.exceptions import MqttConnectionError
from tests.client.support.credentials import InventedCredentials
from tests.client.support.stage import PATIENCE, Stage, expected

TOPIC = "test/n"


pytestmark = pytest.mark.asyncio(loop_scope="module")


async def test_connected_means_subscribed(stage: Stage) -> None:
    client = stage.client()
    await client.subscribe_device(stage.device)
    await client.connect()
    (connection,) = (await stage.simulator.state())["connections"]
    assert sum(topic_filter.startswith("cmd/") for topic_filter in connection["subscriptions"]) == 2
    assert client.is_connected
    assert client.state is ConnectionState.CONNECTED


async def test_credentials_that_nobody_issued_are_refused(stage: Stage) -> None:
    addresses = stage.simulator.addresses
    invented = InventedCredentials()
    config = MqttConnectionConfig(
        endpoint=addresses["mqtt_endpoint"], port=addresses["mqtt_port"], ca_file=addresses["ca_file"]
    )
    client = NavienMqttClient(invented, config=config)
    with pytest.raises(MqttConnectionError, match="UPGRADE_FAILURE"):
        await client.connect()
    assert invented.renewals == 1
    assert client.state is ConnectionState.IDLE


async def test_an_unreachable_server_is_said_to_be_one(stage: Stage) -> None:
    client = stage.client()
    await stage.simulator.fault("mqtt_down")
    with pytest.raises(MqttConnectionError):
        await client.connect()
    assert not client.is_connected
    await stage.simulator.fault("mqtt_up")
    await client.connect()
    assert client.is_connected


async def test_a_ca_file_that_is_none(stage: Stage) -> None:
    client = NavienMqttClient(
        stage.auth_client, config=MqttConnectionConfig(endpoint="localhost", port=1, ca_file=__file__ + ".absent")
    )
    with pytest.raises(MqttConnectionError, match="CA file"):
        await client.connect()


async def test_connecting_in_the_background(stage: Stage) -> None:
    client = stage.client()
    await stage.simulator.fault("mqtt_down")
    await client.connect(wait=False)
    assert await client.publish(TOPIC, {"n": 1}) == 0
    await stage.simulator.fault("mqtt_up")
    await stage.simulator.wait(topic_suffix=TOPIC, received=1, timeout=PATIENCE)
    assert await stage.numbers(TOPIC) == [1]


@pytest.mark.parametrize(
    "fault",
    [
        {"kind": "cut"},
        {"kind": "cut", "fin": False},
        {"kind": "drop_session"},
    ],
    ids=lambda fault: "-".join(str(value) for value in fault.values()),
)
async def test_a_lost_connection_is_made_again_with_its_subscriptions(stage: Stage, fault: dict[str, object]) -> None:
    client = await stage.connected()
    await client.subscribe_device(stage.device)
    interrupted, resumed = expected(client, "connection_interrupted"), expected(client, "connection_resumed")
    members = dict(fault)
    await stage.simulator.fault(str(members.pop("kind")), **members)
    assert isinstance(await interrupted, ConnectionInterrupted)
    await resumed
    answered = expected(client, "status_received")
    assert await client.request_device_status(stage.device) > 0
    await answered


async def test_expired_aws_credentials_are_renewed_before_the_next_connection(stage: Stage) -> None:
    client = await stage.connected()
    resumed = expected(client, "connection_resumed")
    await stage.simulator.fault("expire_aws")
    await stage.simulator.fault("cut")
    await resumed
    paths = [request["path"] for request in (await stage.simulator.state())["rest_requests"]]
    assert any(path.endswith("/auth/session/refresh") for path in paths)


async def test_everything_expired_and_a_changed_password_end_the_loop(stage: Stage) -> None:
    client = await stage.connected()
    refused = expected(client, "connection_refused")
    await stage.simulator.fault("change_password", password="changed")
    await stage.simulator.fault("cut")
    await refused
    assert client.state is ConnectionState.CLOSED


async def test_refused_upgrades_end_nothing(stage: Stage) -> None:
    client = await stage.connected()
    interrupted, resumed = expected(client, "connection_interrupted"), expected(client, "connection_resumed")
    await stage.simulator.fault("refuse_upgrade", status=503)
    await stage.simulator.fault("cut")
    await interrupted
    assert await client.publish(TOPIC, {"n": 1}) == 0
    await stage.simulator.fault("refuse_upgrade", status=None)
    await resumed
    assert await stage.numbers(TOPIC) == [1]


async def test_a_lost_suback_is_asked_for_again(stage: Stage) -> None:
    client = await stage.connected(operation_timeout=0.5)
    await client.subscribe_device(stage.device)
    interrupted, resumed = expected(client, "connection_interrupted"), expected(client, "connection_resumed")
    await stage.simulator.fault("lose_suback", count=1)
    await stage.simulator.fault("cut")
    await interrupted
    await resumed
    answered = expected(client, "status_received")
    await client.request_device_status(stage.device)
    await answered
    assert len((await stage.simulator.state())["connections"]) == 1


async def test_subacks_that_never_come_replace_the_connection(stage: Stage) -> None:
    client = await stage.connected(operation_timeout=0.2)
    await client.subscribe_device(stage.device)
    await stage.simulator.wait(subscriptions=3)
    resumed = expected(client, "connection_resumed")
    before = (await stage.simulator.state())["connections"][0]["connected_at"]
    # Three attempts for each of three filters, on one connection that is closed and a next one that works.
    await stage.simulator.fault("lose_suback", count=9)
    await stage.simulator.fault("cut")
    await resumed
    (connection,) = (await stage.simulator.state())["connections"]
    assert connection["connected_at"] > before
    assert len(connection["subscriptions"]) == 3


async def test_a_black_holed_connection_is_noticed_by_an_overdue_puback(stage: Stage) -> None:
    client = await stage.connected(operation_timeout=1.0)
    resumed = expected(client, "connection_resumed")
    await stage.simulator.fault("blackhole")
    assert await client.publish(TOPIC, {"n": 1}) == 0
    await resumed
    assert await stage.numbers(TOPIC) == [1]


async def test_no_reconnection_when_it_is_not_wanted(stage: Stage) -> None:
    client = await stage.connected(auto_reconnect=False)
    interrupted = expected(client, "connection_interrupted")
    await stage.simulator.fault("cut")
    await interrupted
    assert client.state is ConnectionState.CLOSED


async def test_a_second_client_of_the_same_id_pushes_the_first_out(stage: Stage) -> None:
    first = await stage.connected(client_id="same", auto_reconnect=False)
    interrupted = expected(first, "connection_interrupted")
    await asyncio.sleep(1.0)  # The service takes one connect a second for each client id.
    second = await stage.connected(client_id="same")
    await interrupted
    assert second.is_connected


async def test_with_the_queue_disabled_nothing_is_kept(stage: Stage) -> None:
    client = stage.client(enable_command_queue=False)
    with pytest.raises(RuntimeError, match="queue is disabled"):
        await client.publish(TOPIC, {"n": 1})
    await client.connect()
    assert await client.publish(TOPIC, {"n": 2}) > 0
    interrupted = expected(client, "connection_interrupted")
    await stage.simulator.fault("mqtt_down")
    await interrupted
    with pytest.raises(NotConnectedError):
        await client.publish(TOPIC, {"n": 3})
    assert client.queued_commands_count == 0


async def test_a_wrong_password_is_a_definite_answer(stage: Stage) -> None:
    await stage.simulator.fault("change_password", password="changed")
    with pytest.raises(AuthenticationError):
        await stage.client().connect()
