"""What becomes of a command after its PUBACK, in virtual time."""

import asyncio
from collections.abc import Awaitable, Callable

import pytest

from nwp500 import (
    CommandCompleted,
    CommandOutcome,
    CommandReason,
    Device,
    DeviceStatus,
    MqttConnectionConfig,
    QueuedCommand,
    commands,
    queries,
)
from nwp500.events import EventEmitter
from nwp500.protocol.controls import Control
from nwp500.queue.command import query_request
from nwp500.queue.confirmation import ANSWER_SECONDS, LOOK_INTERVALS, Confirmations
from nwp500.queue.outcome import CommandResult
from nwp500.queue.registry import CommandRegistry
from tests.client.support.bench import ONE, OTHER, made
from tests.client.support.virtual_time import VirtualTimeLoop

LEFT = CommandResult(CommandOutcome.UNCONFIRMED, CommandReason.CLIENT_DISCONNECTED)
LONG = 600.0
WRITTEN = 1
"""The moment at which everything was written."""
TOU = {"hpUpperOnDiffTempSetting": -20}
"""The thermostat shows that a peak period is in force."""


class Waiting:
    """Confirmations, and what they came to."""

    def __init__(self) -> None:
        self.outcomes: list[tuple[CommandOutcome, str, float]] = []
        self.looked_at: list[float] = []
        self.tries = 0
        """How often a look was tried, also in vain."""
        self.more = 0
        """How often more was said to be possible."""
        self.is_connected = True
        emitter = EventEmitter()
        emitter.on("command_completed", self._completed)
        self.registry = CommandRegistry(MqttConnectionConfig(), emitter, self._look)
        self.confirmations = Confirmations(self.registry, look=self._look, may_send_more=self._may_send_more)

    def _completed(self, event: CommandCompleted) -> None:
        assert event.result.reason
        self.outcomes.append((event.result.outcome, event.command.id, asyncio.get_running_loop().time()))

    def _look(self, mac_address: str) -> bool:
        assert mac_address in (ONE, OTHER)
        self.tries += 1
        if self.is_connected:
            self.looked_at.append(asyncio.get_running_loop().time())
        return self.is_connected

    def _may_send_more(self) -> None:
        self.more += 1

    def sent(self, control: Control, *parameters: int, mac_address: str = ONE) -> str:
        """See the PUBACK of a command, and return its id."""
        return self.acknowledged(made(control, *parameters, mac_address=mac_address))

    def acknowledged(self, command: QueuedCommand) -> str:
        """See the PUBACK of any command, and return its id."""
        record = self.registry.add(command)
        record.written_at = WRITTEN
        self.confirmations.sent(record)
        return command.id

    def answered(self, command_id: str) -> None:
        """Let the heater answer a command."""
        self.confirmations.answered(self.registry.records[command_id])

    def reports(self, mac_address: str = ONE, /, **raw: object) -> None:
        """Let a heater report its status."""
        self.confirmations.status(mac_address, DeviceStatus(raw), WRITTEN + 1)


def run(story: Callable[[Waiting], Awaitable[None]]) -> None:
    """Run a test's story in virtual time."""

    async def played() -> None:
        waiting = Waiting()
        await story(waiting)
        waiting.registry.complete_all(waiting.registry.sent_commands, LEFT)

    asyncio.run(played(), loop_factory=VirtualTimeLoop)


def test_a_status_with_the_wanted_value_confirms() -> None:
    async def story(waiting: Waiting) -> None:
        command_id = waiting.sent(commands.DHW_TEMPERATURE, 120)
        assert command_id in waiting.registry.sent
        waiting.reports(dhwTemperatureSetting=98)
        assert waiting.outcomes == []
        await asyncio.sleep(10)
        waiting.reports(dhwTemperatureSetting=120)
        assert waiting.outcomes == [(CommandOutcome.CONFIRMED, command_id, 10)]
        assert command_id not in waiting.registry.sent
        await asyncio.sleep(LONG)
        assert len(waiting.outcomes) == 1

    run(story)


@pytest.mark.parametrize("junk", [None, "120", [], {}, [120]])
def test_a_status_without_the_member_confirms_nothing(junk: object) -> None:
    async def story(waiting: Waiting) -> None:
        waiting.sent(commands.DHW_TEMPERATURE, 120)
        waiting.reports()
        waiting.reports(dhwTemperatureSetting=junk)
        assert waiting.outcomes == []

    run(story)


def test_heaters_do_not_mix() -> None:
    async def story(waiting: Waiting) -> None:
        waiting.sent(commands.DHW_TEMPERATURE, 120)
        other = waiting.sent(commands.DHW_TEMPERATURE, 100, mac_address=OTHER)
        waiting.reports(OTHER, dhwTemperatureSetting=120)
        assert waiting.outcomes == []
        waiting.reports(OTHER, dhwTemperatureSetting=100)
        assert waiting.outcomes == [(CommandOutcome.CONFIRMED, other, 0)]

    run(story)


def test_what_shows_in_no_status_is_confirmed_by_the_reply() -> None:
    async def story(waiting: Waiting) -> None:
        command_id = waiting.sent(commands.AIR_FILTER_RESET)
        waiting.reports(dhwTemperatureSetting=120)
        not_sent = waiting.registry.add(made(commands.AIR_FILTER_RESET))
        waiting.confirmations.answered(not_sent)
        assert waiting.outcomes == []
        waiting.answered(command_id)
        assert waiting.outcomes == [(CommandOutcome.CONFIRMED, command_id, 0)]

    run(story)


def test_what_a_status_can_show_is_not_confirmed_by_the_reply_alone() -> None:
    async def story(waiting: Waiting) -> None:
        command_id = waiting.sent(commands.DHW_TEMPERATURE, 120)
        assert waiting.registry.is_unanswered(ONE)
        waiting.answered(command_id)
        waiting.answered(command_id)
        assert waiting.outcomes == []
        assert waiting.more == 1
        assert not waiting.registry.is_unanswered(ONE)

    run(story)


def test_a_status_is_asked_for_at_growing_intervals_and_then_it_stays_unconfirmed() -> None:
    async def story(waiting: Waiting) -> None:
        command_id = waiting.sent(commands.DHW_MODE, 2)
        await asyncio.sleep(LONG)
        times = [sum(LOOK_INTERVALS[: number + 1]) for number in range(len(LOOK_INTERVALS))]
        assert waiting.looked_at == times
        assert sorted(LOOK_INTERVALS) == list(LOOK_INTERVALS)
        assert waiting.outcomes == [(CommandOutcome.UNCONFIRMED, command_id, times[-1] + ANSWER_SECONDS)]

    run(story)


def test_while_the_connection_is_down_looks_wait_for_it_and_nothing_is_called_unconfirmed() -> None:
    async def story(waiting: Waiting) -> None:
        waiting.is_connected = False
        command_id = waiting.sent(commands.DHW_MODE, 2)
        await asyncio.sleep(LONG)
        assert (waiting.outcomes, waiting.looked_at) == ([], [])
        assert waiting.tries == 1, "the connection reports when it is back"
        waiting.is_connected = True
        waiting.confirmations.look_at_what_is_due()
        assert waiting.looked_at == [LONG]
        waiting.reports(dhwOperationSetting=2)
        assert [found[:2] for found in waiting.outcomes] == [(CommandOutcome.CONFIRMED, command_id)]

    run(story)


def test_after_the_connection_was_down_the_looks_go_on_as_they_were() -> None:
    async def story(waiting: Waiting) -> None:
        command_id = waiting.sent(commands.DHW_MODE, 2)
        await asyncio.sleep(LOOK_INTERVALS[0] + 1)
        waiting.is_connected = False
        await asyncio.sleep(LONG)
        waiting.is_connected = True
        waiting.confirmations.look_at_what_is_due()
        waiting.confirmations.look_at_what_is_due()
        back = LOOK_INTERVALS[0] + 1 + LONG
        await asyncio.sleep(LONG)
        later = [back + sum(LOOK_INTERVALS[2 : number + 1]) for number in range(1, len(LOOK_INTERVALS))]
        assert waiting.looked_at == [LOOK_INTERVALS[0], *later]
        assert waiting.outcomes == [(CommandOutcome.UNCONFIRMED, command_id, later[-1] + ANSWER_SECONDS)]

    run(story)


def test_when_the_connection_is_back_one_look_at_a_heater_serves_all_of_its_commands() -> None:
    async def story(waiting: Waiting) -> None:
        waiting.is_connected = False
        for number in range(100):
            waiting.sent(commands.DHW_TEMPERATURE, 100 + number % 20, mac_address=(ONE, OTHER)[number % 2])
        await asyncio.sleep(LONG)
        waiting.is_connected = True
        waiting.confirmations.look_at_what_is_due()
        assert waiting.looked_at == [LONG] * 2
        waiting.is_connected = False
        await asyncio.sleep(LONG)
        waiting.is_connected = True
        waiting.confirmations.look_at_what_is_due()
        assert waiting.looked_at == [LONG] * 2 + [2 * LONG] * 2

    run(story)


def test_a_connection_that_ends_right_after_it_came_up_leaves_the_looks_for_the_next_one() -> None:
    async def story(waiting: Waiting) -> None:
        waiting.is_connected = False
        waiting.sent(commands.DHW_MODE, 2)
        await asyncio.sleep(LONG)
        waiting.confirmations.look_at_what_is_due()
        waiting.is_connected = True
        waiting.confirmations.look_at_what_is_due()
        assert waiting.looked_at == [LONG]

    run(story)


def test_an_overdue_answer_lets_the_next_control_go() -> None:
    async def story(waiting: Waiting) -> None:
        waiting.sent(commands.DHW_MODE, 2)
        waiting.sent(commands.DHW_MODE, 2, mac_address=OTHER)
        await asyncio.sleep(ANSWER_SECONDS - 1)
        assert waiting.registry.is_unanswered(ONE)
        assert waiting.more == 0
        await asyncio.sleep(2)
        assert waiting.more == 2
        assert not waiting.registry.is_unanswered(ONE)
        assert waiting.outcomes == []

    run(story)


@pytest.mark.parametrize("mode", [2, 3, 4])
def test_a_mode_is_held_once_a_second_status_in_a_peak_period_does_not_show_it(mode: int) -> None:
    async def story(waiting: Waiting) -> None:
        command_id = waiting.sent(commands.DHW_MODE, mode)
        costly = {"dhwOperationSetting": 1, "touStatus": 1} | TOU
        waiting.reports(**costly)
        waiting.answered(command_id)
        waiting.reports(**costly)
        assert waiting.outcomes == [], "before the first look it may just be late"
        await asyncio.sleep(LOOK_INTERVALS[0])
        waiting.reports(**costly)
        assert [found[:2] for found in waiting.outcomes] == [(CommandOutcome.HELD, command_id)]

    run(story)


@pytest.mark.parametrize(
    ("control", "parameters"),
    [(commands.DHW_MODE, (1,)), (commands.POWER_OFF, ()), (commands.DHW_TEMPERATURE, (120,)), (commands.POWER_ON, ())],
)
def test_what_a_peak_period_does_not_hold(control: Control, parameters: tuple[int, ...]) -> None:
    async def story(waiting: Waiting) -> None:
        waiting.answered(waiting.sent(control, *parameters))
        await asyncio.sleep(LOOK_INTERVALS[0])
        waiting.reports(**{"dhwOperationSetting": 5, "dhwTemperatureSetting": 98, "touStatus": 1} | TOU)
        assert waiting.outcomes == []

    run(story)


def test_outside_a_peak_period_nothing_is_held() -> None:
    async def story(waiting: Waiting) -> None:
        waiting.answered(waiting.sent(commands.DHW_MODE, 4))
        await asyncio.sleep(LOOK_INTERVALS[0])
        waiting.reports(dhwOperationSetting=1)
        assert waiting.outcomes == []

    run(story)


def test_one_that_ended_some_other_way_is_not_waited_for() -> None:
    async def story(waiting: Waiting) -> None:
        command_id = waiting.sent(commands.DHW_MODE, 2)
        record = waiting.registry.records[command_id]
        assert waiting.registry.recall(record)
        assert not waiting.registry.recall(record)
        await asyncio.sleep(LONG)
        assert (waiting.outcomes, waiting.looked_at) == ([], [])

    run(story)


def test_an_outcome_ends_the_waiting() -> None:
    async def story(waiting: Waiting) -> None:
        waiting.sent(commands.DHW_MODE, 2)
        waiting.sent(commands.AIR_FILTER_RESET)
        assert len(waiting.registry.sent) == 2
        waiting.registry.complete_all(waiting.registry.sent_commands, LEFT)
        assert not waiting.registry.sent
        await asyncio.sleep(LONG)
        assert (len(waiting.outcomes), waiting.looked_at) == (2, [])

    run(story)


@pytest.mark.parametrize("is_answered", [True, False])
def test_a_query_is_completed_by_its_answer_or_by_time(*, is_answered: bool) -> None:
    async def story(waiting: Waiting) -> None:
        query = query_request(queries.STATUS, Device(mac_address=ONE, additional_value="5322"), "client")
        waiting.acknowledged(query)
        assert not waiting.registry.is_unanswered(ONE)
        if is_answered:
            waiting.answered(query.id)
        await asyncio.sleep(LONG)
        outcome = CommandOutcome.CONFIRMED if is_answered else CommandOutcome.UNCONFIRMED
        assert waiting.outcomes == [(outcome, query.id, 0 if is_answered else 30)]
        assert waiting.looked_at == []

    run(story)
