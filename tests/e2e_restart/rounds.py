"""Rounds of: commands wait, Home Assistant is killed, starts again, and the connection returns."""

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
import json
from pathlib import Path
from random import Random
import shutil

from demo.exceptions import DeadlineError
from demo.home_assistant import HomeAssistantProcess
from demo.home_assistant_api import HomeAssistantApi
from demo.stage import account_of
from simulator.process import SimulatorProcess

from .commands import GivenCommand, arrivals, arrived, invent, invent_setpoint, surviving
from .tally import Tally

_HEATERS = "2"
_LINK_SECONDS = 120.0
"""The client waits up to a minute between two attempts."""
_SETTLE_SECONDS = 60.0
_SHOWN_SECONDS = 10.0
_FEWEST_COMMANDS, _MOST_COMMANDS = 2, 6
_OUTCOME_LOG = Path(__file__).parent / "outcome_log"
_WRITING_SECONDS = 2.0
_LONGEST_PAUSE = 0.5
"""Seconds until the kill, at the most; half of the kills come at once."""
_OUTAGE_EVERY = 3
"""In every third round, from the first, not even the sign-in can be reached when Home Assistant starts again."""
_DRAIN_EVERY = 4
"""In every fourth round, from the second, the kill comes while the commands go out."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HeaterEntities:
    """The entity ids of one heater that matter here."""

    water_heater: str
    queued_commands: str
    connection: str


class KillRounds:
    """Plays rounds with a running Home Assistant; `tally` has what became of them."""

    def __init__(self, home_assistant: HomeAssistantProcess, simulator: SimulatorProcess, seed: int) -> None:
        self.tally = Tally()
        self._home_assistant = home_assistant
        self._simulator = simulator
        self._random = Random(seed)  # noqa: S311 - chance that can be repeated, no secret
        self._heaters: dict[str, HeaterEntities] = {}
        self._judged: dict[str, int] = {}
        self._given = 0

    @property
    def _api(self) -> HomeAssistantApi:
        return self._home_assistant.api

    async def begin(self) -> None:
        """Set the integration up and let Home Assistant save that: the kills are to put the commands at risk alone."""
        await self._api.set_up("navilink", account_of(self._simulator))
        self._heaters = await _find_heaters(self._api)
        await self._until_linked()
        await self._home_assistant.halt()
        folder = self._home_assistant.folder
        shutil.copytree(_OUTCOME_LOG, folder / "custom_components" / "outcome_log")
        with (folder / "configuration.yaml").open("a", encoding="utf-8") as configuration:
            configuration.write("\noutcome_log:\n")
        await self._home_assistant.start_again()
        await self._until_linked()

    async def play(self) -> None:
        """Play one round and add it to the tally."""
        # What the heater has before the connection goes must not come again.
        acknowledged = await invent_setpoint(self._simulator, self._random)
        before = await self._count_arrived()
        await self._give(acknowledged)
        await self._simulator.wait(applied=before + 1, timeout=_SETTLE_SECONDS)
        await self._cut()
        count = self._random.randint(_FEWEST_COMMANDS, _MOST_COMMANDS)
        given = await invent(self._simulator, self._random, count)
        for command in given:
            await self._give(command)
        remaining = surviving(given)
        self.tally.rounds += 1
        self.tally.given += len(given)
        self.tally.to_be_sent += len(remaining)
        if self.tally.rounds % _DRAIN_EVERY == 2:
            at_the_kill = await self._kill_while_draining()
        else:
            await self._kill_while_waiting(remaining)
            at_the_kill = {}
        await self._until_linked()
        await self._until_completed()
        await self._judge([acknowledged, *remaining], at_the_kill)
        self.tally.strays += [f"round {self.tally.rounds}: {path.name}" for path in await self._strays()]

    async def finish(self) -> None:
        """Judge the outcomes of all rounds."""
        with suppress(TimeoutError):
            async with asyncio.timeout(_SHOWN_SECONDS):
                # The file is another process's, of whose growth nobody is notified.
                while len({command_id for command_id, _ in await self._outcomes()}) < self._given:  # noqa: ASYNC110
                    await asyncio.sleep(0.2)
        self.tally.judge_outcomes(self._given, await self._outcomes())

    async def _outcomes(self) -> list[tuple[str, str]]:
        log = self._home_assistant.folder / "outcomes.log"
        lines = (await asyncio.to_thread(log.read_text, encoding="utf-8")).splitlines()
        return [(command_id, outcome) for command_id, outcome in map(json.loads, lines)]

    async def _strays(self) -> list[Path]:
        """Return the integration's temporary files that stay: one that is just being written is gone soon."""

        def look() -> set[Path]:
            found: set[Path] = set()
            for path in (self._home_assistant.folder / ".storage").glob("tmp*"):
                with suppress(FileNotFoundError):
                    found |= {path} if b'"navilink.' in path.read_bytes()[:200] else set()
            return found

        if found := await asyncio.to_thread(look):
            await asyncio.sleep(_WRITING_SECONDS)
            found &= await asyncio.to_thread(look)
        return sorted(found)

    async def _give(self, command: GivenCommand) -> None:
        self._given += 1
        await self._api.action(command.action, self._heaters[command.mac_address].water_heater, **command.data)

    async def _cut(self) -> None:
        await self._simulator.fault("mqtt_down")
        for heater in self._heaters.values():
            await self._api.wait_for_state(heater.connection, "off", _LINK_SECONDS)

    async def _pause(self) -> None:
        await asyncio.sleep(max(0.0, self._random.uniform(-_LONGEST_PAUSE, _LONGEST_PAUSE)))

    async def _kill_while_waiting(self, remaining: Sequence[GivenCommand]) -> None:
        await self._pause()
        await self._home_assistant.kill()
        await self._simulator.fault("api_down", on=self.tally.rounds % _OUTAGE_EVERY == 1)
        await self._home_assistant.start_again()
        await self._look_at_the_queues(remaining)
        await self._simulator.fault("api_down", on=False)
        await self._simulator.fault("mqtt_up")

    async def _kill_while_draining(self) -> dict[str, int]:
        """Return how many controls each heater had got when Home Assistant was killed."""
        before = await self._count_arrived()
        await self._simulator.fault("mqtt_up")
        await self._simulator.wait(applied=before + 1, timeout=_LINK_SECONDS)
        await self._pause()
        await self._home_assistant.kill()
        await self._simulator.wait(connections=0)
        at_the_kill = {mac_address: len(found) for mac_address, found in (await arrived(self._simulator)).items()}
        await self._home_assistant.start_again()
        return at_the_kill

    async def _count_arrived(self) -> int:
        return sum(map(len, (await arrived(self._simulator)).values()))

    async def _look_at_the_queues(self, remaining: Sequence[GivenCommand]) -> None:
        wanted = {
            heater.queued_commands: str(len(arrivals(remaining, mac_address)))
            for mac_address, heater in self._heaters.items()
        }

        def shown() -> dict[str, str | None]:
            return {entity_id: self._api.state(entity_id) for entity_id in wanted}

        try:
            await self._api.wait_until("the queues are shown", lambda: shown() == wanted, _SHOWN_SECONDS)
        except DeadlineError:
            self.tally.not_shown.append(f"round {self.tally.rounds}: {shown()} instead of {wanted}")

    async def _until_linked(self) -> None:
        for heater in self._heaters.values():
            await self._api.wait_for_state(heater.connection, "on", _LINK_SECONDS)

    async def _until_completed(self) -> None:
        """Wait until no command is without an outcome: those in flight are listed, but not counted as queued."""
        queues = [heater.queued_commands for heater in self._heaters.values()]
        await self._api.wait_until(
            "every command is completed",
            lambda: all(self._api.attributes(queue).get("commands") == [] for queue in queues),
            _SETTLE_SECONDS,
        )

    async def _judge(self, expected: Sequence[GivenCommand], at_the_kill: Mapping[str, int]) -> None:
        for mac_address, everything in (await arrived(self._simulator)).items():
            # What came since the last judgement, also if it came too late for that one.
            judged = self._judged.get(mac_address, 0)
            self._judged[mac_address] = len(everything)
            found = everything[judged:]
            killed_at = at_the_kill.get(mac_address, judged) - judged
            if 0 < killed_at < len(found) and found[killed_at] == found[killed_at - 1]:
                # The one that each heater may have got unknown to Home Assistant, and nothing else.
                self.tally.in_doubt += 1
                del found[killed_at]
            self.tally.judge(f"round {self.tally.rounds}, {mac_address}", arrivals(expected, mac_address), found)


async def _find_heaters(api: HomeAssistantApi) -> dict[str, HeaterEntities]:
    """Look the heaters up in the registry: MAC address -> entity ids."""
    keyed = {tuple(unique_id.split("_", 1)): entity_id for unique_id, entity_id in await api.entities("navilink")}
    return {
        mac_address: HeaterEntities(
            water_heater=keyed[mac_address, "water_heater"],
            queued_commands=keyed[mac_address, "queued_commands"],
            connection=keyed[mac_address, "connection"],
        )
        for mac_address in sorted({mac_address for mac_address, _ in keyed})
    }


@asynccontextmanager
async def kill_rounds(seed: int) -> AsyncIterator[KillRounds]:
    """Start the simulator and Home Assistant, ready to play."""
    async with SimulatorProcess("--heaters", _HEATERS) as simulator, HomeAssistantProcess() as home_assistant:
        rounds = KillRounds(home_assistant, simulator, seed)
        await rounds.begin()
        yield rounds
