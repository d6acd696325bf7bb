"""The whole queue against a model: restarts, dead links, refusals, two heaters, every option; no promise may break."""

import asyncio
from collections.abc import Callable, Coroutine
import logging
from typing import Any, ClassVar, override

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)
import orjson
import pytest

from nwp500 import (
    CommandEvent,
    CommandHandle,
    CommandSettled,
    CommandStage,
    MqttConnectionConfig,
    NavienError,
    NavienMqttClient,
    NotConnectedError,
    QueuedCommand,
    StoredQueue,
    commands,
    queries,
)
from tests.client.credentials import InventedCredentials
from tests.client.machine_broker import Delivery, HeaterBroker
from tests.client.machine_clock import VirtualClocks
from tests.client.machine_heater import Manner, ScriptedHeater
from tests.client.machine_ledger import Circumstances, Ledger
from tests.client.virtual_time import VirtualTimeLoop

MACS = ("0478630a1b2c", "0478630a1b2d")
EXAMPLES, STEPS = 500, 50

type Options = dict[str, Any]

OPTIONS = st.fixed_dictionaries(
    {
        "coalesce_commands": st.booleans(),
        "guard_commands": st.booleans(),
        "skip_settled": st.booleans(),
        "command_interval": st.sampled_from([0.0, 2.0, 5.0]),
        "expire_by_class": st.booleans(),
        "max_queued_command_age": st.sampled_from([None, None, 100.0, 7200.0]),
        "max_queued_commands": st.sampled_from([2, 4, 8, 100]),
        "max_in_flight": st.sampled_from([1, 2, 10]),
        "max_publish_rate": st.sampled_from([None, 3, 90]),
        "enable_command_queue": st.sampled_from([True, True, True, False]),
    }
)
AS_IN_HOME_ASSISTANT: Options = {
    "coalesce_commands": True,
    "guard_commands": True,
    "skip_settled": True,
    "command_interval": 2.0,
    "expire_by_class": True,
}
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
TURNS = st.sampled_from(
    [
        ("dhwTemperatureSetting", 90),
        ("dhwTemperatureSetting", 110),
        ("dhwOperationSetting", 4),
        ("dhwOperationSetting", 1),
        ("antiLegionellaUse", 2),
    ]
)
GIVEN = st.lists(st.sampled_from(list(WISHES)), min_size=1, max_size=4)
HEATERS = st.sampled_from(MACS)


class QueueMachine(RuleBasedStateMachine):
    """Drives one client after the other, each over the store of the last, and compares them with the ledger."""

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
        self.broker = HeaterBroker(heaters=self.heaters, on_receipt=self._arrived, on_status=self.ledger.told)
        self.client: NavienMqttClient | None = None
        self.options: Options = {}
        self.store = b""
        self.is_store_outdated = True
        self.handles: dict[str, CommandHandle] = {}
        """Of the present client, by command."""
        self.tasks: set[asyncio.Task[object]] = set()

    # The life of the client

    @initialize(options=OPTIONS, as_in_home_assistant=st.booleans())
    def start(self, options: Options, as_in_home_assistant: bool) -> None:
        self._start(options | AS_IN_HOME_ASSISTANT if as_in_home_assistant else options, StoredQueue())

    @rule(
        kills=st.booleans(), options=OPTIONS, keeps_options=st.booleans(), seconds=st.sampled_from([0.0, 3.0, 7200.0])
    )
    def restart(self, kills: bool, options: Options, keeps_options: bool, seconds: float) -> None:
        """As Home Assistant does to change options, or after `kill -9`."""
        old, self.client = self._client, None
        if kills:
            # The process is gone, and with it the link: nothing that it still does gets out.
            for link in self.broker.links:
                link.is_closed = True
        else:
            self._note_stored(old.stored_queue())
        self.broker.is_client_gone = True
        self._run(old.disconnect())
        self.broker.is_client_gone = False
        assert all(handle.is_settled for handle in self.handles.values())
        self.handles.clear()
        stored = StoredQueue.from_dict(orjson.loads(self.store))
        kept = {command.id for command in (*stored.unsent, *stored.sent)}
        for command_id in self.ledger.unsettled():
            entry = self.ledger.entries[command_id]
            assert command_id in kept or not entry.command.is_control, f"{entry} is not in the store"
            entry.is_lost = not entry.command.is_control
        for heater in self.heaters.values():
            heater.is_hold_forgotten = heater.held_mode is not None
        self.clocks.sleep(seconds)
        self._start(self.options if keeps_options else options, stored)

    # Commands

    @rule(mac=HEATERS, wishes=GIVEN)
    def give(self, mac: str, wishes: list[str]) -> None:
        self._run(self._submit(mac, wishes))
        self._quiet()

    @rule(mac=HEATERS)
    def ask(self, mac: str) -> None:
        self._begin(self._client.request_device_status(self.heaters[mac].device))

    @rule(mac=HEATERS)
    def ask_and_wait(self, mac: str) -> None:
        async def own_reply() -> None:
            reply = await self._client.request(self.heaters[mac].device, queries.STATUS)
            response = reply["response"]
            assert isinstance(response, dict)
            assert response["macAddress"] == mac

        self._begin(own_reply())

    @rule(mac=st.sampled_from([None, *MACS]), kinds=st.sampled_from([None, None, frozenset({"dhw-temperature"})]))
    def clear(self, mac: str | None, kinds: frozenset[str] | None) -> None:
        def is_meant(command: QueuedCommand) -> bool:
            return (mac is None or command.mac_address == mac) and (kinds is None or command.kind in kinds)

        client = self._client
        expected = sum(map(is_meant, client.queued_commands))
        unsettled = [command.id for command in client.unsettled_commands]
        self.ledger.cleared(is_meant, [each for each in unsettled if client.stage(each) is CommandStage.IN_FLIGHT])
        device = None if mac is None else self.heaters[mac].device
        assert self._do(lambda: client.clear_command_queue(device, kinds=kinds)) == expected
        assert not any(map(is_meant, client.queued_commands))

    # The link

    @rule()
    def drop(self) -> None:
        if self.broker.links:
            self._do(self.broker.link.drop)

    @rule()
    def black_hole(self) -> None:
        if self.broker.links:
            self.broker.link.swallows = True

    @rule(refuses=st.booleans())
    def broker_refuses(self, refuses: bool) -> None:
        self.broker.refuses_connections = refuses

    @rule(
        pubacks=st.sampled_from([0.0, 0.0, 1.0, 9.0]),
        replies=st.sampled_from([0.0, 0.0, 3.0, 25.0]),
        loses_pubacks=st.sampled_from([False, False, False, True]),
        loses_replies=st.sampled_from([False, False, False, True]),
    )
    def network(self, pubacks: float, replies: float, loses_pubacks: bool, loses_replies: bool) -> None:
        self.broker.puback_seconds, self.broker.reply_seconds = pubacks, replies
        self.broker.loses_pubacks, self.broker.loses_replies = loses_pubacks, loses_replies

    @precondition(lambda self: self.broker.links and self.broker.link.pending())
    @rule(data=st.data())
    def puback_overdue_and_another_one_late(self, data: st.DataObject) -> None:
        link = self.broker.link
        pending = st.sampled_from(link.pending())
        overdue, late = data.draw(pending), data.draw(pending)

        def both_before_anything_else() -> None:
            link.time_out(overdue)
            link.acknowledge(late)

        self._do(both_before_anything_else)

    # The heaters

    @rule(mac=HEATERS, manner=st.sampled_from([*Manner, Manner.OBEYS, Manner.OBEYS]))
    def behave(self, mac: str, manner: Manner) -> None:
        self.heaters[mac].manner = manner

    @rule(mac=HEATERS, times=st.integers(1, 9), code=st.sampled_from([2, 2, 2, 7]))
    def refuse(self, mac: str, times: int, code: int) -> None:
        self.heaters[mac].refusals, self.heaters[mac].fail_code = times, code

    @rule(mac=HEATERS, turn=TURNS)
    def panel(self, mac: str, turn: tuple[str, int]) -> None:
        self.heaters[mac].turn(*turn)

    @rule(mac=HEATERS, begins=st.booleans())
    def costly_period(self, mac: str, begins: bool) -> None:
        self.heaters[mac].costly_period(begins=begins)

    @rule(mac=HEATERS, refuses=st.booleans(), manner=st.sampled_from(list(Manner)), wishes=GIVEN)
    def only_one_heater_fails(self, mac: str, refuses: bool, manner: Manner, wishes: list[str]) -> None:
        """Whatever one heater does, the commands of the other one go."""
        (other,) = (heater for heater in self.heaters.values() if heater.mac_address != mac)
        self.broker.works_again()
        self.heaters[mac].refusals, self.heaters[mac].fail_code = (1000 if refuses else 0), 2
        self.heaters[mac].manner = manner
        self.drop()
        self.give(mac, wishes)
        self.give(other.mac_address, wishes)
        self.time_passes(600.0)
        waiting = [command for command in self._client.queued_commands if command.mac_address == other.mac_address]
        assert not waiting, waiting
        self.heaters[mac].refusals = 0

    # What seldom comes together by chance

    @rule(mac=HEATERS, wishes=GIVEN, how=st.sampled_from(["lost", "unacknowledged", "unanswered"]), during=GIVEN)
    def outage(self, mac: str, wishes: list[str], how: str, during: list[str]) -> None:
        """Lose the link in the middle of something, go on giving commands, and come back."""
        self.broker.works_again()
        self.time_passes(40.0)
        if how == "lost":
            self.black_hole()
        self.network(1.0, 3.0, loses_pubacks=how == "unacknowledged", loses_replies=False)
        self.give(mac, wishes)
        self.store_is_as_memory()
        self.time_passes(1.5)
        self.store_is_as_memory()
        self.drop()
        self.give(mac, during)
        self.broker.works_again()
        self.time_passes(100.0)

    @rule(mac=HEATERS, wishes=GIVEN, then=st.sampled_from(["drop", "kill", "refuse"]))
    def clear_on_the_way(self, mac: str, wishes: list[str], then: str) -> None:
        self.all_is_well_for_a_while()
        self.network(1.0, 3.0, loses_pubacks=False, loses_replies=False)
        self.heaters[mac].refusals, self.heaters[mac].fail_code = (4 if then == "refuse" else 0), 2
        self.give(mac, wishes)
        self.store_is_as_memory()
        self.clear(None, None)
        self.promises_are_kept()
        self.store_is_as_memory()
        if then == "drop":
            self.drop()
        elif then == "kill":
            self.restart(kills=True, options=self.options, keeps_options=True, seconds=0.0)
        self.time_passes(40.0)

    @rule(mac=HEATERS, wishes=GIVEN, kills=st.booleans())
    def restart_on_the_way(self, mac: str, wishes: list[str], kills: bool) -> None:
        self.all_is_well_for_a_while()
        self.network(1.0, 3.0, loses_pubacks=False, loses_replies=False)
        self.give(mac, wishes)
        self.store_is_as_memory()
        self.restart(kills, self.options, keeps_options=True, seconds=0.0)
        self.time_passes(40.0)

    @rule(
        mac=HEATERS,
        wishes=GIVEN,
        times=st.integers(1, 4),
        code=st.sampled_from([2, 2, 7]),
        replies=st.sampled_from([1.0, 25.0]),
        drops=st.booleans(),
    )
    def refuse_some(self, mac: str, wishes: list[str], times: int, code: int, replies: float, drops: bool) -> None:
        """Refuse commands that follow each other, perhaps so late that there is another link by then."""
        self.network(0.0, replies, loses_pubacks=False, loses_replies=False)
        self.refuse(mac, times, code)
        self.give(mac, wishes)
        if drops:
            self.drop()
        self.time_passes(40.0)
        self.all_is_well_for_a_while()

    @rule(mac=HEATERS, wishes=GIVEN)
    def ask_behind_what_is_held(self, mac: str, wishes: list[str]) -> None:
        """A question waits for its turn behind a control that waits for a heater out of reach."""
        self.all_is_well_for_a_while()
        self.heaters[mac].manner = Manner.IS_OFFLINE
        self.drop()
        self.time_passes(3.0)
        self.give(mac, wishes)
        self.ask(mac)
        self.time_passes(40.0)

    @rule(mac=HEATERS, turn=TURNS, wishes=GIVEN)
    def turn_before_giving(self, mac: str, turn: tuple[str, int], wishes: list[str]) -> None:
        """Who gives a command after somebody turned the panel means it, though the client does not know of that."""
        self.all_is_well_for_a_while()
        self.ask(mac)
        self.drop()
        self.time_passes(3.0)
        self.panel(mac, turn)
        self.give(mac, wishes)
        self.time_passes(40.0)

    @rule(mac=HEATERS)
    def think_better_in_a_costly_period(self, mac: str) -> None:
        """A mode that the heater holds is cancelled by the one that it is in."""
        self.costly_period(mac, begins=True)
        for wish in ("heat pump", "electric", "heat pump"):
            self.give(mac, [wish])
            self.time_passes(40.0)

    @rule()
    def all_is_well_for_a_while(self) -> None:
        self.broker.works_again()
        self.time_passes(700.0)
        assert not self._client.queued_commands, self._client.queued_commands

    # Time

    @rule(seconds=st.sampled_from([0.1, 1.0, 3.0, 11.0, 40.0, 100.0, 700.0]))
    def time_passes(self, seconds: float) -> None:
        self._run(asyncio.sleep(seconds))
        self._quiet()

    @rule(seconds=st.sampled_from([30.0, 3700.0, 90000.0, 172800.0]))
    def machine_sleeps(self, seconds: float) -> None:
        self.clocks.sleep(seconds)

    # What has to hold at every quiet point

    @invariant()
    def promises_are_kept(self) -> None:
        QueueMachine.steps += 1
        assert self.ledger.broken == [], self.ledger.broken
        assert self.broker.repeated == [], [self.broker.deliveries[number] for number in self.broker.repeated]

    @invariant()
    def memory_is_as_the_ledger(self) -> None:
        unsettled = [command.id for command in self._client.unsettled_commands]
        assert sorted(unsettled) == sorted(self.ledger.unsettled())
        for command_id, handle in self.handles.items():
            outcomes = self.ledger.entries[command_id].outcomes
            assert handle.settled == (outcomes[0] if outcomes else None)

    @invariant()
    def store_is_as_memory(self) -> None:
        memory = self._client.stored_queue()
        if self.is_store_outdated:
            self._note_stored(memory)
        stored = StoredQueue.from_dict(orjson.loads(self.store))
        assert [_lasting(each) for each in stored.unsent] == [_lasting(each) for each in memory.unsent]
        assert [_lasting(each) for each in stored.sent] == [_lasting(each) for each in memory.sent]
        assert (stored.features, stored.running_modes) == (memory.features, memory.running_modes)
        kept = {command.id for command in (*stored.unsent, *stored.sent)}
        assert kept == set(self.ledger.unsettled(controls_only=True))
        for command in (*stored.unsent, *memory.unsent):
            assert abs(command.age().total_seconds() - self.ledger.entries[command.id].age(self.clocks.elapsed())) < 0.1

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
        self.drop()
        self.time_passes(1200.0)
        self.promises_are_kept()
        self.memory_is_as_the_ledger()
        left = [(self._client.stage(each), self.ledger.entries[each]) for each in self.ledger.unsettled()]
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
        async def started() -> None:
            config = MqttConnectionConfig(client_id="machine", **options)
            make_link = self.broker.link_factory(lambda: self.client is client)
            client = NavienMqttClient(InventedCredentials(), config=config, make_link=make_link)
            self.client, self.options = client, options
            client.on("command_given", lambda event: self._given(client, event))
            client.on("command_settled", lambda event: self._settled(client, event))
            client.on("queue_changed", lambda _: self._queue_changed(client))
            for heater in self.heaters.values():
                client.add_device(heater.device)
            client.restore(stored)
            await client.connect(wait=False)

        self._run(started())
        self._quiet()

    async def _submit(self, mac: str, wishes: list[str]) -> None:
        client = self._client
        for control, parameters in map(WISHES.__getitem__, wishes):
            try:
                handle = await client.submit(client.control_command(self.heaters[mac].device, control, *parameters))
            except NotConnectedError:
                assert not self.options["enable_command_queue"]
                assert not client.is_connected
            else:
                self.handles[handle.command.id] = handle

    def _given(self, client: NavienMqttClient, event: CommandEvent) -> None:
        if client is self.client:
            mac_address = event.command.mac_address
            assert mac_address is not None
            known = self.heaters[mac_address].foreign_changes
            if self.broker.has_told_status(mac_address) or not client.is_connected:
                known = self.broker.told_changes.get(mac_address, known)
            self.ledger.given(event.command, self.clocks.elapsed(), known)

    def _settled(self, client: NavienMqttClient, event: CommandSettled) -> None:
        if client is self.client:
            mac_address = event.command.mac_address
            assert mac_address is not None
            heater = self.heaters[mac_address]
            if event.settled.reason == "already so" and heater.will_leave(event.command.expected):
                self.ledger.broken.append(f"{event.command}: skipped, but the heater will do something else")
            now, shown = self.clocks.elapsed(), client.status(heater.device)
            self.ledger.settled(event.command.id, event.settled, now, shown, heater.foreign_changes)

    def _queue_changed(self, client: NavienMqttClient) -> None:
        if client is self.client:
            self.is_store_outdated = True

    def _note_stored(self, stored: StoredQueue) -> None:
        self.store = orjson.dumps(stored.to_dict())
        self.is_store_outdated = False

    def _arrived(self, delivery: Delivery) -> None:
        moment = Circumstances(
            now=self.clocks.elapsed(),
            loop_time=self.loop.time(),
            paced=self.options["command_interval"] > 0,
            guarded=self.options["guard_commands"],
            has_client=self.client is not None,
            has_told_status=self.broker.has_told_status(delivery.mac_address),
        )
        self.ledger.arrived(delivery, moment)

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
    """Return what of a command has to come through a store exactly; times are told by other clocks afterwards."""
    names = (
        "id kind wanted mac_address topic body qos life_time attempts setting is_control repeatable expected baseline"
    )
    return {name: getattr(command, name) for name in names.split()}


@pytest.mark.timeout(600)
def test_the_queue_keeps_its_promises_whatever_happens() -> None:
    QueueMachine.steps = 0
    run_state_machine_as_test(
        QueueMachine,
        settings=settings(
            max_examples=EXAMPLES,
            stateful_step_count=STEPS,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
    assert QueueMachine.steps >= 10_000
