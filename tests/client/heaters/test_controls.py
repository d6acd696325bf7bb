"""How the methods of the controls present themselves: to `help`, to documentation, and to stand-ins."""

from inspect import iscoroutinefunction, signature
from typing import get_type_hints
from unittest.mock import create_autospec

import pytest

from nwp500 import Device
from nwp500.heaters.controls import HeaterControls
from nwp500.protocol.controls import HeaterCommand

DEVICE = Device(mac_address="0478630a1b2c", additional_value="5322")
METHODS = sorted(name for name in vars(HeaterControls) if name.partition("_")[0] in ("set", "reset", "press"))


@pytest.mark.parametrize("name", METHODS)
def test_a_method_takes_itself_and_a_device_and_returns_a_packet_id(name: str) -> None:
    method = getattr(HeaterControls, name)
    shown = signature(method)
    assert list(shown.parameters)[:2] == ["self", "device"]
    assert shown.return_annotation is get_type_hints(method)["return"] is int
    assert iscoroutinefunction(method)
    assert method.__doc__
    assert signature(method.__wrapped__).return_annotation is HeaterCommand


async def test_a_stand_in_takes_what_the_method_takes() -> None:
    stand_in = create_autospec(HeaterControls, instance=True)
    await stand_in.set_power(DEVICE, True)
    await stand_in.set_tou(DEVICE, on=True)
    await stand_in.press_hot_button(DEVICE)
    with pytest.raises(TypeError):
        await stand_in.set_tou(DEVICE, True)
