"""Faults of what the account lists, and refusals and answers of the REST service; see `faults`."""

from http import HTTPStatus

from ..cloud import Cloud
from ..heater.registration import MAC_FORMS
from ..options import MAX_HEATERS
from ..rest.api import Refusal
from ..rest.endpoints import ENDPOINTS
from ..rest.members import RestError
from .fault_arguments import MAX_COUNT, FaultError, chosen_heaters, within

_PATHS = frozenset(path for _, path in ENDPOINTS)
_ERRORS = range(HTTPStatus.BAD_REQUEST, 600)
_MOST_PADDING = 1024


def short_list(cloud: Cloud, *, devices: int | None = 0, count: int = 1) -> None:
    """Let the next device lists have only the first so many devices; null: there is `null` instead of a list."""
    if devices is not None:
        within("devices", devices, range(MAX_HEATERS + 1))
    within("count", count, range(MAX_COUNT))
    cloud.rest.faults.cut_to, cloud.rest.faults.cut_lists = devices, count


def unreadable_list(cloud: Cloud, *, count: int = 1) -> None:
    """Let the next device lists have rows that say nothing of the devices."""
    within("count", count, range(MAX_COUNT))
    cloud.rest.faults.unreadable_lists = count


def leave_account(cloud: Cloud, *, mac: str | None = None, on: bool = True) -> None:
    """Take a heater out of the account; on false: add it again. The heater itself goes on as before."""
    for heater in chosen_heaters(cloud, mac):
        heater.registration.in_account = not on


def new_heater(cloud: Cloud) -> None:
    """Add a heater to the account that it never had; its MAC address is one above that of the last one."""
    if len(cloud.heaters) >= MAX_HEATERS:
        raise FaultError(f"there cannot be more than {MAX_HEATERS} heaters")
    cloud.add_heater()


def mac_form(cloud: Cloud, *, form: str = "plain") -> None:
    """Let the device list spell MAC addresses in another way."""
    if form not in MAC_FORMS:
        raise FaultError(f"form must be one of {', '.join(MAC_FORMS)}, not {form!r}")
    cloud.rest.faults.mac_form = form


def refuse_request(
    cloud: Cloud, *, path: str = "/user/sign-in", code: int = 401, msg: str = "UNAUTHORIZED", count: int = 1
) -> None:
    """Answer the next requests to a path with an error, whatever they ask for."""
    within("code", code, _ERRORS)
    within("count", count, range(MAX_COUNT))
    if path not in _PATHS:
        raise FaultError(f"path must be one of {', '.join(sorted(_PATHS))}, not {path!r}")
    cloud.rest.faults.refusals[path] = Refusal(count=count, error=RestError(code, msg))


def bloat(cloud: Cloud, *, mebibytes: int = 200, count: int = 1) -> None:
    """Pad the next REST answers with so many MiB of blanks, and compress them to a thousandth of that."""
    within("mebibytes", mebibytes, range(_MOST_PADDING + 1))
    within("count", count, range(MAX_COUNT))
    cloud.rest.faults.padding, cloud.rest.faults.bloated = mebibytes, count
