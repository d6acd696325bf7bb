"""What a heater understands, does and answers (protocol.md 4.2, 4.3, 5 and 10.4)."""

from collections.abc import Mapping
import copy
import json

from hypothesis import given
from hypothesis import strategies as st
import pytest

from simulator.answers.answers import ANSWERS, answer
from simulator.answers.messages import REQUEST_TOPIC, Reply, Request, parse
from simulator.common.reading import BadRequestError
from simulator.heater.controls import CONTROLS
from simulator.heater.heater import Heater
from simulator.heater.report import status
from tests import read_fixture

from .requests_on_file import MAC, make_heater, request, send

REQUESTS: Mapping[str, Mapping[str, object]] = read_fixture("mqtt_requests")
CONTROL_NAMES = [name for name, row in REQUESTS.items() if str(row["topic"]).endswith("/ctrl")]


def request_of(topic: str, payload: object) -> Request:
    assert REQUEST_TOPIC.fullmatch(topic)
    return parse(topic, json.dumps(payload).encode(), make_heater().identity)


def control_request(command: int, *param: object) -> Request:
    topic = f"cmd/52/navilink-{MAC}/ctrl"
    members = {"command": command, "deviceType": 52, "macAddress": MAC, "additionalValue": "5322"}
    return request_of(
        topic,
        {
            "clientID": "a-client",
            "sessionID": "a-session",
            "protocolVersion": 2,
            "requestTopic": topic,
            "responseTopic": f"cmd/52/navilink-{MAC}/a-client/res",
            "request": members | {"mode": "any", "param": list(param), "paramStr": ""},
        },
    )


def control(heater: Heater, command: int, *param: object) -> Reply:
    (reply,) = answer(heater, control_request(command, *param))
    return reply


def member(message: Mapping[str, object], *path: str) -> object:
    value: object = message
    for name in path:
        assert isinstance(value, dict)
        value = value[name]
    return value


def test_every_control_of_the_protocol_is_known() -> None:
    assert {request(name).command for name in CONTROL_NAMES} <= CONTROLS.keys()
    assert {row.mode for row in CONTROLS.values()} >= {
        str(member(REQUESTS[name], "payload", "request", "mode")) for name in CONTROL_NAMES
    }


@pytest.mark.parametrize("name", CONTROL_NAMES)
def test_control_is_applied_and_acknowledged_with_a_whole_status(name: str) -> None:
    heater, sent = make_heater(), request(name)
    (reply,) = answer(heater, sent)
    assert [applied["command"] for applied in heater.applied] == [sent.command]
    assert reply.topic == sent.response_topic
    assert member(reply.message, "response", "status") == status(heater)
    payload = REQUESTS[name]["payload"]
    assert isinstance(payload, dict)
    for echoed in ("sessionID", "clientID", "protocolVersion", "requestTopic", "responseTopic"):
        assert reply.message[echoed] == payload[echoed]
    assert member(reply.message, "response", "macAddress") == MAC


@pytest.mark.parametrize(
    ("command", "param", "changed"),
    [
        (33554433, (), {"dhwOperationSetting": 6}),
        (33554437, (1,), {"dhwOperationSetting": 1}),
        (33554437, (6,), {"dhwOperationSetting": 3}),  # power off is only ever reported
        (33554437, (5, 99), {"dhwOperationSetting": 5, "vacationDaySetting": 99, "vacationDayElapsed": 0}),
        (33554445, (1,), {"recircOperationMode": 1}),
        (33554445, (4,), {"recircOperationMode": 4}),
        (33554464, (131,), {"dhwTemperatureSetting": 131, "dhwTargetTemperatureSetting": 131}),
        (33554464, (132,), {"dhwTemperatureSetting": 131}),
        (33554464, (0,), {"dhwTemperatureSetting": 81}),
        (33554466, (14,), {"vacationDaySetting": 14, "dhwOperationSetting": 3}),
        # Whether the utility may control the heater shows nowhere: neither is it applied, nor is there an event.
        (33554470, (), {"drOverrideStatus": 1, "drEventStatus": 0}),
        (33554469, (), {"drOverrideStatus": 1, "drEventStatus": 0}),
        (33554472, (1,), {"antiLegionellaUse": 2, "antiLegionellaPeriod": 1}),
        (33554472, (30,), {"antiLegionellaUse": 2, "antiLegionellaPeriod": 30}),
        (33554471, (), {"antiLegionellaUse": 1, "antiLegionellaPeriod": 7}),
        (33554474, (2,), {"airFilterAlarmPeriod": 1000, "airFilterAlarmUse": 2}),
        (33554474, (20,), {"airFilterAlarmPeriod": 10000, "airFilterAlarmUse": 2}),
        (33554474, (0,), {"airFilterAlarmPeriod": 0, "airFilterAlarmUse": 1}),
        (33554476, (), {"touStatus": 1}),
        (33554475, (), {"touStatus": 0}),
    ],
)
def test_control_changes_its_members(command: int, param: tuple[int, ...], changed: Mapping[str, int]) -> None:
    heater = make_heater()
    control(heater, command, *param)
    members = status(heater)
    assert {name: members[name] for name in changed} == changed


def test_filter_reset_begins_the_fan_hours_anew() -> None:
    heater = make_heater()
    heater.fan_seconds = 412 * 3600.0
    control(heater, 33554473)
    assert status(heater)["cumulatedOpTimeEvaFan"] == 0


def test_disabled_anti_legionella_remembers_its_period() -> None:
    heater = make_heater()
    control(heater, 33554472, 14)
    control(heater, 33554471)
    assert status(heater)["antiLegionellaPeriod"] == 14


@pytest.mark.parametrize(
    ("command", "param"),
    [
        (33554437, (5,)),  # vacation without its days
        (33554437, (5, 0)),
        (33554437, (5, 100)),
        (33554437, (0,)),
        (33554437, (7,)),
        (33554437, (1, 7)),
        (33554437, ()),
        (33554464, ()),
        (33554466, (0,)),
        (33554466, (100,)),
        (33554472, (0,)),
        (33554472, (31,)),
        (33554474, (1,)),
        (33554474, (21,)),
        (33554445, (0,)),
        (33554445, (5,)),
        (33554433, (1,)),
        (33554437, (True,)),
        (33554464, (98.0,)),
        (33554464, ("98",)),
        (33554438, ()),  # exists, but nobody knows its payload
        (33554443, ()),
        (33554446, ()),
        (33554460, (1,)),  # a hydronic product's
        (1, ()),
    ],
)
def test_what_makes_no_sense_is_ignored_without_an_answer(command: int, param: tuple[object, ...]) -> None:
    heater = make_heater()
    before = status(heater)
    with pytest.raises(BadRequestError):
        answer(heater, control_request(command, *param))
    assert status(heater) == before
    assert not heater.applied


@pytest.mark.parametrize(
    ("gate", "command", "param"),
    [
        ("powerUse", 33554433, ()),
        ("dhwUse", 33554437, (1,)),
        ("heatpumpUse", 33554437, (1,)),
        ("electricUse", 33554437, (2,)),
        ("energySaverUse", 33554437, (3,)),
        ("highDemandUse", 33554437, (4,)),
        ("holidayUse", 33554437, (5, 7)),
        ("dhwTemperatureSettingUse", 33554464, (100,)),
        ("recirculationUse", 33554444, (1,)),
        ("programReservationUse", 33554476, ()),
        ("drSettingUse", 33554470, ()),
        ("antiLegionellaSettingUse", 33554472, (7,)),
    ],
)
def test_what_the_unit_does_not_have_is_ignored(gate: str, command: int, param: tuple[int, ...]) -> None:
    heater = make_heater()
    heater.feature[gate] = 1
    with pytest.raises(BadRequestError):
        answer(heater, control_request(command, *param))
    assert not heater.applied


def test_status_and_device_info_are_answered_and_session_end_is_not() -> None:
    heater = make_heater()
    (state,) = send(heater, "status")
    (info,) = send(heater, "device_info")
    assert member(state.message, "response", "status") == status(heater)
    assert member(info.message, "response", "feature", "controllerSerialNumber") == "00000000BT00000001"
    assert send(heater, "session_end") == ()


def test_hourly_energy_is_never_answered() -> None:
    assert send(make_heater(), "energy_hourly_unanswered") == ()


def test_refusal_goes_to_its_own_topic_and_changes_nothing() -> None:
    heater = make_heater()
    heater.faults.upcoming["ctrl_fail"], heater.faults.refusal_code = 1, 7
    refused = control(heater, 33554464, 110)
    assert refused.topic == f"cmd/52/navilink-{MAC}/res/ctrl-fail"
    assert refused.message["sessionID"] == "a-session"
    response = refused.message["response"]
    assert response == {
        "deviceType": 52,
        "macAddress": MAC,
        "additionalValue": "5322",
        "failCode": 7,
        "swVersion": 184877056,
    }
    assert heater.setpoint == 98
    control(heater, 33554464, 110)
    assert heater.setpoint == 110


def test_ignored_write_is_acknowledged_and_not_applied() -> None:
    heater = make_heater()
    heater.faults.upcoming["ignore_write"] = 1
    reply = control(heater, 33554464, 110)
    assert member(reply.message, "response", "status", "dhwTemperatureSetting") == 98
    assert not heater.applied
    control(heater, 33554464, 110)
    assert heater.setpoint == 110


def test_dhw_controls_too_close_together_are_refused_and_others_are_not() -> None:
    heater = make_heater()
    heater.faults.minimum_control_interval = 600.0
    control(heater, 33554464, 110)
    refused = control(heater, 33554437, 1)
    assert member(refused.message, "response", "failCode") == 2
    control(heater, 33554473)
    assert [applied["control"] for applied in heater.applied] == ["dhw-temperature", "air-filter-reset"]
    heater.faults.minimum_control_interval = 0.0
    control(heater, 33554437, 1)
    assert len(heater.applied) == 3


@pytest.mark.parametrize(
    "topic",
    [
        f"cmd/52/navilink-{MAC}/a-client/res",
        f"cmd/52/navilink-{MAC}/res/ctrl-fail",
        f"evt/52/navilink-{MAC}/app-connection",
        f"cmd/1/navilink-{MAC}/st",
        "cmd/52/a-client/res/rsv/rd",
        f"cmd/52/navilink-{MAC}/stx",
        "",
    ],
)
def test_other_topics_are_no_requests(topic: str) -> None:
    assert not REQUEST_TOPIC.fullmatch(topic)


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (("protocolVersion",), 1),
        (("requestTopic",), "cmd/52/navilink-000000000000/st"),
        (("responseTopic",), "cmd/52/#"),
        (("responseTopic",), "cmd/52/a/b/c/d/e/f/g"),
        (("responseTopic",), "cmd/52/\ud800"),
        (("responseTopic",), "evt/52/a"),
        (("responseTopic",), "cmd/52/" + "a" * 300),
        (("responseTopic",), None),
        (("sessionID",), 5),
        (("clientID",), None),
        (("request",), []),
        (("request", "command"), "16777219"),
        (("request", "command"), True),
        (("request", "deviceType"), 1),
        (("request", "macAddress"), "04:78:63:0a:1b:2c"),
        (("request", "additionalValue"), "5323"),
    ],
)
def test_envelope_is_read_strictly(path: tuple[str, ...], value: object) -> None:
    row = copy.deepcopy(REQUESTS["status"])
    message = row["payload"]
    assert isinstance(message, dict)
    target = message[path[0]] if len(path) > 1 else message
    target[path[-1]] = value
    with pytest.raises(BadRequestError):
        request_of(str(row["topic"]), message)


@given(payload=st.binary(max_size=200) | st.just(b"[" * 100_000) | st.just(b'{"request": ' * 50_000))
def test_junk_is_ignored(payload: bytes) -> None:
    with pytest.raises(BadRequestError):
        parse(f"cmd/52/navilink-{MAC}/st", payload, make_heater().identity)


def test_same_code_on_another_topic_is_another_command() -> None:
    assert ("ctrl", 33554464) in ANSWERS
    with pytest.raises(BadRequestError):
        answer(
            make_heater(),
            Request(
                topic=f"cmd/52/navilink-{MAC}/st",
                suffix="st",
                client_id="a-client",
                session_id="a-session",
                response_topic=f"cmd/52/navilink-{MAC}/a-client/res",
                command=33554464,
                members={"param": [100]},
            ),
        )
