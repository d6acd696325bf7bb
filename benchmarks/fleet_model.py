"""100,000 homes after an outage of the whole service: `python -m benchmarks.fleet_model`.

The pauses are the client's own: connections as the client has them, over a transport that is lost and then refused, on
an event loop with virtual time, wait before each attempt as they do in a home. Each of the 100,000 draws its pauses
from those, by the number of the attempt. All homes lose the connection in the same moment, and a refusal takes no time;
both are the worst case for a return at once.
"""

import asyncio
from collections.abc import Sequence
from random import Random

from nwp500 import MqttConnectionConfig
from nwp500.transport.base import MessageListener, SigningCredentials, Transport
from nwp500.transport.connection import Connection, ConnectionListener
from tests.client.support.credentials import InventedCredentials
from tests.client.support.scripted_transport import ScriptedBroker
from tests.client.support.virtual_time import VirtualTimeLoop

from .figures import Figure, at_most
from .report import run_alone
from .support.spread import busiest

HOMES = 100_000
SAMPLED_HOMES = 400
ATTEMPTS = 12
"""From the eighth on, pauses grow no more."""
STEADY_SECONDS = 60.0
"""A connection that held so long starts its pauses from the beginning."""
OUTAGES = (("1 s", 1.5), ("10 s", 10.0), ("1 h", 3600.0))
"""Of the broker, just over what the name says where a pause would otherwise end in the same moment."""
RENEWALS = 2
"""REST requests of a home whose sets of secrets have both expired: one for each (protocol.md 2.3)."""
PACKETS = 6
"""Of a home with one heater: a CONNECT, three SUBSCRIBEs and two requests, as `setup_cost` counts them."""
SPREAD_TARGET = 10.0
_SEED = 7

type Pauses = Sequence[Sequence[float]]
"""For each attempt since the loss, what was waited before it."""


class _Home:
    """One connection of the client, and when it made its attempts."""

    def __init__(self) -> None:
        self.attempts: list[float] = []
        self._broker = ScriptedBroker()
        self._connection = Connection(
            MqttConnectionConfig(),
            InventedCredentials(),
            self._make_transport,
            lambda _topic, _body: None,
            ConnectionListener(
                on_connected=lambda _transport, _is_awaited: None,
                on_disconnected=lambda _: None,
                on_refused=lambda _: None,
                on_changed=lambda _: None,
            ),
            is_urgent=lambda: False,
        )

    async def _make_transport(self, credentials: SigningCredentials, on_message: MessageListener) -> Transport:
        self.attempts.append(asyncio.get_running_loop().time())
        return await self._broker.make_transport(credentials, on_message)

    async def pauses(self) -> list[float]:
        """Hold a connection, lose it for good, and return the pauses of the attempts that follow."""
        await self._connection.connect(wait=True)
        await asyncio.sleep(STEADY_SECONDS)
        self._broker.refuses_connections = True
        self.attempts = [asyncio.get_running_loop().time()]
        self._broker.transport.lost.set_result("outage")
        while len(self.attempts) <= ATTEMPTS:  # noqa: ASYNC110 - in virtual time
            await asyncio.sleep(1)
        await self._connection.close()
        return [later - earlier for earlier, later in zip(self.attempts, self.attempts[1:], strict=False)][:ATTEMPTS]


async def _sampled() -> Pauses:
    homes = await asyncio.gather(*(_Home().pauses() for _ in range(SAMPLED_HOMES)))
    return list(zip(*homes, strict=True))


def sampled_pauses() -> Pauses:
    """Return the pauses that connections of the client have made, on an event loop of their own."""
    loop = VirtualTimeLoop()
    try:
        return loop.run_until_complete(_sampled())
    finally:
        loop.close()


def played(pauses: Pauses, outage: float, random: Random) -> tuple[list[float], int]:
    """Return when each home is back, in seconds after the return of the service, and all attempts in vain."""
    back: list[float] = []
    in_vain = 0
    for _ in range(HOMES):
        now, attempt = 0.0, 0
        while (now := now + random.choice(pauses[min(attempt, ATTEMPTS - 1)])) < outage:
            attempt += 1
        in_vain += attempt
        back.append(now - outage)
    return back, in_vain


async def measured() -> list[Figure]:
    """Play every outage."""
    pauses = await asyncio.to_thread(sampled_pauses)
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
