"""The boosts of an account's heaters as they are on the disk."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, Self

from homeassistant.core import HomeAssistant
from homeassistant.helpers.storage import Store
from homeassistant.util import dt as dt_util
import voluptuous as vol

from ..const import DOMAIN, LOGGER
from ..kept_values import READ_ERRORS
from .boost import Boost, BoostEnd, Change, Phase, Return, Running, Setting
from .boosts import Boosts

_VERSION = 1


def _time(value: object) -> datetime:
    # What is compared with now has to know its time zone.
    moment = dt_util.parse_datetime(value) if isinstance(value, str) else None
    if moment is None or moment.tzinfo is None:
        raise vol.Invalid("expected a time with a time zone")
    return moment


def _in_order(boost: dict[str, Any]) -> dict[str, Any]:
    if boost["start"] >= boost["end"]:
        raise vol.Invalid("expected an end after the start")
    return boost


_NOT_EMPTY = vol.Length(min=1)
_BOOST = vol.All(
    {
        vol.Required("id"): str,
        vol.Required("start"): _time,
        vol.Required("end"): _time,
        vol.Required("wanted"): vol.All({vol.Coerce(Setting): int}, _NOT_EMPTY),
        vol.Required("stop_when_hot"): bool,
        vol.Required("name"): str,
    },
    _in_order,
)
_CHANGE = vol.Schema(
    {
        vol.Required("wanted"): int,
        vol.Required("before"): vol.Any(None, int),
        vol.Required("phase"): vol.All(vol.In([phase.name for phase in Phase]), lambda name: Phase[name]),
        vol.Required("was_ours"): bool,
        vol.Required("earlier"): vol.All([int], vol.Coerce(frozenset)),
        vol.Optional("over", default=list): vol.All([int], vol.Coerce(frozenset)),
    }
)
_RUNNING = vol.Schema(
    {
        vol.Required("boost"): _BOOST,
        vol.Required("changes"): vol.All({vol.Coerce(Setting): _CHANGE}, _NOT_EMPTY),
        vol.Required("ending"): vol.Any(None, vol.Coerce(BoostEnd)),
        vol.Required("restored"): {vol.Coerce(Setting): int},
    }
)
_RETURN = vol.Schema(
    {
        vol.Required("to"): int,
        vol.Required("boosted"): int,
        vol.Required("is_lost"): bool,
        vol.Required("repeats"): int,
        vol.Optional("again_at", default=None): vol.Any(None, _time),
        vol.Optional("is_boost_pending", default=False): bool,
    }
)
HEATER = vol.Schema(
    {
        vol.Required("planned"): [_BOOST],
        vol.Required("running"): vol.Any(None, _RUNNING),
        vol.Required("starts"): [_time],
        vol.Required("commands"): {str: vol.Coerce(Setting)},
        vol.Optional("returning", default=dict): {vol.Coerce(Setting): _RETURN},
        vol.Optional("returns", default=dict): {str: vol.Coerce(Setting)},
        vol.Optional("former", default=list): vol.All([str], vol.Coerce(frozenset)),
    }
)


@dataclass(frozen=True, slots=True)
class KeptBoosts:
    """What is stored of one heater."""

    boosts: Boosts = field(default_factory=Boosts)
    commands: Mapping[str, Setting] = field(default_factory=dict)
    """The commands that boosts gave, by their ids."""
    returns: Mapping[str, Setting] = field(default_factory=dict)
    """The commands that go back after boosts, by their ids."""
    former: frozenset[str] = frozenset()
    """Those of both of which nothing is expected any more, until they have an outcome."""

    @property
    def own(self) -> frozenset[str]:
        """The ids of all commands for boosts that may be without an outcome."""
        return self.former.union(self.commands, self.returns)

    def without_commands(self, settings: Collection[Setting]) -> Self:
        """Expect nothing more of the commands for some settings: what becomes of them does not count any more."""
        commands, returns = (
            {command_id: setting for command_id, setting in given.items() if setting not in settings}
            for given in (self.commands, self.returns)
        )
        return replace(self, commands=commands, returns=returns, former=self.own.difference(commands, returns))

    def without_former(self, command_ids: Iterable[str]) -> Self:
        """Forget commands that have an outcome by now."""
        return replace(self, former=self.former.difference(command_ids))

    def to_dict(self) -> dict[str, Any]:
        """Return JSON values only."""
        running = self.boosts.running
        return {
            "planned": [_boost_to_dict(boost) for boost in self.boosts.planned],
            "running": None if running is None else _running_to_dict(running),
            "starts": [start.isoformat() for start in self.boosts.starts],
            "commands": {command_id: setting.value for command_id, setting in self.commands.items()},
            "returning": {
                setting.value: {
                    "to": each.to,
                    "boosted": each.boosted,
                    "is_lost": each.is_lost,
                    "repeats": each.repeats,
                    "again_at": None if each.again_at is None else each.again_at.isoformat(),
                    "is_boost_pending": each.is_boost_pending,
                }
                for setting, each in self.boosts.returning.items()
            },
            "returns": {command_id: setting.value for command_id, setting in self.returns.items()},
            "former": sorted(self.former),
        }

    @classmethod
    def from_dict(cls, content: object) -> Self:
        """Read what `to_dict` wrote; raises `vol.Invalid` for anything else."""
        stored = HEATER(content)
        running = stored["running"]
        return cls(
            Boosts(
                planned=tuple(sorted((Boost(**each) for each in stored["planned"]), key=lambda boost: boost.start)),
                running=None if running is None else _running_from_dict(running),
                starts=tuple(stored["starts"]),
                returning={setting: Return(**each) for setting, each in stored["returning"].items()},
            ),
            stored["commands"],
            stored["returns"],
            stored["former"],
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
        "changes": {
            setting.value: {
                "wanted": change.wanted,
                "before": change.before,
                "phase": change.phase.name,
                "was_ours": change.was_ours,
                "earlier": sorted(change.earlier),
                "over": sorted(change.over),
            }
            for setting, change in running.changes.items()
        },
        "ending": running.ending,
        "restored": {setting.value: value for setting, value in running.restored.items()},
    }


def _running_from_dict(stored: Mapping[str, Any]) -> Running:
    changes = {setting: Change(**change) for setting, change in stored["changes"].items()}
    return Running(
        boost=Boost(**stored["boost"]), changes=changes, ending=stored["ending"], restored=stored["restored"]
    )


class BoostStore:
    """The file of the boosts, written as soon as one changes."""

    def __init__(self, hass: HomeAssistant, entry_id: str) -> None:
        """Name the file; nothing is read yet."""
        self._store: Store[dict[str, Any]] = Store(
            hass, _VERSION, f"{DOMAIN}.{entry_id}.boosts", private=True, atomic_writes=True
        )
        self._stored: dict[str, KeptBoosts] = {}
        """What is on the disk, or will be with the next writing."""

    async def async_load(self) -> dict[str, KeptBoosts]:
        """Read the boosts of each heater; what cannot be read is no boost any more, and those of other heaters are."""
        try:
            stored = dict(await self._store.async_load() or {})
        except READ_ERRORS as err:
            # Its text may contain values, so only its kind is logged.
            LOGGER.warning("Could not read the stored boosts, starting without: %s", type(err).__name__)
            return {}
        for mac_address, content in stored.items():
            try:
                self._stored[mac_address] = KeptBoosts.from_dict(content)
            except vol.Invalid as err:
                LOGGER.warning("Could not read the stored boosts of a water heater, starting without: %s", err)
        return dict(self._stored)

    async def async_save(self, mac_address: str, kept: KeptBoosts) -> None:
        """Write the boosts of a heater, and those of the others as they were."""
        self._stored[mac_address] = kept
        await self._store.async_save(
            {mac: each.to_dict() for mac, each in self._stored.items() if each != KeptBoosts()}
        )
