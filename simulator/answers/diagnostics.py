"""The counters that installers look at, as JSON made by the cloud and as the heater's own bytes (protocol.md 10.2)."""

import re
import struct

from ..heater.heater import Heater
from ..heater.registration import DEVICE_TYPE
from .messages import Reply, Request, raw_reply, reply

_FIVE_SEGMENTS = re.compile(rf"cmd/{DEVICE_TYPE}/[^/]+/[^/]+/[^/]+/res/td/rd")
"""The only shape of a reply topic for which the cloud makes JSON."""

_TYPE_OF_TD = 2
_HOUR = 3600
_WIDE_IN_TS = 2
"""So many members of `tsData` have 32 bits in the raw form, the others 16; those of the other objects all have 32."""

_FAN_STARTS_PER_COMPRESSOR_START = 1.05
_STARTS_PER_DAY = 2
_HOURS_PER_ELEMENT_START = 0.1
_RECOVERY_MINUTES = 7


def send_diagnostics(heater: Heater, request: Request) -> tuple[Reply, ...]:
    """Give the JSON form only where a five-segment topic asks for it, the raw form always."""
    tables = diagnostic_tables(heater)
    data = {name: _hex(table, _WIDE_IN_TS if name == "tsData" else len(table)) for name, table in tables.items()}
    raw = raw_reply(heater, request, {"typeOfTD": _TYPE_OF_TD, "data": data})
    if not _FIVE_SEGMENTS.fullmatch(request.response_topic):
        return (raw,)
    return reply(heater, request, {"typeOfTD": _TYPE_OF_TD, "data": tables}), raw


def diagnostic_tables(heater: Heater) -> dict[str, dict[str, int]]:
    """Give the four objects, their members in the order of the raw form."""
    return {"tsData": _faults_and_energy(heater), "tcData": {}, "tdData": _draws(heater), "taData": _parts(heater)}


def _faults_and_energy(heater: Heater) -> dict[str, int]:
    total = heater.energy.total()
    return {
        "cumulatedPwrHp": int(total.heat_pump),
        "cumulatedPwrHe": int(total.elements),
        "daysSinceInstallation": (heater.energy.today - heater.energy.installed).days,
        **_zeros("cumulatedOccNumEco cumulatedOccNumDryFire"),
        "numOffRostProtectBurn": heater.counters.frost_starts,
        **_zeros(
            "cumulatedOccNumConOvrFlow cumulatedOccNumWtrOvrFlow cumulatedOpTimeDrShed cumulatedOpTimeDrLoadUp "
            "cumulatedOpTimeDrAdvLoadUp cumulatedOpTimeDrCpp cumulatedOpTimeDrGridEmg cumulatedOccNumAbDisTmp "
            "cumulatedOccNumHpo cumulatedOccNumAbSucTmp cumulatedOccNumAbDisSucTmp"
        ),
    }


def _draws(heater: Heater) -> dict[str, int]:
    counters = heater.counters
    return {
        "numOfdhwUse": counters.short_draws + counters.long_draws,
        "dhwUseTotalFlow": int(heater.drawn_liters),
        "dhwUseTotalTime": int(counters.draw_seconds / _HOUR),
        "numOfLongDhwUse": counters.long_draws,
        "longDhwUseTotalFlow": int(counters.long_draw_liters),
        "longDhwUseTotalTime": int(counters.long_draw_seconds / _HOUR),
        "numOfShortDhwUse": counters.short_draws,
        "avrageRecoveryTime": _RECOVERY_MINUTES,
    }


def _parts(heater: Heater) -> dict[str, int]:
    """Running times agree with the energy reply; of the time before the simulation, the elements' is all upper."""
    total, counters = heater.energy.total(), heater.counters
    past_days = (heater.energy.begun - heater.energy.installed).days
    past_element_hours = total.element_hours - (counters.upper_seconds + counters.lower_seconds) / _HOUR
    compressor_starts = past_days * _STARTS_PER_DAY + counters.compressor_starts
    return {
        "cumulatedOpTimeComp": int(total.heat_pump_hours),
        "cumulatedOpNumComp": compressor_starts,
        "cumulatedOpTimeEvaFan": int(total.heat_pump_hours),
        "cumulatedOpNumEvaFan": int(compressor_starts * _FAN_STARTS_PER_COMPRESSOR_START),
        "cumulatedOpStepEev": compressor_starts,
        "cumulatedOpTimeUhe": int(past_element_hours + counters.upper_seconds / _HOUR),
        "cumulatedOpNumUhe": int(past_element_hours / _HOURS_PER_ELEMENT_START) + counters.upper_starts,
        "cumulatedOpTimeLhe": int(counters.lower_seconds / _HOUR),
        "cumulatedOpNumLhe": counters.lower_starts,
        **_zeros("cumulatedOpNumShutOffVv mixingValveOpTotalStep mixingValveOpAvgMixinGrate"),
        "cumulatedOpNumRecircPump": heater.recirculation.starts,
        "cumulatedOpTimeRecircPump": int(heater.recirculation.seconds / _HOUR),
        **_zeros("cumulatedOpTimeInvComp1 cumulatedOpTimeInvComp2 cumulatedOpTimeInvComp3 cumulatedOpTimeInvComp4"),
    }


def _zeros(names: str) -> dict[str, int]:
    return dict.fromkeys(names.split(), 0)


def _hex(table: dict[str, int], wide: int) -> str:
    """Give the members as little-endian bytes: the first `wide` of them with 32 bits, the others with 16."""
    limits = [2**32] * wide + [2**16] * (len(table) - wide)
    values = (min(value, limit - 1) for value, limit in zip(table.values(), limits, strict=True))
    return struct.pack(f"<{wide}I{len(table) - wide}H", *values).hex()
