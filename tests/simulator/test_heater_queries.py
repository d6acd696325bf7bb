"""Energy, diagnostics and firmware are answered as protocol.md 4.1, 5.3 and 10 say."""

from calendar import monthrange
from collections.abc import Mapping
from datetime import UTC, date, datetime
import struct

import pytest

from simulator.common.reading import BadRequestError
from simulator.heater.energy import Usage
from simulator.heater.heater import Heater
from simulator.heater.records import Draw
from simulator.heater.report import feature
from simulator.heater.thermostat import DhwMode
from tests import read_fixture

from .requests_on_file import as_recorded, body, make_heater, send
from .shapes import shape

NOON = datetime(2026, 10, 1, 16, 0, tzinfo=UTC).timestamp()
DAY = 86400.0


def item(heater: Heater, day: int) -> Mapping[str, int]:
    (reply,) = send(heater, "energy_daily", year=2026, month=[10])
    found: Mapping[str, int] = body(reply)["usage"][0]["data"][day - 1]
    return found


@pytest.mark.parametrize(("name", "fixture"), [("energy_daily", "energy_daily"), ("energy_monthly", "energy_monthly")])
def test_energy_has_the_recorded_shape(name: str, fixture: str) -> None:
    (reply,) = send(make_heater(NOON), name)
    expected = read_fixture(fixture)
    assert reply.topic == expected["topic"]
    assert {name: value for name, value in reply.message.items() if name != "response"} == {
        name: value for name, value in expected["payload"].items() if name != "response"
    }
    assert shape(body(reply)) == shape(expected["payload"]["response"])


def test_new_heater_has_a_year_of_history_and_nothing_of_the_time_before_or_to_come() -> None:
    heater = make_heater(NOON)
    (reply,) = send(heater, "energy_monthly", year=[2024, 2025, 2026, 2027])
    before, last, this, later = ([month["hpUsage"] for month in entry["data"]] for entry in body(reply)["usage"])
    assert not any(before)
    assert not any(later)
    assert [bool(usage) for usage in last] == [month >= 8 for month in range(1, 13)]
    assert [bool(usage) for usage in this] == [month <= 9 for month in range(1, 13)]
    assert all(50_000 < usage < 150_000 for usage in last[8:] + this[:9])
    assert this[0] > this[6]  # more in winter


def test_total_is_that_of_the_whole_life_whatever_was_asked() -> None:
    heater = make_heater(NOON)
    (months,) = send(heater, "energy_monthly", year=[2025, 2026])
    (days,) = send(heater, "energy_daily", month=[2])
    assert body(months)["total"] == body(days)["total"]
    for name in ("hpUsage", "heUsage"):
        listed = sum(month[name] for entry in body(months)["usage"] for month in entry["data"])
        assert body(months)["total"][name] == pytest.approx(listed, abs=24)


@pytest.mark.parametrize("year", [2025, 2028])
def test_each_month_asked_for_has_an_item_for_every_day(year: int) -> None:
    (reply,) = send(make_heater(NOON), "energy_daily", year=year, month=[2, 12, 9])
    usage = body(reply)["usage"]
    assert [(entry["year"], entry["month"]) for entry in usage] == [(year, 2), (year, 12), (year, 9)]
    assert [len(entry["data"]) for entry in usage] == [monthrange(year, month)[1] for month in (2, 12, 9)]


def test_days_of_a_month_add_up_to_the_month() -> None:
    heater = make_heater(NOON)
    (days,) = send(heater, "energy_daily", month=[9])
    (months,) = send(heater, "energy_monthly", year=[2026])
    summed = sum(day["hpUsage"] for day in body(days)["usage"][0]["data"])
    assert body(months)["usage"][0]["data"][8]["hpUsage"] == pytest.approx(summed, abs=30)


def test_what_runs_is_recorded_on_the_day_of_the_heaters_own_time() -> None:
    evening = datetime(2026, 10, 2, 3, 30, tzinfo=UTC).timestamp()  # half past eleven on the 1st, in New York
    heater = make_heater(evening)
    heater.write_mode(DhwMode.ELECTRIC)
    heater.tank.upper = heater.tank.lower = 15.0
    heater.advance(evening + 1795)
    first = item(heater, 1)
    assert 2000 < first["heUsage"] < 2700
    assert item(heater, 2) == {"heUsage": 0, "hpUsage": 0, "heTime": 0, "hpTime": 0}
    heater.advance(evening + 3600)
    assert item(heater, 1)["heUsage"] == pytest.approx(first["heUsage"], abs=10)
    assert 2000 < item(heater, 2)["heUsage"] < 2700


def test_heat_pump_uses_what_the_status_says() -> None:
    heater = make_heater(NOON)
    heater.write_mode(DhwMode.HEAT_PUMP)
    heater.tank.upper = heater.tank.lower = 15.0
    heater.advance(NOON + 3.2 * 3600)
    today = item(heater, 1)
    assert today["heUsage"] == 0
    assert 3 * 320 < today["hpUsage"] < 3.2 * 470
    assert today["hpTime"] == 3


def test_items_may_lack_their_times() -> None:
    heater = make_heater(NOON)
    heater.faults.energy_times = False
    assert item(heater, 1).keys() == {"heUsage", "hpUsage"}
    (reply,) = send(heater, "energy_daily")
    assert "hpTime" in body(reply)["total"]


@pytest.mark.parametrize(
    ("name", "members"),
    [
        ("energy_daily", {"month": []}),
        ("energy_daily", {"month": 9}),
        ("energy_daily", {"month": [0]}),
        ("energy_daily", {"month": [13]}),
        ("energy_daily", {"month": [True]}),
        ("energy_daily", {"month": [9.0]}),
        ("energy_daily", {"year": [2026]}),
        ("energy_daily", {"year": 1999}),
        ("energy_monthly", {"year": 2026}),
        ("energy_monthly", {"year": []}),
        ("energy_monthly", {"year": [2100]}),
        ("energy_monthly", {"year": None}),
    ],
)
def test_energy_of_impossible_times_is_not_answered(name: str, members: Mapping[str, object]) -> None:
    with pytest.raises(BadRequestError):
        send(make_heater(NOON), name, **members)


def test_diagnostics_have_the_recorded_shape_and_order_on_a_five_segment_topic() -> None:
    decoded, raw = send(make_heater(NOON), "diagnostics")
    expected = read_fixture("diagnostics")
    assert decoded.topic == expected["topic"]
    assert shape(as_recorded(decoded)) == shape(expected)
    for name, members in expected["payload"]["response"]["data"].items():
        assert list(body(decoded)["data"][name]) == list(members)
    assert raw.topic == "cmd/52/10001/0/ha-client-3f9a1c07/res/td"


def test_raw_diagnostics_are_the_same_numbers_in_little_endian_bytes() -> None:
    heater = make_heater(NOON)
    decoded, raw = send(heater, "diagnostics")
    tables, hexed = body(decoded)["data"], body(raw)["data"]
    formats = {"tsData": "<2I15H", "tcData": "", "tdData": "<8I", "taData": "<18I"}
    for name, layout in formats.items():
        assert list(struct.unpack(layout, bytes.fromhex(hexed[name]))) == list(tables[name].values())


@pytest.mark.parametrize("form", ["cmd/52/a-client/res/td", "cmd/52/10001/a-client/res/td"])
def test_only_raw_diagnostics_come_on_a_topic_of_another_shape(form: str) -> None:
    replies = send(make_heater(NOON), "diagnostics", f"{form}/rd")
    assert [reply.topic for reply in replies] == [form]


def test_diagnostics_follow_what_happens() -> None:
    heater = make_heater(NOON)
    before = body(send(heater, "diagnostics")[0])["data"]
    heater.draw = Draw(liters_left=120.0, liters_per_minute=8.0)
    heater.advance(NOON + 1800)
    heater.draw = Draw(liters_left=4.0, liters_per_minute=8.0)
    heater.write_mode(DhwMode.ELECTRIC)
    heater.advance(NOON + DAY)
    after = body(send(heater, "diagnostics")[0])["data"]
    assert after["tsData"]["daysSinceInstallation"] == before["tsData"]["daysSinceInstallation"] + 1
    assert after["tsData"]["cumulatedPwrHe"] > before["tsData"]["cumulatedPwrHe"]
    assert after["taData"]["cumulatedOpNumUhe"] > before["taData"]["cumulatedOpNumUhe"]
    assert after["taData"]["cumulatedOpNumLhe"] > before["taData"]["cumulatedOpNumLhe"]
    assert after["tdData"]["dhwUseTotalFlow"] == 124
    draws = ("numOfdhwUse", "numOfLongDhwUse", "numOfShortDhwUse", "longDhwUseTotalFlow")
    assert [after["tdData"][name] for name in draws] == [2, 1, 1, 120]
    total = body(send(heater, "energy_daily")[0])["total"]
    assert (after["tsData"]["cumulatedPwrHp"], after["tsData"]["cumulatedPwrHe"]) == (
        total["hpUsage"],
        total["heUsage"],
    )
    assert after["taData"]["cumulatedOpTimeComp"] == total["hpTime"]


def test_freeze_protection_is_counted() -> None:
    heater = make_heater(NOON)
    heater.write_mode(DhwMode.POWER_OFF)
    heater.tank.upper = heater.tank.lower = 5.0
    heater.advance(NOON + 60)
    assert body(send(heater, "diagnostics")[0])["data"]["tsData"]["numOffRostProtectBurn"] == 1


@pytest.mark.parametrize("topic", [None, "cmd/52/a-client/res/dl-sw-info"])
def test_firmware_download_info_comes_on_the_heaters_own_topic(topic: str | None) -> None:
    (reply,) = send(make_heater(), "firmware_download_info", topic)
    expected = read_fixture("firmware_download_info")
    assert reply.topic == expected["topic"]
    assert body(reply) == expected["payload"]["response"]


def test_fetched_firmware_is_installed_when_it_is_committed() -> None:
    heater = make_heater()
    with pytest.raises(BadRequestError):
        send(heater, "commit_ota_not_exercised")
    heater.fetched_firmware = {1: 184877057}
    (reply,) = send(heater, "firmware_download_info")
    (entry,) = body(reply)["downloadSwInfo"]
    assert (entry["swCode"], entry["swVersion"]) == (1, 184877057)
    with pytest.raises(BadRequestError):
        send(heater, "commit_ota_not_exercised")  # another version
    (reply,) = send(heater, "commit_ota_not_exercised", commitOta={"swCode": 1, "swVersion": 184877057})
    assert reply.topic == "cmd/52/10001/0/ha-client-3f9a1c07/res/commit-ota"
    assert feature(heater)["controllerSwVersion"] == 184877057
    assert body(send(heater, "firmware_download_info")[0])["downloadSwInfo"][0]["swVersion"] == 0


def days_of(heater: Heater, year: int, month: int) -> list[int]:
    (reply,) = send(heater, "energy_daily", year=year, month=[month])
    return [day["heUsage"] + day["hpUsage"] for day in body(reply)["usage"][0]["data"]]


def test_past_is_as_long_as_asked_for_and_the_same_for_a_date() -> None:
    heater = make_heater(NOON, past_days=2)
    assert [bool(usage) for usage in days_of(heater, 2026, 9)] == [False] * 28 + [True] * 2
    assert days_of(heater, 2026, 9)[28:] == days_of(make_heater(NOON + DAY, past_days=40), 2026, 9)[28:]
    assert not any(days_of(make_heater(NOON, past_days=0), 2026, 9))


def test_elements_run_in_winter_and_not_in_summer() -> None:
    heater = make_heater(NOON)
    (reply,) = send(heater, "energy_monthly", year=[2026])
    elements = [month["heUsage"] for month in body(reply)["usage"][0]["data"]]
    assert 5_000 < elements[0] < 40_000
    assert not any(elements[5:8])


def test_day_written_from_outside_counts_in_its_month_and_in_the_total() -> None:
    heater = make_heater(NOON)
    before = heater.energy.total().heat_pump
    was = heater.energy.month(2026, 9)[4].heat_pump
    heater.energy.write(date(2026, 9, 5), Usage(heat_pump=9000))
    assert days_of(heater, 2026, 9)[4] == 9000
    assert heater.energy.total().heat_pump - before == pytest.approx(9000 - was)


def test_forgotten_days_are_zero_and_their_months_are_not() -> None:
    heater = make_heater(NOON)
    months = heater.energy.year(2026)
    heater.energy.forgotten_before = date(2026, 9, 5)
    assert [bool(usage) for usage in days_of(heater, 2026, 9)] == [False] * 4 + [True] * 26
    assert heater.energy.year(2026) == months


def test_month_without_an_answer() -> None:
    heater = make_heater(NOON)
    heater.energy.unanswered.add((2026, 3))
    assert send(heater, "energy_daily", year=2026, month=[2, 3]) == ()
    assert days_of(heater, 2026, 4)
