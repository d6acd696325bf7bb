"""Every way in which no connection comes about, over the real runtime: what is reported, and what is refused."""

import logging
from typing import Any

from awscrt import mqtt
import pytest

from nwp500 import (
    ConnectionProblem,
    ConnectionState,
    MqttConnectionConfig,
    NavienMqttClient,
)
from tests.client.support.credentials import InventedCredentials
from tests.client.support.reports import MQTT, failed, problem
from tests.client.support.stage import Stage, expected

pytestmark = pytest.mark.asyncio(loop_scope="module")


async def test_closed_port(stage: Stage) -> None:
    client = stage.client()
    await stage.simulator.fault("mqtt_down")
    report = await failed(client)
    assert problem(report) == (ConnectionProblem.NETWORK, MQTT + "AWS_IO_SOCKET_CONNECTION_REFUSED")
    resumed = expected(client, "connection_resumed")
    await stage.simulator.fault("mqtt_up")
    await resumed
    report = client.connection_report
    assert (report.state, report.failure, report.next_attempt_at) == (ConnectionState.CONNECTED, None, None)
    assert [attempt.failure is None for attempt in report.attempts][-1]
    assert report.failed_attempts == 0


async def test_unknown_host(stage: Stage) -> None:
    config = MqttConnectionConfig(endpoint="mqtt.invalid", port=443, reconnect_spread=0)
    client = NavienMqttClient(stage.auth_client, config=config)
    kind, detail = problem(await failed(client))
    assert kind is ConnectionProblem.NAME_RESOLUTION
    assert detail.startswith(MQTT + "AWS_IO_DNS")
    await client.disconnect()


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (403, ConnectionProblem.UPGRADE_REFUSED),
        (429, ConnectionProblem.SERVICE_BUSY),
        (503, ConnectionProblem.SERVICE_BUSY),
    ],
)
async def test_refused_upgrade(stage: Stage, status: int, kind: ConnectionProblem) -> None:
    client = stage.client()
    await stage.simulator.fault("refuse_upgrade", status=status)
    before = len((await stage.simulator.state())["rest_requests"])
    assert problem(await failed(client)) == (kind, f"{MQTT}HTTP {status}")
    renewals = (await stage.simulator.state())["rest_requests"][before:]
    # New credentials would not make a busy service any less busy.
    assert bool(renewals) is (status == 403)


async def test_credentials_that_nobody_issued(stage: Stage) -> None:
    addresses = stage.simulator.addresses
    config = MqttConnectionConfig(
        endpoint=addresses["mqtt_endpoint"],
        port=addresses["mqtt_port"],
        ca_file=addresses["ca_file"],
        reconnect_spread=0,
    )
    client = NavienMqttClient(InventedCredentials(), config=config)
    assert problem(await failed(client)) == (ConnectionProblem.UPGRADE_REFUSED, MQTT + "HTTP 403")
    await client.disconnect()


async def test_sign_in_service_that_is_closed(stage: Stage) -> None:
    await stage.simulator.fault("maintenance")
    await stage.simulator.fault("expire_aws")
    assert problem(await failed(stage.client())) == (ConnectionProblem.MAINTENANCE, "sign-in service: code 403")


# What is exchanged in the runtime, as one of another version would have it.
ON_CONNECT = 15
"""Where the native part of the runtime takes the function to call with the CONNACK."""
OTHER_VERSIONS = ["awscrt.mqtt._awscrt.mqtt_client_connection_connect", "awscrt.auth.aws_sign_request"]


@pytest.mark.parametrize("replaced", OTHER_VERSIONS)
async def test_runtime_of_another_version(
    stage: Stage, replaced: str, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def with_other_arguments(*_: object) -> None:
        raise TypeError("function takes exactly 17 arguments (18 given)")

    client = stage.client()
    with monkeypatch.context() as patch:
        patch.setattr(replaced, with_other_arguments)
        assert problem(await failed(client)) == (ConnectionProblem.UNEXPECTED_ERROR, "TypeError")
        resumed = expected(client, "connection_resumed")
    await resumed
    errors = [record.getMessage() for record in caplog.records if record.levelno >= logging.WARNING]
    assert errors == ["The connection to NaviLink failed unexpectedly"]


async def test_broker_that_refuses(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*arguments: Any) -> None:  # noqa: ANN401 - as the runtime hands them over
        arguments[ON_CONNECT](0, mqtt.ConnectReturnCode.NOT_AUTHORIZED, False)

    monkeypatch.setattr("awscrt.mqtt._awscrt.mqtt_client_connection_connect", refuse)
    report = await failed(stage.client())
    assert problem(report) == (ConnectionProblem.BROKER_REFUSED, MQTT + "CONNACK NOT_AUTHORIZED")
