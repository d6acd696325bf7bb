"""What comes from outside, through the whole integration: limits that no heater has, hostile names, odd entries."""

from typing import Any
from unittest.mock import patch

from homeassistant.config_entries import SOURCE_USER
from homeassistant.core import HomeAssistant
from homeassistant.data_entry_flow import FlowResultType
from homeassistant.exceptions import ServiceValidationError
from homeassistant.helpers import device_registry as dr
from homeassistant.helpers import issue_registry as ir
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry
from yarl import URL

from custom_components.navilink.config_flow import FormError, NavilinkConfigFlow
from custom_components.navilink.const import DOMAIN
from custom_components.navilink.nwp500 import ConnectionProblem, ConnectionReport, NavienAPIClient, NavienAuthClient
from custom_components.navilink.nwp500.transport.report import ConnectionFailure
from custom_components.navilink.repairs import (
    BROKEN_CONNECTION,
    FAILURES_TO_ISSUE,
    async_report_connection,
    async_report_store,
)
from custom_components.navilink.wording import escaped
from simulator.process import SimulatorProcess
from tests.integration.accounts import entry_data
from tests.integration.actions import press, set_temperature, shown
from tests.integration.heaters import HEATER, MAC
from tests.integration.waiting import wait_for, wait_for_value

UNBELIEVED = ((0, 0), (255, 255), (131, 81), (0, 131), (-500, 2000))
# What holds instead, for a user of °C (protocol.md 6.1).
FALLBACK: tuple[float, float] = (35, 65)


def limits(hass: HomeAssistant) -> tuple[float, float]:
    attributes = shown(hass, HEATER).attributes
    return attributes["min_temp"], attributes["max_temp"]


@pytest.mark.parametrize(("low", "high"), UNBELIEVED)
async def test_limits_that_no_heater_has_are_not_shown_and_not_sent(
    hass: HomeAssistant, simulator: SimulatorProcess, running: MockConfigEntry, low: int, high: int
) -> None:
    await wait_for(hass, HEATER, lambda state: state.attributes["min_temp"] == 40.5)
    # The other member shows that the message has arrived.
    feature = {"dhwTemperatureMin": low, "dhwTemperatureMax": high, "electricUse": 1}
    await simulator.device(MAC, feature=feature)
    await press(hass, "button.nwp500_refresh")
    await wait_for(hass, HEATER, lambda state: "electric" not in state.attributes["operation_list"])
    assert limits(hass) == FALLBACK
    for celsius in (34, 66.5, 98, 16, 0):
        with pytest.raises(ServiceValidationError, match="35"):
            await set_temperature(hass, celsius)
    assert not [message for message in (await simulator.state())["received"] if message["topic"].endswith("/ctrl")]

    assert await hass.config_entries.async_unload(running.entry_id)
    await simulator.fault("mqtt_down")
    await hass.config_entries.async_setup(running.entry_id)
    await wait_for_value(hass, "binary_sensor.nwp500_connection", "off")
    assert "electric" not in shown(hass, HEATER).attributes["operation_list"]
    assert limits(hass) == FALLBACK
    with pytest.raises(ServiceValidationError, match="35"):
        await set_temperature(hass, 98)


HOSTILE = "Tank\n\x1b[2J\u202e[x](http://e.com) **b** <img src=x> " + "z" * 200


async def test_name_of_a_heater_is_one_printable_line_wherever_it_goes(
    hass: HomeAssistant, simulator: SimulatorProcess, caplog: pytest.LogCaptureFixture
) -> None:
    data = entry_data(simulator)
    url = data["private_server"]["api_url"]
    async with NavienAuthClient(data["email"], data["password"], base_url=url) as auth_client:
        api = NavienAPIClient(auth_client)
        (device,) = await api.list_devices()
        await api.change_device_info(device, name=HOSTILE)
    flow = await hass.config_entries.flow.async_init(DOMAIN, context={"source": SOURCE_USER})
    result = await hass.config_entries.flow.async_configure(flow["flow_id"], data)
    assert result["type"] is FlowResultType.CREATE_ENTRY
    entry = result["result"]
    await hass.async_block_till_done()
    (registered,) = dr.async_entries_for_config_entry(dr.async_get(hass), entry.entry_id)
    name = "Tank [2J [x](http://e.com) **b** <img src=x> " + "z" * 19
    assert (registered.name, entry.title) == (name, name)
    assert "\x1b" not in caplog.text
    assert "\u202e" not in caplog.text
    assert await hass.config_entries.async_unload(entry.entry_id)


async def test_title_means_nothing_in_a_repair_issue(hass: HomeAssistant, entry: MockConfigEntry) -> None:
    hass.config_entries.async_update_entry(entry, title="[x](http://e.com) <b>_1_</b>")
    async_report_store(hass, entry, has_failed=True)
    issue = ir.async_get(hass).async_get_issue(DOMAIN, f"unwritable_store_{entry.entry_id}")
    assert issue is not None
    assert issue.translation_placeholders == {"account": r"\[x\]\(http\:\/\/e\.com\) \<b\>\_1\_\<\/b\>"}


async def test_title_and_error_mean_nothing_in_the_issue_of_a_broken_connection(
    hass: HomeAssistant, entry: MockConfigEntry
) -> None:
    hass.config_entries.async_update_entry(entry, title="<b>")
    failure = ConnectionFailure(ConnectionProblem.UNEXPECTED_ERROR, "[x](http://e.com)")
    async_report_connection(hass, entry, ConnectionReport(failure=failure, failed_attempts=FAILURES_TO_ISSUE))
    issue = ir.async_get(hass).async_get_issue(DOMAIN, f"{BROKEN_CONNECTION}_{entry.entry_id}")
    assert issue is not None
    assert issue.translation_placeholders == {"account": r"\<b\>", "error": r"\[x\]\(http\:\/\/e\.com\)"}


@given(st.text())
def test_every_mark_of_punctuation_is_escaped_and_nothing_else(text: str) -> None:
    shown_as = escaped(text)
    marks = [character for character in text if character.isascii() and not character.isalnum()]
    marks = [mark for mark in marks if mark.isprintable() and mark != " "]
    assert len(shown_as) == len(text) + len(marks)
    bare = iter(shown_as)
    assert "".join(next(bare) if character == "\\" else character for character in bare) == text


# What may be typed or pasted into a dialog.
ENTRY = st.one_of(
    st.text(max_size=20),
    st.sampled_from(
        ["", " ", "user@example.com", "localhost", "127.0.0.1", "/", "/dev/zero", "\0", "\ud800", "a" * 5000]
    ),
    st.builds(
        "{}{}{}{}".format,
        st.sampled_from(["http://", "https://", "ftp://", ""]),
        st.sampled_from(["127.0.0.1", "[::1]", "8.8.8.8", "example.com", "x.local", "u:p@localhost", "134744072"]),
        st.sampled_from(["", ":80", ":99999", "@evil.com", "\\"]),
        st.sampled_from(["", "/api/v2.1", "?q=1", "#f", "/ x"]),
    ),
)
SERVER = st.fixed_dictionaries(
    {},
    optional={
        "api_url": ENTRY,
        "mqtt_endpoint": ENTRY,
        "mqtt_port": st.integers(1, 65535) | st.floats(1, 65535),
        "ca_file": ENTRY,
    },
)
ENTERED = st.fixed_dictionaries({"email": ENTRY, "password": ENTRY, "private_server": SERVER})


class SignIns:
    """Takes what would go to the service, and sends it nowhere."""

    def __init__(self) -> None:
        self.data: list[dict[str, Any]] = []

    async def __call__(self, data: dict[str, Any]) -> None:
        self.data.append(data)
        raise FormError("no_heaters")


def assert_safe(data: dict[str, Any]) -> None:
    """Assert that what was entered may go where it says."""
    assert data["email"].isprintable()
    assert data["email"] == data["email"].strip()
    server = data.get("private_server", {})
    assert all(value != "" and (not isinstance(value, str) or len(value) <= 2000) for value in server.values())
    assert server.get("mqtt_port", 443) in range(1, 65536)
    if "api_url" in server:
        url = URL(server["api_url"])
        assert url.raw_host
        assert (url.raw_user, url.raw_query_string, url.raw_fragment) == (None, "", "")
        assert url.scheme == "https" or url.raw_host in {"127.0.0.1", "::1", "x.local", "localhost"}


async def assert_any_entry_is_an_error_or_safe(hass: HomeAssistant, entered: dict[str, Any]) -> None:
    sign_ins = SignIns()
    with patch.object(NavilinkConfigFlow, "_async_sign_in", sign_ins):
        flow = await hass.config_entries.flow.async_init(DOMAIN, context={"source": SOURCE_USER})
        result = await hass.config_entries.flow.async_configure(flow["flow_id"], entered)
    assert result["type"] is FlowResultType.FORM
    assert result["errors"]
    assert (result["errors"]["base"] == "no_heaters") == bool(sign_ins.data)
    for data in sign_ins.data:
        assert data["password"] == entered["password"]
        assert_safe(data)
    hass.config_entries.flow.async_abort(flow["flow_id"])


_FIXTURE = HealthCheck.function_scoped_fixture


@given(entered=ENTERED)
@settings(max_examples=100, deadline=None, suppress_health_check=[_FIXTURE])
async def test_any_entry_is_an_error_or_safe(hass: HomeAssistant, entered: dict[str, Any]) -> None:
    await assert_any_entry_is_an_error_or_safe(hass, entered)


@pytest.mark.long
@pytest.mark.timeout(1200)
@given(entered=ENTERED)
@settings(max_examples=20_000, deadline=None, suppress_health_check=[_FIXTURE])
async def test_any_entry_is_an_error_or_safe_in_a_deep_search(hass: HomeAssistant, entered: dict[str, Any]) -> None:
    await assert_any_entry_is_an_error_or_safe(hass, entered)
