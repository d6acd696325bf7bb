"""Subscriptions that the service refuses, over real connections: what is logged, and what an error says."""

import logging

import pytest

from nwp500.exceptions import MqttSubscribeError
from tests.client.support.stage import MAC, Stage, expected

pytestmark = pytest.mark.asyncio(loop_scope="module")


async def test_a_refusal_for_a_moment_is_made_good_and_is_no_news(
    stage: Stage, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    client = await stage.connected()
    await client.subscribe_device(stage.device)
    resumed = expected(client, "connection_resumed")
    await stage.simulator.fault("refuse_suback", count=2)
    await stage.simulator.fault("cut")
    await resumed
    assert client.is_refused(stage.device)
    reported = expected(client, "status_received")
    await client.request_device_status(stage.device)
    await reported
    assert not client.is_refused(stage.device)
    assert [record.getMessage() for record in caplog.records if record.levelno > logging.DEBUG] == []


async def test_a_refusal_does_not_name_the_heater(stage: Stage, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    client = await stage.connected()
    await stage.simulator.fault("refuse_suback", count=2)
    with pytest.raises(MqttSubscribeError) as refused:
        await client.subscribe_device(stage.device)
    assert str(refused.value) == "the service refused the subscription: SubscribeError"
    # By itself, for want of the answer to a command, which is not sent to a heater that the service does not grant.
    await stage.simulator.fault("refuse_suback", count=4)
    assert await client.set_dhw_temperature(stage.device, 130) == 0
    with pytest.raises(MqttSubscribeError):
        # Made after the one that is under way.
        await client.subscribe_device(stage.device)
    assert client.queued_commands_count == 1
    warnings = [record.getMessage() for record in caplog.records if record.levelno == logging.WARNING]
    assert warnings == ["Subscribing to a heater failed: the service refused the subscription: SubscribeError"]
    assert MAC not in "".join(record.getMessage() for record in caplog.records if record.name.startswith("nwp500"))
