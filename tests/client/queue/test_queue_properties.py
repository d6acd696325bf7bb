"""Whatever happens in whatever order: nothing is lost, nothing overtakes, nothing acknowledged is sent again."""

import asyncio
from collections.abc import Callable, Coroutine
import logging
from typing import override

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from nwp500 import CommandEvent, MqttConnectionConfig, NavienMqttClient
from tests.client.support.credentials import InventedCredentials
from tests.client.support.scripted_transport import ScriptedBroker
from tests.client.support.virtual_time import VirtualTimeLoop

LIMIT = 8


class PlainQueue(RuleBasedStateMachine):
    """Drives the client over connections that drop, stall and acknowledge late, against what the broker got."""

    def __init__(self) -> None:
        super().__init__()
        # Thousands of expected warnings about a full queue; the level is put back at the end of each run.
        logging.getLogger("nwp500").setLevel(logging.ERROR)
        self.loop = VirtualTimeLoop()
        self.broker = ScriptedBroker()
        self.given = 0
        self.gone: set[int] = set()
        """Dropped or cleared while they waited."""
        self.cleared: list[int] = []
        self.receipts_when_cleared: dict[int, int] = {}
        """Of what was in flight when the queue was cleared: it may have arrived, but must not be sent again."""
        self.publishes: set[asyncio.Task[int]] = set()

    @initialize(window=st.integers(1, 5), rate=st.sampled_from([None, 3]))
    def connect(self, window: int, rate: int | None) -> None:
        config = MqttConnectionConfig(
            max_queued_commands=LIMIT, max_in_flight=window, max_publish_rate=rate, reconnect_spread=0
        )

        async def make() -> NavienMqttClient:
            client = NavienMqttClient(InventedCredentials(), config=config, make_transport=self.broker.make_transport)
            for event in ("command_dropped", "command_cleared"):
                client.on(event, self._note_gone)
            await client.connect()
            return client

        self.client = self._run(make())

    @rule(count=st.integers(1, 6))
    def publish(self, count: int) -> None:
        for _ in range(count):
            self.publishes.add(self.loop.create_task(self.client.publish("test/a", {"n": self.given})))
            self.given += 1
        self._complete()

    @rule(data=st.data())
    def acknowledge(self, data: st.DataObject) -> None:
        if pending := self.broker.transport.pending():
            # Not only the oldest: the service does not promise the order of PUBACKs.
            self._do(self.broker.transport.acknowledge, data.draw(st.sampled_from(pending)))

    @rule()
    def acknowledge_everything(self) -> None:
        transport = self.broker.transport
        while not transport.swallows and not transport.is_closed and (pending := transport.pending()):
            self._do(transport.acknowledge, pending[0])

    @precondition(lambda self: self.broker.transport.pending())
    @rule(data=st.data())
    def puback_overdue_and_another_one_late(self, data: st.DataObject) -> None:
        transport = self.broker.transport
        pending = transport.pending()
        overdue, late = data.draw(st.sampled_from(pending)), data.draw(st.sampled_from(pending))

        def both_before_anything_else() -> None:
            transport.time_out(overdue)
            transport.acknowledge(late)

        self._do(both_before_anything_else)

    @rule()
    def drop(self) -> None:
        self._do(self.broker.transport.drop)

    @rule()
    def black_hole(self) -> None:
        self.broker.transport.swallows = True

    @rule(
        swallowed=st.booleans(), in_flight=st.integers(1, 4), acknowledged=st.integers(0, 3), during=st.integers(0, 3)
    )
    def outage(self, swallowed: bool, in_flight: int, acknowledged: int, during: int) -> None:
        """Lose the connection in the middle of something, go on giving commands, and come back."""
        # A black hole does not end while the connection lives.
        self.broker.transport.swallows |= swallowed
        self.publish(in_flight)
        for message in self.broker.transport.pending()[:acknowledged]:
            self._do(self.broker.transport.acknowledge, message)
        self.drop()
        self.publish(during)
        self.broker.refuses_connections = False
        self.time_passes(90.0)

    @rule(refuses=st.booleans())
    def broker_refuses(self, refuses: bool) -> None:
        self.broker.refuses_connections = refuses

    @rule(seconds=st.sampled_from([0.2, 1.5, 90.0]))
    def time_passes(self, seconds: float) -> None:
        self._run(asyncio.sleep(seconds))

    @rule(really=st.sampled_from([False, False, True]))
    def clear(self, really: bool) -> None:
        if not really:
            return
        waiting = self.client.queued_commands_count
        for message in self.broker.transport.pending():
            self.gone.add(message.number)
            self.receipts_when_cleared[message.number] = self.broker.received.count(message.number)
        self._do(lambda: self.cleared.append(self.client.clear_command_queue()))
        assert self.cleared.pop() == waiting
        assert self.client.queued_commands_count == 0

    @invariant()
    def no_inversion(self) -> None:
        first_receipts = list(dict.fromkeys(self.broker.received))
        assert first_receipts == sorted(first_receipts)

    @invariant()
    def no_duplicate_of_an_acknowledged_command(self) -> None:
        assert self.broker.repeated == []

    @invariant()
    def nothing_in_flight_when_cleared_is_sent_again(self) -> None:
        assert all(self.broker.received.count(number) == n for number, n in self.receipts_when_cleared.items())

    @invariant()
    def within_the_limit(self) -> None:
        if hasattr(self, "client"):
            assert self.client.queued_commands_count <= LIMIT

    @override
    def teardown(self) -> None:
        try:
            if hasattr(self, "client"):
                self._finish()
        finally:
            logging.getLogger("nwp500").setLevel(logging.NOTSET)
            self.loop.close()

    def _finish(self) -> None:
        """Let everything work again: then everything that was not dropped or cleared must have arrived."""
        self.broker.refuses_connections = False
        self.broker.acknowledges_at_once = True
        self._do(self.broker.transport.drop)
        self._run(asyncio.sleep(300))
        assert self.client.queued_commands_count == 0
        assert set(range(self.given)) - self.gone <= set(self.broker.received)
        self.no_inversion()
        self.no_duplicate_of_an_acknowledged_command()
        self.nothing_in_flight_when_cleared_is_sent_again()
        self._run(self.client.disconnect())
        self._run(asyncio.sleep(1))
        assert all(task.done() for task in self.publishes)

    def _note_gone(self, event: CommandEvent) -> None:
        payload = event.command.payload
        assert isinstance(payload, dict)
        number = payload["n"]
        assert isinstance(number, int)
        self.gone.add(number)

    def _do[*Arguments](self, step: Callable[[*Arguments], None], *arguments: *Arguments) -> None:
        """Take a step on the event loop, where everything of the client happens, and let it settle."""
        self.loop.call_soon(step, *arguments)
        self._complete()

    def _complete(self) -> None:
        """Let everything that can happen now happen, without time passing."""
        for _ in range(10):
            self._run(asyncio.sleep(0))

    def _run[T](self, work: Coroutine[object, object, T]) -> T:
        return self.loop.run_until_complete(work)


TestPlainQueue = PlainQueue.TestCase
TestPlainQueue.settings = settings(
    max_examples=200, stateful_step_count=60, deadline=None, suppress_health_check=list(HealthCheck)
)
