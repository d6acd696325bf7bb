"""How soon a connection is made again: soon for whoever has something to send, spread for everybody else."""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import pairwise

import pytest

from nwp500 import ConnectionReport, ConnectionState, MqttConnectionConfig, NavienMqttClient
from nwp500.transport.backoff import Pause
from nwp500.transport.base import (
    MessageListener,
    SigningCredentials,
    Transport,
    TransportError,
    UpgradeRefusedError,
)
from tests.client.support.credentials import InventedCredentials
from tests.client.support.scripted_transport import ScriptedBroker
from tests.client.support.virtual_time import VirtualTimeLoop

TOPIC = "test/n"
HOMES = 1000
EVERY_SECOND = tuple(1.125 * number for number in range(1, 27))
"""The attempts in the first half minute of an outage in which nobody is found, each after the middle of its range."""
STEADY = 60.0
"""Seconds after which a connection counts as one that held."""


@dataclass(slots=True)
class Home:
    """A client over a scripted broker, and when it made its attempts."""

    settings: dict[str, float] = field(default_factory=dict)
    broker: ScriptedBroker = field(default_factory=lambda: ScriptedBroker(acknowledges_at_once=True))
    attempts: list[float] = field(default_factory=list)
    """Seconds from the loss to each attempt."""
    client: NavienMqttClient = field(init=False)
    _lost_at: float = 0.0

    def __post_init__(self) -> None:
        config = MqttConnectionConfig(**self.settings)  # type: ignore[arg-type]  # the class checks each of them itself
        self.client = NavienMqttClient(InventedCredentials(), config=config, make_transport=self._make)

    async def _make(self, credentials: SigningCredentials, on_message: MessageListener) -> Transport:
        self.attempts.append(asyncio.get_running_loop().time() - self._lost_at)
        return await self.broker.make_transport(credentials, on_message)

    async def lose(self, *, for_good: bool = True) -> None:
        """Hold a connection, then lose it; with `for_good` no attempt succeeds."""
        await self.client.connect()
        await asyncio.sleep(STEADY)
        self.broker.refuses_connections = for_good
        self._lost_at = asyncio.get_running_loop().time()
        self.attempts.clear()
        self.broker.transport.drop()
        # Until the pause has begun.
        await asyncio.sleep(0.001)

    async def give(self, number: int = 1) -> None:
        """Give a command."""
        await self.client.publish(TOPIC, {"n": number})

    def seconds_to_next_attempt(self) -> float:
        """Return when the client says it will try again, in seconds from now."""
        at = self.client.connection_report.next_attempt_at
        assert at is not None
        return (at - datetime.now(UTC)).total_seconds()


def played(story: Callable[[], Awaitable[None]]) -> None:
    """Play a story in virtual time; at its end nothing may be at work any more."""

    async def run() -> None:
        await story()
        await asyncio.sleep(0)
        assert asyncio.all_tasks() == {asyncio.current_task()}

    asyncio.run(run(), loop_factory=VirtualTimeLoop)


def drawn(*shares: float) -> Callable[[float, float], float]:
    """Return what draws one number after the other, each at a share of its range."""
    left = iter(shares)
    return lambda low, high: low + (high - low) * next(left)


def busiest_share(moments: Iterable[float]) -> float:
    """Return the share of the moments that the busiest second of the clock has."""
    seconds = Counter(int(moment) for moment in moments)
    return max(seconds.values()) / seconds.total()


@pytest.fixture
def middle(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let chance draw the middle of every range."""
    monkeypatch.setattr("random.uniform", lambda low, high: (low + high) / 2)


@pytest.mark.parametrize("failed_attempts", range(8))
def test_no_second_has_more_than_a_tenth_of_the_homes_that_only_listen(failed_attempts: int) -> None:
    config = MqttConnectionConfig()
    pauses = [Pause.drawn(config, failures=failed_attempts, failed_attempts=failed_attempts) for _ in range(HOMES)]
    # A tenth and three standard deviations of what chance adds with a thousand homes.
    assert busiest_share(pause.unhurried for pause in pauses) <= 0.1 + 3 * (0.1 * 0.9 / HOMES) ** 0.5


@pytest.mark.parametrize(
    ("failed_attempts", "shortest", "longest"), [(0, 1, 24), (1, 24, 48), (2, 30, 60), (3, 30, 60), (40, 30, 60)]
)
@pytest.mark.parametrize("share", [0.0, 1.0])
def test_pauses_without_a_command_double_from_the_spread_to_the_cap(
    failed_attempts: int, shortest: float, longest: float, share: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("random.uniform", drawn(0.0, share))
    pause = Pause.drawn(MqttConnectionConfig(), failures=failed_attempts, failed_attempts=failed_attempts)
    assert pause.unhurried == (longest if share else shortest)


@pytest.mark.parametrize(
    ("failures", "shortest", "longest"),
    [(0, 1, 1.25), (1, 1, 1.25), (2, 1.25, 2.5), (3, 2.5, 5), (6, 20, 40), (7, 30, 60), (99, 30, 60)],
)
@pytest.mark.parametrize("share", [0.0, 1.0])
def test_pauses_with_a_command_double_from_a_second_to_the_cap(
    failures: int, shortest: float, longest: float, share: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("random.uniform", drawn(share, 0.0))
    pause = Pause.drawn(MqttConnectionConfig(), failures=failures, failed_attempts=failures)
    assert pause.urgent == (longest if share else shortest)


@pytest.mark.parametrize("spread", [0, 0.5, 12, 3600])
@pytest.mark.parametrize("failures", [0, 1, 5, 99])
def test_nobody_waits_longer_than_the_cap_or_less_than_a_second(spread: float, failures: int) -> None:
    config = MqttConnectionConfig(reconnect_spread=spread, initial_reconnect_delay=2, max_reconnect_delay=20)
    for _ in range(100):
        pause = Pause.drawn(config, failures=failures, failed_attempts=failures)
        assert 1 <= pause.urgent <= pause.unhurried <= 20


def test_without_a_spread_nobody_waits_longer_than_with_a_command() -> None:
    pause = Pause.drawn(MqttConnectionConfig(reconnect_spread=0), failures=5, failed_attempts=5)
    assert pause.unhurried == pause.urgent


def test_homes_without_a_command_return_spread_over_the_seconds() -> None:
    returned: list[float] = []

    async def one() -> None:
        home = Home()
        await home.lose(for_good=False)
        await asyncio.sleep(24)
        assert home.client.is_connected
        returned.extend(home.attempts)
        await home.client.disconnect()

    async def story() -> None:
        await asyncio.gather(*(one() for _ in range(HOMES)))

    played(story)
    assert len(returned) == HOMES
    assert min(returned) >= 1
    assert busiest_share(returned) <= 0.1 + 3 * (0.1 * 0.9 / HOMES) ** 0.5


@pytest.mark.usefixtures("middle")
def test_a_home_with_a_command_is_back_after_a_second() -> None:
    async def story() -> None:
        home = Home()
        home.client.on("connection_interrupted", lambda _: asyncio.ensure_future(home.give()))
        await home.lose(for_good=False)
        assert home.seconds_to_next_attempt() == pytest.approx(1.125, abs=0.1)
        await asyncio.sleep(2)
        assert home.attempts == [pytest.approx(1.125, abs=0.01)]
        assert home.broker.received == [1]
        await home.client.disconnect()

    played(story)


@pytest.mark.usefixtures("middle")
def test_what_was_in_flight_when_the_connection_was_lost_is_something_to_send() -> None:
    async def story() -> None:
        home = Home(broker=ScriptedBroker())
        await home.client.connect()
        given = asyncio.ensure_future(home.give())
        await asyncio.sleep(0.1)
        home.attempts.clear()
        home.broker.transport.drop()
        await given
        await asyncio.sleep(3)
        assert len(home.attempts) == 1
        assert home.broker.received == [1, 1]
        await home.client.disconnect()

    played(story)


@pytest.mark.usefixtures("middle")
def test_a_command_within_the_first_second_is_sent_after_that_second() -> None:
    async def story() -> None:
        home = Home()
        await home.lose(for_good=False)
        assert home.client.state is ConnectionState.WAITING
        assert home.seconds_to_next_attempt() == pytest.approx(12.5, abs=0.2)
        await asyncio.sleep(0.5)
        await home.give()
        await asyncio.sleep(0)
        assert home.seconds_to_next_attempt() == pytest.approx(0.625, abs=0.1)
        await asyncio.sleep(2)
        assert home.attempts == [pytest.approx(1.125, abs=0.01)]
        assert home.broker.received == [1]
        await home.client.disconnect()

    played(story)


@pytest.mark.usefixtures("middle")
def test_a_command_later_in_the_pause_ends_it_at_once() -> None:
    async def story() -> None:
        home = Home()
        reports: list[ConnectionReport] = []
        home.client.on("connection_changed", lambda event: reports.append(event.report))
        await home.lose(for_good=False)
        await asyncio.sleep(4)
        await home.give()
        await asyncio.sleep(1)
        assert home.attempts == [pytest.approx(4.0, abs=0.01)]
        assert home.broker.received == [1]
        connecting = reports[-2]
        assert connecting.state is ConnectionState.CONNECTING
        assert connecting.next_attempt_at is not None
        assert (connecting.next_attempt_at - datetime.now(UTC)).total_seconds() <= 0
        await home.client.disconnect()

    played(story)


@pytest.mark.usefixtures("middle")
def test_a_hundred_commands_make_no_more_attempts_than_one() -> None:
    async def attempts(commands: int) -> list[float]:
        home = Home()
        await home.lose()
        for number in range(commands):
            await asyncio.sleep(60 / commands)
            await home.give(number)
        made = [attempt for attempt in home.attempts if attempt < 60]
        await home.client.disconnect()
        return made

    async def story() -> None:
        made = await attempts(100)
        assert [seconds for seconds in made if seconds < 30] == pytest.approx(EVERY_SECOND, abs=0.01)
        # After that, pauses of 1.125, 1.875, 3.75, 7.5 and 15 s, the middles of the urgent ones.
        assert [seconds for seconds in made if seconds >= 30] == pytest.approx(
            [30.375, 32.25, 36.0, 43.5, 58.5], abs=0.01
        )

    played(story)


@pytest.mark.usefixtures("middle")
def test_a_command_that_need_not_wait_any_more_hurries_nobody() -> None:
    async def story() -> None:
        home = Home()
        await home.lose()
        await home.give()
        home.client.clear_command_queue()
        await asyncio.sleep(20)
        assert home.attempts == [pytest.approx(12.5, abs=0.01)]
        await home.client.disconnect()

    played(story)


@pytest.mark.usefixtures("middle")
@pytest.mark.parametrize("outage", [8, 20, 29])
def test_after_an_outage_of_half_a_minute_at_most_a_home_with_a_command_is_back_after_a_second(outage: float) -> None:
    async def story() -> None:
        home = Home()
        await home.lose()
        await home.give()
        await asyncio.sleep(outage)
        home.broker.refuses_connections = False
        await asyncio.sleep(1.25)
        assert home.broker.received == [1]
        await home.client.disconnect()

    played(story)


def test_an_hour_of_outage_is_not_filled_with_attempts() -> None:
    async def story() -> None:
        home = Home()
        await home.lose()
        await home.give()
        await asyncio.sleep(3600)
        # 30 in the first half minute, 6 with pauses that grow, and then one in half a minute at most.
        assert len(home.attempts) <= 30 + 6 + 3570 / 30
        later = [attempt for attempt in home.attempts if attempt > 120]
        assert min(after - before for before, after in pairwise(later)) >= 30
        await home.client.disconnect()

    played(story)


@pytest.mark.usefixtures("middle")
@pytest.mark.parametrize(
    "refusal",
    [
        UpgradeRefusedError("AWS_ERROR_HTTP_WEBSOCKET_UPGRADE_FAILURE", 503),
        TransportError("CONNACK REFUSED_SERVER_UNAVAILABLE"),
        TransportError("AWS_IO_TLS_ERROR_NEGOTIATION_FAILURE"),
    ],
    ids=lambda refusal: refusal.name,
)
def test_a_service_that_answers_with_an_error_is_asked_less_often_each_time(refusal: TransportError) -> None:
    async def story() -> None:
        home = Home()
        await home.lose()
        home.broker.refusal = refusal
        await home.give()
        await asyncio.sleep(30)
        # After pauses of 1.125, 1.125, 1.875, 3.75, 7.5 and 15 s, the middles of the urgent ones.
        assert home.attempts == pytest.approx([1.125, 2.25, 4.125, 7.875, 15.375], abs=0.01)
        await home.client.disconnect()

    played(story)


@pytest.mark.usefixtures("middle")
def test_a_broker_that_was_found_in_this_outage_is_asked_less_often_each_time() -> None:
    async def story() -> None:
        home = Home()
        await home.lose(for_good=False)
        home.broker.hangs_up = True
        await home.client.subscribe(TOPIC, lambda _topic, _message: None)
        await home.give()
        await asyncio.sleep(30)
        assert home.attempts == pytest.approx([1.125, 2.25, 4.125, 7.875, 15.375], abs=0.01)
        await home.client.disconnect()

    played(story)


@pytest.mark.usefixtures("middle")
def test_a_home_that_starts_without_a_network_hurries_too() -> None:
    async def story() -> None:
        home = Home(broker=ScriptedBroker(refuses_connections=True))
        await home.give()
        await home.client.connect(wait=False)
        await asyncio.sleep(29.9)
        assert home.attempts == pytest.approx([0.0, *EVERY_SECOND], abs=0.01)
        await home.client.disconnect()

    played(story)


@pytest.mark.usefixtures("middle")
def test_a_connection_that_is_closed_in_the_longer_pause_leaves_nothing() -> None:
    async def story() -> None:
        home = Home()
        await home.lose()
        await home.client.disconnect()
        await asyncio.sleep(100)
        assert home.attempts == []

    played(story)
