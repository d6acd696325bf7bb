"""Who else is there: another heater of the account, and the vendor's app beside the client."""

import asyncio

import pytest

from nwp500 import (
    Changed,
    CommandEvent,
    CommandOutcome,
    CommandStage,
    Device,
    NavienMqttClient,
    WriteOutcome,
    heater_commands,
)
from nwp500.enums import DhwMode, ReservationMode
from nwp500.json_types import JsonMessage
from nwp500.models import ReservationEntry
from nwp500.protocol.queries import DEVICE_INFO, STATUS
from tests.client.support.days import EVERY_DAY, WORKING_DAYS
from tests.client.support.heater_clock import lived, stopped_at
from tests.client.support.stage import MAC, PATIENCE, Stage, expected
from tests.client.support.steps import outcome, outcomes_of, requests, setpoint_command

OTHER_MAC = "0478630a1b2d"
APP = "app-5f0c1e7a"
SETPOINT, MODE = 33554464, 33554437
pytestmark = pytest.mark.asyncio(loop_scope="module")

MORNING = ReservationEntry.of(WORKING_DAYS, 6, 30, ReservationMode.HIGH_DEMAND, 120)
NIGHT = ReservationEntry.of(EVERY_DAY, 22, 15, ReservationMode.POWER_OFF, 98)


@pytest.fixture(scope="module")
def simulator_options() -> tuple[str, ...]:
    return ("--heaters", "2", "--reply-delay", "0.01")


async def knowing(stage: Stage, **settings: object) -> NavienMqttClient:
    """Connect a client that knows both heaters."""
    client = await stage.connected(**settings)
    for device in stage.devices:
        await client.queries.request(device, STATUS)
        await client.queries.request(device, DEVICE_INFO)
    return client


# Another heater


async def test_a_heater_that_left_the_account_does_not_cost_the_others_their_connection(stage: Stage) -> None:
    first, second = stage.devices
    client = await knowing(stage, guard_commands=True)
    interruptions: list[object] = []
    client.on("connection_interrupted", interruptions.append)
    resumed = expected(client, "connection_resumed")
    await stage.simulator.fault("leave_account", mac=OTHER_MAC)
    # A message to it ends the connection (protocol.md 3), and the next one does not get its subscriptions.
    assert client.poll(second)
    await resumed
    assert client.is_refused(second)
    assert not client.poll(second)
    waiting = await client.submit(setpoint_command(second, 125))
    done = await client.submit(setpoint_command(first, 130))
    assert (await done.outcome(timeout=PATIENCE)).outcome is CommandOutcome.CONFIRMED
    assert client.stage(waiting.command.id) is CommandStage.WAITING
    assert len(interruptions) == 1
    await stage.simulator.fault("leave_account", mac=OTHER_MAC, on=False)
    await client.subscribe_device(second)
    assert not client.is_refused(second)
    assert (await waiting.outcome(timeout=PATIENCE)).outcome is CommandOutcome.CONFIRMED
    assert len(interruptions) == 1


async def test_two_heaters_answer_for_themselves_alone(stage: Stage) -> None:
    first, second = stage.devices
    await stopped_at(stage, 12)
    await stage.simulator.device(MAC, dhwTemperatureSetting=90)
    await stage.simulator.device(OTHER_MAC, dhwTemperatureSetting=131, feature={"volumeCode": 3})
    await stage.simulator.fault("draw", liters=80, mac=OTHER_MAC)
    await stage.simulator.fault("firmware_download", version=184877057, mac=OTHER_MAC)
    await stage.simulator.schedules(MAC, reservations={"reservationUse": 2, "reservation": [dict(MORNING.raw)]})
    await stage.simulator.schedules(OTHER_MAC, reservations={"reservationUse": 1, "reservation": [dict(NIGHT.raw)]})
    await lived(stage, minutes=60)
    client = await knowing(stage)
    year = (await stage.heater())["local_time"][:4]

    async def everything(device: Device) -> tuple[object, ...]:
        status, feature = client.status(device), client.feature(device)
        assert status is not None
        assert feature is not None
        schedule = await client.queries.request_reservations(device)
        counters = await client.queries.request_diagnostics(device)
        usage = await client.queries.request_energy_monthly(device, [int(year)])
        download = await client.queries.request_firmware_download(device)
        assert counters.system.heat_pump_energy == usage.total.heat_pump
        return (
            status.dhw_temperature_setting_raw,
            feature.volume_gallons,
            (schedule.is_on, schedule.entries),
            counters.draws.draws,
            [waiting.version for waiting in download],
        )

    answers = await asyncio.gather(*(everything(device) for device in (first, second) * 5))
    assert answers[::2] == [(90, 65, (True, (MORNING,)), 0, [])] * 5
    assert answers[1::2] == [(131, 80, (False, (NIGHT,)), 1, ["11.5.0.1"])] * 5
    totals = [
        (await client.queries.request_energy_monthly(device, [int(year)])).total.energy for device in (first, second)
    ]
    assert totals[0] != totals[1]


async def test_a_change_at_one_heater_is_none_at_the_other(stage: Stage) -> None:
    client = await knowing(stage)
    changed: list[Changed] = []
    for name in ("setpoint_changed", "mode_changed", "error_detected", "device_offline"):
        client.on(name, changed.append)
    await stage.simulator.device(OTHER_MAC, dhwTemperatureSetting=110, dhwOperationSetting=1)
    await stage.simulator.fault("error", code=799, mac=OTHER_MAC)
    for device in (*stage.devices, *stage.devices):
        await client.queries.request(device, STATUS)
    gone = expected(client, "device_offline")
    await stage.simulator.fault("device_offline", mac=OTHER_MAC)
    await gone
    assert sorted(change.name for change in changed) == [
        "dhw_mode",
        "dhw_temperature_setting",
        "error_code",
        "is_online",
    ]
    assert {change.device.mac_address for change in changed} == {OTHER_MAC}
    assert [client.is_online(device) for device in stage.devices] == [True, False]


# The vendor's app


async def test_an_app_that_looks_at_the_heaters_confuses_nothing(stage: Stage) -> None:
    client = await knowing(stage)
    await stopped_at(stage, 12)
    device = stage.device
    outcomes = outcomes_of(client)
    lost: list[object] = []
    client.on("device_offline", lost.append)
    passed_by: set[str] = set()
    looked, went = asyncio.Event(), asyncio.Event()

    def noted(topic: str, message: JsonMessage) -> None:
        if message["clientID"] == APP:
            passed_by.add(topic)
            looked.set()

    await client.subscribe(f"cmd/52/navilink-{MAC}/#", noted)
    await stage.simulator.fault("vendor_app", seconds=0.1)
    await looked.wait()
    written = await client.schedules.replace_reservations(device, [MORNING], on=True)
    assert (written.outcome, written.attempts) == (WriteOutcome.WRITTEN, 1)
    event = await outcome(client, "confirmed", client.set_dhw_temperature(device, 130))
    assert (await client.queries.request_diagnostics(device)).system.heat_pump_energy
    assert (await client.queries.request_reservations(device)).entries == (MORNING,)
    # The heater's own event has a topic that differs in a word only.
    await client.subscribe(f"evt/52/navilink-{MAC}/app-connection", lambda _topic, _message: went.set())
    await stage.simulator.fault("vendor_app", on=False)
    await went.wait()
    await client.queries.request(device, STATUS)
    root = f"cmd/52/navilink-{MAC}"
    assert passed_by == {f"{root}/st", f"{root}/st/did", f"{root}/st/rsv/rd", f"{root}/{APP}/res"}
    assert outcomes == [(name, "dhw-temperature", event.command.id) for name in ("sent", "confirmed")]
    assert lost == [], "the app went, not the heater"
    assert client.is_online(device)


async def test_what_the_app_sets_is_a_change_and_no_command_of_ours(stage: Stage) -> None:
    client = await knowing(stage)
    outcomes = outcomes_of(client)
    changed = expected(client, "setpoint_changed")
    # Nobody has to ask: the heater's answer to the app passes by.
    await stage.simulator.fault("app_control", command=SETPOINT, value=110, mac=MAC)
    change = await changed
    assert isinstance(change, Changed)
    assert (change.device.mac_address, change.new) == (MAC, 55.0)
    assert outcomes == []
    assert client.wanted_members(stage.device) == {}


async def test_what_the_app_is_refused_is_not_taken_for_ours(stage: Stage) -> None:
    client = await knowing(stage)
    outcomes = outcomes_of(client)
    refusals: list[object] = []
    refused = asyncio.Event()

    def noted(_topic: str, message: object) -> None:
        refusals.append(message)
        refused.set()

    await client.subscribe(f"cmd/52/navilink-{MAC}/res/ctrl-fail", noted)
    await stage.simulator.fault("ctrl_fail", code=7, mac=MAC)
    await stage.simulator.fault("ignore_write", mac=MAC)
    await stage.simulator.fault("app_control", command=SETPOINT, value=110, mac=MAC)
    await refused.wait()
    handle = await client.submit(setpoint_command(stage.device, 130))
    await handle.sent()
    await stage.simulator.fault("ctrl_fail", code=7, mac=MAC)
    await stage.simulator.fault("app_control", command=MODE, value=4, mac=MAC)
    while len(refusals) < 2:
        refused.clear()
        await refused.wait()
    assert handle.result is None
    await stage.simulator.device(MAC, dhwTemperatureSetting=109)
    assert (await handle.outcome(timeout=PATIENCE)).outcome is CommandOutcome.CONFIRMED
    assert [name for name, *_ in outcomes] == ["sent", "confirmed"]


async def test_what_the_app_sets_in_an_outage_wins_over_what_was_queued_before(stage: Stage) -> None:
    client = await knowing(stage, guard_commands=True)
    interrupted, resumed = expected(client, "connection_interrupted"), expected(client, "connection_resumed")
    await stage.simulator.fault("mqtt_down")
    await interrupted
    setpoint = await client.submit(setpoint_command(stage.device, 150))
    mode = await client.submit(heater_commands.dhw_mode(stage.device, DhwMode.HEAT_PUMP))
    await stage.simulator.fault("app_control", command=SETPOINT, value=100, mac=MAC)
    await stage.simulator.fault("mqtt_up")
    await resumed
    assert (await setpoint.outcome(timeout=PATIENCE)).outcome is CommandOutcome.SUPERSEDED
    assert (await mode.outcome(timeout=PATIENCE)).outcome is CommandOutcome.CONFIRMED
    applied = [(control["control"], control["client_id"]) for control in (await stage.heater())["applied"]]
    assert applied == [("dhw-temperature", APP), ("dhw-mode", client.client_id)]


# What the heater refuses or ignores


async def test_vacation_without_days_is_not_sent_and_would_be_ignored(stage: Stage) -> None:
    client = await knowing(stage)
    confirmed = await outcome(client, "confirmed", client.controls.set_vacation(stage.device, 7))
    await client.set_dhw_mode(stage.device, DhwMode.HEAT_PUMP)
    (vacation, _) = await requests(stage, "ctrl")
    assert vacation["payload"]["sessionID"] == confirmed.command.id
    assert vacation["payload"]["request"]["param"] == [5, 7]
    answers: list[object] = []
    await client.subscribe(f"cmd/52/navilink-{MAC}/{client.client_id}/res", lambda _, message: answers.append(message))
    without_days = vacation["payload"] | {
        "sessionID": "without-days",
        "request": vacation["payload"]["request"] | {"param": [5]},
    }
    await client.publish(vacation["topic"], without_days)
    await client.queries.request(stage.device, STATUS)
    await client.queries.request(stage.device, STATUS)
    status = client.status(stage.device)
    assert status is not None
    assert status.dhw_mode is DhwMode.HEAT_PUMP
    sessions = {message["sessionID"] for message in answers if isinstance(message, dict)}
    assert "without-days" not in sessions
    assert len(sessions) >= 2
    (ignored,) = (await stage.simulator.state())["ignored"]
    assert "dhw-mode" in ignored["reason"]


async def test_controls_in_quick_succession_are_refused_and_sent_again_until_taken(stage: Stage) -> None:
    client = await knowing(stage)
    await stage.simulator.fault("control_interval", seconds=1.5)
    handles = [
        await client.submit(command)
        for command in (
            setpoint_command(stage.device, 130),
            heater_commands.dhw_mode(stage.device, DhwMode.HEAT_PUMP),
        )
    ]
    for handle in handles:
        result = await handle.outcome(timeout=PATIENCE)
        assert result.outcome is CommandOutcome.CONFIRMED
    assert await stage.applied() == [("dhw-temperature", [109]), ("dhw-mode", [1])]
    assert len(await requests(stage, "ctrl")) > 2, "nothing was refused"


async def test_a_setpoint_of_150_fahrenheit_where_the_maximum_is_131(stage: Stage) -> None:
    client = await knowing(stage)
    feature = client.feature(stage.device)
    assert feature is not None
    assert feature.dhw_temperature_max_raw == 131
    event = await outcome(client, "confirmed", client.set_dhw_temperature(stage.device, 150))
    assert isinstance(event, CommandEvent)
    assert await stage.applied() == [("dhw-temperature", [131])]
    status = client.status(stage.device)
    assert status is not None
    assert status.dhw_temperature_setting == 65.5
