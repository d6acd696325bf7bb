"""Texts from outside: whatever they hold, what is shown of them is one printable line."""

from hypothesis import given
from hypothesis import strategies as st
import pytest

from nwp500.common.text import one_line, visible
from nwp500.models import Device, DeviceFeature, DeviceInfo, FirmwareDetail, TouPlan
from nwp500.models.conversions import KEY, LONG_TEXT, TEXT

HOSTILE = "Tank\x1b[31m\r\n\x00 **[x](http://e)**\u202e\u200b <b>"


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("Guest house", "Guest house"),
        ("  Gäste\u00a0haus \t", "Gäste haus"),
        ("漢字 \U0001f321", "漢字 \U0001f321"),
        (HOSTILE, "Tank [31m **[x](http://e)** <b>"),
        ("\ud800a\u2028b\x85c", "a b c"),
        ("\n\n", ""),
        ("a" * 80_000, "a" * 64),
        ("\n" * 80_000 + "a", ""),
        ("a" * 63 + " b", "a" * 63),
    ],
)
def test_one_line(text: str, shown: str) -> None:
    assert one_line(text) == shown


@given(st.text(), st.integers(1, 100))
def test_any_text_is_one_printable_line_of_the_length_allowed(text: str, longest: int) -> None:
    shown = one_line(text, longest)
    assert shown.isprintable()
    assert len(shown) <= longest
    assert shown == shown.strip() == one_line(shown, longest)


@pytest.mark.parametrize(
    "entered",
    [
        *(" user@example.com", "user@example.com ", "user@example.com\r\n", "\tuser@example.com"),
        *(
            "\u200buser@example.com\ufeff",
            "user@\u200dexample.com",
            "\u00a0user@example.com\u3000",
            "\x00user@example.com",
        ),
    ],
)
def test_what_was_meant_to_be_entered(entered: str) -> None:
    assert visible(entered) == "user@example.com"


def test_a_password_of_several_words_would_keep_its_blanks_within() -> None:
    assert visible(" correct  horse ") == "correct  horse"


def test_names_are_cut_and_keys_are_exact_or_unknown() -> None:
    assert TEXT.read("a" * 80_000) == "a" * 64
    assert LONG_TEXT.read("a" * 80_000) == "a" * 500
    assert KEY.read("a" * 64) == "a" * 64
    assert [KEY.read(text) for text in ("a" * 65, "a\n", "a\x1b", 5, None)] == [None] * 5
    assert [TEXT.read(value) for value in (5, None, ["a"])] == [None] * 3


def test_what_the_service_says_of_a_heater_is_fit_to_be_shown() -> None:
    entry = {
        "deviceInfo": {
            "macAddress": "0478630a1b2c",
            "additionalValue": "5322",
            "deviceType": 52,
            "deviceName": HOSTILE * 1000,
            "installerId": HOSTILE,
        },
        "error": {"errorOccuredTime": HOSTILE},
        "location": {"city": HOSTILE, "address": HOSTILE * 1000},
    }
    device = Device.from_message(entry)
    assert device.location is not None
    info = DeviceInfo.from_message(entry)
    texts = (device.name, device.error_time, device.location.city, device.location.address, info.name)
    assert all(text is not None and text.isprintable() and len(text) <= 500 for text in texts)
    assert len(device.name) <= 64
    assert device.installer_id is None


def test_what_a_heater_and_the_service_say_elsewhere_is_fit_too() -> None:
    assert DeviceFeature({"controllerSerialNumber": "0" * 80_000}).serial_number is None
    assert DeviceFeature({"controllerSerialNumber": HOSTILE}).serial_number is None
    assert FirmwareDetail.from_message({"description": "a\nb"}).description == "a b"
    plan = TouPlan.from_message({"name": HOSTILE, "utility": HOSTILE, "schedule": [{"season": 1, "nickname": HOSTILE}]})
    assert {plan.name, plan.utility, plan.nicknames[1]} == {one_line(HOSTILE)}
