"""One sequence of random events between a client and its heater, in virtual time, judged by the model."""

import asyncio
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field, replace
import random
from typing import Any

import orjson

from nwp500 import (
    CommandCompleted,
    CommandEvent,
    Device,
    HeaterCommand,
    MqttConnectionConfig,
    NavienMqttClient,
    StoredQueue,
    commands,
)
from nwp500.protocol.controls import Control
from tests.client.support.credentials import InventedCredentials
from tests.client.support.machine.clock import Reading, VirtualClocks
from tests.client.support.machine.heater import Manner
from tests.client.support.reasons.heater import MAC, TrueHeater
from tests.client.support.reasons.ledger import Answer
from tests.client.support.reasons.model import Truth
from tests.client.support.reasons.network import Conditions, Message, Network, RandomTransport
from tests.client.support.virtual_time import VirtualTimeLoop

type Options = dict[str, Any]  # Any: the class of the configuration checks each of them itself.

CLIENT_ID = "reasons"
DEVICE = Device(mac_address=MAC, additional_value="5322", home_seq=1, name="Heater")
AS_IN_HOME_ASSISTANT: Options = {
    "coalesce_commands": True,
    "guard_commands": True,
    "skip_redundant": True,
    "command_interval": 2.0,
    "expire_by_class": True,
}
_WISHES: tuple[tuple[Control, tuple[int, ...]], ...] = (
    (commands.DHW_TEMPERATURE, (100,)),
    (commands.DHW_TEMPERATURE, (100,)),
    (commands.DHW_TEMPERATURE, (110,)),
    (commands.DHW_TEMPERATURE, (110,)),
    (commands.DHW_TEMPERATURE, (120,)),
    (commands.POWER_ON, ()),
    (commands.POWER_OFF, ()),
    (commands.DHW_MODE, (1,)),
    (commands.DHW_MODE, (2,)),
    (commands.DHW_MODE, (3,)),
    (commands.VACATION, (5, 7)),
    (commands.ANTI_LEGIONELLA_ON, (7,)),
    (commands.ANTI_LEGIONELLA_OFF, ()),
    (commands.RECIRCULATION_HOT_BUTTON, (1,)),
)
_TURNS = (
    ("dhwTemperatureSetting", 95),
    ("dhwTemperatureSetting", 97),
    ("dhwTemperatureSetting", 100),
    ("dhwTemperatureSetting", 110),
    ("dhwTemperatureSetting", 120),
    ("dhwOperationSetting", 4),
    ("dhwOperationSetting", 1),
    ("dhwOperationSetting", 3),
    ("dhwOperationSetting", 6),
    ("antiLegionellaUse", 2),
    ("antiLegionellaPeriod", 14),
)
_PAUSES = (0.0, 0.0, 0.1, 0.5, 1.0, 2.5, 4.0, 8.0, 12.0, 40.0, 100.0)
_MOST_STORED = 4


@dataclass(frozen=True, slots=True)
class Snapshot:
    """What the store held at a moment."""

    stored: dict[str, Any]  # Any: JSON.
    ages: dict[str, float]
    """How old each command was, in seconds."""
    base: Answer | None
    given: int = 0
    """How many commands had been given."""
    wall: float = 0.0
    """What the wall clock showed."""


@dataclass(slots=True)
class Play:
    """A client after the other, their heater, and all that can happen to them."""

    seed: int
    clocks: VirtualClocks
    happened: Counter[str]
    chance: random.Random = field(init=False)
    heater: TrueHeater = field(default_factory=TrueHeater)
    truth: Truth = field(init=False)
    network: Network = field(init=False)
    client: NavienMqttClient = field(init=False)
    options: Options = field(init=False)
    snapshots: list[Snapshot] = field(default_factory=list)
    keeps_snapshots: bool = False

    def __post_init__(self) -> None:
        """Lay everything out as the seed has it."""
        self.chance = random.Random(self.seed)  # noqa: S311 - to be repeated, not to be secret
        random.seed(self.seed)  # The pauses between the attempts to connect.
        self.truth = Truth(self.heater, self.happened)
        self.network = Network(self.heater, self.chance, self, self.happened)
        self.options = self._chosen_options()
        self.truth.is_guarded = bool(self.options.get("guard_commands"))

    def _chosen_options(self) -> Options:
        kind = self.chance.random()
        if kind < 0.5:
            return AS_IN_HOME_ASSISTANT
        if kind < 0.7:
            return {}
        chosen = {name: value for name, value in AS_IN_HOME_ASSISTANT.items() if self.chance.random() < 0.5}
        return chosen | {"max_queued_command_age": self.chance.choice((None, None, 100.0, 7200.0))}

    # The sequence

    async def play(self) -> None:
        """Play it to its end."""
        steps = self.chance.choices(tuple(_STEPS), tuple(_STEPS.values()), k=self.chance.randint(5, 16))
        self.keeps_snapshots = Play.kill in steps
        self.vary()
        await self._start(StoredQueue())
        for step in steps:
            await asyncio.sleep(self.chance.choice(_PAUSES))
            result = step(self)
            if result is not None:
                await result
        await self._finish()

    async def _start(self, stored: StoredQueue) -> None:
        config = MqttConnectionConfig(client_id=CLIENT_ID, reconnect_spread=0, **self.options)
        client = NavienMqttClient(InventedCredentials(), config=config, make_transport=self.network.make_transport)
        self.client = client
        client.on("command_given", lambda event: self._given(client, event))
        client.on("command_completed", lambda event: self._completed(client, event))
        client.on("status_received", lambda _: setattr(self.truth, "is_taken_in", True))
        if self.keeps_snapshots:
            client.on("queue_changed", lambda _: self._store(client))
            client.on("knowledge_changed", lambda event: None if event.delay else self._store(client))
        client.add_device(DEVICE)
        client.restore(stored)
        await client.connect(wait=False)

    async def _finish(self) -> None:
        self.network.conditions = Conditions(reply_seconds=self.network.conditions.reply_seconds)
        self.heater.scripted.manner, self.heater.scripted.refusals = Manner.OBEYS, 0
        self.drop()
        for _ in range(12):
            await asyncio.sleep(200.0)
            if not self.client.pending_commands:
                break
        await asyncio.sleep(130.0)
        self.truth.ends()
        client, self.truth.run = self.client, -1
        await client.disconnect()

    # Steps

    def vary(self) -> None:
        """Have the network be another one."""
        chance = self.chance
        self.network.conditions = Conditions(
            up_seconds=chance.choice((0.0, 0.0, 0.5, 2.0)),
            puback_seconds=chance.choice((0.0, 0.1, 0.1, 1.0, 4.0)),
            reply_seconds=chance.choice(((0.0,), (0.3,), (0.3,), (0.2, 3.0), (0.1, 6.0, 15.0), (1.0, 40.0))),
            doubles=chance.choice((0.0, 0.2, 0.5)),
            double_seconds=chance.choice(((0.0,), (1.0, 5.0), (3.0, 30.0), (20.0, 120.0))),
            loses_replies=chance.choice((0.0, 0.0, 0.0, 0.3, 1.0)),
            loses_pubacks=chance.choice((0.0, 0.0, 0.0, 0.2)),
            refuses_connections=chance.random() < 0.15,
        )

    async def give(self) -> None:
        """Give a command."""
        control, parameters = self.chance.choice(_WISHES)
        await self.client.submit(HeaterCommand(DEVICE, control, parameters))

    async def give_some(self) -> None:
        """Give several for the same setting, or any."""
        for _ in range(self.chance.randint(2, 4)):
            await self.give()

    def panel(self) -> None:
        """Let somebody turn the panel, or use the app."""
        self.happened["panel"] += 1
        self.heater.turn(*self.chance.choice(_TURNS))

    def poll(self) -> None:
        """Ask for the status."""
        self.client.poll(DEVICE)

    def push(self) -> None:
        """Let the heater say something that this client did not ask for."""
        self.happened["push"] += 1
        self.network.say(self.chance.choice((None, "somebody else's")))

    def drop(self) -> None:
        """Lose the connection."""
        if self.network.transport is not None:
            self.network.transport.drop()

    def black_hole(self) -> None:
        """Let nothing pass over the connection any more."""
        if self.network.transport is not None:
            self.network.transport.swallows = True

    def reach(self) -> None:
        """Let the service be out of reach, or in reach again."""
        conditions = self.network.conditions
        conditions.refuses_connections = not conditions.refuses_connections
        if conditions.refuses_connections:
            self.drop()

    async def outage(self) -> None:
        """Lose the connection, and while the service is out of reach give commands and turn the panel."""
        self.network.conditions.refuses_connections = True
        self.drop()
        for _ in range(self.chance.randint(1, 4)):
            await asyncio.sleep(self.chance.choice((0.0, 1.0, 50.0)))
            if self.chance.random() < 0.5:
                self.panel()
            else:
                await self.give()
        self.network.conditions.refuses_connections = False
        if self.chance.random() < 0.5:
            self.network.conditions.loses_replies = 0.0
            await asyncio.sleep(70.0)

    def refuse(self) -> None:
        """Have the heater refuse the next controls."""
        scripted = self.heater.scripted
        scripted.refusals, scripted.fail_code = self.chance.randint(1, 8), self.chance.choice((2, 2, 2, 7))

    def behave(self) -> None:
        """Have the heater treat differently what it is asked."""
        self.heater.scripted.manner = self.chance.choice((*Manner, Manner.OBEYS, Manner.OBEYS))

    def peak_period(self) -> None:
        """Let a peak period begin or end."""
        self.heater.peak_period(begins=not self.heater.scripted.is_in_peak_period)

    def set_clock(self) -> None:
        """Set the wall clock."""
        by_seconds = self.chance.choice((-7200.0, -3700.0, -10.0, 3700.0, 7200.0))
        self.clocks.set_wall_clock(by_seconds)
        self.happened["clock set"] += 1

    def clear(self) -> None:
        """Clear the queue."""
        for command in self.client.pending_commands:
            self.truth.given[command.id].is_cleared = True
        self.client.clear_command_queue()

    async def wait_long(self) -> None:
        """Let hours pass."""
        await asyncio.sleep(self.chance.choice((700.0, 4000.0)))

    async def restart(self) -> None:
        """End the client in good order, and begin the next."""
        self._store(self.client)
        self.truth.run, run = -1, self.truth.run
        await self.client.disconnect()
        self.truth.run = run
        await self._restart(self.snapshots[-1])

    async def kill(self) -> None:
        """End the process at once, with the store perhaps some writes behind."""
        if self.network.transport is not None:
            self.network.transport.die()
        self.truth.run, run = -1, self.truth.run
        await self.client.disconnect()
        self.truth.run = run
        # So soon after the start nothing may have been stored.
        kept = self.snapshots or [Snapshot(StoredQueue().to_dict(), {}, None)]
        behind = self.chance.choice((0, 0, 1, 2, 3))
        self.happened["restart with an old store"] += behind > 0
        snapshot = kept[-1 - min(behind, len(kept) - 1)]
        # What was known of the heater is stored as soon as it is something else.
        await self._restart(snapshot if behind else replace(snapshot, base=self._known(self.client)))

    async def _restart(self, snapshot: Snapshot) -> None:
        self.happened["restart"] += 1
        self.clocks.sleep(self.chance.choice((0.0, 3.0, 60.0)))
        stored = StoredQueue.from_dict(snapshot.stored, (DEVICE,), CLIENT_ID)
        now = self.clocks.reading()
        # A wall clock that was set back makes nothing younger.
        off = max(0.0, now.wall - snapshot.wall)
        readings = {
            command_id: Reading(snapshot.wall - age, now.monotonic - age - off)
            for command_id, age in snapshot.ages.items()
        }
        self.truth.restarts(stored, readings, snapshot.given, snapshot.base)
        self.snapshots[:] = [snapshot]
        await self._start(stored)

    def _store(self, client: NavienMqttClient) -> None:
        if client is not self.client or self.truth.run < 0:
            return
        stored, now = client.stored_queue(), self.clocks.reading()
        ages = {command.id: self.truth.given[command.id].age(now) for command in (*stored.unsent, *stored.sent)}
        base = self._known(client)
        snapshot = Snapshot(stored.to_dict(), ages, base, len(self.truth.given), now.wall)
        self.snapshots = [*self.snapshots[1 - _MOST_STORED :], snapshot]

    def _known(self, client: NavienMqttClient) -> Answer | None:
        status = client.stored_queue().statuses.get(MAC)
        return None if status is None else self.truth.known(status)

    # From the client

    def _given(self, client: NavienMqttClient, event: CommandEvent) -> None:
        transport = self.network.transport if client.is_connected else None
        self.truth.gives(event.command, self.clocks.reading(), transport)

    def _completed(self, client: NavienMqttClient, event: CommandCompleted) -> None:
        if client is self.client and self.truth.run >= 0:
            self.truth.settles(event.command.id, event.result, self.clocks.reading())

    # From the network

    def command_of(self, session_id: str) -> str:
        """Return which command a session belongs to; of a question, the session itself."""
        return self.truth.sessions.get(session_id, session_id)

    def written(self, session_id: str, transport: RandomTransport) -> None:
        """The client writes a request."""
        if self.truth.run < 0:
            return
        pending = self.client.pending_commands
        command = next((each for each in pending if each.session_id == session_id), None)
        self.truth.writes(session_id, command, transport, self.clocks.reading())

    def received(self, session_id: str) -> None:
        """The service has received a request."""
        self.truth.receives(session_id)

    def acknowledged(self, session_id: str, transport: RandomTransport) -> None:
        """The client is about to see a PUBACK."""
        if self.truth.run >= 0:
            self.truth.acknowledges(session_id, transport)

    def deliver(self, message: Message, transport: RandomTransport) -> None:
        """Hand a message to the client."""
        if self.truth.run < 0:
            return
        self.truth.arrives(message, transport)
        session = {} if message.session_id is None else {"sessionID": message.session_id}
        body = {**session, "protocolVersion": 2, "response": message.response}
        transport.on_message(message.topic, orjson.dumps(body))
        self.truth.reported(message)


def played(seed: int, happened: Counter[str]) -> list[str]:
    """Play the sequence of a seed, the same each time; returns what was wrong, and counts what happened."""

    async def one() -> list[str]:
        clocks = VirtualClocks(asyncio.get_running_loop())
        with clocks.installed():
            play = Play(seed, clocks, happened)
            await play.play()
        return play.truth.broken

    return asyncio.run(one(), loop_factory=VirtualTimeLoop)


_STEPS: dict[Callable[[Play], Any], int] = {  # Any: what is awaited, if anything.
    Play.give: 30,
    Play.give_some: 10,
    Play.panel: 16,
    Play.poll: 12,
    Play.push: 6,
    Play.drop: 9,
    Play.black_hole: 2,
    Play.reach: 10,
    Play.outage: 12,
    Play.refuse: 5,
    Play.behave: 5,
    Play.peak_period: 4,
    Play.set_clock: 4,
    Play.clear: 1,
    Play.wait_long: 3,
    Play.restart: 3,
    Play.kill: 4,
    Play.vary: 6,
}
