"""The MQTT client that users hold: one connection, one queue, and the heaters behind them."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
import logging

from .common.background import Background, UnexpectedErrors, all_of
from .config import MqttConnectionConfig
from .enums import TemperatureUnit
from .events import EventEmitter
from .exceptions import InvalidParameterError, NotConnectedError
from .heaters.controls import HeaterControls, dhw_mode
from .heaters.inbox import HeaterRecord, Inbox
from .heaters.queries import HeaterQueries
from .heaters.requests import HeaterRequests, PendingReplies, PeriodicRequests
from .heaters.schedules import Schedules
from .heaters.watchdog import ResponseWatchdog
from .models import Device, DeviceFeature, DeviceStatus
from .models.members import WHOLE
from .protocol import queries, setpoint
from .protocol.codec import decoded
from .protocol.controls import HeaterCommand
from .protocol.topics import check_filter, connection_topic
from .queue.command import CommandHandle, QueuedCommand, control_request, plain_message, query_request
from .queue.outcome import CommandOutcome, CommandStage
from .queue.persistence import StoredQueue
from .queue.pipeline import CommandPipeline
from .transport.aws import AwsRuntime
from .transport.base import Transport, TransportFactory
from .transport.callbacks import MessageCallback, MessageDispatcher
from .transport.connection import Connection, ConnectionListener, CredentialSource
from .transport.failures import UNANSWERED, UNEXPECTED
from .transport.report import (
    ConnectionChanged,
    ConnectionInterrupted,
    ConnectionRefused,
    ConnectionReport,
    ConnectionResumed,
    ConnectionState,
)

__all__ = ["MqttConnectionConfig", "NavienMqttClient"]

_LOGGER = logging.getLogger(__name__)

_LOST_WITH_THE_CONNECTION = frozenset({CommandOutcome.FAILED, CommandOutcome.UNCONFIRMED})


class NavienMqttClient:
    """Controls and watches the heaters of an account; commands given while disconnected are queued."""

    def __init__(
        self,
        auth_client: CredentialSource,
        *,
        config: MqttConnectionConfig | None = None,
        make_transport: TransportFactory | None = None,
    ) -> None:
        self._config = config or MqttConnectionConfig()
        self._events = EventEmitter()
        self._subscriptions = MessageDispatcher()
        self._connection = Connection(
            self._config,
            auth_client,
            make_transport or AwsRuntime(self._config).make_transport,
            self._deliver,
            ConnectionListener(
                on_connected=self._on_connected,
                on_disconnected=self._on_disconnected,
                on_refused=lambda error: self._events.emit("connection_refused", ConnectionRefused(error)),
                on_changed=lambda report: self._events.emit("connection_changed", ConnectionChanged(report)),
            ),
            is_urgent=lambda: bool(self._pipeline.registry.records),
        )
        # Without a connection, a command need not wait as long as a client would that has nothing to send.
        self._events.on("command_queued", lambda _: self._connection.hurry())
        self._answers = ResponseWatchdog(lambda: self._connection.fail(UNANSWERED), self._heater_absent)
        self._replies = PendingReplies()
        self._pipeline = CommandPipeline(
            self._config,
            self._events,
            ask_status=self._ask_status,
            replace_connection=self._connection.fail,
            written_query=self._answers.written,
            denied=self._connection.subscriptions.denied,
        )
        self._requests = HeaterRequests(
            self._connection, self.client_id, self._answers, self._replies, on_written=self._pipeline.guard.written
        )
        self._inbox = Inbox(self._events, self._pipeline, self._answers, self._replies, self.client_id)
        self._periodic = PeriodicRequests()
        self._background = Background()
        self._delivery_errors = UnexpectedErrors()
        self.controls = HeaterControls(self.give)
        """The controls beside target temperature and mode."""
        self.queries = HeaterQueries(self._requests, self._inbox, self.subscribe_device)
        """What can be asked of the heaters."""
        self.schedules = Schedules(self.queries)
        """The schedules of the heaters, to be changed entry by entry or whole."""
        self.on, self.once, self.off = self._events.on, self._events.once, self._events.off
        """Call a listener with each event of a name (see `events.EVENTS`), with the next one only, or no longer."""

    # The connection

    @property
    def client_id(self) -> str:
        """The MQTT client id, a segment of the topics for replies to this client."""
        return self._config.client_id

    @property
    def state(self) -> ConnectionState:
        """The state of the connection."""
        return self._connection.report.state

    @property
    def connection_report(self) -> ConnectionReport:
        """The connection in full: why there is none, since when, when it is tried again, and the last attempts."""
        return self._connection.report

    @property
    def is_connected(self) -> bool:
        """Whether the client is connected and subscribed."""
        return self.state is ConnectionState.CONNECTED

    async def connect(self, *, wait: bool = True) -> None:
        """Connect; with `wait=False` in the background, so that commands can be given at once.

        Raises `AuthenticationError` when the credentials are refused, `MqttConnectionError` for any other failure.
        """
        await self._connection.connect(wait=wait)

    async def disconnect(self) -> None:
        """End the connection on purpose and empty the queue; the end of the session is announced to the heaters."""
        # First of all, so that nothing is sent that the caller has already taken out of `stored_queue()` for later.
        self._pipeline.close()
        try:
            await self._periodic.close()
            await self._requests.announce_disconnect(self._inbox.devices)
        finally:
            # Whatever became of the announcement: nothing may be left connected or at work.
            await self._connection.close()
            self._background.cancel()
            self._replies.fail("the connection was lost: disconnected")
            self._pipeline.close()
            self._answers.reset()
            await self._events.close()

    # Messages

    async def publish(self, topic: str, payload: object, qos: int = 1) -> int:
        """Publish a message, JSON unless it is text or bytes; returns its packet id once acknowledged, 0 when queued.

        Raises `InvalidParameterError` or `PayloadError` when it can never be sent, and `NotConnectedError` while
        disconnected with the queue disabled.
        """
        if qos not in (0, 1) or isinstance(qos, bool):
            raise InvalidParameterError("qos", qos, "0 or 1")
        return await self._sent(self._pipeline.give(plain_message(topic, payload, qos)))

    async def subscribe(self, topic: str, callback: MessageCallback) -> None:
        """Call `callback(topic, message)` on the event loop with each JSON object on a topic (wildcards allowed).

        While disconnected the subscription is made with the next connection. Raises `InvalidParameterError` for a
        malformed filter and `MqttSubscribeError` for one that the service refuses.
        """
        check_filter(topic)
        self._subscriptions.add(topic, callback)
        try:
            await self._connection.subscriptions.subscribe(topic)
        except BaseException:
            # Also when it was canceled: the caller does not expect to be called.
            self._subscriptions.remove(topic, callback)
            raise

    async def unsubscribe(self, topic: str, callback: MessageCallback | None = None) -> None:
        """Stop calling a callback of a topic, or all of them."""
        if self._subscriptions.remove(topic, callback) and not self._is_needed(topic):
            await self._connection.subscriptions.unsubscribe(topic)

    async def subscribe_device(self, device: Device) -> None:
        """Subscribe to a heater and wait for the SUBACKs; every method that takes a device subscribes by itself."""
        record = self._inbox.add(device)
        # Begun at once, so that they are written before whatever the heater is asked next.
        await all_of("A subscription", *map(self._connection.subscriptions.subscribe, record.filters))
        # What was restored for a heater that is only known by now has waited for this.
        self._pipeline.ask_what_is_due()
        if self.is_connected:
            self._background.start("Subscribing to a heater's presence", self._try_presence(record))

    async def unsubscribe_device(self, device: Device) -> None:
        """Forget a heater: it is unsubscribed and not asked any more, and starts afresh should it be used again.

        Of its commands, those that wait end as *cleared*, those that may have reached it as *unconfirmed*. Whoever
        waits for a reply of the heater gets `MqttConnectionError`.
        """
        filters = self._inbox.record(device).all_filters
        self._inbox.remove(device)
        self._pipeline.remove_heater(device.mac_address)
        await self._periodic.stop(device.mac_address)
        # What is needed for another one, or by a caller, stays.
        unneeded = [topic_filter for topic_filter in filters if not self._is_needed(topic_filter)]
        await all_of("Unsubscribing from a heater", *map(self._connection.subscriptions.unsubscribe, unneeded))

    def add_device(self, device: Device, feature: DeviceFeature | None = None) -> None:
        """Subscribe to a heater with the next connection, with what it was known to have until it reports that."""
        self._inbox.add(device, feature)
        self._use(device)

    # Requests

    async def request_device_status(self, device: Device) -> int:
        """Ask for the status; returns the packet id, or 0 when queued."""
        return await self._query(queries.STATUS, device)

    async def request_device_info(self, device: Device) -> int:
        """Ask what the heater has; returns the packet id, or 0 when queued."""
        return await self._query(queries.DEVICE_INFO, device)

    def poll(self, device: Device) -> bool:
        """Ask for the status now, around the queue; returns whether there was a connection to ask over."""
        return self._poll(queries.STATUS, device)

    def poll_info(self, device: Device) -> bool:
        """Ask what the heater has now, around the queue; returns whether there was a connection to ask over."""
        return self._poll(queries.DEVICE_INFO, device)

    async def start_periodic_requests(self, device: Device, period_seconds: float = 60) -> None:
        """Ask for the status now and then every `period_seconds`, connected or not."""
        self._periodic.start(device.mac_address, lambda: self.request_device_status(device), period_seconds)

    async def stop_periodic_requests(self, device: Device) -> None:
        """End the periodic requests to a device."""
        await self._periodic.stop(device.mac_address)

    # Commands

    async def set_dhw_temperature(
        self, device: Device, temperature: float, *, unit: TemperatureUnit | None = None
    ) -> int:
        """Set the target temperature, in the heater's display unit (°F while it is unknown) unless `unit` is given.

        Raises `InvalidParameterError` outside the heater's own limits, or 95-150 °F while they are unknown.
        """
        status, feature = self.status(device), self.feature(device)
        if unit is None:
            unit = setpoint.display_unit(status, feature)
        return await self.give(setpoint.dhw_temperature(device, temperature, unit, feature))

    async def set_dhw_mode(self, device: Device, mode: int, *, vacation_days: int | None = None) -> int:
        """Set the mode: 1 to 4, or 5 (vacation) with 1 to 99 days; `controls.set_power` switches off."""
        return await self.give(dhw_mode(device, mode, vacation_days))

    async def give(self, command: HeaterCommand) -> int:
        """Give a command and wait for its PUBACK; returns its packet id, or 0 when queued."""
        return await self._sent(await self.submit(command))

    async def submit(self, command: HeaterCommand, *, expires_at: datetime | None = None) -> CommandHandle:
        """Give a command and return its handle as soon as it is written or queued.

        `expires_at` is when it is too late for it, in place of what the configuration says.

        Raises `InvalidParameterError` or `UnsupportedCommandError` when the heater would not take it, and
        `NotConnectedError` while disconnected with the queue disabled.
        """
        device, control = command.device, command.control
        record = self._inbox.records.get(device.mac_address)
        checked = control.checked(command.parameters, None if record is None else record.feature)
        request = control_request(control, checked, device, self._config.client_id, wanted=command.words)
        if expires_at is not None:
            request = replace(request, expires_at=expires_at)
        elif self._config.expire_by_class:
            status = None if record is None else record.status or self._pipeline.guard.known_status(device.mac_address)
            raw = {} if status is None else status.raw
            known = {name: value for name in request.expected if (value := WHOLE.read(raw.get(name))) is not None}
            request = replace(request, expires_at=request.queued_at + control.life_time(checked, known))
        self._use(device)
        return self._pipeline.give(request)

    # The queue

    @property
    def queued_commands(self) -> tuple[QueuedCommand, ...]:
        """What waits to be sent, next one first."""
        return self._pipeline.queue.waiting

    @property
    def queued_commands_count(self) -> int:
        """How many commands wait to be sent."""
        return len(self._pipeline.queue)

    @property
    def pending_commands(self) -> tuple[QueuedCommand, ...]:
        """Everything given that has no outcome yet, in the order of giving."""
        return self._pipeline.registry.pending()

    def stage(self, command_id: str) -> CommandStage | None:
        """Return where a command is; `None` once it has its outcome."""
        return self._pipeline.registry.stage(command_id)

    def handle(self, command_id: str) -> CommandHandle | None:
        """Return the handle of a command that has no outcome yet, also of one restored from an earlier run."""
        record = self._pipeline.registry.records.get(command_id)
        return None if record is None else record.handle

    def outcome_counts(self, device: Device | None = None) -> Mapping[CommandOutcome, int]:
        """Return how often each outcome occurred, for all devices or one."""
        return self._pipeline.registry.counts(None if device is None else device.mac_address)

    def is_waiting_for_status(self, device: Device) -> bool:
        """Return whether a heater's commands are held until it has reported its status on this connection."""
        return self._pipeline.guard.is_waiting_for_status(device.mac_address)

    def wanted_members(self, device: Device) -> Mapping[str, int]:
        """Return the raw status members that the commands without an outcome will set."""
        return self._pipeline.guard.wanted(device.mac_address)

    def clear_command_queue(
        self, device: Device | None = None, *, kinds: frozenset[str] | None = None, ids: frozenset[str] | None = None
    ) -> int:
        """Remove what waits, for all devices or one, of all kinds or some, or by id; return how many that were.

        What is in flight cannot be recalled, but is not sent a second time either.
        """
        mac_address = None if device is None else device.mac_address
        return self._pipeline.clear(
            lambda command: (
                (mac_address is None or command.mac_address == mac_address)
                and (kinds is None or command.kind in kinds)
                and (ids is None or command.id in ids)
            )
        )

    def stored_queue(self) -> StoredQueue:
        """Return what has to survive a restart."""
        pipeline = self._pipeline
        return StoredQueue(
            unsent=tuple(command for command in pipeline.queue.unsent() if command.is_control),
            sent=tuple(command for command in pipeline.registry.sent_commands if command.is_control),
            order=tuple(command.id for command in pipeline.registry.pending() if command.is_control),
            features=self._inbox.features,
            statuses=self._inbox.statuses,
            running_modes=pipeline.guard.running_modes,
            completed_effects=pipeline.guard.completed_effects,
        )

    def restore(self, stored: StoredQueue) -> None:
        """Take up what an earlier run left, before `connect()`; what has expired since ends as expired at once.

        The last statuses are known again, but are no news: see `is_status_restored`.
        """
        self._pipeline.restore(stored)

    async def finish_sending(self) -> None:
        """Send no more commands, and wait until those in flight are acknowledged or overdue.

        Then `stored_queue()` has what another client has to go on with, until `disconnect()`.
        """
        await self._pipeline.writer.finish(self._config.operation_timeout)

    # What heaters reported

    def status(self, device: Device) -> DeviceStatus | None:
        """Return the last status of a heater."""
        record = self._inbox.records.get(device.mac_address)
        return None if record is None else record.status or self._pipeline.guard.known_status(device.mac_address)

    def feature(self, device: Device) -> DeviceFeature | None:
        """Return what a heater last reported to have."""
        record = self._inbox.records.get(device.mac_address)
        return None if record is None else record.feature

    def is_status_restored(self, device: Device) -> bool:
        """Return whether `status()` is that of an earlier run: the heater has reported none since `restore()`."""
        return self.status(device) is not None and self._inbox.record(device).status is None

    def last_message_at(self, device: Device) -> datetime | None:
        """Return the time of a heater's last message, aware, UTC."""
        return self._inbox.record(device).last_message_at

    def is_online(self, device: Device) -> bool | None:
        """Return whether a heater is online, as last seen while connected; `None` before it is known."""
        return self._inbox.record(device).is_online

    def is_silent(self, device: Device) -> bool:
        """Return whether a heater counts as offline because it left three requests in a row unanswered."""
        return self._answers.is_silent(device.mac_address)

    def is_refused(self, device: Device) -> bool:
        """Return whether the subscriptions of a heater are refused, for lack of room or by the service.

        To one that the service refuses nothing is sent. `subscribe_device` tries again.
        """
        return not self._connection.subscriptions.refused.isdisjoint(self._inbox.record(device).filters)

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

    def _on_connected(self, transport: Transport, is_awaited: bool) -> None:  # noqa: FBT001 - called by the connection
        self._background.start(
            "Sending the queue",
            self._resume(transport, is_announced=not is_awaited),
            # A connection that the queue is not drained into would hold every command indefinitely.
            on_failure=lambda: self._connection.fail(UNEXPECTED),
        )

    def _on_disconnected(self, reason: str) -> None:
        _LOGGER.debug("Disconnected: %s", reason)
        self._answers.reset()
        self._replies.fail(f"the connection was lost: {reason}")
        self._pipeline.on_disconnected()
        self._events.emit("connection_interrupted", ConnectionInterrupted(reason))

    async def _resume(self, transport: Transport, *, is_announced: bool) -> None:
        """Drain the queue into a new connection, in order, then announce it with how many were acknowledged."""
        writer = self._pipeline.writer
        sent_before = writer.sent_count
        self._pipeline.on_connected(transport)
        await writer.drain()
        if is_announced and self._connection.transport is transport:
            self._events.emit("connection_resumed", ConnectionResumed(writer.sent_count - sent_before))
        for record in tuple(self._inbox.records.values()):
            await self._try_presence(record)

    # Inner steps

    async def _try_presence(self, record: HeaterRecord) -> None:
        """Subscribe to a heater's presence, if the service allows it; unanswered requests show its absence too, later.

        Nobody is known to have subscribed to this topic, so it is tried, and only once.
        """
        is_known = self._inbox.records.get(record.device.mac_address) is record
        if is_known and not record.is_presence_tried:
            record.is_presence_tried = True
            if not await self._connection.subscriptions.try_subscribe(connection_topic(record.device)):
                _LOGGER.debug("Presence topic not available; relying on timeouts")

    async def _query(self, query: queries.Query, device: Device) -> int:
        self._use(device)
        return await self._sent(self._pipeline.give(query_request(query, device, self.client_id)))

    async def _sent(self, handle: CommandHandle) -> int:
        """Wait for the PUBACK of a command that went straight out; 0 while it waits, or when it need not go out."""
        packet_id = await handle.sent()
        if packet_id or self._config.enable_command_queue:
            return packet_id
        if handle.result is None or handle.result.outcome in _LOST_WITH_THE_CONNECTION:
            raise NotConnectedError("disconnected before the PUBACK, and the command queue is disabled")
        return 0

    def _ask_status(self, mac_address: str) -> bool:
        record = self._inbox.records.get(mac_address)
        return (
            record is not None
            and not self._is_denied(mac_address)
            and self._requests.ask(queries.STATUS, record.device)
        )

    def _poll(self, query: queries.Query, device: Device) -> bool:
        if self._is_denied(device.mac_address):
            return False
        self._use(device)
        return self._requests.ask(query, device)

    def _is_denied(self, mac_address: str) -> bool:
        """Return whether the service does not grant a heater, so that a message to it would end the connection."""
        record = self._inbox.records.get(mac_address)
        return record is not None and not self._connection.subscriptions.denied.isdisjoint(record.filters)

    def _heater_absent(self, mac_address: str) -> None:
        self._inbox.absent(mac_address)

    def _use(self, device: Device) -> None:
        """Make a device known and write its subscriptions, without waiting: commands keep the order of their calls."""
        record = self._inbox.records.get(device.mac_address)
        if record is None or record.device is not device:
            record = self._inbox.add(device)
        if not self._connection.subscriptions.filters >= set(record.filters):
            self._background.start("Subscribing to a heater", self.subscribe_device(device))

    def _is_needed(self, topic_filter: str) -> bool:
        """Return whether a filter is still needed, by a caller or for a heater."""
        return self._subscriptions.has(topic_filter) or any(
            topic_filter in record.all_filters for record in self._inbox.records.values()
        )
