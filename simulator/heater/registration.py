"""How the cloud knows a heater, and what it keeps for its owner, online or not (protocol.md 2.4, 2.5, 2.8)."""

from collections import defaultdict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from ..common.reading import Json, JsonObject

DEVICE_TYPE = 52

ALARM_ON, ALARM_OFF = 1, 2
"""Reversed, unlike every flag of the heater."""

MAC_FORMS: Mapping[str, Callable[[str], str]] = {
    "plain": str,
    "upper": str.upper,
    "colons": lambda mac_address: bytes.fromhex(mac_address).hex(":"),
    "upper_dashes": lambda mac_address: bytes.fromhex(mac_address).hex("-").upper(),
}
"""How the device list may spell a MAC address; `plain` is what is known of the service (protocol.md 2.4)."""

_FIRST_MAC_ADDRESS = 0x0478630A1B2C
_NAMES = ("NWP500", "Guest house", "Cabin")
_LOCATION: JsonObject = {
    "state": "Ohio", "city": "Anytown", "address": "1 Example Street",
    "latitude": 40.0, "longitude": -83.0, "altitude": None,
}  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """What distinguishes one heater from the others."""

    mac_address: str
    additional_value: str
    serial_number: str
    name: str
    home_seq: int
    number: int
    """Among the heaters of the account, from 1 on."""

    @property
    def topic(self) -> str:
        """Where requests to it begin, and what it says to all."""
        return f"cmd/{DEVICE_TYPE}/navilink-{self.mac_address}"

    def as_wire(self) -> JsonObject:
        """Give the members by which every message names it."""
        return {
            "deviceType": DEVICE_TYPE,
            "macAddress": self.mac_address,
            "additionalValue": self.additional_value,
        }

    @classmethod
    def of_number(cls, number: int) -> Identity:
        """Give the identity of the account's heater with this number, from 0 on."""
        return cls(
            mac_address=f"{_FIRST_MAC_ADDRESS + number:012x}",
            additional_value="5322",
            serial_number=f"00000000BT{number + 1:08}",
            name=_NAMES[number] if number < len(_NAMES) else f"Heater {number + 1}",
            home_seq=10001 + number,
            number=number + 1,
        )


@dataclass(slots=True, kw_only=True)
class Registration:
    """One heater in the books of the cloud."""

    name: str
    in_account: bool = True
    """Whether the account still has it; one that it no longer has goes on, but REST does not list it."""
    install_type: str = "R"
    location: JsonObject = field(default_factory=_LOCATION.copy)
    alarms: dict[str, int] = field(
        default_factory=lambda: {"isErrorAlarm": ALARM_ON, "isDescalingAlarm": ALARM_OFF, "isEtcAlarm": ALARM_ON}
    )
    error_code: int | None = 0
    """The last fault the cloud knows of, 0 for none, `None` when it knows nothing."""
    error_at: float | None = None
    maintenance: defaultdict[str, list[Json]] = field(default_factory=lambda: defaultdict(list))
    """Rows of each kind, `filter` or `cip`; oldest first."""
