"""What every command that the integration gives is called: each value has a text, and each text a value."""

from collections.abc import Iterator
from itertools import product
import json
from pathlib import Path

from homeassistant.core import HomeAssistant
from homeassistant.setup import async_setup_component
import pytest

from custom_components.navilink import wording
from custom_components.navilink.const import DOMAIN
from custom_components.navilink.nwp500 import commands
from custom_components.navilink.schedules import switch_command

TEXTS = json.loads((Path(wording.__file__).parent / "translations" / "en.json").read_text())["selector"]["command"]
GIVEN = [
    each for each in vars(commands).values() if isinstance(each, commands.Control) and each.name in wording.DESCRIPTIONS
]


def every_value(control: commands.Control) -> Iterator[tuple[int, ...]]:
    """Return all parameters that a control may have."""
    numbers = [range(each.low, each.high + 1, each.step) for each in control.parameters]
    for values in product(*numbers):
        if all(number.allows(value) for number, value in zip(control.parameters, values, strict=True)):
            yield values


async def test_every_value_has_a_text_and_every_text_a_value(hass: HomeAssistant) -> None:
    assert await async_setup_component(hass, DOMAIN, {})
    used: set[str] = set()
    for control in GIVEN:
        for values in every_value(control):
            described = wording.DESCRIPTIONS[control.name](hass, *values)
            assert described is not None, (control.name, values)
            used.add(described[0])
            words = wording.text(hass, "command", *described)
            assert words, (control.name, values)
            assert "{" not in words
    for kind in switch_command.SETTINGS:
        for use in (switch_command.OFF, switch_command.ON):
            described = wording.DESCRIPTIONS[kind](hass, use)
            assert described is not None
            used.add(described[0])
        assert wording.DESCRIPTIONS[kind](hass) is wording.DESCRIPTIONS[kind](hass, 9) is None
    assert used == set(TEXTS["options"])


async def test_control_of_a_different_version_has_no_text_or_one_without_its_value(hass: HomeAssistant) -> None:
    """An old version did not store the parameters, and a value may have no meaning by now."""
    for control in GIVEN:
        described = wording.DESCRIPTIONS[control.name](hass)
        assert described is None or not described[1], control.name
    assert wording.DESCRIPTIONS["recirc-mode"](hass, 9) is None


@pytest.mark.parametrize("control", GIVEN, ids=lambda control: control.name)
def test_kind_that_is_given_has_a_name(control: commands.Control) -> None:
    kinds = json.loads((Path(wording.__file__).parent / "translations" / "en.json").read_text())["selector"]["kinds"]
    assert kinds["options"][control.name]
