"""Puts the cloud together: account, heaters, REST service and MQTT broker, and the time in which they live."""

import asyncio
from collections.abc import Sequence
from contextlib import suppress
from email.utils import formatdate
from pathlib import Path
import ssl
import time
from zoneinfo import ZoneInfo

from aiohttp import hdrs, web

from .answers.dispatch import Dispatcher
from .answers.messages import HEATER_TOPIC, device_connection
from .common.certificates import make_server_certificate
from .common.clock import Clock
from .common.reading import BadRequestError
from .common.sigv4 import AwsCredentials
from .heater.heater import Heater
from .heater.household import HOUSEHOLDS, LIVED
from .heater.registration import Identity
from .mqtt.broker import Broker
from .mqtt.session import ReceivedMessage
from .options import Options
from .rest.accounts import Accounts
from .rest.api import BASE_PATH, RestApi
from .rest.endpoints import ENDPOINTS
from .vendor_app import VendorApp

_TICK = 0.2  # real seconds between two looks at the heaters
_SHUTDOWN_TIMEOUT = 1.0


class Cloud:
    """A running cloud, its certificates in `directory`. `reset` makes everything anew at the same addresses."""

    def __init__(self, options: Options, directory: Path) -> None:
        self.options = options
        self._started_with = options
        self.certificate = make_server_certificate(directory)
        self._rest_server = web.ServerRunner(
            web.Server(self._handle_rest, access_log=None), shutdown_timeout=_SHUTDOWN_TIMEOUT
        )
        self.mqtt_port = options.mqtt_port
        self._tasks: list[asyncio.Task[None]] = []
        self.service_clock_offset = 0.0
        self.broker = Broker(
            self.certificate.ssl_context,
            credentials=self._find_credentials,
            on_publish=self._handle_message,
            permits=self._permits,
            now=self.service_time,
        )
        self._furnish()

    def _furnish(self) -> None:
        options = self.options
        self.clock = Clock(options.speed)
        self.push_interval = options.push_interval
        self.accounts = Accounts(options, self.service_time)
        self.heaters: dict[str, Heater] = {}
        for number in range(options.heaters):
            self.add_heater(online=number < options.heaters - options.offline_heaters)
        self.rest = RestApi(self.accounts, self.heaters, ENDPOINTS, foreign_device=options.foreign_device)
        self.dispatcher = Dispatcher(
            self.heaters, self.broker.service.publish, self.clock.now, reply_delay=options.reply_delay
        )
        self.vendor_app = VendorApp(self.heaters, self.broker.service.publish, self.dispatcher.handle)

    @property
    def api_url(self) -> str:
        """Base URL of the REST service while it runs."""
        return f"http://{self.options.host}:{self._rest_server.addresses[0][1]}{BASE_PATH}"

    def service_time(self) -> float:
        """By which the service judges signatures and credentials: Unix time, unless its clock is wrong."""
        return time.time() + self.service_clock_offset

    async def start(self) -> None:
        """Open the ports."""
        await self._rest_server.setup()
        await web.TCPSite(self._rest_server, self.options.host, self.options.rest_port).start()
        self.mqtt_port = await self.broker.start(self.options.host, self.mqtt_port)
        self._start_tasks()

    async def stop(self) -> None:
        """End everything that runs."""
        await self.broker.stop()
        await self._rest_server.cleanup()
        await self._stop_tasks()

    async def reset(self, arguments: Sequence[str] = ()) -> None:
        """Begin afresh as if started again, with other options if there are command line `arguments`.

        Addresses and account are the same; nothing else is kept, and no credential holds any more.
        """
        self.options = self._started_with.changed(arguments)
        await self._stop_tasks()
        self.broker.reset()
        self.service_clock_offset = 0.0
        self.limit_tls(None)
        self._furnish()
        self._start_tasks()

    def limit_tls(self, newest: ssl.TLSVersion | None) -> None:
        """Limit the broker to this version of TLS; `None`: those that a server should."""
        certificate = self.certificate
        context = certificate.ssl_context if newest is None else certificate.outdated_context(newest)
        self.broker.listener.ssl_context = context

    def advance_heaters(self) -> None:
        """Let the heaters live up to now."""
        now = self.clock.now()
        for heater in self.heaters.values():
            heater.advance(now)

    def add_heater(self, *, online: bool = True) -> None:
        """Let the owner have one heater more, as from the factory or as people have it who live with it."""
        number, household = len(self.heaters), self.options.household
        heater = Heater(
            identity=Identity.of_number(number),
            now=self.clock.now() - (LIVED if household else 0.0),
            zone=ZoneInfo(self.options.time_zone),
            past_days=self.options.past_days,
            online=online,
        )
        if household:
            HOUSEHOLDS[number % len(HOUSEHOLDS)].move_in(heater)
        heater.faults.minimum_control_interval = self.options.control_interval
        self.heaters[heater.identity.mac_address] = heater

    def heater(self, mac_address: object) -> Heater:
        """Find a heater, or raise BadRequestError."""
        if not isinstance(mac_address, str) or mac_address not in self.heaters:
            raise BadRequestError(f"there is no heater {mac_address}")
        return self.heaters[mac_address]

    def connect_heater(self, heater: Heater, *, online: bool) -> None:
        """Connect a heater to the cloud, if it has power, or cut it off; subscribers are notified."""
        online = online and heater.powered
        if heater.online is online:
            return
        heater.online = online
        heater.session_number += online
        event = device_connection(heater)
        self.broker.service.publish(event.topic, event.payload)

    def _start_tasks(self) -> None:
        self._tasks = [asyncio.create_task(self.dispatcher.run()), asyncio.create_task(self._tick())]

    async def _stop_tasks(self) -> None:
        tasks, self._tasks = self._tasks, []
        for task in tasks:
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task

    async def _tick(self) -> None:
        pushed_at = time.monotonic()
        while True:
            await asyncio.sleep(_TICK)
            self.advance_heaters()
            self.vendor_app.look()
            if self.push_interval is not None and time.monotonic() - pushed_at >= self.push_interval:
                pushed_at = time.monotonic()
                self.dispatcher.push_status({connection["client_id"] for connection in self.broker.service.connections})

    def _permits(self, topic: str) -> bool:
        """Whether the account may use a topic or a filter: those of a heater only while it has that one."""
        match = HEATER_TOPIC.fullmatch(topic)
        if match is None:
            return True
        heater = self.heaters.get(match["mac"])
        return heater is not None and heater.registration.in_account

    # Accounts and dispatcher are made anew by each reset, the broker goes on.

    def _find_credentials(self, access_key_id: str) -> AwsCredentials | None:
        return self.accounts.aws.get(access_key_id)

    def _handle_message(self, message: ReceivedMessage) -> None:
        self.dispatcher.handle(message)

    async def _handle_rest(self, request: web.BaseRequest) -> web.StreamResponse:
        response = await self.rest.handle(request)
        response.headers[hdrs.DATE] = formatdate(self.service_time(), usegmt=True)
        return response
