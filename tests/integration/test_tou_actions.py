"""The actions for the time-of-use plan: periods that are given, the rate of a utility, and what becomes of a write."""

import asyncio
from collections.abc import Mapping
from typing import Any

from homeassistant.core import HomeAssistant
from homeassistant.exceptions import HomeAssistantError, ServiceValidationError
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry
import voluptuous as vol

from custom_components.navilink.const import DOMAIN
from custom_components.navilink.coordinator import NavilinkCoordinator
from custom_components.navilink.schedules import tou_plans
from simulator.process import SimulatorProcess
from tests.integration.actions import ask, cut, device_id
from tests.integration.heaters import MAC
from tests.integration.schedules import asked, stored, wait_until

EVERY_DAY = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
ALL_YEAR = list(range(1, 13))
PEAK = {"months": [6, 7, 8], "days": EVERY_DAY[:5], "start": "15:00", "end": "21:00", "price": 0.38967}
CHEAP = {"months": ALL_YEAR, "days": EVERY_DAY, "start": "21:00", "end": "00:00", "price_min": 0.1, "price_max": 0.125}
ON_WIRE = [
    {
        "season": 224,
        "week": 124,
        "startHour": 15,
        "startMinute": 0,
        "endHour": 20,
        "endMinute": 59,
        "priceMin": 38967,
        "priceMax": 38967,
        "decimalPoint": 5,
    },
    {
        "season": 4095,
        "week": 254,
        "startHour": 21,
        "startMinute": 0,
        "endHour": 23,
        "endMinute": 59,
        "priceMin": 10000,
        "priceMax": 12500,
        "decimalPoint": 5,
    },
]
OTHER = [{**ON_WIRE[0], "startHour": 16}]
RATE = {
    "name": "EV2-A",
    "utility": "Example Electric Co",
    "energyratestructure": [[{"rate": 0.2}], [{"rate": 0.5}]],
    "energyweekdayschedule": [[0] * 16 + [1] * 5 + [0] * 3] * 12,
    "energyweekendschedule": [[0] * 24] * 12,
}


def wire(periods: list[dict[str, int]], *, on: bool = True) -> Mapping[str, object]:
    """Return a plan as the heater has it."""
    return {"reservationUse": 2 if on else 1, "reservation": periods}


@pytest.fixture(autouse=True)
def _short_looks(monkeypatch: pytest.MonkeyPatch) -> None:
    """Look for a write that was lost a moment each time, and not for seconds."""
    monkeypatch.setattr(tou_plans, "LOOK_PAUSES", (0.0, 0.1))


@pytest.fixture
async def heater(hass: HomeAssistant, running: MockConfigEntry) -> str:
    """The first heater by its device, without a plan."""
    return device_id(hass, running)


async def call(hass: HomeAssistant, action: str, heater: str, **data: object) -> None:
    """Call an action without asking for its response."""
    await hass.services.async_call(DOMAIN, action, {"device_id": heater, **data}, blocking=True)


async def status_shows(coordinator: NavilinkCoordinator, *, on: bool) -> None:
    """Have the heater report its status, until it shows time of use on or off."""

    def is_shown() -> bool:
        status = coordinator.data[MAC].status
        return status is not None and status.tou_enabled is on

    assert coordinator.client.poll(coordinator.data[MAC].device)
    await wait_until(coordinator, is_shown)


async def test_a_plan_of_periods(
    hass: HomeAssistant, simulator: SimulatorProcess, running: MockConfigEntry, heater: str
) -> None:
    assert (await ask(hass, "get_time_of_use_plan", heater))["periods"] == []
    answer = await ask(hass, "set_time_of_use_plan", heater, periods=[PEAK, CHEAP])
    assert (answer["result"], answer["periods"]) == ("written", [PEAK, CHEAP])
    assert await stored(simulator, "tou") == wire(ON_WIRE)
    shown = await ask(hass, "get_time_of_use_plan", heater)
    assert shown["periods"] == [PEAK, CHEAP]
    assert shown["read_at"]
    # A second time nothing is sent, once the heater shows that time of use is on.
    coordinator: NavilinkCoordinator = running.runtime_data
    await status_shows(coordinator, on=True)
    assert (await ask(hass, "set_time_of_use_plan", heater, periods=[CHEAP, PEAK]))["result"] == "already_so"
    assert await asked(simulator, "ctrl/tou/rd") == 1
    off = await ask(hass, "set_time_of_use_plan", heater, periods=[PEAK, CHEAP], enabled=False)
    assert off["result"] == "written"
    assert await stored(simulator, "tou") == wire(ON_WIRE, on=False)
    assert [(each.kind, each.action, each.outcome) for each in coordinator.schedules.writes] == [
        ("time_of_use", "set_time_of_use_plan", outcome) for outcome in ("written", "already_so", "written")
    ]


async def test_a_period_has_every_month_and_day_unless_it_is_said(
    hass: HomeAssistant, simulator: SimulatorProcess, heater: str
) -> None:
    await call(hass, "set_time_of_use_plan", heater, periods=[{"start": "00:00", "end": "00:00", "price": "0.125"}])
    assert await stored(simulator, "tou") == wire(
        [
            {
                "season": 4095,
                "week": 254,
                "startHour": 0,
                "startMinute": 0,
                "endHour": 23,
                "endMinute": 59,
                "priceMin": 12500,
                "priceMax": 12500,
                "decimalPoint": 5,
            }
        ]
    )


async def test_a_plan_of_a_rate(hass: HomeAssistant, simulator: SimulatorProcess, heater: str) -> None:
    answer = await ask(hass, "set_time_of_use_plan", heater, rate=RATE, zip_code="90000")
    assert (answer["result"], answer["name"], answer["utility"], answer["zip_code"]) == (
        "written",
        "EV2-A",
        "Example Electric Co",
        "90000",
    )
    weekday = {"months": ALL_YEAR, "days": EVERY_DAY[:5]}
    assert answer["periods"] == [
        {**weekday, "start": "00:00", "end": "16:00", "price": 0.2},
        {**weekday, "start": "16:00", "end": "21:00", "price": 0.5},
        {**weekday, "start": "21:00", "end": "00:00", "price": 0.2},
        {"months": ALL_YEAR, "days": ["sat", "sun"], "start": "00:00", "end": "00:00", "price": 0.2},
    ]
    assert await asked(simulator, "ctrl/tou/rd") == 0


async def test_a_plan_is_deleted(hass: HomeAssistant, simulator: SimulatorProcess, heater: str) -> None:
    await call(hass, "set_time_of_use_plan", heater, periods=[PEAK])
    answer = await ask(hass, "delete_time_of_use_plan", heater)
    assert (answer["result"], answer["periods"]) == ("written", [])
    assert (await ask(hass, "delete_time_of_use_plan", heater))["result"] == "already_so"
    assert await stored(simulator, "tou") == wire([], on=False)


@pytest.mark.parametrize("asks", [True, False])
@pytest.mark.parametrize("before", [ON_WIRE, []])
async def test_a_write_that_is_lost(
    hass: HomeAssistant, simulator: SimulatorProcess, heater: str, before: list[dict[str, int]], asks: bool
) -> None:
    """The heater repeats it all the same: only the service shows that it was lost."""
    if before:
        await simulator.schedules(MAC, tou=wire(before))
    await simulator.fault("lose_write")
    if asks:
        answer = await ask(hass, "set_time_of_use_plan", heater, periods=[PEAK])
        assert (answer["result"], len(answer["periods"])) == ("lost", len(before))
    else:
        with pytest.raises(HomeAssistantError) as caught:
            await call(hass, "set_time_of_use_plan", heater, periods=[PEAK])
        assert caught.value.translation_key == "schedule_write_lost"


async def test_somebody_else_who_writes_meanwhile(
    hass: HomeAssistant, simulator: SimulatorProcess, heater: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tou_plans, "LOOK_PAUSES", (0.0, *(0.1,) * 5))
    await simulator.fault("lose_write")
    writing = asyncio.create_task(ask(hass, "set_time_of_use_plan", heater, periods=[PEAK]))
    await simulator.wait(received=1, topic_suffix="ctrl/tou/rd")
    await simulator.schedules(MAC, tou=wire(OTHER))
    answer = await writing
    assert (answer["result"], answer["periods"]) == ("conflict", [{**PEAK, "start": "16:00"}])


async def test_a_write_that_cannot_be_read_back_is_unknown(
    hass: HomeAssistant, simulator: SimulatorProcess, running: MockConfigEntry, heater: str
) -> None:
    await simulator.fault("silent", suffix="ctrl/tou/rd")
    writing = asyncio.create_task(ask(hass, "set_time_of_use_plan", heater, periods=[PEAK]))
    await simulator.wait(received=1, topic_suffix="ctrl/tou/rd")
    await simulator.fault("api_down")
    await cut(hass, simulator)
    answer = await writing
    assert answer["result"] == "unknown"
    with pytest.raises(HomeAssistantError) as caught:
        await ask(hass, "get_time_of_use_plan", heater, refresh=False)
    assert caught.value.translation_key == "schedule_not_read"
    with pytest.raises(HomeAssistantError) as caught:
        await ask(hass, "get_time_of_use_plan", heater)
    assert caught.value.translation_key == "cannot_connect"
    assert [each.outcome for each in running.runtime_data.schedules.writes] == ["unknown"]


@pytest.mark.parametrize(
    ("data", "key"),
    [
        ({}, "periods_or_rate"),
        ({"rate": RATE}, "periods_or_rate"),
        ({"rate": RATE, "zip_code": "90000", "enabled": True}, "periods_or_rate"),
        ({"rate": RATE, "zip_code": "90000", "periods": [PEAK]}, "periods_or_rate"),
        ({"rate": {**RATE, "energyratestructure": []}, "zip_code": "90000"}, "rate_not_accepted"),
        ({"rate": {"name": "Flat", "utility": "Example"}, "zip_code": "90000"}, "rate_without_periods"),
        ({"periods": [{**PEAK, "end": "15:00"}]}, "period_order"),
        ({"periods": [{**PEAK, "start": "22:00"}]}, "period_order"),
        ({"periods": [{**PEAK, "price": 1e300}]}, "value_out_of_range"),
        ({"periods": [{**PEAK, "start": f"15:{minute:02}"} for minute in range(41)]}, "schedule_full"),
    ],
)
async def test_what_is_no_plan(
    hass: HomeAssistant, simulator: SimulatorProcess, heater: str, data: Mapping[str, Any], key: str
) -> None:
    with pytest.raises(ServiceValidationError) as caught:
        await ask(hass, "set_time_of_use_plan", heater, **data)
    assert caught.value.translation_key == key
    assert await asked(simulator, "ctrl/tou/rd") == 0


@pytest.mark.parametrize("prices", [{}, {"price_min": 1}, {"price": 1, "price_max": 2}, {"price": "x"}])
async def test_a_period_has_one_price_or_two(hass: HomeAssistant, heater: str, prices: Mapping[str, Any]) -> None:
    with pytest.raises(vol.Invalid):
        await call(hass, "set_time_of_use_plan", heater, periods=[{"start": "15:00", "end": "21:00", **prices}])


@pytest.mark.parametrize(
    ("action", "data"),
    [
        ("set_time_of_use_plan", {"periods": [PEAK]}),
        ("set_time_of_use_plan", {"rate": RATE, "zip_code": "90000"}),
        ("delete_time_of_use_plan", {}),
    ],
)
async def test_nothing_is_changed_while_disconnected(
    hass: HomeAssistant, simulator: SimulatorProcess, heater: str, action: str, data: Mapping[str, Any]
) -> None:
    await cut(hass, simulator)
    with pytest.raises(HomeAssistantError) as caught:
        await call(hass, action, heater, **data)
    assert caught.value.translation_key == "not_connected"
    # What the service keeps can be read all the same.
    assert (await ask(hass, "get_time_of_use_plan", heater))["periods"] == []


async def test_a_heater_without_schedules(
    hass: HomeAssistant, simulator: SimulatorProcess, running: MockConfigEntry, heater: str
) -> None:
    coordinator: NavilinkCoordinator = running.runtime_data
    await simulator.device(MAC, feature={"programReservationUse": 1})

    def is_reported() -> bool:
        feature = coordinator.data[MAC].feature
        return feature is not None and feature.supports_program_reservation is False

    assert coordinator.client.poll_info(coordinator.data[MAC].device)
    await wait_until(coordinator, is_reported)
    with pytest.raises(ServiceValidationError) as caught:
        await call(hass, "set_time_of_use_plan", heater, periods=[PEAK])
    assert caught.value.translation_key == "schedule_not_supported"
