"""The examples, and the script in docs/client.md, do what they say.

The example about the queue runs with the demo, in `tests/e2e`.
"""

import asyncio
import builtins
from collections.abc import Callable, Coroutine
from functools import partial
import getpass
from pathlib import Path
import sys

import pytest

from examples import energy_and_schedule
import nwp500
from nwp500 import MqttConnectionConfig, NavienAuthClient
from nwp500.enums import ReservationMode
from nwp500.models import ReservationEntry
from tests.client.support.days import EVERY_DAY
from tests.client.support.stage import MAC, PATIENCE, Stage

pytestmark = pytest.mark.asyncio(loop_scope="module")

MORNING_BEFORE = "Mon Tue Wed Thu Fri at 06:30: energy saver, 55.0 °C"
MORNING_CHANGED = "Mon Tue Wed Thu Fri at 06:30: energy saver, 57.0 °C"
NIGHT = "Sun Mon Tue Wed Thu Fri Sat at 22:15: heat pump, 49.0 °C"


async def test_energy_and_schedule_example(tmp_path: Path) -> None:
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        energy_and_schedule.__file__,
        cwd=tmp_path,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    async with asyncio.timeout(PATIENCE):
        output, errors = await process.communicate()
    assert (process.returncode, errors) == (0, b"")
    _, energy, _, schedule, changed, restored = output.decode().split("\n== ")[1:]
    assert energy.startswith("Energy in ")
    assert "not known" not in energy
    assert schedule.splitlines()[1:] == ["   on, entries: 2", f"   {MORNING_BEFORE}", f"   {NIGHT}"]
    assert "written, sent 1 time(s)" in changed
    assert changed.splitlines()[2:] == ["   on, entries: 2", f"   {NIGHT}", f"   {MORNING_CHANGED}"]
    assert "written, sent 2 time(s)" in restored
    assert restored.splitlines()[2:] == ["   on, entries: 2", f"   {NIGHT}", f"   {MORNING_BEFORE}"]


async def test_the_part_for_an_own_heater_writes_nothing(stage: Stage, capsys: pytest.CaptureFixture[str]) -> None:
    night = ReservationEntry.of(EVERY_DAY, 23, 5, ReservationMode.ELECTRIC, 100, is_enabled=False)
    wire = {"reservationUse": 1, "reservation": [dict(night.raw)]}
    await stage.simulator.schedules(stage.device.mac_address, reservations=wire)
    await energy_and_schedule.read(await stage.connected(), stage.device)
    received = (await stage.simulator.state())["received"]
    assert {message["topic"].split("/")[3] for message in received if message["topic"].startswith("cmd/")} == {"st"}
    assert "off, entries: 1" in (said := capsys.readouterr().out)
    assert "Sun Mon Tue Wed Thu Fri Sat at 23:05: electric, 50.0 °C (switched off)" in said


async def test_the_script_in_the_documents_works(
    stage: Stage, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    document = Path(__file__).parents[3] / "docs" / "client.md"
    script, _, _ = document.read_text().partition("```python\n")[2].partition("```")
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
    exec(before, names)  # noqa: S102 - the script is the document's own
    await names["main"]()
    assert capsys.readouterr().out.endswith(" 120 °F: confirmed\n")
    assert await stage.applied(MAC) == [("dhw-temperature", [98])]
