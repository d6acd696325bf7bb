"""The one writer: takes commands from the front of the queue and writes them to the link while there is one."""

import asyncio
from collections import deque
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Protocol

from .command_queue import CommandQueue, Displaced, QueuedCommand
from .config import MqttConnectionConfig
from .link import Link, LinkError

_RATE_PERIOD = 1.0
"""Seconds in which at most `max_publish_rate` messages go out."""


class WriterListener(Protocol):
    """Who is told what became of a command."""

    def command_sent(self, command: QueuedCommand) -> None:
        """Its PUBACK was seen."""

    def command_expired(self, command: QueuedCommand) -> None:
        """It was too old when its turn came."""

    def commands_displaced(self, displaced: Displaced) -> None:
        """They were in flight when the link ended and do not go back to the queue."""

    def link_suspect(self, reason: str) -> None:
        """A message was not acknowledged or could not be written, so the link has to be replaced."""


class CommandWriter:
    """Keeps up to `max_in_flight` commands in flight, in the queue's order, within the rate that the service allows.

    Everything happens on the event loop in `pump()`, which is called whenever something may have become possible.
    """

    def __init__(
        self,
        queue: CommandQueue,
        config: MqttConnectionConfig,
        listener: WriterListener,
        *,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._queue = queue
        self._listener = listener
        self._now = now
        self._rate = config.max_publish_rate
        self._window = min(config.max_in_flight, queue.window, self._rate or config.max_in_flight)
        self._interval = config.command_interval
        self._link: Link | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._acknowledged_at: deque[float] = deque(maxlen=self._rate or 1)
        self._last_control: dict[str | None, float] = {}
        self._handovers: dict[str, asyncio.Future[int]] = {}
        self._drained: asyncio.Future[bool] | None = None
        self.sent_count = 0
        """Messages whose PUBACK was seen, over all links."""

    @property
    def goes_straight_out(self) -> bool:
        """Whether a command given now would be written at once: the link is up, nothing waits, there is room."""
        return self._link is not None and not len(self._queue) and self._has_room and not self._rate_delay()

    def handover(self, command: QueuedCommand) -> asyncio.Future[int]:
        """Return a future for a command's packet id once its PUBACK is seen, or 0 if the link ends before."""
        future = asyncio.get_running_loop().create_future()
        self._handovers[command.id] = future
        return future

    def attach(self, link: Link) -> None:
        """A link is up: from now on the queue is drained into it."""
        self._link = link

    def detach(self) -> None:
        """Let go of the link: what is in flight goes back to the front, in its old order."""
        self._link = None
        self._cancel_timer()
        displaced = self._queue.return_in_flight()
        for future in self._handovers.values():
            if not future.done():
                future.set_result(0)
        self._handovers.clear()
        self._end_run(drained=False)
        if displaced != Displaced():
            self._listener.commands_displaced(displaced)

    async def drain(self) -> bool:
        """Send what waits until nothing does and all is acknowledged; `False` when the link ended before."""
        self.pump()
        if self._link is None:
            return False
        if not len(self._queue) and not self._queue.in_flight_count:
            return True
        if self._drained is None:
            self._drained = asyncio.get_running_loop().create_future()
        return await asyncio.shield(self._drained)

    def pump(self) -> None:
        """Write what may be written now, and see to it that this is called again when more may be."""
        self._cancel_timer()
        while self._link is not None and len(self._queue) and self._has_room:
            if delay := self._rate_delay():
                self._call_later(delay)
                break
            command = self._queue.first(self._is_paused)
            if command is None:
                self._call_later(self._shortest_pause())
                break
            if command.is_expired(self._now()):
                self._queue.discard(command)
                self._listener.command_expired(command)
            elif not command.repeatable and self._queue.in_flight_count:
                break
            else:
                self._write(self._link, command)
        if not len(self._queue) and not self._queue.in_flight_count:
            self._end_run(drained=True)

    @property
    def _has_room(self) -> bool:
        """Whether one more may be in flight; a command that must not be sent twice travels alone."""
        in_flight = self._queue.in_flight
        return len(in_flight) < self._window and all(command.repeatable for command in in_flight)

    def _write(self, link: Link, command: QueuedCommand) -> None:
        command = self._queue.take(command)
        try:
            packet_id = link.publish(
                command.topic,
                command.body,
                command.qos,
                lambda error: self._acknowledged(command, packet_id, error),
            )
        except LinkError as error:
            self._give_up_link(error)
            return
        if command.is_control:
            self._last_control[command.mac_address] = asyncio.get_running_loop().time()

    def _acknowledged(self, command: QueuedCommand, packet_id: int, error: LinkError | None) -> None:
        if error is not None:
            self._give_up_link(error)
            return
        self.sent_count += 1
        self._acknowledged_at.append(asyncio.get_running_loop().time())
        if self._queue.acknowledge(command.id) is None:
            return
        future = self._handovers.pop(command.id, None)
        if future is not None and not future.done():
            future.set_result(packet_id)
        self._listener.command_sent(command)
        self.pump()

    def _give_up_link(self, error: LinkError) -> None:
        """End the run at once, what was in flight back at the front, and have the link replaced."""
        if self._link is not None:
            self.detach()
            self._listener.link_suspect(error.name)

    def _is_paused(self, command: QueuedCommand) -> bool:
        return command.is_control and self._pause(command.mac_address) > 0

    def _pause(self, mac_address: str | None) -> float:
        """Return the seconds until the next control may go to a device."""
        last = self._last_control.get(mac_address)
        return 0.0 if last is None else last + self._interval - asyncio.get_running_loop().time()

    def _shortest_pause(self) -> float:
        return min(self._pause(command.mac_address) for command in self._queue.waiting if self._is_paused(command))

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

    def _end_run(self, *, drained: bool) -> None:
        if self._drained is not None:
            self._drained.set_result(drained)
            self._drained = None
