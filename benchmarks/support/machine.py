"""What the figures were measured on."""

from importlib.metadata import version
import os
import platform
import subprocess

from tests.client.support.mosquitto import MOSQUITTO


def words() -> str:
    """Return the machine and the versions in one sentence."""
    cores = len(os.sched_getaffinity(0))
    return (
        f"Measured with {cores} cores ({platform.machine()}), Python {platform.python_version()}, awscrt "
        f"{version('awscrt')}, aiohttp {version('aiohttp')}, Home Assistant {version('homeassistant')}, "
        f"mosquitto {_mosquitto_version()}."
    )


def _mosquitto_version() -> str:
    """Return the version from the first line of its help, which it ends with the status of an error."""
    if MOSQUITTO is None:
        return "not installed"
    printed = subprocess.run((MOSQUITTO, "-h"), capture_output=True, text=True, check=False).stdout  # noqa: S603 - mosquitto
    return printed.partition("\n")[0].removeprefix("mosquitto version ")
