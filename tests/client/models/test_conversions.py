"""Encodings against the worked examples of protocol.md 6 and against their inverses."""

from fractions import Fraction

from hypothesis import given
from hypothesis import strategies as st
import pytest

from nwp500.enums import TemperatureUnit
from nwp500.exceptions import InvalidParameterError, ResponseFormatError
from nwp500.models.conversions import (
    CAPABILITY,
    DECI,
    DELTA,
    FLAG,
    FLOW,
    HALF,
    PUSH_FLAG,
    TANK_ENERGY,
    TOU_OVERRIDE,
    TOU_STATUS,
    TRI_STATE,
    VERSION,
    bytes_from_hex,
    celsius_from_half,
)
from nwp500.models.members import Kind
from nwp500.protocol.setpoint import from_half_degrees, half_degrees_from

CELSIUS, FAHRENHEIT = TemperatureUnit.CELSIUS, TemperatureUnit.FAHRENHEIT
RAW = st.integers(-(2**31), 2**31 - 1)


@pytest.mark.parametrize(
    ("value", "unit", "raw"),
    [
        (95, FAHRENHEIT, 70),
        (104, FAHRENHEIT, 80),
        (110, FAHRENHEIT, 87),
        (115, FAHRENHEIT, 92),
        (120, FAHRENHEIT, 98),
        (125, FAHRENHEIT, 103),
        (130, FAHRENHEIT, 109),
        (135, FAHRENHEIT, 114),
        (140, FAHRENHEIT, 120),
        (145, FAHRENHEIT, 126),
        (150, FAHRENHEIT, 131),
        (140.0, FAHRENHEIT, 120),
        (60, CELSIUS, 120),
        (65.5, CELSIUS, 131),
    ],
)
def test_setpoints_encode_as_the_protocol_lists_them(value: float, unit: TemperatureUnit, raw: int) -> None:
    encoded = half_degrees_from(value, unit)
    assert encoded == raw
    assert type(encoded) is int


@pytest.mark.parametrize(
    ("value", "unit", "raw"),
    [
        (35.25, CELSIUS, 70),
        (35.75, CELSIUS, 72),
        (95.45, FAHRENHEIT, 70),
        (96.35, FAHRENHEIT, 72),
        (-0.25, CELSIUS, 0),
    ],
)
def test_a_wish_between_two_steps_goes_to_the_even_one(value: float, unit: TemperatureUnit, raw: int) -> None:
    assert half_degrees_from(value, unit) == raw


@given(raw=RAW)
def test_half_degrees_survive_decoding_and_encoding(raw: int) -> None:
    assert half_degrees_from(celsius_from_half(raw), CELSIUS) == raw
    assert half_degrees_from(from_half_degrees(raw, FAHRENHEIT), FAHRENHEIT) == raw


@given(value=st.decimals(-200, 400, places=2).map(float), unit=st.sampled_from(TemperatureUnit))
def test_an_encoded_temperature_is_the_nearest_step(value: float, unit: TemperatureUnit) -> None:
    exact = Fraction(str(value)) * 2 if unit is CELSIUS else (Fraction(str(value)) - 32) * 10 / 9
    assert abs(half_degrees_from(value, unit) - exact) <= Fraction(1, 2)


def test_every_whole_fahrenheit_degree_has_its_own_step() -> None:
    assert len({half_degrees_from(degree, FAHRENHEIT) for degree in range(70, 160)}) == 90


@pytest.mark.parametrize("value", [float("nan"), float("inf"), float("-inf")])
def test_what_is_no_number_is_refused(value: float) -> None:
    with pytest.raises(InvalidParameterError, match="temperature must be a finite number"):
        half_degrees_from(value, FAHRENHEIT)


@given(raw=RAW)
def test_tenths_are_recovered_from_what_they_decode_to(raw: int) -> None:
    for kind in (DECI, DELTA, FLOW):
        decoded = kind.read(raw)
        assert decoded is not None
        assert round(decoded * 10) == raw


def test_temperatures_decode_unrounded() -> None:
    assert HALF.read(122) == 61.0
    assert DECI.read(602) == 60.2
    assert DELTA.read(-16) == -1.6


def test_temperature_in_the_unit_wanted() -> None:
    assert from_half_degrees(120, CELSIUS) == CELSIUS.from_celsius(60.0) == 60.0
    assert from_half_degrees(120, FAHRENHEIT) == FAHRENHEIT.from_celsius(60.0) == 140.0


def test_flow_and_energy() -> None:
    assert FLOW.read(76) == 7.6
    assert TANK_ENERGY.read(1369) == 5476


@given(counts=RAW)
def test_energy_counts_there_and_back(counts: int) -> None:
    energy = TANK_ENERGY.read(counts)
    assert energy is not None
    assert divmod(energy, 4) == (counts, 0)


@pytest.mark.parametrize(
    ("kind", "meanings"),
    [
        (FLAG, {0: False, 1: False, 2: True, 3: False, -1: False}),
        (TRI_STATE, {0: None, 1: False, 2: True, 3: None, -1: None, 1.5: None}),
        (CAPABILITY, {0: False, 1: False, 2: True, 3: None}),
        (TOU_STATUS, {0: False, 1: True, 2: None}),
        (TOU_OVERRIDE, {0: None, 1: True, 2: False, 3: None}),
        (PUSH_FLAG, {0: None, 1: True, 2: False, 3: None}),
    ],
)
def test_flags(kind: Kind[bool], meanings: dict[float, bool | None]) -> None:
    assert {raw: kind.read(raw) for raw in meanings} == meanings


@pytest.mark.parametrize(
    ("kind", "listed", "otherwise"),
    [
        (FLAG, {2}, False),
        (TRI_STATE, {1, 2}, None),
        (CAPABILITY, {0, 1, 2}, None),
        (TOU_STATUS, {0, 1}, None),
        (TOU_OVERRIDE, {1, 2}, None),
        (PUSH_FLAG, {1, 2}, None),
    ],
)
@given(data=st.data())
def test_a_number_outside_the_list_of_a_flag(
    kind: Kind[bool], listed: set[int], otherwise: bool | None, data: st.DataObject
) -> None:
    assert kind.read(data.draw(RAW.filter(lambda raw: raw not in listed))) is otherwise
    assert None not in {kind.read(raw) for raw in listed}


@given(raw=st.integers(1, 2**32 - 1))
def test_versions_there_and_back(raw: int) -> None:
    text = VERSION.read(raw)
    assert text is not None
    major, minor, patch, build = (int(part) for part in text.split("."))
    assert ((major * 256 + minor) * 256 + patch) * 256 + build == raw


@pytest.mark.parametrize(
    ("raw", "text"),
    [
        (167837696, "10.1.0.0"),
        (184614912, "11.1.0.0"),
        (184877056, "11.5.0.0"),
        (34013184, "2.7.0.0"),
        (2**32 - 1, "255.255.255.255"),
        (0, None),
        (-1, None),
        (2**32, None),
    ],
)
def test_versions_read_most_significant_byte_first(raw: int, text: str | None) -> None:
    assert VERSION.read(raw) == text


@given(st.binary(max_size=40))
def test_hexadecimal_digits_in_either_case(numbers: bytes) -> None:
    assert bytes_from_hex(numbers.hex()) == bytes_from_hex(numbers.hex().upper()) == numbers


@pytest.mark.parametrize(
    "text",
    ["0", "02 3e", " 023e", "023e ", "023e\n", "zz", "0x02", "\uff10\uff12", "\u0660\u0661", "0_2", "+2"],
)
def test_hexadecimal_text_is_exact(text: str) -> None:
    with pytest.raises(ResponseFormatError):
        bytes_from_hex(text)
