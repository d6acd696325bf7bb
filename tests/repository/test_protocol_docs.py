"""The description of the protocol: its tables are the client's, and the script that writes them can be trusted."""

from collections.abc import Iterator
from pathlib import Path
import re

import pytest

from nwp500 import commands, queries
from nwp500.models import DeviceFeature, DeviceStatus, Message
from nwp500.protocol.controls import Control
from nwp500.protocol.queries import Query, Write
from scripts import protocol_docs
from scripts.protocol_docs import DOCUMENT, TABLES, ProtocolDocsError, filled, main
from tests.client.rest.test_rest_golden import path_of
from tests.client.support.scripted_service import RECORDED


@pytest.fixture
def document(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of the document, which the script takes for the document."""
    copy = tmp_path / "protocol.md"
    copy.write_text(DOCUMENT.read_text())
    monkeypatch.setattr(protocol_docs, "DOCUMENT", copy)
    return copy


def test_the_document_is_as_the_client_is() -> None:
    assert filled(DOCUMENT.read_text()) == DOCUMENT.read_text(), "run scripts/protocol-docs"


@pytest.mark.parametrize("stale", ["`mixingValueUse`", "33554464", "fails to close", "grid emergency"])
def test_a_stale_document_is_found_and_mended(document: Path, stale: str, capsys: pytest.CaptureFixture[str]) -> None:
    present = document.read_text()
    start, name, rest = present.partition("<!-- table: controls -->")
    document.write_text(start.replace(stale, "stale") + name + rest.replace(stale, "stale"))
    assert main(["--check"]) == 1
    assert stale in capsys.readouterr().out
    assert main([]) == 0
    assert main(["--check"]) == 0
    for table in TABLES.values():
        assert table() in document.read_text()


@pytest.mark.parametrize(
    ("found", "wanted"),
    [
        ("<!-- table: controls -->", "<!-- table: control -->"),
        ("<!-- table: feature -->", ""),
        ("<!-- table: queries -->", "<!-- table: queries -->\n<!-- end of table -->\n<!-- table: queries -->"),
    ],
)
def test_a_table_has_exactly_one_place(found: str, wanted: str) -> None:
    with pytest.raises(ProtocolDocsError, match="the document has places for"):
        filled(DOCUMENT.read_text().replace(found, wanted))


@pytest.mark.parametrize(
    ("model", "names"), [(DeviceStatus, [f"status 8.{part}" for part in (1, 2, 3, 4)]), (DeviceFeature, ["feature"])]
)
def test_every_member_is_described_once(model: type[DeviceStatus | DeviceFeature], names: list[str]) -> None:
    rows = [line for name in names for line in TABLES[name]().splitlines()[2:]]
    wire_names = {member.wire_name for member in model.members().values()}
    assert sorted(row.split("`")[1] for row in rows) == sorted(wire_names)


def models(base: type[Message] = Message) -> Iterator[type[Message]]:
    """Give every kind of message that has members of its own."""
    for model in base.__subclasses__():
        if model.members():
            yield model
        yield from models(model)


@pytest.mark.parametrize("model", models(), ids=lambda model: model.__name__)
def test_every_message_is_described(model: type[Message]) -> None:
    first_attributes: dict[str, str] = {}
    for attribute, member in model.members().items():
        first_attributes.setdefault(member.wire_name, attribute)
    wanted = {f"| `{wire_name}` | `{attribute}` |" for wire_name, attribute in first_attributes.items()}
    in_all = "".join(table() for table in TABLES.values())
    assert {row for row in wanted if row not in in_all} == set()


@pytest.mark.parametrize(
    ("name", "row"),
    [
        ("reservation entry", "| `week` | `days` | day mask |  | The days on which it acts | 2 to 254 in steps of 2 |"),
        (
            "reservation entry",
            "| `param` | `setpoint` | half | °C | The setpoint that it sets | 70 to 131 half-degrees Celsius |",
        ),
        ("recirculation entry", "| `mode` | `pump_on` | t |  | Whether the pump is switched on or off | 1 to 2 |"),
        ("recirculation entry", "| `param` | `parameter` | number |  | Always -1, in the hexadecimal form ff | -1 |"),
        ("time-of-use period", "| `endMinute` | `end_minute` | 0 to 59 |"),
    ],
)
def test_what_may_be_written_in_an_entry_is_told(name: str, row: str) -> None:
    assert row in TABLES[name]().splitlines()


@pytest.mark.parametrize(
    "member",
    [
        "`reservation`: a list of entries (section 7.1) |",
        "`reservation`: a list of entries (section 7.2), at most 20 |",
        "`reservation`: a list of entries (section 7.3), at least 1, at most 40 |",
        "`commitOta.swCode`: a whole number from 1 to 4 but not 3;",
    ],
)
def test_what_a_write_carries_is_told(member: str) -> None:
    assert member in TABLES["writes"]()


def test_every_call_of_the_rest_service_is_described() -> None:
    document = DOCUMENT.read_text()
    for exchange in RECORDED.keys() - {"not_found"}:
        path = path_of(exchange)
        assert re.search(rf"`((GET|POST|PUT|DELETE) )?{path}`", document), path


@pytest.mark.parametrize(("name", "kind"), [("controls", Control), ("queries", Query), ("writes", Write)])
def test_every_command_is_described(name: str, kind: type[Control | Query | Write]) -> None:
    described = TABLES[name]()
    known = [value for table in (commands, queries) for value in vars(table).values() if isinstance(value, kind)]
    assert len(described.splitlines()) == len(known) + 2
    assert all(f"| {command.code} |" in described for command in known)


@pytest.mark.parametrize(
    "row",
    [
        "power off | 33554433 | 02000001 | `power-off` | none | `powerUse` | 24 h | yes | `dhwOperationSetting` 6",
        "air filter reset | 33554473 | 02000029 | `air-filter-reset` | none | none | 24 h | no | its answer",
    ],
)
def test_a_control_is_described_with_all_that_matters(row: str) -> None:
    assert f"| {row} |" in TABLES["controls"]().splitlines()


def test_errors_are_described_by_code_and_sub_code() -> None:
    rows = TABLES["error codes"]().splitlines()
    assert "| 445 | E445 | 02 | mixing valve fails to close |" in rows
    assert "| 799 | E799 |  | water leak |" in rows
    assert sum("| 615 |" in row for row in rows) == 5
