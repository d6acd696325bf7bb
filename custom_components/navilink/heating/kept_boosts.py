"""The boosts of a heater as they are on the disk."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from homeassistant.util import dt as dt_util
import voluptuous as vol

from .boost import Boost, BoostEnd, Boosts, Change, Phase, Running, Setting

_TIME = vol.All(str, dt_util.parse_datetime, datetime)
_BOOST = vol.Schema(
    {
        vol.Required("id"): str,
        vol.Required("start"): _TIME,
        vol.Required("end"): _TIME,
        vol.Required("wanted"): {vol.Coerce(Setting): int},
        vol.Required("stop_when_hot"): bool,
        vol.Required("name"): str,
    }
)
_CHANGE = vol.Schema(
    {
        vol.Required("wanted"): int,
        vol.Required("before"): vol.Any(None, int),
        vol.Required("phase"): vol.All(str, lambda name: Phase[name]),
        vol.Required("was_ours"): bool,
        vol.Required("earlier"): vol.All([int], vol.Coerce(frozenset)),
    }
)
_RUNNING = vol.Schema(
    {
        vol.Required("boost"): _BOOST,
        vol.Required("changes"): {vol.Coerce(Setting): _CHANGE},
        vol.Required("ending"): vol.Any(None, vol.Coerce(BoostEnd)),
        vol.Required("restored"): {vol.Coerce(Setting): int},
    }
)
_HEATER = vol.Schema(
    {
        vol.Required("planned"): [_BOOST],
        vol.Required("running"): vol.Any(None, _RUNNING),
        vol.Required("starts"): [_TIME],
        vol.Optional("returning", default=dict): {vol.Coerce(Setting): _CHANGE},
        vol.Required("commands"): {str: vol.Coerce(Setting)},
    }
)
FILE = vol.Schema({str: _HEATER})


@dataclass(frozen=True, slots=True)
class KeptBoosts:
    """What is stored of one heater."""

    boosts: Boosts = field(default_factory=Boosts)
    commands: Mapping[str, Setting] = field(default_factory=dict)
    """The commands that boosts gave, by their ids."""

    def to_dict(self) -> dict[str, Any]:
        """Return JSON values only."""
        running = self.boosts.running
        return {
            "planned": [_boost_to_dict(boost) for boost in self.boosts.planned],
            "running": None if running is None else _running_to_dict(running),
            "starts": [start.isoformat() for start in self.boosts.starts],
            "returning": _changes_to_dict(self.boosts.returning),
            "commands": {command_id: setting.value for command_id, setting in self.commands.items()},
        }

    @classmethod
    def from_dict(cls, stored: Mapping[str, Any]) -> KeptBoosts:
        """Return what was stored, as `FILE` has checked it."""
        running = stored["running"]
        return cls(
            Boosts(
                planned=tuple(Boost(**each) for each in stored["planned"]),
                running=None if running is None else _running_from_dict(running),
                starts=tuple(stored["starts"]),
                returning=_changes_from_dict(stored["returning"]),
            ),
            stored["commands"],
        )


def _boost_to_dict(boost: Boost) -> dict[str, Any]:
    return {
        "id": boost.id,
        "start": boost.start.isoformat(),
        "end": boost.end.isoformat(),
        "wanted": {setting.value: value for setting, value in boost.wanted.items()},
        "stop_when_hot": boost.stop_when_hot,
        "name": boost.name,
    }


def _running_to_dict(running: Running) -> dict[str, Any]:
    return {
        "boost": _boost_to_dict(running.boost),
        "changes": _changes_to_dict(running.changes),
        "ending": running.ending,
        "restored": {setting.value: value for setting, value in running.restored.items()},
    }


def _running_from_dict(stored: Mapping[str, Any]) -> Running:
    return Running(
        boost=Boost(**stored["boost"]),
        changes=_changes_from_dict(stored["changes"]),
        ending=stored["ending"],
        restored=stored["restored"],
    )


def _changes_to_dict(changes: Mapping[Setting, Change]) -> dict[str, Any]:
    return {
        setting.value: {
            "wanted": change.wanted,
            "before": change.before,
            "phase": change.phase.name,
            "was_ours": change.was_ours,
            "earlier": sorted(change.earlier),
        }
        for setting, change in changes.items()
    }


def _changes_from_dict(stored: Mapping[Setting, Any]) -> dict[Setting, Change]:
    return {setting: Change(**change) for setting, change in stored.items()}
