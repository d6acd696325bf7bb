"""What README and architecture.md say of the client and the simulator is so, and is all there is."""

import builtins
from collections.abc import Callable, Coroutine, Iterator
from dataclasses import fields
from functools import partial
import getpass
import inspect
from pathlib import Path
import re

import pytest

import nwp500
from nwp500 import MqttConnectionConfig, NavienAPIClient, NavienAuthClient, WriteOutcome
from nwp500.events import EVENTS
from nwp500.heaters.changes import ChangeWatch
from nwp500.heaters.controls import HeaterControls
from nwp500.heaters.queries import HeaterQueries
from nwp500.heaters.schedules import Schedules
from nwp500.rest.account import AccountAPI, MaintenanceAPI
from nwp500.rest.tou import TouAPI
from simulator.control.faults import FAULTS
from tests.client.support.stage import MAC, Stage

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text()
ARCHITECTURE = (ROOT / "docs" / "architecture.md").read_text()
CODE = ("custom_components", "simulator", "tests", "examples")
INTEGRATION = ROOT / "custom_components" / "navilink"
CLIENT = INTEGRATION / "nwp500"


def section(text: str, heading: str) -> str:
    """Return a section of a document, up to the next heading."""
    return re.split(r"^#+ ", text.partition(f"\n{heading}\n")[2], maxsplit=1, flags=re.MULTILINE)[0]


def rows(text: str) -> Iterator[list[str]]:
    """Give the cells of each row of the tables in a text."""
    for line in text.splitlines():
        if line.startswith("| `"):
            yield [cell.strip() for cell in line.strip("|").split(" | ")]


def quoted(text: str) -> list[str]:
    """Return the names in a text that are set as code."""
    return re.findall(r"`([A-Za-z_.]+)`", text)


def public_methods(owner: type) -> set[str]:
    """Return the names of the coroutines that a class offers."""
    return {name for name, _ in inspect.getmembers(owner, inspect.iscoroutinefunction) if not name.startswith("_")}


@pytest.mark.parametrize("folder", [INTEGRATION, CLIENT], ids=["integration", "client"])
def test_the_map_has_every_module(folder: Path) -> None:
    platforms, _, _ = ARCHITECTURE.partition('platforms["platforms')[2].partition('"]')
    named = {*quoted(section(ARCHITECTURE, "## Floors")), *(f"{name}.py" for name in re.findall(r"[a-z_]+", platforms))}
    assert {path.name for path in folder.glob("*.py")} - named == {"__init__.py"}


@pytest.mark.parametrize("text", [README, ARCHITECTURE], ids=["README", "architecture"])
def test_every_file_that_is_named_exists(text: str) -> None:
    files = {path.name for folder in CODE for path in (ROOT / folder).rglob("*.py")}
    assert set(re.findall(r"\b[a-z_]+\.py\b", text)) - files == set()
    assert [transport for transport in re.findall(r"\]\(([^)#:]+)\)", text) if not _leads_somewhere(transport)] == []


def _leads_somewhere(transport: str) -> bool:
    return (ROOT / transport).exists() or (ROOT / "docs" / transport).exists()


def test_every_fault_is_named() -> None:
    table, _, _ = ARCHITECTURE.partition("| What goes wrong")[2].partition("\n\n")
    assert sorted(quoted(table)) == sorted(FAULTS)


def test_every_event_is_named() -> None:
    named = [name for cells in rows(section(README, "### Events")) for name in quoted(cells[0])]
    # One is explained beside the outcomes that it stands for.
    assert sorted([*named, "command_completed"]) == sorted(EVENTS)


def test_what_a_change_event_watches_is_an_attribute() -> None:
    (watched,) = (cells[1] for cells in rows(section(README, "### Events")) if cells[0] == "`temperature_changed`")
    status = nwp500.DeviceStatus(dict.fromkeys(("dhwTemperature", "tankUpperTemperature", "tankLowerTemperature"), 80))
    watch = ChangeWatch()
    watch.changes(status)
    changed = watch.changes(status.with_members(dict.fromkeys(status.raw, 100)))
    assert [change.attribute for change in changed if change.name == "temperature_changed"] == quoted(watched)


def test_settings_are_named_with_their_defaults() -> None:
    defaults = {field.name: repr(field.default) for field in fields(MqttConnectionConfig)}
    reported = {quoted(cells[0])[0]: cells[1].strip("`") for cells in rows(section(README, "### Settings"))}
    assert reported.pop("MqttConnectionConfig") == "Default"
    assert reported == {name: defaults[name] for name in reported}
    assert [name for name in defaults if "command" in name and name not in reported] == []


def test_every_control_is_named() -> None:
    controls = public_methods(HeaterControls)
    assert controls <= set(quoted(section(README, "### Control")))


def test_every_question_is_named() -> None:
    questions = public_methods(HeaterQueries) - {"exchange", "feature"}
    assert questions <= set(quoted(section(README, "### Ask")))


def test_every_schedule_method_and_outcome_is_named() -> None:
    text = section(README, "### Change schedules")
    named = [name for cells in rows(text) for name in quoted(cells[0])]
    outcomes = [outcome.name for outcome in WriteOutcome]
    assert sorted(named) == sorted([*public_methods(Schedules), *outcomes, "WriteOutcome"])


def test_every_rest_call_is_named() -> None:
    reported = {cells[0].strip("`"): set(quoted(cells[1])) for cells in rows(section(README, "### REST"))}
    assert reported == {
        "api = NavienAPIClient(auth_client)": set(),
        "api": public_methods(NavienAPIClient),
        "api.tou": public_methods(TouAPI),
        "api.maintenance": public_methods(MaintenanceAPI),
        "api.account": public_methods(AccountAPI),
    }


@pytest.mark.asyncio(loop_scope="module")
async def test_the_script_works(
    stage: Stage, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    script, _, _ = README.partition("```python\n")[2].partition("```")
    addresses = stage.simulator.addresses
    config = partial(
        MqttConnectionConfig,
        endpoint=addresses["mqtt_endpoint"],
        port=addresses["mqtt_port"],
        ca_file=addresses["ca_file"],
    )
    monkeypatch.setattr(nwp500, "NavienAuthClient", partial(NavienAuthClient, base_url=addresses["api_url"]))
    monkeypatch.setattr(nwp500, "MqttConnectionConfig", config)
    monkeypatch.setattr(builtins, "input", lambda _: addresses["email"])
    monkeypatch.setattr(getpass, "getpass", lambda: addresses["password"])
    before, started, after = script.partition("asyncio.run(main())")
    assert (started, after) == ("asyncio.run(main())", "\n")
    names: dict[str, Callable[[], Coroutine[object, object, None]]] = {}
    exec(before, names)  # noqa: S102 - the script is the README's own
    await names["main"]()
    assert capsys.readouterr().out == "set point 120 °F: confirmed, the heater reports it\n"
    assert await stage.applied(MAC) == [("dhw-temperature", [98])]
