"""The home of a drill: the simulated cloud and heaters, Home Assistant with the integration, and who gives commands."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AsyncExitStack, ExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass
from itertools import count
import logging
from pathlib import Path
import tempfile
from types import MappingProxyType
from unittest.mock import patch

from aiohttp import ThreadedResolver
from homeassistant import loader
from homeassistant.core import HomeAssistant
from homeassistant.exceptions import HomeAssistantError
from homeassistant.helpers import device_registry as dr
from homeassistant.helpers import entity_registry as er
from homeassistant.setup import async_setup_component
from pytest_homeassistant_custom_component.common import MockConfigEntry, async_test_home_assistant

from custom_components.navilink import config
from custom_components.navilink.const import DOMAIN
from custom_components.navilink.coordinator import NavilinkCoordinator
from custom_components.navilink.heater import HeaterSnapshots
from custom_components.navilink.nwp500 import Device, NavienMqttClient, StatusReceived
from simulator.process import SimulatorProcess
from simulator.state import Addresses

from .drill import Drill
from .ledger import Ledger
from .leftovers import Holdings
from .waiting import until

_QUEUE_SIZE = 1000
_CELSIUS = (45.0, 50.0, 47.5, 52.5, 46.0, 55.0)
_MODES = ("heat_pump", "eco", "high_demand")
_ACCOUNT = "20002"
ENTRY_ID = "drill"

_LOGGER = logging.getLogger(__name__)

SENT_ALL = MappingProxyType({"COALESCE_COMMANDS": False, "SKIP_REDUNDANT": False, "COMMAND_INTERVAL": 0.2})
"""Settings of the integration that leave commands out or slow them down: in a drill, every single one has to go out."""


@dataclass(frozen=True, slots=True)
class _Run:
    """One run of Home Assistant."""

    hass: HomeAssistant
    entry: MockConfigEntry
    stack: AsyncExitStack


class Home:
    """What the steps of a drill work on."""

    def __init__(
        self,
        drill: Drill,
        simulator: SimulatorProcess,
        addresses: Addresses,
        folder: Path,
        *,
        is_protected: bool = True,
    ) -> None:
        self.drill = drill
        self.is_protected = is_protected
        """Whether the drill runs with its protection."""
        self.simulator = simulator
        """The cloud, the heaters, and what can be done to them."""
        self.folder = folder
        """Home Assistant's configuration."""
        self.ledger = Ledger()
        self.over_at: float | None = None
        """When the fault ended, by the event loop's clock."""
        self.fault_lasted = (0.0, 0.0)
        """From when to when, by the wall clock."""
        self.interruptions = 0
        """How often the connection was lost."""
        self.errors: list[str] = []
        """What actions raised that they must not raise."""
        self.sockets_before = 0
        """Before the integration was set up: those of the simulator's control interface and of Home Assistant."""
        self.addresses = addresses
        """Where Home Assistant reaches the service."""
        self._run: _Run | None = None
        self._reported_at: dict[str, float] = {}
        self._first_reports: dict[str, float] = {}
        """After the fault has ended."""
        self._giving: asyncio.Task[None] | None = None
        self._asking: asyncio.Task[None] | None = None
        self._actions: set[asyncio.Task[None]] = set()
        self._listening: list[Callable[[], None]] = []

    @property
    def hass(self) -> HomeAssistant:
        """Home Assistant as it runs now."""
        assert self._run is not None  # noqa: S101 - a drill starts with it running
        return self._run.hass

    @property
    def entry(self) -> MockConfigEntry:
        """The account as it is set up."""
        assert self._run is not None  # noqa: S101 - a drill starts with it running
        return self._run.entry

    @property
    def is_running(self) -> bool:
        """Whether Home Assistant runs, and the integration is set up in it."""
        return self._run is not None and isinstance(getattr(self.entry, "runtime_data", None), NavilinkCoordinator)

    @property
    def coordinator(self) -> NavilinkCoordinator:
        """The integration's coordinator."""
        coordinator: NavilinkCoordinator = self.entry.runtime_data
        return coordinator

    @property
    def client(self) -> NavienMqttClient:
        """The integration's client."""
        return self.coordinator.client

    @property
    def snapshots(self) -> HeaterSnapshots:
        """What the integration's entities show."""
        coordinator: NavilinkCoordinator = self.entry.runtime_data
        return coordinator.snapshots

    @property
    def heaters(self) -> dict[str, Device]:
        """The heaters that the integration has, by MAC address."""
        return {mac_address: heater.device for mac_address, heater in self.coordinator.data.items()}

    @property
    def expected(self) -> list[str]:
        """The MAC addresses of the heaters from which statuses have to come."""
        return [mac_address for mac_address in self.heaters if mac_address not in self.drill.absent]

    # Home Assistant

    async def start(self) -> None:
        """Start Home Assistant in the folder that it had before, if any, and set the integration up."""
        stack = AsyncExitStack()
        hass = await stack.enter_async_context(async_test_home_assistant(config_dir=str(self.folder)))
        hass.data.pop(loader.DATA_CUSTOM_COMPONENTS)
        # Every Home Assistant has it, and keeps what it opens; calendars would bring it with the integration.
        assert await async_setup_component(hass, "http", {})  # noqa: S101 - a part of Home Assistant itself
        self.sockets_before = self.sockets_before or Holdings.now().sockets
        server = {key: self.addresses[key] for key in ("api_url", "mqtt_endpoint", "mqtt_port", "ca_file")}
        entry = MockConfigEntry(
            domain=DOMAIN,
            entry_id=ENTRY_ID,
            unique_id=_ACCOUNT,
            minor_version=2,
            data={
                "email": self.addresses["email"],
                "password": self.addresses["password"],
                "private_server": server,
            },
            options={"queue_size": _QUEUE_SIZE, **self.drill.options},
        )
        entry.add_to_hass(hass)
        self._run = _Run(hass, entry, stack)
        stack.callback(self.ledger.listen_to_home_assistant(hass))
        await self.set_up()

    async def set_up(self) -> None:
        """Set the integration up."""
        await self.hass.config_entries.async_setup(self.entry.entry_id)

    def make_client(self, *arguments: object, **settings: object) -> NavienMqttClient:
        """Make the integration's client, and hear of everything that it does from its first moment on."""
        # Of the client before, if Home Assistant itself has set the integration up again.
        self._unlisten()
        client = NavienMqttClient(*arguments, **settings)  # type: ignore[arg-type]  # handed on as they are
        self._listening += [
            *self.ledger.listen_to_client(client),
            client.on("status_received", self._on_status),
            client.on("connection_interrupted", self._on_interrupted),
        ]
        return client

    async def stop(self) -> None:
        """Stop Home Assistant as its own command does, wherever the integration is."""
        await self.finish_actions(cancel=True)
        run, self._run = self._run, None
        if run is not None:
            await run.hass.async_stop(force=True)
            await run.stack.aclose()
        self._unlisten()

    async def reload(self) -> None:
        """Reload the integration."""
        await self.unload()
        await self.set_up()

    async def unload(self) -> None:
        """Unload the integration."""
        await self.hass.config_entries.async_unload(self.entry.entry_id)
        self._unlisten()

    def _unlisten(self) -> None:
        while self._listening:
            self._listening.pop()()

    def _on_status(self, event: StatusReceived) -> None:
        now, mac_address = asyncio.get_running_loop().time(), event.device.mac_address
        self._reported_at[mac_address] = now
        if self.over_at is not None and self._first_reports.get(mac_address, -1.0) < self.over_at:
            self._first_reports[mac_address] = now

    def _on_interrupted(self, _event: object) -> None:
        self.interruptions += 1

    # Waiting

    def reported_since(self, moment: float) -> bool:
        """Whether every heater of the account has reported since a moment of the event loop's clock."""
        return (
            self.is_running
            and bool(self.heaters)
            and all(self.last_report(mac_address) > moment for mac_address in self.expected)
        )

    def back_after(self) -> float | None:
        """Return the seconds from the end of the fault until the last heater reported for the first time after it."""
        first = [self._first_reports.get(mac_address, -1.0) for mac_address in self.expected]
        return None if self.over_at is None or min(first) < self.over_at else max(first) - self.over_at

    def last_report(self, mac_address: str) -> float:
        """Return when a heater has last reported, by the event loop's clock; -1 when it has not."""
        return self._reported_at.get(mac_address, -1.0)

    # Actions

    def begin_to_act(self) -> None:
        """Give commands to every heater, and ask for its status, from now on."""
        self._giving = asyncio.create_task(self._give_all_the_time())
        self._asking = asyncio.create_task(self._ask_all_the_time())

    async def end_giving(self) -> None:
        """Give no more commands; statuses go on being asked for."""
        await _ended(self._giving)

    async def end_asking(self) -> None:
        """Ask for no more statuses."""
        await _ended(self._asking)

    async def close(self) -> None:
        """End everything."""
        await self.end_giving()
        await self.end_asking()
        await self.stop()

    def give(self, mac_address: str, sequence: int) -> None:
        """Begin an action on a heater; what it raises that it must not raise is kept."""
        running = asyncio.create_task(self.act(self.hass, mac_address, sequence))
        self._actions.add(running)
        running.add_done_callback(self._actions.discard)

    async def act(self, hass: HomeAssistant, mac_address: str, sequence: int) -> None:
        """Carry out an action on a heater; what it raises that it must not raise is kept."""
        entity_id = er.async_get(hass).async_get_entity_id("water_heater", DOMAIN, f"{mac_address}_water_heater")
        if entity_id is None:
            return
        data: dict[str, object] = {"entity_id": entity_id}
        if sequence % 3:
            action = "set_temperature"
            data["temperature"] = _CELSIUS[sequence % len(_CELSIUS)]
        else:
            action = "set_operation_mode"
            data["operation_mode"] = _MODES[sequence // 3 % len(_MODES)]
        try:
            await hass.services.async_call("water_heater", action, data, blocking=True)
        except HomeAssistantError as error:
            # What became of the command is in the ledger.
            _LOGGER.debug("%s: %s", action, error)
        except Exception as error:  # noqa: BLE001 - anything else is a fault of the integration, and is reported
            self.errors.append(f"{action} raised {error!r}")

    async def finish_actions(self, *, cancel: bool = False) -> None:
        """Wait for the actions that have begun."""
        if cancel:
            for task in self._actions:
                task.cancel()
        if self._actions:
            await asyncio.wait(self._actions)

    async def _give_all_the_time(self) -> None:
        for sequence in count():
            if self.is_running:
                for mac_address in self.heaters:
                    self.give(mac_address, sequence)
            await asyncio.sleep(1 / self.drill.commands_per_second)

    async def _ask_all_the_time(self) -> None:
        while True:
            if self.is_running and self.client.is_connected:
                for device in self.heaters.values():
                    self.client.poll(device)
            await asyncio.sleep(self.drill.seconds_between_statuses)

    def device_id(self, mac_address: str) -> str:
        """Return a heater's device in Home Assistant."""
        device = dr.async_get(self.hass).async_get_device_by_identifier((DOMAIN, mac_address), self.entry.entry_id)
        assert device is not None  # noqa: S101 - asked for heaters that are there
        return device.id


async def _ended(task: asyncio.Task[None] | None) -> None:
    if task is not None:
        task.cancel()
        await asyncio.wait([task])


@contextmanager
def surroundings(home: Home) -> Iterator[None]:
    """Let Home Assistant run as in a drill while the context lasts."""
    with ExitStack() as stack:
        # Home Assistant's own resolver would look for devices on the network.
        resolver = "homeassistant.helpers.aiohttp_client._async_get_or_create_resolver"
        stack.enter_context(patch(resolver, lambda _: ThreadedResolver()))
        for name, value in SENT_ALL.items():
            stack.enter_context(patch.object(config, name, value))
        stack.enter_context(patch(f"{NavilinkCoordinator.__module__}.NavienMqttClient", home.make_client))
        yield


@asynccontextmanager
async def home_of(drill: Drill, *, is_protected: bool) -> AsyncIterator[Home]:
    """Start the simulator, then Home Assistant, and wait until every heater has reported."""
    async with AsyncExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="navilink-drill-")))
        simulator = await stack.enter_async_context(SimulatorProcess(*drill.simulator))
        await simulator.state()
        addresses = simulator.addresses
        if drill.detour is not None:
            addresses = await stack.enter_async_context(drill.detour(addresses))
        home = Home(drill, simulator, addresses, folder, is_protected=is_protected)
        stack.enter_context(surroundings(home))
        stack.push_async_callback(home.close)
        await home.start()
        await until("every heater has reported", lambda: home.reported_since(0.0))
        yield home
