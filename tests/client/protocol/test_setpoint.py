"""Setpoints: from a wish in °F or °C to half-degrees, within the limits of the heater."""

import math

from hypothesis import given
from hypothesis import strategies as st
import pytest

from nwp500 import Device, DeviceFeature, commands
from nwp500.enums import TemperatureUnit
from nwp500.exceptions import InvalidParameterError
from nwp500.protocol.setpoint import dhw_temperature, raw_limits, raw_setpoint, raw_step

C, F = TemperatureUnit.CELSIUS, TemperatureUnit.FAHRENHEIT
HEATER = DeviceFeature({"dhwTemperatureMin": 81, "dhwTemperatureMax": 131})


@pytest.mark.parametrize(
    ("temperature", "unit", "raw"),
    [
        (95, F, 70),
        (104, F, 80),
        (110, F, 87),
        (115, F, 92),
        (120, F, 98),
        (125, F, 103),
        (130, F, 109),
        (135, F, 114),
        (140, F, 120),
        (140.0, F, 120),
        (145, F, 126),
        (150, F, 131),
        (35, C, 70),
        (49, C, 98),
        (60, C, 120),
        (60.3, C, 121),
        (65, C, 130),
    ],
)
def test_a_wish_becomes_the_nearest_half_degree(temperature: float, unit: TemperatureUnit, raw: int) -> None:
    assert raw_setpoint(temperature, unit, None) == raw


@pytest.mark.parametrize(
    ("temperature", "unit", "raw"), [(105, F, 81), (150, F, 131), (149.9, F, 131), (40.5, C, 81), (65.5, C, 131)]
)
def test_the_heaters_own_limits_are_compared_raw(temperature: float, unit: TemperatureUnit, raw: int) -> None:
    assert raw_setpoint(temperature, unit, HEATER) == raw


@pytest.mark.parametrize(
    ("temperature", "unit", "feature", "allowed"),
    [
        (94, F, None, "a number from 95 °F to 150 °F"),
        (151, F, None, "a number from 95 °F to 150 °F"),
        (34.5, C, None, "a number from 35 °C to 65 °C"),
        (65.5, C, None, "a number from 35 °C to 65 °C"),
        (104, F, HEATER, "a number from 105 °F to 150 °F"),
        (151, F, HEATER, "a number from 105 °F to 150 °F"),
        (40, C, HEATER, "a number from 40.5 °C to 65.5 °C"),
        (66, C, HEATER, "a number from 40.5 °C to 65.5 °C"),
        (0, F, HEATER, "a number from 105 °F to 150 °F"),
        (-(10.0**300), C, HEATER, "a number from 40.5 °C to 65.5 °C"),
    ],
)
def test_beyond_the_limits_the_range_is_reported(
    temperature: float, unit: TemperatureUnit, feature: DeviceFeature | None, allowed: str
) -> None:
    with pytest.raises(InvalidParameterError) as refused:
        raw_setpoint(temperature, unit, feature)
    error = refused.value
    assert (error.parameter, error.value, error.allowed) == ("setpoint", temperature, allowed)
    assert error.allowed == f"a number from {error.minimum:g} {error.unit} to {error.maximum:g} {error.unit}"
    assert allowed in str(error)


@pytest.mark.parametrize(
    ("members", "temperature", "raw"),
    [
        ({"dhwTemperatureMax": 120}, 95, 70),
        ({"dhwTemperatureMin": 90}, 150, 131),
        ({"dhwTemperatureMin": None, "dhwTemperatureMax": "131"}, 95, 70),
    ],
)
def test_a_limit_that_the_heater_does_not_report_is_the_fallback(
    members: dict[str, object], temperature: float, raw: int
) -> None:
    assert raw_setpoint(temperature, F, DeviceFeature(members)) == raw


# Every pair that a heater cannot mean (protocol.md 14.1), with what is just believed beside what is just not.
UNBELIEVED = (
    (0, 0),
    (255, 255),
    (131, 81),
    (100, 100),
    (0, 131),
    (81, 255),
    (-500, 2000),
    (67, 131),
    (70, 134),
    (68, 70),
    (131, 133),
    (131, None),
    (None, 70),
    (2**60, -(2**60)),
    ("81", "131"),
    (True, False),
    (81.5, 131.5),
    (None, None),
    ([81], {"max": 131}),
)


@pytest.mark.parametrize(("low", "high"), UNBELIEVED)
@pytest.mark.parametrize(("unit", "fallback"), [(F, (70, 131)), (C, (70, 130))])
def test_limits_that_no_heater_has_are_not_believed(
    low: object, high: object, unit: TemperatureUnit, fallback: tuple[int, int]
) -> None:
    assert raw_limits(unit, DeviceFeature({"dhwTemperatureMin": low, "dhwTemperatureMax": high})) == fallback


def test_a_heater_without_limits_has_the_fallback_ones() -> None:
    assert raw_limits(F, DeviceFeature({})) == raw_limits(F, None) == (70, 131)


@pytest.mark.parametrize(
    ("low", "high", "limits"),
    [
        (81, 131, (81, 131)),
        (90, 120, (90, 120)),
        (68, 133, (70, 131)),
        (69, 132, (70, 131)),
        (130, 133, (130, 131)),
        (None, 120, (70, 120)),
        (90, None, (90, 131)),
    ],
)
def test_limits_are_believed_with_a_degree_of_tolerance(low: object, high: object, limits: tuple[int, int]) -> None:
    assert raw_limits(F, DeviceFeature({"dhwTemperatureMin": low, "dhwTemperatureMax": high})) == limits


ANY_LIMIT = st.one_of(st.integers(), st.integers(60, 140), st.floats(), st.none(), st.text(max_size=3), st.booleans())


@given(low=ANY_LIMIT, high=ANY_LIMIT, unit=st.sampled_from([C, F]), pending_effect=st.floats(-1000, 1000))
def test_whatever_a_heater_says_no_setpoint_scalds_or_freezes(
    low: object, high: object, unit: TemperatureUnit, pending_effect: float
) -> None:
    feature = DeviceFeature({"dhwTemperatureMin": low, "dhwTemperatureMax": high})
    lowest, highest = raw_limits(unit, feature)
    assert 70 <= lowest < highest <= 131
    try:
        raw = raw_setpoint(pending_effect, unit, feature)
    except InvalidParameterError:
        return
    assert lowest <= raw <= highest
    assert commands.DHW_TEMPERATURE.checked((raw,), feature) == (raw,)


@pytest.mark.parametrize("raw", [0, 69, 132, 196, 255])
def test_no_way_to_the_wire_is_wider(raw: int) -> None:
    """98 °C is raw 196."""
    with pytest.raises(InvalidParameterError, match="from 70 to 131"):
        commands.DHW_TEMPERATURE.checked((raw,), None)


@pytest.mark.parametrize("unit", [C, F])
@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf, True, False, "120", None, [120], 120j])
def test_only_a_finite_number_is_a_temperature(value: float, unit: TemperatureUnit) -> None:
    for feature in (None, HEATER):
        with pytest.raises(InvalidParameterError, match=r"^setpoint must be a "):
            raw_setpoint(value, unit, feature)


def test_a_whole_number_beyond_all_floats_is_no_temperature() -> None:
    with pytest.raises(InvalidParameterError):
        raw_setpoint(10**400, F, HEATER)


@pytest.mark.parametrize("unit", ["°C", None, 0, 3, True, 1.0, math.nan, [], {}, {1}])
def test_a_unit_is_one_of_the_two(unit: TemperatureUnit) -> None:
    with pytest.raises(InvalidParameterError, match="unit"):
        raw_setpoint(60, unit, None)


@pytest.mark.parametrize(("number", "temperature"), [(1, 60), (2, 140)])
def test_a_unit_may_be_the_number_that_the_heater_has_for_it(number: TemperatureUnit, temperature: float) -> None:
    assert raw_setpoint(temperature, number, None) == 120


@given(raw=st.integers(70, 130), unit=st.sampled_from([C, F]))
def test_a_value_that_the_heater_reports_can_be_given_back(raw: int, unit: TemperatureUnit) -> None:
    celsius = raw / 2
    assert raw_setpoint(celsius if unit is C else celsius * 9 / 5 + 32, unit, None) == raw


def test_every_whole_degree_fahrenheit_is_what_is_shown_for_its_own_step() -> None:
    heater = DeviceFeature({"dhwTemperatureMin": 70, "dhwTemperatureMax": 131})
    steps = {degree: raw_setpoint(degree, F, heater) for degree in range(95, 151)}
    assert {degree: round(raw * 0.9 + 32) for degree, raw in steps.items()} == {degree: degree for degree in steps}
    # A step is 0.9 °F: in each 9 °F one of ten stands for no whole degree.
    unused = set(range(70, 132)) - set(steps.values())
    assert unused == {75, 85, 95, 105, 115, 125}


@given(degree=st.integers(95, 150))
def test_a_whole_degree_read_back_and_written_again_is_the_same_step(degree: int) -> None:
    heater = DeviceFeature({"dhwTemperatureMin": 70, "dhwTemperatureMax": 131})
    raw = raw_setpoint(degree, F, heater)
    assert raw_setpoint(raw * 0.9 + 32, F, heater) == raw
    assert raw_setpoint(raw / 2, C, heater) == raw


@given(low=st.integers(70, 90), temperature=st.floats(allow_nan=False, allow_infinity=False))
def test_nothing_outside_the_limits_comes_out(low: int, temperature: float) -> None:
    heater = DeviceFeature({"dhwTemperatureMin": low, "dhwTemperatureMax": 131})
    try:
        raw = raw_setpoint(temperature, F, heater)
    except InvalidParameterError:
        assert not low / 2 <= (temperature - 32) / 1.8 <= 65.5
    else:
        assert low <= raw <= 131
        assert abs(raw / 2 - (temperature - 32) / 1.8) <= 0.2501


@pytest.mark.parametrize(
    ("temperature", "unit", "words"),
    [
        (140, F, "setpoint 140 °F"),
        (140.0, F, "setpoint 140 °F"),
        (60.5, C, "setpoint 60.5 °C"),
        # 54.4 °C, wished in a house that reckons in °C by a heater that shows °F.
        (129.92, F, "setpoint 129.9 °F"),
    ],
)
def test_a_setpoint_in_words(temperature: float, unit: TemperatureUnit, words: str) -> None:
    device = Device(mac_address="0478630a1b2c", additional_value="5322")
    assert dhw_temperature(device, temperature, unit, None).words == words


@pytest.mark.parametrize(
    ("temperature", "unit", "raw"),
    [
        (48.4, C, 96),
        (48.5, C, 96),
        (48.7, C, 98),
        (121, F, 98),
        (122, F, 100),
        # The limits lie between its steps, and are reached all the same.
        (40.5, C, 81),
        (65.5, C, 131),
        (150, F, 131),
    ],
)
def test_heater_of_whole_degrees_gets_whole_degrees(temperature: float, unit: TemperatureUnit, raw: int) -> None:
    heater = DeviceFeature({**HEATER.raw, "dhwTemperatureSettingUse": 3})
    assert raw_step(heater) == 2
    assert raw_setpoint(temperature, unit, heater) == raw


@pytest.mark.parametrize("control", [None, 0, 1, 2, 4, 99])
def test_every_other_heater_gets_half_degrees(control: int | None) -> None:
    heater = DeviceFeature({**HEATER.raw, "dhwTemperatureSettingUse": control})
    assert raw_step(heater) == 1
    assert raw_setpoint(48.5, C, heater) == 97
    assert raw_step(None) == 1
