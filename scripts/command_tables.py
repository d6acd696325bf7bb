"""The tables of docs/protocol.md about controls, queries and writes."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import fields
from datetime import timedelta
from functools import partial
from itertools import product

from nwp500 import commands, queries
from nwp500.enums import TemperatureUnit
from nwp500.models import Message, RecirculationEntry, ReservationEntry, TouPeriod
from nwp500.models.members import Number
from nwp500.protocol.controls import Control
from nwp500.protocol.fields import Record, Records, RequestMember
from nwp500.protocol.queries import Query, Request, Write
from nwp500.protocol.setpoint import raw_limits
from nwp500.protocol.topics import ReplyForm
from scripts.markdown_table import code, in_words, table
from scripts.message_tables import COLUMNS, member_rows


def _controls() -> str:
    header = ("Control", "Code", "Hex", "`mode`", "`param`", "Gate", "Sent within", "Sent again", "Shown by")
    return table(header, (_control_row(name, control) for name, control in _constants(Control)))


def _control_row(name: str, control: Control) -> tuple[str, ...]:
    return (
        in_words(name),
        str(control.code),
        f"{control.code:08X}",
        code(control.name),
        "; ".join(_parameter(parameter) for parameter in control.parameters) or "none",
        "; ".join(_gates(control)) or "none",
        _life_time(control),
        "yes" if control.repeatable else "no",
        "; ".join(_effects(control)) or "its answer",
    )


def _parameter(parameter: Number) -> str:
    if parameter.low == parameter.high:
        return str(parameter.low)
    gap = "" if parameter.gap is None else f", not {parameter.gap}"
    unit = f" {parameter.unit}" if parameter.unit and parameter.unit not in parameter.name else ""
    return f"{parameter.name} {parameter.low} to {parameter.high}{unit}{gap}"


def _gates(control: Control) -> Iterator[str]:
    if control.gate is not None:
        yield code(control.gate)
    for value, gate in control.value_gates.items():
        yield f"with {value:d} {code(gate)}"


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
        yield f"{code(member)} {shown}".strip()


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
                code(request.suffix),
                "; ".join(row for member in request.members for row in _request_member(request, member)) or "none",
                "none" if request.gate is None else code(request.gate),
                _REPLY_PLACES[request.reply].format(request.suffix.partition("/")[2]),
            )
            for _, request in _constants(kind)
        ),
    )


# Where the entries of a list that is written are described.
_ENTRIES: Mapping[Request, str] = {
    queries.WRITE_RESERVATIONS: "7.1",
    queries.WRITE_RECIRCULATION_SCHEDULE: "7.2",
    queries.WRITE_TOU: "7.3",
}


def _request_member(request: Request, member: RequestMember) -> Iterator[str]:
    """Describe a member of a request; of an object, each of its numbers."""
    match member:
        case Record(name, numbers):
            for number in numbers:
                yield f"{code(f'{name}.{number.name}')}: {number.allowed}"
        case Records(name, _, least, most):
            limits = (f", at least {least}" if least else "") + ("" if most is None else f", at most {most}")
            yield f"{code(name)}: a list of entries (section {_ENTRIES[request]}){limits}"
        case _:
            yield f"{code(member.name)}: {member.allowed}"


def _entry(model: type[Message], ranges: Record) -> str:
    """Describe the members of an entry that can be written, with what may be."""
    rows = member_rows(model)
    return table(
        (*COLUMNS, "May be written"),
        ((*rows[number.name], _limits(number)) for number in ranges.members),
    )


def _reservation_entry() -> str:
    """Describe an entry as it is checked for a heater that has not reported its limits."""
    return _entry(ReservationEntry, queries.reservation_entry(*raw_limits(TemperatureUnit.FAHRENHEIT, None)))


def _limits(number: Number) -> str:
    if number.low == number.high:
        return str(number.low)
    return number.allowed.removeprefix("a whole number from ")


def _period() -> str:
    numbers = {member.name: number for number, member in enumerate(queries.TOU_PERIOD.members)}
    numbered = TouPeriod.from_message(numbers)
    attributes = {getattr(numbered, field.name): field.name for field in fields(TouPeriod)}
    return table(
        ("Wire name", "Attribute", "May be written"),
        (
            (code(member.name), code(attributes[numbers[member.name]]), _limits(member))
            for member in queries.TOU_PERIOD.members
        ),
    )


def _constants[T](kind: type[T]) -> Iterator[tuple[str, T]]:
    for name, value in (*vars(commands).items(), *vars(queries).items()):
        if isinstance(value, kind):
            yield name, value


COMMAND_TABLES: Mapping[str, Callable[[], str]] = {
    "controls": _controls,
    "queries": partial(_requests, Query),
    "writes": partial(_requests, Write),
    "reservation entry": _reservation_entry,
    "recirculation entry": partial(_entry, RecirculationEntry, queries.RECIRCULATION_ENTRY),
    "time-of-use period": _period,
}
