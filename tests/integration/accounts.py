"""The simulator's account as a user enters it."""

from functools import partial
from typing import Any

import pytest

from custom_components.navilink import config
from custom_components.navilink.nwp500 import MqttConnectionConfig
from simulator.process import SimulatorProcess
from tests.client.support.fixture_heater import FixtureService

# The number that it has with the service.
ACCOUNT = "20002"

# What the service shows people while it is closed, in one line.
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


def fixture_entry_data(service: FixtureService) -> dict[str, object]:
    """What the user has entered for the account of recorded messages."""
    return {
        "email": "user@example.com",
        "password": "correct horse",
        "private_server": {
            "api_url": service.rest.url,
            "mqtt_endpoint": "localhost",
            "mqtt_port": service.broker.port,
            "ca_file": service.broker.ca_file,
        },
    }


def hurry(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let real time be short where only time passes; ask for it before the set-up.

    A home without a command is back as soon as one with a command, and a heater's next control goes soon after the last
    one is answered.
    """
    monkeypatch.setattr(config, "MqttConnectionConfig", partial(MqttConnectionConfig, reconnect_spread=0))
    monkeypatch.setattr(config, "COMMAND_INTERVAL", 0.1)
