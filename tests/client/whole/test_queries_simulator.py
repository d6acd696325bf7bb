"""Every query, typed, against what the simulated heater has really done."""

import asyncio
from dataclasses import replace
from datetime import date

import pytest

from nwp500 import DeviceFeature, DeviceStatus, NavienMqttClient
from nwp500.enums import DhwMode
from nwp500.exceptions import RequestTimeoutError
from nwp500.json_types import JsonMessage
from nwp500.models import Diagnostics, EnergyAmount
from nwp500.protocol.queries import DEVICE_INFO, DIAGNOSTICS, ENERGY_HOURLY, STATUS
from nwp500.protocol.topics import ReplyForm
from tests.client.support.heater_clock import heater_time, lived, stopped_at
from tests.client.support.stage import MAC, Stage
from tests.client.support.steps import reported, requests

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest.fixture(scope="module")
def simulator_options() -> tuple[str, ...]:
    return ("--reply-delay", "0.01")


async def used_on(client: NavienMqttClient, stage: Stage, day: date) -> EnergyAmount:
    """Return what the heater says it has used on a day."""
    usage = await client.queries.request_energy_daily(stage.device, day.year, [day.month])
    amount = usage.of_day(day.year, day.month, day.day)
    assert amount is not None
    return amount


async def power_while(client: NavienMqttClient, stage: Stage, minutes: int) -> list[float]:
    """Let the heater live, and return the power that it reports each minute."""
    told_powers = []
    for _ in range(minutes):
        await lived(stage, minutes=1)
        status = DeviceStatus.from_message(await client.queries.request(stage.device, STATUS))
        assert status.current_power is not None
        told_powers.append(status.current_power)
    return told_powers


async def test_status_and_device_info(stage: Stage) -> None:
    client = await stage.connected()
    await stopped_at(stage, 12)
    heater = await stage.heater()
    assert DeviceStatus.from_message(await client.queries.request(stage.device, STATUS)).raw == heater["status"]
    assert DeviceFeature.from_message(await client.queries.request(stage.device, DEVICE_INFO)).raw == heater["feature"]


async def test_the_energy_reported_is_the_energy_used(stage: Stage) -> None:
    client = await stage.connected()
    today = (await stopped_at(stage, 6)).date()
    await stage.simulator.device(
        MAC,
        dhwOperationSetting=DhwMode.HEAT_PUMP,
        dhwTemperatureSetting=131,
        tankUpperTemperature=480,
        tankLowerTemperature=470,
    )
    await lived(stage, minutes=2)
    status = DeviceStatus.from_message(await client.queries.request(stage.device, STATUS))
    before, total_before = await used_on(client, stage, today), await client.queries.request_diagnostics(stage.device)
    powers = await power_while(client, stage, 60)
    later = DeviceStatus.from_message(await client.queries.request(stage.device, STATUS))
    after, total_after = await used_on(client, stage, today), await client.queries.request_diagnostics(stage.device)

    assert before.heat_pump is not None
    assert after.heat_pump is not None
    used = after.heat_pump - before.heat_pump
    assert min(powers) - 1 <= used <= max(powers) + 1, "Wh in one hour, each figure cut to whole ones"
    assert after.elements == before.elements
    # What is missing to the setpoint shrinks by the heat put in: about 2.9 times the energy used (protocol.md 13.3).
    assert status.missing_energy is not None
    assert later.missing_energy is not None
    assert 2.4 < (status.missing_energy - later.missing_energy) / used < 3.4
    lifetime = [counters.system.heat_pump_energy for counters in (total_before, total_after)]
    assert lifetime[0] is not None
    assert lifetime[1] is not None
    assert abs(lifetime[1] - lifetime[0] - used) <= 1


async def test_elements_are_counted_apart_from_the_heat_pump(stage: Stage) -> None:
    client = await stage.connected()
    today = (await stopped_at(stage, 6)).date()
    await stage.simulator.device(
        MAC,
        dhwTemperatureSetting=120,
        dhwOperationSetting=DhwMode.ELECTRIC,
        tankUpperTemperature=400,
        tankLowerTemperature=400,
    )
    await lived(stage, minutes=1)
    before = await used_on(client, stage, today)
    powers = await power_while(client, stage, 12)
    after = await used_on(client, stage, today)
    assert before.elements is not None
    assert after.elements is not None
    assert 12 / 60 * min(powers) - 1 <= after.elements - before.elements <= 12 / 60 * max(powers) + 1
    assert min(powers) > 5000
    assert after.heat_pump == before.heat_pump


async def test_what_is_used_tonight_is_tomorrows(stage: Stage) -> None:
    """A day is one of the heater's own time zone."""
    client = await stage.connected()
    evening = await stopped_at(stage, 23)
    await lived(stage, minutes=59)
    await stage.simulator.device(
        MAC, dhwOperationSetting=DhwMode.HEAT_PUMP, dhwTemperatureSetting=131, tankUpperTemperature=450
    )
    assert (await heater_time(stage)).date() == evening.date()
    before = await used_on(client, stage, evening.date())
    await lived(stage, minutes=61)
    tomorrow = (await heater_time(stage)).date()
    assert tomorrow > evening.date()
    last, first = await used_on(client, stage, evening.date()), await used_on(client, stage, tomorrow)
    assert before.heat_pump is not None
    assert last.heat_pump is not None
    assert first.heat_pump is not None
    assert last.heat_pump - before.heat_pump < 10
    assert 320 <= first.heat_pump <= 470


async def test_several_months_and_years_at_once(stage: Stage) -> None:
    client = await stage.connected()
    now = await heater_time(stage)
    days = await client.queries.request_energy_daily(stage.device, now.year, [1, 2, 2, 12])
    assert [(period.year, period.month) for period in days.periods] == [(now.year, month) for month in (1, 2, 12)]
    assert [len(period.amounts) for period in days.periods] in ([31, 28, 31], [31, 29, 31])
    months = await client.queries.request_energy_monthly(stage.device, [now.year - 1, now.year])
    assert [(period.year, period.month) for period in months.periods] == [(now.year - 1, None), (now.year, None)]
    assert [len(period.amounts) for period in months.periods] == [12, 12]
    await stage.simulator.fault("energy_times", on=False)
    without_times = await client.queries.request_energy_monthly(stage.device, [now.year - 1])
    past = without_times.of_month(now.year - 1, now.month)
    assert past is not None
    assert (past.heat_pump_hours, past.element_hours) == (0, 0)
    assert past.energy


async def test_energy_by_hours_is_asked_for_and_never_answered(stage: Stage) -> None:
    client = await stage.connected()
    content = {"year": 2026, "month": 9, "day": [15]}
    with pytest.raises(RequestTimeoutError):
        await client.queries.request(stage.device, ENERGY_HOURLY, 0.3, content=content)
    (asked,) = await requests(stage, "st/energy-usage-hourly-query/rd")
    assert content.items() <= asked["payload"]["request"].items()
    assert (await stage.simulator.state())["ignored"] == []


async def test_diagnostics_in_both_forms_are_equal(stage: Stage) -> None:
    client = await stage.connected()
    await stopped_at(stage, 12)
    await stage.simulator.fault("draw", liters=80)
    await lived(stage, minutes=60)
    forms: dict[str, JsonMessage] = {}
    both = asyncio.Event()

    def noted(topic: str, message: JsonMessage) -> None:
        forms[topic] = message
        if len(forms) == 2:
            both.set()

    root = f"cmd/52/{stage.device.home_seq}/0/{client.client_id}/res"
    await client.subscribe(f"{root}/#", noted)
    counters = await client.queries.request_diagnostics(stage.device)
    await both.wait()
    assert forms.keys() == {f"{root}/td/rd", f"{root}/td"}
    assert {type(value) for topic in forms for value in _data(forms[topic]).values()} == {dict, str}
    decoded = [Diagnostics.from_message(message) for message in forms.values()]
    assert decoded == [counters, counters]
    assert (counters.draws.draws, counters.draws.drawn_volume) == (1, 80)


async def test_diagnostics_asked_on_another_topic_come_raw_alone(stage: Stage) -> None:
    client = await stage.connected()
    await stopped_at(stage, 12)
    heard: list[JsonMessage] = []
    await client.subscribe(f"cmd/52/{client.client_id}/res/#", lambda _, message: heard.append(message))
    client_keyed = replace(DIAGNOSTICS, reply=ReplyForm.CLIENT_KEYED)
    raw = await client.queries.exchange(stage.device, client_keyed, Diagnostics.from_message)
    assert {type(value) for message in heard for value in _data(message).values()} == {str}
    assert raw == await client.queries.request_diagnostics(stage.device)


async def test_a_session_end_is_heard_and_not_answered(stage: Stage) -> None:
    client = await stage.connected()
    await reported(client, stage.device)
    await client.disconnect()
    assert len(await requests(stage, "st/end")) == 1
    assert (await stage.simulator.state())["ignored"] == []


def _data(message: JsonMessage) -> dict[str, object]:
    """Return the blocks of counters in a reply."""
    response = message["response"]
    assert isinstance(response, dict)
    data = response["data"]
    assert isinstance(data, dict)
    return {**data}
