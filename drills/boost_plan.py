"""What happens in a month of boosts, made up by chance before it begins: one seed gives one plan."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from random import Random

MINUTE, HOUR, DAY = 60.0, 3600.0, 86400.0

TEMPERATURE, MODE = "dhwTemperatureSetting", "dhwOperationSetting"
OFF, VACATION = 6, 5
BOOSTED: Mapping[str, Sequence[int]] = {TEMPERATURE: (116, 118, 120, 122, 124), MODE: (2, 4)}
"""What boosts set: nobody else sets these, so that what a heater has shows who has set it."""
CHOSEN: Mapping[str, Sequence[int]] = {TEMPERATURE: tuple(range(86, 111)), MODE: (1, 3)}
"""What people set, one after the other, so that an older setting is not the present one by chance."""

type Steps = Sequence[tuple[str, Mapping[str, object]]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Trouble:
    """Something that goes wrong for a while."""

    name: str
    begin: Steps
    end: Steps = ()
    shortest: float = 0.0
    longest: float = 0.0
    is_of_heater: bool = True
    """Not of the connection."""
    is_silent: bool = False
    """Whether the heater does not answer, though there is a connection."""
    is_away: bool = True
    """Whether no command reaches the heater."""
    excuses: bool = True
    """Whether nothing can end in time, because no command has an effect."""
    excused_for: float = 0.0
    """Seconds after its end: a heater that ignores a lot is tried again only every hour."""


_UP: Steps = (("mqtt_up", {}),)
_OF_CONNECTION: Sequence[Trouble] = (
    Trouble(name="cut", is_of_heater=False, begin=(("cut", {"fin": False}),)),
    Trouble(
        name="broker down",
        is_of_heater=False,
        begin=(("mqtt_down", {}),),
        end=_UP,
        shortest=30,
        longest=20 * MINUTE,
    ),
    Trouble(
        name="broker down for hours",
        is_of_heater=False,
        begin=(("mqtt_down", {}),),
        end=_UP,
        shortest=HOUR,
        longest=6 * HOUR,
    ),
    Trouble(
        name="router reboot",
        is_of_heater=False,
        begin=(("blackhole", {}),),
        end=_UP,
        shortest=60,
        longest=300,
        is_silent=True,
    ),
    Trouble(
        name="delivers nothing",
        is_of_heater=False,
        begin=(("withhold", {"what": "deliveries"}),),
        end=_UP,
        shortest=60,
        longest=300,
        is_silent=True,
        is_away=False,
    ),
)
_OF_HEATER: Sequence[Trouble] = (
    Trouble(
        name="heater offline",
        begin=(("device_offline", {}),),
        end=(("device_offline", {"on": False}),),
        shortest=MINUTE,
        longest=2 * HOUR,
        is_silent=True,
    ),
    Trouble(
        name="power cut",
        begin=(("power_cut", {}),),
        end=(("power_cut", {"on": False}),),
        shortest=MINUTE,
        longest=30 * MINUTE,
        is_silent=True,
    ),
    Trouble(
        name="refuses everything as too soon",
        begin=(("ctrl_fail", {"count": 100_000, "code": 2}),),
        end=(("ctrl_fail", {"count": 0, "code": 2}),),
        shortest=MINUTE,
        longest=8 * MINUTE,
        is_away=False,
    ),
    Trouble(
        name="refuses everything",
        begin=(("ctrl_fail", {"count": 100_000, "code": 3}),),
        end=(("ctrl_fail", {"count": 0, "code": 3}),),
        shortest=MINUTE,
        longest=8 * MINUTE,
        is_away=False,
    ),
    Trouble(
        name="ignores everything",
        begin=(("ignore_write", {"count": 100_000}),),
        end=(("ignore_write", {"count": 0}),),
        shortest=20,
        longest=8 * MINUTE,
        is_away=False,
    ),
    Trouble(
        name="ignores everything for long",
        begin=(("ignore_write", {"count": 100_000}),),
        end=(("ignore_write", {"count": 0}),),
        shortest=30 * MINUTE,
        longest=90 * MINUTE,
        is_away=False,
        excused_for=HOUR + 5 * MINUTE,
    ),
)
_ONCE: Sequence[Trouble] = tuple(
    Trouble(name=name, begin=(step,), is_away=False, excuses=False)
    for name, step in (
        ("ignores a write", ("ignore_write", {"count": 1})),
        ("refuses twice as too soon", ("ctrl_fail", {"count": 2, "code": 2})),
        ("refuses once", ("ctrl_fail", {"count": 1, "code": 3})),
        ("does not answer a control", ("silent", {"suffix": "ctrl", "count": 1})),
    )
)
EVERY_TROUBLE: Sequence[Trouble] = (*_OF_CONNECTION, *_OF_HEATER, *_ONCE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Boosting:
    """A boost is asked for."""

    wanted: Mapping[str, int]
    starts_in: float
    """Seconds from now; 0 for now."""
    lasts: float
    stop_when_hot: bool = False


@dataclass(frozen=True, slots=True)
class Canceling:
    """The active boost is ended."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """Somebody sets something."""

    member: str
    value: int
    where: str
    """`panel`, `app` or `home assistant`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Restarting:
    """Home Assistant, or the account in it, stops and starts."""

    how: str
    """`reload`, `restart` or `kill`."""
    off_for: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Beginning:
    """Something begins to go wrong."""

    trouble: Trouble


@dataclass(frozen=True, slots=True, kw_only=True)
class Ending:
    """It ends."""

    trouble: Trouble


@dataclass(frozen=True, slots=True)
class Looking:
    """Nothing happens by this plan, but Home Assistant is to do something by itself."""


type Event = Boosting | Canceling | Setting | Restarting | Beginning | Ending | Looking
type Planned = tuple[float, Event]


def plan(seed: int, days: float) -> list[Planned]:
    """Make a plan: what happens, and at which second."""
    seconds = days * DAY
    boosts = list(_boosts(_chance(seed, "boosts"), seconds))
    turns = [at for at, boost in boosts for at in _turns(at, boost)]
    events: list[Planned] = [*boosts, *((at, Looking()) for at in turns)]
    near = partial(_near, turns)
    chance = _chance(seed, "canceling")
    events += [(at + chance.uniform(0, boost.starts_in + boost.lasts), Canceling()) for at, boost in boosts[::6]]
    events += _settings(_chance(seed, "people"), seconds, near)
    for name, troubles, pause in (
        ("connection", _OF_CONNECTION, 8 * HOUR),
        ("heater", _OF_HEATER, 12 * HOUR),
        ("once", _ONCE, 6 * HOUR),
    ):
        events += _troubles(_chance(seed, name), seconds, troubles, pause, near)
    events += _restarts(_chance(seed, "restarts"), seconds, near)
    return sorted((event for event in events if event[0] < seconds), key=lambda event: event[0])


def _chance(seed: int, name: str) -> Random:
    return Random(f"{seed} {name}")  # noqa: S311 - a drill's, to be repeated


def _moments(chance: Random, seconds: float, pause: float) -> Iterator[float]:
    at = chance.expovariate(1 / pause)
    while at < seconds:
        yield at
        at += chance.expovariate(1 / pause)


def _near(turns: Sequence[float], chance: Random, at: float) -> float:
    """Move every second moment to where a boost begins or ends: there it matters."""
    if not turns or chance.random() < 0.5:  # noqa: PLR2004 - half of them
        return at
    return max(0.0, min(turns, key=lambda turn: abs(turn - at)) + chance.uniform(-90, 30))


def _boosts(chance: Random, seconds: float) -> Iterator[tuple[float, Boosting]]:
    for at in _moments(chance, seconds, 3 * HOUR):
        members = chance.choices(((TEMPERATURE,), (MODE,), (TEMPERATURE, MODE)), (5, 2, 3))[0]
        yield (
            at,
            Boosting(
                wanted={member: chance.choice(BOOSTED[member]) for member in members},
                starts_in=chance.choice((0.0, 0.0, chance.uniform(5 * MINUTE, 6 * HOUR))),
                lasts=30 * MINUTE + chance.expovariate(1 / HOUR) % (6 * HOUR),
                stop_when_hot=chance.random() < 0.1,  # noqa: PLR2004 - one in ten
            ),
        )


def _turns(at: float, boost: Boosting) -> tuple[float, float]:
    return at + boost.starts_in, at + boost.starts_in + boost.lasts


def _settings(chance: Random, seconds: float, near: partial[float]) -> Iterator[Planned]:
    for number, at in enumerate(_moments(chance, seconds, 3 * HOUR)):
        where = chance.choice(("panel", "app", "home assistant"))
        moment = near(chance, at)
        if chance.random() < 0.12:  # noqa: PLR2004 - a person turns it off or goes away every day
            yield moment, Setting(member=MODE, value=chance.choice((OFF, VACATION)), where=where)
            moment += chance.uniform(2 * MINUTE, 4 * HOUR)
            yield moment, Setting(member=MODE, value=chance.choice(CHOSEN[MODE]), where=where)
            continue
        member = chance.choice((TEMPERATURE, TEMPERATURE, MODE))
        values = CHOSEN[member]
        value = values[number % len(values)] if member == TEMPERATURE else chance.choice(values)
        yield moment, Setting(member=member, value=value, where=where)


def _troubles(
    chance: Random, seconds: float, troubles: Sequence[Trouble], pause: float, near: partial[float]
) -> Iterator[Planned]:
    """Give troubles of a kind, one at a time."""
    free_from = 0.0
    for at in _moments(chance, seconds, pause):
        trouble, moment = chance.choice(troubles), near(chance, at)
        ends = moment + chance.uniform(trouble.shortest, trouble.longest)
        if moment < free_from:
            continue
        free_from = ends + MINUTE
        yield moment, Beginning(trouble=trouble)
        yield ends, Ending(trouble=trouble)


def _restarts(chance: Random, seconds: float, near: partial[float]) -> Iterator[Planned]:
    for at in _moments(chance, seconds, 12 * HOUR):
        how = chance.choice(("reload", "restart", "kill"))
        off_for = 0.0 if how == "reload" else chance.choice((0.0, 20.0, chance.uniform(MINUTE, 5 * HOUR)))
        moment = near(chance, at)
        yield moment, Restarting(how=how, off_for=off_for)
        yield moment + off_for, Looking()
