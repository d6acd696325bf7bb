"""The events of the client, and the emitter that carries them to listeners."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
import inspect
import logging
from typing import Never, cast

from .common.background import Background
from .exceptions import InvalidParameterError

_LOGGER = logging.getLogger(__name__)

_FINISH_SECONDS = 2.0


EVENTS = frozenset(
    {
        "connection_changed",
        "connection_interrupted",
        "connection_resumed",
        "connection_refused",
        "command_given",
        "command_queued",
        "command_sent",
        "command_confirmed",
        "command_rejected",
        "command_unconfirmed",
        "command_expired",
        "command_superseded",
        "command_dropped",
        "command_cleared",
        "command_failed",
        "command_held",
        "command_completed",
        "queue_changed",
        "knowledge_changed",
        "status_received",
        "feature_received",
        "schedule_written",
        "temperature_changed",
        "setpoint_changed",
        "mode_changed",
        "power_changed",
        "heating_started",
        "heating_stopped",
        "hot_water_use_started",
        "hot_water_use_stopped",
        "tou_window_entered",
        "tou_window_left",
        "vacation_started",
        "vacation_ended",
        "firmware_changed",
        "device_online",
        "device_offline",
        "error_detected",
        "error_cleared",
    }
)

type Listener = Callable[[Never], object]
"""Takes the one class of event that its event's name stands for; what it returns is awaited if it can be."""


@dataclass(frozen=True, slots=True, eq=False)
class _Registration:
    listener: Listener
    is_for_one: bool


class EventEmitter:
    """Calls the listeners of an event in the order in which they came; one's error does not stop the others."""

    def __init__(self) -> None:
        self._listeners: dict[str, list[_Registration]] = {}
        self._background = Background()

    def on(self, event: str, listener: Listener) -> Callable[[], None]:
        """Call `listener` (sync or async) with each event of this name; returns a function that ends that.

        Raises `InvalidParameterError` for a name that no event has.
        """
        return self._register(event, _Registration(listener, is_for_one=False))

    def once(self, event: str, listener: Listener) -> Callable[[], None]:
        """Call `listener` with the next event of this name only."""
        return self._register(event, _Registration(listener, is_for_one=True))

    def off(self, event: str, listener: Listener) -> None:
        """Stop calling a listener; nothing happens if it is not registered."""
        registrations = self._listeners.get(event, [])
        for registration in registrations:
            if registration.listener == listener:
                registrations.remove(registration)
                return

    def emit(self, event: str, happened: object) -> None:
        """Call every listener of an event."""
        for registration in tuple(self._listeners.get(event, ())):
            if registration not in self._listeners[event]:
                # Taken off, or called for its one event, by a listener before it.
                continue
            if registration.is_for_one:
                self._unregister(event, registration)
            try:
                result = cast("Callable[[object], object]", registration.listener)(happened)
            except Exception:
                # A listener is the caller's own code: whatever it raises must not reach the others or the client.
                _LOGGER.exception("A listener of %s failed", event)
                continue
            if inspect.isawaitable(result):
                self._background.start(f"A listener of {event}", _finished(result), at_once=False)

    def emit_made[*Values](self, event: str, make: Callable[[*Values], object], *values: *Values) -> None:
        """Call every listener of an event with what `make` returns, which is made only if there is one."""
        if self._listeners.get(event):
            self.emit(event, make(*values))

    async def close(self) -> None:
        """Let the listeners that are still at work finish, or end them when they take too long."""
        tasks = {task for task in self._background.tasks if task is not asyncio.current_task()}
        if not tasks:
            return
        _, unfinished = await asyncio.wait(tasks, timeout=_FINISH_SECONDS)
        for task in unfinished:
            task.cancel()
        await asyncio.gather(*unfinished, return_exceptions=True)

    def _register(self, event: str, registration: _Registration) -> Callable[[], None]:
        if event not in EVENTS:
            raise InvalidParameterError("event", event, f"one of {', '.join(sorted(EVENTS))}")
        self._listeners.setdefault(event, []).append(registration)
        return lambda: self._unregister(event, registration)

    def _unregister(self, event: str, registration: _Registration) -> None:
        registrations = self._listeners.get(event, [])
        if registration in registrations:
            registrations.remove(registration)


async def _finished(result: Awaitable[object]) -> None:
    await result
