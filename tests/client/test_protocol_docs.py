"""The description of the protocol: its tables are the client's, and the script that writes them can be trusted."""

from pathlib import Path

import pytest

from nwp500 import commands, queries
from nwp500.commands import Control
from nwp500.models import DeviceFeature, DeviceStatus
from nwp500.queries import Query, Write
from scripts import protocol_docs
from scripts.protocol_docs import DOCUMENT, TABLES, ProtocolDocsError, filled, main


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
