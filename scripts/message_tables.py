"""The tables of docs/protocol.md about messages, enumerations and error codes."""

from collections.abc import Callable, Iterator, Mapping
from enum import IntEnum, StrEnum
from functools import partial
from itertools import takewhile
import re

from nwp500 import enums
from nwp500.models import DeviceFeature, DeviceStatus, Member, Message
from nwp500.models.diagnostics import DrawCounters, PartCounters, SystemCounters
from nwp500.models.energy import EnergyAmount, EnergyPeriod, EnergyUsage
from nwp500.models.error_codes import error_label, error_meaning
from nwp500.models.firmware import FirmwareDownload
from scripts.markdown_table import code, in_words, table

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


class NoSectionError(Exception):
    """An enumeration has no place in the document."""


COLUMNS = ("Wire name", "Attribute", "Kind", "Unit", "Meaning")
"""Of the members of a message."""


def members(model: type[Message], first: str | None = None, end: str | None = None) -> str:
    """Describe the members of a message, or those from one attribute up to another; each wire name once."""
    return table(COLUMNS, member_rows(model, first, end).values())


def member_rows(
    model: type[Message], first: str | None = None, end: str | None = None
) -> Mapping[str, tuple[str, ...]]:
    """Give the rows of `members` by wire name."""
    described = list(model.members().items())
    names = [name for name, _ in described]
    start = 0 if first is None else names.index(first)
    rows: dict[str, tuple[str, ...]] = {}
    for name, member in takewhile(lambda each: each[0] != end, described[start:]):
        rows.setdefault(member.wire_name, (code(member.wire_name), code(name), *_kind(member), member.meaning))
    return rows


def _kind(member: Member[object]) -> tuple[str, str]:
    return _SECTIONS.get(member.kind.name, member.kind.name), member.kind.unit


def _status_section(section: str) -> str:
    following = dict(zip(_STATUS_SECTIONS, [*list(_STATUS_SECTIONS.values())[1:], None], strict=True))
    return members(DeviceStatus, _STATUS_SECTIONS[section], following[section])


def _enumerations() -> str:
    missing = [name for name, value in vars(enums).items() if _is_enumeration(value) and name not in _SECTIONS]
    if missing:
        raise NoSectionError(f"no section for {', '.join(missing)}")
    return table(
        ("Section", "Enumeration", "What it shows", "Values"),
        (
            (section, code(enumeration.__name__), _first_sentence(enumeration), _values(enumeration))
            for enumeration, section in ENUMERATIONS.items()
        ),
    )


def _is_enumeration(value: object) -> bool:
    return isinstance(value, type) and issubclass(value, IntEnum | StrEnum) and value not in {IntEnum, StrEnum}


def _first_sentence(enumeration: type) -> str:
    text = (enumeration.__doc__ or "").splitlines()[0]
    return re.sub(r",? ?\(protocol\.md [\d. and]+\)", "", text).rstrip(".").replace("`", "")


def _values(enumeration: type[IntEnum | StrEnum]) -> str:
    return ", ".join(f"{member.value} {in_words(member.name)}" for member in enumeration)


def _error_codes() -> str:
    return table(("Code", "Shown as", "Sub code", "Meaning"), _error_rows())


def _error_rows() -> Iterator[tuple[str, ...]]:
    for number in _CODES:
        general = error_meaning(number)
        if general is None:
            continue
        refined = {sub: error_meaning(number, sub) for sub in _SUB_CODES if error_meaning(number, sub) != general}
        if not refined:
            yield str(number), error_label(number), "", general
        for sub, meaning in refined.items():
            yield str(number), error_label(number), f"{sub:02d}", meaning or ""


MESSAGE_TABLES: Mapping[str, Callable[[], str]] = {
    **{f"status {section}": partial(_status_section, section) for section in _STATUS_SECTIONS},
    "feature": partial(members, DeviceFeature),
    "energy usage": partial(members, EnergyUsage),
    "energy period": partial(members, EnergyPeriod),
    "energy amount": partial(members, EnergyAmount),
    "diagnostics tsData": partial(members, SystemCounters),
    "diagnostics tdData": partial(members, DrawCounters),
    "diagnostics taData": partial(members, PartCounters),
    "firmware download": partial(members, FirmwareDownload),
    "enumerations": _enumerations,
    "error codes": _error_codes,
}
