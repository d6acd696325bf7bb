"""What the cloud keeps of a heater for its owner, whether the heater is online or not (protocol.md 2.4, 2.5, 2.8)."""

from collections import defaultdict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

ALARM_ON, ALARM_OFF = 1, 2
"""Reversed, unlike every flag of the heater."""

NO_ERROR = 0

MAC_FORMS: Mapping[str, Callable[[str], str]] = {
    "plain": str,
    "upper": str.upper,
    "colons": lambda mac_address: bytes.fromhex(mac_address).hex(":"),
    "upper_dashes": lambda mac_address: bytes.fromhex(mac_address).hex("-").upper(),
}
"""How the device list may spell a MAC address; `plain` is what is known of the service (protocol.md 2.4)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Location:
    """Where a heater stands."""

    state: str | None = None
    city: str | None = None
    address: str | None = None
    latitude: float | None = None
    longitude: float | None = None
    altitude: float | None = None


@dataclass(frozen=True, slots=True)
class Maintenance:
    """One line of a maintenance log: the day as its owner wrote it, and when that was, in seconds."""

    date: str
    registered_at: int


@dataclass(slots=True, kw_only=True)
class Registration:
    """One heater in the books of the cloud."""

    name: str
    in_account: bool = True
    """Whether the account still has it; one that it no longer has lives on, and nobody is told of it over REST."""
    install_type: str = "R"
    location: Location = Location(
        state="Ohio", city="Anytown", address="1 Example Street", latitude=40.0, longitude=-83.0
    )
    alarms: dict[str, int] = field(
        default_factory=lambda: {"isErrorAlarm": ALARM_ON, "isDescalingAlarm": ALARM_OFF, "isEtcAlarm": ALARM_ON}
    )
    error_code: int | None = NO_ERROR
    """The last fault the cloud knows of, `None` when it knows nothing."""
    error_at: float | None = None
    maintenance: defaultdict[str, list[Maintenance]] = field(default_factory=lambda: defaultdict(list))
    """By kind, `filter` or `cip`; oldest first."""
