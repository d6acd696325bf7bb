"""The simulator's first two heaters, and what became of the commands to them."""

from simulator.process import SimulatorProcess

HEATER = "water_heater.nwp500"
MAC = "0478630a1b2c"
OTHER_HEATER = "water_heater.guest_house"
OTHER_MAC = "0478630a1b2d"


async def applied(simulator: SimulatorProcess, mac_address: str = MAC) -> list[tuple[str, list[int]]]:
    """Return the controls that took effect on a heater, in order."""
    heater = (await simulator.state())["heaters"][mac_address]
    return [(control["control"], control["param"]) for control in heater["applied"]]
