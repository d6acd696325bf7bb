"""Everything that can be made to go wrong, one function for each kind, in the modules `*_faults`.

The name of a function is the kind, its keyword parameters are the members that `POST /fault` takes beside it.
A fault that concerns heaters takes `mac`; without it, it concerns all of them.
"""

from collections.abc import Callable, Collection, Mapping
from inspect import Parameter, signature
from typing import get_args

from ..cloud import Cloud
from . import account_faults, heater_faults, service_faults
from .fault_arguments import FaultError


def inject(cloud: Cloud, members: Mapping[str, object]) -> None:
    """Bring about the fault that `members` describe."""
    kind = members.get("kind")
    fault = FAULTS.get(kind) if isinstance(kind, str) else None
    if fault is None:
        raise FaultError(f"kind must be one of {', '.join(sorted(FAULTS))}, not {kind!r}")
    arguments = {name: value for name, value in members.items() if name != "kind"}
    _check(fault, arguments)
    try:
        fault(cloud, **arguments)
    except ValueError as err:  # the broker's way to say that a value is out of range
        raise FaultError(str(err)) from err


def _check(fault: Callable[..., None], arguments: Mapping[str, object]) -> None:
    """Compare members with the parameters of a fault."""
    parameters = {
        name: parameter
        for name, parameter in signature(fault).parameters.items()
        if parameter.kind is Parameter.KEYWORD_ONLY
    }
    unknown = arguments.keys() - parameters.keys()
    if unknown:
        raise FaultError(f"{fault.__name__} has no {', '.join(sorted(unknown))}")
    for name, parameter in parameters.items():
        if name not in arguments:
            if parameter.default is Parameter.empty:
                raise FaultError(f"{fault.__name__} needs {name}")
        elif not _is_of(arguments[name], get_args(parameter.annotation) or (parameter.annotation,)):
            raise FaultError(f"{name} cannot be {arguments[name]!r}")


def _is_of(value: object, types: Collection[type]) -> bool:
    """Whether a JSON value is of one of the types, where a whole number may stand for a decimal one."""
    return type(value) in types or (type(value) is int and float in types)


FAULTS: Mapping[str, Callable[..., None]] = {
    fault.__name__: fault
    for fault in (
        service_faults.link_down,
        service_faults.link_up,
        service_faults.cut,
        service_faults.blackhole,
        service_faults.withhold,
        service_faults.tls,
        service_faults.refuse_upgrade,
        service_faults.expire_aws,
        service_faults.expire_jwt,
        service_faults.change_password,
        service_faults.lose_suback,
        service_faults.drop_session,
        service_faults.latency,
        service_faults.api_down,
        service_faults.maintenance,
        service_faults.reply_delay,
        service_faults.push,
        service_faults.vendor_app,
        account_faults.short_list,
        account_faults.unreadable_list,
        account_faults.leave_account,
        account_faults.new_heater,
        account_faults.mac_form,
        account_faults.refuse_request,
        account_faults.bloat,
        heater_faults.device_offline,
        heater_faults.power_cut,
        heater_faults.ctrl_fail,
        heater_faults.control_interval,
        heater_faults.ignore_write,
        heater_faults.lose_write,
        heater_faults.slow_write,
        heater_faults.silent,
        heater_faults.late_reply,
        heater_faults.schedule_form,
        heater_faults.energy_times,
        heater_faults.firmware_download,
        heater_faults.tou_window,
        heater_faults.mode_let_through,
        heater_faults.error,
        heater_faults.listed_error,
        heater_faults.draw,
        heater_faults.app_control,
    )
}
"""By kind."""
