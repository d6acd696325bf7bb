"""How the cloud knows a heater (protocol.md 2.4)."""

from dataclasses import dataclass

DEVICE_TYPE = 52

_FIRST_MAC_ADDRESS = 0x0478630A1B2C
_NAMES = ("NWP500", "Guest house", "Cabin")


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
