"""Whatever junk a message holds: reading it never fails, and the members that make sense keep their values."""

from collections.abc import Mapping
from enum import Enum
import json
import math

from hypothesis import given
from hypothesis import strategies as st
import pytest

from nwp500.models import DeviceFeature, DeviceStatus, Message
from tests import FIXTURES

STATUS = DeviceStatus.from_message(json.loads((FIXTURES / "status_hybrid_boost_element.json").read_text()))
FEATURE = DeviceFeature.from_message(json.loads((FIXTURES / "feature.json").read_text()))

HUGE = st.sampled_from([10**400, -(10**400), 2**64, 1e308, -1e308, math.nan, math.inf, -math.inf])
JUNK = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | HUGE | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=6,
)
DERIVED = {
    DeviceStatus: (
        "is_on_vacation",
        "usable_energy",
        "filter_hours_left",
    ),
    DeviceFeature: ("volume_gallons",),
}


def mutations(message: Message) -> st.SearchStrategy[Mapping[str, object]]:
    """Make junk for some of the members of a message, and for members nobody knows."""
    return st.dictionaries(st.sampled_from(sorted(message.raw)) | st.text(max_size=8), JUNK)


def assert_only_mutated_members_differ(original: Message, mutated: Mapping[str, object]) -> None:
    """Read every member of the mutated message."""
    decoded = type(original)({**original.raw, **mutated})
    before, after = original.decoded(), decoded.decoded()
    for attribute, member in original.members().items():
        value = after[attribute]
        if member.wire_name not in mutated:
            assert value == before[attribute]
        if isinstance(value, float):
            assert math.isfinite(value)
        assert value is None or isinstance(value, (bool, int, float, str, Enum))
    for attribute in DERIVED[type(original)]:
        getattr(decoded, attribute)


@given(mutated=mutations(STATUS))
def test_junk_in_a_status_harms_no_other_member(mutated: Mapping[str, object]) -> None:
    assert_only_mutated_members_differ(STATUS, mutated)


@given(mutated=mutations(FEATURE))
def test_junk_in_a_feature_harms_no_other_member(mutated: Mapping[str, object]) -> None:
    assert_only_mutated_members_differ(FEATURE, mutated)


@given(kept=st.sets(st.sampled_from(sorted(STATUS.raw))))
def test_missing_members_are_unknown_and_the_others_stay(kept: set[str]) -> None:
    decoded = DeviceStatus({wire_name: STATUS.raw[wire_name] for wire_name in kept})
    complete = STATUS.decoded()
    assert decoded.decoded() == {
        attribute: complete[attribute] if member.wire_name in kept else None
        for attribute, member in DeviceStatus.members().items()
    }


@pytest.mark.parametrize(
    "junk", ["120", "", True, False, None, [], [120], {}, {"a": 1}, math.nan, math.inf, -math.inf, 10**400, -(2**60)]
)
def test_what_is_no_number_of_the_wire_is_unknown_in_every_member(junk: object) -> None:
    decoded = DeviceStatus(dict.fromkeys(STATUS.raw, junk))
    assert set(decoded.decoded().values()) == {None}
    assert decoded.raw["dhwTemperature"] is junk


def test_a_raw_number_is_whole() -> None:
    assert DeviceStatus({"dhwTemperatureSetting": 120.0}).dhw_temperature_setting_raw == 120
    assert DeviceStatus({"dhwTemperatureSetting": 120.5}).dhw_temperature_setting_raw is None
    assert DeviceStatus({"dhwTemperatureSetting": 120.5}).dhw_temperature_setting == 60.25


def test_a_message_shows_nothing_of_its_content_in_its_repr() -> None:
    assert repr(STATUS) == "<DeviceStatus of 103 members>"
    assert "BT" not in repr(FEATURE)


def test_messages_of_different_kinds_are_never_equal() -> None:
    status, feature = (kind({"errorCode": 0}) for kind in (DeviceStatus, DeviceFeature))
    assert status == DeviceStatus({"errorCode": 0})
    assert status != feature


def kinds_of(base: type[Message]) -> list[type[Message]]:
    """Return a class of messages and all that are derived from it."""
    return [base, *(kind for derived in base.__subclasses__() for kind in kinds_of(derived))]


@pytest.mark.parametrize("kind", kinds_of(Message))
@pytest.mark.parametrize("name", ["raw", "dhw_mode", "something_new"])
def test_a_message_cannot_be_changed(kind: type[Message], name: str) -> None:
    message = kind({"dhwOperationSetting": 3})
    with pytest.raises(AttributeError):
        setattr(message, name, {})
    with pytest.raises(TypeError):
        message.raw["dhwOperationSetting"] = 4  # type: ignore[index]  # what must not be done


@pytest.mark.parametrize("kind", kinds_of(Message))
def test_only_messages_of_one_kind_are_equal(kind: type[Message]) -> None:
    assert kind({}) == kind({})
    assert all(kind({}) != other({}) for other in kinds_of(Message) if other is not kind)
