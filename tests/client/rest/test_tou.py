"""The calls about time-of-use plans: what is asked, and what the answers mean."""

import pytest

from nwp500.api_client import NavienAPIClient
from nwp500.auth import NavienAuthClient
from nwp500.models import Device, RegisterPath, TouPeriod, TouPlan
from tests.client.support.scripted_service import ScriptedService, recorded, success

EMAIL = "user@example.com"

SIGN_IN = "/user/sign-in"
TOU = "/device/tou"

CONTROLLER = "00000000BT00000001"
DEVICE = Device(mac_address="0478630a1b2c", additional_value="5322")
PERIOD = TouPeriod(
    season=3087,
    week=124,
    start_hour=15,
    start_minute=0,
    end_hour=20,
    end_minute=59,
    price_min_raw=38967,
    price_max_raw=38967,
)


@pytest.mark.parametrize("data", [None, {}, {"registerPath": "wifi", "touInfo": None}])
async def test_a_heater_without_a_plan(service: ScriptedService, api: NavienAPIClient, data: object) -> None:
    service.answer(TOU, success(data))
    assert await api.tou.read(DEVICE, CONTROLLER) is None
    assert await api.tou.write(DEVICE, TouPlan(periods=(PERIOD,)), {}) is None


async def test_a_plan_that_is_written_is_returned_as_the_service_repeats_it(
    service: ScriptedService, api: NavienAPIClient
) -> None:
    service.answer(TOU, recorded("tou_put"))
    plan = await api.tou.write(DEVICE, TouPlan(periods=(PERIOD,), zip_code="90001"), {"label": None})
    assert plan is not None
    assert (plan.name, plan.zip_code, plan.periods) == ("Example TOU plan", "90000", (PERIOD,))
    body = service.calls[0].body
    assert (body["zipCode"], body["sourceData"]) == ("90001", {"label": None})


async def test_a_plan_that_came_over_bluetooth_is_deleted_by_its_controller(
    service: ScriptedService, api: NavienAPIClient
) -> None:
    service.answer(TOU, success(None))
    await api.tou.delete(DEVICE, register_path=RegisterPath.BLUETOOTH, controller_id=CONTROLLER)
    (call,) = service.calls
    assert (call.method, call.query) == (
        "DELETE",
        {
            "userId": EMAIL,
            "userType": "O",
            "registerPath": "bt",
            "sourceType": "openei",
            "controllerId": CONTROLLER,
        },
    )


async def test_what_the_service_knows_of_a_plan(service: ScriptedService, api: NavienAPIClient) -> None:
    service.answer(TOU, recorded("tou_get"))
    service.answer(f"{TOU}/manufacture-id", recorded("tou_manufacture_id"), recorded("tou_manufacture_id_none"))
    service.answer(f"{TOU}/convert", recorded("tou_convert"))
    registered = await api.tou.read(DEVICE, CONTROLLER)
    assert registered is not None
    assert (registered.register_path, len(registered.plan.periods)) == (RegisterPath.WIFI, 5)
    assert await api.tou.get_manufacture_id(DEVICE, CONTROLLER) == "0000E0000000001"
    assert await api.tou.get_manufacture_id(DEVICE, CONTROLLER) is None
    (converted,) = await api.tou.convert([{}])
    assert (converted.utility, converted.periods) == ("Example Electric Co", registered.plan.periods[:4])


async def test_the_kind_of_account_is_known_before_the_first_call(service: ScriptedService) -> None:
    service.answer(SIGN_IN, recorded("sign_in"))
    service.answer(TOU, success(None))
    auth_client = NavienAuthClient(EMAIL, "correct horse", base_url=service.url)
    assert await NavienAPIClient(auth_client).tou.read(DEVICE, CONTROLLER) is None
    await auth_client.close()
    assert service.paths == [SIGN_IN, TOU]
    assert service.calls[1].query["userType"] == "O"
