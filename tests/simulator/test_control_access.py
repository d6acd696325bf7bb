"""Who may use what the simulator serves: programs on this machine, not the pages that a browser on it shows."""

import json

from aiohttp import ClientSession
import pytest

from simulator.common.listener import is_loopback_host
from simulator.control.control import MAX_BODY
from simulator.process import SimulatorError, SimulatorProcess

pytestmark = pytest.mark.asyncio(loop_scope="module")

POSTS = ("/fault", "/device/0478630a1b2c", "/schedule/0478630a1b2c", "/publish", "/clock", "/reset")


@pytest.mark.parametrize(
    "host",
    ["localhost", "LOCALHOST:8123", "127.0.0.1", "127.0.0.1:80", "127.8.9.10:80", "[::1]", "[::1]:8123"],
)
async def test_this_machine_by_its_names(host: str) -> None:
    assert is_loopback_host(host)


@pytest.mark.parametrize(
    "host",
    [
        "",
        "example.com",
        "example.com:80",
        "localhost.example.com",
        "127.0.0.1.example.com",
        "127.0.0.1@example.com",
        "localhost@example.com:80",
        "10.0.0.1",
        "0.0.0.0",  # noqa: S104 - a name in a header, nothing listens there
        "[::]",
        "[fe80::1]",
        "::1::",
        "localhost:port",
        "2130706433",
    ],
)
async def test_everything_else_is_another_machine(host: str) -> None:
    assert not is_loopback_host(host)


@pytest.mark.parametrize("host", ["rebound.example", "rebound.example:80", "192.168.1.5"])
async def test_under_another_name_nothing_is_shown_and_nothing_is_done(simulator: SimulatorProcess, host: str) -> None:
    async with ClientSession(simulator.addresses["control_url"], headers={"Host": host}) as session:
        for path in ("/state", "/wait?connections=0"):
            async with session.get(path) as response:
                assert (response.status, "error" in await response.json()) == (421, True)
        async with session.post("/fault", json={"kind": "new_heater"}) as response:
            assert response.status == 421
    assert len((await simulator.state())["heaters"]) == 2


async def test_under_another_name_nobody_signs_in(simulator: SimulatorProcess) -> None:
    addresses = simulator.addresses
    account = {"userId": addresses["email"], "password": addresses["password"]}
    async with ClientSession() as session:
        for host, status in (("rebound.example", 421), ("localhost", 200)):
            url = f"{addresses['api_url']}/user/sign-in"
            async with session.post(url, json=account, headers={"Host": host}) as response:
                assert response.status == status
                assert ("token" in await response.text()) is (status == 200)


@pytest.mark.parametrize("path", POSTS)
@pytest.mark.parametrize(
    "content_type",
    ["text/plain", "text/plain;charset=UTF-8", "application/x-www-form-urlencoded", "multipart/form-data"],
)
async def test_what_a_page_may_send_unasked_is_refused(
    simulator: SimulatorProcess, path: str, content_type: str
) -> None:
    async with ClientSession(simulator.addresses["control_url"]) as session:
        body = json.dumps({"kind": "new_heater"}).encode()
        async with session.post(path, data=body, headers={"Content-Type": content_type}) as response:
            assert response.status == 415
            assert "application/json" in (await response.json())["error"]
        async with session.options(path) as asked_before:  # the question of a page that would send JSON
            assert asked_before.status == 405
            assert not any(name.startswith("Access-Control") for name in asked_before.headers)
    assert len((await simulator.state())["heaters"]) == 2


async def test_a_body_without_a_type_is_refused_and_json_with_a_charset_is_taken(simulator: SimulatorProcess) -> None:
    async with ClientSession(simulator.addresses["control_url"], skip_auto_headers={"Content-Type"}) as session:
        async with session.post("/fault", data=b'{"kind": "new_heater"}') as response:
            assert response.status == 415
        headers = {"Content-Type": "application/json; charset=utf-8"}
        async with session.post("/fault", data=b'{"kind": "new_heater"}', headers=headers) as response:
            assert response.status == 200
    assert len((await simulator.state())["heaters"]) == 3


async def test_only_a_reset_may_lack_a_body(simulator: SimulatorProcess) -> None:
    headers = {"Content-Type": "application/json"}
    async with ClientSession(simulator.addresses["control_url"], headers=headers) as session:
        for path in POSTS:
            async with session.post(path) as response:
                assert response.status == (200 if path == "/reset" else 400), path


async def test_bodies_are_capped(simulator: SimulatorProcess) -> None:
    topic, payload = "some/topic", "x" * (MAX_BODY // 2)
    await simulator.publish(topic, payload)
    with pytest.raises(SimulatorError, match="size"):
        await simulator.publish(topic, payload * 2)
    account = {"userId": "x" * MAX_BODY, "password": ""}
    async with (
        ClientSession() as session,
        session.post(f"{simulator.addresses['api_url']}/user/sign-in", json=account) as response,
    ):
        assert response.status == 413
