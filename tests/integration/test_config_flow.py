"""The dialogs: adding an account, every way in which that fails and how it goes on, signing in again, reconfiguring."""

from pathlib import Path
from typing import Any

from homeassistant.config_entries import SOURCE_REAUTH, SOURCE_RECONFIGURE, SOURCE_USER, ConfigFlowResult
from homeassistant.core import HomeAssistant
from homeassistant.data_entry_flow import FlowResultType, InvalidData
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.navilink.const import DOMAIN
from simulator.common.certificates import make_server_certificate
from simulator.process import SimulatorProcess
from tests.client.support.scripted_service import Answer, recorded, scripted_service
from tests.integration.accounts import ACCOUNT, NOTICE, entry_data, private_server
from tests.integration.dialogs import suggested

WRONG_PASSWORD = "wrong horse"


async def start(hass: HomeAssistant) -> str:
    result = await hass.config_entries.flow.async_init(DOMAIN, context={"source": SOURCE_USER})
    assert result["type"] is FlowResultType.FORM
    assert result["step_id"] == "user"
    assert result["errors"] == {}
    return result["flow_id"]


async def enter(hass: HomeAssistant, flow_id: str, data: dict[str, Any]) -> ConfigFlowResult:
    return await hass.config_entries.flow.async_configure(flow_id, data)


async def unload(hass: HomeAssistant) -> None:
    for entry in hass.config_entries.async_loaded_entries(DOMAIN):
        assert await hass.config_entries.async_unload(entry.entry_id)


@pytest.mark.parametrize("simulator_options", [("--heaters", "2", "--foreign-device")])
async def test_account_is_added(hass: HomeAssistant, simulator: SimulatorProcess) -> None:
    result = await enter(hass, await start(hass), entry_data(simulator))
    await hass.async_block_till_done()
    assert result["type"] is FlowResultType.CREATE_ENTRY
    assert result["title"] == "NWP500, Guest house"
    assert result["data"] == entry_data(simulator)
    assert result["result"].unique_id == ACCOUNT
    await unload(hass)


@pytest.mark.usefixtures("entry")
async def test_account_is_added_once(hass: HomeAssistant, simulator: SimulatorProcess) -> None:
    result = await enter(hass, await start(hass), entry_data(simulator))
    assert result["type"] is FlowResultType.ABORT
    assert result["reason"] == "already_configured"
    assert len(hass.config_entries.async_entries(DOMAIN)) == 1


async def test_wrong_password_then_right_one(hass: HomeAssistant, simulator: SimulatorProcess) -> None:
    flow_id = await start(hass)
    result = await enter(hass, flow_id, entry_data(simulator) | {"password": WRONG_PASSWORD})
    assert result["type"] is FlowResultType.FORM
    assert result["errors"] == {"base": "invalid_auth"}
    assert WRONG_PASSWORD not in str(result["data_schema"].schema if result["data_schema"] else "")
    result = await enter(hass, flow_id, entry_data(simulator))
    assert result["type"] is FlowResultType.CREATE_ENTRY
    await unload(hass)


@pytest.mark.parametrize(
    ("fault", "error"),
    [({"kind": "api_down", "close": True}, "cannot_connect"), ({"kind": "api_down"}, "service_error")],
)
async def test_service_trouble_and_recovery(
    hass: HomeAssistant, simulator: SimulatorProcess, fault: dict[str, Any], error: str
) -> None:
    flow_id = await start(hass)
    await simulator.fault(**fault)
    result = await enter(hass, flow_id, entry_data(simulator))
    assert result["errors"] == {"base": error}
    await simulator.fault(fault["kind"], on=False)
    result = await enter(hass, flow_id, entry_data(simulator))
    assert result["type"] is FlowResultType.CREATE_ENTRY
    await unload(hass)


async def test_notice_of_maintenance_is_reported(
    hass: HomeAssistant, simulator: SimulatorProcess, entry: MockConfigEntry
) -> None:
    result = await entry.start_reauth_flow(hass)
    await simulator.fault("maintenance")
    credentials = {key: entry_data(simulator)[key] for key in ("email", "password")}
    closed = await enter(hass, result["flow_id"], credentials)
    assert closed["errors"] == {"base": "maintenance"}
    assert closed["description_placeholders"] == {"name": entry.title, "notice": NOTICE}
    await simulator.fault("maintenance", on=False)
    assert (await enter(hass, result["flow_id"], credentials))["reason"] == "reauth_successful"
    await hass.async_block_till_done()
    await unload(hass)


@pytest.mark.parametrize("simulator_options", [("--heaters", "0", "--foreign-device")])
async def test_account_without_a_supported_heater(hass: HomeAssistant, simulator: SimulatorProcess) -> None:
    result = await enter(hass, await start(hass), entry_data(simulator))
    assert result["type"] is FlowResultType.FORM
    assert result["errors"] == {"base": "no_heaters"}
    assert not hass.config_entries.async_entries(DOMAIN)


@pytest.mark.parametrize(
    ("wrong", "error"),
    [
        ({"api_url": "nowhere"}, "invalid_url"),
        ({"api_url": "ftp://localhost/api"}, "invalid_url"),
        ({"api_url": "http://localhost:99999"}, "invalid_url"),
        ({"api_url": "https://user:secret@localhost/api"}, "url_not_bare"),
        ({"api_url": "https://localhost/api?key=secret"}, "url_not_bare"),
        ({"api_url": "https://localhost/api#secret"}, "url_not_bare"),
        ({"api_url": "http://example.com/api"}, "url_insecure"),
        ({"api_url": "http://192.0.2.1/api"}, "url_insecure"),
        ({"api_url": "https://localhost/" + "a" * 3000}, "too_long"),
        ({"mqtt_endpoint": "https://localhost"}, "invalid_host"),
        ({"mqtt_endpoint": "localhost:8883"}, "invalid_host"),
        ({"mqtt_endpoint": "local host"}, "invalid_host"),
        ({"mqtt_endpoint": "a" * 3000}, "too_long"),
        ({"ca_file": "/nonexistent/ca.pem"}, "invalid_ca_file"),
        ({"ca_file": __file__}, "invalid_ca_file"),
        ({"ca_file": "/"}, "invalid_ca_file"),
        ({"ca_file": "/dev/zero"}, "invalid_ca_file"),
        ({"ca_file": "a" * 3000}, "too_long"),
    ],
)
async def test_malformed_private_server(
    hass: HomeAssistant, simulator: SimulatorProcess, wrong: dict[str, str], error: str
) -> None:
    result = await enter(
        hass, await start(hass), entry_data(simulator) | {"private_server": private_server(simulator) | wrong}
    )
    assert result["errors"] == {"base": error}
    assert not (await simulator.state())["rest_requests"]


@pytest.mark.parametrize("port", [0, 65536, -1, "https"])
async def test_port_out_of_range(hass: HomeAssistant, simulator: SimulatorProcess, port: object) -> None:
    server = private_server(simulator) | {"mqtt_port": port}
    flow_id = await start(hass)
    with pytest.raises(InvalidData):
        await enter(hass, flow_id, entry_data(simulator) | {"private_server": server})


PASTED = ("{} ", "\t{}\r\n", "\u200b{}\ufeff", "\u00a0{}\u2028")


@pytest.mark.parametrize("pasted", PASTED)
async def test_what_pasting_brings_along_is_not_kept(
    hass: HomeAssistant, simulator: SimulatorProcess, pasted: str
) -> None:
    server = {
        name: pasted.format(value) if isinstance(value, str) else value
        for name, value in private_server(simulator).items()
    }
    data = entry_data(simulator)
    entered = data | {"email": pasted.format(data["email"]), "private_server": server}
    result = await enter(hass, await start(hass), entered)
    assert result["type"] is FlowResultType.CREATE_ENTRY
    assert result["data"] == data
    await unload(hass)


@pytest.mark.parametrize("source", [SOURCE_REAUTH, SOURCE_RECONFIGURE])
async def test_what_pasting_brings_along_is_not_kept_later_either(
    hass: HomeAssistant, simulator: SimulatorProcess, entry: MockConfigEntry, source: str
) -> None:
    data = entry_data(simulator)
    entered = data | {"email": f" {data['email']}\u200b\n"}
    if source == SOURCE_REAUTH:
        result = await entry.start_reauth_flow(hass)
        del entered["private_server"]
    else:
        result = await entry.start_reconfigure_flow(hass)
    result = await enter(hass, result["flow_id"], entered)
    assert result["type"] is FlowResultType.ABORT
    assert entry.data == data
    await hass.async_block_till_done()
    await unload(hass)


async def test_password_is_taken_as_it_is(hass: HomeAssistant, simulator: SimulatorProcess) -> None:
    data = entry_data(simulator)
    result = await enter(hass, await start(hass), data | {"password": f" {data['password']}"})
    assert result["errors"] == {"base": "invalid_auth"}


async def test_certificates_of_the_file_are_trusted_for_both_services(
    hass: HomeAssistant, simulator: SimulatorProcess, tmp_path: Path
) -> None:
    certificate = make_server_certificate(tmp_path)
    async with scripted_service(certificate.ssl_context) as service:
        service.answer("/user/sign-in", recorded("sign_in"))
        service.answer("/device/list", recorded("device_list"))
        server = private_server(simulator) | {"api_url": service.url, "ca_file": str(certificate.ca_file)}
        result = await enter(hass, await start(hass), entry_data(simulator) | {"private_server": server})
        assert result["type"] is FlowResultType.CREATE_ENTRY
        assert service.paths[0] == "/user/sign-in"
        await unload(hass)


async def test_sign_in_page_of_a_network(hass: HomeAssistant, simulator: SimulatorProcess) -> None:
    async with scripted_service() as service:
        service.answer("/user/sign-in", Answer(b"<html>Sign in to the hotel</html>"))
        server = private_server(simulator) | {"api_url": service.url}
        result = await enter(hass, await start(hass), entry_data(simulator) | {"private_server": server})
    assert result["errors"] == {"base": "unreadable_answer"}


async def test_name_of_a_heater_means_nothing_in_the_text_of_a_dialog(
    hass: HomeAssistant, entry: MockConfigEntry
) -> None:
    hass.config_entries.async_update_entry(entry, title="[Tank](https://example.com) <b>_1_</b>")
    result = await entry.start_reauth_flow(hass)
    assert result["description_placeholders"] is not None
    name = result["description_placeholders"]["name"]
    assert name == r"\[Tank\]\(https\:\/\/example\.com\) \<b\>\_1\_\<\/b\>"


async def test_blank_fields_are_not_kept(hass: HomeAssistant, simulator: SimulatorProcess) -> None:
    server = private_server(simulator) | {"ca_file": ""}
    result = await enter(hass, await start(hass), entry_data(simulator) | {"private_server": server})
    assert result["type"] is FlowResultType.CREATE_ENTRY
    assert "ca_file" not in result["data"]["private_server"]
    await unload(hass)


async def test_reauth_takes_the_new_password(
    hass: HomeAssistant, simulator: SimulatorProcess, entry: MockConfigEntry
) -> None:
    hass.config_entries.async_update_entry(entry, data=entry_data(simulator) | {"password": WRONG_PASSWORD})
    result = await entry.start_reauth_flow(hass)
    assert result["step_id"] == "reauth_confirm"
    credentials = {key: entry_data(simulator)[key] for key in ("email", "password")}
    refused = await enter(hass, result["flow_id"], credentials | {"password": WRONG_PASSWORD})
    assert refused["errors"] == {"base": "invalid_auth"}
    accepted = await enter(hass, result["flow_id"], credentials)
    assert accepted["type"] is FlowResultType.ABORT
    assert accepted["reason"] == "reauth_successful"
    assert entry.data == entry_data(simulator)
    await hass.async_block_till_done()
    await unload(hass)


async def test_reauth_refuses_another_account(
    hass: HomeAssistant, simulator: SimulatorProcess, entry: MockConfigEntry
) -> None:
    hass.config_entries.async_update_entry(entry, unique_id="30003")
    result = await entry.start_reauth_flow(hass)
    credentials = {key: entry_data(simulator)[key] for key in ("email", "password")}
    result = await enter(hass, result["flow_id"], credentials)
    assert result["type"] is FlowResultType.ABORT
    assert result["reason"] == "wrong_account"


async def test_reconfigure_moves_to_another_server(
    hass: HomeAssistant, simulator: SimulatorProcess, entry: MockConfigEntry
) -> None:
    elsewhere = private_server(simulator) | {"api_url": "http://127.0.0.1:9/api/v2.1"}
    hass.config_entries.async_update_entry(entry, data=entry_data(simulator) | {"private_server": elsewhere})
    result = await entry.start_reconfigure_flow(hass)
    assert result["step_id"] == "reconfigure"
    # Submitted without a look into the section, it stays.
    assert suggested(result)["private_server"] == elsewhere
    result = await enter(hass, result["flow_id"], entry_data(simulator))
    assert result["type"] is FlowResultType.ABORT
    assert result["reason"] == "reconfigure_successful"
    assert entry.data == entry_data(simulator)
    await hass.async_block_till_done()
    await unload(hass)


async def test_reconfigure_refuses_another_account(
    hass: HomeAssistant, simulator: SimulatorProcess, entry: MockConfigEntry
) -> None:
    hass.config_entries.async_update_entry(entry, unique_id="30003")
    result = await entry.start_reconfigure_flow(hass)
    result = await enter(hass, result["flow_id"], entry_data(simulator))
    assert result["reason"] == "wrong_account"
