"""The action that plans when to heat, for a heater in the simulator."""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from homeassistant.core import HomeAssistant
from homeassistant.exceptions import ServiceValidationError
from homeassistant.util import dt as dt_util
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry
import voluptuous as vol

from custom_components.navilink.nwp500 import DeviceStatus
from simulator.process import SimulatorProcess
from tests.integration.actions import ask, cut, device_id, press
from tests.integration.heaters import HEATER, MAC, applied
from tests.integration.waiting import wait_for
from tests.integration.wall_clock import WallClock

TARIFF = (0.30, 0.30, 0.30, 0.10, 0.30, 0.40, 0.40, 0.40, 0.40)


async def plan(hass: HomeAssistant, entry: MockConfigEntry, **data: object) -> dict[str, Any]:
    return await ask(hass, "get_heating_plan", device_id(hass, entry), **data)


def in_hours(hours: float) -> str:
    """Return a time counted from the beginning of the next hour."""
    begin = dt_util.now().replace(minute=0, second=0, microsecond=0) + timedelta(hours=1)
    return (begin + timedelta(hours=hours)).isoformat()


def prices(*given: float) -> list[dict[str, object]]:
    return [{"start": in_hours(number - 1), "price": price} for number, price in enumerate(given)]


async def test_cheapest_time_in_which_the_water_gets_hot(hass: HomeAssistant, running: MockConfigEntry) -> None:
    response = await plan(hass, running, ready_by=in_hours(8), temperature=52, prices=prices(*TARIFF))
    assert response["feasible"] is True
    assert response["reason"] is None
    [block] = response["blocks"]
    assert block["mode"] == "heat_pump"
    assert block["start"] == response["start"]
    assert datetime.fromisoformat(block["start"]) <= datetime.fromisoformat(in_hours(2))
    assert datetime.fromisoformat(block["end"]) <= datetime.fromisoformat(in_hours(4))
    assert response["cost"] == pytest.approx(response["average_price"] * response["energy_kwh"], abs=1e-3)
    assert response["cost"] < response["cost_if_now"]
    assert response["assumed"]["heating_rate_w"] == pytest.approx(1280, rel=0.05)
    assert response["assumed"]["standing_loss_w"] == pytest.approx(70, abs=40)
    assert response["minutes"] == pytest.approx(response["assumed"]["missing_kwh"] / 1.28 * 60, abs=80)


async def test_nothing_is_sent(hass: HomeAssistant, simulator: SimulatorProcess, running: MockConfigEntry) -> None:
    await plan(hass, running, ready_by=in_hours(8), temperature=60)
    assert await applied(simulator) == []


async def test_a_time_of_the_clock_is_the_next_one(hass: HomeAssistant, running: MockConfigEntry) -> None:
    # Where no hour is left out or comes twice, whenever this runs.
    await hass.config.async_set_time_zone("UTC")
    for wanted in (in_hours(8), in_hours(20)):
        time = datetime.fromisoformat(wanted).strftime("%H:%M")
        assert (await plan(hass, running, ready_by=time, temperature=55))["end"] == wanted


async def test_why_there_is_none(hass: HomeAssistant, running: MockConfigEntry) -> None:
    assert (await plan(hass, running, ready_by=in_hours(8), temperature=41))["reason"] == "already_hot"
    late = await plan(hass, running, ready_by=in_hours(1), temperature=64)
    assert late["reason"] == "too_late"
    assert late["mode_in_time"] in {"electric", "high_demand"}
    assert datetime.fromisoformat(late["ready_at"]) > datetime.fromisoformat(in_hours(2))
    limited = await plan(hass, running, ready_by=in_hours(8), temperature=55, prices=prices(*[1] * 9), max_price=0.5)
    assert limited["reason"] == "price_limit"
    avoided = await plan(
        hass,
        running,
        ready_by=in_hours(8),
        temperature=55,
        avoid=[{"start": in_hours(-2), "end": in_hours(9)}],
    )
    assert avoided["reason"] == "avoided"


async def test_without_a_status_nothing_is_planned(
    hass: HomeAssistant, simulator: SimulatorProcess, running: MockConfigEntry, wall_clock: WallClock
) -> None:
    await cut(hass, simulator)
    await wall_clock.pass_by(timedelta(minutes=6))
    assert (await plan(hass, running, ready_by=in_hours(8)))["reason"] == "no_status"


async def test_without_its_probes_nothing_is_planned(hass: HomeAssistant, running: MockConfigEntry) -> None:
    coordinator = running.runtime_data
    coordinator.data[MAC] = replace(coordinator.data[MAC], status=DeviceStatus({"dhwTemperatureSetting": 110}))
    assert (await plan(hass, running, ready_by=in_hours(8)))["reason"] == "no_status"


async def test_what_makes_no_sense_is_refused(hass: HomeAssistant, running: MockConfigEntry) -> None:
    with pytest.raises(ServiceValidationError) as refused:
        await plan(hass, running, ready_by=in_hours(-5))
    assert refused.value.translation_key == "ready_by_out_of_range"
    with pytest.raises(ServiceValidationError) as refused:
        await plan(hass, running, ready_by=in_hours(8), temperature=90)
    assert refused.value.translation_key == "value_out_of_range"
    for data in (
        {"modes": ["gas"]},
        {"prices": [{"price": 1}]},
        {"minimum_block": "00:05:00"},
        {"minimum_block": {"days": 1e12}},
    ):
        with pytest.raises(vol.Invalid):
            await plan(hass, running, ready_by=in_hours(8), **data)


async def test_mode_that_the_heater_lacks_is_neither_planned_nor_proposed(
    hass: HomeAssistant, simulator: SimulatorProcess, running: MockConfigEntry
) -> None:
    await simulator.device(MAC, feature={"electricUse": 1})
    await press(hass, "button.nwp500_refresh")
    await wait_for(hass, HEATER, lambda state: "electric" not in state.attributes["operation_list"])
    with pytest.raises(ServiceValidationError) as refused:
        await plan(hass, running, ready_by=in_hours(8), modes=["heat_pump", "electric"])
    assert refused.value.translation_key == "unsupported_mode"
    late = await plan(hass, running, ready_by=in_hours(1), temperature=64)
    assert late["mode_in_time"] is None
