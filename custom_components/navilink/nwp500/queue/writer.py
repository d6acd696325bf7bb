"""The one writer: takes commands from the front of the queue, writes them, and takes their PUBACKs in."""

import asyncio
from collections import deque
from collections.abc import Callable
import math
from typing import Protocol

from ..config import MqttConnectionConfig
from ..transport.base import Transport, TransportError
from .command import QueuedCommand
from .queue import CommandQueue, Displaced
from .timing import UNACKNOWLEDGED, Silence

_RATE_PERIOD = 1.0
"""Seconds in which at most `max_publish_rate` messages go out."""


class WriterListener(Protocol):
    """Decides what may be written, and is notified of what becomes of it."""

    def pause(self, command: QueuedCommand) -> float:
        """Return the seconds until a command may be written: 0 now, infinite when something has to happen first."""

    def is_to_be_sent(self, command: QueuedCommand) -> bool:
        """Judge a command right before it is written; one that is not sent at all has its outcome with that."""

    def command_written(self, command: QueuedCommand, packet_id: int) -> None:
        """It is in flight."""

    def command_sent(self, command: QueuedCommand, *, is_answered: bool) -> None:
        """Its PUBACK was seen, or first of all what shows that its heater has it."""

    def commands_returned(self, commands: tuple[QueuedCommand, ...], displaced: Displaced) -> None:
        """The connection ended before their PUBACKs were seen; the displaced do not go back to the queue."""


class CommandWriter:
    """Keeps up to `max_in_flight` commands in flight, in the queue's order, within the rate that the service allows.

    Everything happens on the event loop in `pump()`, which is called whenever something may have become possible.
    """

    def __init__(
        self,
        queue: CommandQueue,
        config: MqttConnectionConfig,
        listener: WriterListener,
        replace_connection: Callable[[str], None],
    ) -> None:
        """Have the connection replaced, with the reason, when a message stays unacknowledged or cannot be written."""
        self._queue = queue
        self._listener = listener
        self._replace_connection = replace_connection
        self._rate = config.max_publish_rate
        self._window = min(config.max_in_flight, queue.window, self._rate or config.max_in_flight)
        self.transport: Transport | None = None
        """What is written to; `None` without a connection."""
        self._silence = Silence(
            queue, config.operation_timeout, lambda: self._give_up_transport(TransportError(UNACKNOWLEDGED))
        )
        self._timer: asyncio.TimerHandle | None = None
        self._acknowledged_at: deque[float] = deque(maxlen=self._rate or 1)
        self._written: dict[str, QueuedCommand] = {}
        """By id, the last writing of each command on this connection or the one before whose PUBACK still counts."""
        self._drained: asyncio.Future[bool] | None = None
        self._finished: asyncio.Future[None] | None = None
        """Once nothing more is to be written: done when nothing is in flight."""
        self.sent_count = 0
        """Messages whose PUBACK was seen, over all connections."""

    def attach(self, transport: Transport) -> None:
        """Connected: from now on the queue is drained into this transport."""
        self.transport = transport
        self._silence.connected()
        # The transports before are closed by now, and nothing of them arrives any more.
        self._written.clear()

    def detach(self) -> None:
        """Disconnected: what is in flight goes back to the front, in its old order."""
        self.transport = None
        self._cancel_timer()
        self._silence.stop()
        in_flight = self._queue.in_flight
        displaced = self._queue.return_in_flight()
        self._end_run(drained=False)
        self._look_whether_finished()
        if in_flight:
            self._listener.commands_returned(in_flight, displaced)

    async def drain(self) -> bool:
        """Send what can be sent until all of that is acknowledged; `False` when the connection ended before."""
        if self._drained is None:
            self._drained = asyncio.get_running_loop().create_future()
        drained = self._drained
        self.pump()
        return await asyncio.shield(drained)

    async def finish(self, timeout: float) -> None:  # noqa: ASYNC109 - the wait may end early, which is no error
        """Write nothing more, and wait until nothing is in flight, for so many seconds at most."""
        if self._finished is None:
            self._finished = asyncio.get_running_loop().create_future()
        self._look_whether_finished()
        await asyncio.wait((self._finished,), timeout=timeout)

    def pump(self) -> None:
        """Write what may be written now, and schedule the next call for when more may be."""
        if self._timer is not None:
            self._cancel_timer()
        while self.transport is not None and self._finished is None and self._queue.may_send(self._window):
            if (command := self._next()) is None:
                break
            if not self._listener.is_to_be_sent(command):
                continue
            if not command.repeatable and self._queue.in_flight_count:
                break
            self._write(self.transport, command)
        self._silence.watch()
        if self._drained is not None:
            self._look_whether_drained()
        if self._finished is not None:
            self._look_whether_finished()

    def _next(self) -> QueuedCommand | None:
        """Return the next command that may be written now; otherwise set the timer for when one may be."""
        if self._acknowledged_at and (delay := self._rate_delay()):
            self._call_later(delay)
            return None
        shortest = math.inf
        for command in self._queue.heads():
            if (pause := self._listener.pause(command)) == 0:
                return command
            shortest = min(shortest, pause)
        if shortest < math.inf:
            self._call_later(shortest)
        return None

    def _write(self, transport: Transport, waiting: QueuedCommand) -> None:
        command = self._queue.take(waiting)
        written_at = asyncio.get_running_loop().time()
        try:
            packet_id = transport.publish(
                command.topic, command.body, command.qos, lambda error: self._on_puback(command, written_at, error)
            )
        except TransportError as error:
            self._queue.not_written(command, waiting)
            self._give_up_transport(error)
            return
        self._written[command.id] = command
        self._silence.written(written_at)
        self._listener.command_written(command, packet_id)

    def has_arrived(self, command_id: str, *, is_answered: bool) -> None:
        """A PUBACK, or a reply of its heater, shows that a command has arrived: the PUBACK after a reply adds nothing.

        By then the heater may have refused it for the moment, so that it waits in the queue to be written once more.
        """
        self._written.pop(command_id, None)
        if (arrived := self._queue.acknowledge(command_id)) is not None:
            self._listener.command_sent(arrived, is_answered=is_answered)

    def _on_puback(self, command: QueuedCommand, written_at: float, error: TransportError | None) -> None:
        """Take in the PUBACK of a writing, or the error in its place."""
        if error is not None:
            self._give_up_transport(error)
            return
        self._silence.acknowledged(written_at)
        self.sent_count += 1
        if self._rate is not None:
            self._acknowledged_at.append(asyncio.get_running_loop().time())
        if self._written.get(command.id) is command:
            self.has_arrived(command.id, is_answered=False)
        self.pump()

    def _give_up_transport(self, error: TransportError) -> None:
        """End the run at once, what was in flight back at the front, and have the connection replaced."""
        if self.transport is not None:
            self.detach()
            self._replace_connection(error.name)

    def _rate_delay(self) -> float:
        """Return the seconds until one more message fits in the rate, 0 when it does now.

        A message reached the service some time between its writing and its PUBACK, so it counts from the
        one until a period after the other: then no jitter of the network makes it too many.
        """
        if self._rate is None or not self._acknowledged_at:
            return 0.0
        now = asyncio.get_running_loop().time()
        while self._acknowledged_at and self._acknowledged_at[0] + _RATE_PERIOD <= now:
            self._acknowledged_at.popleft()
        if self._queue.in_flight_count + len(self._acknowledged_at) < self._rate:
            return 0.0
        return self._acknowledged_at[0] + _RATE_PERIOD - now if self._acknowledged_at else _RATE_PERIOD

    def _call_later(self, delay: float) -> None:
        self._cancel_timer()
        self._timer = asyncio.get_running_loop().call_later(delay, self.pump)

    def _cancel_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _look_whether_drained(self) -> None:
        if self.transport is None:
            self._end_run(drained=False)
        elif not self._queue.in_flight_count and (
            not self._queue or (self._rate_delay() == 0 and self._next() is None)
        ):
            self._end_run(drained=True)

    def _look_whether_finished(self) -> None:
        if self._finished is not None and not self._finished.done() and not self._queue.in_flight_count:
            self._finished.set_result(None)

    def _end_run(self, *, drained: bool) -> None:
        if self._drained is not None:
            self._drained.set_result(drained)
            self._drained = None
