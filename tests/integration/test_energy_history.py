"""The heater's past as statistics: a real recorder, the simulated heater, and each trap that others fell into."""

import asyncio
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from freezegun.api import FrozenDateTimeFactory
from homeassistant.components.recorder.core import Recorder
from homeassistant.components.recorder.models import StatisticMeanType
from homeassistant.components.recorder.statistics import async_list_statistic_ids, get_metadata
from homeassistant.core import HomeAssistant
from homeassistant.exceptions import HomeAssistantError, ServiceValidationError
from homeassistant.helpers.recorder import get_instance
from homeassistant.util import dt as dt_util
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry
from pytest_homeassistant_custom_component.typing import RecorderInstanceContextManager

from custom_components.navilink.const import DOMAIN
from custom_components.navilink.energy import reader
from simulator.process import SimulatorProcess
from tests.integration.actions import ask, cut, device_id
from tests.integration.energy_history import (
    SERIES,
    days_in,
    statistic_id,
    stored,
    used,
    write_days,
)
from tests.integration.heaters import HEATER, MAC, OTHER_HEATER, OTHER_MAC
from tests.integration.waiting import wait_for_value
from tests.integration.wall_clock import WallClock

TODAY = date(2026, 11, 20)
DAY = timedelta(days=1)
LATER = "2030-01-01"

NO_PAST = pytest.mark.parametrize("simulator_options", [("--past-days", "0")])
TWO_HEATERS = pytest.mark.parametrize("simulator_options", [("--past-days", "0", "--heaters", "2")])


@pytest.fixture
def mock_recorder_before_hass(async_test_recorder: RecorderInstanceContextManager) -> None:
    """Prepare the recorder's database, which has to be there first."""


@pytest.fixture
def time_zone() -> str:
    """Home Assistant's; a test parametrizes it to have another one."""
    return "America/New_York"


@pytest.fixture(autouse=True)
async def _today(hass: HomeAssistant, wall_clock: WallClock, time_zone: str) -> None:
    """Let it be the afternoon of a day in November, whenever the test runs, before the entry is added."""
    await hass.config.async_set_time_zone(time_zone)
    wall_clock.pass_unseen(datetime.combine(TODAY, time(20), UTC) - dt_util.utcnow())


@pytest.fixture
def _impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let an answer that does not come be missed sooner; those of the simulator take 0.05 s."""
    monkeypatch.setattr(reader, "ANSWER_SECONDS", 2.0)


@pytest.fixture
def heater(recorder_mock: Recorder, hass: HomeAssistant, running: MockConfigEntry) -> str:
    """The heater by its device, while there is a recorder."""
    assert recorder_mock.is_alive()
    return device_id(hass, running)


async def run_import(hass: HomeAssistant, heater: str, mac_address: str = MAC, **data: object) -> dict[str, Any]:
    """Import, and return what was done to the total, which is what was done to the two others."""
    answer = await ask(hass, "import_energy_history", heater, **data)
    assert list(answer["statistics"]) == [statistic_id(series, mac_address) for series in SERIES]
    done: dict[str, Any] = answer["statistics"][statistic_id("total", mac_address)]
    return done | {"unanswered_months": answer["unanswered_months"]}


async def repair(entry: MockConfigEntry) -> None:
    await entry.runtime_data.energy.async_repair()


@NO_PAST
async def test_days_are_rows_at_midnight_and_the_first_sum_rises_from_zero(
    hass: HomeAssistant, simulator: SimulatorProcess, heater: str
) -> None:
    await write_days(simulator, date(2026, 11, 5), (2000, 500), 0, (3000, 0), 1500)
    assert await run_import(hass, heater) == {
        "first_day": "2026-11-05",
        "last_day": "2026-11-19",
        "rows_written": 16,
        "changed_days": [],
        "unanswered_months": [],
    }
    assert (await stored(hass))[:6] == [
        ("2026-11-04 23:00", 0, 0),
        ("2026-11-05 00:00", 2.5, 2.5),
        ("2026-11-06 00:00", 0, 2.5),
        ("2026-11-07 00:00", 3, 5.5),
        ("2026-11-08 00:00", 1.5, 7),
        ("2026-11-09 00:00", 0, 7),
    ]
    assert (await stored(hass, "elements"))[:3] == [
        ("2026-11-04 23:00", 0, 0),
        ("2026-11-05 00:00", 0.5, 0.5),
        ("2026-11-06 00:00", 0, 0.5),
    ]
    # None of the three lacks a row that another one has.
    starts = [[start for start, _, _ in await stored(hass, series)] for series in SERIES]
    assert starts[0] == starts[1] == starts[2]


@NO_PAST
async def test_statistics_are_offered_to_the_energy_dashboard(
    hass: HomeAssistant, simulator: SimulatorProcess, heater: str
) -> None:
    await write_days(simulator, date(2026, 11, 5), 2000)
    await run_import(hass, heater)
    offered = {each["statistic_id"]: each for each in await async_list_statistic_ids(hass, statistic_type="sum")}
    total = offered[statistic_id()]
    assert (total["name"], total["source"], total["has_sum"]) == ("NWP500 energy", "navilink", True)
    assert (total["statistics_unit_of_measurement"], total["unit_class"]) == ("kWh", "energy")
    metadata = await get_instance(hass).async_add_executor_job(
        lambda: get_metadata(hass, statistic_ids={statistic_id(series) for series in SERIES})
    )
    assert {meta["mean_type"] for _, meta in metadata.values()} == {StatisticMeanType.NONE}
    assert {meta["name"] for _, meta in metadata.values()} == {
        "NWP500 energy",
        "NWP500 heat pump energy",
        "NWP500 heating element energy",
    }


@NO_PAST
async def test_what_is_right_is_not_written_again(
    hass: HomeAssistant, simulator: SimulatorProcess, heater: str, running: MockConfigEntry
) -> None:
    await write_days(simulator, date(2026, 11, 5), 2000, 1000)
    await run_import(hass, heater)
    before = [await stored(hass, series) for series in SERIES]
    assert (await run_import(hass, heater))["rows_written"] == 0
    await repair(running)
    assert [await stored(hass, series) for series in SERIES] == before


@NO_PAST
async def test_corrected_day_is_rewritten_with_every_sum_after_it(
    hass: HomeAssistant, simulator: SimulatorProcess, heater: str
) -> None:
    await write_days(simulator, date(2026, 11, 5), 2000, 1000, 1000)
    await run_import(hass, heater)
    await write_days(simulator, date(2026, 11, 6), 4000)
    done = await run_import(hass, heater)
    assert (done["rows_written"], done["changed_days"]) == (14, ["2026-11-06"])
    assert (await stored(hass))[1:5] == [
        ("2026-11-05 00:00", 2, 2),
        ("2026-11-06 00:00", 4, 6),
        ("2026-11-07 00:00", 1, 7),
        ("2026-11-08 00:00", 0, 7),
    ]
    assert (await stored(hass))[-1] == ("2026-11-19 00:00", 0, 7)


@NO_PAST
async def test_repair_finds_a_correction_31_days_back_and_adds_the_days_that_are_over(
    hass: HomeAssistant,
    simulator: SimulatorProcess,
    heater: str,
    running: MockConfigEntry,
    freezer: FrozenDateTimeFactory,
) -> None:
    await write_days(simulator, date(2026, 9, 28), *[1000] * 60)
    await run_import(hass, heater, until=LATER)
    assert (await stored(hass))[-1] == ("2026-11-19 00:00", 1, 53)
    await write_days(simulator, date(2026, 10, 1), 3000)
    await repair(running)
    assert days_in(await stored(hass))["2026-10-01 00:00"] == 3
    assert (await stored(hass))[-1] == ("2026-11-19 00:00", 1, 55)
    # Once a day, and today is not over.
    await write_days(simulator, date(2026, 10, 2), 5000)
    await repair(running)
    assert days_in(await stored(hass))["2026-10-02 00:00"] == 1
    freezer.tick(DAY)
    await repair(running)
    assert days_in(await stored(hass))["2026-10-02 00:00"] == 5
    assert (await stored(hass))[-1] == ("2026-11-20 00:00", 1, 60)


@NO_PAST
async def test_repair_comes_by_itself(
    hass: HomeAssistant, simulator: SimulatorProcess, heater: str, wall_clock: WallClock
) -> None:
    await write_days(simulator, date(2026, 11, 5), 2000)
    await run_import(hass, heater, until=LATER)
    await write_days(simulator, date(2026, 11, 6), 1000)
    await wall_clock.pass_by(timedelta(hours=1))
    await hass.async_block_till_done(wait_background_tasks=True)
    assert days_in(await stored(hass)) == {"2026-11-05 00:00": 2, "2026-11-06 00:00": 1}


async def _queries(simulator: SimulatorProcess) -> list[str]:
    """Return the topics of the questions for days so far."""
    topics = [message["topic"] for message in (await simulator.state())["received"]]
    return [topic for topic in topics if topic.endswith("/st/energy-usage-daily-query/rd")]


@NO_PAST
async def test_nothing_is_imported_that_nobody_asked_for(
    hass: HomeAssistant, simulator: SimulatorProcess, heater: str, running: MockConfigEntry
) -> None:
    await write_days(simulator, date(2026, 11, 5), 2000)
    await repair(running)
    assert await stored(hass) == []
    assert await _queries(simulator) == []
    await run_import(hass, heater)
    await ask(hass, "clear_energy_history", heater)
    count = len(await _queries(simulator))
    await repair(running)
    assert await stored(hass) == []
    assert len(await _queries(simulator)) == count


@NO_PAST
async def test_past_ends_the_day_before_the_installation_and_stays_so(
    hass: HomeAssistant,
    simulator: SimulatorProcess,
    heater: str,
    running: MockConfigEntry,
    freezer: FrozenDateTimeFactory,
) -> None:
    await write_days(simulator, date(2026, 11, 18), 1000, 1000, 1000, 1000, 1000)
    freezer.tick(3 * DAY)
    await run_import(hass, heater)
    freezer.tick(DAY)
    await repair(running)
    assert days_in(await stored(hass)) == {"2026-11-18 00:00": 1, "2026-11-19 00:00": 1}
    # A month later, nothing is left to be read again.
    freezer.tick(75 * DAY)
    count = len(await _queries(simulator))
    await repair(running)
    assert len(await _queries(simulator)) == count


@NO_PAST
async def test_days_of_23_and_25_hours(hass: HomeAssistant, simulator: SimulatorProcess, heater: str) -> None:
    await write_days(simulator, date(2026, 3, 7), 1000, 2000, 3000)
    await write_days(simulator, date(2026, 10, 31), 4000, 5000, 6000)
    await run_import(hass, heater)
    expected = {
        "2026-03-07": 1,
        "2026-03-08": 2,
        "2026-03-09": 3,
        "2026-10-31": 4,
        "2026-11-01": 5,
        "2026-11-02": 6,
    }
    assert {day: energy for day, energy in (await used(hass, "day")).items() if energy} == expected
    assert days_in(await stored(hass)) == {f"{day} 00:00": energy for day, energy in expected.items()}


@pytest.mark.parametrize("simulator_options", [("--past-days", "0", "--time-zone", "America/St_Johns")])
@pytest.mark.parametrize("time_zone", ["America/St_Johns"])
async def test_days_of_a_zone_with_half_hours(hass: HomeAssistant, simulator: SimulatorProcess, heater: str) -> None:
    await write_days(simulator, date(2026, 10, 31), 4000, 5000, 6000)
    await run_import(hass, heater)
    # The next full hour in UTC after midnight: half past, where the zone is at half past.
    assert (await stored(hass))[:4] == [
        ("2026-10-30 23:30", 0, 0),
        ("2026-10-31 00:30", 4, 4),
        ("2026-11-01 00:30", 5, 9),
        ("2026-11-02 00:30", 6, 15),
    ]
    shown = await used(hass, "day")
    assert [shown[day] for day in ("2026-10-31", "2026-11-01", "2026-11-02")] == [4, 5, 6]


@NO_PAST
async def test_first_day_of_a_month_is_not_the_last_of_the_month_before(
    hass: HomeAssistant, simulator: SimulatorProcess, heater: str
) -> None:
    await write_days(simulator, date(2026, 10, 1), *[1000] * 32)
    await run_import(hass, heater)
    months = await used(hass, "month")
    assert {month: energy for month, energy in months.items() if energy} == {"2026-10-01": 31, "2026-11-01": 1}
    assert all(energy >= 0 for energy in months.values())


@NO_PAST
async def test_earlier_days_are_added_before_those_that_are_stored(
    hass: HomeAssistant, simulator: SimulatorProcess, heater: str
) -> None:
    await write_days(simulator, date(2026, 9, 29), *[1000] * 10)
    assert (await run_import(hass, heater, start="2026-10"))["first_day"] == "2026-10-01"
    done = await run_import(hass, heater)
    assert (done["first_day"], done["changed_days"]) == ("2026-09-29", [])
    assert (await stored(hass))[:5] == [
        ("2026-09-28 23:00", 0, 0),
        ("2026-09-29 00:00", 1, 1),
        ("2026-09-30 00:00", 1, 2),
        ("2026-09-30 23:00", 0, 2),
        ("2026-10-01 00:00", 1, 3),
    ]
    assert {day: energy for day, energy in (await used(hass, "month")).items() if energy} == {
        "2026-09-01": 2,
        "2026-10-01": 8,
    }


@NO_PAST
@pytest.mark.usefixtures("_impatient")
async def test_month_without_an_answer_ends_the_run_and_the_next_one_goes_on_there(
    hass: HomeAssistant, simulator: SimulatorProcess, heater: str
) -> None:
    await write_days(simulator, date(2026, 8, 30), *[1000] * 60)
    await simulator.fault("energy_unanswered", month="2026-10")
    done = await run_import(hass, heater)
    assert (done["last_day"], done["unanswered_months"]) == ("2026-09-30", ["2026-10"])
    assert len(days_in(await stored(hass))) == 32
    await simulator.fault("energy_unanswered", month="2026-10", on=False)
    before = await _queries(simulator)
    done = await run_import(hass, heater)
    # It need not read what it has.
    assert len(await _queries(simulator)) - len(before) == 2
    assert (done["first_day"], done["last_day"], done["unanswered_months"]) == ("2026-08-30", "2026-11-19", [])
    assert sum(days_in(await stored(hass)).values()) == 60


@NO_PAST
@pytest.mark.usefixtures("_impatient")
async def test_run_that_was_interrupted_goes_on_after_a_restart(
    hass: HomeAssistant, simulator: SimulatorProcess, heater: str, running: MockConfigEntry
) -> None:
    await write_days(simulator, date(2026, 6, 30), *[1000] * 100)
    await simulator.fault("energy_unanswered", month="2026-08")
    assert (await run_import(hass, heater))["last_day"] == "2026-07-31"
    await simulator.fault("energy_unanswered", month="2026-08", on=False)
    assert await hass.config_entries.async_unload(running.entry_id)
    assert await hass.config_entries.async_setup(running.entry_id)
    await wait_for_value(hass, HEATER, "eco")
    await wait_for_value(hass, "binary_sensor.nwp500_connection", "on")
    await repair(running)
    assert sum(days_in(await stored(hass)).values()) == 100
    assert (await stored(hass))[-1][0] == "2026-11-19 00:00"


@TWO_HEATERS
async def test_two_heaters_at_once_have_statistics_of_their_own(
    hass: HomeAssistant, simulator: SimulatorProcess, heater: str, running: MockConfigEntry
) -> None:
    await wait_for_value(hass, OTHER_HEATER, "eco")
    other = device_id(hass, running, OTHER_MAC)
    await write_days(simulator, date(2026, 11, 5), 2000)
    await write_days(simulator, date(2026, 11, 6), 3000, mac_address=OTHER_MAC)
    await asyncio.gather(run_import(hass, heater), run_import(hass, other, OTHER_MAC))
    assert days_in(await stored(hass)) == {"2026-11-05 00:00": 2}
    assert days_in(await stored(hass, mac_address=OTHER_MAC)) == {"2026-11-06 00:00": 3}
    assert (await ask(hass, "clear_energy_history", other))["cleared"] == [
        statistic_id(series, OTHER_MAC) for series in SERIES
    ]
    assert await stored(hass, mac_address=OTHER_MAC) == []
    assert days_in(await stored(hass)) == {"2026-11-05 00:00": 2}


@NO_PAST
async def test_second_run_for_a_heater_is_refused(
    hass: HomeAssistant, simulator: SimulatorProcess, heater: str
) -> None:
    await write_days(simulator, date(2026, 11, 5), 2000)
    first = asyncio.create_task(run_import(hass, heater))
    await simulator.wait(topic_suffix="/st/energy-usage-monthly-query/rd", received=1)
    for action in ("import_energy_history", "clear_energy_history"):
        with pytest.raises(HomeAssistantError) as refused:
            await ask(hass, action, heater)
        assert refused.value.translation_key == "energy_import_running"
    assert (await first)["rows_written"] == 16
    assert (await run_import(hass, heater))["rows_written"] == 0


@NO_PAST
async def test_days_to_come_and_today_are_no_zeros(
    hass: HomeAssistant, simulator: SimulatorProcess, heater: str
) -> None:
    await write_days(simulator, TODAY - DAY, 1000, 2000)
    assert (await run_import(hass, heater, until=LATER))["last_day"] == "2026-11-19"
    assert await stored(hass) == [("2026-11-18 23:00", 0, 0), ("2026-11-19 00:00", 1, 1)]


@NO_PAST
async def test_month_whose_days_are_forgotten_is_one_row_until_its_days_turn_up(
    hass: HomeAssistant, simulator: SimulatorProcess, heater: str, running: MockConfigEntry
) -> None:
    await write_days(simulator, date(2026, 9, 10), *[1000] * 40)
    await simulator.fault("energy_forgotten", before="2026-10-01")
    assert (await run_import(hass, heater))["first_day"] == "2026-10-01"
    done = await run_import(hass, heater, resolution="monthly")
    assert done["first_day"] == "2026-09-01"
    rows = await stored(hass)
    assert rows[:2] == [("2026-08-31 23:00", 0, 0), ("2026-09-01 00:00", 21, 21)]
    assert sum(days_in(rows).values()) == 40
    # Neither a repair nor a run by days forgets the month.
    await repair(running)
    assert (await run_import(hass, heater))["rows_written"] == 0
    assert (await run_import(hass, heater, resolution="monthly"))["rows_written"] == 0
    await simulator.fault("energy_forgotten", before=None)
    assert (await run_import(hass, heater, resolution="monthly"))["changed_days"] == ["2026-09-01"]
    rows = await stored(hass)
    assert days_in(rows)["2026-09-10 00:00"] == 1
    assert "2026-09-01 00:00" not in days_in(rows)
    assert sum(days_in(rows).values()) == 40
    assert rows[-1][2] == 40


@NO_PAST
async def test_days_that_the_heater_has_forgotten_since_are_kept(
    hass: HomeAssistant, simulator: SimulatorProcess, heater: str
) -> None:
    await write_days(simulator, date(2026, 9, 10), *[1000] * 40)
    await run_import(hass, heater)
    before = await stored(hass)
    await simulator.fault("energy_forgotten", before="2026-10-05")
    for resolution in ("daily", "monthly"):
        assert (await run_import(hass, heater, resolution=resolution))["rows_written"] == 0
    assert await stored(hass) == before


@NO_PAST
async def test_cleared_statistics_can_be_imported_again(
    hass: HomeAssistant, simulator: SimulatorProcess, heater: str
) -> None:
    await write_days(simulator, date(2026, 11, 5), 2000)
    await run_import(hass, heater)
    before = await stored(hass)
    assert (await ask(hass, "clear_energy_history", heater))["cleared"] == [statistic_id(series) for series in SERIES]
    assert await stored(hass) == []
    assert (await ask(hass, "clear_energy_history", heater))["cleared"] == []
    await run_import(hass, heater)
    assert await stored(hass) == before


@NO_PAST
async def test_nothing_to_import(hass: HomeAssistant, heater: str) -> None:
    assert await run_import(hass, heater) == {
        "first_day": None,
        "last_day": None,
        "rows_written": 0,
        "changed_days": [],
        "unanswered_months": [],
    }
    with pytest.raises(ServiceValidationError) as refused:
        await run_import(hass, heater, start="2026-11", until="2026-11-01")
    assert refused.value.translation_key == "energy_nothing_to_import"
    assert await stored(hass) == []


@NO_PAST
@pytest.mark.usefixtures("_impatient")
async def test_heater_that_does_not_answer_and_connection_that_is_not_there(
    hass: HomeAssistant, simulator: SimulatorProcess, heater: str, running: MockConfigEntry
) -> None:
    await simulator.fault("silent", suffix="st/energy-usage-monthly-query/rd", count=2)
    with pytest.raises(HomeAssistantError) as unanswered:
        await run_import(hass, heater)
    assert unanswered.value.translation_key == "energy_no_answer"
    # A single lost message is asked for again.
    await simulator.fault("silent", suffix="st/energy-usage-monthly-query/rd", count=1)
    await run_import(hass, heater)
    await cut(hass, simulator)
    await repair(running)
    for action in ("import_energy_history", "get_energy_usage"):
        with pytest.raises(HomeAssistantError) as disconnected:
            await ask(hass, action, heater)
        assert disconnected.value.translation_key == "not_connected"


@NO_PAST
async def test_stored_imports_that_cannot_be_read_are_none(
    hass: HomeAssistant,
    simulator: SimulatorProcess,
    heater: str,
    running: MockConfigEntry,
    caplog: pytest.LogCaptureFixture,
    hass_storage: dict[str, Any],
) -> None:
    await write_days(simulator, date(2026, 11, 5), 2000)
    key = f"navilink.{running.entry_id}.energy"
    hass_storage[key] = {"version": 1, "minor_version": 1, "key": key, "data": {MAC: {"until": "soon"}}}
    await repair(running)
    assert "Could not read which energy history" in caplog.text
    assert await stored(hass) == []
    await run_import(hass, heater)
    assert hass_storage[key]["data"] == {MAC: {"until": "2026-11-20", "is_monthly": False, "resume_from": None}}


@NO_PAST
@pytest.mark.usefixtures("_impatient")
async def test_monthly_run_that_was_interrupted_is_repaired_by_months_too(
    hass: HomeAssistant, simulator: SimulatorProcess, heater: str, running: MockConfigEntry
) -> None:
    await write_days(simulator, date(2026, 8, 10), *[1000] * 60)
    await simulator.fault("energy_forgotten", before="2026-10-01")
    await simulator.fault("energy_unanswered", month="2026-08")
    assert (await run_import(hass, heater, resolution="monthly"))["unanswered_months"] == ["2026-08"]
    await simulator.fault("energy_unanswered", month="2026-08", on=False)
    await simulator.fault("silent", suffix="st/energy-usage-monthly-query/rd", count=2)
    await repair(running)
    assert await stored(hass) == []
    await repair(running)
    days = days_in(await stored(hass))
    assert (days["2026-08-01 00:00"], days["2026-09-01 00:00"], days["2026-10-01 00:00"]) == (22, 30, 1)
    assert sum(days.values()) == 60


@NO_PAST
async def test_nothing_is_left_of_an_account_that_is_removed_during_a_run(
    hass: HomeAssistant,
    simulator: SimulatorProcess,
    heater: str,
    running: MockConfigEntry,
    hass_storage: dict[str, Any],
) -> None:
    await write_days(simulator, date(2026, 10, 5), 2000)
    await simulator.fault("energy_unanswered", month="2026-11")
    imports = f"{DOMAIN}.{running.entry_id}.energy"
    run = asyncio.create_task(ask(hass, "import_energy_history", heater))
    await simulator.wait(topic_suffix="/st/energy-usage-daily-query/rd", received=2)
    assert imports in hass_storage
    assert await hass.config_entries.async_remove(running.entry_id)
    # As its file is, on a disk.
    del hass_storage[imports]
    await run
    assert imports not in hass_storage
