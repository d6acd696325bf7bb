"""Everything the demo needs, standing: the simulator, Home Assistant, and the integration set up between them."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from simulator.process import SimulatorProcess
from simulator.state import HeaterState

from .dashboard import show_dashboard
from .energy import import_past, statistics
from .heater import DOMAIN, Heater, find_heaters
from .home_assistant import HomeAssistantProcess, time_zone
from .releases import TESTED_RELEASE, python_of

_FIRST_STATUS_SECONDS = 60.0
_LIVED_IN = ("--heaters", "2", "--household")


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """The parts, running."""

    simulator: SimulatorProcess
    home_assistant: HomeAssistantProcess
    heaters: tuple[Heater, ...]

    @property
    def heater(self) -> Heater:
        """The first heater."""
        return self.heaters[0]

    async def simulated_heater(self) -> HeaterState:
        """Return the first heater as it is in the simulator: the truth that Home Assistant is compared with."""
        return (await self.simulator.state())["heaters"][self.heater.mac_address]


@asynccontextmanager
async def set_stage(
    port: int | None = None, *, release: str = TESTED_RELEASE, speed: float = 1.0, lived_in: bool = False
) -> AsyncIterator[Stage]:
    """Start everything and wait until the heaters are seen in Home Assistant; stop everything on exit.

    `port` is Home Assistant's, of the `release`; a free one is taken when it is `None`. The heaters' time runs `speed`
    times as fast as ours. There is one as from the factory, or, `lived_in`, two with people who use them and a year of
    energy. Raises `DemoError` or `SimulatorError`.
    """
    python = await asyncio.to_thread(python_of, release)
    # Like real heaters, these refuse controls in quick succession, and live where Home Assistant does.
    options = ("--speed", str(speed), "--control-interval", "1", "--time-zone", time_zone())
    async with (
        SimulatorProcess(*options, *(_LIVED_IN if lived_in else ())) as simulator,
        HomeAssistantProcess(port=port, python=python) as home_assistant,
    ):
        api = home_assistant.api
        await api.set_up(DOMAIN, account_of(simulator))
        heaters = await find_heaters(api)
        await api.wait_until(
            "the heaters are connected and have a temperature",
            lambda: all(
                api.attributes(heater.water_heater).get("current_temperature") is not None
                and api.state(heater.connection) == "on"
                for heater in heaters
            ),
            _FIRST_STATUS_SECONDS,
        )
        if lived_in:
            await import_past(api, heaters)
        await show_dashboard(api, heaters, await statistics(api))
        yield Stage(simulator=simulator, home_assistant=home_assistant, heaters=heaters)


def account_of(simulator: SimulatorProcess) -> dict[str, object]:
    """Return what a user would type into the config flow to reach the simulator."""
    addresses = simulator.addresses
    return {
        "email": addresses["email"],
        "password": addresses["password"],
        "private_server": {
            "api_url": addresses["api_url"],
            "mqtt_endpoint": addresses["mqtt_endpoint"],
            "mqtt_port": addresses["mqtt_port"],
            "ca_file": addresses["ca_file"],
        },
    }
