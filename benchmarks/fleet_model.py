"""100,000 homes after an outage of the whole service: `python -m benchmarks.fleet_model`.

The pauses are the client's own, drawn as a home without a command draws them: for each number of failed attempts those
of all homes, and from the twelfth on, when they grow no more, by chance from those of the twelfth. All homes lose the
connection in the same moment, and a refusal takes no time; both are the worst case for a return at once.
"""

import asyncio
from collections.abc import Sequence
from random import Random

from nwp500 import MqttConnectionConfig
from nwp500.transport.backoff import Pause

from .figures import Figure, at_most
from .report import run_alone
from .support.spread import busiest

HOMES = 100_000
ATTEMPTS = 12
"""From the fourth on, pauses grow no more."""
OUTAGES = (("1 s", 1.0), ("5 s", 5.0), ("10 s", 10.0), ("60 s", 60.0), ("1 h", 3600.0))
RENEWALS = 2
"""REST requests of a home whose sets of secrets have both expired: one for each (protocol.md 2.3)."""
PACKETS = 6
"""Of a home with one heater: a CONNECT, three SUBSCRIBEs and two requests, as `setup_cost` counts them."""
SPREAD_TARGET = 10.0
_SEED = 7

type Pauses = Sequence[Sequence[float]]
"""For each attempt since the loss, what every home waits before it."""


def drawn_pauses() -> Pauses:
    """Return pauses that the client itself has drawn, for each attempt those of all homes."""
    config = MqttConnectionConfig()
    return [
        [Pause.drawn(config, failures=failed, failed_attempts=failed).unhurried for _ in range(HOMES)]
        for failed in range(ATTEMPTS)
    ]


def played(pauses: Pauses, outage: float, random: Random) -> tuple[list[float], int]:
    """Return when each home is back, in seconds after the return of the service, and all attempts in vain."""
    back: list[float] = []
    in_vain = 0
    for home in range(HOMES):
        now, attempt = pauses[0][home], 0
        while now < outage:
            attempt += 1
            now += pauses[attempt][home] if attempt < ATTEMPTS else random.choice(pauses[-1])
        in_vain += attempt
        back.append(now - outage)
    return back, in_vain


async def measured() -> list[Figure]:
    """Play every outage."""
    pauses = await asyncio.to_thread(drawn_pauses)
    random = Random(_SEED)  # noqa: S311 - spread, not secrecy
    figures: list[Figure] = []
    for name, outage in OUTAGES:
        back, in_vain = played(pauses, outage, random)
        most = busiest(back)
        title = f"{HOMES:,} homes after {name} of outage"
        figures += [
            Figure(
                name=f"{title}: share of the busiest second of the return",
                value=100 * most / HOMES,
                unit="%",
                target=at_most(SPREAD_TARGET),
            ),
            Figure(name=f"{title}: CONNECTs in that second", value=most, unit="1/s"),
            Figure(name=f"{title}: the last is back after", value=max(back), unit="s"),
        ]
    # Of the last outage, the longest one.
    return [
        *figures,
        Figure(name=f"{title}: renewals of credentials in that second", value=RENEWALS * most, unit="1/s"),
        Figure(name=f"{title}: MQTT packets to the broker in that second", value=PACKETS * most, unit="1/s"),
        Figure(name=f"{title}: attempts in vain, mean rate", value=in_vain / outage, unit="1/s"),
    ]


if __name__ == "__main__":
    run_alone(measured)
