"""What an answer about energy is worth."""

from collections.abc import Mapping
from datetime import date
from types import SimpleNamespace
from typing import cast

import pytest

from custom_components.navilink.energy.reader import EnergyReader
from custom_components.navilink.nwp500 import Device, NavienMqttClient, models

Wire = Mapping[str, object]


class Answers:
    """Gives the same answer to every question."""

    def __init__(self, answer: Wire) -> None:
        self._answer = answer

    async def exchange(self, *_: object, **__: object) -> models.EnergyUsage:
        return models.EnergyUsage(dict(self._answer))


def reader(answer: Wire) -> EnergyReader:
    client = cast("NavienMqttClient", SimpleNamespace(queries=Answers(answer)))
    return EnergyReader(client, cast("Device", None))


@pytest.mark.parametrize("answer", [{}, {"usage": []}, {"usage": [{"year": 2026, "month": 3, "data": [{}]}]}])
async def test_nothing_is_made_of_an_answer_that_says_nothing(answer: Wire) -> None:
    assert await reader(answer).async_days(date(2026, 3, 1), date(2026, 3, 10)) is None
    assert await reader(answer).async_months(2020, 2026) is None
