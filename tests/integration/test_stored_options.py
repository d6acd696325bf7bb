"""Options that somebody has changed by hand in `.storage`: what makes no sense counts for nothing."""

from collections.abc import Mapping
import math

from homeassistant.core import HomeAssistant
from homeassistant.data_entry_flow import FlowResultType
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.navilink.config import all_options, queue_settings
from custom_components.navilink.heating.insight import Household
from custom_components.navilink.heating.options import household, max_starts
from tests.integration.dialogs import suggested
from tests.integration.heaters import HEATER
from tests.integration.test_options import DEFAULTS, OF_HEATING
from tests.integration.waiting import wait_for_value

NOTHING: tuple[object, ...] = (None, "", "text", "40", [], {}, math.nan)
NAMES = {"household": (*OF_HEATING["household"], "cold_water"), "boost": ("max_starts",)}


@pytest.mark.parametrize("value", [*NOTHING, True], ids=repr)
def test_what_is_no_number_has_its_default(value: object) -> None:
    options = {section: dict.fromkeys(names, value) for section, names in NAMES.items()}
    assert household(options) == Household()
    assert max_starts(options) == 6


@pytest.mark.parametrize("value", [*NOTHING, True, 40], ids=repr)
def test_section_that_is_none_has_its_defaults(value: object) -> None:
    options = dict.fromkeys(NAMES, value)
    assert household(options) == Household()
    assert max_starts(options) == 6


@pytest.mark.parametrize(
    ("value", "limits", "starts"),
    [(-5, (0, 10, 0.5, 50, 1), 1), (0, (0, 10, 0.5, 50, 1), 1), (1e300, (35, 200, 10, 65, 120), 24)],
)
def test_what_is_out_of_range_counts_as_its_limit(value: float, limits: tuple[float, ...], starts: int) -> None:
    options = {section: dict.fromkeys(names, value) for section, names in NAMES.items()}
    cold_water, liters_per_shower, low_showers, temperature, minutes = limits
    assert household(options) == Household(
        cold_water=cold_water,
        liters_per_shower=liters_per_shower,
        low_showers=low_showers,
        hygiene_temperature=temperature,
        hygiene_minutes=minutes,
    )
    assert max_starts(options) == starts


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("queue", "perhaps"),
        *[("queue_size", value) for value in (*NOTHING, -1, 0, 1001, 1e300) if value != "40"],
        *[("expiration", value) for value in (*NOTHING, 40)],
        *[("expiration_time", value) for value in NOTHING],
        *[("expiration_time", {"days": value}) for value in (-1, None, "text", 1e300)],
    ],
)
def test_what_cannot_be_chosen_has_its_default_and_the_others_stay(name: str, value: object) -> None:
    chosen = DEFAULTS | {"queue_size": 7, "expiration": "never"}
    assert all_options({**chosen, name: value}) == {**chosen, name: DEFAULTS[name]}


@pytest.mark.parametrize("time", [{"days": 0}, {"days": 8}, {"seconds": 1e12}, {"years": 1}, {}])
def test_expiration_out_of_range_has_its_default(time: Mapping[str, float]) -> None:
    options = {"expiration": "fixed", "expiration_time": time}
    assert queue_settings(options)["max_queued_command_age"] == 86400


@pytest.mark.parametrize(
    "options",
    [
        {
            "queue_size": "text",
            "expiration": None,
            "expiration_time": {"days": -1},
            "household": {"liters_per_shower": 0, "cold_water": "cold", "hygiene_temperature": None},
            "boost": [],
        },
        {"queue": "perhaps", "expiration": "fixed", "expiration_time": "soon", "household": None, "boost": "text"},
    ],
    ids=range(2),
)
async def test_account_is_set_up_and_its_form_begins_with_what_applies(
    hass: HomeAssistant, entry: MockConfigEntry, options: Mapping[str, object], caplog: pytest.LogCaptureFixture
) -> None:
    assert await hass.config_entries.async_setup(entry.entry_id)
    await wait_for_value(hass, HEATER, "eco")
    form = await hass.config_entries.options.async_init(entry.entry_id)
    assert form["type"] is FlowResultType.FORM
    shown = suggested(form)
    result = await hass.config_entries.options.async_configure(form["flow_id"], shown)
    assert result["type"] is FlowResultType.CREATE_ENTRY
    await hass.async_block_till_done()
    assert {name: shown[name] for name in options.keys() & DEFAULTS.keys() - {"expiration"}} == {
        name: DEFAULTS[name] for name in options.keys() & DEFAULTS.keys() - {"expiration"}
    }
    assert "Traceback" not in caplog.text
    assert await hass.config_entries.async_unload(entry.entry_id)
