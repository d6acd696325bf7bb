"""Device, DeviceInfo and Firmware: the recorded REST replies, and entries with something odd in them."""

from dataclasses import replace
from datetime import UTC, datetime
import json

from hypothesis import given
from hypothesis import strategies as st
import pytest

from nwp500.enums import InstallType
from nwp500.exceptions import InvalidParameterError, ResponseFormatError
from nwp500.models import (
    Descaling,
    Device,
    DeviceGroup,
    DeviceInfo,
    Firmware,
    FirmwareDetail,
    Installer,
    Location,
    PushSettings,
)
from tests import FIXTURES

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


@pytest.mark.parametrize("mac_address", ["0478630a1b2c", "0478630A1B2C", "04:78:63:0a:1b:2c", " 04-78-63-0A-1B-2C"])
def test_however_a_mac_is_written_it_is_the_same_device(mac_address: str) -> None:
    device = Device(mac_address=mac_address, additional_value="5322")
    assert device.mac_address == "0478630a1b2c"
    assert {device} == {Device(mac_address="0478630a1b2c", additional_value="5322")}
    assert replace(Device(mac_address="0478630a1b2d", additional_value="5322"), mac_address=mac_address) == device
    entry = entries()[0]
    assert Device.from_message({**entry, "deviceInfo": {**entry["deviceInfo"], "macAddress": mac_address}}) == (
        Device.from_message(entry)
    )


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
        installer=Installer(),
        push_settings=PushSettings(errors=True, descaling=False, others=True),
        descaling=Descaling(),
        model_type_code=None,
    )
    assert "Ohio" not in repr(info)


def test_an_installer_stands_in_no_repr() -> None:
    names = {"installerId": "i@example.com", "installerFirstName": "A", "installerLastName": None}
    info = DeviceInfo.from_message({"installer": names | {"installerPhoneNumber": "5550100"}})
    assert info.installer == Installer(
        installer_id="i@example.com", first_name="A", last_name=None, phone_number="5550100"
    )
    assert "example" not in repr(info) + repr(info.installer)


def test_an_alarm_that_is_not_reported_is_unknown() -> None:
    info = DeviceInfo.from_message({"alarmInfo": {"isErrorAlarm": 0, "isEtcAlarm": 2}})
    assert info.push_settings == PushSettings(errors=None, descaling=None, others=False)


def test_what_the_list_has_of_installer_and_descaling() -> None:
    entry = entries()[0]
    entry["deviceInfo"] |= {"installerId": "i@example.com", "modelTypeCode": 513}
    entry["descaling"] = {"descalingStartTime": "2026-01-02", "descalingEndTime": 7}
    device = Device.from_message(entry)
    assert (device.installer_id, device.model_type_code) == ("i@example.com", 513)
    assert device.descaling == Descaling(start="2026-01-02", end=None)
    assert "example" not in repr(device)


@given(message=st.dictionaries(st.sampled_from([*BLOCKS, "installer"]), JSON_VALUES))
def test_device_info_never_fails(message: dict[str, object]) -> None:
    info = DeviceInfo.from_message(message)
    assert (info.push_settings, info.install_type) == (PushSettings(), None)


def test_a_location_is_written_without_what_is_unknown_empty_or_zero() -> None:
    location = Location(state="Ohio", city="", address=None, latitude=0.0, longitude=-83.0)
    assert location.as_message() == {"state": "Ohio", "longitude": -83.0}
    with pytest.raises(InvalidParameterError, match="location must be one with a state, a city or an address"):
        Location(state="", latitude=40.0).as_message()


def recorded_data(name: str) -> dict[str, object]:
    """Read the `data` of one of the recorded exchanges."""
    exchanges = json.loads((FIXTURES / "rest_all.json").read_text())
    content: dict[str, object] = exchanges[name]["response"]["body"]["data"]
    return content


def test_firmware_is_read() -> None:
    entries = recorded_data("device_firmware_info")["firmwares"]
    assert isinstance(entries, list)
    assert Firmware.from_message(entries[0]) == Firmware(
        mac_address="0478630a1b2c",
        additional_value="5322",
        device_type=52,
        software_code=33556241,
        current_version_raw=184877056,
        downloaded_version_raw=None,
    )
    controller, wifi, grouped = (Firmware.from_message(entry) for entry in entries)
    assert [part.current_version for part in (controller, wifi, grouped)] == ["11.5.0.0", "2.7.0.0", "0.0.236.38"]
    assert (wifi.downloaded_version_raw, wifi.downloaded_version) == (0, None)
    assert (grouped.device_group, grouped.device_group_unit_number) == (DeviceGroup(group_seq=7, unit_number=2), 2)
    assert "0478630a1b2c" not in repr(controller)


def test_firmware_of_an_unreadable_entry_is_unknown() -> None:
    firmware = Firmware.from_message({"curSwCode": "x", "curVersion": -1, "downloadedVersion": [1], "deviceGroup": 7})
    assert (firmware.software_code, firmware.current_version, firmware.downloaded_version) == (None, None, None)
    assert firmware.device_group is None


def test_the_detail_of_a_version() -> None:
    detail = FirmwareDetail.from_message(recorded_data("firmware_info"))
    assert detail == FirmwareDetail(
        software_code=33556241,
        version_raw=184877056,
        description="Controller update",
        model_number=1,
        model_type=2,
        product_family=3,
        registered_raw=1700000000000,
        run_time_minutes=15,
    )
    assert detail.version == "11.5.0.0"
    assert detail.registered_at == datetime(2023, 11, 14, 22, 13, 20, tzinfo=UTC)


def test_numbers_that_a_detail_leaves_open_are_zero_and_nonsense_is_unknown() -> None:
    detail = FirmwareDetail.from_message({"description": None, "runTime": None, "modelType": "x"})
    assert (detail.run_time_minutes, detail.model_number, detail.model_type) == (0, 0, None)
    assert (detail.registered_raw, detail.registered_at, detail.version) == (0, None, None)
    assert FirmwareDetail.from_message({"registerAt": 2**53}).registered_at is None
