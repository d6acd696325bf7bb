"""Account, notifications, maintenance log and past errors: the recorded replies, and odd values."""

from datetime import UTC, date, datetime, timedelta
from itertools import product

from hypothesis import given
from hypothesis import strategies as st
import pytest

from nwp500.exceptions import InvalidParameterError
from nwp500.models import AppVersion, MaintenanceEntry, PastError, PushSettings, UserInfo
from nwp500.models.conversions import DATE, EPOCH_MILLISECONDS
from tests.client.models.test_device import JSON_VALUES, recorded_data

FLAGS = ("isErrorAlarm", "isDescalingAlarm", "isEtcAlarm")


def test_one_is_on_and_two_is_off() -> None:
    settings = PushSettings.from_message(recorded_data("get_push_settings"))
    assert settings == PushSettings(errors=True, descaling=False, others=True)
    assert settings.as_message() == {"isErrorAlarm": 1, "isDescalingAlarm": 2, "isEtcAlarm": 1}


# All but the last, where no flag is known.
@pytest.mark.parametrize("flags", list(product((True, False, None), repeat=3))[:-1])
def test_push_settings_there_and_back(flags: tuple[bool | None, ...]) -> None:
    settings = PushSettings(errors=flags[0], descaling=flags[1], others=flags[2])
    message = settings.as_message()
    assert PushSettings.from_message(message) == settings
    assert message.keys() == {name for name, flag in zip(FLAGS, flags, strict=True) if flag is not None}


def test_nothing_known_is_nothing_to_write() -> None:
    with pytest.raises(InvalidParameterError, match="settings must be at least one flag"):
        PushSettings().as_message()


def test_who_an_account_belongs_to() -> None:
    user = UserInfo.from_message(recorded_data("user_info"))
    assert user == UserInfo(
        user_type="O",
        user_seq=20002,
        email="user@example.com",
        first_name="Example",
        last_name=None,
        phone_number="5550100",
    )
    assert repr(user) == "UserInfo(user_type='O')"


def test_the_versions_of_the_app() -> None:
    assert AppVersion.from_message(recorded_data("app_version")) == AppVersion(
        newest="2.04.00", oldest_accepted="2.00.00"
    )


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("2026-3-7", date(2026, 3, 7)),
        ("2026-03-07", date(2026, 3, 7)),
        ("2026-11-21", date(2026, 11, 21)),
        ("2026-2-30", None),
        ("99999999999999999999-1-1", None),
        ("2026-3", None),
        ("2026-3-7-1", None),
        ("soon", None),
        ("", None),
        (None, None),
        (20260307, None),
    ],
)
def test_dates_are_read(text: object, day: date | None) -> None:
    assert DATE.read(text) == day


@given(day=st.dates())
def test_dates_with_and_without_leading_zeros(day: date) -> None:
    assert DATE.read(f"{day.year}-{day.month}-{day.day}") == day
    assert DATE.read(day.isoformat()) == day


@given(instant=st.datetimes(timezones=st.just(UTC)))
def test_milliseconds_there_and_back(instant: datetime) -> None:
    milliseconds = (instant - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(milliseconds=1)
    decoded = EPOCH_MILLISECONDS.read(milliseconds)
    assert decoded is not None
    assert decoded.utcoffset() == timedelta(0)
    assert timedelta(0) <= instant - decoded < timedelta(milliseconds=1)


@pytest.mark.parametrize("raw", [10**15, -(10**15), 2**60, None, "1790000000000", True])
def test_what_is_no_time_is_unknown(raw: object) -> None:
    assert EPOCH_MILLISECONDS.read(raw) is None


def test_an_entry_of_the_log() -> None:
    entry = MaintenanceEntry.from_message({"maintenanceDate": "2026-3-7", "registerAt": 1772841600})
    assert (entry.date_raw, entry.day, entry.registered_raw) == ("2026-3-7", date(2026, 3, 7), 1772841600)


def test_an_error_of_the_past() -> None:
    rows = recorded_data("device_error_list_installer")["errorInfo"]
    assert isinstance(rows, list)
    error = PastError.from_message(rows[0])
    assert error == PastError(error_code=96, sub_code=0, occurred_raw=1790000000000, channel_number=1, unit_type=1)
    assert error.occurred_at == datetime(2026, 9, 21, 14, 13, 20, tzinfo=UTC)


@given(member=st.sampled_from(["errorCode", "errorOccuredTime", "maintenanceDate", "registerAt"]), value=JSON_VALUES)
def test_reading_never_fails(member: str, value: object) -> None:
    error = PastError.from_message({"subError": 2, member: value})
    assert error.sub_code == 2
    assert error.occurred_at is None or error.occurred_at.tzinfo is UTC
    entry = MaintenanceEntry.from_message({member: value})
    assert entry.day is None or isinstance(entry.day, date)
    assert UserInfo.from_message({"userSeq": value, "userType": "M"}).user_type == "M"
