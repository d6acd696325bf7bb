"""Sign-in, renewals and device calls against the simulator, a process of its own."""

import asyncio
from collections.abc import AsyncIterator
from http import HTTPMethod

import aiohttp
import pytest
import pytest_asyncio

from nwp500.api_client import NavienAPIClient
from nwp500.auth import NavienAuthClient
from nwp500.exceptions import ApiConnectionError, ApiError, AuthenticationError
from nwp500.rest.service import RestService
from simulator.process import SimulatorProcess
from tests.client.support.sign_in_script import EMAIL, REFRESH, SECURED, SESSION, SIGN_IN, Clock

DEVICE_LIST = "/device/list"


pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(loop_scope="module")
async def auth_client(simulator: SimulatorProcess) -> AsyncIterator[NavienAuthClient]:
    """Sign in by the time of day, as users do; both sets live for an hour."""
    async with NavienAuthClient(
        EMAIL, simulator.addresses["password"], base_url=simulator.addresses["api_url"]
    ) as auth_client:
        yield auth_client


@pytest.fixture
def api(auth_client: NavienAuthClient) -> NavienAPIClient:
    return NavienAPIClient(auth_client)


async def requests(simulator: SimulatorProcess) -> list[tuple[str, int]]:
    """Give the requests so far, paths with the status answered."""
    state = await simulator.state()
    return [(request["path"].removeprefix("/api/v2.1"), request["status"]) for request in state["rest_requests"]]


async def test_signing_in(simulator: SimulatorProcess, auth_client: NavienAuthClient) -> None:
    tokens = await auth_client.ensure_valid_token()
    assert tokens.access_key_id.startswith("ASIA")
    assert (auth_client.user_seq, auth_client.user_type) == (20002, "O")
    assert await requests(simulator) == [(SIGN_IN, 200)]


async def test_a_wrong_password(simulator: SimulatorProcess) -> None:
    client = NavienAuthClient(EMAIL, "wrong", base_url=simulator.addresses["api_url"])
    with pytest.raises(AuthenticationError):
        async with client:
            pytest.fail("signed in with a wrong password")
    assert await requests(simulator) == [(SIGN_IN, 401)]


async def test_an_expired_jwt_is_refreshed(
    simulator: SimulatorProcess, auth_client: NavienAuthClient, api: NavienAPIClient
) -> None:
    before = auth_client.current_tokens
    await simulator.fault("expire_jwt")
    assert len(await api.list_devices()) == 1
    assert auth_client.current_tokens.access_token != before.access_token
    assert auth_client.current_tokens.aws == before.aws
    assert await requests(simulator) == [(SIGN_IN, 200), (DEVICE_LIST, 401), (REFRESH, 200), (DEVICE_LIST, 200)]


async def test_a_rotated_refresh_token(simulator: SimulatorProcess, auth_client: NavienAuthClient) -> None:
    stale = auth_client.current_tokens.jwt.refresh_token
    await auth_client.refresh_jwt()
    await auth_client.refresh_jwt()
    assert await requests(simulator) == [(SIGN_IN, 200), (REFRESH, 200), (REFRESH, 200)]
    rest = RestService(simulator.addresses["api_url"])
    with pytest.raises(ApiError, match="401"):
        await rest.request(HTTPMethod.POST, REFRESH, body={"refreshToken": stale})
    await rest.close()


async def test_a_stale_refresh_token_leads_to_the_password(simulator: SimulatorProcess, api: NavienAPIClient) -> None:
    await simulator.fault("expire_jwt", refresh=True)
    assert len(await api.list_devices()) == 1
    assert await requests(simulator) == [
        (SIGN_IN, 200),
        (DEVICE_LIST, 401),
        (REFRESH, 401),
        (SIGN_IN, 200),
        (DEVICE_LIST, 200),
    ]


@pytest.mark.parametrize("simulator_options", [("--aws-lifetime", "900")])
async def test_expired_aws_credentials_are_renewed_by_the_session(simulator: SimulatorProcess, clock: Clock) -> None:
    url = simulator.addresses["api_url"]
    async with NavienAuthClient(EMAIL, simulator.addresses["password"], base_url=url, now=clock) as auth_client:
        before = auth_client.current_tokens
        clock.advance(700)
        after = await auth_client.ensure_valid_token()
    assert after.jwt == before.jwt
    assert after.session_token != before.session_token
    assert await requests(simulator) == [(SIGN_IN, 200), (SESSION, 200)]


async def test_secured_sign_in_when_the_session_cannot_be_refreshed(simulator: SimulatorProcess) -> None:
    async def misdirect(request: aiohttp.ClientRequest, send: aiohttp.ClientHandlerType) -> aiohttp.ClientResponse:
        """Send session refreshes where the simulator knows nothing, so that it refuses them."""
        if request.url.path.endswith(SESSION):
            request.url = request.url.with_path("/api/v2.1/nowhere")
        return await send(request)

    async with aiohttp.ClientSession(middlewares=[misdirect]) as session:
        auth_client = NavienAuthClient(
            EMAIL, simulator.addresses["password"], base_url=simulator.addresses["api_url"], session=session
        )
        before = await auth_client.sign_in()
        after = await auth_client.renew_aws_credentials()
    assert after.session_token != before.session_token
    assert after.jwt.refresh_token != before.jwt.refresh_token
    assert await requests(simulator) == [(SIGN_IN, 200), (REFRESH, 200), ("/nowhere", 404), (SECURED, 200)]


@pytest.mark.parametrize("simulator_options", [("--aws-lifetime", "900")])
async def test_the_password_when_the_access_token_is_dead_too(simulator: SimulatorProcess, clock: Clock) -> None:
    url = simulator.addresses["api_url"]
    async with NavienAuthClient(EMAIL, simulator.addresses["password"], base_url=url, now=clock) as auth_client:
        await simulator.fault("expire_jwt")
        clock.advance(700)
        await auth_client.ensure_valid_token()
    assert await requests(simulator) == [(SIGN_IN, 200), (SESSION, 401), (SECURED, 401), (SIGN_IN, 200)]


@pytest.mark.parametrize(("close", "error"), [(False, ApiError), (True, ApiConnectionError)])
async def test_a_service_that_is_down_and_comes_back(
    simulator: SimulatorProcess,
    auth_client: NavienAuthClient,
    api: NavienAPIClient,
    close: bool,
    error: type[Exception],
) -> None:
    before = auth_client.current_tokens
    await simulator.fault("api_down", on=True, close=close)
    with pytest.raises(error):
        await api.list_devices()
    with pytest.raises(error):
        await auth_client.renew_aws_credentials()
    with pytest.raises(error):
        async with NavienAuthClient(EMAIL, "wrong", base_url=simulator.addresses["api_url"]):
            pytest.fail("signed in to a service that is down")
    assert auth_client.current_tokens == before
    await simulator.fault("api_down", on=False)
    assert (await auth_client.renew_aws_credentials()).session_token != before.session_token
    assert len(await api.list_devices()) == 1


async def test_maintenance_is_no_refusal(simulator: SimulatorProcess, auth_client: NavienAuthClient) -> None:
    await simulator.fault("maintenance", on=True)
    with pytest.raises(ApiError) as caught:
        await auth_client.renew_aws_credentials()
    assert caught.value.code == 403


async def test_parallel_renewals_are_one(simulator: SimulatorProcess, auth_client: NavienAuthClient) -> None:
    tokens = await asyncio.gather(*(auth_client.renew_aws_credentials() for _ in range(10)))
    assert len({each.session_token for each in tokens}) == 1
    assert await requests(simulator) == [(SIGN_IN, 200), (REFRESH, 200), (SESSION, 200)]


@pytest.mark.parametrize("simulator_options", [("--heaters", "45", "--foreign-device")])
async def test_45_heaters_and_another_product(simulator: SimulatorProcess) -> None:
    url = simulator.addresses["api_url"]
    async with NavienAuthClient(EMAIL, simulator.addresses["password"], base_url=url) as auth_client:
        devices = await NavienAPIClient(auth_client).list_devices()
    state = await simulator.state()
    assert {device.mac_address for device in devices} == set(state["heaters"])
    assert len(devices) == 45
    assert await requests(simulator) == [(SIGN_IN, 200), *[(DEVICE_LIST, 200)] * 3]


async def test_any_error_code_in_the_list(simulator: SimulatorProcess, api: NavienAPIClient) -> None:
    for code in (None, 0, 9999, -1):
        await simulator.fault("listed_error", code=code)
        assert [device.error_code for device in await api.list_devices()] == [code]


async def test_info_and_firmware_of_a_device(simulator: SimulatorProcess, api: NavienAPIClient) -> None:
    (device,) = await api.list_devices()
    assert device.connected is True
    info = await api.get_device_info(device)
    assert info.name == device.name
    firmwares = await api.get_firmware_info(device)
    assert {firmware.mac_address for firmware in firmwares} == {device.mac_address}
    assert all(firmware.current_version for firmware in firmwares)
    await simulator.fault("device_offline")
    assert [listed.connected for listed in await api.list_devices()] == [False]
