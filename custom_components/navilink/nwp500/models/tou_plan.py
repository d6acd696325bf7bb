"""The time-of-use plan of a heater, as the REST service keeps it (protocol.md 2.7).

REST groups periods by season, MQTT carries the same periods as a flat list. A plan holds them flat; the grouping exists
on the wire alone.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum, unique
from types import MappingProxyType
from typing import Self, override

from ..exceptions import InvalidParameterError
from .conversions import KEY, LONG_TEXT, TEXT
from .members import WHOLE, Kind, Record, block, named, objects, wire
from .tou import TouPeriod


def _zip_code(value: object) -> str | None:
    """Read a zip code, which comes as a text or as a number."""
    number = WHOLE.read(value)
    return TEXT.read(value) if number is None else str(number)


_ZIP_CODE = Kind(_zip_code)


@dataclass(frozen=True, slots=True, kw_only=True)
class TouPlan(Record):
    """A time-of-use plan: a utility's tariff as periods."""

    periods: tuple[TouPeriod, ...]
    name: str | None = wire("name", LONG_TEXT, repr=False)
    utility: str | None = wire("utility", LONG_TEXT, repr=False)
    zip_code: str | None = wire("zipCode", _ZIP_CODE, repr=False)
    nicknames: Mapping[int, str] = field(default_factory=dict, hash=False, repr=False)
    """What people call a season, by season; read-only."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "nicknames", MappingProxyType(dict(self.nicknames)))

    @classmethod
    @override
    def from_message(cls, message: Mapping[str, object]) -> Self:
        """Read a `touInfo` object; nothing in it is required.

        A period that cannot be read is kept as one of which nothing is known, so that the plan is not written back
        without it by accident.
        """
        seasons = objects(message, "schedule")
        nicknames = {WHOLE.read(entry.get("season")): TEXT.read(entry.get("nickname")) for entry in seasons}
        return cls(
            periods=tuple(
                TouPeriod.from_message({**interval, "season": entry.get("season")})
                for entry in seasons
                for interval in objects(entry, "interval")
            ),
            nicknames={season: name for season, name in nicknames.items() if season is not None and name is not None},
            **cls.readable(message),
        )

    def as_message(self) -> dict[str, object]:
        """Write the plan as a `touInfo` object, its periods grouped by season in the order of the first of each.

        Raises `InvalidParameterError` if there is no period, or one with a member unknown or outside its range.
        """
        if not self.periods:
            raise InvalidParameterError(parameter="periods", value=self.periods, allowed="at least one period")
        texts = {name: text for name, text in self.by_wire_name().items() if text is not None}
        seasons: dict[int, list[dict[str, int]]] = {}
        for period in self.periods:
            interval = period.as_message()
            seasons.setdefault(interval.pop("season"), []).append(interval)
        names = {season: {"nickname": name} for season, name in self.nicknames.items()}
        schedule = [{"season": each, **names.get(each, {}), "interval": content} for each, content in seasons.items()]
        return {**texts, "schedule": schedule}


@unique
class RegisterPath(StrEnum):
    """How a plan came to the heater."""

    WIFI = "wifi"
    BLUETOOTH = "bt"


_REGISTER_PATH = named(RegisterPath)


@dataclass(frozen=True, slots=True, kw_only=True)
class RegisteredPlan:
    """The plan that the cloud keeps for a heater, and how it came there."""

    plan: TouPlan
    register_path: RegisterPath | None
    source_type: str | None
    """Where the tariff is from: "openei"."""
    controller_id: str | None = field(repr=False)
    """Serial number of the heater's controller."""
    manufacture_id: str | None = field(repr=False)

    @classmethod
    def from_message(cls, message: Mapping[str, object]) -> Self | None:
        """Read the `data` of a reply, or None when it holds no plan."""
        info = block(message, "touInfo")
        if not info:
            return None
        return cls(
            plan=TouPlan.from_message(info),
            register_path=_REGISTER_PATH.read(message.get("registerPath")),
            source_type=KEY.read(message.get("sourceType")),
            controller_id=KEY.read(info.get("controllerId")),
            manufacture_id=KEY.read(info.get("manufactureId")),
        )
