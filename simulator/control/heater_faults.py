"""Faults of single heaters, or of all of them; see `faults`."""

from ..answers.answers import ANSWERS
from ..cloud import Cloud
from ..heater.controls import CONTROLS
from ..heater.heater import Heater
from ..heater.records import FIRMWARE_PARTS, SCHEDULE_FORMS, Draw, FirmwareDownload
from .fault_arguments import MAX_COUNT, MAX_SECONDS, FaultError, chosen_heaters, within

_ERROR_CODES = range(1000)
_SUFFIXES = frozenset(suffix for suffix, _ in ANSWERS)


def device_offline(cloud: Cloud, *, on: bool = True, mac: str | None = None) -> None:
    """Cut a heater off from the cloud; on false: connect it again."""
    for heater in chosen_heaters(cloud, mac):
        cloud.connect_heater(heater, online=not on)


def ctrl_fail(cloud: Cloud, *, count: int = 1, code: int = 2, mac: str | None = None) -> None:
    """Let a heater refuse its next controls."""
    within("count", count, range(MAX_COUNT))
    for heater in chosen_heaters(cloud, mac):
        heater.faults.refusals, heater.faults.refusal_code = count, code


def control_interval(cloud: Cloud, *, seconds: float, mac: str | None = None) -> None:
    """Let a heater refuse a DHW control that follows another one sooner."""
    within("seconds", seconds, (0.0, MAX_SECONDS))
    for heater in chosen_heaters(cloud, mac):
        heater.faults.least_control_interval = seconds


def ignore_write(cloud: Cloud, *, count: int = 1, mac: str | None = None) -> None:
    """Let a heater acknowledge its next controls and do nothing."""
    within("count", count, range(MAX_COUNT))
    for heater in chosen_heaters(cloud, mac):
        heater.faults.ignored_writes = count


def lose_write(cloud: Cloud, *, count: int = 1, answered: bool = True, mac: str | None = None) -> None:
    """Let a heater lose its next schedule writes: the old schedule stays, the new one is echoed all the same or not."""
    within("count", count, range(MAX_COUNT))
    for heater in chosen_heaters(cloud, mac):
        heater.faults.lost_writes, heater.faults.lost_writes_answered = count, answered


def slow_write(cloud: Cloud, *, seconds: float, mac: str | None = None) -> None:
    """Let a schedule write show so many seconds of the heater's clock later."""
    within("seconds", seconds, (0.0, MAX_SECONDS))
    for heater in chosen_heaters(cloud, mac):
        heater.faults.write_delay = seconds


def silent(cloud: Cloud, *, suffix: str, count: int = 1, mac: str | None = None) -> None:
    """Let a heater do what the next requests on a topic suffix (`st/rsv/rd`, say) ask for, but not answer them."""
    within("count", count, range(MAX_COUNT))
    if suffix not in _SUFFIXES:
        raise FaultError(f"suffix must be one of {', '.join(sorted(_SUFFIXES))}, not {suffix!r}")
    for heater in chosen_heaters(cloud, mac):
        heater.faults.silences[suffix] = count


def late_reply(
    cloud: Cloud, *, seconds: float, count: int = 1, in_time_too: bool = True, mac: str | None = None
) -> None:
    """Deliver the next replies once more so many seconds after their time, or only then, overtaken by newer ones."""
    within("seconds", seconds, (0.0, MAX_SECONDS))
    within("count", count, range(MAX_COUNT))
    for heater in chosen_heaters(cloud, mac):
        heater.faults.late_replies, heater.faults.late_by, heater.faults.in_time_too = count, seconds, in_time_too


def schedule_form(cloud: Cloud, *, form: str = "both", mac: str | None = None) -> None:
    """Let the schedules that are read come as `json` or as `hex` alone, or as `both` again."""
    if form not in SCHEDULE_FORMS:
        raise FaultError(f"form must be one of {', '.join(SCHEDULE_FORMS)}, not {form!r}")
    for heater in chosen_heaters(cloud, mac):
        heater.faults.schedule_form = form


def energy_times(cloud: Cloud, *, on: bool, mac: str | None = None) -> None:
    """Leave the times out of the items of an energy reply, or give them again."""
    for heater in chosen_heaters(cloud, mac):
        heater.faults.energy_times = on


def firmware_download(cloud: Cloud, *, version: int, part: int = 1, mac: str | None = None) -> None:
    """Let a heater have fetched firmware: of its controller (1), panel (2) or Wi-Fi module (4)."""
    within("version", version, range(1, 2**32))
    if part not in FIRMWARE_PARTS:
        raise FaultError(f"part must be one of {sorted(FIRMWARE_PARTS)}, not {part}")
    for heater in chosen_heaters(cloud, mac):
        heater.firmware_download = FirmwareDownload(part=part, version=version)


def power_cut(cloud: Cloud, *, on: bool = True, mac: str | None = None) -> None:
    """Take the mains from a heater, or give them back; entries of a schedule that fall into the cut are skipped."""
    for heater in chosen_heaters(cloud, mac):
        heater.cut_power(is_cut=on)
        cloud.connect_heater(heater, online=not on)


def mode_let_through(cloud: Cloud, *, count: int = 1, mac: str | None = None) -> None:
    """Let a heater take its next mode writes at once inside a time-of-use window, as happens now and then."""
    within("count", count, range(MAX_COUNT))
    for heater in chosen_heaters(cloud, mac):
        heater.faults.modes_let_through = count


def tou_window(cloud: Cloud, *, on: bool = True, mac: str | None = None) -> None:
    """Open or close a costly time-of-use window."""
    for heater in chosen_heaters(cloud, mac):
        heater.open_window(is_open=on)


def error(cloud: Cloud, *, code: int, sub_code: int = 0, mac: str | None = None) -> None:
    """Let a heater report an error, 0 for none any more; the device list follows."""
    within("code", code, _ERROR_CODES)
    within("sub_code", sub_code, _ERROR_CODES)
    for heater in chosen_heaters(cloud, mac):
        heater.members |= {"errorCode": code, "subErrorCode": sub_code}
        _list_error(heater, code)


def listed_error(cloud: Cloud, *, code: int | None, mac: str | None = None) -> None:
    """Let the device list show an error code of any kind, or that the cloud knows nothing."""
    for heater in chosen_heaters(cloud, mac):
        _list_error(heater, code)


def _list_error(heater: Heater, code: int | None) -> None:
    heater.registration.error_code, heater.registration.error_at = code, heater.now if code else None


def draw(cloud: Cloud, *, litres: float, flow: float = 8.0, mac: str | None = None) -> None:
    """Draw hot water, at so many litres per minute of the heater's clock."""
    within("litres", litres, (0.0, 10_000.0))
    within("flow", flow, (0.1, 100.0))
    for heater in chosen_heaters(cloud, mac):
        heater.draw = Draw(litres_left=litres, litres_per_minute=flow)


def app_control(
    cloud: Cloud, *, command: int, value: int | None = None, days: int | None = None, mac: str | None = None
) -> None:
    """Let the owner send a control with the vendor's app: its code and up to two numbers."""
    if command not in CONTROLS:
        raise FaultError(f"there is no control {command}")
    param = [number for number in (value, days) if number is not None]
    for heater in chosen_heaters(cloud, mac):
        cloud.vendor_app.control(heater, command, CONTROLS[command].mode, param)
