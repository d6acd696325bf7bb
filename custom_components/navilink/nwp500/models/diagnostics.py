"""The counters for the installer, which the heater keeps for its whole life (protocol.md 10.2).

The cloud decodes them into JSON objects, or passes the heater's own form on: little-endian numbers as hexadecimal text.
Both give equal objects. The tables below are in the order of those numbers; odd spellings are the wire's own.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import chain
import struct
from typing import ClassVar, Self

from ..exceptions import ResponseFormatError
from .conversions import bytes_from_hex
from .members import WHOLE, Member, Message, block, measured, reply_members

_LONG, _SHORT = struct.Struct("<I"), struct.Struct("<H")

_ENERGY = measured("Wh")
_HOURS = measured("h")
_VOLUME = measured("L")


class Counters(Message):
    """One block of counters."""

    __slots__ = ()

    long_numbers: ClassVar[int | None] = None
    """How many numbers at the start have 32 bits; the rest has 16. `None`: all of them."""

    @classmethod
    def from_block(cls, content: object) -> Self:
        """Decode a block in either form; what cannot be read whole has no members."""
        match content:
            case Mapping():
                return cls(content)
            case str():
                return cls(cls._numbers(content))
            case _:
                return cls({})

    @classmethod
    def _numbers(cls, text: str) -> dict[str, int]:
        """Decode whole numbers: fewer than are known from older firmware, more from newer."""
        try:
            data = bytes_from_hex(text)
            end_of_long = len(data) if cls.long_numbers is None else _LONG.size * cls.long_numbers
            numbers = [*_LONG.iter_unpack(data[:end_of_long]), *_SHORT.iter_unpack(data[end_of_long:])]
        except ResponseFormatError, struct.error:
            # The other blocks are not less true for it, and counters are never written back.
            return {}
        names = [member.wire_name for member in cls.members().values()]
        return dict(zip(names, chain.from_iterable(numbers), strict=False))


class SystemCounters(Counters):
    """What the whole unit counts: `tsData`."""

    __slots__ = ()

    long_numbers: ClassVar[int | None] = 2

    heat_pump_energy = Member("cumulatedPwrHp", _ENERGY, "Energy used by the heat pump")
    element_energy = Member("cumulatedPwrHe", _ENERGY, "Energy used by the heating elements")
    days_since_installation = Member("daysSinceInstallation", measured("d"), "Time since the installation")
    eco_trips = Member("cumulatedOccNumEco", WHOLE, "Trips of the high-temperature switch")
    dry_fires = Member("cumulatedOccNumDryFire", WHOLE, "Dry fires")
    freeze_protections = Member("numOffRostProtectBurn", WHOLE, "Heatings for freeze protection; so spelt on the wire")
    condensate_overflows = Member("cumulatedOccNumConOvrFlow", WHOLE, "Overflows of condensate")
    water_overflows = Member("cumulatedOccNumWtrOvrFlow", WHOLE, "Overflows of water")
    dr_shed_time = Member("cumulatedOpTimeDrShed", WHOLE, "Time of demand response: shed")
    dr_load_up_time = Member("cumulatedOpTimeDrLoadUp", WHOLE, "Time of demand response: load up")
    dr_advanced_load_up_time = Member("cumulatedOpTimeDrAdvLoadUp", WHOLE, "Time of demand response: advanced load up")
    dr_customer_peak_time = Member("cumulatedOpTimeDrCpp", WHOLE, "Time of demand response: customer peak")
    dr_grid_emergency_time = Member("cumulatedOpTimeDrGridEmg", WHOLE, "Time of demand response: grid emergency")
    abnormal_discharge_temperatures = Member("cumulatedOccNumAbDisTmp", WHOLE, "Abnormal discharge temperatures")
    hpo_occurrences = Member("cumulatedOccNumHpo", WHOLE, "Occurrences of `Hpo`; meaning not documented")
    abnormal_suction_temperatures = Member("cumulatedOccNumAbSucTmp", WHOLE, "Abnormal suction temperatures")
    abnormal_discharge_suction_differences = Member(
        "cumulatedOccNumAbDisSucTmp", WHOLE, "Abnormal differences between discharge and suction"
    )


class DrawCounters(Counters):
    """What is counted of hot water drawn: `tdData`; some firmware leaves all but the last at 0."""

    __slots__ = ()

    draws = Member("numOfdhwUse", WHOLE, "Draws")
    drawn_volume = Member("dhwUseTotalFlow", _VOLUME, "Hot water drawn")
    draw_time = Member("dhwUseTotalTime", _HOURS, "Time in which hot water was drawn")
    long_draws = Member("numOfLongDhwUse", WHOLE, "Long draws")
    long_drawn_volume = Member("longDhwUseTotalFlow", _VOLUME, "Hot water drawn in long draws")
    long_draw_time = Member("longDhwUseTotalTime", _HOURS, "Time of long draws")
    short_draws = Member("numOfShortDhwUse", WHOLE, "Short draws")
    average_recovery_time = Member(
        "avrageRecoveryTime", measured("min"), "Average time to recover; so spelt on the wire"
    )


class PartCounters(Counters):
    """What is counted of the parts: `taData`."""

    __slots__ = ()

    compressor_time = Member("cumulatedOpTimeComp", _HOURS, "How long the compressor ran")
    compressor_starts = Member("cumulatedOpNumComp", WHOLE, "How often the compressor ran")
    evaporator_fan_time = Member(
        "cumulatedOpTimeEvaFan", _HOURS, "How long the fan ran in all its life; in a status: since the filter reset"
    )
    evaporator_fan_starts = Member("cumulatedOpNumEvaFan", WHOLE, "How often the fan ran")
    expansion_valve_steps = Member("cumulatedOpStepEev", WHOLE, "Steps of the expansion valve")
    upper_element_time = Member("cumulatedOpTimeUhe", _HOURS, "How long the upper element was on")
    upper_element_starts = Member("cumulatedOpNumUhe", WHOLE, "How often the upper element was on")
    lower_element_time = Member("cumulatedOpTimeLhe", _HOURS, "How long the lower element was on")
    lower_element_starts = Member("cumulatedOpNumLhe", WHOLE, "How often the lower element was on")
    shut_off_valve_operations = Member("cumulatedOpNumShutOffVv", WHOLE, "Operations of the shut-off valve")
    mixing_valve_steps = Member("mixingValveOpTotalStep", WHOLE, "Steps of the mixing valve")
    average_mixing_rate = Member("mixingValveOpAvgMixinGrate", WHOLE, "Average mixing rate; so spelt on the wire")
    recirculation_pump_starts = Member("cumulatedOpNumRecircPump", WHOLE, "How often the recirculation pump ran")
    recirculation_pump_time = Member("cumulatedOpTimeRecircPump", WHOLE, "How long the recirculation pump ran")
    inverter_compressor_time_1 = Member("cumulatedOpTimeInvComp1", WHOLE, "Inverter compressor, time 1")
    inverter_compressor_time_2 = Member("cumulatedOpTimeInvComp2", WHOLE, "Inverter compressor, time 2")
    inverter_compressor_time_3 = Member("cumulatedOpTimeInvComp3", WHOLE, "Inverter compressor, time 3")
    inverter_compressor_time_4 = Member("cumulatedOpTimeInvComp4", WHOLE, "Inverter compressor, time 4")


@dataclass(frozen=True, slots=True, kw_only=True)
class Diagnostics:
    """All counters of a heater; None for what the heater does not report."""

    system: SystemCounters
    draws: DrawCounters
    parts: PartCounters

    @classmethod
    def from_message(cls, message: Mapping[str, object]) -> Self:
        """Decode a whole reply as it came off the wire; raises `ResponseFormatError` if the message has no counters."""
        data = block(reply_members(message), "data")
        if data.keys().isdisjoint(("tsData", "tdData", "taData")):
            raise ResponseFormatError(lacking="tsData, tdData or taData")
        return cls(
            system=SystemCounters.from_block(data.get("tsData")),
            draws=DrawCounters.from_block(data.get("tdData")),
            parts=PartCounters.from_block(data.get("taData")),
        )
