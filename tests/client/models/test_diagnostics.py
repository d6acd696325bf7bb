"""The counters for the installer in both forms, and firmware downloads, against protocol.md 10.2 and 10.3."""

import json

from hypothesis import given
from hypothesis import strategies as st
import pytest

from nwp500.enums import FirmwarePart
from nwp500.exceptions import ResponseFormatError
from nwp500.models import Diagnostics
from nwp500.models.firmware import firmware_downloads
from tests import FIXTURES

type Blocks = dict[str, dict[str, int]]

RECORDED = json.loads((FIXTURES / "diagnostics.json").read_text())["payload"]
BLOCKS: Blocks = RECORDED["response"]["data"]

LONG = st.integers(0, 2**32 - 1)
SHORT = st.integers(0, 2**16 - 1)
LONG_SYSTEM_COUNTERS = ("cumulatedPwrHp", "cumulatedPwrHe")
ANY_BLOCKS = st.fixed_dictionaries(
    {
        "tsData": st.fixed_dictionaries(
            {name: LONG if name in LONG_SYSTEM_COUNTERS else SHORT for name in BLOCKS["tsData"]}
        ),
        "tdData": st.fixed_dictionaries(dict.fromkeys(BLOCKS["tdData"], LONG)),
        "taData": st.fixed_dictionaries(dict.fromkeys(BLOCKS["taData"], LONG)),
    }
)


def reply(data: object) -> dict[str, object]:
    """Return a reply with these blocks."""
    return {"response": {"typeOfTD": 2, "data": data}}


def as_hex(blocks: Blocks) -> dict[str, str]:
    """Write the blocks as the heater itself does: two 32-bit numbers and 16-bit ones, or 32-bit ones alone."""
    return {
        block: "".join(
            blocks[block][name]
            .to_bytes(2 if block == "tsData" and name not in LONG_SYSTEM_COUNTERS else 4, "little")
            .hex()
            for name in recorded
        )
        for block, recorded in BLOCKS.items()
        if recorded
    }


@pytest.mark.parametrize("message", [RECORDED, reply(as_hex(BLOCKS))], ids=["JSON", "hexadecimal"])
def test_the_recorded_counters_in_both_forms(message: dict[str, object]) -> None:
    counters = Diagnostics.from_message(message)
    assert (counters.system.heat_pump_energy, counters.system.element_energy) == (1301880, 151240)
    assert (counters.system.days_since_installation, counters.system.condensate_overflows) == (367, 2)
    assert counters.draws.average_recovery_time == 7
    assert (counters.parts.compressor_time, counters.parts.compressor_starts) == (3211, 771)
    assert (counters.parts.evaporator_fan_time, counters.parts.expansion_valve_steps) == (3226, 1130)
    assert (counters.parts.upper_element_time, counters.parts.lower_element_starts) == (36, 21)
    assert counters == Diagnostics.from_message(RECORDED)


def test_every_recorded_counter_is_described() -> None:
    counters = Diagnostics.from_message(RECORDED)
    for name, block in (("tsData", counters.system), ("tdData", counters.draws), ("taData", counters.parts)):
        assert [member.wire_name for member in block.members().values()] == list(BLOCKS[name])
        assert list(block.decoded().values()) == list(BLOCKS[name].values())


@given(ANY_BLOCKS)
def test_both_forms_give_equal_objects(blocks: Blocks) -> None:
    assert Diagnostics.from_message(reply(as_hex(blocks))) == Diagnostics.from_message(reply(blocks))


@given(ANY_BLOCKS, st.integers(0, 200))
def test_what_a_cut_text_has_is_right_or_nothing(blocks: Blocks, digits: int) -> None:
    cut = {name: text[:digits] for name, text in as_hex(blocks).items()}
    counters = Diagnostics.from_message(reply(cut))
    for name, block in (("tsData", counters.system), ("tdData", counters.draws), ("taData", counters.parts)):
        assert block.raw.items() <= blocks[name].items()
        assert len(block.raw) in {0, len(blocks[name]), digits // 8, 2 + (digits - 16) // 4}


def test_numbers_of_newer_firmware_harm_nothing() -> None:
    longer = {name: f"{text}00000000" for name, text in as_hex(BLOCKS).items()}
    assert Diagnostics.from_message(reply(longer)) == Diagnostics.from_message(RECORDED)


HEX_SYSTEM = as_hex(BLOCKS)["tsData"]


@pytest.mark.parametrize(
    "junk",
    [
        *(None, 5, "zz", [], " " * 8, "0"),
        *(f"{HEX_SYSTEM}ff", HEX_SYSTEM[:-1], HEX_SYSTEM[:-2], f" {HEX_SYSTEM}", f"{HEX_SYSTEM[:8]} {HEX_SYSTEM[8:]}"),
    ],
)
def test_nonsense_in_a_block_harms_no_other(junk: object) -> None:
    counters = Diagnostics.from_message(reply({**BLOCKS, "tsData": junk}))
    assert set(counters.system.decoded().values()) == {None}
    assert counters.parts.compressor_time == 3211


@pytest.mark.parametrize("data", [None, {}, {"tcData": {}}, "x"])
def test_a_reply_without_counters(data: object) -> None:
    with pytest.raises(ResponseFormatError):
        Diagnostics.from_message(reply(data))


def test_nothing_is_downloaded_as_recorded() -> None:
    recorded = json.loads((FIXTURES / "firmware_download_info.json").read_text())["payload"]
    assert firmware_downloads(recorded) == ()


def test_a_download() -> None:
    waiting = {"swCode": 4, "otaMode": 1, "swVersion": 34013184, "status": 3}
    nothing = dict.fromkeys(waiting, 0)
    (download,) = firmware_downloads({"response": {"downloadSwInfo": [nothing, waiting, "x"]}})
    assert download.decoded() == {
        "part": FirmwarePart.COMMUNICATION_MODULE,
        "part_raw": 4,
        "ota_mode": 1,
        "version": "2.7.0.0",
        "version_raw": 34013184,
        "status": 3,
    }


def test_a_part_that_is_not_known_is_carried() -> None:
    (download,) = firmware_downloads({"downloadSwInfo": [{"swCode": 9}]})
    assert (download.part, download.part_raw, download.version) == (None, 9, None)


@pytest.mark.parametrize("listed", [None, {}, "x"])
def test_a_reply_without_downloads(listed: object) -> None:
    with pytest.raises(ResponseFormatError):
        firmware_downloads({"response": {"downloadSwInfo": listed}})
