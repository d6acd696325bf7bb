"""What takes the place of parts of the product in a drill without its protection."""

from collections.abc import Iterable
import socket
from typing import Any
from weakref import WeakSet

import aiohappyeyeballs

from custom_components.navilink.heater import HeaterSnapshots
from custom_components.navilink.nwp500 import (
    AuthenticationError,
    CommandOutcome,
    CommandReason,
    CommandResult,
    Device,
    NavienAuthClient,
    NavienMqttClient,
    exceptions,
)
from custom_components.navilink.nwp500.exceptions import ApiConnectionError
from custom_components.navilink.nwp500.queue.confirmation import Confirmations
from custom_components.navilink.nwp500.queue.guard import CommandGuard
from custom_components.navilink.nwp500.queue.queue import CommandQueue, Displaced
from custom_components.navilink.nwp500.queue.registry import CommandRecord
from custom_components.navilink.nwp500.rest import service
from custom_components.navilink.nwp500.transport.base import Transport
from custom_components.navilink.nwp500.transport.connection import Connection
from custom_components.navilink.nwp500.transport.subscriptions import ConnectionSubscriptions

_read_answer = service._data  # noqa: SLF001 - as it is before it is taken out
_sign_in = NavienAuthClient._sign_in_with_password  # noqa: SLF001 - likewise
_signed_in: WeakSet[NavienAuthClient] = WeakSet()
_pause = CommandGuard.pause
_use = NavienMqttClient._use  # noqa: SLF001 - likewise
_make_on = ConnectionSubscriptions.make_on
_made: WeakSet[ConnectionSubscriptions] = WeakSet()
_start_connection = aiohappyeyeballs.start_connection


async def not_at_all(*_: object, **__: object) -> None:
    """Do not wait."""


def ended_unconfirmed(queue: CommandQueue) -> Displaced:
    """Send nothing again that was in flight."""
    in_flight = queue.in_flight
    for command in in_flight:
        queue.acknowledge(command.id)
    return Displaced(unrepeatable=in_flight)


def only_made_known(client: NavienMqttClient, device: Device) -> None:
    """Subscribe to a heater once, and not again while it is asked."""
    if client.last_message_at(device) is None:
        _use(client, device)


async def made_once(subscriptions: ConnectionSubscriptions, transport: Transport) -> None:
    """Make subscriptions on the first connection, and rely on the service for the next ones."""
    if subscriptions not in _made:
        _made.add(subscriptions)
        await _make_on(subscriptions, transport)


def updated_at_once(snapshots: HeaterSnapshots, mac_addresses: Iterable[str] = ()) -> None:
    """Update entities with each message."""
    for mac_address in mac_addresses:
        snapshots.call_back(mac_address)


def page_as_refusal(path: str, status: int, content: bytes) -> object:
    """Take any answer that cannot be read for a refusal."""
    try:
        return _read_answer(path, status, content)
    except exceptions.InvalidResponseError as error:
        raise AuthenticationError(str(error)) from error


def raised(_connection: Connection, error: Exception) -> None:
    """Let an attempt that failed be the end."""
    raise error


async def tokens_as_they_are(client: NavienAuthClient, _refused: object = None) -> object:
    """Renew no refused token."""
    return client.current_tokens


async def no_password(client: NavienAuthClient) -> None:
    """Sign in with the password once only."""
    if client in _signed_in:
        raise ApiConnectionError("no password is known")
    _signed_in.add(client)
    await _sign_in(client)


def confirmed_by_the_answer(confirmations: Confirmations, sent: CommandRecord) -> None:
    """Take a heater's answer for the effect."""
    registry = confirmations._registry  # noqa: SLF001 - in the place of its own method
    if registry.recall(sent):
        registry.complete(sent.command, CommandResult(CommandOutcome.CONFIRMED, CommandReason.ANSWERED))


def one_pause_for_all(guard: CommandGuard, _mac_address: str) -> float:
    """Hold the commands to every heater back while the first one is waited for."""
    return _pause(guard, "0478630a1b2c")


async def one_address_after_the_other(**members: Any) -> socket.socket:  # noqa: ANN401 - those of the function replaced
    """Try the next address of a name when the one before has failed."""
    return await _start_connection(**{**members, "happy_eyeballs_delay": None})
