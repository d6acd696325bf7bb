"""Every kind of message that heaters send, for the fuzz test."""

from collections.abc import Callable, Mapping

from nwp500 import queries
from nwp500.heaters.inbox import announced_presence
from nwp500.models import (
    DeviceFeature,
    DeviceStatus,
    Diagnostics,
    EnergyUsage,
    FirmwareDownload,
    RecirculationSchedule,
    ReservationSchedule,
    TouPeriod,
)
from nwp500.models.firmware import firmware_downloads
from nwp500.models.members import block, objects
from nwp500.models.schedule import WeeklyEntry, WeeklySchedule
from nwp500.protocol.queries import Request
from tests.client.models.test_diagnostics import BLOCKS, as_hex
from tests.client.support.fuzz_kinds import (
    Document,
    Kind,
    Parts,
    Question,
    fixture,
    merged,
    parts_of_message,
    parts_of_rows,
    read_derived,
)
from tests.client.support.mutations import Path
from tests.client.support.own_transport import DEVICE
from tests.client.support.stage import MAC

_REPLY = f"cmd/52/navilink-{MAC}/ha-client-3f9a1c07/res"
_RESERVATION: Path = ("response", "reservation")
_USAGE: Path = ("response", "usage")
_DOWNLOADS: Path = ("response", "downloadSwInfo")

_PERIOD: Mapping[Path, str] = {
    ("season",): "season",
    ("week",): "week",
    ("startHour",): "start_hour",
    ("startMinute",): "start_minute",
    ("endHour",): "end_hour",
    ("endMinute",): "end_minute",
    ("priceMin",): "price_min_raw",
    ("priceMax",): "price_max_raw",
    ("decimalPoint",): "decimal_point",
}
_WAITING = {"swCode": 1, "otaMode": 1, "swVersion": 184877056, "status": 1}


def _heater_named(path: Path) -> Path | None:
    """Let the MAC decide about the whole message: it says whose it is."""
    return () if path in {("response", "macAddress"), ("event", "macAddress")} else None


def _reply_found(path: Path) -> Path | None:
    """Let the session decide too: it says who has asked."""
    return () if path == ("sessionID",) else _heater_named(path)


def _schedule_found(path: Path) -> Path | None:
    """Let a reply without a list be none."""
    return () if path == _RESERVATION else _reply_found(path)


def _usage_found(path: Path) -> Path | None:
    """Let the kind of usage be lost with total and list, either of which makes a reply one."""
    return ("response", "typeOfUsage") if path in {_USAGE, ("response", "total")} else _reply_found(path)


def _download_found(path: Path) -> Path | None:
    """Let an entry that is none move those after it."""
    return _DOWNLOADS if len(path) == 3 and path[:2] == _DOWNLOADS else _reply_found(path)


def _content(name: str) -> Callable[[DeviceStatus | DeviceFeature], Parts]:
    return lambda message: parts_of_message(message, "response", name)


def _parts_of_schedule(schedule: WeeklySchedule[WeeklyEntry]) -> Parts:
    entries = (parts_of_message(entry, *_RESERVATION, number) for number, entry in enumerate(schedule.entries))
    return merged(entries) | _use_of(schedule)


def _parts_of_hex_schedule(schedule: WeeklySchedule[WeeklyEntry]) -> Parts:
    return {_RESERVATION: schedule.entries} | _use_of(schedule)


def _use_of(schedule: WeeklySchedule[WeeklyEntry]) -> Parts:
    read_derived(schedule)
    # Whatever came can be compared, and written back or not.
    assert schedule.is_same_as(schedule) is schedule.is_complete
    return {("response", "reservationUse"): (schedule.use, schedule.is_on)}


def _parts_of_usage(usage: EnergyUsage) -> Parts:
    # Looking an amount up must not fail either.
    usage.of_month(2026, 1)
    usage.of_day(2026, 9, 1)
    periods = (
        parts_of_message(period, *_USAGE, number)
        | merged(
            parts_of_message(amount, *_USAGE, number, "data", sequence)
            for sequence, amount in enumerate(period.amounts)
        )
        for number, period in enumerate(usage.periods)
    )
    return parts_of_message(usage, "response") | parts_of_message(usage.total, "response", "total") | merged(periods)


def _parts_of_counters(counters: Diagnostics) -> Parts:
    blocks = {"tsData": counters.system, "tdData": counters.draws, "taData": counters.parts}
    return merged(parts_of_message(block, "response", "data", name) for name, block in blocks.items())


def _parts_of_hex_counters(counters: Diagnostics) -> Parts:
    blocks = {"tsData": counters.system, "tdData": counters.draws, "taData": counters.parts}
    return {("response", "data", name): block.decoded() for name, block in blocks.items()}


def _parts_of_downloads(downloads: tuple[FirmwareDownload, ...]) -> Parts:
    return merged(parts_of_message(download, *_DOWNLOADS, number) for number, download in enumerate(downloads))


def _periods(message: Document) -> tuple[TouPeriod, ...]:
    return tuple(TouPeriod.from_message(period) for period in objects(block(message, "response"), "reservation"))


def _status(name: str, document: Document, content: str = "status") -> Kind:
    return Kind(
        name=name,
        document=document,
        topic=_REPLY,
        read=DeviceStatus.from_message,
        parts=_content(content),
        kept=lambda client: client.status(DEVICE),
        keys=_heater_named,
    )


def _reply(
    name: str,
    recorded: Document,
    request: Request,
    read: Callable[[Document], object],
    # Any kind of model, each with its own.
    parts: Callable[..., Parts],
    *,
    keys: Callable[[Path], Path | None] = _reply_found,
    **content: object,
) -> Kind:
    """Describe a reply that the client reads for whoever has asked."""
    return Kind(
        name=name,
        document=recorded["payload"],
        topic=recorded["topic"],
        read=read,
        parts=parts,
        question=Question(request=request, content=content),
        keys=keys,
    )


def _with_response(recorded: Document, topic: str | None = None, **response: object) -> Document:
    """Give a recorded reply with other content, or on another topic."""
    payload = recorded["payload"]
    return {
        "topic": topic or recorded["topic"],
        "payload": {**payload, "response": {**payload["response"], **response}},
    }


_RECORDED_EVENT = fixture("app_connection", "device_connection_event")
_RECORDED_WILL = fixture("app_connection", "last_will")
_REFUSAL = fixture("control_fail")
_ECHO = fixture("tou_write_echo")
_DIAGNOSTICS = fixture("diagnostics")

HEATER_KINDS = (
    _status("status", fixture("status_hybrid_boost_element")),
    _status("status, short", fixture("status_short_key"), "st"),
    _status("control ack", fixture("control_ack", "reply", "payload")),
    Kind(
        name="feature",
        document=fixture("feature"),
        topic=_REPLY,
        read=DeviceFeature.from_message,
        parts=_content("feature"),
        kept=lambda client: client.feature(DEVICE),
        keys=_heater_named,
    ),
    Kind(
        name="heater's connection",
        document=_RECORDED_EVENT["payload"],
        topic=_RECORDED_EVENT["topic"],
        read=announced_presence,
        parts=lambda is_online: {("event", "connection", "status"): is_online},
        kept=lambda client: client.is_online(DEVICE),
        keys=_heater_named,
    ),
    Kind(
        # Another client's: it says nothing of the heater.
        name="app connection",
        document=_RECORDED_WILL["payload"],
        topic=_RECORDED_WILL["topic"],
        read=lambda _: None,
        parts=lambda is_online: {("event", "connection", "status"): is_online},
        kept=lambda client: client.is_online(DEVICE),
        keys=_heater_named,
    ),
    # Of a refusal only the code is read, for a command that is on its way.
    Kind(name="ctrl-fail", document=_REFUSAL["payload"], topic=_REFUSAL["topic"], keys=_heater_named),
    _reply(
        "reservations",
        fixture("reservations_json"),
        queries.RESERVATIONS,
        ReservationSchedule.from_message,
        _parts_of_schedule,
        keys=_schedule_found,
    ),
    _reply(
        "reservations, hex",
        fixture("reservations_hex"),
        queries.RESERVATIONS,
        ReservationSchedule.from_message,
        _parts_of_hex_schedule,
        keys=_schedule_found,
    ),
    _reply(
        "recirculation schedule",
        fixture("recirculation_schedule_json"),
        queries.RECIRCULATION_SCHEDULE,
        RecirculationSchedule.from_message,
        _parts_of_schedule,
        keys=_schedule_found,
    ),
    _reply(
        "recirculation schedule, hex",
        fixture("recirculation_schedule_hex"),
        queries.RECIRCULATION_SCHEDULE,
        RecirculationSchedule.from_message,
        _parts_of_hex_schedule,
        keys=_schedule_found,
    ),
    _reply(
        "TOU echo",
        _ECHO,
        queries.WRITE_TOU,
        _periods,
        parts_of_rows(_PERIOD, *_RESERVATION),
        controllerSerialNumber="00000000BT00000001",
        reservationUse=2,
        reservation=_ECHO["payload"]["response"]["reservation"],
    ),
    _reply(
        "energy, daily",
        fixture("energy_daily"),
        queries.ENERGY_DAILY,
        EnergyUsage.from_message,
        _parts_of_usage,
        keys=_usage_found,
        year=2026,
        month=[9],
    ),
    _reply(
        "energy, monthly",
        fixture("energy_monthly"),
        queries.ENERGY_MONTHLY,
        EnergyUsage.from_message,
        _parts_of_usage,
        keys=_usage_found,
        year=[2025, 2026],
    ),
    _reply("diagnostics", _DIAGNOSTICS, queries.DIAGNOSTICS, Diagnostics.from_message, _parts_of_counters),
    _reply(
        "diagnostics, hex",
        _with_response(_DIAGNOSTICS, "cmd/52/ha-client-3f9a1c07/res/td", data=as_hex(BLOCKS)),
        queries.DIAGNOSTICS,
        Diagnostics.from_message,
        _parts_of_hex_counters,
    ),
    _reply(
        "firmware download",
        # The recorded one has nothing but a slot that is not in use.
        _with_response(fixture("firmware_download_info"), downloadSwInfo=[_WAITING, {**_WAITING, "swCode": 4}]),
        queries.FIRMWARE_DOWNLOAD,
        firmware_downloads,
        _parts_of_downloads,
        keys=_download_found,
    ),
)
