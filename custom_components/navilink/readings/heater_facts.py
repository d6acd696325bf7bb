"""What a heater or the service is asked for now and then: energy, counters and firmware.

A status has none of it, and none of it changes quickly. Each fact is asked for at its own interval, only while an
entity shows it and the account polls, and one question at a time for each heater.
"""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, cast

from homeassistant.config_entries import ConfigEntry
from homeassistant.core import HomeAssistant, callback
from homeassistant.util import dt as dt_util

from ..const import LOGGER
from ..heater import HeaterSnapshots, HeaterState
from ..nwp500 import Device, NavienAPIClient, NavienError, NavienMqttClient, models, watched

# What was read is not shown any longer than after so many questions without an answer.
SHOWN_FOR_INTERVALS = 3


@dataclass(frozen=True, slots=True, eq=False)
class Fact[T]:
    """Something that is asked for now and then."""

    name: str
    interval: timedelta
    retry_after: timedelta
    """When it is asked for again without an answer."""
    ask: Callable[[NavienMqttClient, NavienAPIClient, Device], Awaitable[T]]
    is_known_by_service: bool = False
    """Whether the service answers, also for a heater that is offline."""


async def _lifetime_usage(client: NavienMqttClient, _: NavienAPIClient, device: Device) -> models.EnergyAmount:
    """Return the totals of the heater's life, which every energy query brings (protocol.md 10.1)."""
    return (await client.queries.request_energy_monthly(device, [dt_util.now().year])).total


# The Energy dashboard shows hours. With the statuses and the device info, a heater is asked about 135 times an hour.
ENERGY = Fact("energy", timedelta(minutes=30), timedelta(minutes=5), _lifetime_usage)
DIAGNOSTICS = Fact(
    "diagnostics",
    timedelta(hours=6),
    timedelta(hours=1),
    lambda client, _, device: client.queries.request_diagnostics(device),
)
FIRMWARE = Fact(
    "firmware",
    timedelta(hours=12),
    timedelta(hours=2),
    lambda _, api_client, device: api_client.get_firmware_info(device),
    is_known_by_service=True,
)
DOWNLOADS = Fact(
    "firmware downloads",
    timedelta(hours=12),
    timedelta(hours=2),
    lambda client, _, device: client.queries.request_firmware_download(device),
)


@dataclass(frozen=True, slots=True)
class _Question:
    """The last question for a fact, and the last answer to any."""

    asked_at: datetime
    is_answered: bool = False
    answer: Any = None  # Any: each fact has a type of its own
    answered_at: datetime | None = None


class HeaterFacts:
    """Asks for the facts that are shown, and keeps the answers."""

    def __init__(
        self,
        hass: HomeAssistant,
        entry: ConfigEntry,
        client: NavienMqttClient,
        api_client: NavienAPIClient,
        snapshots: HeaterSnapshots,
        heaters: Callable[[], Mapping[str, HeaterState]],
    ) -> None:
        """Take whom to ask, and what knows the heaters; nothing is asked until somebody shows it."""
        self._hass = hass
        self._entry = entry
        self._client = client
        self._api_client = api_client
        self._snapshots = snapshots
        self._heaters = heaters
        self._wanted: dict[str, Counter[Fact[Any]]] = {}  # Any: as in `_Question`
        self._questions: dict[tuple[str, Fact[Any]], _Question] = {}  # Any: as in `_Question`
        self._stops: dict[str, Callable[[], None]] = {}
        self._tasks: dict[str, asyncio.Task[None]] = {}

    @callback
    def want(self, mac_address: str, fact: Fact[Any]) -> Callable[[], None]:  # Any: any fact
        """Ask for a fact of a heater from now on; returns what ends that."""
        if mac_address not in self._wanted:
            self._wanted[mac_address] = Counter()
            # A snapshot is taken with every status, and at least at the interval of the statuses.
            self._stops[mac_address] = self._snapshots.listen(mac_address, lambda: self._ask_due(mac_address))
        self._wanted[mac_address][fact] += 1
        self._ask_due(mac_address)
        return lambda: self._unwant(mac_address, fact)

    def get[T](self, mac_address: str, fact: Fact[T]) -> T | None:
        """Return what was last read, unless that is too old."""
        question = self._questions.get((mac_address, fact))
        if question is None or question.answered_at is None:
            return None
        age = dt_util.utcnow() - question.answered_at
        return cast("T", question.answer) if age <= SHOWN_FOR_INTERVALS * fact.interval else None

    @callback
    def take(self, mac_address: str, fact: Fact[Any], answer: object) -> None:  # Any: any fact
        """Keep what was read, and show it."""
        now = dt_util.utcnow()
        self._questions[mac_address, fact] = _Question(now, is_answered=True, answer=answer, answered_at=now)
        self._snapshots.call_back(mac_address)

    @callback
    def close(self) -> None:
        """Ask for nothing any more."""
        for stop in self._stops.values():
            stop()
        self._stops.clear()
        self._wanted.clear()
        for task in tuple(self._tasks.values()):
            task.cancel()

    def _unwant(self, mac_address: str, fact: Fact[Any]) -> None:  # Any: any fact
        wanted = self._wanted.get(mac_address, Counter())
        wanted[fact] -= 1
        if any(count > 0 for count in wanted.values()):
            return
        # Its entities are gone, and perhaps the heater itself.
        self._wanted.pop(mac_address, None)
        self._questions = {key: question for key, question in self._questions.items() if key[0] != mac_address}
        if (stop := self._stops.pop(mac_address, None)) is not None:
            stop()
        if (task := self._tasks.get(mac_address)) is not None:
            task.cancel()

    @callback
    def _ask_due(self, mac_address: str) -> None:
        if mac_address in self._tasks or next(self._due(mac_address), None) is None:
            return
        asking = self._ask(mac_address)
        task = watched(
            self._entry.async_create_background_task(self._hass, asking, "navilink facts", eager_start=False)
        )
        self._tasks[mac_address] = task
        task.add_done_callback(lambda _: self._asked(mac_address))

    @callback
    def _asked(self, mac_address: str) -> None:
        del self._tasks[mac_address]
        # What somebody began to show meanwhile has found the task at work.
        self._ask_due(mac_address)

    def _due(self, mac_address: str) -> Iterator[Fact[Any]]:  # Any: as in `_Question`
        """Give what is to be asked for now, and can be."""
        heater = self._heaters().get(mac_address)
        if heater is None or self._entry.pref_disable_polling or not self._client.is_connected:
            return
        is_answering = heater.is_online and heater.is_fresh
        now = dt_util.utcnow()
        for fact, count in self._wanted.get(mac_address, {}).items():
            question = self._questions.get((mac_address, fact))
            if (
                count
                and (is_answering or fact.is_known_by_service)
                and (question is None or _is_over(question, fact, now))
            ):
                yield fact

    async def _ask(self, mac_address: str) -> None:
        while (fact := next(self._due(mac_address), None)) is not None:
            key = mac_address, fact
            before = self._questions.get(key)
            self._questions[key] = _Question(
                dt_util.utcnow(),
                answer=None if before is None else before.answer,
                answered_at=None if before is None else before.answered_at,
            )
            try:
                answer = await fact.ask(self._client, self._api_client, self._heaters()[mac_address].device)
            except NavienError as err:
                # What is wrong with the connection is reported already, and nobody needs these facts at once.
                LOGGER.debug("Could not read the %s of a heater: %s", fact.name, err)
            else:
                self.take(mac_address, fact, answer)


def _is_over(question: _Question, fact: Fact[Any], now: datetime) -> bool:  # Any: any fact
    """Return whether it is time for the next question; a clock that was put back does not delay it."""
    pause = fact.interval if question.is_answered else fact.retry_after
    return not question.asked_at <= now < question.asked_at + pause
