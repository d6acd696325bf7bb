"""Where a heater ends: a script of commands and circumstances, played by a client against a heater that remembers."""

import asyncio
from collections import Counter, deque
from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass
import functools
from typing import Any, override

import orjson

from nwp500 import (
    CommandCompleted,
    CommandEvent,
    CommandOutcome,
    CommandReason,
    HeaterCommand,
    MqttConnectionConfig,
    NavienMqttClient,
    QueuedCommand,
    StoredQueue,
    commands,
)
from nwp500.protocol.topics import matches
from nwp500.queue.command import control_request
from nwp500.transport.base import (
    MessageListener,
    PublishListener,
    SigningCredentials,
    Transport,
    TransportError,
    TransportFactory,
)
from tests.client.support.credentials import InventedCredentials
from tests.client.support.machine.clock import VirtualClocks
from tests.client.support.machine.heater import JsonObject, ScriptedHeater

type Options = dict[str, Any]  # Any: the class of the configuration checks each of them itself.

MAC = "0478630a1b2c"
CLIENT_ID = "ends"
DAYS = "vacationDaySetting"
_QUIET = 0.001
"""Time passes only when nothing is left to be done: after this little all of it is done."""
_PUBACK_OVERDUE = 10.0
_LAG = 16.0
"""After this long a setpoint was once still missing (protocol.md 13.1)."""
_MAX_REFUSALS = 6
"""Refused once more, a command would end as rejected."""
_PATIENCE = 7200.0
"""In this time everything that waits is sent and has its outcome, if everything works."""

_POWER = frozenset({"power", "vacation"})
_MODE = frozenset({"power", "mode", "vacation"})
_VACATION = frozenset({"vacation", DAYS})


@dataclass(frozen=True, slots=True)
class PendingEffect:
    """A command, and all of a heater's memory that it writes, by the names of `ScriptedHeater.memory`.

    This is said here once more, apart from `commands.py`, whose word is to be proved.
    """

    control: commands.Control
    parameters: tuple[int, ...]
    writes: frozenset[str]

    @property
    def lasting(self) -> frozenset[str]:
        """Return what it writes without the days of a vacation, which are of no account once that is over."""
        return self.writes - {DAYS} if self.control is commands.VACATION else self.writes


def _wish(control: commands.Control, *parameters: int, writes: Iterable[str]) -> PendingEffect:
    return PendingEffect(control, parameters, frozenset(writes))


WISHES: dict[str, PendingEffect] = {
    "on": _wish(commands.POWER_ON, writes=_POWER),
    "off": _wish(commands.POWER_OFF, writes=_POWER),
    "heat pump": _wish(commands.DHW_MODE, 1, writes=_MODE),
    "electric": _wish(commands.DHW_MODE, 2, writes=_MODE),
    "energy saver": _wish(commands.DHW_MODE, 3, writes=_MODE),
    "high demand": _wish(commands.DHW_MODE, 4, writes=_MODE),
    "vacation 3": _wish(commands.VACATION, 5, 3, writes=_VACATION),
    "vacation 9": _wish(commands.VACATION, 5, 9, writes=_VACATION),
    "days 3": _wish(commands.VACATION_DAYS, 3, writes={DAYS}),
    "days 5": _wish(commands.VACATION_DAYS, 5, writes={DAYS}),
    "90": _wish(commands.DHW_TEMPERATURE, 90, writes={"dhwTemperatureSetting"}),
    "100": _wish(commands.DHW_TEMPERATURE, 100, writes={"dhwTemperatureSetting"}),
    "110": _wish(commands.DHW_TEMPERATURE, 110, writes={"dhwTemperatureSetting"}),
    "legionella 7": _wish(commands.ANTI_LEGIONELLA_ON, 7, writes={"antiLegionellaUse", "antiLegionellaPeriod"}),
    "legionella 14": _wish(commands.ANTI_LEGIONELLA_ON, 14, writes={"antiLegionellaUse", "antiLegionellaPeriod"}),
    "legionella off": _wish(commands.ANTI_LEGIONELLA_OFF, writes={"antiLegionellaUse"}),
    "plan on": _wish(commands.TOU_ON, writes={"touStatus"}),
    "plan off": _wish(commands.TOU_OFF, writes={"touStatus"}),
    "pump on": _wish(commands.RECIRCULATION_MODE, 1, writes={"recircOperationMode"}),
    "pump off": _wish(commands.RECIRCULATION_MODE, 4, writes={"recircOperationMode"}),
    "filter 1000": _wish(commands.AIR_FILTER_LIFE, 2, writes={"airFilterAlarmPeriod"}),
    "filter off": _wish(commands.AIR_FILTER_LIFE, 0, writes={"airFilterAlarmPeriod"}),
    "response on": _wish(commands.DEMAND_RESPONSE_ON, writes={"demand response"}),
    "response off": _wish(commands.DEMAND_RESPONSE_OFF, writes={"demand response"}),
    "intelligent on": _wish(commands.INTELLIGENT_ON, writes={"intelligent mode"}),
    "intelligent off": _wish(commands.INTELLIGENT_OFF, writes={"intelligent mode"}),
}


@dataclass(slots=True)
class Given:
    """One command of a script."""

    name: str
    command: QueuedCommand
    memory: Mapping[str, int]
    """What the heater remembered when it was given."""
    outcome: CommandOutcome | None = None
    reason: CommandReason | None = None

    @property
    def writes(self) -> frozenset[str]:
        """All of the heater's memory that it writes."""
        return WISHES[self.name].writes

    def revokes(self, older: Given) -> bool:
        """Return whether nothing of an older command is left once this one was carried out."""
        return WISHES[older.name].lasting <= WISHES[self.name].lasting


class _EndsLink(Transport):
    """A connection that acknowledges at once and in order, until it is a black hole."""

    def __init__(self, stage: EndsStage, on_message: MessageListener) -> None:
        self._stage = stage
        self.on_message = on_message
        self.lost: asyncio.Future[str] = stage.loop.create_future()
        self.is_closed = False
        self.swallows = False
        self._filters: set[str] = set()
        self._pending: list[PublishListener] = []
        self._packet_id = 0

    @override
    async def open(self) -> None:
        pass

    @override
    async def subscribe(self, topic_filter: str) -> None:
        self._filters.add(topic_filter)

    @override
    async def unsubscribe(self, topic_filter: str) -> None:
        self._filters.discard(topic_filter)

    @override
    def publish(self, topic: str, body: bytes, qos: int, on_done: PublishListener) -> int:
        if not self.is_alive:
            raise TransportError("AWS_ERROR_MQTT_NOT_CONNECTED")
        self._packet_id += 1
        self._pending.append(on_done)
        if self.swallows:
            self._stage.loop.call_later(_PUBACK_OVERDUE, self._done, on_done, TransportError("AWS_ERROR_MQTT_TIMEOUT"))
        else:
            self._stage.receive(body)
            self._stage.loop.call_soon(self._done, on_done, None)
        return self._packet_id

    @override
    async def close(self) -> None:
        self.is_closed = True

    @property
    def is_alive(self) -> bool:
        """Whether anything gets through."""
        return not (self.is_closed or self.lost.done())

    def hears(self, topic: str) -> bool:
        """Return whether a message to a topic gets through."""
        return self.is_alive and not self.swallows and any(matches(each, topic) for each in self._filters)

    def drop(self) -> None:
        """Lose the connection: as with the real runtime, everything in flight is canceled first."""
        if self.is_alive:
            for on_done in tuple(self._pending):
                self._done(on_done, TransportError("AWS_ERROR_MQTT_CANCELLED_FOR_CLEAN_SESSION"))
        if self.is_alive:
            self.lost.set_result("AWS_ERROR_MQTT_UNEXPECTED_HANGUP")

    def _done(self, on_done: PublishListener, error: TransportError | None) -> None:
        if on_done in self._pending and self.is_alive and (error is not None or not self.swallows):
            self._pending.remove(on_done)
            on_done(error)


class EndsStage:
    """A heater, the service before it, and one client after the other over one store."""

    def __init__(self, clocks: VirtualClocks, heater: ScriptedHeater, options: Options) -> None:
        self.clocks = clocks
        self.heater = heater
        self.options = options
        self.loop = asyncio.get_running_loop()
        self.given: list[Given] = []
        """All commands in the order of giving."""
        self.wire: list[str] = []
        """The names of the controls that reached the heater, in order."""
        self.revoked: list[str] = []
        """Those that did so after a newer one had been given that writes all that they do."""
        self.seen: Counter[str] = Counter()
        """How often what happened."""
        self._by_command: dict[str, Given] = {}
        self._is_reachable = asyncio.Event()
        self._transport: _EndsLink | None = None
        self._client: NavienMqttClient | None = None
        self._owner: object = None
        """Whose connections still get through."""
        self._next_name = ""
        self._reply_seconds = 0.0
        self._newest_reply_at = 0.0
        self._refusal_due = -1.0
        self._lag = 0.0
        self._reported: deque[tuple[float, JsonObject]] = deque([(0.0, dict(heater.status))])
        """What the heater reports, each with the time from which on it does."""
        self._refusals_left = _MAX_REFUSALS
        self._store = StoredQueue()

    # The script

    async def play(self, script: Iterable[str]) -> None:
        """Play it, then let everything work until all commands have their outcomes."""
        await self._start_client(self._store)
        for step in script:
            if step in WISHES:
                await self._give(step)
            else:
                await self._circumstance(step)
        self.heater.refusals = 0
        await self._circumstance("quick")
        await self._circumstance("prompt effects")
        await self._circumstance("connection back")
        left = _PATIENCE
        while self.client.pending_commands:
            await asyncio.sleep(5.0)
            left -= 5.0
            assert left > 0, [(self.client.stage(each.id), each) for each in self.client.pending_commands]
        await self._end_client()

    @property
    def client(self) -> NavienMqttClient:
        """The present client."""
        assert self._client is not None
        return self._client

    async def _give(self, name: str) -> None:
        """Give a command. This never waits, so what is given without a moment in between is one burst."""
        pending_effect, client = WISHES[name], self.client
        self._next_name = name
        await client.submit(HeaterCommand(self.heater.device, pending_effect.control, pending_effect.parameters))
        self._store = client.stored_queue()

    async def _circumstance(self, step: str) -> None:
        if self._refusal_due == self.loop.time():
            # A refusal that is lost is a command that is lost, and which one that is depends on the moment: none is.
            await asyncio.sleep(_QUIET)
        await (CIRCUMSTANCES | PREPARATIONS)[step](self)

    # What can happen

    async def drop(self) -> None:
        """Lose the connection; the next one can be made at once."""
        if self._transport is not None:
            self._transport.drop()

    async def reachable(self, *, is_so: bool) -> None:
        """Let the service be reached, or lose the connection and let no other be made."""
        if is_so:
            self._is_reachable.set()
        else:
            self._is_reachable.clear()
        if not is_so or (self._transport is not None and self._transport.swallows):
            await self.drop()

    async def black_hole(self) -> None:
        """Let nothing get through, without a word."""
        if self._transport is not None:
            self._transport.swallows = True

    async def wait(self, seconds: float) -> None:
        """Let time pass."""
        await asyncio.sleep(seconds)
        if seconds > _QUIET:
            await self.stored()

    async def sleep(self) -> None:
        """Let the machine sleep for 25 hours."""
        self.clocks.sleep(90_000.0)

    async def stored(self) -> None:
        """Write the store, with what happens at this moment in it: a refusal that it lacks would be lost in a kill."""
        if self._refusal_due == self.loop.time():
            await asyncio.sleep(_QUIET)
        self._store = self.client.stored_queue()

    async def poll(self) -> None:
        """Ask the heater for its status, around the queue."""
        self.client.poll(self.heater.device)

    async def turn(self) -> None:
        """Let somebody change settings at the panel."""
        turn(self.heater)

    async def refuse(self, times: int) -> None:
        """Let the heater refuse the next controls as too soon, but no command so often that this is the end of it."""
        count = min(times, self._refusals_left)
        self._refusals_left -= count
        self.heater.refusals += count

    async def answer_after(self, seconds: float) -> None:
        """Let answers take so long."""
        self._reply_seconds = seconds

    async def report_after(self, seconds: float) -> None:
        """Let the heater report what it does so much later."""
        self._lag = seconds

    async def restart(self, store: StoredQueue, *, kills: bool = False, seconds: float = 0.0) -> None:
        """End the client, in order or not, and start another one over a store after a while."""
        client, self._client = self.client, None
        kept = orjson.dumps(store.to_dict())
        if kills and self._transport is not None:
            # The process is gone, and with it the connection: nothing that it still does gets out.
            self._transport.is_closed = True
        await client.disconnect()
        self.clocks.sleep(seconds)
        await self._start_client(StoredQueue.from_dict(orjson.loads(kept), (self.heater.device,), CLIENT_ID))
        self.seen["restarted"] += 1

    @property
    def store(self) -> StoredQueue:
        """The store as it was when the last command had been given: what follows at once may be written too late."""
        return self._store

    # Clients

    async def _start_client(self, stored: StoredQueue) -> None:
        config = MqttConnectionConfig(client_id=CLIENT_ID, reconnect_spread=0, **self.options)
        client = NavienMqttClient(InventedCredentials(), config=config, make_transport=self._connection_factory(stored))
        self._client = client
        client.on("command_given", self._note_given)
        client.on("command_completed", self._note_outcome)
        client.add_device(self.heater.device)
        client.restore(stored)
        await client.connect(wait=False)

    def _connection_factory(self, owner: object) -> TransportFactory:
        """Return what makes the connections of one client, of which nothing is received once there is another one."""
        self._owner = owner

        async def make(_: SigningCredentials, on_message: MessageListener) -> Transport:
            await self._is_reachable.wait()
            assert owner is self._owner, "an ended client connects"
            self._transport = _EndsLink(self, on_message)
            return self._transport

        return make

    async def _end_client(self) -> None:
        client, self._client = self.client, None
        await client.disconnect()

    def _note_given(self, event: CommandEvent) -> None:
        given = Given(self._next_name, event.command, self.heater.memory)
        self.given.append(given)
        self._by_command[event.command.id] = given

    def _note_outcome(self, event: CommandCompleted) -> None:
        if self._client is not None:
            given = self._by_command[event.command.id]
            given.outcome, given.reason = event.result.outcome, event.result.reason
            result = event.result
            self.seen[result.reason if result.reason is CommandReason.ALREADY_SET else result.outcome] += 1

    # The heater

    def receive(self, body: bytes) -> None:
        """Take a request in, as the heater does, and let it answer."""
        message: JsonObject = orjson.loads(body)
        request = message["request"]
        assert isinstance(request, dict)
        if "param" in request:
            self._note_receipt(message["sessionID"])
        refusals = self.heater.refusals
        if (reply := self.heater.receive(message)) is None:
            return
        self.seen["refused"] += refusals - self.heater.refusals
        due = self.loop.time() + self._reply_seconds
        if reply.is_refusal:
            due = self._refusal_due = self.loop.time()
        else:
            # A later answer of a heater does not overtake an earlier one.
            due = self._newest_reply_at = max(self._newest_reply_at, due)
        self._report_late(reply.response)
        answer = {"sessionID": reply.session_id, "protocolVersion": 2, "response": reply.response}
        self.loop.call_at(due, self._deliver, reply.topic, orjson.dumps(answer))

    def _report_late(self, response: JsonObject) -> None:
        """Let a heater report what it does as late as it does; it never goes back to what it reported before."""
        now, (newest, _) = self.loop.time(), self._reported[-1]
        self._reported.append((max(newest, now + self._lag), dict(self.heater.status)))
        while len(self._reported) > 1 and self._reported[1][0] <= now:
            self._reported.popleft()
        if "status" in response:
            response["status"] = self._reported[0][1]

    def _deliver(self, topic: str, body: bytes) -> None:
        if self._client is not None and self._transport is not None and self._transport.hears(topic):
            self._transport.on_message(topic, body)

    def _note_receipt(self, session_id: object) -> None:
        command_id = next(each.id for each in self.client.pending_commands if each.session_id == session_id)
        received = self._by_command[command_id]
        self.wire.append(received.name)
        if not any(received is each for each in _unrevoked(self.given)):
            self.revoked.append(received.name)


@functools.cache
def _wanted(name: str, member: str) -> int:
    """Return what a heater remembers of something once a command that writes it was carried out."""
    pending_effect, heater = WISHES[name], ScriptedHeater(MAC)
    command = control_request(pending_effect.control, pending_effect.parameters, heater.device, CLIENT_ID)
    heater.receive(orjson.loads(command.body))
    return heater.memory[member]


def turn(heater: ScriptedHeater) -> None:
    """Let somebody change settings at the panel."""
    heater.turn("dhwOperationSetting", 4)
    heater.turn("dhwTemperatureSetting", 105)


def carried_out(heater: ScriptedHeater, given: Iterable[Given]) -> dict[str, int]:
    """Return what a heater remembers once these commands were carried out, all of them and in order."""
    for each in given:
        heater.receive(orjson.loads(each.command.body))
    return heater.memory


def differences(plain: EndsStage, tested: EndsStage) -> list[str]:
    """Return where the heater of a client that leaves commands out ended otherwise than that of one that does not.

    What decides is the last command that writes something. If it expired, nothing older that it had revoked may have
    taken effect instead: it is as it was then, or as a command wants it that nothing revoked.
    """
    different = []
    for member, found in tested.heater.memory.items():
        last = _last_writer(plain, tested, member)
        if last is None:
            continue
        if last < 0 or not _is_expired(plain.given[last], tested.given[last]):
            allowed = {plain.heater.memory[member]}
        else:
            allowed = {tested.given[last].memory[member]} | {
                _wanted(each.name, member) for each in _unrevoked(tested.given) if member in each.writes
            }
        if found not in allowed:
            different.append(f"{member} is {found}, not one of {allowed}")
    return different


def _last_writer(plain: EndsStage, tested: EndsStage, member: str) -> int | None:
    """Return the number of the command that decides, -1 if there is none; `None` where the end is of no account."""
    given = tested.given
    last = max((number for number, each in enumerate(given) if member in each.writes), default=-1)
    if member == DAYS and last >= 0 and "vacation" in given[last].writes:
        decides = _last_writer(plain, tested, "vacation")
        is_away = plain.heater.memory["vacation"] and tested.heater.memory["vacation"]
        return last if decides == last and is_away else None
    return last


def _is_expired(*given: Given) -> bool:
    return any(each.outcome is CommandOutcome.EXPIRED for each in given)


def _unrevoked(given: list[Given]) -> list[Given]:
    return [each for number, each in enumerate(given) if not any(newer.revokes(each) for newer in given[number + 1 :])]


type Circumstance = Callable[[EndsStage], Awaitable[None]]

CIRCUMSTANCES: dict[str, Circumstance] = {
    "drop": EndsStage.drop,
    "lose connection": lambda stage: stage.reachable(is_so=False),
    "connection back": lambda stage: stage.reachable(is_so=True),
    "black hole": EndsStage.black_hole,
    "a moment": lambda stage: stage.wait(_QUIET),
    "1 s": lambda stage: stage.wait(1.0),
    "3 s": lambda stage: stage.wait(3.0),
    "40 s": lambda stage: stage.wait(40.0),
    "50 min": lambda stage: stage.wait(3000.0),
    "2 h": lambda stage: stage.wait(7200.0),
    "sleep 25 h": EndsStage.sleep,
    "poll": EndsStage.poll,
    "refuse 1": lambda stage: stage.refuse(1),
    "refuse 3": lambda stage: stage.refuse(3),
    "slow": lambda stage: stage.answer_after(3.0),
    "quick": lambda stage: stage.answer_after(0.0),
    "late effects": lambda stage: stage.report_after(_LAG),
    "prompt effects": lambda stage: stage.report_after(0.0),
    "restart": lambda stage: stage.restart(stage.client.stored_queue()),
    "restart 2 h": lambda stage: stage.restart(stage.client.stored_queue(), seconds=7200.0),
    "kill": lambda stage: stage.restart(stage.client.stored_queue(), kills=True),
    "kill as given": lambda stage: stage.restart(stage.store, kills=True),
}
"""What can happen between any two commands."""
PREPARATIONS: dict[str, Circumstance] = {"turn": EndsStage.turn, "stored": EndsStage.stored}
"""What can happen before the first one, too."""
