"""Mosquitto for a measurement, and how the client reaches it."""

from collections.abc import AsyncIterator
import contextlib
from pathlib import Path
import tempfile

from nwp500 import MqttConnectionConfig
from tests.client.support.mosquitto import MOSQUITTO, Mosquitto, running_mosquitto


@contextlib.asynccontextmanager
async def broker_process() -> AsyncIterator[Mosquitto]:
    """Run mosquitto, which has to be installed."""
    if MOSQUITTO is None:
        raise SystemExit("mosquitto is not installed: scripts/install-test-tools installs it")
    with tempfile.TemporaryDirectory() as folder:
        async with running_mosquitto(Path(folder)) as broker:
            yield broker


def config_of(broker: Mosquitto, *, port: int | None = None, **settings: object) -> MqttConnectionConfig:
    """Return how to reach a broker, by its own port or by one that leads there."""
    return MqttConnectionConfig(
        endpoint="localhost",
        port=broker.port if port is None else port,
        ca_file=broker.ca_file,
        **settings,  # type: ignore[arg-type]  # the class checks each of them itself
    )
