"""The MQTT client that users hold: one link, one queue, and the heaters behind them."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
import logging
from typing import override

from .common.background import Background, UnexpectedErrors
from .config import MqttConnectionConfig
from .events import EventEmitter, Listener
from .exceptions import AuthenticationError, InvalidParameterError, NotConnectedError
from .heaters.access import QueueAccess
from .heaters.command import HeaterCommand
from .heaters.controls import HeaterControls
from .heaters.inbox import Inbox
from .heaters.polling import PeriodicRequests
from .heaters.queries import REPLY_SECONDS, HeaterQueries
from .heaters.requests import HeaterRequests, PendingReplies
from .heaters.schedules import Schedules
from .heaters.subscriptions import HeaterSubscriptions
from .heaters.watchdog import ResponseWatchdog
from .json_types import JsonMessage
from .models import Device, DeviceFeature, DeviceStatus
from .models.members import WHOLE
from .protocol import queries
from .protocol.codec import decoded
from .protocol.topics import check_filter
from .queue.command import CommandHandle, CommandOutcome, QueuedCommand
from .queue.pipeline import CommandPipeline
from .queue.requests import control_request, plain_message, query_request
from .transport.aws import AwsRuntime
from .transport.base import Transport, TransportFactory
from .transport.callbacks import MessageCallback, SubscriptionTable
from .transport.connection import Connection, ConnectionListener, CredentialSource
from .transport.events import ConnectionChanged, ConnectionInterrupted, ConnectionRefused, ConnectionResumed
from .transport.failures import UNANSWERED, UNEXPECTED
from .transport.report import ConnectionReport, ConnectionState

__all__ = ["MqttConnectionConfig", "NavienMqttClient"]

_LOGGER = logging.getLogger(__name__)

_LOST_WITH_THE_LINK = frozenset({CommandOutcome.FAILED, CommandOutcome.UNCONFIRMED})


class NavienMqttClient(HeaterControls, HeaterQueries, QueueAccess, ConnectionListener):
    """Controls and listens to the heaters of an account; what is given while the link is down is kept for later."""

    def __init__(
        self,
        auth_client: CredentialSource,
        *,
        config: MqttConnectionConfig | None = None,
        make_transport: TransportFactory | None = None,
    ) -> None:
        self._config = config or MqttConnectionConfig()
        self._events = EventEmitter()
        self._subscriptions = SubscriptionTable()
        self._connection = Connection(
            self._config,
            auth_client,
            make_transport or AwsRuntime(self._config).make_transport,
            self._deliver,
            self,
        )
        self._answers = ResponseWatchdog(
            lambda: self._connection.fail(UNANSWERED),
            self._heater_absent,
        )
        self._replies = PendingReplies()
        self._probes = HeaterRequests(
            self._connection,
            self.client_id,
            self._answers,
            self._replies,
            on_written=self._request_written,
        )
        pipeline = CommandPipeline(
            self._config,
            self._events,
            ask_status=self._ask_status,
            replace_connection=self._connection.fail,
            written_query=self._probes.written,
        )
        super().__init__(pipeline, Inbox(self._events, pipeline, self._answers, self._replies))
        self._periodic = PeriodicRequests()
        self._schedules = Schedules(self)
        self._heaters = HeaterSubscriptions(self._connection.subscriptions, self.client_id)
        self._background = Background()
        self._delivery_errors = UnexpectedErrors()

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
    def connection_report(self) -> ConnectionReport:
        """How the connection is doing: why there is none, since when, when it is tried again, and the last attempts."""
        return self._connection.report

    @property
    def is_connected(self) -> bool:
        """Whether the link is up and subscribed."""
        return self._connection.state is ConnectionState.CONNECTED

    async def connect(self, *, wait: bool = True) -> None:
        """Connect; with `wait=False` in the background, so that commands can be given at once.

        Raises `AuthenticationError` when the credentials are refused, `MqttConnectionError` for any other failure.
        """
        await self._connection.connect(wait=wait)

    async def disconnect(self) -> None:
        """End the connection on purpose and empty the queue; heaters in use are told that the session ends."""
        # First of all, so that nothing is sent that the caller has already taken out of `stored_queue()` for later.
        self._pipeline.close()
        try:
            await self._periodic.close()
            await self._probes.announce_disconnect(self._inbox.devices)
        finally:
            # Whatever became of the courtesy: nothing may be left connected or at work.
            await self._connection.close()
            self._background.cancel()
            self._replies.on_disconnected("disconnected")
            self._pipeline.close()
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
        return await self._sent(self._give(plain_message(topic, payload, qos)))

    async def subscribe(self, topic: str, callback: MessageCallback) -> None:
        """Call `callback(topic, message)` on the event loop with each JSON object on a topic (wildcards allowed).

        While disconnected the subscription is made with the next link. Raises `InvalidParameterError` for a malformed
        filter and `MqttSubscribeError` for one that the service refuses.
        """
        check_filter(topic)
        self._subscriptions.add(topic, callback)
        try:
            await self._connection.subscriptions.subscribe(topic)
        except BaseException:
            # Also when it was cancelled: whoever gave up waiting does not expect to be called.
            self._subscriptions.remove(topic, callback)
            raise

    async def unsubscribe(self, topic: str, callback: MessageCallback | None = None) -> None:
        """Stop calling a callback of a topic, or all of them."""
        if self._subscriptions.remove(topic, callback) and not self._is_needed(topic):
            await self._connection.subscriptions.unsubscribe(topic)

    async def subscribe_device(self, device: Device) -> None:
        """Listen to a heater and wait for the SUBACKs; every method that takes a device listens by itself."""
        self._inbox.add(device)
        await self._heaters.subscribe(device)
        # What was restored for a heater that is only known by now has waited for this.
        self._pipeline.ask_what_is_due()
        if self.is_connected and self._inbox.device(device.mac_address) is not None:
            self._background.start("Listening for a heater's presence", self._heaters.try_presence(device))

    async def unsubscribe_device(self, device: Device) -> None:
        """Forget a heater: it is not asked or listened to any more, and starts afresh should it be used again.

        Of its commands, those that wait end as *cleared*, those that may have reached it as *unconfirmed*. Whoever
        waits for a reply of the heater gets `MqttConnectionError`.
        """
        self._inbox.remove(device)
        self._pipeline.remove_heater(device.mac_address)
        await self._periodic.stop(device.mac_address)
        await self._heaters.unsubscribe(device, self._is_needed)

    def add_device(self, device: Device, feature: DeviceFeature | None = None) -> None:
        """Listen to a heater from the next link on, with what it was known to have until it says so itself."""
        self._inbox.add(device, feature)
        self._listen_to(device)

    # Requests

    async def request_device_status(self, device: Device) -> int:
        """Ask for the status; returns the packet id, or 0 when queued."""
        return await self._query(queries.STATUS, device)

    async def request_device_info(self, device: Device) -> int:
        """Ask what the heater has; returns the packet id, or 0 when queued."""
        return await self._query(queries.DEVICE_INFO, device)

    def poll(self, device: Device) -> bool:
        """Ask for the status now, around the queue; tells whether there was a link to ask over."""
        self._listen_to(device)
        return self._probes.ask(queries.STATUS, device)

    def poll_info(self, device: Device) -> bool:
        """Ask what the heater has now, around the queue; tells whether there was a link to ask over."""
        self._listen_to(device)
        return self._probes.ask(queries.DEVICE_INFO, device)

    @override
    async def exchange[T](
        self,
        device: Device,
        request: queries.Request,
        read: Callable[[JsonMessage], T],
        *,
        content: Mapping[str, object] | None = None,
        timeout: float = REPLY_SECONDS,
    ) -> T:
        checked = request.checked(content or {}, self.feature(device))
        # Waited for, because a quick reply would come before the second of the subscriptions is made.
        await self.subscribe_device(device)
        return await self._probes.request(request, device, checked, read, timeout)

    @property
    def schedules(self) -> Schedules:
        """The schedules of the heaters, to be changed entry by entry or whole."""
        return self._schedules

    async def start_periodic_requests(self, device: Device, period_seconds: float = 60) -> None:
        """Ask for the status now and then every `period_seconds`, connected or not."""
        self._periodic.start(device.mac_address, lambda: self.request_device_status(device), period_seconds)

    async def stop_periodic_requests(self, device: Device) -> None:
        """End the periodic requests to a device."""
        await self._periodic.stop(device.mac_address)

    # Controls

    @override
    async def give(self, command: HeaterCommand) -> int:
        """Give a command and wait for its PUBACK; returns its packet id, or 0 when queued."""
        return await self._sent(self._submit(command))

    async def submit(self, command: HeaterCommand) -> CommandHandle:
        """Give a command and return its handle as soon as it is written or queued.

        Raises `InvalidParameterError` or `UnsupportedCommandError` when the heater would not take it, and
        `NotConnectedError` when the link is down and the queue is disabled.
        """
        return self._submit(command)

    # What heaters said

    @override
    def status(self, device: Device) -> DeviceStatus | None:
        """Return the last status of a heater."""
        return self._inbox.record(device).status

    @override
    def feature(self, device: Device) -> DeviceFeature | None:
        return self._inbox.record(device).feature

    def last_message_at(self, device: Device) -> datetime | None:
        """Return when a heater last said anything, aware, UTC."""
        return self._inbox.record(device).last_message_at

    def is_online(self, device: Device) -> bool | None:
        """Tell whether a heater is on line, as it was last seen over a link; `None` before it is known."""
        return self._inbox.record(device).is_online

    def is_silent(self, device: Device) -> bool:
        """Tell whether a heater is offline by its silence: it has left three questions in a row unanswered."""
        return self._answers.is_silent(device.mac_address)

    def is_refused(self, device: Device) -> bool:
        """Tell whether the service refuses to let this client hear a heater."""
        return self._heaters.is_refused(device)

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

    # From the connection

    def _deliver(self, topic: str, body: bytes) -> None:
        message = decoded(body)
        if message is None:
            _LOGGER.debug("Dropped a message that is no JSON object")
            return
        try:
            self._inbox.receive(topic, message)
        except Exception as error:  # noqa: BLE001 - one message that nobody foresaw must not cost the others
            self._delivery_errors.log("Reading a message", error)
        self._subscriptions.deliver(topic, message)

    @override
    def connection_changed(self, report: ConnectionReport) -> None:
        self._events.emit("connection_changed", ConnectionChanged(report))

    @override
    def on_connected(self, transport: Transport, *, is_awaited: bool) -> None:
        self._background.start(
            "Sending the queue",
            self._on_connection_resumed_internal(transport, is_announced=not is_awaited),
            # A connection that the queue is not drained into would hold every command for ever.
            on_failure=lambda: self._connection.fail(UNEXPECTED),
        )

    @override
    def on_disconnected(self, reason: str) -> None:
        _LOGGER.debug("Link lost: %s", reason)
        self._answers.reset()
        self._replies.on_disconnected(reason)
        self._pipeline.on_disconnected()
        self._events.emit("connection_interrupted", ConnectionInterrupted(reason))

    @override
    def credentials_refused(self, error: AuthenticationError) -> None:
        self._events.emit("connection_refused", ConnectionRefused(error))

    async def _on_connection_resumed_internal(self, transport: Transport, *, is_announced: bool) -> None:
        """The link is back: drain the queue into it, then say so."""
        self._pipeline.on_connected(transport)
        sent = await self._send_queued_commands()
        if is_announced and self._connection.transport is transport:
            self._events.emit("connection_resumed", ConnectionResumed(sent))
        for device in self._inbox.devices:
            await self._heaters.try_presence(device)

    async def _send_queued_commands(self) -> int:
        """Drain: send what can be sent now, in order, until that is done or the link ends; returns how many went."""
        sent_before = self._pipeline.sent_count
        await self._pipeline.drain()
        return self._pipeline.sent_count - sent_before

    # Inner steps

    async def _query(self, query: queries.Query, device: Device) -> int:
        self._listen_to(device)
        return await self._sent(self._give(query_request(query, device, self.client_id)))

    def _submit(self, command: HeaterCommand) -> CommandHandle:
        """Check a command, give it its life time and what is known of its setting, and hand it in."""
        device, control = command.device, command.control
        record = self._inbox.record(device)
        checked = control.checked(command.parameters, record.feature)
        request = control_request(control, checked, device, self.client_id, wanted=command.words)
        if self._config.expire_by_class:
            raw = {} if record.status is None else record.status.raw
            known = {name: value for name in request.expected if (value := WHOLE.read(raw.get(name))) is not None}
            request = replace(request, expires_at=request.queued_at + control.life_time(checked, known))
        self._listen_to(device)
        return self._give(request)

    def _give(self, command: QueuedCommand) -> CommandHandle:
        if self._config.max_queued_command_age is not None:
            latest = command.queued_at + timedelta(seconds=self._config.max_queued_command_age)
            command = replace(command, expires_at=min(latest, command.expires_at or latest))
        return self._pipeline.give(command, is_connected=self.is_connected)

    async def _sent(self, handle: CommandHandle) -> int:
        """Wait for the PUBACK of a command that went straight out; 0 while it waits, or when it need not go out."""
        packet_id = await handle.sent()
        if packet_id or self._config.enable_command_queue:
            return packet_id
        if handle.result is None or handle.result.outcome in _LOST_WITH_THE_LINK:
            raise NotConnectedError("the link was lost before the PUBACK, and the command queue is disabled")
        return 0

    def _ask_status(self, mac_address: str) -> bool:
        device = self._inbox.device(mac_address)
        return device is not None and self._probes.ask(queries.STATUS, device)

    def _request_written(self, request: QueuedCommand) -> None:
        self._pipeline.request_written(request)

    def _listen_to(self, device: Device) -> None:
        """Make a device known and write its subscriptions, without waiting: commands keep the order of their calls."""
        self._inbox.add(device)
        if not self._heaters.covers(device):
            self._background.start("Listening to a heater", self.subscribe_device(device))

    def _is_needed(self, topic_filter: str) -> bool:
        """Tell whether a caller wants the messages of a filter, or a heater is heard by it."""
        return self._subscriptions.has(topic_filter) or self._heaters.is_for_any(topic_filter, self._inbox.devices)

    def _heater_absent(self, mac_address: str) -> None:
        self._inbox.absent(mac_address)
