"""What the functions of the faults have in common: which heaters, and which values they take."""

from collections.abc import Collection

from ..cloud import Cloud
from ..heater.heater import Heater

MAX_COUNT = 1_000_000
MAX_SECONDS = 600.0


class FaultError(Exception):
    """The kind or a member of a fault is wrong; nothing was changed."""


def within(name: str, value: float, allowed: range | tuple[float, float]) -> None:
    """Refuse a number outside a range, or outside the two bounds given."""
    if isinstance(allowed, range):
        fits, least, most = value in allowed, float(allowed.start), float(allowed.stop - 1)
    else:
        least, most = allowed
        fits = least <= value <= most
    if not fits:
        raise FaultError(f"{name} must be {least:g} to {most:g}, not {value}")


def chosen_heaters(cloud: Cloud, mac: str | None) -> Collection[Heater]:
    """Give the heater with this MAC address, or all of them."""
    if mac is None:
        return cloud.heaters.values()
    if mac not in cloud.heaters:
        raise FaultError(f"there is no heater {mac}")
    return (cloud.heaters[mac],)
