"""The command table, against the numbers and limits of protocol.md 5.1 and 5.2 written down a second time."""

from collections.abc import Iterator
from datetime import timedelta
import json

import pytest

from nwp500 import DeviceFeature, commands
from nwp500.enums import DhwMode
from nwp500.exceptions import InvalidParameterError, UnsupportedCommandError
from nwp500.models.members import Number
from nwp500.protocol.controls import Control
from tests import FIXTURES

FEATURE = json.loads((FIXTURES / "feature.json").read_text())
RAW_FEATURE = FEATURE["response"]["feature"]

# By the name in the table: code, mode text, gate, the parameters that are allowed at the ends, and some that are not.
type Row = tuple[int, str, str | None, tuple[tuple[int, ...], ...], tuple[tuple[object, ...], ...]]
TABLE: dict[str, Row] = {
    "POWER_OFF": (33554433, "power-off", "powerUse", ((),), ((1,),)),
    "POWER_ON": (33554434, "power-on", "powerUse", ((),), ((1,),)),
    "DHW_MODE": (33554437, "dhw-mode", "dhwUse", ((1,), (2,), (3,), (4,)), ((0,), (5,), (6,), (7,), (), (5, 7))),
    "VACATION": (33554437, "dhw-mode", "dhwUse", ((5, 1), (5, 99)), ((5,), (5, 0), (5, 100), (4, 7), (6, 7))),
    "DHW_TEMPERATURE": (33554464, "dhw-temperature", "dhwTemperatureSettingUse", ((70,), (131,)), ((69,), (132,))),
    "ANTI_LEGIONELLA_ON": (33554472, "anti-leg-on", "antiLegionellaSettingUse", ((1,), (30,)), ((0,), (31,), ())),
    "ANTI_LEGIONELLA_OFF": (33554471, "anti-leg-off", "antiLegionellaSettingUse", ((),), ((7,),)),
    "TOU_ON": (33554476, "tou-on", "programReservationUse", ((),), ((1,),)),
    "TOU_OFF": (33554475, "tou-off", "programReservationUse", ((),), ((1,),)),
    "RESERVATION_MODE": (33554441, "reservation-mode", "programReservationUse", ((),), ((1,),)),
    "VACATION_DAYS": (33554466, "goout-day", "holidayUse", ((1,), (99,)), ((0,), (100,))),
    "INTELLIGENT_OFF": (33554467, "intelligent-off", None, ((),), ((1,),)),
    "INTELLIGENT_ON": (33554468, "intelligent-on", None, ((),), ((1,),)),
    "DEMAND_RESPONSE_OFF": (33554469, "dr-off", "drSettingUse", ((),), ((1,),)),
    "DEMAND_RESPONSE_ON": (33554470, "dr-on", "drSettingUse", ((),), ((1,),)),
    "RECIRCULATION_HOT_BUTTON": (33554444, "recirc-hotbtn", "recirculationUse", ((1,),), ((0,), (2,), ())),
    "RECIRCULATION_MODE": (33554445, "recirc-mode", "recirculationUse", ((1,), (4,)), ((0,), (5,))),
    "AIR_FILTER_RESET": (33554473, "air-filter-reset", None, ((),), ((1,),)),
    "AIR_FILTER_LIFE": (33554474, "air-filter-life", None, ((0,), (2,), (20,)), ((1,), (21,), (-1,))),
    "CONDENSER_FAULT_RESET": (33554463, "cond-fault-reset", None, ((),), ((1,),)),
}
NO_WHOLE_NUMBERS: tuple[object, ...] = (True, 1.0, "1", None, [1])

# What a status shows once a command took effect (protocol.md 5.1 and 8).
EFFECTS: dict[tuple[str, tuple[int, ...]], dict[str, set[int]]] = {
    ("POWER_OFF", ()): {"dhwOperationSetting": {6}},
    ("POWER_ON", ()): {"dhwOperationSetting": {1, 2, 3, 4}},
    ("DHW_MODE", (2,)): {"dhwOperationSetting": {2}},
    ("VACATION", (5, 7)): {"dhwOperationSetting": {5}, "vacationDaySetting": {7}},
    ("DHW_TEMPERATURE", (120,)): {"dhwTemperatureSetting": {120}},
    ("ANTI_LEGIONELLA_ON", (7,)): {"antiLegionellaUse": {2}, "antiLegionellaPeriod": {7}},
    ("ANTI_LEGIONELLA_OFF", ()): {"antiLegionellaUse": {1}},
    ("TOU_ON", ()): {"touStatus": {1}},
    ("TOU_OFF", ()): {"touStatus": {0}},
    ("RESERVATION_MODE", ()): {},
    ("VACATION_DAYS", (7,)): {"vacationDaySetting": {7}},
    ("INTELLIGENT_ON", ()): {},
    ("INTELLIGENT_OFF", ()): {},
    ("DEMAND_RESPONSE_ON", ()): {},
    ("DEMAND_RESPONSE_OFF", ()): {},
    ("RECIRCULATION_HOT_BUTTON", (1,)): {},
    ("RECIRCULATION_MODE", (3,)): {"recircOperationMode": {3}},
    ("AIR_FILTER_RESET", ()): {},
    ("AIR_FILTER_LIFE", (6,)): {"airFilterAlarmPeriod": {3000}},
    ("CONDENSER_FAULT_RESET", ()): {},
}

# What the two commands of a pair set is one setting, and no other command sets it.
SETTINGS = (
    {"POWER_OFF", "POWER_ON", "DHW_MODE", "VACATION"},
    {"DHW_TEMPERATURE"},
    {"ANTI_LEGIONELLA_ON", "ANTI_LEGIONELLA_OFF"},
    {"TOU_ON", "TOU_OFF"},
    {"VACATION_DAYS"},
    {"INTELLIGENT_ON", "INTELLIGENT_OFF"},
    {"DEMAND_RESPONSE_ON", "DEMAND_RESPONSE_OFF"},
    {"RECIRCULATION_MODE"},
    {"AIR_FILTER_LIFE"},
)
OVERWRITES: dict[str, set[str | None]] = {
    "POWER_OFF": {"power", "vacation"},
    "POWER_ON": {"power", "vacation"},
    "DHW_MODE": {"power", "mode", "vacation"},
    "VACATION": {"vacation"},
    "ANTI_LEGIONELLA_ON": {"anti_legionella", "anti_legionella_period"},
}
NO_SETTINGS = {"RESERVATION_MODE", "RECIRCULATION_HOT_BUTTON", "AIR_FILTER_RESET", "CONDENSER_FAULT_RESET"}
NOT_REPEATABLE = {"RECIRCULATION_HOT_BUTTON", "AIR_FILTER_RESET", "CONDENSER_FAULT_RESET"}

WORDS = {
    ("POWER_ON", ()): "power on",
    ("DHW_MODE", (3,)): "mode energy saver",
    ("VACATION", (5, 7)): "vacation for 7 days",
    ("RECIRCULATION_MODE", (3,)): "recirculation by the hot button only",
    ("AIR_FILTER_LIFE", (6,)): "air filter interval 3000 h",
    ("AIR_FILTER_LIFE", (0,)): "air filter interval off",
    ("ANTI_LEGIONELLA_ON", (7,)): "anti-legionella every 7 days",
}


def controls() -> dict[str, Control]:
    """Return the controls of the table by name."""
    return {name: found for name, found in vars(commands).items() if isinstance(found, Control)}


def feature(**members: object) -> DeviceFeature:
    """Return the feature of a heater, with some members changed."""
    return DeviceFeature({**RAW_FEATURE, **members})


def parameters_of(*, allowed: bool) -> Iterator[tuple[str, tuple[object, ...]]]:
    """Go through the parameters of the table: those at the ends of the ranges, or those beyond."""
    for name, (*_, good, bad) in TABLE.items():
        for parameters in good if allowed else bad:
            yield name, parameters


def test_every_control_is_in_the_table() -> None:
    assert controls().keys() == TABLE.keys()


@pytest.mark.parametrize("name", TABLE)
def test_codes_texts_and_gates(name: str) -> None:
    control = controls()[name]
    assert (control.code, control.name, control.gate) == TABLE[name][:3]
    assert control.repeatable is (name not in NOT_REPEATABLE)


@pytest.mark.parametrize(("name", "parameters"), parameters_of(allowed=True))
def test_parameters_within_the_limits(name: str, parameters: tuple[int, ...]) -> None:
    assert controls()[name].checked(parameters, None) == parameters


@pytest.mark.parametrize(("name", "parameters"), parameters_of(allowed=False))
def test_parameters_beyond_the_limits(name: str, parameters: tuple[int, ...]) -> None:
    with pytest.raises(InvalidParameterError):
        controls()[name].checked(parameters, None)


@pytest.mark.parametrize("value", NO_WHOLE_NUMBERS)
@pytest.mark.parametrize("name", [name for name, found in controls().items() if found.parameters])
def test_a_parameter_is_a_whole_number_and_nothing_else(name: str, value: int) -> None:
    control = controls()[name]
    with pytest.raises(InvalidParameterError, match="must be a whole number from"):
        control.checked((value,) * len(control.parameters), None)


def test_an_enumeration_goes_out_as_a_plain_number() -> None:
    (mode,) = commands.DHW_MODE.checked((DhwMode.ELECTRIC,), None)
    assert type(mode) is int


@pytest.mark.parametrize(
    ("parameter", "allowed"),
    [
        (Number("days", 1, 99, "days"), "a whole number from 1 to 99 days"),
        (Number("mode", 1, 6, gap=5), "a whole number from 1 to 6 but not 5"),
        (Number("button", 1, 1), "a whole number from 1 to 1"),
    ],
)
def test_what_is_allowed_is_said_in_words(parameter: Number, allowed: str) -> None:
    assert parameter.allowed == allowed
    with pytest.raises(InvalidParameterError, match=f"{parameter.name} must be {allowed}, not 1000"):
        parameter.check(1000)


@pytest.mark.parametrize("raw", [0, 1])
@pytest.mark.parametrize("name", [name for name, found in controls().items() if found.gate is not None])
def test_what_the_heater_says_it_lacks_is_refused(name: str, raw: int) -> None:
    control = controls()[name]
    assert control.gate is not None
    with pytest.raises(UnsupportedCommandError, match=f"does not support {control.name}.*{control.gate}"):
        control.checked(TABLE[name][3][0], feature(**{control.gate: raw}))


@pytest.mark.parametrize(
    ("mode", "gate"), [(1, "heatpumpUse"), (2, "electricUse"), (3, "energySaverUse"), (4, "highDemandUse")]
)
def test_each_mode_has_a_gate_of_its_own(mode: int, gate: str) -> None:
    assert commands.DHW_MODE.checked((mode,), feature()) == (mode,)
    lacking = feature(**{gate: 1})
    with pytest.raises(UnsupportedCommandError, match=gate):
        commands.DHW_MODE.checked((mode,), lacking)
    for other in {1, 2, 3, 4} - {mode}:
        assert commands.DHW_MODE.checked((other,), lacking) == (other,)


def test_vacation_needs_the_modes_too() -> None:
    with pytest.raises(UnsupportedCommandError, match="dhwUse"):
        commands.VACATION.checked((5, 7), feature(dhwUse=1))


@pytest.mark.parametrize("name", TABLE)
def test_silence_of_the_heater_is_no_refusal(name: str) -> None:
    parameters = TABLE[name][3][0]
    assert controls()[name].checked(parameters, DeviceFeature({})) == parameters
    everything = feature(**dict.fromkeys(("recirculationUse", "mixingValueUse"), 2))
    assert controls()[name].checked(parameters, everything) == parameters


HOUR, DAY = timedelta(hours=1), timedelta(days=1)


@pytest.mark.parametrize(
    ("control", "parameters", "known", "life_time"),
    [
        (commands.DHW_TEMPERATURE, (120,), {"dhwTemperatureSetting": 98}, HOUR),
        (commands.DHW_TEMPERATURE, (120,), {}, HOUR),
        (commands.DHW_TEMPERATURE, (98,), {"dhwTemperatureSetting": 98}, DAY),
        (commands.DHW_TEMPERATURE, (90,), {"dhwTemperatureSetting": 98}, DAY),
        (commands.POWER_ON, (), {}, HOUR),
        (commands.POWER_OFF, (), {}, DAY),
        (commands.DHW_MODE, (1,), {}, DAY),
        (commands.DHW_MODE, (2,), {}, HOUR),
        (commands.DHW_MODE, (3,), {}, DAY),
        (commands.DHW_MODE, (4,), {}, HOUR),
        (commands.VACATION, (5, 7), {}, DAY),
        (commands.TOU_ON, (), {}, DAY),
        (commands.RECIRCULATION_HOT_BUTTON, (1,), {}, timedelta(seconds=60)),
    ],
)
def test_what_adds_heat_may_wait_an_hour_other_settings_a_day_and_a_button_a_minute(
    control: Control, parameters: tuple[int, ...], known: dict[str, int], life_time: timedelta
) -> None:
    assert control.life_time(parameters, known) == life_time


def test_the_effects_are_those_of_all_controls() -> None:
    assert {name for name, _ in EFFECTS} == controls().keys()


@pytest.mark.parametrize(("name", "parameters"), EFFECTS)
def test_how_an_effect_shows(name: str, parameters: tuple[int, ...]) -> None:
    assert controls()[name].effect(*parameters) == EFFECTS[name, parameters]


def test_what_sets_the_same_setting() -> None:
    by_setting: dict[str, set[str]] = {}
    for name, control in controls().items():
        if control.setting is None:
            assert name in NO_SETTINGS
        else:
            by_setting.setdefault(control.setting, set()).add(name)
    assert sorted(map(sorted, by_setting.values())) == sorted(map(sorted, SETTINGS))


def test_what_a_control_overwrites_is_its_setting_and_all_that_goes_with_it() -> None:
    for name, control in controls().items():
        expected = OVERWRITES.get(name, {control.setting} if control.setting else set())
        assert control.overwrites == expected, name


@pytest.mark.parametrize(("name", "parameters"), WORDS)
def test_the_wanted_value_in_words(name: str, parameters: tuple[int, ...]) -> None:
    assert controls()[name].wanted(parameters) == WORDS[name, parameters]


@pytest.mark.parametrize(("name", "parameters"), parameters_of(allowed=True))
def test_there_are_words_for_everything(name: str, parameters: tuple[int, ...]) -> None:
    words = controls()[name].wanted(parameters)
    assert words
    assert not {"{", "}", "None"} & set(words.split())


@pytest.mark.parametrize("steps", [0, *range(2, 21)])
def test_an_air_filter_interval_reads_back_in_hours(steps: int) -> None:
    assert commands.AIR_FILTER_LIFE.checked((steps,), None) == (steps,)
    assert commands.AIR_FILTER_LIFE.effect(steps) == {"airFilterAlarmPeriod": {steps * 500}}
