"""The whole queue against a model: restarts, dead connections, refusals, two heaters, and every option."""

from dataclasses import dataclass

from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import initialize, precondition, rule, run_state_machine_as_test
import pytest

from nwp500 import CommandOutcome, CommandReason, CommandStage, QueuedCommand, StoredQueue, queries
from tests.client.support.machine.heater import Manner
from tests.client.support.machine.stage import MACS, WISHES, MachineStage, Options

EXAMPLES, LONG_EXAMPLES, STEPS = 80, 260, 50

OPTIONS = st.fixed_dictionaries(
    {
        "coalesce_commands": st.booleans(),
        "guard_commands": st.booleans(),
        "skip_redundant": st.booleans(),
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
    "skip_redundant": True,
    "command_interval": 2.0,
    "expire_by_class": True,
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
ODD_MEMBERS: st.SearchStrategy[dict[str, object]] = st.dictionaries(
    st.sampled_from(["dhwTemperatureSetting", "dhwOperationSetting", "antiLegionellaUse", "vacationDaySetting"]),
    st.sampled_from([True, False, "1", "110", None, [], {}, 1.5, 1e300]),
    min_size=1,
    max_size=2,
)


@dataclass(frozen=True, slots=True)
class PanelCase:
    """A setting as it was, as it is wanted by a command that waits, and as somebody then sets it at the panel."""

    before: str
    queued: str
    member: str
    turned: int


PANEL_CASES = (
    PanelCase("100", "110", "dhwTemperatureSetting", 120),
    PanelCase("heat pump", "electric", "dhwOperationSetting", 4),
    PanelCase("electric", "off", "dhwOperationSetting", 3),
)
GIVEN = st.lists(st.sampled_from(list(WISHES)), min_size=1, max_size=4)
HEATERS = st.sampled_from(MACS)


class QueueMachine(MachineStage):
    """Does to them whatever can happen, in any order."""

    # The life of the client

    @initialize(options=OPTIONS, as_in_home_assistant=st.booleans())
    def start(self, options: Options, as_in_home_assistant: bool) -> None:
        self._start(options | AS_IN_HOME_ASSISTANT if as_in_home_assistant else options, StoredQueue())

    @rule(
        kills=st.booleans(),
        options=OPTIONS,
        keeps_options=st.booleans(),
        seconds=st.sampled_from([0.0, 3.0, 7200.0]),
        clock_error=st.sampled_from([0.0, 0.0, -3700.0, 3700.0]),
    )
    def restart(self, kills: bool, options: Options, keeps_options: bool, seconds: float, clock_error: float) -> None:
        """As Home Assistant does to change options, or after `kill -9`; the wall clock may have been set meanwhile."""
        old, self.client = self._client, None
        if kills:
            # The process is gone, and with it the connection: nothing that it still does gets out.
            for transport in self.broker.transports:
                transport.is_closed = True
        else:
            self._note_stored(old.stored_queue())
        self.broker.is_client_gone = True
        self._run(old.disconnect())
        self.broker.is_client_gone = False
        assert all((handle.result is not None) for handle in self.handles.values())
        self.handles.clear()
        self.clocks.sleep(seconds)
        self.clocks.set_wall_clock(clock_error)
        stored = self._read_store()
        self.ledger.restored(self.clocks.reading(), self.broker.told_changes)
        kept = {command.id for command in (*stored.unsent, *stored.sent)}
        for command_id in self.ledger.pending():
            entry = self.ledger.entries[command_id]
            assert command_id in kept or not entry.command.is_control, f"{entry} is not in the store"
            entry.is_lost = not entry.command.is_control
        self._start(self.options if keeps_options else options, stored)

    # Commands

    @rule(mac=HEATERS, pending_effects=GIVEN)
    def give(self, mac: str, pending_effects: list[str]) -> None:
        self._run(self._submit(mac, pending_effects))
        self._quiet()

    @rule(mac=HEATERS)
    def ask(self, mac: str) -> None:
        self._begin(self._client.request_device_status(self.heaters[mac].device))

    @rule(count=st.integers(1, 3), qos=st.sampled_from([0, 1]))
    def publish(self, count: int, qos: int) -> None:
        """Messages of the caller's own go the same way, to no heater."""
        for _ in range(count):
            self.plain_count += 1
            self._begin(self._client.publish("test/plain", {"n": self.plain_count}, qos))

    @rule(mac=HEATERS, changes=st.booleans(), is_poll=st.booleans())
    def ask_info(self, mac: str, changes: bool, is_poll: bool) -> None:
        if changes:
            version = self.heaters[mac].feature["controllerSwVersion"]
            assert isinstance(version, int)
            self.heaters[mac].feature["controllerSwVersion"] = version + 1
        client, device = self._client, self.heaters[mac].device
        if is_poll:
            assert self._do(lambda: client.poll_info(device)) <= client.is_connected
        else:
            self._begin(client.request_device_info(device))

    @rule(mac=HEATERS)
    def ask_and_wait(self, mac: str) -> None:
        async def own_reply() -> None:
            reply = await self._client.queries.request(self.heaters[mac].device, queries.STATUS)
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
        pending = [command.id for command in client.pending_commands]
        self.ledger.cleared(is_meant, [each for each in pending if client.stage(each) is CommandStage.IN_FLIGHT])
        device = None if mac is None else self.heaters[mac].device
        assert self._do(lambda: client.clear_command_queue(device, kinds=kinds)) == expected
        assert not any(map(is_meant, client.queued_commands))

    # The connection

    @rule()
    def drop(self) -> None:
        self._lose_connection()

    @rule()
    def black_hole(self) -> None:
        if self.broker.transports:
            self.broker.transport.swallows = True

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

    @precondition(lambda self: self.broker.transports and self.broker.transport.pending())
    @rule(data=st.data())
    def puback_overdue_and_another_one_late(self, data: st.DataObject) -> None:
        transport = self.broker.transport
        pending = st.sampled_from(transport.pending())
        overdue, late = data.draw(pending), data.draw(pending)

        def both_before_anything_else() -> None:
            transport.time_out(overdue)
            transport.acknowledge(late)

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

    @rule(mac=HEATERS, odd=ODD_MEMBERS)
    def talk_nonsense(self, mac: str, odd: dict[str, object]) -> None:
        self.heaters[mac].odd_members.update(odd)

    @rule(mac=HEATERS, begins=st.booleans())
    def peak_period(self, mac: str, begins: bool) -> None:
        self.heaters[mac].peak_period(begins=begins)

    @rule(mac=HEATERS, refuses=st.booleans(), manner=st.sampled_from(list(Manner)), pending_effects=GIVEN)
    def only_one_heater_fails(self, mac: str, refuses: bool, manner: Manner, pending_effects: list[str]) -> None:
        """Whatever one heater does, the commands of the other one go."""
        (other,) = (heater for heater in self.heaters.values() if heater.mac_address != mac)
        self.broker.works_again()
        self.heaters[mac].refusals, self.heaters[mac].fail_code = (1000 if refuses else 0), 2
        self.heaters[mac].manner = manner
        self.drop()
        self.give(mac, pending_effects)
        self.give(other.mac_address, pending_effects)
        self.time_passes(600.0)
        waiting = [command for command in self._client.queued_commands if command.mac_address == other.mac_address]
        assert not waiting, waiting
        self.heaters[mac].refusals = 0

    # What seldom comes together by chance

    @rule(
        mac=HEATERS, pending_effects=GIVEN, how=st.sampled_from(["lost", "unacknowledged", "unanswered"]), during=GIVEN
    )
    def outage(self, mac: str, pending_effects: list[str], how: str, during: list[str]) -> None:
        """Lose the connection in the middle of something, go on giving commands, and come back."""
        self.broker.works_again()
        self.time_passes(40.0)
        if how == "lost":
            self.black_hole()
        self.network(1.0, 3.0, loses_pubacks=how == "unacknowledged", loses_replies=False)
        self.give(mac, pending_effects)
        self.store_is_as_memory()
        self.time_passes(1.5)
        self.store_is_as_memory()
        self.drop()
        self.give(mac, during)
        self.broker.works_again()
        self.time_passes(100.0)

    @rule(mac=HEATERS, pending_effects=GIVEN, then=st.sampled_from(["drop", "kill", "refuse"]))
    def clear_on_the_way(self, mac: str, pending_effects: list[str], then: str) -> None:
        self.all_is_well_for_a_while()
        self.network(1.0, 3.0, loses_pubacks=False, loses_replies=False)
        self.heaters[mac].refusals, self.heaters[mac].fail_code = (4 if then == "refuse" else 0), 2
        self.give(mac, pending_effects)
        self.store_is_as_memory()
        self.clear(None, None)
        self.promises_are_kept()
        self.store_is_as_memory()
        if then == "drop":
            self.drop()
        elif then == "kill":
            self.restart(kills=True, options=self.options, keeps_options=True, seconds=0.0, clock_error=0.0)
        self.time_passes(40.0)

    @rule(mac=HEATERS, pending_effects=GIVEN, kills=st.booleans())
    def restart_on_the_way(self, mac: str, pending_effects: list[str], kills: bool) -> None:
        self.all_is_well_for_a_while()
        self.network(1.0, 3.0, loses_pubacks=False, loses_replies=False)
        self.give(mac, pending_effects)
        self.store_is_as_memory()
        self.restart(kills, self.options, keeps_options=True, seconds=0.0, clock_error=0.0)
        self.time_passes(40.0)

    @rule(
        mac=HEATERS,
        pending_effects=GIVEN,
        times=st.integers(1, 4),
        code=st.sampled_from([2, 2, 7]),
        replies=st.sampled_from([1.0, 25.0]),
        drops=st.booleans(),
    )
    def refuse_some(
        self, mac: str, pending_effects: list[str], times: int, code: int, replies: float, drops: bool
    ) -> None:
        """Refuse commands that follow each other, perhaps so late that there is another connection by then."""
        self.network(0.0, replies, loses_pubacks=False, loses_replies=False)
        self.refuse(mac, times, code)
        self.give(mac, pending_effects)
        if drops:
            self.drop()
        self.time_passes(40.0)
        self.all_is_well_for_a_while()

    @rule(mac=HEATERS, pending_effects=GIVEN)
    def ask_behind_what_is_held(self, mac: str, pending_effects: list[str]) -> None:
        """A question waits for its turn behind a control that waits for a heater out of reach."""
        self.all_is_well_for_a_while()
        self.heaters[mac].manner = Manner.IS_OFFLINE
        self.drop()
        self.time_passes(3.0)
        self.give(mac, pending_effects)
        self.ask(mac)
        self.time_passes(40.0)

    @rule(mac=HEATERS, turn=TURNS, pending_effects=GIVEN)
    def turn_before_giving(self, mac: str, turn: tuple[str, int], pending_effects: list[str]) -> None:
        """Who gives a command after somebody turned the panel means it, though the client does not know of that."""
        self.all_is_well_for_a_while()
        self.ask(mac)
        self.drop()
        self.time_passes(3.0)
        self.panel(mac, turn)
        self.give(mac, pending_effects)
        self.time_passes(40.0)

    @precondition(lambda self: self.options["guard_commands"] and self.options["enable_command_queue"])
    @rule(mac=HEATERS, case=st.sampled_from(PANEL_CASES), is_late=st.booleans(), others=GIVEN)
    def panel_wins(self, mac: str, case: PanelCase, is_late: bool, others: list[str]) -> None:
        """What somebody sets at the panel after a command was queued stays, also if an older status comes late."""
        heater, client = self.heaters[mac], self._client
        self.drop()
        self.all_is_well_for_a_while()
        self.peak_period(mac, begins=False)
        self.give(mac, [case.before])
        self.time_passes(40.0)
        before = dict(heater.status)
        if is_late:
            # It is made before the panel is turned, and comes over the next connection, ahead of all other answers.
            self.network(0.0, 25.0, loses_pubacks=False, loses_replies=False)
            assert self._do(lambda: client.poll(heater.device))
        self.drop()
        self.give(mac, [case.queued])
        (queued,) = (command.id for command in client.queued_commands)
        heater.turn(case.member, case.turned)
        self.broker.works_again()
        self.time_passes(60.0)
        entry = self.ledger.entries[queued]
        assert before[case.member] != case.turned
        assert entry.delivery is None, f"written although {case.member} had been set at the panel"
        (result,) = entry.outcomes
        assert result.outcome is CommandOutcome.SUPERSEDED
        assert result.reason is CommandReason.CHANGED_ELSEWHERE
        assert heater.status[case.member] == case.turned
        self.give(mac, others)

    @rule(mac=HEATERS, restarts=st.booleans())
    def think_better_in_a_peak_period(self, mac: str, restarts: bool) -> None:
        """A mode that the heater holds is cancelled by the one that it is in, also after a restart."""
        self.peak_period(mac, begins=True)
        for pending_effect in ("heat pump", "electric"):
            self.give(mac, [pending_effect])
            self.time_passes(40.0)
        if restarts:
            self.store_is_as_memory()
            self.restart(kills=True, options=self.options, keeps_options=True, seconds=0.0, clock_error=0.0)
            self.ask(mac)
            self.time_passes(40.0)
        self.give(mac, ["heat pump"])
        self.time_passes(40.0)

    @rule()
    def all_is_well_for_a_while(self) -> None:
        self.broker.works_again()
        self.time_passes(700.0)
        assert not self._client.queued_commands, self._client.queued_commands

    # Time

    @rule(seconds=st.sampled_from([0.1, 1.0, 3.0, 11.0, 40.0, 100.0, 700.0]))
    def time_passes(self, seconds: float) -> None:
        self._pass(seconds)

    @rule(seconds=st.sampled_from([-90000.0, -3700.0, -10.0, 10.0, 3700.0, 90000.0]))
    def wall_clock_is_set(self, seconds: float) -> None:
        self.clocks.set_wall_clock(seconds)

    @rule(seconds=st.sampled_from([30.0, 3700.0, 90000.0, 172800.0]))
    def machine_sleeps(self, seconds: float) -> None:
        self.clocks.sleep(seconds)


@pytest.mark.timeout(600)
@pytest.mark.parametrize("examples", [EXAMPLES, pytest.param(LONG_EXAMPLES, marks=pytest.mark.long)])
def test_the_queue_keeps_its_promises_whatever_happens(examples: int) -> None:
    MachineStage.steps = 0
    run_state_machine_as_test(
        QueueMachine,
        settings=settings(
            max_examples=examples,
            stateful_step_count=STEPS,
            deadline=None,
            phases=[Phase.explicit, Phase.reuse, Phase.generate],
            suppress_health_check=list(HealthCheck),
        ),
    )
    assert MachineStage.steps >= 38 * examples
