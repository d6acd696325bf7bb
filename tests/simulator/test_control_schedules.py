"""Schedules, queries and other clients' traffic in the whole simulator, through its control interface and MQTT."""

from datetime import datetime, timedelta
import json
from typing import Any

import pytest

from simulator.process import SimulatorError, SimulatorProcess
from tests import read_fixture

from .heater_user import CLIENT_ID, Open
from .requests_on_file import MAC
from .shapes import shape

pytestmark = pytest.mark.asyncio(loop_scope="module")


async def test_schedules_are_written_and_shown_in_wire_form(simulator: SimulatorProcess) -> None:
    entry = {"enable": 2, "week": 254, "hour": 6, "min": 30, "mode": 6, "param": 120}
    schedule = {"reservationUse": 2, "reservation": [entry]}
    pump = {"reservationUse": 1, "reservation": [entry | {"mode": 2, "param": -1}]}
    period = read_fixture("tou_write_echo")["payload"]["response"]["reservation"][0]
    plan = {"reservationUse": 2, "reservation": [period]}
    await simulator.schedules(MAC, reservations=schedule, recirculation=pump, tou=plan)
    heater = (await simulator.state())["heaters"][MAC]
    assert heater["schedules"] == {"reservations": schedule, "recirculation": pump, "tou": plan}
    assert heater["status"]["programReservationUse"] == 2


@pytest.mark.parametrize("wrong", [{"tou": {"reservation": []}}, {"recirculation": {}}, {"tou": 5}, {"other": {}}])
async def test_bad_schedules_change_nothing(simulator: SimulatorProcess, wrong: dict[str, Any]) -> None:
    empty = {"reservationUse": 2, "reservation": list[object]()}
    with pytest.raises(SimulatorError):
        await simulator.schedules(MAC, reservations=empty, **wrong)
    assert (await simulator.state())["heaters"][MAC]["schedules"]["reservations"]["reservationUse"] == 1


async def test_entry_fires_in_the_heaters_time_while_the_clock_runs_ahead(simulator: SimulatorProcess) -> None:
    local = datetime.fromisoformat((await simulator.state())["heaters"][MAC]["local_time"])
    due = local + timedelta(hours=2)
    entry = {"enable": 2, "week": 254, "hour": due.hour, "min": due.minute, "mode": 5, "param": 110}
    await simulator.schedules(MAC, reservations={"reservationUse": 2, "reservation": [entry]})
    await simulator.clock(advance=7300)
    heater = (await simulator.state())["heaters"][MAC]
    assert [(fired["schedule"], fired["entry"]) for fired in heater["fired"]] == [("reservations", entry)]
    assert (heater["status"]["dhwOperationSetting"], heater["status"]["dhwTemperatureSetting"]) == (6, 110)


async def test_schedule_is_written_and_read_back_in_both_forms_over_mqtt(
    connect: Open, simulator: SimulatorProcess
) -> None:
    user = await connect()
    await user.subscribe(f"cmd/52/{CLIENT_ID}/res/#")
    requests = read_fixture("mqtt_requests")
    for name in ("reservation_write", "reservation_read"):
        await user.publish(requests[name]["topic"], json.dumps(requests[name]["payload"]).encode())
    replies = [await user.reply() for _ in range(3)]
    assert [topic for topic, _ in replies] == [f"cmd/52/{CLIENT_ID}/res/{end}" for end in ("rsv/rd", "rsv/rd", "rsv")]
    assert replies[1][1] == read_fixture("reservations_json")["payload"]
    await simulator.wait(applied=1)


async def test_schedules_and_queries_go_wrong_on_request(connect: Open, simulator: SimulatorProcess) -> None:
    user = await connect()
    await user.subscribe(f"cmd/52/{CLIENT_ID}/res/#", f"cmd/52/navilink-{MAC}/res/#")
    requests = read_fixture("mqtt_requests")

    async def send(*names: str) -> None:
        for name in names:
            await user.publish(requests[name]["topic"], json.dumps(requests[name]["payload"]).encode())

    await simulator.fault("lose_write", answered=False)
    await simulator.fault("silent", suffix="st/rsv/rd")
    await simulator.fault("schedule_form", form="hex")
    await simulator.fault("energy_times", on=False)
    await simulator.fault("firmware_download", part=4, version=34013185)
    await send("reservation_write", "reservation_read", "reservation_read", "energy_daily", "firmware_download_info")
    topic, message = await user.reply()
    assert (topic, message["response"]["reservation"]) == (f"cmd/52/{CLIENT_ID}/res/rsv", "")
    _, message = await user.reply()
    assert message["response"]["usage"][0]["data"][0].keys() == {"heUsage", "hpUsage"}
    _, message = await user.reply()
    assert message["response"]["downloadSwInfo"][0]["swVersion"] == 34013185
    await simulator.fault("slow_write", seconds=600)
    await send("reservation_write", "reservation_read")
    replies = [(await user.reply())[1]["response"]["reservation"] for _ in range(2)]
    assert (len(replies[0]), replies[1]) == (3, "")
    await simulator.clock(advance=700)
    await send("reservation_read")
    assert (await user.reply())[1]["response"]["reservation"].startswith("027c061e0478")


@pytest.mark.parametrize("kind", ["device_offline", "power_cut"])
async def test_heater_announces_that_it_goes_and_comes(connect: Open, simulator: SimulatorProcess, kind: str) -> None:
    user = await connect()
    await user.subscribe(f"evt/52/navilink-{MAC}/connection")
    await simulator.fault(kind, mac=MAC)
    await simulator.fault(kind, mac=MAC)  # it is gone already
    assert not (await simulator.state())["heaters"][MAC]["online"]
    await simulator.fault(kind, mac=MAC, on=False)
    expected = read_fixture("app_connection")["device_connection_event"]
    envelope = expected["payload"]
    del envelope["event"]["connection"]
    for status, number in ((0, 1), (1, 2)):
        topic, message = await user.reply()
        assert topic == expected["topic"]
        assert message["event"].pop("connection") == {"sessionNumber": number, "status": status}
        assert message == envelope


async def test_heater_without_power_does_not_come_online(simulator: SimulatorProcess) -> None:
    await simulator.fault("power_cut", mac=MAC)
    await simulator.fault("device_offline", mac=MAC, on=False)
    heater = (await simulator.state())["heaters"][MAC]
    assert (heater["online"], heater["powered"]) == (False, False)
    await simulator.fault("power_cut", mac=MAC, on=False)
    assert (await simulator.state())["heaters"][MAC]["online"]


async def test_vendor_app_is_seen_on_the_device_wildcard(connect: Open, simulator: SimulatorProcess) -> None:
    user = await connect()
    await user.subscribe(f"cmd/52/navilink-{MAC}/#", f"evt/52/navilink-{MAC}/app-connection")
    await simulator.fault("vendor_app", seconds=500)
    topic, message = await user.reply()
    expected = read_fixture("app_connection")["announce"]
    assert (topic, shape(message)) == (expected["topic"], shape(expected["payload"]))
    assert message["event"] == expected["payload"]["event"]
    topics = [(await user.reply())[0].removeprefix(f"cmd/52/navilink-{MAC}/") for _ in range(5)]
    assert topics == ["st/did", "st", "st/rsv/rd", "app-5f0c1e7a/res", "app-5f0c1e7a/res"]
    await simulator.fault("app_control", command=33554464, value=110, mac=MAC)
    topic, message = await user.reply()
    assert (topic, message["request"]["param"]) == (f"cmd/52/navilink-{MAC}/ctrl", [110])
    topic, message = await user.reply()
    assert message["clientID"] == "app-5f0c1e7a"
    assert message["response"]["status"]["dhwTemperatureSetting"] == 110
    await simulator.fault("vendor_app", on=False)
    topic, message = await user.reply()
    assert message["event"] == read_fixture("app_connection")["last_will"]["payload"]["event"]
    heater = (await simulator.state())["heaters"][MAC]
    assert [applied["client_id"] for applied in heater["applied"]] == ["app-5f0c1e7a"]
