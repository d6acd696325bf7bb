"""What becomes of a command after its PUBACK, in virtual time."""

import asyncio
from collections.abc import Coroutine
from typing import NamedTuple

import pytest

from nwp500 import Device, QueuedCommand, commands
from nwp500.commands import Control
from nwp500.confirmations import Confirmations
from nwp500.requests import control_request, query_request
from tests.client.virtual_time import VirtualTimeLoop

ONE, OTHER = "0478630a1b2c", "0478630a1b2d"
PATIENCE = 60.0


class Outcome(NamedTuple):
    """How a command ended, and when."""

    outcome: str
    command: QueuedCommand
    code: int | None
    at: float


class Waiting:
    """Confirmations, and the outcomes that they came to."""

    def __init__(self) -> None:
        self.outcomes: list[Outcome] = []
        self.is_link_up = True
        self.confirmations = Confirmations(self._settled, patience=PATIENCE, is_link_up=lambda: self.is_link_up)

    def _settled(self, outcome: str, command: QueuedCommand, reason: str, code: int | None) -> None:
        assert reason
        self.outcomes.append(Outcome(outcome, command, code, asyncio.get_running_loop().time()))

    def given(self, control: Control, *parameters: int, mac_address: str = ONE) -> QueuedCommand:
        """Give a command."""
        device = Device(mac_address=mac_address, additional_value="5322")
        command = control_request(control, parameters, device, "client")
        self.confirmations.given(command)
        return command

    def sent(self, control: Control, *parameters: int, mac_address: str = ONE) -> QueuedCommand:
        """Give a command, and see its PUBACK."""
        command = self.given(control, *parameters, mac_address=mac_address)
        self.confirmations.sent(command)
        return command

    @property
    def wanted(self) -> dict[str, int]:
        """What the first heater will show."""
        return self.confirmations.wanted(ONE)


def run[T](story: Coroutine[object, object, T]) -> T:
    """Run a test's story in virtual time."""
    return asyncio.run(story, loop_factory=VirtualTimeLoop)


def test_a_status_with_the_wanted_value_confirms() -> None:
    async def story() -> None:
        waiting = Waiting()
        command = waiting.sent(commands.DHW_TEMPERATURE, 120)
        waiting.confirmations.status(ONE, {"dhwTemperatureSetting": 98})
        assert waiting.wanted == {"dhwTemperatureSetting": 120}
        await asyncio.sleep(10)
        waiting.confirmations.status(ONE, {"dhwTemperatureSetting": 120})
        assert waiting.outcomes == [Outcome("confirmed", command, None, 10)]
        assert waiting.wanted == {}
        await asyncio.sleep(10 * PATIENCE)
        assert len(waiting.outcomes) == 1

    run(story())


@pytest.mark.parametrize("raw", [{}, {"dhwTemperatureSetting": None}, {"dhwTemperatureSetting": "120"}])
def test_a_status_that_does_not_tell_confirms_nothing(raw: dict[str, object]) -> None:
    async def story() -> None:
        waiting = Waiting()
        waiting.sent(commands.DHW_TEMPERATURE, 120)
        waiting.confirmations.status(ONE, raw)
        assert waiting.outcomes == []
        waiting.confirmations.close()

    run(story())


@pytest.mark.xfail(strict=True, reason="TypeError: what is not hashable is looked up in a frozenset")
@pytest.mark.parametrize("junk", [[], {}])
def test_junk_in_a_status_confirms_nothing(junk: object) -> None:
    async def story() -> None:
        waiting = Waiting()
        waiting.sent(commands.DHW_TEMPERATURE, 120)
        try:
            waiting.confirmations.status(ONE, {"dhwTemperatureSetting": junk})
        finally:
            waiting.confirmations.close()
        assert waiting.outcomes == []

    run(story())


def test_every_member_of_the_effect_has_to_show() -> None:
    async def story() -> None:
        waiting = Waiting()
        waiting.sent(commands.VACATION, 5, 7)
        assert waiting.wanted == {"dhwOperationSetting": 5, "vacationDaySetting": 7}
        waiting.confirmations.status(ONE, {"dhwOperationSetting": 5, "vacationDaySetting": 3})
        assert waiting.outcomes == []
        waiting.confirmations.status(ONE, {"dhwOperationSetting": 5, "vacationDaySetting": 7})
        assert [outcome.outcome for outcome in waiting.outcomes] == ["confirmed"]

    run(story())


def test_what_was_not_sent_yet_cannot_be_confirmed_but_is_wanted() -> None:
    async def story() -> None:
        waiting = Waiting()
        waiting.given(commands.DHW_TEMPERATURE, 120)
        waiting.confirmations.status(ONE, {"dhwTemperatureSetting": 120})
        await asyncio.sleep(10 * PATIENCE)
        assert waiting.outcomes == []
        assert waiting.wanted == {"dhwTemperatureSetting": 120}

    run(story())


def test_a_command_without_an_effect_in_the_status_is_confirmed_by_the_reply() -> None:
    async def story() -> None:
        waiting = Waiting()
        command = waiting.sent(commands.AIR_FILTER_RESET)
        waiting.confirmations.status(ONE, {"dhwTemperatureSetting": 120})
        assert waiting.outcomes == []
        assert waiting.wanted == {}
        waiting.confirmations.answered(command.id)
        assert waiting.outcomes == [Outcome("confirmed", command, None, 0)]

    run(story())


def test_a_reply_that_overtakes_the_puback_proves_that_the_command_was_sent() -> None:
    async def story() -> None:
        waiting = Waiting()
        command = waiting.given(commands.DHW_TEMPERATURE, 120)
        waiting.confirmations.answered(command.id)
        assert waiting.outcomes == []
        waiting.confirmations.status(ONE, {"dhwTemperatureSetting": 120})
        assert waiting.outcomes == [Outcome("confirmed", command, None, 0)]
        waiting.confirmations.sent(command)
        await asyncio.sleep(10 * PATIENCE)
        assert len(waiting.outcomes) == 1

    run(story())


def test_a_refusal_ends_it_with_the_heaters_code() -> None:
    async def story() -> None:
        waiting = Waiting()
        command = waiting.sent(commands.DHW_TEMPERATURE, 120)
        waiting.confirmations.refused(command.id, 7)
        assert waiting.outcomes == [Outcome("rejected", command, 7, 0)]
        assert waiting.wanted == {}
        await asyncio.sleep(10 * PATIENCE)
        assert len(waiting.outcomes) == 1

    run(story())


def test_replies_and_refusals_of_others_are_none_of_ours() -> None:
    async def story() -> None:
        waiting = Waiting()
        waiting.sent(commands.AIR_FILTER_RESET)
        waiting.confirmations.answered("of somebody else")
        waiting.confirmations.refused("of somebody else", 2)
        assert waiting.outcomes == []
        waiting.confirmations.close()

    run(story())


def test_what_does_not_show_in_time_stays_unconfirmed() -> None:
    async def story() -> None:
        waiting = Waiting()
        command = waiting.sent(commands.DHW_MODE, 2)
        await asyncio.sleep(PATIENCE - 1)
        assert waiting.wanted == {"dhwOperationSetting": 2}
        await asyncio.sleep(2)
        assert waiting.outcomes == [Outcome("unconfirmed", command, None, PATIENCE)]
        assert waiting.wanted == {}

    run(story())


def test_the_time_starts_anew_when_the_link_was_down_at_its_end() -> None:
    async def story() -> None:
        waiting = Waiting()
        command = waiting.sent(commands.DHW_MODE, 2)
        waiting.is_link_up = False
        await asyncio.sleep(PATIENCE + 1)
        waiting.is_link_up = True
        assert waiting.outcomes == []
        await asyncio.sleep(PATIENCE)
        assert waiting.outcomes == [Outcome("unconfirmed", command, None, 2 * PATIENCE)]

    run(story())


def test_the_time_starts_anew_when_it_is_sent_again() -> None:
    async def story() -> None:
        waiting = Waiting()
        command = waiting.sent(commands.DHW_MODE, 2)
        await asyncio.sleep(PATIENCE / 2)
        waiting.confirmations.sent(command)
        await asyncio.sleep(10 * PATIENCE)
        assert waiting.outcomes == [Outcome("unconfirmed", command, None, 1.5 * PATIENCE)]

    run(story())


def test_one_that_ended_some_other_way_is_not_waited_for() -> None:
    async def story() -> None:
        waiting = Waiting()
        waiting.confirmations.forget(waiting.sent(commands.DHW_MODE, 2))
        waiting.confirmations.forget(waiting.given(commands.DHW_MODE, 3))
        await asyncio.sleep(10 * PATIENCE)
        assert waiting.outcomes == []
        assert waiting.wanted == {}

    run(story())


def test_closing_ends_the_waiting() -> None:
    async def story() -> None:
        waiting = Waiting()
        waiting.sent(commands.DHW_MODE, 2)
        waiting.confirmations.close()
        await asyncio.sleep(10 * PATIENCE)
        assert waiting.outcomes == []

    run(story())


def test_a_request_that_changes_nothing_is_not_waited_for() -> None:
    async def story() -> None:
        waiting = Waiting()
        request = query_request(commands.STATUS, Device(mac_address=ONE, additional_value="5322"), "client")
        waiting.confirmations.given(request)
        waiting.confirmations.sent(request)
        waiting.confirmations.answered(request.id)
        await asyncio.sleep(10 * PATIENCE)
        assert waiting.outcomes == []

    run(story())


def test_heaters_do_not_mix() -> None:
    async def story() -> None:
        waiting = Waiting()
        waiting.sent(commands.DHW_TEMPERATURE, 120)
        other = waiting.sent(commands.DHW_TEMPERATURE, 100, mac_address=OTHER)
        assert waiting.confirmations.wanted(OTHER) == {"dhwTemperatureSetting": 100}
        waiting.confirmations.status(OTHER, {"dhwTemperatureSetting": 120})
        assert waiting.outcomes == []
        waiting.confirmations.status(OTHER, {"dhwTemperatureSetting": 100})
        assert [outcome.command for outcome in waiting.outcomes] == [other]
        assert waiting.wanted == {"dhwTemperatureSetting": 120}
        waiting.confirmations.close()

    run(story())


def test_the_newest_wish_is_the_one_shown() -> None:
    async def story() -> None:
        waiting = Waiting()
        waiting.given(commands.DHW_TEMPERATURE, 120)
        waiting.given(commands.DHW_MODE, 2)
        waiting.given(commands.DHW_TEMPERATURE, 100)
        assert waiting.wanted == {"dhwTemperatureSetting": 100, "dhwOperationSetting": 2}

    run(story())


@pytest.mark.xfail(strict=True, reason="once the newer one is confirmed, the older one's value is shown again")
def test_an_older_wish_does_not_come_back_once_the_newer_one_took_effect() -> None:
    async def story() -> None:
        waiting = Waiting()
        for raw in (120, 100):
            waiting.sent(commands.DHW_TEMPERATURE, raw)
        waiting.confirmations.status(ONE, {"dhwTemperatureSetting": 100})
        try:
            assert waiting.wanted.get("dhwTemperatureSetting", 100) == 100
        finally:
            waiting.confirmations.close()

    run(story())


@pytest.mark.parametrize(
    ("reported", "likely"), [((), 3), ((1,), 1), ((2, 6), 2), ((4, 5, 0), 4), ((2, "junk"), 2)], ids=str
)
def test_power_on_is_expected_to_bring_back_the_mode_before(reported: tuple[object, ...], likely: int) -> None:
    async def story() -> None:
        waiting = Waiting()
        for mode in reported:
            waiting.confirmations.status(ONE, {"dhwOperationSetting": mode})
        waiting.confirmations.status(OTHER, {"dhwOperationSetting": 1})
        command = waiting.sent(commands.POWER_ON)
        assert waiting.wanted == {"dhwOperationSetting": likely}
        waiting.confirmations.status(ONE, {"dhwOperationSetting": 6})
        assert waiting.outcomes == []
        waiting.confirmations.status(ONE, {"dhwOperationSetting": 2})
        assert waiting.outcomes == [Outcome("confirmed", command, None, 0)]

    run(story())
