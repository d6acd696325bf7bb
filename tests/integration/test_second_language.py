"""Home Assistant in a language that is not English: a made-up one, in which every text bears a mark."""

import json
from pathlib import Path
import shutil
from typing import Any

from homeassistant.core import Event, HomeAssistant
from homeassistant.exceptions import HomeAssistantError
from homeassistant.helpers.translation import async_get_translations
from homeassistant.loader import async_get_integration
from homeassistant.setup import async_setup_component
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry, async_capture_events
from pytest_homeassistant_custom_component.typing import ClientSessionGenerator, WebSocketGenerator

from custom_components.navilink import logbook
from custom_components.navilink.const import DOMAIN
from custom_components.navilink.nwp500.exceptions import ApiConnectionError, UnsupportedCommandError
from custom_components.navilink.outcomes import EVENT_COMMAND_OUTCOME
from custom_components.navilink.wording import error_words, setup_error, to_home_assistant_error
from simulator.process import SimulatorProcess
from tests.integration.actions import OUTCOME, QUEUED, cut, press, queued_words, set_mode, set_temperature, shown
from tests.integration.dialogs import Dialog, results
from tests.integration.heaters import HEATER
from tests.integration.waiting import wait_for, wait_for_value

# The code of ISO 639 for languages that somebody made up.
LANGUAGE = "art"
MARK = "¡"


def marked(texts: dict[str, Any]) -> dict[str, Any]:
    return {name: marked(text) if isinstance(text, dict) else f"{MARK}{text}" for name, text in texts.items()}


@pytest.fixture
async def categories(hass: HomeAssistant, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> set[str]:
    """Let Home Assistant speak the language, and return of which kinds there are texts; ask for it before `running`."""
    integration = await async_get_integration(hass, DOMAIN)
    folder = shutil.copytree(integration.file_path, tmp_path / DOMAIN)
    texts: dict[str, Any] = json.loads((folder / "translations" / "en.json").read_text())
    (folder / "translations" / f"{LANGUAGE}.json").write_text(json.dumps(marked(texts)))
    monkeypatch.setattr(integration, "file_path", folder)
    hass.config.language = LANGUAGE
    return set(texts)


async def test_every_text_is_taken_from_the_language(hass: HomeAssistant, categories: set[str]) -> None:
    for category in categories:
        texts = await async_get_translations(hass, LANGUAGE, category, {DOMAIN})
        assert texts
        # A text whose placeholders are others than in English would be replaced by the English one.
        assert [key for key, text in texts.items() if not text.startswith(MARK)] == [], category


@pytest.mark.usefixtures("categories", "running")
async def test_error_of_an_action(
    hass: HomeAssistant, simulator: SimulatorProcess, hass_ws_client: WebSocketGenerator
) -> None:
    """The frontend gets the key of its text, which it has in the language of its user, and what is put into it."""
    socket = await hass_ws_client(hass)

    async def refused(action: str, **data: object) -> dict[str, Any]:
        await socket.send_json_auto_id(
            {
                "type": "call_service",
                "domain": "water_heater",
                "service": action,
                "service_data": {"entity_id": HEATER, **data},
            }
        )
        error: dict[str, Any] = (await socket.receive_json())["error"]
        assert error["translation_domain"] == DOMAIN
        return {error["translation_key"]: error["translation_placeholders"]}

    assert await refused("set_temperature", temperature=90) == {
        "value_out_of_range": {
            "setting": "¡target temperature",
            "value": "90 °C",
            "minimum": "40.5 °C",
            "maximum": "65.5 °C",
        }
    }
    await simulator.fault("ctrl_fail", code=3)
    assert await refused("set_operation_mode", operation_mode="electric") == {
        "command_rejected": {"command": "¡mode electric", "reason": "¡the water heater rejected it (code 3)"}
    }


@pytest.mark.usefixtures("categories", "running")
async def test_errors_in_an_automation_are_english_around_what_is_put_into_them(
    hass: HomeAssistant, simulator: SimulatorProcess
) -> None:
    """Home Assistant itself writes errors to logs and traces in English."""
    await simulator.fault("ctrl_fail", code=3)
    with pytest.raises(HomeAssistantError) as refused:
        await set_mode(hass, "electric")
    assert str(refused.value) == 'The command "¡mode electric" was not applied: ¡the water heater rejected it (code 3)'


@pytest.mark.usefixtures("categories")
async def test_what_is_put_into_errors(hass: HomeAssistant) -> None:
    assert await async_setup_component(hass, DOMAIN, {})
    unsupported = to_home_assistant_error(hass, UnsupportedCommandError("power-on", "powerUse"))
    assert unsupported.translation_placeholders == {"command": "¡Power on"}
    # Where the integration itself makes the text of an error, as in the dialog of lost commands.
    assert error_words(hass, unsupported) == '¡The water heater does not support the command "¡Power on".'
    unreachable = setup_error(hass, ApiConnectionError("no route to host"))
    assert unreachable.translation_placeholders is not None
    assert unreachable.translation_placeholders["error"].startswith("¡Service unreachable (")


@pytest.mark.usefixtures("categories", "running")
async def test_outcome_in_events_logbook_and_queue(hass: HomeAssistant, simulator: SimulatorProcess) -> None:
    fired: list[Event] = async_capture_events(hass, EVENT_COMMAND_OUTCOME)
    await cut(hass, simulator)
    await set_temperature(hass, 60)
    assert queued_words(hass) == ["¡target temperature 60 °C"]
    assert shown(hass, QUEUED).attributes["commands"][0]["setting"] == "¡target temperature"
    await press(hass, "button.nwp500_clear_queue")
    words = {
        "command": "¡target temperature 60 °C",
        "setting": "¡target temperature",
        "reason": "¡the queue was cleared",
    }
    assert shown(hass, OUTCOME).attributes.items() >= words.items()
    [event] = fired
    assert event.data.items() >= words.items()
    lines: list[str | None] = []
    logbook.async_describe_events(
        hass,
        lambda _domain, kind, describe: (
            lines.append(describe(event)["message"]) if kind == EVENT_COMMAND_OUTCOME else None
        ),
    )
    assert lines == ["¡¡target temperature 60 °C was removed from the queue: ¡the queue was cleared"]


@pytest.mark.usefixtures("categories")
@pytest.mark.parametrize("options", [{"queue_size": 1}])
async def test_dialog_of_lost_commands(
    hass: HomeAssistant, simulator: SimulatorProcess, running: MockConfigEntry, hass_client: ClientSessionGenerator
) -> None:
    await cut(hass, simulator)
    await set_temperature(hass, 60)
    await set_temperature(hass, 55)
    await set_mode(hass, "heat_pump")
    dialog = Dialog(hass, hass_client, running)
    flow = await dialog.open()
    lines = flow["description_placeholders"]["commands"].splitlines()
    assert [(line.partition(", queued ")[0], line.rpartition(": ")[2]) for line in lines] == [
        ("- ¡NWP500: ¡target temperature 55 °C", "¡the queue was full"),
    ]
    assert results(await dialog.choose(flow, "send_again")) == ["- NWP500: ¡target temperature 55 °C: ¡Queued"]


@pytest.mark.usefixtures("categories", "running")
async def test_fault_of_a_heater(hass: HomeAssistant, simulator: SimulatorProcess) -> None:
    await simulator.fault("error", code=515, sub_code=26)
    await press(hass, "button.nwp500_refresh")
    state = await wait_for_value(hass, "sensor.nwp500_error_code", "E515")
    assert state.attributes["meaning"] == "¡relay fault: lower element"


@pytest.mark.usefixtures("categories", "running")
@pytest.mark.parametrize(
    ("calendar", "refusal"),
    [
        ("weekly_schedule", "¡The water heater can only store events that start"),
        ("planned_heating", "¡A boost is a single event"),
    ],
)
async def test_refusal_of_a_calendar(
    hass: HomeAssistant, hass_ws_client: WebSocketGenerator, calendar: str, refusal: str
) -> None:
    """Its dialog shows the text that Home Assistant gives it, and does not look up the key."""
    await wait_for(hass, f"calendar.nwp500_{calendar}", lambda state: state.state == "off")
    socket = await hass_ws_client(hass)
    event = {"summary": "Eco, 50 °C", "dtstart": "2026-11-28", "dtend": "2026-11-29"}
    await socket.send_json_auto_id(
        {"type": "calendar/event/create", "entity_id": f"calendar.nwp500_{calendar}", "event": event}
    )
    error = (await socket.receive_json())["error"]
    assert error["message"].startswith(refusal), error
