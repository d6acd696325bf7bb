"""What the soak judges by, and the loop whose time jumps: each can fail."""

import asyncio
from dataclasses import dataclass, field
import threading
from typing import Any

import pytest

from custom_components.navilink.nwp500 import (
    CommandCompleted,
    CommandEvent,
    CommandOutcome,
    CommandReason,
    CommandResult,
    QueuedCommand,
)
from drills.fast_time import FastClock, FastLoop, run_fast
from drills.soak_ledger import Settings, SoakLedger
from drills.soak_samples import Sample, grown, growth

MAC_ADDRESS = "0478630a1b2c"


def sample(hour: float, *, rss: float = 200.0, tasks: int = 20, at_rest: bool = True) -> Sample:
    return Sample(hour=hour, rss=rss, tasks=tasks, timers=30, threads=5, descriptors=25, at_rest=at_rest)


def test_growth_of_memory_counts_after_the_first_day() -> None:
    samples = [sample(hour, rss=300.0 if hour < 24 else 200.0 + 2 * hour / 24) for hour in range(72)]
    assert growth(samples) == pytest.approx(2.0)
    assert grown(samples, 3) == ["memory grows by 2.00 MiB a day, at most 1"]


def test_flat_memory_passes() -> None:
    assert grown([sample(hour, rss=200.0 + hour % 2) for hour in range(72)], 3) == []


def test_less_than_two_days_say_nothing_of_memory() -> None:
    assert growth([sample(hour) for hour in range(30)]) is None


def test_a_task_a_day_too_many_is_noticed() -> None:
    samples = [sample(hour, tasks=20 + 2 * int(hour // 24)) for hour in range(96)]
    assert grown(samples, 4) == ["tasks: 20 at most on the first day, 26 on the last"]


def test_what_is_held_while_something_is_on_its_way_does_not_count() -> None:
    samples = [sample(hour, tasks=50 if hour == 60 else 20, at_rest=hour != 60) for hour in range(72)]
    assert grown(samples, 3) == []


@dataclass
class Heard:
    """A client or Home Assistant's bus, as far as the ledger listens to it."""

    listeners: dict[str, Any] = field(default_factory=dict)  # Any: each takes an event of its own kind

    @property
    def bus(self) -> Heard:
        return self

    def on(self, name: str, listener: object) -> None:
        self.listeners[name] = listener

    def async_listen(self, name: str, listener: object) -> None:
        self.listeners[name] = listener

    def give(self, command: QueuedCommand) -> None:
        self.listeners["command_given"](CommandEvent(command))

    def complete(self, command: QueuedCommand, outcome: CommandOutcome) -> None:
        result = CommandResult(outcome, CommandReason.REPORTED)
        self.listeners["command_completed"](CommandCompleted(command, result))
        self.fire(command, outcome)

    def fire(self, command: QueuedCommand, outcome: CommandOutcome) -> None:
        details = {"command_id": command.id, "kind": command.kind, "outcome": outcome.value}
        self.listeners["navilink_command_outcome"](type("Event", (), {"data": details}))


def command(setpoint: int, *, attempts: int = 1) -> QueuedCommand:
    return QueuedCommand(
        kind="dhw-temperature",
        wanted="",
        mac_address=MAC_ADDRESS,
        topic="",
        body=b"",
        is_control=True,
        attempts=attempts,
        expected={"dhwTemperatureSetting": frozenset({setpoint})},
    )


@pytest.fixture
def ledger() -> SoakLedger:
    return SoakLedger()


@pytest.fixture
def heard(ledger: SoakLedger) -> Heard:
    heard = Heard()
    ledger.listen_to_client(heard)  # type: ignore[arg-type]  # see Heard
    ledger.listen_to_home_assistant(heard)  # type: ignore[arg-type]  # see Heard
    return heard


def test_a_command_without_an_outcome_is_open(ledger: SoakLedger, heard: Heard) -> None:
    heard.give(command(100))
    assert (ledger.given, len(ledger.open), ledger.open_of(MAC_ADDRESS)) == (1, 1, 1)


def test_a_second_outcome_is_a_breach(ledger: SoakLedger, heard: Heard) -> None:
    given = command(100)
    heard.give(given)
    heard.complete(given, CommandOutcome.CONFIRMED)
    assert (ledger.open, ledger.breaches) == ([], [])
    heard.fire(given, CommandOutcome.UNCONFIRMED)
    assert len(ledger.breaches) == 1


def test_an_outcome_of_nothing_is_a_breach(ledger: SoakLedger, heard: Heard) -> None:
    heard.fire(command(100), CommandOutcome.CONFIRMED)
    assert len(ledger.breaches) == 1


def test_the_last_one_that_took_effect_wins(ledger: SoakLedger, heard: Heard) -> None:
    settings = ledger.settings[MAC_ADDRESS]
    heard.give(first := command(100))
    heard.complete(first, CommandOutcome.CONFIRMED)
    ledger.changed_at_panel(MAC_ADDRESS, "dhwTemperatureSetting", 90)
    assert settings.differences({"dhwTemperatureSetting": 90}) == []
    assert settings.differences({"dhwTemperatureSetting": 100}) == ["dhwTemperatureSetting is 100, not 90"]


def test_what_was_sent_without_success_may_have_taken_effect(ledger: SoakLedger, heard: Heard) -> None:
    settings = ledger.settings[MAC_ADDRESS]
    ledger.changed_at_panel(MAC_ADDRESS, "dhwTemperatureSetting", 90)
    for given, outcome in (
        (command(100), CommandOutcome.UNCONFIRMED),
        (command(104), CommandOutcome.REJECTED),
        (command(108, attempts=0), CommandOutcome.EXPIRED),
    ):
        heard.give(given)
        heard.complete(given, outcome)
    assert settings.possible == {"dhwTemperatureSetting": frozenset({90, 100})}


def test_another_mode_ends_a_vacation() -> None:
    settings = Settings()
    settings.is_set("dhwOperationSetting", frozenset({5}))
    settings.is_set("vacationDaySetting", frozenset({7}))
    settings.is_set("dhwOperationSetting", frozenset({3}))
    assert settings.differences({"dhwOperationSetting": 3, "vacationDaySetting": 0}) == []


def test_time_jumps_to_the_next_timer() -> None:
    clock = FastClock()

    async def sleep(loop: FastLoop) -> float:
        began = loop.time()
        await asyncio.sleep(600)
        return loop.time() - began

    assert run_fast(sleep, clock) >= 600
    assert clock.ahead > 500


def test_time_does_not_jump_while_something_is_on_its_way() -> None:
    clock = FastClock()

    async def sleep(_loop: FastLoop) -> None:
        clock.begin("a message")
        await asyncio.sleep(1)

    run_fast(sleep, clock)
    assert clock.ahead < 0.9


def test_time_does_not_jump_over_what_a_thread_does() -> None:
    clock = FastClock()
    begun = threading.Event()

    async def wait(loop: FastLoop) -> bool:
        job = loop.run_in_executor(None, begun.wait)
        await asyncio.sleep(1)
        begun.set()
        return await job

    assert run_fast(wait, clock)
    assert clock.ahead < 0.9


def test_running_timers_are_counted() -> None:
    async def count(loop: FastLoop) -> tuple[int, int]:
        before = loop.timers
        timer = loop.call_later(60, print)
        during = loop.timers
        timer.cancel()
        return during - before, loop.timers - before

    assert run_fast(count, FastClock()) == (1, 0)
