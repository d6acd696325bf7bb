"""Every query and every write beside the controls, described once (protocol.md 5.3).

A number can stand for two things (16777226 writes reservations and asks for monthly energy): the suffix decides.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from ..exceptions import InvalidParameterError, UnsupportedCommandError
from ..json_types import JsonValue
from ..models import DeviceFeature
from ..models.conversions import DAY_MASK
from ..models.members import Number
from ..models.tou import PERIOD_MEMBERS
from .controls import LACKING
from .fields import Numbers, Record, Records, RequestMember, Text
from .topics import ReplyForm


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Request:
    """What all of them have."""

    name: str
    code: int
    suffix: str
    """The end of the topic that it is published to."""
    words: str
    reply: ReplyForm = ReplyForm.CLIENT_KEYED
    members: tuple[RequestMember, ...] = ()
    gate: str | None = None
    """Member of the device info that must report what the request needs."""

    def checked(self, content: Mapping[str, object], feature: DeviceFeature | None) -> dict[str, JsonValue]:
        """Return the members as they go over the wire.

        Raises `InvalidParameterError` for a wrong value and for a member too few or too many, and
        `UnsupportedCommandError` when the heater reports that it lacks what the request needs.
        """
        names = [member.name for member in self.members]
        if content.keys() != set(names):
            raise InvalidParameterError(
                self.name, sorted(content), f"a request with {', '.join(names) or 'no members'}"
            )
        if self.gate is not None and feature is not None and feature.raw.get(self.gate) in LACKING:
            raise UnsupportedCommandError(self.name, self.gate)
        return {member.name: member.check(content[member.name]) for member in self.members}


class Query(Request):
    """A request that changes nothing."""

    __slots__ = ()


class Write(Request):
    """A request that replaces something whole.

    It never enters the command queue: a list that was read before an outage is stale after it.
    """

    __slots__ = ()


_YEAR = Number("year", 2000, 2099)
_MONTH = Number("month", 1, 12)
_DAY = Number("day", 1, 31)

STATUS = Query(name="status", code=16777219, suffix="st", words="status", reply=ReplyForm.ACKNOWLEDGEMENT)
DEVICE_INFO = Query(
    name="device-info", code=16777217, suffix="st/did", words="device info", reply=ReplyForm.ACKNOWLEDGEMENT
)
# No answer was ever seen to this one.
SESSION_END = Query(name="session-end", code=16777218, suffix="st/end", words="end of session")
RESERVATIONS = Query(name="reservations", code=16777222, suffix="st/rsv/rd", words="weekly schedule")
RECIRCULATION_SCHEDULE = Query(
    name="recirculation-schedule",
    code=16777231,
    suffix="st/recirc-rsv/rd",
    words="recirculation schedule",
    gate="recircReservationUse",
)
ENERGY_HOURLY = Query(
    # The heater that was tried never answered it.
    name="energy-hourly",
    code=16777224,
    suffix="st/energy-usage-hourly-query/rd",
    words="energy by hours",
    members=(_YEAR, _MONTH, Numbers(_DAY)),
)
ENERGY_DAILY = Query(
    name="energy-daily",
    code=16777225,
    suffix="st/energy-usage-daily-query/rd",
    words="energy by days",
    members=(_YEAR, Numbers(_MONTH)),
)
ENERGY_MONTHLY = Query(
    name="energy-monthly",
    code=16777226,
    suffix="st/energy-usage-monthly-query/rd",
    words="energy by months",
    members=(Numbers(_YEAR),),
)
FIRMWARE_DOWNLOAD = Query(
    # Whatever topic is asked for, the answer comes on the device's own.
    name="firmware-download",
    code=16777227,
    suffix="st/dl-sw-info",
    words="firmware download",
    reply=ReplyForm.DEVICE_OWN,
)
DIAGNOSTICS = Query(
    # The cloud decodes the reply only when its topic has five segments.
    name="diagnostics",
    code=16777228,
    suffix="st/td/rd",
    words="diagnostics",
    reply=ReplyForm.FIVE_SEGMENT,
)

_USE = Number("reservationUse", 1, 2)
"""1 off, 2 on (protocol.md 7.1)."""
_ENABLE = Number("enable", 1, 2)
_HOUR = Number("hour", 0, 23)
_MINUTE = Number("min", 0, 59)


def reservation_entry(low: int = 0, high: int = 255) -> Record:
    """Return the members of an entry of the weekly schedule, for a heater with these limits of the setpoint."""
    setpoint = Number("param", low, high, "half-degrees Celsius")
    return Record("reservation", (_ENABLE, DAY_MASK, _HOUR, _MINUTE, Number("mode", 1, 5), setpoint))


RECIRCULATION_ENTRY = Record(
    "reservation", (_ENABLE, DAY_MASK, _HOUR, _MINUTE, Number("mode", 1, 2), Number("param", -1, -1))
)
TOU_PERIOD = Record("reservation", tuple(replace(number, name=name) for name, number in PERIOD_MEMBERS.items()))

WRITE_RESERVATIONS = Write(
    name="write-reservations",
    code=16777226,
    suffix="ctrl/rsv/rd",
    words="weekly schedule",
    members=(_USE, Records("reservation", reservation_entry())),
)
WRITE_RECIRCULATION_SCHEDULE = Write(
    name="write-recirculation-schedule",
    code=33554440,
    suffix="ctrl/recirc-rsv/rd",
    words="recirculation schedule",
    members=(_USE, Records("reservation", RECIRCULATION_ENTRY, max_entries=20)),
    gate="recircReservationUse",
)
WRITE_TOU = Write(
    name="write-tou",
    code=33554439,
    suffix="ctrl/tou/rd",
    words="time of use",
    members=(
        Text("controllerSerialNumber"),
        _USE,
        # Without a list it has the shape of a read, which does not exist; the heater's memory has 40 slots.
        Records("reservation", TOU_PERIOD, min_entries=1, max_entries=40),
    ),
    gate="programReservationUse",
)
COMMIT_FIRMWARE = Write(
    # Installs firmware; neither this nor its reply was ever observed.
    name="commit-firmware",
    code=33554442,
    suffix="ctrl/commit-ota",
    words="firmware installation",
    reply=ReplyForm.FIVE_SEGMENT,
    members=(Record("commitOta", (Number("swCode", 1, 4, gap=3), Number("swVersion", 1, 2**32 - 1))),),
)
