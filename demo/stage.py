"""Everything the demo needs, standing: the simulator, Home Assistant, and the integration set up between them."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from simulator.process import SimulatorProcess
from simulator.state import HeaterState

from .dashboard import show_dashboard
from .heater import Heater, find_heater
from .home_assistant import HomeAssistantProcess
from .releases import TESTED_RELEASE, python_of

_FIRST_STATUS_SECONDS = 60.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """The parts, running."""

    simulator: SimulatorProcess
    home_assistant: HomeAssistantProcess
    heater: Heater

    async def simulated_heater(self) -> HeaterState:
        """Return the heater as it is in the simulator: the truth that Home Assistant is compared with."""
        (state,) = (await self.simulator.state())["heaters"].values()
        return state


@asynccontextmanager
async def set_stage(
    port: int | None = None, *, release: str = TESTED_RELEASE, speed: float = 1.0
) -> AsyncIterator[Stage]:
    """Start everything and wait until the heater is seen in Home Assistant; stop everything on exit.

    `port` is Home Assistant's, of the `release`; a free one is taken when it is `None`. The heater's time runs `speed`
    times as fast as ours. Raises `DemoError` or `SimulatorError`.
    """
    python = await asyncio.to_thread(python_of, release)
    # Like a real heater, this one refuses controls in quick succession.
    options = ("--speed", str(speed), "--control-interval", "1")
    async with (
        SimulatorProcess(*options) as simulator,
        HomeAssistantProcess(port=port, python=python) as home_assistant,
    ):
        api = home_assistant.api
        await api.set_up("navilink", account_of(simulator))
        heater = await find_heater(api)
        await api.wait_until(
            "the heater is connected and has a temperature",
            lambda: (
                api.attributes(heater.water_heater).get("current_temperature") is not None
                and api.state(heater.connection) == "on"
            ),
            _FIRST_STATUS_SECONDS,
        )
        await show_dashboard(api, heater)
        yield Stage(simulator=simulator, home_assistant=home_assistant, heater=heater)


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
