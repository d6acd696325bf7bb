"""Faults of single heaters, or of all of them; see `FAULTS` of `control`."""

from datetime import date
from typing import Annotated

from ..answers.answers import ANSWERS
from ..cloud import Cloud
from ..common.reading import BadRequestError, Count, Seconds, Span
from ..heater.controls import CONTROLS
from ..heater.energy import Usage
from ..heater.heater import Heater
from ..heater.records import FIRMWARE_PARTS, SCHEDULE_FORMS, Draw

_SUFFIXES = frozenset(suffix for suffix, _ in ANSWERS)
_WattHours = Annotated[float, Span(0, 1_000_000)]
_ErrorCode = Annotated[int, Span(0, 999)]


def device_offline(heater: Heater, cloud: Cloud, *, on: bool = True) -> None:
    """Disconnect a heater from the cloud; on false: connect it again."""
    cloud.connect_heater(heater, online=not on)


def power_cut(heater: Heater, cloud: Cloud, *, on: bool = True) -> None:
    """Take the mains from a heater, or give them back; entries of a schedule that fall into the cut are skipped."""
    heater.cut_power(is_cut=on)
    cloud.connect_heater(heater, online=not on)


def leave_account(heater: Heater, *, on: bool = True) -> None:
    """Take a heater out of the account; on false: add it again. The heater itself goes on as before."""
    heater.registration.in_account = not on


def ctrl_fail(heater: Heater, *, count: Count = 1, code: int = 2) -> None:
    """Let a heater refuse its next controls."""
    heater.faults.upcoming["ctrl_fail"], heater.faults.refusal_code = count, code


def control_interval(heater: Heater, *, seconds: Seconds) -> None:
    """Let a heater refuse a DHW control that follows another one sooner."""
    heater.faults.minimum_control_interval = seconds


def ignore_write(heater: Heater, *, count: Count = 1) -> None:
    """Let a heater acknowledge its next controls and do nothing."""
    heater.faults.upcoming["ignore_write"] = count


def lose_write(heater: Heater, *, count: Count = 1, answered: bool = True) -> None:
    """Let a heater lose its next schedule writes: the old schedule stays, the new one is echoed all the same or not."""
    heater.faults.upcoming["lose_write"], heater.faults.lost_writes_answered = count, answered


def slow_write(heater: Heater, *, seconds: Seconds) -> None:
    """Let a schedule write show so many seconds of the heater's clock later."""
    heater.faults.write_delay = seconds


def silent(heater: Heater, *, suffix: Annotated[str, _SUFFIXES], count: Count = 1) -> None:
    """Let a heater do what the next requests on a topic suffix (such as `st/rsv/rd`) ask for, but not answer them."""
    heater.faults.upcoming[suffix] = count


def late_reply(heater: Heater, *, seconds: Seconds, count: Count = 1, in_time_too: bool = True) -> None:
    """Deliver the next replies once more so many seconds after their time, or only then, overtaken by newer ones."""
    heater.faults.upcoming["late_reply"] = count
    heater.faults.late_by, heater.faults.in_time_too = seconds, in_time_too


def schedule_form(heater: Heater, *, form: Annotated[str, SCHEDULE_FORMS] = "both") -> None:
    """Let the schedules that are read come as `json` or as `hex` alone, or as `both` again."""
    heater.faults.schedule_form = form


def energy_times(heater: Heater, *, on: bool) -> None:
    """Leave the times out of the items of an energy reply, or give them again."""
    heater.faults.energy_times = on


def energy_day(heater: Heater, *, day: str, heat_pump: _WattHours, elements: _WattHours = 0.0) -> None:
    """Let this be what a heater has used on a day (`2026-03-08`), in Wh, whatever it was before."""
    heater.energy.write(_day(day), Usage(heat_pump=heat_pump, elements=elements))


def energy_forgotten(heater: Heater, *, before: str | None) -> None:
    """Let a heater say 0 for each day before this one, and still know the months; `null`: it knows all days."""
    heater.energy.forgotten_before = date.min if before is None else _day(before)


def energy_unanswered(heater: Heater, *, month: str, on: bool = True) -> None:
    """Let a heater not answer what asks for the days of a month (`2026-03`), or answer it again."""
    first = _day(f"{month}-01")
    (heater.energy.unanswered.add if on else heater.energy.unanswered.discard)((first.year, first.month))


def firmware_download(
    heater: Heater, *, version: Annotated[int, Span(1, 2**32 - 1)], part: Annotated[int, FIRMWARE_PARTS] = 1
) -> None:
    """Let a heater have fetched firmware: of its controller (1), panel (2) or Wi-Fi module (4)."""
    heater.fetched_firmware = {part: version}


def mode_let_through(heater: Heater, *, count: Count = 1) -> None:
    """Let a heater take its next mode writes at once inside a time-of-use window, as happens now and then."""
    heater.faults.upcoming["mode_let_through"] = count


def tou_window(heater: Heater, *, on: bool = True) -> None:
    """Begin or end a peak period of a time-of-use plan."""
    heater.open_window(is_open=on)


def error(heater: Heater, *, code: _ErrorCode, sub_code: _ErrorCode = 0) -> None:
    """Let a heater report an error, 0 for none any more; the device list follows."""
    heater.members |= {"errorCode": code, "subErrorCode": sub_code}
    listed_error(heater, code=code)


def listed_error(heater: Heater, *, code: int | None) -> None:
    """Let the device list show an error code of any kind, or that the cloud knows nothing."""
    heater.registration.error_code, heater.registration.error_at = code, heater.now if code else None


def draw(
    heater: Heater, *, liters: Annotated[float, Span(0, 10_000)], flow: Annotated[float, Span(0.1, 100)] = 8.0
) -> None:
    """Draw hot water, at so many liters per minute of the heater's clock."""
    heater.draw = Draw(liters_left=liters, liters_per_minute=flow)


def app_control(
    heater: Heater,
    cloud: Cloud,
    *,
    command: Annotated[int, CONTROLS],
    value: int | None = None,
    days: int | None = None,
) -> None:
    """Let the owner send a control with the vendor's app: its code and up to two numbers."""
    param = [number for number in (value, days) if number is not None]
    cloud.vendor_app.control(heater, command, CONTROLS[command].mode, param)


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise BadRequestError(f"{text!r} is no such day or month") from None
