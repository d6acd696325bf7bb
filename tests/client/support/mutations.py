"""Messages with something wrong in them: one seeded source of everything that a wire can do to JSON."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
import json
import math
from random import Random
from typing import Any

from tests.client.support.fuzz_wire import damaged

type Path = tuple[str | int, ...]
"""Where in a document: names in objects, numbers in lists."""

SMALL_NUMBERS = (0, -1, 1, 2, 255, 256, 0.5, -2.5, 3.0)
BIG_NUMBERS = (2**31, -(2**31), 10**15, -(10**15), 2**53 + 1, 2**63, -(2**64), 10**25, 10**400, 1e308)
NUMBERS = (*SMALL_NUMBERS, *BIG_NUMBERS)
NOT_NUMBERS = (math.nan, math.inf, -math.inf)
TEXTS = ("", "2", "NaN", "0478630a1b2c", "ÅΩ漢字", "\U0001f321", "\x00", "\ud800", "a" * 300, "\u202e", "{}")
DAMAGED = 0.15
"""The part of the cases that is damaged as text, besides."""
OTHERS: tuple[object, ...] = (None, True, False, [], {}, [[[[]]]], {"": {"": None}})


@dataclass(frozen=True, slots=True)
class Mutated:
    """A message as it goes over the wire, and what is wrong with it."""

    body: bytes
    touched: tuple[Path, ...]
    """What was changed or taken away; everything beside, above and below it may be another thing now, nothing else."""
    is_whole: bool
    """Whether it is still JSON from end to end."""


@dataclass(slots=True)
class Mutations:
    """Mutations of one document, at any depth; seed and number decide what a case is, so that it can be repeated."""

    document: object
    seed: str
    _random: Random = field(init=False)
    _paths: list[Path] = field(init=False)

    def __post_init__(self) -> None:
        self._random = Random()  # noqa: S311 - repeatable, not secret
        self._paths = list(_paths_in(self.document))

    def take(self, count: int) -> Iterator[Mutated]:
        """Make the first cases, that many."""
        return map(self.case, range(count))

    def case(self, number: int) -> Mutated:
        """Make one case, the same one whatever was made before."""
        self._random.seed(f"{self.seed} {number}")
        return self._mutated()

    def _mutated(self) -> Mutated:
        document, touched = self.document, []
        for _ in range(self._random.choice((1, 1, 1, 2, 3))):
            path = self._path()
            mutate = self._random.choice((_removed, self._retyped, self._wrapped, self._misplaced, self._grown))
            try:
                document = _changed(document, path, mutate)
            except LookupError, TypeError:
                # What an earlier mutation left has no such place any more.
                continue
            # Whatever follows in a list moves up when something is taken away.
            touched.append(path[:-1] if mutate is _removed and isinstance(path[-1], int) else path)
        text = json.dumps(document, ensure_ascii=self._random.random() < 0.5)
        body = text.encode(errors="surrogatepass")
        if self._random.random() < DAMAGED:
            return Mutated(damaged(body, self._random), tuple(touched), is_whole=False)
        return Mutated(body, tuple(touched), is_whole=True)

    def _path(self) -> Path:
        """Choose a place: mostly any, sometimes one near the top, which a big message would hardly ever show."""
        path = self._random.choice(self._paths)
        return path[: self._random.randint(1, len(path))] if self._random.random() < 0.2 else path

    def _junk(self) -> object:
        return self._random.choice(self._random.choice((NUMBERS, NOT_NUMBERS, TEXTS, OTHERS)))

    def _retyped(self, _value: object) -> object:
        return self._junk()

    def _wrapped(self, value: object) -> object:
        return self._random.choice(([value], {"value": value}, [[value, value]]))

    def _misplaced(self, _value: object) -> object:
        """Put something there that belongs elsewhere."""
        return _found(self.document, self._random.choice(self._paths))

    def _grown(self, value: object) -> object:
        """Give an object a member that nobody knows; anything else becomes junk."""
        if isinstance(value, dict):
            return {**value, f"new{self._random.choice(TEXTS)}": self._junk()}
        return self._junk()


def _removed(_value: object) -> object:
    """Stand for taking away; `_changed` knows it by itself."""
    raise AssertionError


def _changed(document: object, path: Path, mutate: Callable[[object], object]) -> object:
    """Return the document with one place changed; the original stays as it is."""
    if not isinstance(document, dict | list):
        raise TypeError(document)
    step, *rest = path
    # Any: an object or a list, and a step that fits it or raises.
    changed: Any = document.copy()
    if rest:
        changed[step] = _changed(changed[step], tuple(rest), mutate)
    elif mutate is _removed:
        del changed[step]
    else:
        changed[step] = mutate(changed[step])
    return changed


def _paths_in(document: object, path: Path = ()) -> Iterator[Path]:
    """Every place in a document but the document itself."""
    if path:
        yield path
    inner: Iterable[tuple[str | int, object]] = ()
    if isinstance(document, dict):
        inner = document.items()
    elif isinstance(document, list):
        inner = enumerate(document)
    for step, value in inner:
        yield from _paths_in(value, (*path, step))


def _found(document: object, path: Path) -> object:
    # Any: decoded JSON.
    found: Any = document
    for step in path:
        found = found[step]
    return found


def overlap(one: Path, other: Path) -> bool:
    """Return whether one of two places is inside the other, or they are the same."""
    shorter = min(len(one), len(other))
    return one[:shorter] == other[:shorter]
