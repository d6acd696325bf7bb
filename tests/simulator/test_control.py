"""The whole simulator as a process of its own, seen through its control interface, REST and MQTT."""

import json
from typing import Any

from aiohttp import ClientSession, WSServerHandshakeError
import pytest

from simulator.control.control import FAULTS
from simulator.mqtt.packets import PubAck
from simulator.process import SimulatorError, SimulatorProcess

from .heater_user import RESPONSE_TOPIC, Open, sign_in
from .requests_on_file import MAC

pytestmark = pytest.mark.asyncio(loop_scope="module")


async def test_request_is_answered_on_its_response_topic(connect: Open, simulator: SimulatorProcess) -> None:
    user = await connect()
    await user.subscribe()
    await user.request(16777219, "st", session="first")
    await user.request(16777217, "st/did", session="second")
    topic, message = await user.reply()
    assert (topic, message["sessionID"]) == (RESPONSE_TOPIC, "first")
    assert len(message["response"]["status"]) == 103
    topic, message = await user.reply()
    assert (topic, message["sessionID"]) == (RESPONSE_TOPIC, "second")
    assert len(message["response"]["feature"]) == 43
    await simulator.wait(received=2, topic_suffix="", subscriptions=2, connections=1)
    state = await simulator.state()
    assert [received["sequence"] for received in state["received"]] == [1, 2]
    assert state["received"][0]["payload"]["sessionID"] == "first"
    assert state["connections"][0]["client_id"] == user.client_id
    assert not state["ignored"]


async def test_controls_are_applied_in_order(connect: Open, simulator: SimulatorProcess) -> None:
    user = await connect()
    await user.subscribe()
    for half_degrees in range(100, 130):
        await user.set_temperature(half_degrees, session=str(half_degrees))
    for half_degrees in range(100, 130):
        _, message = await user.reply()
        assert message["sessionID"] == str(half_degrees)
        assert message["response"]["status"]["dhwTemperatureSetting"] == half_degrees
    heater = (await simulator.state())["heaters"][MAC]
    assert [applied["param"] for applied in heater["applied"]] == [[value] for value in range(100, 130)]
    assert heater["status"]["dhwTemperatureSetting"] == 129
    assert not (await simulator.state())["heaters"]["0478630a1b2d"]["applied"]


async def test_a_heater_shows_its_status(simulator: SimulatorProcess) -> None:
    assert await simulator.status(MAC) == (await simulator.state())["heaters"][MAC]["status"]
    with pytest.raises(SimulatorError):
        await simulator.status("0478630a1bff")


async def test_device_wildcard_echoes_requests(connect: Open) -> None:
    user = await connect()
    await user.subscribe(f"cmd/52/navilink-{MAC}/#")
    await user.request(16777219, "st")
    assert [(await user.reply())[0] for _ in range(2)] == [f"cmd/52/navilink-{MAC}/st", RESPONSE_TOPIC]


async def test_refused_ignored_and_unanswered_controls(connect: Open, simulator: SimulatorProcess) -> None:
    user = await connect()
    await user.subscribe()
    await simulator.fault("ctrl_fail", count=1, code=2)
    await user.set_temperature(110)
    topic, message = await user.reply()
    assert (topic, message["response"]["failCode"]) == (f"cmd/52/navilink-{MAC}/res/ctrl-fail", 2)
    await simulator.fault("ignore_write")
    await user.set_temperature(110)
    _, message = await user.reply()
    assert message["response"]["status"]["dhwTemperatureSetting"] == 98
    await simulator.fault("device_offline", mac=MAC)
    await user.set_temperature(110)
    await simulator.wait(received=3)
    state = await simulator.state()
    assert state["ignored"] == [{"sequence": 3, "reason": "the heater is offline"}]
    assert not state["heaters"][MAC]["online"]
    await simulator.fault("device_offline", mac=MAC, on=False)
    await user.set_temperature(110)
    _, message = await user.reply()
    assert message["response"]["status"]["dhwTemperatureSetting"] == 110
    await simulator.wait(applied=1)


async def test_control_interval_is_opt_in(connect: Open, simulator: SimulatorProcess) -> None:
    user = await connect()
    await user.subscribe()
    await simulator.fault("control_interval", seconds=500)
    await user.set_temperature(110)
    await user.set_temperature(111)
    assert "status" in (await user.reply())[1]["response"]
    assert (await user.reply())[1]["response"]["failCode"] == 2


@pytest.mark.parametrize("fin", [True, False])
async def test_cut_ends_connections_and_new_ones_work(connect: Open, simulator: SimulatorProcess, *, fin: bool) -> None:
    user = await connect()
    await simulator.fault("cut", fin=fin)
    await simulator.wait(connections=0, disconnected=1)
    await connect()
    await simulator.wait(connections=1, connects=2)
    assert [ended["client_id"] for ended in (await simulator.state())["ended"]] == [user.client_id]


async def test_mqtt_down_refuses_connections_until_mqtt_up(connect: Open, simulator: SimulatorProcess) -> None:
    await simulator.fault("mqtt_down")
    with pytest.raises(OSError, match="Connect"):
        await connect()
    await simulator.fault("mqtt_up")
    await connect()


async def test_expired_aws_credentials_open_no_connection(connect: Open, simulator: SimulatorProcess) -> None:
    await connect()
    await simulator.fault("expire_aws")
    with pytest.raises(WSServerHandshakeError) as refused:
        await connect()
    assert refused.value.status == 403
    await simulator.wait(connections=1)  # the open connection outlives its credentials


async def test_refused_upgrade_has_its_status(connect: Open, simulator: SimulatorProcess) -> None:
    await simulator.fault("refuse_upgrade", status=503)
    with pytest.raises(WSServerHandshakeError) as refused:
        await connect()
    assert refused.value.status == 503
    await simulator.fault("refuse_upgrade", status=None)
    await connect()


async def test_expired_jwt_and_api_down(simulator: SimulatorProcess) -> None:
    addresses = simulator.addresses
    account = {"userId": addresses["email"], "password": addresses["password"]}
    page = {"userId": addresses["email"], "offset": 0, "count": 20}
    async with ClientSession(f"{addresses['api_url']}/") as session:
        async with session.post("user/sign-in", json=account) as response:
            token = (await response.json())["data"]["token"]
        statuses = []
        for kind, members in (
            ("listed_error", {"code": None}),
            ("expire_jwt", {}),
            ("maintenance", {}),
            ("api_down", {}),
        ):
            await simulator.fault(kind, **members)
            async with session.post(
                "device/list", json=page, headers={"authorization": token["accessToken"]}
            ) as answer:
                statuses.append(answer.status)
    assert statuses == [200, 401, 403, 503]
    await simulator.wait(rest_requests=5)
    journal = (await simulator.state())["rest_requests"]
    assert [request["status"] for request in journal] == [200, *statuses]
    assert token["accessToken"] not in json.dumps(await simulator.state())


async def test_the_device_list_goes_wrong_as_wanted(simulator: SimulatorProcess) -> None:
    addresses = simulator.addresses
    account = {"userId": addresses["email"], "password": addresses["password"]}
    page = {"userId": addresses["email"], "offset": 0, "count": 20}
    listed = []
    async with ClientSession(f"{addresses['api_url']}/") as session:
        async with session.post("user/sign-in", json=account) as response:
            token = (await response.json())["data"]["token"]
        for kind, members in (
            ("short_list", {"devices": None}),
            ("short_list", {}),
            ("unreadable_list", {}),
            ("leave_account", {"mac": "0478630a1b2d"}),
            ("mac_form", {"form": "colons"}),
            ("mac_form", {"form": "upper_dashes"}),
        ):
            await simulator.fault(kind, **members)
            headers = {"authorization": token["accessToken"]}
            async with session.post("device/list", json=page, headers=headers) as response:
                rows = (await response.json())["data"]
                listed.append(rows and [row["deviceInfo"] and row["deviceInfo"]["macAddress"] for row in rows])
    assert listed == [None, [], [None, None], [MAC], ["04:78:63:0a:1b:2c"], ["04-78-63-0A-1B-2C"]]


async def test_a_changed_password_ends_every_credential_until_a_reset(simulator: SimulatorProcess) -> None:
    addresses = simulator.addresses
    account = {"userId": addresses["email"], "password": addresses["password"]}
    statuses = []
    async with ClientSession(f"{addresses['api_url']}/") as session:
        for step in (None, simulator.fault("change_password", password="changed"), simulator.reset()):
            if step is not None:
                await step
            async with session.post("user/sign-in", json=account) as response:
                statuses.append(response.status)
    assert statuses == [200, 401, 200]


async def test_clock_jumps_and_runs(simulator: SimulatorProcess) -> None:
    await simulator.device(MAC, dhwTemperatureSetting=120)
    await simulator.clock(advance=3600)
    state = await simulator.state()
    members = state["heaters"][MAC]["status"]
    assert (members["operationMode"], members["compUse"]) == (32, 2)
    assert members["tankLowerTemperature"] > 489
    await simulator.clock(3600)
    jumped, running = state["clock"], (await simulator.state())["clock"]
    assert running["speed"] == 3600
    assert running["now"] > jumped["now"]


@pytest.mark.parametrize(
    "members", [{}, {"speed": -1}, {"speed": 3601}, {"speed": "1"}, {"advance": -1}, {"advance": 1e9}, {"until": 5}]
)
async def test_clock_takes_nothing_else(simulator: SimulatorProcess, members: dict[str, object]) -> None:
    async with ClientSession() as session:
        url = f"{simulator.addresses['control_url']}/clock"
        for body in (members | {"advance": 10**400} if members else members, members):
            async with session.post(url, json=body) as response:
                assert response.status == 400
                assert (await response.json())["error"]
    assert (await simulator.state())["clock"]["speed"] == 1


async def test_panel_writes_settings_probes_and_pins(simulator: SimulatorProcess) -> None:
    await simulator.clock(0)
    written = {
        "dhwOperationSetting": 4,
        "dhwTemperatureSetting": 110,
        "tankUpperTemperature": 400,
        "tankLowerTemperature": 350,
        "ambientTemperature": 242,
        "temperatureType": 1,
        "errorCode": 96,
        "compUse": 0,
        "cumulatedOpTimeEvaFan": 412,
        "cumulatedDhwFlowRate": 77,
    }
    await simulator.device(MAC, feature={"dhwTemperatureMin": 70, "volumeCode": 3}, **written)
    heater = (await simulator.state())["heaters"][MAC]
    assert {name: heater["status"][name] for name in written} == written
    assert (heater["feature"]["temperatureType"], heater["feature"]["dhwTemperatureMin"]) == (1, 70)
    assert heater["status"]["totalEnergyCapacity"] == int(70.24 * 76.1 / 63.2 * 14.5)
    await simulator.device(MAC, compUse=None)
    assert (await simulator.state())["heaters"][MAC]["status"]["compUse"] == 1


@pytest.mark.parametrize(
    ("feature", "members"),
    [
        ({}, {"noSuchMember": 1, "errorCode": 5}),
        ({"noSuchMember": 1}, {"errorCode": 5}),
        ({"volumeCode": 9}, {"errorCode": 5}),
        ({}, {"errorCode": 5, "dhwTemperatureSetting": 132}),
        ({}, {"errorCode": 5, "dhwOperationSetting": 7}),
        ({}, {"errorCode": 5, "tankUpperTemperature": 5000}),
        ({}, {"errorCode": "5"}),
        ({}, {"errorCode": True}),
        ({}, {"errorCode": 5.5}),
    ],
)
async def test_bad_panel_writes_change_nothing(
    simulator: SimulatorProcess, feature: dict[str, int], members: dict[str, Any]
) -> None:
    with pytest.raises(SimulatorError):
        await simulator.device(MAC, feature=feature, **members)
    assert (await simulator.state())["heaters"][MAC]["status"]["errorCode"] == 0


async def test_unknown_heater_has_no_panel(simulator: SimulatorProcess) -> None:
    with pytest.raises(SimulatorError, match="no heater"):
        await simulator.device("000000000000", errorCode=5)


async def test_cut_comes_after_so_many_messages(connect: Open, simulator: SimulatorProcess) -> None:
    user = await connect()
    await simulator.fault("cut", after=2, puback=False)
    await user.set_temperature(110)
    assert isinstance(await user.client.receive_any(), PubAck)
    await user.set_temperature(111)
    await simulator.wait(received=2, applied=2, connections=0)
    assert (await simulator.state())["ended"] == [{"client_id": user.client_id, "reason": "cut"}]


async def test_every_kind_of_fault_is_taken_and_a_reset_ends_them_all(
    connect: Open, simulator: SimulatorProcess
) -> None:
    faults: dict[str, dict[str, object]] = {
        "mqtt_down": {},
        "mqtt_up": {},
        "cut": {"fin": False, "after": 5, "puback": False},
        "blackhole": {"new_connections": True},
        "withhold": {"what": "deliveries", "new_connections": True},
        "tls": {"newest": "1.1"},
        "refuse_upgrade": {"status": 429},
        "expire_aws": {},
        "expire_jwt": {"refresh": True},
        "change_password": {"password": "another"},
        "lose_suback": {"count": 3},
        "refuse_suback": {"count": 3},
        "hang_up_after_connack": {"count": 3},
        "deliver_twice": {"on": True},
        "end_sessions": {},
        "portal": {"on": True},
        "service_clock": {"offset": -600},
        "drop_session": {},
        "latency": {"seconds": 30},
        "api_down": {"on": True, "close": True},
        "maintenance": {"on": True},
        "short_list": {"devices": None, "count": 5},
        "unreadable_list": {"count": 5},
        "leave_account": {"mac": MAC},
        "new_heater": {},
        "mac_form": {"form": "upper"},
        "refuse_request": {"code": 503, "count": 5},
        "bloat": {"mebibytes": 1, "count": 5},
        "device_offline": {"mac": MAC, "on": True},
        "power_cut": {"mac": MAC, "on": True},
        "ctrl_fail": {"count": 5, "code": 9},
        "control_interval": {"seconds": 5},
        "ignore_write": {"count": 5},
        "lose_write": {"count": 5, "answered": False},
        "slow_write": {"seconds": 5},
        "silent": {"suffix": "st/rsv/rd", "count": 5},
        "late_reply": {"seconds": 30, "count": 5},
        "schedule_form": {"form": "hex"},
        "energy_times": {"on": False},
        "energy_day": {"day": "2026-03-08", "heat_pump": 2000.5},
        "energy_forgotten": {"before": "2026-03-08"},
        "energy_unanswered": {"month": "2026-03"},
        "firmware_download": {"version": 184877057, "part": 1},
        "reply_delay": {"seconds": 30},
        "push": {"seconds": 5.5},
        "tou_window": {"on": True},
        "mode_let_through": {"count": 5},
        "error": {"code": 96, "sub_code": 1},
        "listed_error": {"code": None},
        "draw": {"liters": 20, "flow": 5.5},
        "vendor_app": {"on": True, "seconds": 5},
        "app_control": {"command": 33554464, "value": 110, "mac": MAC},
    }
    assert faults.keys() == FAULTS.keys()
    for kind, members in faults.items():
        await simulator.fault(kind, **members)
    await simulator.reset("--heaters", "2")
    with pytest.raises(WSServerHandshakeError) as refused:  # the old credentials are void
        await connect()
    assert refused.value.status == 403
    assert await sign_in(simulator)
    heaters = (await simulator.state())["heaters"]
    assert len(heaters) == 2
    heater = heaters[MAC]
    assert heater["online"]
    assert (heater["status"]["touStatus"], heater["status"]["errorCode"], heater["status"]["dhwUse"]) == (0, 0, 1)


async def test_bad_faults_are_explained(simulator: SimulatorProcess) -> None:
    for kind, members, explanation in (
        ("no_such_fault", {}, "kind must be one of"),
        ("cut", {"fin": 1}, "fin cannot be 1"),
        ("cut", {"afterwards": 1}, "cut has no afterwards"),
        ("cut", {"after": 0}, "after must be"),
        ("cut", {"after": -1}, "after must be"),
        ("latency", {}, "latency needs seconds"),
        ("latency", {"seconds": -1}, "seconds must be 0 to 600"),
        ("latency", {"seconds": "1"}, "seconds cannot be '1'"),
        ("latency", {"seconds": 10**400}, "seconds must be"),
        ("latency", {"seconds": float("nan")}, "seconds must be"),
        ("refuse_upgrade", {"status": 200}, "200"),
        ("withhold", {"what": "pings"}, "what must be one of acknowledgements, deliveries, requests"),
        ("tls", {"newest": "1.4"}, "newest must be one of"),
        ("ctrl_fail", {"count": -1}, "count must be"),
        ("late_reply", {"seconds": -1}, "seconds must be"),
        ("ctrl_fail", {"count": True}, "count cannot be True"),
        ("device_offline", {"mac": "nobody"}, "no heater nobody"),
        ("draw", {"liters": 1, "flow": 0}, "flow must be"),
        ("error", {"code": 1000}, "code must be"),
        ("silent", {"suffix": "st/rsv"}, "suffix must be one of"),
        ("app_control", {"command": 1}, "command must be one of"),
        ("vendor_app", {"seconds": 0}, "seconds must be"),
        ("schedule_form", {"form": "xml"}, "form must be one of"),
        ("energy_day", {"day": "2026-02-30", "heat_pump": 1}, "no such day"),
        ("energy_forgotten", {"before": "yesterday"}, "no such day"),
        ("energy_unanswered", {"month": "2026-13"}, "no such day"),
        ("firmware_download", {"version": 1, "part": 3}, "part must be one of"),
    ):
        with pytest.raises(SimulatorError, match=explanation):
            await simulator.fault(kind, **members)


async def test_faults_of_the_heater_show_in_its_status(simulator: SimulatorProcess) -> None:
    await simulator.fault("error", code=515, sub_code=27, mac=MAC)
    await simulator.fault("tou_window", mac=MAC)
    await simulator.fault("draw", liters=5.0)
    first, second = (await simulator.state())["heaters"].values()
    assert (first["status"]["errorCode"], first["status"]["subErrorCode"]) == (515, 27)
    assert (first["status"]["touStatus"], first["status"]["hpUpperOnTempSetting"]) == (1, 98)
    assert (second["status"]["errorCode"], second["status"]["touStatus"]) == (0, 0)
    assert second["status"]["dhwUse"] == 2


async def test_anything_can_be_published(connect: Open, simulator: SimulatorProcess) -> None:
    user = await connect()
    await user.subscribe()
    await simulator.publish(RESPONSE_TOPIC, {"response": None})
    await simulator.publish_text(f"{RESPONSE_TOPIC}/junk", "not JSON")
    assert await user.reply() == (RESPONSE_TOPIC, {"response": None})
    assert (await user.client.receive_publish()).payload == b"not JSON"
    for topic, text in (("cmd/#", ""), ("", ""), (RESPONSE_TOPIC, "half a \ud83d character")):
        with pytest.raises(SimulatorError):
            await simulator.publish_text(topic, text)


async def test_wait_reports_what_was_missing(simulator: SimulatorProcess) -> None:
    with pytest.raises(TimeoutError, match="received is 0"):
        await simulator.wait(timeout=0.05, received=1)
    for conditions in (dict[str, int](), {"no_such_count": 1}, {"received": -1}):
        with pytest.raises(SimulatorError):
            await simulator.wait(timeout=0.05, topic_suffix="", **conditions)


async def test_messages_that_are_no_requests_are_shown_too(connect: Open, simulator: SimulatorProcess) -> None:
    user = await connect()
    await user.publish("evt/52/anything", b"\xffjunk")
    await user.publish(f"cmd/52/navilink-{MAC}/st", b"[" * 50_000)
    await simulator.wait(received=2)
    state = await simulator.state()
    assert state["received"][0]["payload"] == "\ufffdjunk"
    assert [ignored["sequence"] for ignored in state["ignored"]] == [2]


async def test_reply_delay_keeps_the_order(connect: Open, simulator: SimulatorProcess) -> None:
    user = await connect()
    await user.subscribe()
    await simulator.fault("reply_delay", seconds=0.3)
    await user.request(16777219, "st", session="slow")
    await simulator.wait(received=1)
    await simulator.fault("reply_delay", seconds=0)
    await user.request(16777219, "st", session="quick")
    assert [(await user.reply())[1]["sessionID"] for _ in range(2)] == ["slow", "quick"]


async def test_a_reply_comes_again_late(connect: Open, simulator: SimulatorProcess) -> None:
    user = await connect()
    await user.subscribe()
    await simulator.fault("late_reply", seconds=0.5, mac=MAC)
    await user.request(16777219, "st", session="old")
    await simulator.wait(received=1)
    await user.set_temperature(110, session="new")
    replies = [await user.reply() for _ in range(3)]
    assert [message["sessionID"] for _, message in replies] == ["old", "new", "old"]
    assert replies[0] == replies[2]
    assert replies[2][1]["response"]["status"]["dhwTemperatureSetting"] == 98


async def test_a_reply_can_be_overtaken(connect: Open, simulator: SimulatorProcess) -> None:
    user = await connect()
    await user.subscribe()
    await simulator.fault("late_reply", seconds=0.5, count=1, in_time_too=False)
    for session in ("first", "second", "third"):
        await user.request(16777219, "st", session=session)
    assert [(await user.reply())[1]["sessionID"] for _ in range(3)] == ["second", "third", "first"]


async def test_withheld_requests_are_acknowledged_and_reach_no_heater(
    connect: Open, simulator: SimulatorProcess
) -> None:
    user = await connect()
    await user.subscribe()
    await simulator.fault("withhold", what="requests")
    await user.set_temperature(110)
    assert isinstance(await user.client.receive_any(), PubAck)
    await simulator.fault("mqtt_up")
    await user.set_temperature(111)
    assert (await user.reply())[1]["response"]["status"]["dhwTemperatureSetting"] == 111
    state = await simulator.state()
    assert [applied["param"] for applied in state["heaters"][MAC]["applied"]] == [[111]]
    assert len(state["received"]) == 1


async def test_reset_begins_afresh_at_the_same_addresses(connect: Open, simulator: SimulatorProcess) -> None:
    user = await connect()
    await user.subscribe()
    await user.set_temperature(110)
    await user.reply()
    await simulator.fault("mqtt_down")
    await simulator.fault("api_down")
    await simulator.clock(60)
    await simulator.reset()
    state = await simulator.state()
    assert (state["connections"], state["received"], state["ended"], state["rest_requests"]) == ([], [], [], [])
    assert state["clock"]["speed"] == 1
    assert state["heaters"][MAC]["status"]["dhwTemperatureSetting"] == 98
    with pytest.raises(WSServerHandshakeError):  # reachable again, but the credentials are void
        await connect()


async def test_status_is_pushed_on_request_to_clients_that_asked_before(
    connect: Open, simulator: SimulatorProcess
) -> None:
    user = await connect()
    await user.subscribe()
    await user.request(16777219, "st", session="asked")
    await user.reply()
    await simulator.fault("push", seconds=0.1)
    for _ in range(2):
        topic, message = await user.reply()
        assert (topic, message["sessionID"]) == (RESPONSE_TOPIC, "asked")
        assert len(message["response"]["status"]) == 103


@pytest.mark.parametrize("simulator_options", [("--control-interval", "500")])
async def test_the_second_control_comes_too_soon(connect: Open) -> None:
    user = await connect()
    await user.subscribe()
    await user.set_temperature(110)
    await user.set_temperature(111)
    assert "status" in (await user.reply())[1]["response"]
    assert (await user.reply())[1]["response"]["failCode"] == 2


async def test_reset_takes_options_of_the_command_line(simulator: SimulatorProcess) -> None:
    await simulator.reset("--heaters", "3", "--offline-heaters", "2", "--time-zone", "Asia/Kolkata", "--speed", "7")
    state = await simulator.state()
    assert [heater["online"] for heater in state["heaters"].values()] == [True, False, False]
    assert state["heaters"][MAC]["local_time"].endswith("+05:30")
    assert state["clock"]["speed"] == 7
    await simulator.reset()
    state = await simulator.state()
    assert (list(state["heaters"]), state["clock"]["speed"]) == ([MAC], 1)


@pytest.mark.parametrize(
    "options",
    [
        ("--heaters", "-1"),
        ("--heaters", "1", "--offline-heaters", "2"),
        ("--speed", "1e9"),
        ("--email", "somebody@example.com"),
        ("--rest-port", "0"),
        ("heater",),
    ],
)
async def test_a_reset_with_bad_options_changes_nothing(simulator: SimulatorProcess, options: tuple[str, ...]) -> None:
    await simulator.clock(60)
    with pytest.raises(SimulatorError):
        await simulator.reset(*options)
    state = await simulator.state()
    assert (len(state["heaters"]), state["clock"]["speed"]) == (2, 60)
