"""The pipeline on a bench: its own parts, a connection that the test decides on, and time that passes at will."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from datetime import timedelta
from functools import partial

from nwp500 import CommandCompleted, CommandOutcome, Device, DeviceStatus, MqttConnectionConfig, QueuedCommand
from nwp500.events import EVENTS, EventEmitter
from nwp500.protocol.controls import Control
from nwp500.protocol.queries import STATUS
from nwp500.queue.command import CommandHandle, control_request, query_request
from nwp500.queue.pipeline import CommandPipeline
from tests.client.support.machine.clock import VirtualClocks
from tests.client.support.own_transport import OwnTransport
from tests.client.support.virtual_time import VirtualTimeLoop

ONE, OTHER = "0478630a1b2c", "0478630a1b2d"
"""More often no test has a command written."""
MADE: dict[str, str] = {}
"""The command that each session belongs to."""


@dataclass(frozen=True, slots=True)
class End:
    """How a command ended, and when."""

    outcome: CommandOutcome
    command_id: str
    code: int | None
    at: float


class Bench:
    """A pipeline with everything around it noted down."""

    def __init__(self, clocks: VirtualClocks, **settings: object) -> None:
        self.clocks = clocks
        self.events: list[str] = []
        self.ends: list[End] = []
        self.asked: list[tuple[str, float]] = []
        """Which heater was asked for its status, and when."""
        self.complaints: list[str] = []
        """Why the connection should be replaced."""
        self.is_up = False
        self.transport = self._new_connection()
        self.emitter = EventEmitter()
        for name in EVENTS:
            self.emitter.on(name, partial(self._note, name))
        self.emitter.on("command_completed", self._ended)
        self.pipeline = CommandPipeline(
            MqttConnectionConfig(**settings),  # type: ignore[arg-type]  # the class checks each of them itself
            self.emitter,
            ask_status=self._ask,
            replace_connection=self.complaints.append,
            written_query=lambda command: MADE.update({command.session_id: command.id}),
            denied=(),
        )

    def _new_connection(self) -> OwnTransport:
        return OwnTransport(lambda _topic, _body: None, acknowledges=False)

    def _ask(self, mac_address: str) -> bool:
        if self.is_up:
            self.asked.append((mac_address, asyncio.get_running_loop().time()))
            self.asks(mac_address)
        return self.is_up

    def _note(self, name: str, _: object) -> None:
        self.events.append(name)

    def _ended(self, event: CommandCompleted) -> None:
        now = asyncio.get_running_loop().time()
        self.ends.append(End(event.result.outcome, event.command.id, event.result.code, now))

    def up(self) -> None:
        """Connect a new connection."""
        self.transport = self._new_connection()
        self.is_up = True
        self.pipeline.on_connected(self.transport)
        self.pump()

    def pump(self) -> None:
        """Let the pipeline send what it can."""
        loop = asyncio.get_running_loop()
        self.drained = asyncio.Task(self.pipeline.writer.drain(), loop=loop, eager_start=True)

    def down(self) -> None:
        """Lose the connection."""
        self.is_up = False
        self.pipeline.on_disconnected()

    def give(self, control: Control, *parameters: int, mac_address: str = ONE, **known: int) -> CommandHandle:
        """Give a command, after what is known of the heater was reported."""
        if known:
            self.reports(mac_address, **known)
        return self.pipeline.give(made(control, *parameters, mac_address=mac_address))

    async def arrives(self) -> None:
        """Let everything written be acknowledged, and what follows be written."""
        while self.transport.acknowledge():
            pass
        await asyncio.sleep(0)

    def reports(self, mac_address: str = ONE, /, **raw: object) -> None:
        """Let a heater report its status in answer to a question that is asked now."""
        self.answers(self.asks(mac_address), mac_address, **raw)

    def says_unasked(self, mac_address: str = ONE, /, **raw: object) -> bool:
        """Let a heater's status arrive that answers nothing; returns whether it was taken in."""
        return self._takes_in(mac_address, None, raw)

    def asks(self, mac_address: str = ONE) -> str:
        """Write a question to the connection, around the queue, and return its session."""
        question = query_request(STATUS, Device(mac_address=mac_address, additional_value="5322"), "client")
        self.pipeline.guard.written(question)
        return question.id

    def answers(self, session_id: str, mac_address: str = ONE, /, **raw: object) -> bool:
        """Let a heater answer a request, with its status if it has one to report; returns whether that was taken in."""
        self.pipeline.on_reply(session_id)
        is_taken_in = self._takes_in(mac_address, session_id, raw) if raw else False
        self.pipeline.on_reply_processed(session_id)
        return is_taken_in

    def _takes_in(self, mac_address: str, session_id: str | None, raw: dict[str, object]) -> bool:
        asked_at = self.pipeline.fresh.dated(mac_address, session_id)
        if asked_at is not None:
            self.pipeline.on_status(mac_address, DeviceStatus(raw), asked_at)
        return asked_at is not None

    @property
    def written(self) -> list[str]:
        """The ids of the commands written to the present connection, in order, whichever their sessions."""
        return [MADE.get(session_id, session_id) for session_id in self.transport.session_ids]

    def refuses(self, command_id: str, code: int | None = 2) -> None:
        """Let a heater refuse the last writing of a command."""
        written = [session_id for session_id in self.transport.session_ids if MADE.get(session_id) == command_id]
        self.pipeline.on_refusal(written[-1] if written else command_id, code)

    @property
    def outcomes(self) -> list[CommandOutcome]:
        """The outcomes so far, in order."""
        return [end.outcome for end in self.ends]


def made(control: Control, *parameters: int, mac_address: str = ONE) -> QueuedCommand:
    """Make a command."""
    return control_request(control, parameters, Device(mac_address=mac_address, additional_value="5322"), "client")


def with_life_time(command: QueuedCommand, seconds: float | None) -> QueuedCommand:
    """Let a command wait so long and no longer."""
    return replace(command, expires_at=None if seconds is None else command.queued_at + timedelta(seconds=seconds))


def on_the_bench(story: Callable[[Bench], Awaitable[None]], **settings: object) -> None:
    """Play a story in virtual time, with a pipeline of these settings."""

    async def played() -> None:
        clocks = VirtualClocks(asyncio.get_running_loop())
        with clocks.installed():
            bench = Bench(clocks, **settings)
            await story(bench)
            bench.pipeline.close()

    asyncio.run(played(), loop_factory=VirtualTimeLoop)
