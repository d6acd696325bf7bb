"""Every control has a method, and each method puts on the wire what was recorded, over a real connection."""

from collections.abc import Awaitable, Callable
import json
from typing import Any

import pytest

from nwp500 import Device, NavienMqttClient, commands
from nwp500.enums import RecirculationMode
from nwp500.exceptions import InvalidParameterError
from nwp500.heaters.controls import HeaterControls
from nwp500.protocol.controls import Control
from tests import FIXTURES
from tests.client.support.stage import Stage
from tests.client.support.steps import requests

pytestmark = pytest.mark.asyncio(loop_scope="module")

# Any: decoded JSON of a fixture.
RECORDED: dict[str, dict[str, Any]] = {
    name: request
    for name, request in json.loads((FIXTURES / "mqtt_requests.json").read_text()).items()
    if "param" in request["payload"]["request"]
}

type Step = Callable[[NavienMqttClient, Device], Awaitable[int]]
STEPS: dict[str, Step] = {
    "power_off": lambda client, device: client.controls.set_power(device, on=False),
    "power_on": lambda client, device: client.controls.set_power(device, on=True),
    "dhw_mode_heat_pump": lambda client, device: client.set_dhw_mode(device, 1),
    "dhw_mode_electric": lambda client, device: client.set_dhw_mode(device, 2),
    "dhw_mode_energy_saver": lambda client, device: client.set_dhw_mode(device, 3),
    "dhw_mode_high_demand": lambda client, device: client.set_dhw_mode(device, 4),
    "dhw_mode_vacation_7_days": lambda client, device: client.controls.set_vacation(device, 7),
    "dhw_temperature_140F": lambda client, device: client.set_dhw_temperature(device, 140.0),
    "anti_legionella_on_7_days": lambda client, device: client.controls.set_anti_legionella(device, 7),
    "anti_legionella_off": lambda client, device: client.controls.set_anti_legionella(device, None),
    "tou_on": lambda client, device: client.controls.set_tou(device, on=True),
    "tou_off": lambda client, device: client.controls.set_tou(device, on=False),
    "reservation_mode": lambda client, device: client.controls.set_reservation_mode(device),
    "vacation_day_count": lambda client, device: client.controls.set_vacation_days(device, 7),
    "intelligent_on": lambda client, device: client.controls.set_intelligent_mode(device, on=True),
    "intelligent_off": lambda client, device: client.controls.set_intelligent_mode(device, on=False),
    "demand_response_on": lambda client, device: client.controls.set_demand_response(device, on=True),
    "demand_response_off": lambda client, device: client.controls.set_demand_response(device, on=False),
    "recirculation_hot_button": lambda client, device: client.controls.press_hot_button(device),
    "recirculation_mode_hot_button_only": lambda client, device: client.controls.set_recirculation_mode(
        device, RecirculationMode.HOT_BUTTON
    ),
    "air_filter_reset": lambda client, device: client.controls.reset_air_filter(device),
    "air_filter_life_3000h": lambda client, device: client.controls.set_air_filter_interval(device, 3000),
    "condenser_fault_reset": lambda client, device: client.controls.reset_condenser_fault(device),
}
"""By the name of the recorded request, the method that makes it."""
WRONG: tuple[Step, ...] = (
    lambda client, device: client.controls.set_power(device, on=1),  # type: ignore[arg-type]  # what is refused
    lambda client, device: client.controls.set_tou(device, on="on"),  # type: ignore[arg-type]  # as above
    lambda client, device: client.controls.set_demand_response(device, on=0),  # type: ignore[arg-type]  # as above
    lambda client, device: client.controls.set_intelligent_mode(device, on=None),  # type: ignore[arg-type]  # as above
    lambda client, device: client.controls.set_anti_legionella(device, 0),
    lambda client, device: client.controls.set_anti_legionella(device, 31),
    lambda client, device: client.controls.set_anti_legionella(device, days=True),
    lambda client, device: client.controls.set_vacation_days(device, 0),
    lambda client, device: client.controls.set_vacation_days(device, 100),
    lambda client, device: client.controls.set_recirculation_mode(device, 0),
    lambda client, device: client.controls.set_recirculation_mode(device, 5),
    lambda client, device: client.set_dhw_mode(device, 6),
)


@pytest.fixture(scope="module")
def simulator_options() -> tuple[str, ...]:
    return ("--reply-delay", "0.01")


def row(name: str) -> tuple[int, str, int]:
    """Return what distinguishes a control of the table from the others: vacation shares its code with the modes."""
    request = RECORDED[name]["payload"]["request"]
    return request["command"], request["mode"], len(request["param"])


async def test_every_control_is_reached_by_a_method_and_every_recorded_request_made_by_one() -> None:
    # What is recorded to write mode 6 is never sent (protocol.md 5.2).
    assert STEPS.keys() == RECORDED.keys() - {"dhw_mode_power_off"}
    table = [found for found in vars(commands).values() if isinstance(found, Control)]
    assert {row(name) for name in STEPS} == {(row.code, row.name, len(row.parameters)) for row in table}
    assert len(table) == len({(row.code, row.name, len(row.parameters)) for row in table})
    methods = {name for name in vars(HeaterControls) if name.partition("_")[0] in ("set", "reset", "press")}
    called = {name for step in STEPS.values() for name in step.__code__.co_names}
    assert methods - called == set()


async def test_each_method_puts_on_the_wire_what_was_recorded(stage: Stage) -> None:
    client = await stage.connected(client_id="ha-client-3f9a1c07")
    for step in STEPS.values():
        assert await step(client, stage.device) > 0
    received = await requests(stage, "ctrl")
    assert [message["topic"] for message in received] == [RECORDED[name]["topic"] for name in STEPS]
    assert [message["qos"] for message in received] == [1] * len(STEPS)
    for name, message in zip(STEPS, received, strict=True):
        session_id = message["payload"]["sessionID"]
        # As text, for to JSON's reader true is no 1, but to Python it is.
        assert json.dumps(message["payload"]) == json.dumps(RECORDED[name]["payload"] | {"sessionID": session_id})


async def test_what_is_out_of_range_or_of_the_wrong_kind_is_refused(stage: Stage) -> None:
    client = await stage.connected()
    for step in WRONG:
        with pytest.raises(InvalidParameterError):
            await step(client, stage.device)
    for hours in (1, 500, 999, 1250, 10_500, -500, 1000.0, True, "1000", None):
        with pytest.raises(InvalidParameterError, match="steps of 500") as refused:
            await client.controls.set_air_filter_interval(stage.device, hours)  # type: ignore[arg-type]  # what is refused
        assert refused.value.value == hours
    assert client.pending_commands == ()
    assert await requests(stage, "ctrl") == []


@pytest.mark.parametrize(("hours", "raw", "words"), [(0, 0, "off"), (1000, 2, "1000 h"), (10_000, 20, "10000 h")])
async def test_the_air_filter_interval_is_in_hours(stage: Stage, hours: int, raw: int, words: str) -> None:
    client = await stage.connected()
    given: list[str] = []
    client.on("command_given", lambda event: given.append(event.command.wanted))
    await client.controls.set_air_filter_interval(stage.device, hours)
    (message,) = await requests(stage, "ctrl")
    assert message["payload"]["request"]["param"] == [raw]
    assert given == [f"air filter interval {words}"]
