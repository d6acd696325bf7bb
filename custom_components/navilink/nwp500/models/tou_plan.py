"""The time-of-use plan of a heater, as the REST service keeps it (protocol.md 2.7).

REST groups periods by season, MQTT carries the same periods as a flat list. A plan holds them flat; the grouping exists
on the wire alone.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum, unique
from types import MappingProxyType
from typing import Self

from ..exceptions import InvalidParameterError
from .conversions import KEY, LONG_TEXT, TEXT
from .members import WHOLE, block, named, objects
from .tou import TouPeriod


@dataclass(frozen=True, slots=True, kw_only=True)
class TouPlan:
    """A time-of-use plan: a utility's tariff as periods."""

    periods: tuple[TouPeriod, ...]
    name: str | None = field(default=None, repr=False)
    utility: str | None = field(default=None, repr=False)
    zip_code: str | None = field(default=None, repr=False)
    nicknames: Mapping[int, str] = field(default_factory=dict, hash=False, repr=False)
    """What people call a season, by season; read-only."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "nicknames", MappingProxyType(dict(self.nicknames)))

    @classmethod
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
            name=LONG_TEXT.read(message.get("name")),
            utility=LONG_TEXT.read(message.get("utility")),
            zip_code=_zip_code(message.get("zipCode")),
            nicknames={season: name for season, name in nicknames.items() if season is not None and name is not None},
        )

    def as_message(self) -> dict[str, object]:
        """Write the plan as a `touInfo` object, its periods grouped by season in the order of the first of each.

        Raises `InvalidParameterError` if there is no period, or one with a member unknown or outside its range.
        """
        if not self.periods:
            raise InvalidParameterError(parameter="periods", value=self.periods, allowed="at least one period")
        texts = {"name": self.name, "utility": self.utility, "zipCode": self.zip_code}
        return {name: text for name, text in texts.items() if text is not None} | {"schedule": self._schedule()}

    def _schedule(self) -> list[dict[str, object]]:
        intervals: dict[int, list[dict[str, int]]] = {}
        for period in self.periods:
            interval = period.as_message()
            intervals.setdefault(interval.pop("season"), []).append(interval)
        return [
            {"season": season, **self._nickname(season), "interval": content} for season, content in intervals.items()
        ]

    def _nickname(self, season: int) -> dict[str, str]:
        return {"nickname": self.nicknames[season]} if season in self.nicknames else {}


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


def _zip_code(value: object) -> str | None:
    """Read a zip code, which comes as a text or as a number."""
    number = WHOLE.read(value)
    return TEXT.read(value) if number is None else str(number)
