"""Each kind of change event, brought about at a simulated heater, comes exactly once."""

from collections.abc import Callable

import pytest

from nwp500 import Changed, NavienMqttClient
from nwp500.enums import ReservationMode
from nwp500.models import ReservationEntry
from nwp500.protocol.queries import DEVICE_INFO, STATUS
from tests.client.support.days import EVERY_DAY
from tests.client.support.heater_clock import heater_time, lived, stopped_at
from tests.client.support.stage import MAC, Stage, expected

pytestmark = pytest.mark.asyncio(loop_scope="module")

CHANGES = (
    "temperature_changed",
    "setpoint_changed",
    "mode_changed",
    "power_changed",
    "heating_started",
    "heating_stopped",
    "hot_water_use_started",
    "hot_water_use_stopped",
    "tou_window_entered",
    "tou_window_left",
    "vacation_started",
    "vacation_ended",
    "firmware_changed",
    "device_online",
    "device_offline",
    "error_detected",
    "error_cleared",
)

type Reported = tuple[str, str, object, object]
"""Name of an event, and of what changed, from what, to what."""


@pytest.fixture(scope="module")
def simulator_options() -> tuple[str, ...]:
    return ("--heaters", "2", "--reply-delay", "0.01")


async def watching(stage: Stage) -> NavienMqttClient:
    """Connect a client that knows the first heater, whose clock stands still, and that hears every status twice."""
    await stopped_at(stage, 12)
    client = await stage.connected()
    await client.subscribe(f"cmd/52/navilink-{MAC}/{client.client_id}/res", lambda _topic, _message: None)
    await heard(client, stage)
    # The wildcard for the heater, the one for replies, its coming and going, and the one above.
    await stage.simulator.wait(subscriptions=4)
    return client


def changes_of(client: NavienMqttClient) -> list[Reported]:
    """Return a list of the change events from now on."""
    found: list[Reported] = []

    def noted(name: str) -> Callable[[Changed], None]:
        return lambda event: found.append((name, event.name, event.old, event.new))

    for name in CHANGES:
        client.on(name, noted(name))
    return found


async def heard(client: NavienMqttClient, stage: Stage) -> None:
    """Have the first heater answer anew; by then all that it said before has come, too, and twice."""
    for query in (STATUS, DEVICE_INFO):
        await client.queries.request(stage.device, query)


@pytest.mark.parametrize(
    ("raw", "wanted"),
    [
        (
            {"tankUpperTemperature": 400},
            [
                ("temperature_changed", "dhw_temperature", 49.5, 40.0),
                ("temperature_changed", "tank_upper_temperature", 49.5, 40.0),
            ],
        ),
        ({"tankLowerTemperature": 400}, [("temperature_changed", "tank_lower_temperature", 49.5, 40.0)]),
        ({"dhwTemperatureSetting": 110}, [("setpoint_changed", "dhw_temperature_setting", 49.0, 55.0)]),
        ({"dhwOperationSetting": 1}, [("mode_changed", "dhw_mode", 3, 1)]),
        ({"dhwOperationSetting": 6}, [("mode_changed", "dhw_mode", 3, 6)]),
        ({"currentInstPower": 412}, [("power_changed", "current_power", 2, 412)]),
    ],
)
async def test_a_value_that_changes(stage: Stage, raw: dict[str, int], wanted: list[Reported]) -> None:
    client = await watching(stage)
    await stage.simulator.device(MAC, tankUpperTemperature=495, tankLowerTemperature=495, currentInstPower=2)
    await heard(client, stage)
    changes = changes_of(client)
    await stage.simulator.device(MAC, feature={}, **raw)
    for _ in range(3):
        await heard(client, stage)
    assert changes == wanted


async def test_an_error_another_one_and_its_end(stage: Stage) -> None:
    client = await watching(stage)
    changes = changes_of(client)
    for code in (96, 96, 515, 0, 0):
        await stage.simulator.fault("error", code=code, mac=MAC)
        await heard(client, stage)
    assert changes == [
        ("error_detected", "error_code", 0, 96),
        ("error_detected", "error_code", 96, 515),
        ("error_cleared", "error_code", 515, 0),
    ]


async def test_heating_starts_and_stops(stage: Stage) -> None:
    client = await watching(stage)
    changes = changes_of(client)
    for raw in (131, 81):
        await stage.simulator.device(MAC, dhwTemperatureSetting=raw)
        for _ in range(3):
            await lived(stage, minutes=1)
            await heard(client, stage)
    heating = [change for change in changes if change[0].startswith("heating")]
    assert heating == [
        ("heating_started", "is_heating", False, True),
        ("heating_stopped", "is_heating", True, False),
    ]
    assert [name for name, *_ in changes].count("setpoint_changed") == 2


async def test_hot_water_is_drawn(stage: Stage) -> None:
    client = await watching(stage)
    changes = changes_of(client)
    await stage.simulator.fault("draw", liters=16, flow=8, mac=MAC)
    for _ in range(4):
        await heard(client, stage)
        await lived(stage, minutes=1)
    drawing = [change for change in changes if change[0].startswith("hot_water")]
    assert drawing == [
        ("hot_water_use_started", "dhw_in_use", False, True),
        ("hot_water_use_stopped", "dhw_in_use", True, False),
    ]


async def test_a_peak_window(stage: Stage) -> None:
    client = await watching(stage)
    await stage.simulator.device(MAC, dhwOperationSetting=1)
    await heard(client, stage)
    changes = changes_of(client)
    for is_open in (True, True, False, False):
        await stage.simulator.fault("tou_window", on=is_open, mac=MAC)
        await heard(client, stage)
        await heard(client, stage)
    assert changes == [
        ("tou_window_entered", "is_in_tou_window", False, True),
        ("tou_window_left", "is_in_tou_window", True, False),
    ]


async def test_a_vacation_that_a_mode_write_ends(stage: Stage) -> None:
    client = await watching(stage)
    changes = changes_of(client)
    await client.controls.set_vacation(stage.device, 7)
    await heard(client, stage)
    await client.set_dhw_mode(stage.device, 1)
    await heard(client, stage)
    assert sorted(changes) == [
        ("mode_changed", "dhw_mode", 3, 5),
        ("mode_changed", "dhw_mode", 5, 1),
        ("vacation_ended", "is_on_vacation", True, False),
        ("vacation_started", "is_on_vacation", False, True),
    ]


async def test_a_vacation_that_ends_by_itself(stage: Stage) -> None:
    client = await watching(stage)
    await client.controls.set_vacation(stage.device, 1)
    await heard(client, stage)
    changes = changes_of(client)
    await lived(stage, minutes=24 * 60)
    await heard(client, stage)
    assert [change for change in changes if "vacation" in change[0] or change[0] == "mode_changed"] == [
        ("mode_changed", "dhw_mode", 5, 3),
        ("vacation_ended", "is_on_vacation", True, False),
    ]


async def test_firmware_that_is_installed(stage: Stage) -> None:
    client = await watching(stage)
    changes = changes_of(client)
    await stage.simulator.fault("firmware_download", version=184877057, mac=MAC)
    (download,) = await client.queries.request_firmware_download(stage.device)
    await client.queries.install_firmware(stage.device, download)
    await heard(client, stage)
    await stage.simulator.device(MAC, feature={"wifiSwVersion": 34013185})
    for _ in range(3):
        await heard(client, stage)
    assert changes == [
        ("firmware_changed", "controller_version", "11.5.0.0", "11.5.0.1"),
        ("firmware_changed", "wifi_version", "2.7.0.0", "2.7.0.1"),
    ]


async def test_a_heater_goes_and_comes(stage: Stage) -> None:
    client = await watching(stage)
    changes = changes_of(client)
    gone = expected(client, "device_offline")
    await stage.simulator.fault("device_offline", mac=MAC)
    await gone
    assert client.is_online(stage.device) is False
    back = expected(client, "device_online")
    await stage.simulator.fault("device_offline", on=False, mac=MAC)
    await back
    await heard(client, stage)
    assert changes == [
        ("device_offline", "is_online", True, False),
        ("device_online", "is_online", False, True),
    ]


async def test_a_schedule_fires_while_nobody_asks(stage: Stage) -> None:
    client = await watching(stage)
    now = await heater_time(stage)
    entries = [
        ReservationEntry.of(EVERY_DAY, now.hour, 2, ReservationMode.HIGH_DEMAND, 110),
        ReservationEntry.of(EVERY_DAY, now.hour, 4, ReservationMode.POWER_OFF, 98),
        ReservationEntry.of(EVERY_DAY, now.hour, 6, ReservationMode.HEAT_PUMP, 98),
        ReservationEntry.of(EVERY_DAY, now.hour, 8, ReservationMode.ELECTRIC, 98, is_enabled=False),
    ]
    await client.schedules.replace_reservations(stage.device, entries, on=True)
    await heard(client, stage)
    changes = changes_of(client)
    await stage.simulator.fault("push", seconds=0.1)
    for _ in entries:
        await lived(stage, minutes=2)
        for _ in range(3):
            await expected(client, "status_received")
    assert [change for change in changes if change[0] in ("mode_changed", "setpoint_changed")] == [
        ("setpoint_changed", "dhw_temperature_setting", 49.0, 55.0),
        ("mode_changed", "dhw_mode", 3, 4),
        ("setpoint_changed", "dhw_temperature_setting", 55.0, 49.0),
        ("mode_changed", "dhw_mode", 4, 6),
        ("mode_changed", "dhw_mode", 6, 1),
    ]
    fired = [(entry["schedule"], entry["entry"]["min"]) for entry in (await stage.heater())["fired"]]
    assert fired == [("reservations", 2), ("reservations", 4), ("reservations", 6)]
