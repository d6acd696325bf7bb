"""Carries requests from the broker to the heaters and their replies back, in order and after a delay."""

import asyncio
from collections.abc import Callable, Collection, Mapping

from ..common.clock import DelayLine
from ..common.reading import BadRequestError
from ..heater.heater import Heater
from ..mqtt.session import ReceivedMessage
from ..state import IgnoredState
from .answers import answer, send_status
from .messages import REQUEST_TOPIC, Reply, Request, parse

type Publish = Callable[[str, bytes], None]


class Dispatcher:
    """Hands each message to the heater it is for. `run` must be running for replies to leave."""

    def __init__(
        self, heaters: Mapping[str, Heater], publish: Publish, now: Callable[[], float], *, reply_delay: float
    ) -> None:
        self.ignored: list[IgnoredState] = []
        self.reply_delay = reply_delay
        self._heaters = heaters
        self._publish = publish
        self._now = now
        self._outgoing = DelayLine(self._deliver)
        self._late: list[asyncio.TimerHandle] = []
        self._last_requests: dict[tuple[str, str], Request] = {}

    def handle(self, message: ReceivedMessage) -> None:
        """Take a message that reached the broker; what is no request of a heater is left alone."""
        match = REQUEST_TOPIC.fullmatch(message.topic)
        if match is None:
            return
        try:
            self._answer(match["mac"], message)
        except BadRequestError as err:
            self.ignored.append({"sequence": message.sequence, "reason": str(err)})

    def push_status(self, connected: Collection[str]) -> None:
        """Send status unasked to every connected client that has asked a heater before (protocol.md 4.5)."""
        for (mac_address, client_id), request in self._last_requests.items():
            heater = self._heaters[mac_address]
            if client_id in connected and heater.online:
                self._send(heater, send_status(heater, request))

    async def run(self) -> None:
        """Publish each reply when its delay is over, until canceled."""
        try:
            await self._outgoing.run()
        finally:
            for late in self._late:
                late.cancel()

    def _answer(self, mac_address: str, message: ReceivedMessage) -> None:
        heater = self._heaters.get(mac_address)
        if heater is None:
            raise BadRequestError("there is no such heater")
        if not heater.online:
            raise BadRequestError("the heater is offline")
        request = parse(message.topic, message.payload, heater.identity)
        heater.advance(self._now())
        self._send(heater, answer(heater, request))
        if request.suffix == "st":
            self._last_requests[mac_address, message.client_id] = request

    def _send(self, heater: Heater, replies: tuple[Reply, ...]) -> None:
        faults, late_at = heater.faults, self.reply_delay + heater.faults.late_by
        for reply in replies:
            is_late = faults.upcoming.due("late_reply")
            if is_late:
                loop = asyncio.get_running_loop()
                self._late.append(loop.call_later(late_at, self._publish, reply.topic, reply.payload))
            if faults.in_time_too or not is_late:
                self._outgoing.put(reply, self.reply_delay)

    async def _deliver(self, reply: Reply) -> None:
        self._publish(reply.topic, reply.payload)
