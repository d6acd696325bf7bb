"""Writes the tables of docs/protocol.md from those of the client; what stands between them is written by hand.

A table is one entry of `TABLES`, and its place in the document is a pair of comments:
`<!-- table: NAME -->` and `<!-- end of table -->`.
"""

import argparse
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import timedelta
import difflib
from enum import IntEnum, StrEnum
from functools import partial
from itertools import product, takewhile
from pathlib import Path
import re
import sys

from nwp500 import commands, enums, queries
from nwp500.commands import Control, Parameter
from nwp500.error_codes import error_label, error_meaning
from nwp500.models import DeviceFeature, DeviceStatus, Member, Message
from nwp500.models.diagnostics import DrawCounters, PartCounters, SystemCounters
from nwp500.models.energy import EnergyAmount, EnergyPeriod
from nwp500.models.firmware_download import FirmwareDownload
from nwp500.models.schedule import RecirculationEntry, ReservationEntry
from nwp500.queries import Query, Request, Write
from nwp500.topics import ReplyForm

DOCUMENT = Path(__file__).parent.parent / "docs" / "protocol.md"

_PLACE = re.compile(r"(<!-- table: (?P<name>[^>]+) -->\n).*?(<!-- end of table -->)", re.DOTALL)

# By the section of the document that each stands in, in its order.
ENUMERATIONS: Mapping[type[IntEnum | StrEnum], str] = {
    enums.DhwMode: "11.1",
    enums.OperationMode: "11.2",
    enums.HeatSource: "11.3",
    enums.DrEvent: "11.4",
    enums.RecirculationMode: "11.5",
    enums.ReservationMode: "11.6",
    enums.DhwTemperatureControl: "11.7",
    enums.DeviceType: "11.8",
    enums.FirmwarePart: "11.9",
    enums.TemperatureUnit: "11.11",
    enums.TemperatureFormula: "11.11",
    enums.VolumeCode: "11.11",
    enums.ConnectionStatus: "11.11",
    enums.InstallType: "11.11",
    enums.ControlFailure: "11.11",
}
_SECTIONS = {enumeration.__name__: section for enumeration, section in ENUMERATIONS.items()}

# The first member of each section of the status.
_STATUS_SECTIONS = {
    "8.1": "message_type",
    "8.2": "dhw_temperature",
    "8.3": "current_power",
    "8.4": "temperature_unit",
}

_CODES = range(1000)
_SUB_CODES = range(100)


class ProtocolDocsError(Exception):
    """The document and the tables do not fit each other."""


def table(header: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Write a table."""
    lines = (header, ["---"] * len(header), *rows)
    return "".join(f"| {' | '.join(cell.replace('|', '\\|') for cell in line)} |\n" for line in lines)


def members(model: type[Message], first: str | None = None, end: str | None = None) -> str:
    """Describe the members of a message, or those from one attribute up to another; each wire name once."""
    described = list(model.members().items())
    names = [name for name, _ in described]
    start = 0 if first is None else names.index(first)
    rows: dict[str, tuple[str, ...]] = {}
    for name, member in takewhile(lambda each: each[0] != end, described[start:]):
        rows.setdefault(member.wire_name, (_code(member.wire_name), _code(name), *_kind(member), member.meaning))
    return table(("Wire name", "Attribute", "Kind", "Unit", "Meaning"), rows.values())


def _kind(member: Member[object]) -> tuple[str, str]:
    return _SECTIONS.get(member.kind.name, member.kind.name), member.kind.unit


def _status_section(section: str) -> str:
    following = dict(zip(_STATUS_SECTIONS, [*list(_STATUS_SECTIONS.values())[1:], None], strict=True))
    return members(DeviceStatus, _STATUS_SECTIONS[section], following[section])


def _controls() -> str:
    header = ("Control", "Code", "Hex", "`mode`", "`param`", "Gate", "Sent within", "Sent again", "Shown by")
    return table(header, (_control_row(name, control) for name, control in _constants(Control)))


def _control_row(name: str, control: Control) -> tuple[str, ...]:
    return (
        _in_words(name),
        str(control.code),
        f"{control.code:08X}",
        _code(control.name),
        "; ".join(_parameter(parameter) for parameter in control.parameters) or "none",
        "; ".join(_gates(control)) or "none",
        _life_time(control),
        "yes" if control.repeatable else "no",
        "; ".join(_effects(control)) or "its answer",
    )


def _parameter(parameter: Parameter) -> str:
    if parameter.low == parameter.high:
        return str(parameter.low)
    gap = "" if parameter.gap is None else f", not {parameter.gap}"
    unit = f" {parameter.unit}" if parameter.unit and parameter.unit not in parameter.name else ""
    return f"{parameter.name} {parameter.low} to {parameter.high}{unit}{gap}"


def _gates(control: Control) -> Iterator[str]:
    if control.gate is not None:
        yield _code(control.gate)
    for value, gate in control.value_gates.items():
        yield f"with {value:d} {_code(gate)}"


def _samples(control: Control) -> Iterator[tuple[int, ...]]:
    """Give allowed parameters: all of a short range, the ends of a long one."""
    return product(
        *(
            [value for value in range(parameter.low, parameter.high + 1) if value != parameter.gap]
            for parameter in control.parameters
        )
    )


def _life_time(control: Control) -> str:
    """Say how long a control may wait; where that depends on what it sets, each of the answers."""
    known: tuple[Mapping[str, int], ...] = ({}, dict.fromkeys(control.effect(*next(_samples(control))), 0x7FFF))
    found = {control.life_time(parameters, baseline) for parameters in _samples(control) for baseline in known}
    return " or ".join(_duration(each) for each in sorted(found))


def _duration(duration: timedelta) -> str:
    seconds = int(duration.total_seconds())
    return f"{seconds // 3600} h" if seconds % 3600 == 0 else f"{seconds} s"


def _effects(control: Control) -> Iterator[str]:
    """Name the status members that show a control's effect, with their value where it is always the same."""
    effects = [control.effect(*parameters) for parameters in _samples(control)]
    for member in effects[0]:
        values = {effect[member] for effect in effects}
        shown = " or ".join(str(int(value)) for value in sorted(next(iter(values)))) if len(values) == 1 else ""
        yield f"{_code(member)} {shown}".strip()


_REPLY_PLACES: Mapping[ReplyForm, str] = {
    ReplyForm.ACKNOWLEDGEMENT: "acknowledgement topic",
    ReplyForm.CLIENT_KEYED: "client-keyed `res/{}`",
    ReplyForm.FIVE_SEGMENT: "five-segment `res/{}`",
    ReplyForm.DEVICE_OWN: "device's own `res/{}`",
}


def _requests(kind: type[Request]) -> str:
    header = ("Name", "Code", "Hex", "Suffix", "Members", "Gate", "Reply on")
    return table(
        header,
        (
            (
                request.words,
                str(request.code),
                f"{request.code:08X}",
                _code(request.suffix),
                "; ".join(f"{_code(member.name)}: {member.allowed}" for member in request.members) or "none",
                "none" if request.gate is None else _code(request.gate),
                _REPLY_PLACES[request.reply].format(request.reply_suffix),
            )
            for _, request in _constants(kind)
        ),
    )


def _period() -> str:
    header = ("Member", "Allowed")
    return table(header, ((_code(member.name), member.allowed) for member in queries.TOU_PERIOD.members))


def _constants[T](kind: type[T]) -> Iterator[tuple[str, T]]:
    for name, value in (*vars(commands).items(), *vars(queries).items()):
        if isinstance(value, kind):
            yield name, value


def _enumerations() -> str:
    missing = [name for name, value in vars(enums).items() if _is_enumeration(value) and name not in _SECTIONS]
    if missing:
        raise ProtocolDocsError(f"no section for {', '.join(missing)}")
    return table(
        ("Section", "Enumeration", "What it tells", "Values"),
        (
            (section, _code(enumeration.__name__), _first_sentence(enumeration), _values(enumeration))
            for enumeration, section in ENUMERATIONS.items()
        ),
    )


def _is_enumeration(value: object) -> bool:
    return isinstance(value, type) and issubclass(value, IntEnum | StrEnum) and value not in {IntEnum, StrEnum}


def _first_sentence(enumeration: type) -> str:
    text = (enumeration.__doc__ or "").splitlines()[0]
    return re.sub(r",? ?\(protocol\.md [\d. and]+\)", "", text).rstrip(".").replace("`", "")


def _values(enumeration: type[IntEnum | StrEnum]) -> str:
    return ", ".join(f"{member.value} {_in_words(member.name)}" for member in enumeration)


def _error_codes() -> str:
    return table(("Code", "Shown as", "Sub code", "Meaning"), _error_rows())


def _error_rows() -> Iterator[tuple[str, ...]]:
    for code in _CODES:
        general = error_meaning(code)
        if general is None:
            continue
        refined = {sub: error_meaning(code, sub) for sub in _SUB_CODES if error_meaning(code, sub) != general}
        if not refined:
            yield str(code), error_label(code), "", general
        for sub, meaning in refined.items():
            yield str(code), error_label(code), f"{sub:02d}", meaning or ""


def _code(text: str) -> str:
    return f"`{text}`"


def _in_words(constant: str) -> str:
    return constant.lower().replace("_", " ")


TABLES: Mapping[str, Callable[[], str]] = {
    "controls": _controls,
    "queries": partial(_requests, Query),
    "writes": partial(_requests, Write),
    "reservation entry": partial(members, ReservationEntry),
    "recirculation entry": partial(members, RecirculationEntry),
    "time-of-use period": _period,
    **{f"status {section}": partial(_status_section, section) for section in _STATUS_SECTIONS},
    "feature": partial(members, DeviceFeature),
    "energy period": partial(members, EnergyPeriod),
    "energy amount": partial(members, EnergyAmount),
    "diagnostics tsData": partial(members, SystemCounters),
    "diagnostics tdData": partial(members, DrawCounters),
    "diagnostics taData": partial(members, PartCounters),
    "firmware download": partial(members, FirmwareDownload),
    "enumerations": _enumerations,
    "error codes": _error_codes,
}


def filled(document: str) -> str:
    """Return a document with every table as it is now.

    Raises `ProtocolDocsError` when a place has no table, or a table not exactly one place.
    """
    places = [match["name"] for match in _PLACE.finditer(document)]
    if sorted(places) != sorted(TABLES):
        raise ProtocolDocsError(f"the document has places for {sorted(places)}, the tables are {sorted(TABLES)}")
    return _PLACE.sub(lambda match: f"{match[1]}\n{TABLES[match['name']]()}\n{match[3]}", document)


def main(arguments: Sequence[str] | None = None) -> int:
    """Write the document, or with `--check` only tell whether it is as it would be written."""
    parser = argparse.ArgumentParser(prog="scripts/protocol-docs", description=main.__doc__)
    parser.add_argument("--check", action="store_true", help="write nothing; fail when the document is stale")
    options = parser.parse_args(arguments)
    present = DOCUMENT.read_text(encoding="utf-8")
    wanted = filled(present)
    if not options.check:
        DOCUMENT.write_text(wanted, encoding="utf-8")
        return 0
    difference = difflib.unified_diff(present.splitlines(), wanted.splitlines(), "present", "wanted", lineterm="")
    print("\n".join(difference))
    return int(present != wanted)


if __name__ == "__main__":
    sys.exit(main())
