"""What people and programs could enter into a form, or give to an action."""

from collections.abc import Callable, Mapping
import math
from random import Random

# Any kind of value, in any depth.
type Entered = dict[str, object]

NUMBERS: tuple[object, ...] = (
    *(0, -0.0, 1, -1, 7, 55, 98.6, 1e-9, 0.5, 99, 100, 1000, 65535, 65536),
    *(2**31, 2**53 + 1, 2**63, -(2**64), 10**15, 10**25, 10**310, 1e15, 1e300, -1e300),
    *(math.nan, math.inf, -math.inf, True, False),
)
TEXTS = (
    *("", " ", "0", "7", "-1", "55.5", "1e3", "1e400", "nan", "inf", "-Infinity", "0x10", "\u0667", "1_0", "9" * 5000),
    *("true", "off", "None", "null", "[]", "{}", "eco", "electric", "by_kind", "fixed", "never", "dhw-mode"),
    *(
        "'; DROP TABLE states; --",
        "<script>alert(1)</script>",
        "[a](javascript:b)",
        "**_`#",
        "{{ states('x') }}",
        "{0}",
    ),
    *("{value}", "%s%n", "$(id)", "../../etc/passwd", "\\\\host\\share", "C:\\", "=1+1", "\r\nSet-Cookie: a=b"),
    *("\x00", "\x1b[31m", "\u202e", "\u200b", "\ufeff", "\ud800", "\udfff\ud800", "\u00c5\u03a9\u6f22", "\U0001f321"),
    *("a" * 2001, "\u00e5" * 70_000, "x" * 1_000_000, "0478630a1b2c", "all", "none", "unknown"),
)
DURATIONS: tuple[object, ...] = (
    *("00:01", "1:2:3", "-0:00:05", "99999999999:00", "0:0:1e309", "0:0:nan", "-", ":", "::"),
    *({"days": 1e300}, {"days": 10**12}, {"seconds": math.nan}, {"hours": math.inf}, {"minutes": "5"}, {"days": "1e9"}),
    *({"days": True}, {"days": None}, {"days": -1}, {"weeks": 1}, {"milliseconds": 1e18}, {"days": 7, "minutes": 1}),
)
NESTED: tuple[object, ...] = (None, [], {}, [[]], {"": {}}, [None], [{}], {"x": [1]}, (1, 2), {1: 2}, b"bytes")


def junk(random: Random) -> object:
    """Return any value."""
    return random.choice(random.choice((NUMBERS, TEXTS, DURATIONS, NESTED)))


def entered(valid: Mapping[str, object], random: Random, special: Mapping[str, tuple[object, ...]]) -> Entered:
    """Return valid data with something wrong in one to three places; `special` has values to try by name."""
    # Copied, for what is nested is changed as well.
    data: Entered = {name: dict(value) if isinstance(value, dict) else value for name, value in valid.items()}
    for _ in range(random.choice((1, 1, 2, 3))):
        inner = [value for value in data.values() if isinstance(value, dict)]
        place = random.choice(inner) if inner and random.random() < 0.6 else data
        _change(place, random, special)
    return data


def _change(place: Entered, random: Random, special: Mapping[str, tuple[object, ...]]) -> None:
    name = random.choice([*place]) if place else "new"
    random.choice(_CHANGES)(place, name, random, special)


type _Special = Mapping[str, tuple[object, ...]]


def _replaced(place: Entered, name: str, random: Random, special: _Special) -> None:
    place[name] = random.choice(special[name]) if name in special and random.random() < 0.6 else junk(random)


def _removed(place: Entered, name: str, _random: Random, _special: _Special) -> None:
    place.pop(name, None)


def _added(place: Entered, _name: str, random: Random, _special: _Special) -> None:
    place[str(junk(random))[:100]] = junk(random)


def _wrapped(place: Entered, name: str, random: Random, _special: _Special) -> None:
    value = place.get(name)
    place[name] = random.choice(([value], {name: value}, (value,), [value, value]))


def _spoiled(place: Entered, name: str, random: Random, _special: _Special) -> None:
    text = str(place.get(name))
    cut = random.randrange(len(text) + 1)
    place[name] = text[:cut] + str(random.choice(TEXTS)) + text[cut:]


_CHANGES: tuple[Callable[[Entered, str, Random, _Special], None], ...] = (
    _replaced,
    _replaced,
    _replaced,
    _removed,
    _added,
    _wrapped,
    _spoiled,
)
