"""The recirculation pump runs as its mode has it, and what the loop measures and counts follows."""

import pytest

from simulator.answers.diagnostics import diagnostic_tables
from simulator.heater.heater import Heater
from simulator.heater.report import status
from tests.simulator.requests_on_file import make_heater, send

HOUR = 3600.0
ALWAYS_ON, HOT_BUTTON, OFF = 1, 3, 4
LOOP = ("recircTemperature", "recircFaucetTemperature", "recircDhwFlowRate")


def runs(heater: Heater) -> bool:
    members = status(heater)
    assert members["recircPumpOperationStatus"] == int(members["recircOperationBusy"] == 2)
    return members["recircOperationBusy"] == 2


@pytest.mark.parametrize(("mode", "is_running"), [(ALWAYS_ON, True), (HOT_BUTTON, False), (OFF, False)])
def test_pump_follows_the_mode(mode: int, is_running: bool) -> None:
    heater = make_heater()
    heater.members["recircOperationMode"] = mode
    heater.advance(heater.now + HOUR)
    assert runs(heater) is is_running


def test_hot_button_runs_the_pump_for_a_while() -> None:
    heater = make_heater()
    heater.members["recircOperationMode"] = HOT_BUTTON
    send(heater, "recirculation_hot_button")
    assert runs(heater)
    heater.advance(heater.now + 240)
    assert runs(heater)
    heater.advance(heater.now + 120)
    assert not runs(heater)


def test_switching_it_off_ends_what_the_hot_button_began() -> None:
    heater = make_heater()
    send(heater, "recirculation_hot_button")
    heater.members["recircOperationMode"] = OFF
    heater.advance(heater.now + 5)
    assert not runs(heater)


def test_loop_is_warm_while_the_pump_runs_and_the_pump_is_counted() -> None:
    heater = make_heater()
    heater.members["recircOperationMode"] = HOT_BUTTON
    cold = status(heater)
    assert cold["recircTemperature"] == round(heater.tank.ambient * 2)
    heater.members["recircOperationMode"] = ALWAYS_ON
    heater.advance(heater.now + 2 * HOUR)
    warm = status(heater)
    assert (
        cold["recircTemperature"] < warm["recircFaucetTemperature"] < warm["recircTemperature"] < heater.tank.upper * 2
    )
    assert (cold["recircDhwFlowRate"], warm["recircDhwFlowRate"] > 0) == (0, True)
    parts = diagnostic_tables(heater)["taData"]
    assert (parts["cumulatedOpNumRecircPump"], parts["cumulatedOpTimeRecircPump"]) == (1, 2)


def test_unit_without_a_pump_reports_nothing_of_it() -> None:
    heater = make_heater(recirculationUse=1)
    heater.members["recircOperationMode"] = ALWAYS_ON
    heater.advance(heater.now + HOUR)
    assert [status(heater)[name] for name in LOOP] == [0, 0, 0]
    assert not runs(heater)
