"""What decoding costs, against `orjson.loads` and reading ten members of the dict: `python -m benchmarks.decode`.

All ways take turns in one run, so that whatever else the machine does meets them alike; medians are compared.
"""

from collections.abc import Callable, Mapping
from operator import attrgetter, itemgetter
from pathlib import Path
from statistics import median
import time

import orjson

from nwp500.models import DeviceFeature, DeviceStatus
from nwp500.protocol.codec import decoded

from .figures import Figure, ratio_at_most
from .report import run_alone

ROUNDS = 400
DECODINGS = 50
TARGET = 3.0
PLAIN = "orjson.loads and ten members"

_FIXTURES = Path(__file__).parent.parent / "tests" / "fixtures"

# Ten members of different kinds, as an integration reads them, each as wire name and attribute.
_OF_STATUS: Mapping[str, str] = {
    "dhwTemperature": "dhw_temperature",
    "dhwTemperatureSetting": "dhw_temperature_setting",
    "tankUpperTemperature": "tank_upper_temperature",
    "dhwOperationSetting": "dhw_mode",
    "operationMode": "operation_mode",
    "operationBusy": "is_heating",
    "currentInstPower": "current_power",
    "currentDhwFlowRate": "dhw_flow_rate",
    "errorCode": "error_code",
    "touStatus": "tou_enabled",
}
_OF_FEATURE: Mapping[str, str] = {
    "dhwTemperatureMin": "dhw_temperature_min",
    "dhwTemperatureMax": "dhw_temperature_max",
    "volumeCode": "volume_code",
    "controllerSwVersion": "controller_version",
    "controllerSerialNumber": "serial_number",
    "temperatureType": "temperature_unit",
    "powerUse": "supports_power",
    "holidayUse": "supports_vacation",
    "electricUse": "supports_electric",
    "recirculationUse": "supports_recirculation",
}

type Way = Callable[[bytes], object]


def ways(model: type[DeviceStatus | DeviceFeature], member: str, names: Mapping[str, str]) -> dict[str, Way]:
    """Return the ways to be compared; the first is what the others are measured against."""
    ten_members, ten_attributes = itemgetter(*names), attrgetter(*names.values())

    def plain(body: bytes) -> object:
        return ten_members(orjson.loads(body)["response"][member])

    def to_model(body: bytes) -> object:
        return model.from_message(decoded(body) or {})

    def to_model_and_values(body: bytes) -> object:
        return ten_attributes(model.from_message(decoded(body) or {}))

    return {
        PLAIN: plain,
        "to the model": to_model,
        "to the model and ten values": to_model_and_values,
    }


def seconds_of(way: Way, body: bytes) -> float:
    """Return how long one decoding takes in this round."""
    began = time.perf_counter()
    for _ in range(DECODINGS):
        way(body)
    return (time.perf_counter() - began) / DECODINGS


def medians(compared: Mapping[str, Way], body: bytes, rounds: int = ROUNDS) -> dict[str, float]:
    """Return the median of each way, the ways taking turns."""
    taken: dict[str, list[float]] = {name: [] for name in compared}
    for _ in range(rounds):
        for name, way in compared.items():
            taken[name].append(seconds_of(way, body))
    return {name: median(seconds) for name, seconds in taken.items()}


async def measured() -> list[Figure]:
    """Measure a status and a feature, both as small as they come over the wire."""
    figures = []
    for model, member, names, name in (
        (DeviceStatus, "status", _OF_STATUS, "status_heat_pump_heating"),
        (DeviceFeature, "feature", _OF_FEATURE, "feature"),
    ):
        body = orjson.dumps(orjson.loads((_FIXTURES / f"{name}.json").read_bytes()))
        seconds = medians(ways(model, member, names), body)
        plain = seconds.pop(PLAIN)
        figures += [
            Figure(
                name=f"a {member} {way}, beside {PLAIN}",
                value=each * 1e6,
                beside=plain * 1e6,
                unit="µs",
                target=ratio_at_most(TARGET),
            )
            for way, each in seconds.items()
        ]
    return figures


if __name__ == "__main__":
    run_alone(measured)
