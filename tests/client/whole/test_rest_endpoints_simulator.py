"""Every owner's call of the REST client against the simulator: two readings of the protocol that have to agree."""

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import date, time
from decimal import Decimal

import pytest
import pytest_asyncio

from nwp500 import Device, NavienAPIClient, NavienAuthClient
from nwp500.exceptions import MaintenanceError, NotFoundError, NotPermittedError, ServerError
from nwp500.models import Location, MaintenanceKind, PushSettings, TouPeriod, TouPlan
from simulator.process import SimulatorProcess
from tests.client.support.days import EVERY_DAY, WEEKEND, WORKING_DAYS
from tests.client.support.sign_in_script import EMAIL

pytestmark = pytest.mark.asyncio(loop_scope="module")

CONTROLLER = "00000000BT00000001"
NIGHT = Decimal("0.12345")
PEAK = Decimal("0.38967")
PLAN = TouPlan(
    periods=(
        TouPeriod.of(range(6, 10), WORKING_DAYS, time(0), time(15, 59), NIGHT),
        TouPeriod.of(range(6, 10), WORKING_DAYS, time(16), time(20, 59), PEAK),
        TouPeriod.of(range(6, 10), WEEKEND, time(0), time(23, 59), NIGHT),
        TouPeriod.of((1, 2, 3, 4, 5, 10, 11, 12), EVERY_DAY, time(0), time(23, 59), NIGHT),
    ),
    name="Example TOU plan",
    utility="Example Electric Co",
    zip_code="90000",
)
RATE = {
    "name": "Example TOU plan",
    "utility": "Example Electric Co",
    "energyratestructure": [[{"rate": 0.12345}], [{"rate": 0.38967}]],
    "energyweekdayschedule": [[0] * 16 + [1] * 5 + [0] * 3] * 12,
    "energyweekendschedule": [[0] * 24] * 12,
}


@pytest_asyncio.fixture(loop_scope="module")
async def api(simulator: SimulatorProcess) -> AsyncIterator[NavienAPIClient]:
    """Sign in, as an owner."""
    async with NavienAuthClient(
        EMAIL, simulator.addresses["password"], base_url=simulator.addresses["api_url"]
    ) as auth_client:
        yield NavienAPIClient(auth_client)


@pytest_asyncio.fixture(loop_scope="module")
async def device(api: NavienAPIClient) -> Device:
    """Find the account's one heater."""
    (device,) = await api.list_devices()
    return device


async def test_a_plan_is_written_read_and_deleted(api: NavienAPIClient, device: Device) -> None:
    before = await api.tou.read(device, CONTROLLER)
    assert before is None or before.plan.periods == ()
    assert await api.tou.get_manufacture_id(device, CONTROLLER) is None

    written = await api.tou.write(device, PLAN, RATE)
    assert written is not None
    assert written.periods == PLAN.periods
    registered = await api.tou.read(device, CONTROLLER)
    assert registered is not None
    assert registered.plan == PLAN
    assert registered.controller_id == CONTROLLER
    assert registered.manufacture_id == await api.tou.get_manufacture_id(device, CONTROLLER)

    await api.tou.delete(device)
    after = await api.tou.read(device, CONTROLLER)
    assert after is None or after.plan.periods == ()
    with pytest.raises(NotFoundError):
        await api.tou.delete(device)


async def test_a_wrong_controller(api: NavienAPIClient, device: Device) -> None:
    with pytest.raises(ServerError):
        await api.tou.get_manufacture_id(device, "00000000BT00000009")


async def test_a_rate_becomes_a_plan_that_can_be_written(api: NavienAPIClient, device: Device) -> None:
    (converted,) = await api.tou.convert([RATE])
    assert (converted.name, converted.utility) == ("Example TOU plan", "Example Electric Co")
    assert {period.end.minute for period in converted.periods if period.end is not None} == {59}
    assert {period.price_max for period in converted.periods} == {NIGHT, PEAK}
    written = await api.tou.write(device, replace(converted, zip_code="90000"), RATE)
    assert written is not None
    assert written.periods == converted.periods


async def test_a_device_gets_a_name_and_a_place(api: NavienAPIClient, device: Device) -> None:
    await api.change_device_info(device, name="Cellar", location=Location(state="Ohio", city="Anytown"))
    assert [listed.name for listed in await api.list_devices()] == ["Cellar"]
    assert [listed.name for listed in await api.list_simple_devices()] == ["Cellar"]
    info = await api.get_device_info(device)
    assert info.name == "Cellar"
    assert info.location is not None
    assert (info.location.state, info.location.city) == ("Ohio", "Anytown")


async def test_an_owner_may_not_read_the_error_history(api: NavienAPIClient, device: Device) -> None:
    with pytest.raises(NotPermittedError):
        await api.get_error_history(device)


@pytest.mark.parametrize("kind", MaintenanceKind)
async def test_the_maintenance_log(api: NavienAPIClient, device: Device, kind: MaintenanceKind) -> None:
    assert await api.maintenance.read(device, kind) == []
    for day in (date(2026, 3, 7), date(2026, 11, 23)):
        await api.maintenance.write(device, kind, day)
    entries = await api.maintenance.read(device, kind)
    assert [entry.day for entry in entries] == [date(2026, 11, 23), date(2026, 3, 7)]
    (other,) = set(MaintenanceKind) - {kind}
    assert await api.maintenance.read(device, other) == []


async def test_a_long_log_comes_in_pages(api: NavienAPIClient, device: Device) -> None:
    for day in range(1, 26):
        await api.maintenance.write(device, MaintenanceKind.FILTER, date(2026, 1, day))
    entries = await api.maintenance.read(device, MaintenanceKind.FILTER)
    assert [entry.day for entry in entries] == [date(2026, 1, day) for day in range(25, 0, -1)]


async def test_notifications(api: NavienAPIClient, device: Device) -> None:
    before = await api.account.get_push_settings(device)
    assert None not in (before.errors, before.descaling, before.others)
    wanted = PushSettings(errors=not before.errors, descaling=before.descaling, others=before.others)
    await api.account.set_push_settings(device, wanted)
    assert await api.account.get_push_settings(device) == wanted
    assert (await api.get_device_info(device)).push_settings == wanted


async def test_who_the_account_belongs_to(api: NavienAPIClient) -> None:
    user = await api.account.get_user_info()
    assert (user.user_type, user.user_seq, user.email) == ("O", 20002, EMAIL)


async def test_firmware_and_its_details(api: NavienAPIClient, device: Device) -> None:
    for firmware in await api.get_firmware_info(device):
        assert firmware.software_code is not None
        assert firmware.current_version_raw is not None
        detail = await api.get_firmware_detail(firmware.software_code, firmware.current_version_raw)
        assert detail.software_code == firmware.software_code
    with pytest.raises(NotFoundError):
        await api.get_firmware_detail(1, 1)


async def test_the_service_says_until_when_it_is_closed(simulator: SimulatorProcess, api: NavienAPIClient) -> None:
    assert (await api.get_app_version()).newest == "2.04.00"
    await simulator.fault("maintenance", on=True)
    with pytest.raises(MaintenanceError) as caught:
        await api.get_app_version()
    assert caught.value.notice
    assert "\\n" not in caught.value.notice
