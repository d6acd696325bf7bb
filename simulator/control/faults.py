"""Everything that can be made to go wrong: each function of the modules `*_faults` is one kind.

The name of a function is the kind, its keyword parameters are the members that `POST /fault` takes beside it.
A fault that concerns heaters takes `mac` too; without it, it concerns all of them.
"""

from collections.abc import Callable, Iterable, Mapping
from inspect import isfunction, signature
from types import ModuleType

from ..cloud import Cloud
from ..common.reading import BadRequestError, checked
from ..heater.heater import Heater
from . import heater_faults, service_faults


def inject(cloud: Cloud, members: Mapping[str, object]) -> None:
    """Bring about the fault that `members` describe."""
    kind = members.get("kind")
    fault = FAULTS.get(kind) if isinstance(kind, str) else None
    if fault is None:
        raise BadRequestError(f"kind must be one of {', '.join(sorted(FAULTS))}, not {kind!r}")
    arguments = {name: value for name, value in members.items() if name != "kind"}
    parameters = signature(fault).parameters
    heaters: Iterable[Heater | None] = [None]
    if "heater" in parameters:
        mac = arguments.pop("mac", None)
        heaters = cloud.heaters.values() if mac is None else [cloud.heater(mac)]
    bring_about = checked(fault, arguments)
    for heater in heaters:
        subjects = {name: value for name, value in (("heater", heater), ("cloud", cloud)) if name in parameters}
        bring_about(**subjects)


def _faults(module: ModuleType) -> dict[str, Callable[..., None]]:
    return {
        name: function
        for name, function in vars(module).items()
        if isfunction(function) and function.__module__ == module.__name__ and not name.startswith("_")
    }


FAULTS: Mapping[str, Callable[..., None]] = _faults(service_faults) | _faults(heater_faults)
"""By kind."""
