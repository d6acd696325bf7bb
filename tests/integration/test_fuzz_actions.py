"""Anything given to an action, or entered into the dialog of lost commands: an answer, or an error with a text."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field
import math
from random import Random

from homeassistant.components.repairs.const import DOMAIN as REPAIRS
from homeassistant.core import HomeAssistant, SupportsResponse
from homeassistant.data_entry_flow import FlowResultType, InvalidData
from homeassistant.exceptions import HomeAssistantError
from homeassistant.setup import async_setup_component
import orjson
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry
import voluptuous as vol

from custom_components.navilink.const import DOMAIN
from simulator.process import SimulatorProcess
from tests.client.support.fuzz_inputs import DURATIONS, NUMBERS, TEXTS, Entered, entered
from tests.integration.actions import ask, cut, device_id, queued_words, set_mode, set_temperature
from tests.integration.fuzz_trouble import TEXTS as TRANSLATIONS
from tests.integration.fuzz_trouble import is_foreseen, tracebacks
from tests.integration.heaters import HEATER

CASES, LONG_CASES, PARTS = 3_000, 38_000, 10
DIALOGS, LONG_DIALOGS, DIALOG_PARTS = 60, 2_000, 4
_PATIENCE = 0.02
"""Seconds; who waits longer for the outcome of a command has waited as long as the action allows."""

FULL_QUEUE = pytest.mark.parametrize("options", [{"queue_size": 1}])


TARGETS: tuple[object, ...] = (
    "all",
    "none",
    [HEATER, HEATER],
    "sensor.nwp500_power",
    f"{HEATER},{HEATER}",
    HEATER.upper(),
    "\ud800.x",
    [],
)


def actions(device: str) -> tuple[tuple[str, str, Entered], ...]:
    """Return every action that a heater takes, with data as it should be."""
    heater: Entered = {"entity_id": HEATER}
    slot: Entered = {"days": ["mon", "weekend"], "time": "06:30"}
    entry: Entered = slot | {"mode": "eco", "temperature": 55, "enabled": True}
    pump: Entered = slot | {"pump_on": True}
    period: Entered = {"months": [6, 7], "days": "every_day", "start": "15:00", "end": "21:00", "price": 0.38967}
    return (
        ("water_heater", "set_temperature", heater | {"temperature": 55, "operation_mode": "eco"}),
        ("water_heater", "set_temperature", heater | {"temperature": 55}),
        ("water_heater", "set_operation_mode", heater | {"operation_mode": "electric"}),
        ("water_heater", "set_away_mode", heater | {"away_mode": True}),
        ("water_heater", "turn_on", heater),
        ("water_heater", "turn_off", heater),
        (DOMAIN, "start_vacation", heater | {"days": 7}),
        (DOMAIN, "clear_queue", {"device_id": [device], "kinds": ["dhw-mode", "power-on"]}),
        (DOMAIN, "get_queue", {"device_id": device}),
        (DOMAIN, "wait_for_command", {"device_id": device, "command_id": "x", "timeout": {"seconds": 0}}),
        (DOMAIN, "wait_for_command", {"device_id": device, "timeout": "00:00:00"}),
        (DOMAIN, "get_schedule", {"device_id": device, "refresh": True}),
        (DOMAIN, "set_schedule", {"device_id": device, "entries": [entry], "if_unchanged_since": "x"}),
        (DOMAIN, "add_schedule_entry", {"device_id": device, **entry}),
        (DOMAIN, "delete_schedule_entry", {"device_id": device, **slot}),
        (DOMAIN, "get_recirculation_schedule", {"device_id": device, "refresh": False}),
        (DOMAIN, "set_recirculation_schedule", {"device_id": device, "entries": [pump], "enabled": False}),
        (DOMAIN, "add_recirculation_entry", {"device_id": device, **pump}),
        (DOMAIN, "delete_recirculation_entry", {"device_id": device, **slot}),
        (DOMAIN, "get_time_of_use_plan", {"device_id": device, "refresh": False}),
        (DOMAIN, "set_time_of_use_plan", {"device_id": device, "periods": [period], "enabled": True}),
        (DOMAIN, "set_time_of_use_plan", {"device_id": device, "rate": {"name": "x"}, "zip_code": "90000"}),
        (DOMAIN, "delete_time_of_use_plan", {"device_id": device}),
        (DOMAIN, "import_energy_history", {"device_id": device, "start": "2026-03", "until": "2026-11-05"}),
        (DOMAIN, "clear_energy_history", {"device_id": device}),
        (DOMAIN, "get_energy_usage", {"device_id": device, "days": 7, "months": 2}),
    )


def special(device: str) -> Mapping[str, tuple[object, ...]]:
    """Return values that are odd for their fields only."""
    return {
        "device_id": ([device, device], f"{device},{device}", device.upper(), [device, "unknown"]),
        "temperature": (*NUMBERS, *TEXTS, 34.9, 35, 65.5, 65.6, 150, "55,5"),
        "days": (*NUMBERS, *TEXTS, 0.99, 99.5),
        "operation_mode": ("off", "eco", "electric", "heat_pump", "high_demand", "performance", "gas"),
        "timeout": DURATIONS,
        "start": (*TEXTS, "2026-13", "2026-2-30", "0000-01", "9999-12-31", "2026-W01-1"),
        "months": (*NUMBERS, *TEXTS, 60.5),
        "kinds": (["dhw-mode", "dhw-mode"], "dhw-mode", ["DHW-MODE"], [["dhw-mode"]]),
    }


@dataclass(slots=True)
class Actions:
    """The actions of one heater, which cannot be reached."""

    hass: HomeAssistant
    device: str
    seen: set[str] = field(default_factory=set)
    """What actions ended with."""

    async def case(self, number: int) -> None:
        """Give something to an action, the same for the same number."""
        random = Random(f"action {number}")  # noqa: S311 - repeatable, not secret
        all_actions = actions(self.device)
        domain, action, valid = all_actions[number % len(all_actions)]
        data = entered(valid, random, special(self.device))
        if "entity_id" in valid:
            # Home Assistant itself fails on what is neither a text nor a list, before it looks for the action.
            data["entity_id"] = HEATER if random.random() < 0.9 else random.choice(TARGETS)
        try:
            self.seen.add(await self.call(domain, action, data))
        except BaseException as error:
            error.add_note(f"action {number}, {domain}.{action}: {data!r:.3000}")
            raise

    async def call(self, domain: str, action: str, data: Entered) -> str:
        """Call an action and return how it ended; raises what nobody foresaw."""
        answers = self.hass.services.supports_response(domain, action) is not SupportsResponse.NONE
        calling = self.hass.services.async_call(domain, action, data, blocking=True, return_response=answers)
        try:
            async with asyncio.timeout(_PATIENCE if action == "wait_for_command" else None):
                response = await calling
        except vol.Invalid:
            return "refused"
        except TimeoutError:
            return "waited"
        except HomeAssistantError as error:
            if not is_foreseen(error):
                raise
            return str(error.translation_key)
        assert orjson.dumps(response)
        return "done"


SEEN = frozenset(
    {"refused", "done", "value_out_of_range", "unsupported_mode", "unknown_command", "waited", "not_connected"}
)


async def check(hass: HomeAssistant, simulator: SimulatorProcess, entry: MockConfigEntry, numbers: range) -> None:
    """Give what these numbers stand for to the actions."""
    await cut(hass, simulator)
    tried = Actions(hass, device_id(hass, entry))
    with tracebacks() as found:
        for number in numbers:
            await tried.case(number)
            assert found == [], number
            if number % 100 == 0:
                await ask(hass, "clear_queue", tried.device)
    assert tried.seen >= SEEN, SEEN - tried.seen
    # It is as usable as before.
    await set_temperature(hass, 61)
    assert queued_words(hass)[-1] == "target temperature 61 °C"


async def test_anything_given(hass: HomeAssistant, simulator: SimulatorProcess, running: MockConfigEntry) -> None:
    await check(hass, simulator, running, range(CASES))


@pytest.mark.long
@pytest.mark.timeout(1800)
@pytest.mark.parametrize("part", range(PARTS))
async def test_anything_given_many_times(
    hass: HomeAssistant, simulator: SimulatorProcess, running: MockConfigEntry, part: int
) -> None:
    first = part * LONG_CASES // PARTS
    await check(hass, simulator, running, range(first, first + LONG_CASES // PARTS))


# The dialog of lost commands


async def in_the_dialog(hass: HomeAssistant, entry: MockConfigEntry, number: int) -> str:
    """Lose a command, and enter something into the dialog of its issue; return how far it came."""
    random = Random(f"lost command {number}")  # noqa: S311 - repeatable, not secret
    await set_temperature(hass, 50 + number % 10)
    await set_mode(hass, random.choice(("eco", "heat_pump")))
    flows = hass.data[REPAIRS]["flow_manager"]
    issue_id = f"lost_commands_{entry.entry_id}"
    result = await flows.async_init(DOMAIN, context={"issue_id": issue_id}, data={})
    texts = TRANSLATIONS["issues"]["lost_commands"]["fix_flow"]
    for _ in range(4):
        data = entered({"next_step_id": random.choice(("send_again", "discard"))}, random, {})
        entry_or_not = random.choice((data, data, {"next_step_id": random.choice(("send_again", "discard"))}, {}, None))
        try:
            result = await flows.async_configure(result["flow_id"], entry_or_not)
        except InvalidData:
            continue
        except BaseException as error:
            error.add_note(f"lost command {number}: {entry_or_not!r:.3000}")
            raise
        if result["type"] is FlowResultType.CREATE_ENTRY:
            break
        assert result["type"] in (FlowResultType.MENU, FlowResultType.FORM)
        assert result["step_id"] in texts["step"]
        assert orjson.dumps(result["description_placeholders"])
    else:
        flows.async_abort(result["flow_id"])
    return str(result.get("step_id", result["type"]))


async def check_dialog(
    hass: HomeAssistant, simulator: SimulatorProcess, entry: MockConfigEntry, numbers: range
) -> None:
    assert await async_setup_component(hass, REPAIRS, {})
    await cut(hass, simulator)
    with tracebacks() as found:
        seen = set()
        for number in numbers:
            seen.add(await in_the_dialog(hass, entry, number))
            assert found == [], number
    assert seen >= {"init", "results", "create_entry"}


@FULL_QUEUE
async def test_anything_entered_for_lost_commands(
    hass: HomeAssistant, simulator: SimulatorProcess, running: MockConfigEntry
) -> None:
    await check_dialog(hass, simulator, running, range(DIALOGS))


@FULL_QUEUE
@pytest.mark.long
@pytest.mark.timeout(1800)
@pytest.mark.parametrize("part", range(DIALOG_PARTS))
async def test_anything_entered_for_lost_commands_many_times(
    hass: HomeAssistant, simulator: SimulatorProcess, running: MockConfigEntry, part: int
) -> None:
    first = part * LONG_DIALOGS // DIALOG_PARTS
    await check_dialog(hass, simulator, running, range(first, first + LONG_DIALOGS // DIALOG_PARTS))


# What was found


@pytest.mark.parametrize("duration", [{"days": 1e300}, {"seconds": math.inf}, 1e300, "99999999999:00"], ids=str)
async def test_a_timeout_that_overflows_is_refused_as_any_other(
    hass: HomeAssistant, running: MockConfigEntry, duration: object
) -> None:
    tried = Actions(hass, device_id(hass, running))
    assert await tried.call(DOMAIN, "wait_for_command", {"device_id": tried.device, "timeout": duration}) == "refused"


async def test_an_integer_beyond_every_float_is_out_of_range(hass: HomeAssistant, running: MockConfigEntry) -> None:
    tried = Actions(hass, device_id(hass, running))
    ended = await tried.call(DOMAIN, "start_vacation", {"entity_id": HEATER, "days": 10**310})
    assert ended == "value_out_of_range"
