"""Anything entered into the dialogs of the account and its options: a form, an entry or an end that is known."""

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from unittest.mock import AsyncMock

from homeassistant.config_entries import SOURCE_USER, ConfigFlowResult
from homeassistant.core import HomeAssistant
from homeassistant.data_entry_flow import FlowResultType, InvalidData
from homeassistant.helpers import config_validation as cv
from probatio import to_field_list
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.navilink.config import create_mqtt_config
from custom_components.navilink.const import DOMAIN
from custom_components.navilink.heating.options import household, max_starts
from custom_components.navilink.nwp500 import servers
from simulator.common.certificates import make_server_certificate
from tests.client.support.fuzz_inputs import DURATIONS, Entered, entered
from tests.integration.accounts import ACCOUNT
from tests.integration.fuzz_account import account, account_service, special
from tests.integration.fuzz_trouble import TEXTS, tracebacks

CASES, LONG_CASES, PARTS = 1_500, 60_000, 12
OPTIONS: Entered = {
    "queue": True,
    "queue_size": 100,
    "expiration": "fixed",
    "expiration_time": {"days": 1},
    "household": {"liters_per_shower": 40, "low_showers": 1, "cold_water": 12.5, "hygiene_minutes": 30},
    "boost": {"max_starts": 6},
}
SPECIAL_OPTIONS: Mapping[str, tuple[object, ...]] = {"expiration_time": DURATIONS}
SEEN = frozenset(
    {
        *("config", "options", "form", "abort", "create_entry", "refused by the form"),
        *("invalid_url", "url_not_bare", "url_insecure", "invalid_host", "invalid_ca_file", "too_long"),
        *("cannot_connect", "already_configured", "expiration_out_of_range"),
        *("liters_per_shower_out_of_range", "cold_water_out_of_range", "max_starts_out_of_range"),
    }
)
"""What some hundreds of cases have to lead to, or they would prove less than they claim."""
SUCCESSES = frozenset({"reauth_successful", "reconfigure_successful"})
"""Ends that have texts of Home Assistant's own."""


@dataclass(slots=True)
class Dialogs:
    """The dialogs of one account."""

    hass: HomeAssistant
    entry: MockConfigEntry
    valid: Entered
    special: Mapping[str, tuple[object, ...]]
    seen: set[str] = field(default_factory=set)
    """The kinds of results, and the errors and reasons in them."""

    async def case(self, number: int) -> None:
        """Enter something into one of the dialogs, the same for the same number."""
        random = Random(f"dialog {number}")  # noqa: S311 - repeatable, not secret
        await (self._user, self._reauth, self._reconfigure, self._options)[number % 4](random)

    async def _user(self, random: Random) -> None:
        is_known = random.random() < 0.5
        self.hass.config_entries.async_update_entry(self.entry, unique_id=ACCOUNT if is_known else "30003")
        flows = self.hass.config_entries.flow
        result = await flows.async_init(DOMAIN, context={"source": SOURCE_USER})
        await self._enter(result["flow_id"], entered(self.valid, random, self.special))

    async def _reauth(self, random: Random) -> None:
        known = {name: self.valid[name] for name in ("email", "password")}
        result = await self.entry.start_reauth_flow(self.hass)
        await self._enter(result["flow_id"], entered(known, random, self.special))

    async def _reconfigure(self, random: Random) -> None:
        result = await self.entry.start_reconfigure_flow(self.hass)
        await self._enter(result["flow_id"], entered(self.valid, random, self.special))

    async def _enter(self, flow_id: str, data: Entered) -> None:
        flows = self.hass.config_entries.flow
        result = await answered(flows.async_configure, flow_id, data)
        self._note("config", result)
        if result is None or result["type"] is FlowResultType.FORM:
            flows.async_abort(flow_id)
        elif result["type"] is FlowResultType.CREATE_ENTRY:
            await self.hass.config_entries.async_remove(result["result"].entry_id)
        # What was taken over is what a set-up goes by.
        create_mqtt_config(self.entry.data, self.entry.options)
        self.hass.config_entries.async_update_entry(self.entry, data=self.valid, unique_id=ACCOUNT)

    async def _options(self, random: Random) -> None:
        self._note("options", await self.enter_options(entered(OPTIONS, random, SPECIAL_OPTIONS)))
        create_mqtt_config(self.entry.data, self.entry.options)
        assert 10 <= household(self.entry.options).liters_per_shower <= 200
        assert 1 <= max_starts(self.entry.options) <= 24
        self.hass.config_entries.async_update_entry(self.entry, options={})

    async def enter_options(self, data: Entered) -> ConfigFlowResult | None:
        """Return what the dialog of the options answers, None when its form refuses the data."""
        flows = self.hass.config_entries.options
        flow_id = (await flows.async_init(self.entry.entry_id))["flow_id"]
        result = await answered(flows.async_configure, flow_id, data)
        if result is None or result["type"] is FlowResultType.FORM:
            flows.async_abort(flow_id)
        return result

    def _note(self, dialog: str, result: ConfigFlowResult | None) -> None:
        """Check that every text of a result is there, and that the result can be sent to a browser."""
        if result is None:
            self.seen.add("refused by the form")
            return
        texts = TEXTS[dialog]
        self.seen |= {dialog, str(result["type"])}
        match result["type"]:
            case FlowResultType.FORM:
                assert result["step_id"] in texts["step"]
                assert result["errors"]
                assert texts["error"].keys() >= set(result["errors"].values())
                self.seen |= set(result["errors"].values())
                assert to_field_list(result["data_schema"], custom_serializer=cv.custom_serializer)
            case FlowResultType.ABORT:
                assert result["reason"] in {*texts["abort"], *SUCCESSES}
                self.seen.add(result["reason"])
            case FlowResultType.CREATE_ENTRY:
                create_mqtt_config(result["data"] if dialog == "config" else self.valid, {})
            case kind:
                raise AssertionError(kind)


async def answered(
    enter: Callable[[str, Entered], Awaitable[ConfigFlowResult]], flow_id: str, data: Entered
) -> ConfigFlowResult | None:
    """Return what a dialog answers to data, None when its form refuses it."""
    try:
        return await enter(flow_id, data)
    except InvalidData:
        return None
    except BaseException as error:
        error.add_note(f"entered: {data!r:.3000}")
        raise


@pytest.fixture
async def dialogs(hass: HomeAssistant, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Dialogs]:
    """The dialogs of an account whose set-up does nothing, in front of a service that takes every sign-in."""
    certificate = await hass.async_add_executor_job(make_server_certificate, tmp_path)
    for name in ("async_setup_entry", "async_unload_entry"):
        monkeypatch.setattr(f"custom_components.navilink.{name}", AsyncMock(return_value=True))
    async with account_service() as (url, session):
        monkeypatch.setattr("custom_components.navilink.config.async_get_clientsession", lambda _hass: session)
        monkeypatch.setattr(servers, "DEFAULT_BASE_URL", url)
        valid = account(url, certificate.ca_file)
        entry = MockConfigEntry(
            domain=DOMAIN, title="NWP500", unique_id=ACCOUNT, data=valid, options={}, minor_version=2
        )
        entry.add_to_hass(hass)
        assert await hass.config_entries.async_setup(entry.entry_id)
        yield Dialogs(hass, entry, valid, special(url))
        await hass.async_block_till_done()


async def check(dialogs: Dialogs, numbers: range) -> None:
    """Enter what these numbers stand for."""
    with tracebacks() as found:
        for number in numbers:
            try:
                await dialogs.case(number)
            except BaseException as error:
                error.add_note(f"dialog {number}")
                raise
            if number % 50 == 0:
                await dialogs.hass.async_block_till_done()
            assert found == [], number
    assert dialogs.seen >= SEEN, SEEN - dialogs.seen


async def test_anything_entered(dialogs: Dialogs) -> None:
    await check(dialogs, range(CASES))


@pytest.mark.long
@pytest.mark.timeout(1800)
@pytest.mark.parametrize("part", range(PARTS))
async def test_anything_entered_many_times(dialogs: Dialogs, part: int) -> None:
    first = part * LONG_CASES // PARTS
    await check(dialogs, range(first, first + LONG_CASES // PARTS))


# What was found


@pytest.mark.parametrize("time", [{"days": 1e300}, {"days": 10**12}], ids=["float", "integer"])
async def test_a_duration_that_overflows_is_refused_by_the_form(dialogs: Dialogs, time: Mapping[str, object]) -> None:
    assert await dialogs.enter_options({**OPTIONS, "expiration_time": time}) is None


async def test_a_duration_in_texts_is_one_in_numbers(dialogs: Dialogs) -> None:
    result = await dialogs.enter_options({**OPTIONS, "expiration_time": {"days": "1", "hours": 2}})
    assert result is not None
    assert result["data"]["expiration_time"] == {"days": 1.0, "hours": 2}
