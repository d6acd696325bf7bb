"""Messages as any client of the account could publish them: any content on any topic."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from random import Random

from tests.client.support.fuzz_heater_kinds import HEATER_KINDS
from tests.client.support.fuzz_kinds import Kind
from tests.client.support.mutations import Mutations

OTHER_LEVELS = ("", "cmd", "evt", "res", "52", "0", "navilink-", "navilink-0478630a1b2d", "#", "+", "$aws", "ctrl-fail")
ODD_LEVELS = ("navilink-" + "0" * 250, "\u00c5\u6f22\U0001f321", "\u202e", "0478630a1b2c", "..", "%2f", "connection")


@dataclass(frozen=True, slots=True)
class Delivery:
    """One message, as the transport hands it over."""

    topic: str
    body: bytes


@dataclass(slots=True)
class Deliveries:
    """Messages by their numbers."""

    _mutations: dict[str, Mutations] = field(init=False)
    _random: Random = field(init=False)

    def __post_init__(self) -> None:
        self._random = Random()  # noqa: S311 - repeatable, not secret
        self._mutations = {kind.name: Mutations(kind.document, seed=f"delivered {kind.name}") for kind in HEATER_KINDS}

    def case(self, number: int, sessions: Sequence[str]) -> Delivery:
        """Make one message, in half of the cases with a session in which somebody waits for an answer."""
        random = self._random
        random.seed(f"delivery {number}")
        kind = random.choice(HEATER_KINDS)
        body = self._mutations[kind.name].case(number).body
        recorded = kind.document.get("sessionID")
        if isinstance(recorded, str) and recorded and random.random() < 0.5:
            body = body.replace(recorded.encode(), random.choice(sessions).encode())
        return Delivery(self._topic(kind), body)

    def _topic(self, kind: Kind) -> str:
        assert kind.topic is not None
        choice = self._random.random()
        if choice < 0.6:
            return kind.topic
        other = self._random.choice(HEATER_KINDS).topic or ""
        return other if choice < 0.8 else self._odd(other)

    def _odd(self, topic: str) -> str:
        levels = topic.split("/")
        for _ in range(self._random.randint(1, 3)):
            place = self._random.randrange(len(levels) + 1)
            instead = [self._random.choice((*OTHER_LEVELS, *ODD_LEVELS)) for _ in range(self._random.randint(0, 2))]
            levels[place : place + self._random.randint(0, 2)] = instead
        return "/".join(levels)
