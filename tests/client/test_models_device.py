"""Device, DeviceInfo and Firmware: the recorded REST replies, and entries with something odd in them."""

import json
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st
import pytest

from nwp500.enums import InstallType
from nwp500.exceptions import ResponseFormatError
from nwp500.models import Device, DeviceInfo, Firmware, Location

FIXTURES = Path(__file__).parents[1] / "fixtures"

JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=5,
)
BLOCKS = ("deviceInfo", "location", "error", "descaling", "alarmInfo")


def data(name: str) -> object:
    """Read the `data` of a recorded exchange."""
    content: object = json.loads((FIXTURES / f"{name}.json").read_text())["response"]["body"]["data"]
    return content


def entries() -> list[dict[str, dict[str, object]]]:
    """Read the recorded device list."""
    content = data("rest_device_list")
    assert isinstance(content, list)
    return content


def test_the_recorded_list_is_read() -> None:
    first, second, third = (Device.from_message(entry) for entry in entries())
    assert first == Device(
        mac_address="0478630a1b2c",
        additional_value="5322",
        device_type=52,
        home_seq=10001,
        name="NWP500",
        connected=True,
        error_code=0,
        error_time="2026-03-04T05:06:07",
        location=Location(state="Ohio", city="Anytown", address="1 Example Street"),
    )
    assert (second.name, second.connected, second.install_type) == ("Guest house", False, InstallType.RESIDENTIAL)
    assert (second.error_code, second.error_time) == (None, None)
    assert second.location == Location(
        state="Ohio", city="Anytown", address="1 Example Street", latitude=40.0, longitude=-83.0, altitude=16.0
    )
    assert (third.name, third.error_code) == ("Cabin", 9999)


def test_a_device_is_easily_made_in_a_script() -> None:
    device = Device(mac_address="0478630a1b2c", additional_value="5322")
    assert (device.device_type, device.name, device.home_seq, device.connected) == (52, "NWP500", None, None)
    assert device == Device(mac_address="0478630a1b2c", additional_value="5322")
    assert {device: "usable as a key"}[device]


def test_nothing_private_is_in_a_repr() -> None:
    device = Device.from_message(entries()[1])
    shown = repr(device) + repr(device.location)
    private = ("0478630a1b2d", "5322", "10002", "Guest", "Ohio", "Anytown", "Example", "40.0", "-83.0")
    assert [text for text in private if text in shown] == []
    assert shown.startswith("Device(device_type=52, connected=False")


@pytest.mark.parametrize("missing", ["macAddress", "additionalValue", "deviceType"])
@pytest.mark.parametrize("odd", [None, ["x"], {}])
def test_an_entry_that_names_no_device_is_refused(missing: str, odd: object) -> None:
    entry = entries()[0]
    entry["deviceInfo"][missing] = odd
    with pytest.raises(ResponseFormatError, match="the message has no macAddress, additionalValue or deviceType"):
        Device.from_message(entry)
    with pytest.raises(ResponseFormatError):
        Device.from_message({"location": {}})


def test_another_product_is_read_with_its_type() -> None:
    entry = entries()[0]
    entry["deviceInfo"]["deviceType"] = 2
    assert Device.from_message(entry).device_type == 2


@given(
    member=st.sampled_from(["homeSeq", "deviceName", "connected", "installType", "somethingNew"]),
    block=st.sampled_from(BLOCKS[1:]),
    value=JSON_VALUES,
)
def test_odd_values_leave_the_rest_readable(member: str, block: str, value: object) -> None:
    entry = entries()[0]
    device = Device.from_message(
        {**entry, "deviceInfo": {**entry["deviceInfo"], member: value}, block: value, "somethingNew": value}
    )
    assert (device.mac_address, device.additional_value) == ("0478630a1b2c", "5322")
    assert isinstance(device.name, str)
    assert device.home_seq is None or type(device.home_seq) is int
    assert device.connected in {True, False, None}
    assert hash(device) == hash(device)


def test_device_info_is_read() -> None:
    content = data("rest_device_info")
    assert isinstance(content, dict)
    info = DeviceInfo.from_message(content)
    assert info == DeviceInfo(
        name="NWP500",
        device_type=52,
        home_seq=10001,
        connected=True,
        install_type=InstallType.RESIDENTIAL,
        location=Location(state="Ohio", city="Anytown", address="1 Example Street", latitude=40.0, longitude=-83.0),
        error_alarm=True,
        descaling_alarm=False,
        other_alarm=True,
        descaling_start=None,
        descaling_end=None,
    )
    assert "Ohio" not in repr(info)


def test_an_alarm_that_is_not_reported_is_unknown() -> None:
    info = DeviceInfo.from_message({"alarmInfo": {"isErrorAlarm": 0, "isEtcAlarm": 2}})
    assert (info.error_alarm, info.descaling_alarm, info.other_alarm) == (None, None, False)


@given(message=st.dictionaries(st.sampled_from(BLOCKS), JSON_VALUES))
def test_device_info_never_fails(message: dict[str, object]) -> None:
    info = DeviceInfo.from_message(message)
    assert (info.error_alarm, info.install_type) == (None, None)


def test_firmware_is_read() -> None:
    exchanges = json.loads((FIXTURES / "rest_all.json").read_text())
    entry = next(
        exchange["response"]["body"]["data"]["firmwares"][0]
        for exchange in exchanges.values()
        if exchange["request"]["url"].endswith("/device/firmware/info")
    )
    assert Firmware.from_message(entry) == Firmware(
        mac_address="0478630a1b2c",
        additional_value="5322",
        device_type=52,
        software_code=33556241,
        current_version="11.5.0.0",
        downloaded_version=None,
    )
    assert Firmware.from_message({**entry, "downloadedVersion": 0}).downloaded_version is None
    assert "0478630a1b2c" not in repr(Firmware.from_message(entry))


def test_firmware_of_an_unreadable_entry_is_unknown() -> None:
    firmware = Firmware.from_message({"curSwCode": "x", "curVersion": -1, "downloadedVersion": [1]})
    assert (firmware.software_code, firmware.current_version, firmware.downloaded_version) == (None, None, None)
