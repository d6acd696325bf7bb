"""What nobody foresaw, wherever it is raised: logged once, backed off from, and no end of the connection."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
import logging
from typing import override

import pytest

from nwp500 import (
    AuthenticationError,
    ConnectionChanged,
    ConnectionProblem,
    ConnectionReport,
    ConnectionState,
    MqttConnectionConfig,
    NavienMqttClient,
)
from nwp500.exceptions import MqttConnectionError
from nwp500.heaters.inbox import Inbox
from nwp500.queue.writer import CommandWriter
from nwp500.transport.base import MessageListener, SigningCredentials, Transport, TransportError
from tests.client.support.credentials import InventedCredentials
from tests.client.support.own_transport import DEVICE, OwnTransport
from tests.client.support.virtual_time import VirtualTimeLoop

OLD_RUNTIME = "Connection.__init__() got an unexpected keyword argument 'disable_metrics'"
LOST = "MQTT service: AWS_ERROR_MQTT_UNEXPECTED_HANGUP"


class BreakingLink(OwnTransport):
    """A connection of which one step raises what nobody foresaw."""

    broken: str = ""

    @override
    async def open(self) -> None:
        self._break("open")

    @override
    async def subscribe(self, topic_filter: str) -> None:
        await super().subscribe(topic_filter)
        self._break("subscribe")

    @override
    async def close(self) -> None:
        await super().close()
        self._break("close")

    def _break(self, step: str) -> None:
        if step == self.broken:
            raise TypeError(f"{step} is broken")


@dataclass(slots=True)
class Breaking:
    """Makes connections, the first of which break at a step, and keeps the reports of their client."""

    step: str = ""
    failures: int = 0
    """How many connections break; the next ones work."""
    made_at: list[float] = field(default_factory=list)
    transports: list[BreakingLink] = field(default_factory=list)
    reports: list[ConnectionReport] = field(default_factory=list)

    async def make(self, _: SigningCredentials, on_message: MessageListener) -> Transport:
        """Make the next connection."""
        self.made_at.append(asyncio.get_running_loop().time())
        is_broken = len(self.made_at) <= self.failures
        if is_broken and self.step == "make":
            raise TypeError(OLD_RUNTIME)
        self.transports.append(transport := BreakingLink(on_message, acknowledges=True))
        transport.broken = self.step if is_broken else ""
        return transport

    def client(self, credentials: InventedCredentials | None = None) -> NavienMqttClient:
        """Make a client."""
        config = MqttConnectionConfig(reconnect_spread=0)
        client = NavienMqttClient(credentials or InventedCredentials(), config=config, make_transport=self.make)
        client.on("connection_changed", self._changed)
        return client

    def _changed(self, event: ConnectionChanged) -> None:
        self.reports.append(event.report)


def played(story: Callable[[], Awaitable[None]]) -> None:
    """Play a story in virtual time; at its end nothing may be at work any more."""

    async def run() -> None:
        await story()
        await asyncio.sleep(0)
        assert asyncio.all_tasks() == {asyncio.current_task()}

    asyncio.run(run(), loop_factory=VirtualTimeLoop)


def errors(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [record.getMessage() for record in caplog.records if record.levelno >= logging.WARNING]


@pytest.mark.parametrize("step", ["make", "open", "subscribe"])
def test_an_attempt_that_breaks_is_followed_by_the_next(step: str, caplog: pytest.LogCaptureFixture) -> None:
    async def story() -> None:
        breaking = Breaking(step, failures=4)
        client = breaking.client()
        await client.subscribe("test/a", lambda _topic, _message: None)
        await client.connect(wait=False)
        await asyncio.sleep(60)
        assert client.is_connected
        assert len(breaking.made_at) == 5
        pauses = [later - sooner for sooner, later in zip(breaking.made_at, breaking.made_at[1:], strict=False)]
        for number, pause in enumerate(pauses):
            assert max(1, 1.25 * 2**number / 2) <= pause <= 1.25 * 2**number
        waiting = [report for report in breaking.reports if report.state is ConnectionState.WAITING]
        assert [report.failed_attempts for report in waiting] == [1, 2, 3, 4]
        assert {str(report.failure) for report in waiting} == {
            "an unexpected error, which the log shows (TypeError)",
        }
        await client.disconnect()

    played(story)
    assert errors(caplog) == ["The connection to NaviLink failed unexpectedly"]
    assert "TypeError" in caplog.text
    assert "Traceback" in caplog.text


def test_who_waits_for_the_connection_learns_what_broke(caplog: pytest.LogCaptureFixture) -> None:
    async def story() -> None:
        breaking = Breaking("make", failures=1)
        client = breaking.client()
        with pytest.raises(MqttConnectionError, match="unexpected keyword argument") as caught:
            await client.connect()
        assert isinstance(caught.value.__cause__, TypeError)
        assert client.state is ConnectionState.IDLE
        await client.connect()
        assert client.is_connected
        await client.disconnect()

    played(story)
    assert errors(caplog) == ["The connection to NaviLink failed unexpectedly"]


def test_a_source_of_credentials_that_breaks_ends_nothing(caplog: pytest.LogCaptureFixture) -> None:
    class Broken(InventedCredentials):
        """Raises what the client cannot know."""

        broken = True

        @override
        async def ensure_valid_token(self) -> None:
            if self.broken:
                raise KeyError("token")

    async def story() -> None:
        credentials = Broken()
        breaking = Breaking()
        client = breaking.client(credentials)
        await client.connect(wait=False)
        await asyncio.sleep(600)
        assert client.connection_report.failed_attempts > 5
        assert client.connection_report.failure is not None
        assert client.connection_report.failure.problem is ConnectionProblem.UNEXPECTED_ERROR
        assert len(client.connection_report.attempts) == 10
        credentials.broken = False
        await asyncio.sleep(60)
        assert client.is_connected
        await client.disconnect()

    played(story)
    assert errors(caplog) == ["The connection to NaviLink failed unexpectedly"]


def test_a_connection_that_cannot_be_closed_ends_nothing(caplog: pytest.LogCaptureFixture) -> None:
    async def story() -> None:
        breaking = Breaking("close", failures=1)
        client = breaking.client()
        await client.connect()
        breaking.transports[0].drop()
        await asyncio.sleep(10)
        assert client.is_connected
        assert len(breaking.transports) == 2
        await client.disconnect()

    played(story)
    assert errors(caplog) == ["The connection to NaviLink failed unexpectedly"]


def test_a_queue_that_cannot_be_sent_replaces_the_connection(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    attach = CommandWriter.attach
    broken = [True]

    def breaks_once(writer: CommandWriter, transport: Transport) -> None:
        if broken:
            broken.clear()
            raise TypeError("attach is broken")
        attach(writer, transport)

    monkeypatch.setattr(CommandWriter, "attach", breaks_once)

    async def story() -> None:
        breaking = Breaking()
        client = breaking.client()
        await client.request_device_status(DEVICE)
        await client.connect(wait=False)
        await asyncio.sleep(60)
        assert len(breaking.transports) == 2
        assert client.is_connected
        assert len(breaking.transports[1].topics) == 1
        lost = next(report for report in breaking.reports if report.state is ConnectionState.WAITING)
        assert lost.failure is not None
        assert lost.failure.problem is ConnectionProblem.UNEXPECTED_ERROR
        await client.disconnect()

    played(story)
    assert errors(caplog) == ["Sending the queue failed unexpectedly"]


def test_a_message_that_nobody_foresaw_costs_no_other(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    receive = Inbox.receive

    def breaks(inbox: Inbox, topic: str, message: dict[str, object]) -> None:
        if message.get("odd"):
            raise TypeError("receive is broken")
        receive(inbox, topic, message)  # type: ignore[arg-type]  # JSON, as the client hands it over

    monkeypatch.setattr(Inbox, "receive", breaks)

    async def story() -> None:
        breaking, heard = Breaking(), list[object]()
        client = breaking.client()
        await client.subscribe("test/a", lambda _topic, message: heard.append(message))
        await client.connect()
        for body in (b'{"odd": 1}', b'{"odd": 2}', b'{"n": 3}'):
            breaking.transports[0].message("test/a", body)
        assert heard == [{"odd": 1}, {"odd": 2}, {"n": 3}]
        assert client.is_connected
        await client.disconnect()

    played(story)
    assert errors(caplog) == ["Reading a message failed unexpectedly"]


def test_a_disconnect_outlasts_who_swallows_a_cancellation() -> None:
    class Stubborn(InventedCredentials):
        """Takes a cancellation for an answer, once."""

        @override
        async def ensure_valid_token(self) -> None:
            try:
                await asyncio.sleep(1000)
            except asyncio.CancelledError:
                return

    async def story() -> None:
        breaking = Breaking()
        client = breaking.client(Stubborn())
        await client.connect(wait=False)
        await asyncio.sleep(1)
        async with asyncio.timeout(10):
            await client.disconnect()
        assert client.state is ConnectionState.CLOSED
        assert not client.is_connected

    played(story)


def test_a_report_has_the_whole_story() -> None:
    class Refusing(InventedCredentials):
        """Refuses in the end."""

        refuses = False

        @override
        async def ensure_valid_token(self) -> None:
            if self.refuses:
                raise AuthenticationError("no")

    async def story() -> None:
        breaking, credentials = Breaking(), Refusing()
        client = breaking.client(credentials)
        assert client.connection_report == ConnectionReport()
        await client.connect()
        await asyncio.sleep(20)
        breaking.transports[0].drop()
        await asyncio.sleep(5)
        credentials.refuses = True
        breaking.transports[1].drop()
        await asyncio.sleep(5)
        reported = [(report.state, report.failure and report.failure.detail) for report in breaking.reports]
        assert reported == [
            (ConnectionState.CONNECTING, None),
            (ConnectionState.CONNECTED, None),
            (ConnectionState.WAITING, LOST),
            (ConnectionState.WAITING, LOST),
            (ConnectionState.CONNECTING, LOST),
            (ConnectionState.CONNECTED, None),
            (ConnectionState.WAITING, LOST),
            (ConnectionState.WAITING, LOST),
            (ConnectionState.CONNECTING, LOST),
            (ConnectionState.CLOSED, "sign-in service: AuthenticationError"),
        ]
        without_time, with_time = breaking.reports[2:4]
        assert (without_time.next_attempt_at, with_time.next_attempt_at is None) == (None, False)
        assert [attempt.failure is None for attempt in client.connection_report.attempts] == [True, True, False]
        await client.disconnect()

    played(story)


def test_a_connection_error_is_nothing_to_log_aloud(caplog: pytest.LogCaptureFixture) -> None:
    async def story() -> None:
        async def refused(_: SigningCredentials, __: MessageListener) -> Transport:
            raise TransportError("AWS_IO_SOCKET_CONNECTION_REFUSED")

        client = NavienMqttClient(InventedCredentials(), make_transport=refused)
        await client.connect(wait=False)
        await asyncio.sleep(600)
        assert client.connection_report.failed_attempts > 5
        await client.disconnect()

    played(story)
    assert errors(caplog) == []
