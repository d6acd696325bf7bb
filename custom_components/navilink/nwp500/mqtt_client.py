"""The MQTT client that users hold: one link, one queue, and the heaters behind them."""

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
import logging
from typing import override

from . import commands
from .answer_watch import AnswerWatch
from .aws_link import AwsRuntime
from .command_queue import CommandQueue, Displaced, QueuedCommand
from .command_writer import CommandWriter, WriterListener
from .commands import Control, Query
from .config import MqttConnectionConfig
from .confirmations import Confirmations
from .connection import Connection, ConnectionListener, ConnectionState, CredentialSource
from .enums import DhwMode, TemperatureUnit
from .events import (
    CommandEvent,
    ConnectionChanged,
    ConnectionInterrupted,
    ConnectionRefused,
    ConnectionResumed,
    EventEmitter,
    Listener,
)
from .exceptions import AuthenticationError, InvalidParameterError, NavienError, NotConnectedError
from .inbox import Inbox
from .link import Link, LinkError, LinkFactory
from .models import Device, DeviceFeature, DeviceStatus
from .periodic import PeriodicRequests
from .requests import control_request, plain_message, query_request
from .set_point import raw_set_point, set_point_words
from .subscriptions import MessageCallback, SubscriptionTable
from .topics import check_filter, client_filter, device_filter, normalised_mac

__all__ = ["MqttConnectionConfig", "NavienMqttClient"]

_LOGGER = logging.getLogger(__name__)

_CONFIRMATION_SECONDS = 60.0
"""A set-point write was once still missing from the status after 16 s (protocol.md 13.1)."""
_FAREWELL_SECONDS = 2.0


class NavienMqttClient(ConnectionListener, WriterListener):
    """Controls and listens to the heaters of an account; what is given while the link is down is kept for later."""

    def __init__(
        self,
        auth_client: CredentialSource,
        *,
        config: MqttConnectionConfig | None = None,
        make_link: LinkFactory | None = None,
    ) -> None:
        self._config = config or MqttConnectionConfig()
        self._events = EventEmitter()
        self._subscriptions = SubscriptionTable()
        self._queue = CommandQueue(self._config.max_queued_commands, coalesce=self._config.coalesce_commands)
        self._writer = CommandWriter(self._queue, self._config, self)
        self._connection = Connection(
            self._config,
            auth_client,
            make_link or AwsRuntime(self._config).make_link,
            self._subscriptions.deliver,
            self,
        )
        self._confirmations = Confirmations(
            self._settled, patience=_CONFIRMATION_SECONDS, is_link_up=lambda: self.is_connected
        )
        self._answers = AnswerWatch(lambda: self._connection.fail("requests stay unanswered"))
        self._inbox = Inbox(self._events, self._confirmations, self._answers)
        self._periodic = PeriodicRequests()
        self._announces_link = False
        self._resuming: asyncio.Task[None] | None = None
        self._listening: set[asyncio.Task[None]] = set()

    # The link

    @property
    def client_id(self) -> str:
        """The MQTT client id, a segment of the topics for replies to this client."""
        return self._config.client_id

    @property
    def state(self) -> ConnectionState:
        """Where the connection is."""
        return self._connection.state

    @property
    def is_connected(self) -> bool:
        """Whether the link is up and subscribed."""
        return self._connection.state is ConnectionState.CONNECTED

    async def connect(self, *, wait: bool = True) -> None:
        """Connect; with `wait=False` in the background, so that commands can be given at once.

        Raises `AuthenticationError` when the credentials are refused, `MqttConnectionError` for any other failure.
        """
        self._announces_link = not wait
        await self._connection.connect(wait=wait)

    async def disconnect(self) -> None:
        """End the connection on purpose and empty the queue; heaters in use are told that the session ends."""
        await self._periodic.close()
        await self._say_farewell()
        await self._connection.close()
        if self._resuming is not None:
            self._resuming.cancel()
            self._resuming = None
        self._writer.detach()
        self.clear_command_queue()
        self._confirmations.close()
        self._answers.reset()
        await self._events.close()

    # Messages

    async def publish(self, topic: str, payload: object, qos: int = 1) -> int:
        """Publish a message, JSON unless it is text or bytes; returns its packet id once acknowledged, 0 when queued.

        Raises `InvalidParameterError` or `PayloadError` when it can never be sent, and `NotConnectedError` when the
        link is down and the queue is disabled.
        """
        if qos not in (0, 1) or isinstance(qos, bool):
            raise InvalidParameterError("qos", qos, "0 or 1")
        return await self._give(plain_message(topic, payload, qos))

    async def subscribe(self, topic: str, callback: MessageCallback) -> None:
        """Call `callback(topic, message)` on the event loop with each JSON object on a topic (wildcards allowed).

        While disconnected the subscription is made with the next link. Raises `InvalidParameterError` for a malformed
        filter and `MqttSubscribeError` for one that the service refuses.
        """
        check_filter(topic)
        self._subscriptions.add(topic, callback)
        try:
            await self._connection.subscribe(topic)
        except NavienError:
            self._subscriptions.remove(topic, callback)
            raise

    async def unsubscribe(self, topic: str, callback: MessageCallback | None = None) -> None:
        """Stop calling a callback of a topic, or all of them."""
        if self._subscriptions.remove(topic, callback):
            await self._connection.unsubscribe(topic)

    async def subscribe_device(self, device: Device) -> None:
        """Listen to a heater and wait for the SUBACKs; every method that takes a device listens by itself."""
        self._inbox.add(device)
        await self.subscribe(device_filter(device), self._inbox.receive)
        await self.subscribe(client_filter(device, self.client_id), self._inbox.receive)

    # Requests and controls

    async def request_device_status(self, device: Device) -> int:
        """Ask for the status; returns the packet id, or 0 when queued."""
        return await self._query(commands.STATUS, device)

    async def request_device_info(self, device: Device) -> int:
        """Ask what the heater has; returns the packet id, or 0 when queued."""
        return await self._query(commands.DEVICE_INFO, device)

    async def set_power(self, device: Device, on: bool) -> int:  # noqa: FBT001 - the one thing it sets
        """Switch the heater on or off."""
        return await self.control(device, commands.POWER_ON if on else commands.POWER_OFF)

    async def set_dhw_mode(self, device: Device, mode: int, *, vacation_days: int | None = None) -> int:
        """Set the mode: 1 to 4 and 6 (power off), or 5 (vacation) with 1 to 99 days."""
        if mode != DhwMode.VACATION:
            if vacation_days is not None:
                raise InvalidParameterError("vacation_days", vacation_days, "left out unless the mode is 5 (vacation)")
            return await self.control(device, commands.DHW_MODE, mode)
        if vacation_days is None:
            raise InvalidParameterError("vacation_days", vacation_days, "given with mode 5 (vacation): 1 to 99")
        return await self.control(device, commands.VACATION, mode, vacation_days)

    async def set_vacation(self, device: Device, days: int) -> int:
        """Put the heater in vacation for 1 to 99 days."""
        return await self.set_dhw_mode(device, DhwMode.VACATION, vacation_days=days)

    async def set_dhw_temperature(
        self, device: Device, temperature: float, *, unit: TemperatureUnit | None = None
    ) -> int:
        """Set the set point, in the heater's display unit (°F while it is unknown) unless `unit` is given.

        Raises `InvalidParameterError` outside the heater's own limits, or 95-150 °F while they are unknown.
        """
        record = self._inbox.record(device)
        if unit is None:
            told = [message.temperature_unit for message in (record.status, record.feature) if message is not None]
            unit = next((known for known in told if known is not None), TemperatureUnit.FAHRENHEIT)
        raw = raw_set_point(temperature, unit, record.feature)
        return await self.control(device, commands.DHW_TEMPERATURE, raw, words=set_point_words(temperature, unit))

    async def control(self, device: Device, control: Control, *parameters: int, words: str | None = None) -> int:
        """Give a command of the table `commands`; returns the packet id, or 0 when queued.

        Raises `InvalidParameterError` or `UnsupportedCommandError` when the heater would not take it.
        """
        checked = control.checked(parameters, self._inbox.record(device).feature)
        self._listen_to(device)
        return await self._give(control_request(control, checked, device, self.client_id, wanted=words))

    async def start_periodic_requests(self, device: Device, period_seconds: float = 60) -> None:
        """Ask for the status now and then every `period_seconds`, connected or not."""
        self._periodic.start(
            normalised_mac(device.mac_address), lambda: self.request_device_status(device), period_seconds
        )

    async def stop_periodic_requests(self, device: Device) -> None:
        """End the periodic requests to a device."""
        await self._periodic.stop(normalised_mac(device.mac_address))

    # The queue

    @property
    def queued_commands(self) -> tuple[QueuedCommand, ...]:
        """What waits to be sent, next one first."""
        return self._queue.waiting

    @property
    def queued_commands_count(self) -> int:
        """How many commands wait to be sent."""
        return len(self._queue)

    def clear_command_queue(self, device: Device | None = None) -> int:
        """Remove what waits, for all devices or one, and return how many commands that were.

        What is in flight cannot be taken back, but is not sent a second time either.
        """
        mac_address = None if device is None else normalised_mac(device.mac_address)

        def is_meant(command: QueuedCommand) -> bool:
            return mac_address is None or command.mac_address == mac_address

        cleared = self._queue.remove(is_meant)
        self._queue.forbid_return(is_meant)
        for command in cleared:
            self._end("cleared", command, "the queue was cleared")
        return len(cleared)

    # What heaters said

    def status(self, device: Device) -> DeviceStatus | None:
        """Return the last status of a heater."""
        return self._inbox.record(device).status

    def feature(self, device: Device) -> DeviceFeature | None:
        """Return what a heater last said it has."""
        return self._inbox.record(device).feature

    def last_message_at(self, device: Device) -> datetime | None:
        """Return when a heater last said anything, aware, UTC."""
        return self._inbox.record(device).last_message_at

    def wanted_members(self, device: Device) -> Mapping[str, int]:
        """Return the raw status members that the commands not yet settled will set."""
        return self._confirmations.wanted(normalised_mac(device.mac_address))

    # Events

    def on(self, event: str, listener: Listener) -> Callable[[], None]:
        """Call a listener with each event of a name (see `events.EVENTS`); returns a function that ends that."""
        return self._events.on(event, listener)

    def once(self, event: str, listener: Listener) -> Callable[[], None]:
        """Call a listener with the next event of a name only."""
        return self._events.once(event, listener)

    def off(self, event: str, listener: Listener) -> None:
        """Stop calling a listener."""
        self._events.off(event, listener)

    # From the connection and the writer

    @override
    def state_changed(self, state: ConnectionState) -> None:
        self._events.emit("connection_changed", ConnectionChanged(state))

    @override
    def link_up(self, link: Link) -> None:
        self._resuming = asyncio.Task(
            self._on_connection_resumed_internal(link),
            loop=asyncio.get_running_loop(),
            eager_start=True,
            name="nwp500 resuming",
        )

    @override
    def link_lost(self, reason: str) -> None:
        _LOGGER.debug("Link lost: %s", reason)
        self._announces_link = True
        self._answers.reset()
        self._writer.detach()
        if not self._config.enable_command_queue:
            for command in self._queue.remove(lambda _: True):
                self._end("failed", command, "the link was lost and the queue is disabled")
        self._events.emit("connection_interrupted", ConnectionInterrupted(reason))

    @override
    def credentials_refused(self, error: AuthenticationError) -> None:
        self._events.emit("connection_refused", ConnectionRefused(error))

    @override
    def link_suspect(self, reason: str) -> None:
        self._connection.fail(reason)

    @override
    def command_sent(self, command: QueuedCommand) -> None:
        self._confirmations.sent(command)
        if command.mac_address is not None and command.kind in (commands.STATUS.name, commands.DEVICE_INFO.name):
            self._answers.asked(command.mac_address)
        self._events.emit("command_sent", CommandEvent(command))

    @override
    def command_expired(self, command: QueuedCommand) -> None:
        self._end("expired", command, "it waited longer than allowed")

    @override
    def commands_displaced(self, displaced: Displaced) -> None:
        for command in displaced.superseded:
            self._end("superseded", command, "a newer command for the same setting was given")
        for command in displaced.dropped:
            _LOGGER.warning(
                "The command queue is full: dropped the oldest, %s of %s",
                command.wanted,
                command.queued_at.isoformat(timespec="seconds"),
            )
            self._end("dropped", command, "the queue was full")
        for command in displaced.in_doubt:
            self._end("unconfirmed", command, "the link was lost before its PUBACK, and it is not repeated")

    async def _on_connection_resumed_internal(self, link: Link) -> None:
        """The link is back: drain the queue into it, then say so."""
        self._writer.attach(link)
        announces_link, self._announces_link = self._announces_link, False
        sent = await self._send_queued_commands()
        if announces_link and self._connection.link is link:
            self._events.emit("connection_resumed", ConnectionResumed(sent))

    async def _send_queued_commands(self) -> int:
        """Drain: send what waits, in order, until nothing does or the link ends; returns how many went."""
        sent_before = self._writer.sent_count
        await self._writer.drain()
        return self._writer.sent_count - sent_before

    # Inner steps

    async def _query(self, query: Query, device: Device) -> int:
        self._listen_to(device)
        return await self._give(query_request(query, device, self.client_id))

    def _listen_to(self, device: Device) -> None:
        """Make a device known and write its subscriptions, without waiting: commands keep the order of their calls."""
        self._inbox.add(device)
        if not self._subscriptions.has(device_filter(device)):
            task = asyncio.Task(
                self.subscribe_device(device),
                loop=asyncio.get_running_loop(),
                eager_start=True,
                name="nwp500 listening",
            )
            self._listening.add(task)
            task.add_done_callback(self._listening_done)

    def _listening_done(self, task: asyncio.Task[None]) -> None:
        self._listening.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            _LOGGER.warning("Replies of a heater will not be heard: %s", error)

    async def _give(self, command: QueuedCommand) -> int:
        """Line a command up; returns its packet id if it went straight out and was acknowledged, 0 while it waits."""
        straight_out = self._writer.goes_straight_out
        if not straight_out and not self._config.enable_command_queue and not self.is_connected:
            raise NotConnectedError("not connected, and the command queue is disabled")
        if self._config.max_queued_command_age is not None:
            life_time = timedelta(seconds=self._config.max_queued_command_age)
            command = replace(command, expires_at=command.queued_at + life_time)
        must_be_sent_now = straight_out or not self._config.enable_command_queue
        handover = self._writer.handover(command) if must_be_sent_now else None
        self._confirmations.given(command)
        self._events.emit("command_given", CommandEvent(command))
        self.commands_displaced(self._queue.append(command))
        if handover is None:
            self._events.emit("command_queued", CommandEvent(command))
        self._writer.pump()
        packet_id = 0 if handover is None else await handover
        if not packet_id and not self._config.enable_command_queue:
            raise NotConnectedError(
                "the link was lost before the message was acknowledged, and the command queue is disabled"
            )
        return packet_id

    async def _say_farewell(self) -> None:
        """Tell each heater in use, outside the queue, that this session ends (protocol.md 5.3)."""
        link = self._connection.link
        if link is None or link.lost.done():
            return
        loop = asyncio.get_running_loop()
        said: list[asyncio.Future[None]] = []
        for device in self._inbox.devices:
            farewell = query_request(commands.SESSION_END, device, self.client_id)
            acknowledged: asyncio.Future[None] = loop.create_future()
            try:
                link.publish(farewell.topic, farewell.body, farewell.qos, _completing(acknowledged))
            except LinkError:
                return
            said.append(acknowledged)
        if said:
            await asyncio.wait(said, timeout=_FAREWELL_SECONDS)

    def _settled(self, outcome: str, command: QueuedCommand, reason: str, code: int | None) -> None:
        self._events.emit(f"command_{outcome}", CommandEvent(command, reason, code))

    def _end(self, outcome: str, command: QueuedCommand, reason: str) -> None:
        self._confirmations.forget(command)
        self._settled(outcome, command, reason, None)


def _completing(future: asyncio.Future[None]) -> Callable[[LinkError | None], None]:
    def complete(_: LinkError | None) -> None:
        if not future.done():
            future.set_result(None)

    return complete
