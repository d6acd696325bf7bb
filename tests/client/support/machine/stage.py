"""What the state machine of the queue is made of: clients over one store, the ledger beside them, and the promises."""

import asyncio
from collections.abc import Callable, Coroutine
import logging
from typing import Any, ClassVar, override

from hypothesis.stateful import RuleBasedStateMachine, invariant
import orjson

from nwp500 import (
    CommandCompleted,
    CommandEvent,
    CommandHandle,
    CommandReason,
    DeviceFeature,
    HeaterCommand,
    MqttConnectionConfig,
    NavienError,
    NavienMqttClient,
    NotConnectedError,
    QueuedCommand,
    StoredQueue,
    commands,
)
from tests.client.support.credentials import InventedCredentials
from tests.client.support.machine.broker import Delivery, HeaterBroker
from tests.client.support.machine.clock import VirtualClocks
from tests.client.support.machine.heater import ScriptedHeater
from tests.client.support.machine.ledger import Circumstances, Ledger
from tests.client.support.virtual_time import VirtualTimeLoop

MACS = ("0478630a1b2c", "0478630a1b2d")
_CLIENT_ID = "machine"

type Options = dict[str, Any]  # Any: the class of the configuration checks each of them itself.

WISHES: dict[str, tuple[commands.Control, tuple[int, ...]]] = {
    "100": (commands.DHW_TEMPERATURE, (100,)),
    "110": (commands.DHW_TEMPERATURE, (110,)),
    "120": (commands.DHW_TEMPERATURE, (120,)),
    "on": (commands.POWER_ON, ()),
    "off": (commands.POWER_OFF, ()),
    "heat pump": (commands.DHW_MODE, (1,)),
    "electric": (commands.DHW_MODE, (2,)),
    "energy saver": (commands.DHW_MODE, (3,)),
    "vacation": (commands.VACATION, (5, 7)),
    "anti-legionella on": (commands.ANTI_LEGIONELLA_ON, (7,)),
    "anti-legionella off": (commands.ANTI_LEGIONELLA_OFF, ()),
    "hot button": (commands.RECIRCULATION_HOT_BUTTON, (1,)),
    "filter reset": (commands.AIR_FILTER_RESET, ()),
}


_ROUNDING = 0.1
"""Seconds by which an age may differ from the ledger's."""


class MachineStage(RuleBasedStateMachine):
    """One client after the other, each over the store of the last, compared with the ledger at every quiet point."""

    steps: ClassVar[int] = 0

    def __init__(self) -> None:
        super().__init__()
        # Thousands of expected warnings about a full queue; the level is put back at the end of each run.
        logging.getLogger("nwp500").setLevel(logging.ERROR)
        self.loop = VirtualTimeLoop()
        self.clocks = VirtualClocks(self.loop)
        self._clocks_installed = self.clocks.installed()
        self._clocks_installed.__enter__()
        self.heaters = {mac: ScriptedHeater(mac) for mac in MACS}
        self.ledger = Ledger()
        self.broker = HeaterBroker(
            heaters=self.heaters,
            on_receipt=self._arrived,
            on_status=self.ledger.reported,
            command_of=self._command_of,
        )
        self.plain_count = 0
        """How many messages to no heater were given."""
        self.client: NavienMqttClient | None = None
        self.options: Options = {}
        self.store = b""
        self.is_store_outdated = True
        self.handles: dict[str, CommandHandle] = {}
        """Of the present client, by command."""
        self.tasks: set[asyncio.Task[object]] = set()

    # What has to hold at every quiet point

    @invariant()
    def promises_are_kept(self) -> None:
        MachineStage.steps += 1
        assert self.ledger.broken == [], self.ledger.broken
        assert self.broker.repeated == [], [self.broker.deliveries[number] for number in self.broker.repeated]

    @invariant()
    def memory_is_as_the_ledger(self) -> None:
        # Of all the limits in the options, only that of 1 could be exceeded.
        assert self._client.queued_commands_count <= self.options["max_queued_commands"]
        pending = [command.id for command in self._client.pending_commands]
        assert sorted(pending) == sorted(self.ledger.pending())
        for command_id, handle in self.handles.items():
            outcomes = self.ledger.entries[command_id].outcomes
            assert handle.result == (outcomes[0] if outcomes else None)

    @invariant()
    def store_is_as_memory(self) -> None:
        memory = self._client.stored_queue()
        if self.is_store_outdated:
            self._note_stored(memory)
        assert memory.features == self.broker.told_features
        stored = self._read_store()
        assert [_lasting(each) for each in stored.unsent] == [_lasting(each) for each in memory.unsent]
        assert [_lasting(each) for each in stored.sent] == [_lasting(each) for each in memory.sent]
        for name in ("features", "statuses", "running_modes", "completed_effects"):
            assert getattr(stored, name) == getattr(memory, name), name
        given = self.ledger.pending(controls_only=True)
        assert list(stored.order) == list(memory.order) == given
        assert {command.id for command in (*stored.unsent, *stored.sent)} == set(given)
        now = self.clocks.reading()
        for command in memory.unsent:
            assert abs(command.age().total_seconds() - self.ledger.entries[command.id].age(now)) < _ROUNDING
        for command in stored.unsent:
            age = self.ledger.entries[command.id].restored_age(now)
            assert abs(command.age().total_seconds() - age) < _ROUNDING

    @override
    def teardown(self) -> None:
        try:
            if self.client is not None:
                self._finish()
        finally:
            self._clocks_installed.__exit__(None, None, None)
            logging.getLogger("nwp500").setLevel(logging.NOTSET)
            self.loop.close()

    def _finish(self) -> None:
        """Let everything work again: then nothing may stay unsettled."""
        self.broker.works_again()
        self._lose_connection()
        self._pass(1200.0)
        self.promises_are_kept()
        self.memory_is_as_the_ledger()
        left = [(self._client.stage(each), self.ledger.entries[each]) for each in self.ledger.pending()]
        assert not left, left
        self._run(self._client.disconnect())
        self._run(asyncio.sleep(100))
        assert all(task.done() for task in self.tasks)
        for task in self.tasks:
            assert not task.cancelled()
            assert isinstance(task.exception(), NavienError | None)
        self.promises_are_kept()
        assert all(len(entry.outcomes) == 1 - entry.is_lost for entry in self.ledger.entries.values())

    # Inner steps

    @property
    def _client(self) -> NavienMqttClient:
        assert self.client is not None
        return self.client

    def _start(self, options: Options, stored: StoredQueue) -> None:
        self.broker.asked.clear()

        async def started() -> None:
            config = MqttConnectionConfig(client_id=_CLIENT_ID, reconnect_spread=0, **options)
            make_transport = self.broker.transport_factory(lambda: self.client is client)
            client = NavienMqttClient(InventedCredentials(), config=config, make_transport=make_transport)
            self.client, self.options = client, options
            client.on("command_given", lambda event: self._given(client, event))
            client.on("command_completed", lambda event: self._completed(client, event))
            for event in ("queue_changed", "knowledge_changed"):
                client.on(event, lambda _: self._queue_changed(client))
            for mac_address, heater in self.heaters.items():
                feature = stored.features.get(mac_address)
                client.add_device(heater.device, None if feature is None else DeviceFeature(feature))
            client.restore(stored)
            await client.connect(wait=False)

        self._run(started())
        self._quiet()

    async def _submit(self, mac: str, pending_effects: list[str]) -> None:
        client = self._client
        for control, parameters in map(WISHES.__getitem__, pending_effects):
            try:
                handle = await client.submit(HeaterCommand(self.heaters[mac].device, control, parameters))
            except NotConnectedError:
                assert not self.options["enable_command_queue"]
                assert not client.is_connected
            else:
                self.handles[handle.command.id] = handle

    def _command_of(self, session_id: str) -> str:
        """Return the command that is written with a session; of what is asked around the queue, the session itself."""
        if self.client is None:
            return session_id
        written = (command for command in self.client.pending_commands if command.session_id == session_id)
        return next((command.id for command in written), session_id)

    def _given(self, client: NavienMqttClient, event: CommandEvent) -> None:
        if client is not self.client:
            return
        known, mac_address = 0, event.command.mac_address
        if mac_address is None:
            self.broker.plain_ids[self.plain_count] = event.command.id
        else:
            known = self.heaters[mac_address].foreign_changes
            if self.broker.has_reported_status(mac_address) or not client.is_connected:
                known = self.broker.told_changes.get(mac_address, known)
        self.ledger.given(event.command, self.clocks.reading(), known)

    def _completed(self, client: NavienMqttClient, event: CommandCompleted) -> None:
        if client is not self.client:
            return
        now, command_id = self.clocks.reading(), event.command.id
        if event.command.mac_address is None:
            self.ledger.completed(command_id, event.result, now, None, 0)
            return
        heater = self.heaters[event.command.mac_address]
        if event.result.reason is CommandReason.ALREADY_SET and heater.will_leave(event.command.expected):
            self.ledger.broken.append(f"{event.command}: skipped, but the heater will do something else")
        self.ledger.completed(command_id, event.result, now, client.status(heater.device), heater.foreign_changes)

    def _queue_changed(self, client: NavienMqttClient) -> None:
        if client is self.client:
            self.is_store_outdated = True

    def _note_stored(self, stored: StoredQueue) -> None:
        self.store = orjson.dumps(stored.to_dict())
        self.ledger.stored(self.clocks.reading())
        self.is_store_outdated = False

    def _read_store(self) -> StoredQueue:
        devices = [heater.device for heater in self.heaters.values()]
        return StoredQueue.from_dict(orjson.loads(self.store), devices, _CLIENT_ID)

    def _arrived(self, delivery: Delivery) -> None:
        moment = Circumstances(
            now=self.clocks.reading(),
            paced=self.options["command_interval"] > 0,
            guarded=self.options["guard_commands"],
            has_client=self.client is not None,
            has_reported_status=self.broker.has_reported_status(delivery.mac_address or ""),
        )
        self.ledger.arrived(delivery, moment)

    def _lose_connection(self) -> None:
        if self.broker.transports:
            self._do(self.broker.transport.drop)

    def _pass(self, seconds: float) -> None:
        """Let time pass."""
        self._run(asyncio.sleep(seconds))
        self._quiet()

    def _begin(self, work: Coroutine[object, object, object]) -> None:
        self.tasks.add(self.loop.create_task(work))
        self._quiet()

    def _do[T](self, step: Callable[[], T]) -> T:
        """Take a step on the event loop, where everything of the client happens, and let it settle."""

        async def taken() -> T:
            return step()

        result = self._run(taken())
        self._quiet()
        return result

    def _quiet(self) -> None:
        """Let everything that can happen now happen, without time passing."""

        async def turns() -> None:
            for _ in range(15):
                await asyncio.sleep(0)

        self._run(turns())

    def _run[T](self, work: Coroutine[object, object, T]) -> T:
        return self.loop.run_until_complete(work)


def _lasting(command: QueuedCommand) -> dict[str, object]:
    """Return what of a command has to come through a store exactly; times are taken from other clocks afterwards."""
    names = (
        "id kind wanted mac_address topic body qos life_time attempts setting overwrites parameters is_control "
        "repeatable expected"
    )
    return {name: getattr(command, name) for name in names.split()}
