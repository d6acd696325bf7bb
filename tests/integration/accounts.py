"""The simulator's account as a user enters it."""

from typing import Any

from simulator.process import SimulatorProcess

# The number that it has with the service.
ACCOUNT = "20002"

# What the service tells people while it is closed, in one line.
NOTICE = "The service is under maintenance. Please try again later."


def private_server(simulator: SimulatorProcess) -> dict[str, Any]:
    """Return what goes into the collapsed section of the dialog."""
    return {key: simulator.addresses[key] for key in ("api_url", "mqtt_endpoint", "mqtt_port", "ca_file")}


def entry_data(simulator: SimulatorProcess) -> dict[str, Any]:
    """Return everything that is entered, which is also what an entry keeps."""
    return {
        "email": simulator.addresses["email"],
        "password": simulator.addresses["password"],
        "private_server": private_server(simulator),
    }
