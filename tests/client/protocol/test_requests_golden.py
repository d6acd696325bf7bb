"""Every request that the client can make, equal to the one recorded in the fixture."""

import json
from typing import Any

import pytest

from nwp500 import Device, commands, queries
from nwp500.exceptions import InvalidParameterError, PayloadError
from nwp500.protocol.codec import MAX_MESSAGE_BYTES, encoded
from nwp500.protocol.controls import Control
from nwp500.protocol.queries import Request
from nwp500.queue.command import control_request, plain_message, query_request
from tests import FIXTURES

CLIENT = "ha-client-3f9a1c07"
DEVICE = Device(mac_address="0478630a1b2c", additional_value="5322", home_seq=10001)

# Any: decoded JSON of a fixture.
REQUESTS: dict[str, dict[str, Any]] = json.loads((FIXTURES / "mqtt_requests.json").read_text())

RESERVATIONS = (
    {"enable": 2, "week": 124, "hour": 6, "min": 30, "mode": 4, "param": 120},
    {"enable": 2, "week": 130, "hour": 8, "min": 0, "mode": 3, "param": 110},
    {"enable": 1, "week": 254, "hour": 22, "min": 15, "mode": 5, "param": 98},
)
RECIRCULATION = (
    {"enable": 2, "week": 62, "hour": 6, "min": 0, "mode": 2, "param": -1},
    {"enable": 2, "week": 62, "hour": 8, "min": 0, "mode": 1, "param": -1},
)


def tou_period(week: int, start: int, end: int, price: int) -> dict[str, int]:
    """Return a period of the recorded plan, from a full hour to the end of one."""
    times = {"startHour": start, "startMinute": 0, "endHour": end, "endMinute": 59}
    return {"season": 3087, "week": week, **times, "priceMin": price, "priceMax": price, "decimalPoint": 5}


TOU = (
    tou_period(124, 0, 14, 31794),
    tou_period(124, 15, 20, 38967),
    tou_period(124, 21, 23, 31794),
    tou_period(130, 0, 23, 31794),
)
QUERIES: dict[str, tuple[Request, dict[str, object]]] = {
    "status": (queries.STATUS, {}),
    "device_info": (queries.DEVICE_INFO, {}),
    "session_end": (queries.SESSION_END, {}),
    "reservation_read": (queries.RESERVATIONS, {}),
    "reservation_write": (queries.WRITE_RESERVATIONS, {"reservationUse": 2, "reservation": RESERVATIONS}),
    "reservation_clear": (queries.WRITE_RESERVATIONS, {"reservationUse": 1, "reservation": ()}),
    "energy_daily": (queries.ENERGY_DAILY, {"year": 2026, "month": [9]}),
    "energy_monthly": (queries.ENERGY_MONTHLY, {"year": (2025, 2026, 2025)}),
    "energy_hourly_unanswered": (queries.ENERGY_HOURLY, {"year": 2026, "month": 9, "day": range(11, 12)}),
    "firmware_download_info": (queries.FIRMWARE_DOWNLOAD, {}),
    "diagnostics": (queries.DIAGNOSTICS, {}),
    "recirculation_schedule_read": (queries.RECIRCULATION_SCHEDULE, {}),
    "recirculation_schedule_write": (
        queries.WRITE_RECIRCULATION_SCHEDULE,
        {"reservationUse": 2, "reservation": RECIRCULATION},
    ),
    "tou_write": (
        queries.WRITE_TOU,
        {"controllerSerialNumber": "00000000BT00000001", "reservationUse": 2, "reservation": TOU},
    ),
    "commit_ota_not_exercised": (
        queries.COMMIT_FIRMWARE,
        {"commitOta": {"swCode": 1, "swVersion": 184877056}},
    ),
}
CONTROLS: dict[str, tuple[Control, tuple[int, ...]]] = {
    "power_off": (commands.POWER_OFF, ()),
    "power_on": (commands.POWER_ON, ()),
    "dhw_mode_heat_pump": (commands.DHW_MODE, (1,)),
    "dhw_mode_electric": (commands.DHW_MODE, (2,)),
    "dhw_mode_energy_saver": (commands.DHW_MODE, (3,)),
    "dhw_mode_high_demand": (commands.DHW_MODE, (4,)),
    "dhw_mode_vacation_7_days": (commands.VACATION, (5, 7)),
    "dhw_temperature_140F": (commands.DHW_TEMPERATURE, (120,)),
    "anti_legionella_on_7_days": (commands.ANTI_LEGIONELLA_ON, (7,)),
    "anti_legionella_off": (commands.ANTI_LEGIONELLA_OFF, ()),
    "tou_on": (commands.TOU_ON, ()),
    "tou_off": (commands.TOU_OFF, ()),
    "reservation_mode": (commands.RESERVATION_MODE, ()),
    "vacation_day_count": (commands.VACATION_DAYS, (7,)),
    "intelligent_on": (commands.INTELLIGENT_ON, ()),
    "intelligent_off": (commands.INTELLIGENT_OFF, ()),
    "demand_response_on": (commands.DEMAND_RESPONSE_ON, ()),
    "demand_response_off": (commands.DEMAND_RESPONSE_OFF, ()),
    "recirculation_hot_button": (commands.RECIRCULATION_HOT_BUTTON, (1,)),
    "recirculation_mode_hot_button_only": (commands.RECIRCULATION_MODE, (3,)),
    "air_filter_reset": (commands.AIR_FILTER_RESET, ()),
    "air_filter_life_3000h": (commands.AIR_FILTER_LIFE, (6,)),
    "condenser_fault_reset": (commands.CONDENSER_FAULT_RESET, ()),
}


def with_its_session(name: str, session_id: str) -> dict[str, Any]:
    """Return a recorded message as it would be in a session of another id."""
    return {**REQUESTS[name]["payload"], "sessionID": session_id}


NEVER_SENT = {"dhw_mode_power_off": (commands.DHW_MODE, (6,))}
"""Recorded, but found since to switch a heater to energy saver (protocol.md 5.2)."""


@pytest.mark.parametrize("name", NEVER_SENT)
def test_what_does_something_else_than_it_says_is_never_sent(name: str) -> None:
    control, parameters = NEVER_SENT[name]
    assert REQUESTS[name]["payload"]["request"]["param"] == [*parameters]
    with pytest.raises(InvalidParameterError):
        control.checked(parameters, None)


def test_every_recorded_request_is_made_and_every_row_of_the_tables_is_recorded() -> None:
    assert QUERIES.keys() | CONTROLS.keys() | NEVER_SENT.keys() == REQUESTS.keys()
    used = [*(query for query, _ in QUERIES.values()), *(control for control, _ in CONTROLS.values())]
    tables = [*vars(commands).values(), *vars(queries).values()]
    assert all(found in used for found in tables if isinstance(found, Control | Request))


@pytest.mark.parametrize("name", QUERIES)
def test_queries_and_writes(name: str) -> None:
    query, content = QUERIES[name]
    request = query_request(query, DEVICE, CLIENT, query.checked(content, None))
    assert (request.topic, request.qos) == (REQUESTS[name]["topic"], REQUESTS[name]["qos"])
    assert request.payload == with_its_session(name, request.id)
    # The values are compared as JSON, where true would equal 1.
    assert b"true" not in request.body
    assert (request.kind, request.wanted, request.mac_address) == (query.name, query.words, DEVICE.mac_address)
    assert (request.is_control, request.setting, request.expected) == (False, None, {})


def test_a_home_that_is_not_known_stands_as_zero_in_a_topic() -> None:
    homeless = Device(mac_address="0478630a1b2c", additional_value="5322")
    request = query_request(queries.DIAGNOSTICS, homeless, CLIENT)
    assert b'"responseTopic":"cmd/52/0/0/ha-client-3f9a1c07/res/td/rd"' in request.body


@pytest.mark.parametrize("name", CONTROLS)
def test_controls(name: str) -> None:
    control, parameters = CONTROLS[name]
    request = control_request(control, control.checked(parameters, None), DEVICE, CLIENT)
    assert (request.topic, request.qos) == (REQUESTS[name]["topic"], REQUESTS[name]["qos"])
    assert request.payload == with_its_session(name, request.id)
    # The values are compared as JSON, where true would equal 1.
    assert b"true" not in request.body
    assert b"." not in request.body.partition(b'"param":')[2].partition(b"]")[0]
    assert (request.kind, request.mac_address) == (control.name, DEVICE.mac_address)
    assert (request.is_control, request.setting) == (True, control.setting)
    assert request.repeatable is control.repeatable
    assert request.expected == control.effect(*parameters)


def test_each_request_has_a_session_id_of_its_own() -> None:
    requests = [query_request(queries.STATUS, DEVICE, CLIENT) for _ in range(3)]
    requests += [control_request(commands.POWER_ON, (), DEVICE, CLIENT) for _ in range(3)]
    assert len({request.id for request in requests}) == 6


def test_the_words_of_the_caller_come_first() -> None:
    assert control_request(commands.DHW_TEMPERATURE, (120,), DEVICE, CLIENT).wanted == "setpoint 120"
    request = control_request(commands.DHW_TEMPERATURE, (120,), DEVICE, CLIENT, wanted="setpoint 140 °F")
    assert request.wanted == "setpoint 140 °F"


@pytest.mark.parametrize("mac_address", ["0478630A1B2C", "04:78:63:0a:1b:2c", "04-78-63-0A-1B-2C"])
def test_however_a_mac_is_written_the_request_is_the_recorded_one(mac_address: str) -> None:
    device = Device(mac_address=mac_address, additional_value="5322", home_seq=10001)
    request = query_request(queries.STATUS, device, CLIENT)
    assert request.topic == REQUESTS["status"]["topic"]
    assert request.mac_address == "0478630a1b2c"
    assert request.payload == with_its_session("status", request.id)


@pytest.mark.parametrize(
    ("payload", "body"),
    [
        ({"n": [1, None, True]}, b'{"n":[1,null,true]}'),
        ("text", b"text"),
        ("°", b"\xc2\xb0"),
        (b"\x00\xff", b"\x00\xff"),
        (bytearray(b"a"), b"a"),
        ([], b"[]"),
        (None, b"null"),
        ("x" * MAX_MESSAGE_BYTES, b"x" * MAX_MESSAGE_BYTES),
    ],
    ids=["object", "text", "beyond-ascii", "bytes", "bytearray", "list", "null", "largest"],
)
def test_messages_of_the_callers_own(payload: object, body: bytes) -> None:
    message = plain_message("test/a", payload, 1)
    assert (message.topic, message.body, message.qos) == ("test/a", body, 1)
    assert (message.mac_address, message.is_control, message.kind) == (None, False, "message")


@pytest.mark.parametrize("payload", [object(), {"n": {1}}, {1: "a"}, {"n": 2**70}, "x" * (MAX_MESSAGE_BYTES + 1)])
def test_what_can_never_be_sent(payload: object) -> None:
    with pytest.raises(PayloadError):
        encoded(payload)


def test_a_text_that_has_no_bytes_can_never_be_sent() -> None:
    with pytest.raises(PayloadError) as caught:
        encoded("\ud800")
    assert (caught.value.size, caught.value.maximum) == (None, None)


def test_a_message_that_is_too_large_has_its_size() -> None:
    assert len(encoded("x" * MAX_MESSAGE_BYTES)) == MAX_MESSAGE_BYTES
    with pytest.raises(PayloadError, match="131073 bytes; the service allows 131072") as caught:
        encoded("x" * (MAX_MESSAGE_BYTES + 1))
    assert (caught.value.size, caught.value.maximum) == (MAX_MESSAGE_BYTES + 1, MAX_MESSAGE_BYTES)
