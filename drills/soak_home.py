"""The home of a soak: two accounts with three heaters in one Home Assistant, over any number of restarts."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager, nullcontext
from dataclasses import dataclass
from pathlib import Path
import shutil
import tempfile
from unittest.mock import patch

from aiohttp import ThreadedResolver
from homeassistant import loader
from homeassistant.config_entries import ConfigEntryState
from homeassistant.core import HomeAssistant
from homeassistant.exceptions import HomeAssistantError
from homeassistant.helpers import device_registry as dr
from homeassistant.helpers import entity_registry as er
from pytest_homeassistant_custom_component.common import MockConfigEntry, async_test_home_assistant

from custom_components.navilink.const import DOMAIN
from custom_components.navilink.coordinator import NavilinkCoordinator
from custom_components.navilink.nwp500 import NavienMqttClient
from simulator.process import SimulatorProcess

from .fast_traffic import Traffic
from .soak_ledger import SoakLedger
from .waiting import until

START_SECONDS = 300.0
_LOOK_SECONDS = 1.0
_SIMULATOR = ("--reply-delay", "0")
_HEATERS = ("0478630a1b2c", "0478630a1b2d", "0478630a1b2e")


@dataclass(slots=True, kw_only=True)
class Account:
    """An account, its service, and its heaters."""

    name: str
    user: str
    """Its number at the service."""
    simulator: SimulatorProcess
    heaters: tuple[str, ...]
    entry: MockConfigEntry | None = None
    """As it is set up in Home Assistant now."""

    @property
    def client(self) -> NavienMqttClient | None:
        """The integration's client; None when the account is not set up."""
        coordinator = getattr(self.entry, "runtime_data", None)
        return coordinator.client if isinstance(coordinator, NavilinkCoordinator) else None

    @property
    def is_connected(self) -> bool:
        """Whether the integration is connected for it."""
        return self.client is not None and self.client.is_connected


class SoakHome:
    """Home Assistant with its accounts."""

    def __init__(self, accounts: tuple[Account, ...], folder: Path, ledger: SoakLedger) -> None:
        self.accounts = accounts
        self.ledger = ledger
        self.errors: list[str] = []
        """What actions raised that they must not raise."""
        self.is_off = False
        """Whether Home Assistant is stopped, and not about to start yet."""
        self._folder = folder
        self._hass: HomeAssistant | None = None
        self._run = AsyncExitStack()
        self._actions: set[asyncio.Task[None]] = set()
        self._changing = asyncio.Lock()

    @property
    def hass(self) -> HomeAssistant | None:
        """Home Assistant as it runs now; None while it starts and stops."""
        return self._hass

    async def start(self) -> None:
        """Start Home Assistant in its folder, and set the accounts up."""
        self._run = AsyncExitStack()
        hass = await self._run.enter_async_context(async_test_home_assistant(config_dir=str(self._folder)))
        hass.data.pop(loader.DATA_CUSTOM_COMPONENTS)
        self._run.callback(self.ledger.listen_to_home_assistant(hass))
        for account in self.accounts:
            addresses = account.simulator.addresses
            account.entry = MockConfigEntry(
                domain=DOMAIN,
                entry_id=f"soak_{account.name}",
                unique_id=account.user,
                minor_version=2,
                data={
                    "email": addresses["email"],
                    "password": addresses["password"],
                    "private_server": {
                        key: addresses[key] for key in ("api_url", "mqtt_endpoint", "mqtt_port", "ca_file")
                    },
                },
            )
            account.entry.add_to_hass(hass)
        first, *others = self.accounts
        await self._set_up(hass, first)
        for account in others:
            await self._set_up(hass, account)
        self._hass = hass

    async def stop(self) -> None:
        """Stop Home Assistant as its own command does."""
        hass, self._hass = self._hass, None
        for task in tuple(self._actions):
            task.cancel()
        await self.finish_actions()
        if hass is not None:
            await hass.async_stop(force=True)
        await self._run.aclose()
        for account in self.accounts:
            account.entry = None

    @asynccontextmanager
    async def unchanged(self) -> AsyncIterator[None]:
        """Have nothing reloaded or restarted while the context lasts."""
        async with self._changing:
            yield

    async def restart(self, *, off_for: float = 0.0, is_killed: bool = False) -> None:
        """Stop Home Assistant, and start it again in the same folder so many seconds later.

        When it is killed, what it writes while it stops is lost: the files are those of the moment before.
        """
        async with self._changing:
            with _kept_files(self._folder / ".storage") if is_killed else nullcontext():
                await self.stop()
            self.is_off = True
            await asyncio.sleep(off_for)
            self.is_off = False
            await self.start()

    async def reload(self, account: Account) -> None:
        """Reload an account."""
        async with self._changing:
            if self._hass is not None and account.entry is not None:
                await self._hass.config_entries.async_unload(account.entry.entry_id)
                await self._set_up(self._hass, account)

    async def _set_up(self, hass: HomeAssistant, account: Account) -> None:
        entry = account.entry
        assert entry is not None  # noqa: S101 - made before
        # The first one that is set up loads the integration, which sets up all of them.
        if entry.state is ConfigEntryState.NOT_LOADED:
            await hass.config_entries.async_setup(entry.entry_id)

    def make_client(self, *arguments: object, **settings: object) -> NavienMqttClient:
        """Make the integration's client, and hear of every command from its first moment on."""
        client = NavienMqttClient(*arguments, **settings)  # type: ignore[arg-type]  # handed on as they are
        self.ledger.listen_to_client(client)
        return client

    async def until(self, what: str, holds: Callable[[], bool], seconds: float = START_SECONDS) -> None:
        """Wait until something holds, at the pace of simulated time; raises TimeoutError with what it was."""
        await until(what, holds, seconds, look_every=_LOOK_SECONDS)

    # Actions

    def act(self, mac_address: str, domain: str, action: str, data: dict[str, object]) -> None:
        """Begin an action on a heater, if Home Assistant has it now."""
        hass = self._hass
        if hass is None:
            return
        target = _device_target(hass, mac_address) if domain == DOMAIN else entity_target(hass, mac_address)
        if target is None:
            return
        running = asyncio.create_task(self._act(hass, domain, action, target | data))
        self._actions.add(running)
        running.add_done_callback(self._actions.discard)

    @property
    def is_acting(self) -> bool:
        """Whether an action waits for its end."""
        return bool(self._actions)

    async def _act(self, hass: HomeAssistant, domain: str, action: str, data: dict[str, object]) -> None:
        try:
            await hass.services.async_call(domain, action, data, blocking=True)
        except HomeAssistantError:
            # What became of the command is in the ledger.
            self.ledger.refused += 1
        except Exception as error:  # noqa: BLE001 - anything else is a fault of the integration, and is reported
            self.errors.append(f"{action} raised {error!r}")

    async def finish_actions(self) -> None:
        """Wait for the actions that have begun."""
        if self._actions:
            await asyncio.wait(self._actions)


def entity_target(hass: HomeAssistant, mac_address: str) -> dict[str, object] | None:
    """Return how an action names a heater's water heater, None while there is none."""
    entity_id = er.async_get(hass).async_get_entity_id("water_heater", DOMAIN, f"{mac_address}_water_heater")
    return None if entity_id is None or hass.states.get(entity_id) is None else {"entity_id": entity_id}


@contextmanager
def _kept_files(folder: Path) -> Iterator[None]:
    """Put the files of a folder back as they were, when the context ends."""
    with tempfile.TemporaryDirectory(prefix="navilink-kept-") as kept:
        shutil.copytree(folder, kept, dirs_exist_ok=True)
        yield
        shutil.rmtree(folder)
        shutil.copytree(kept, folder)


def _device_target(hass: HomeAssistant, mac_address: str) -> dict[str, object] | None:
    for entry in hass.config_entries.async_entries(DOMAIN):
        device = dr.async_get(hass).async_get_device_by_identifier((DOMAIN, mac_address), entry.entry_id)
        if device is not None:
            return {"device_id": [device.id]}
    return None


@asynccontextmanager
async def soak_home(ledger: SoakLedger, traffic: Traffic) -> AsyncIterator[SoakHome]:
    """Start two simulators, one with two heaters and one with the third, and Home Assistant."""
    async with AsyncExitStack() as stack:
        first = await stack.enter_async_context(SimulatorProcess("--heaters", "2", *_SIMULATOR))
        second = await stack.enter_async_context(
            SimulatorProcess("--heaters", "3", "--email", "second@example.com", *_SIMULATOR)
        )
        for mac_address in _HEATERS[:2]:
            await second.fault("leave_account", mac=mac_address)
        accounts = (
            Account(name="first", user="20002", simulator=first, heaters=_HEATERS[:2]),
            Account(name="second", user="20003", simulator=second, heaters=_HEATERS[2:]),
        )
        yield await stack.enter_async_context(_running(accounts, ledger, traffic))


@asynccontextmanager
async def home_of_one(ledger: SoakLedger, traffic: Traffic) -> AsyncIterator[SoakHome]:
    """Start a simulator with one heater, and Home Assistant."""
    async with SimulatorProcess("--heaters", "1", *_SIMULATOR) as simulator:
        account = Account(name="only", user="20002", simulator=simulator, heaters=_HEATERS[:1])
        async with _running((account,), ledger, traffic) as home:
            yield home


@asynccontextmanager
async def _running(accounts: tuple[Account, ...], ledger: SoakLedger, traffic: Traffic) -> AsyncIterator[SoakHome]:
    """Run Home Assistant with these accounts, and wait until it is connected."""
    async with AsyncExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="navilink-soak-")))
        # Home Assistant's own resolver would look for devices on the network.
        resolver = "homeassistant.helpers.aiohttp_client._async_get_or_create_resolver"
        stack.enter_context(patch(resolver, lambda _: ThreadedResolver()))
        traffic.ports.update(account.simulator.addresses["mqtt_port"] for account in accounts)
        home = SoakHome(accounts, folder, ledger)
        stack.enter_context(patch(f"{NavilinkCoordinator.__module__}.NavienMqttClient", home.make_client))
        await home.start()
        await home.until("every account is connected", lambda: all(each.is_connected for each in accounts))
        stack.push_async_callback(home.stop)
        yield home
