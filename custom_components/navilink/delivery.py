"""Commands on behalf of an action: how long it waits, and which error it raises."""

import asyncio
from collections.abc import Callable

from homeassistant.core import HomeAssistant, callback
from homeassistant.exceptions import HomeAssistantError

from .const import DOMAIN
from .coordinator import NavilinkCoordinator
from .errors import to_home_assistant_error
from .nwp500 import (
    CommandCompleted,
    CommandOutcome,
    Device,
    HeaterCommand,
    NavienError,
    NavienMqttClient,
    QueuedCommand,
    watched,
)
from .wording import command_words, reason_words

# Seconds that an action waits for the heater.
OUTCOME_TIME = 10.0

# The other outcomes are no errors: confirmed, replaced by something newer, or removed on request.
ERROR_OF_OUTCOME = {
    CommandOutcome.REJECTED: "command_rejected",
    CommandOutcome.HELD: "command_held",
    CommandOutcome.UNCONFIRMED: "command_unconfirmed",
    CommandOutcome.EXPIRED: "command_expired",
    CommandOutcome.DROPPED: "command_dropped",
    CommandOutcome.FAILED: "command_failed",
}


async def async_deliver(
    coordinator: NavilinkCoordinator,
    device: Device,
    *commands: HeaterCommand,
    on_submitted: Callable[[], None] | None = None,
) -> None:
    """Send commands to a heater, in order, and return once they are completed, or stored until a connection is there.

    Raises `ServiceValidationError` for what the heater would not accept, `HomeAssistantError` for what failed, or is
    not confirmed in time.
    """
    hass = coordinator.hass
    given = await _async_give(hass, coordinator.client, device, commands)
    if on_submitted is not None:
        on_submitted()
    outcomes = [coordinator.outcomes.future(command.id) for command in given]
    was_reachable = await _async_wait(coordinator, device, outcomes)
    if not all(outcome.done() for outcome in outcomes):
        # From now on the commands outlive this process.
        await coordinator.store.async_saved()
    for command, outcome in zip(given, outcomes, strict=True):
        if outcome.cancelled():
            # The account is being unloaded; the command is stored.
            continue
        if outcome.done():
            _raise_for(hass, outcome.result())
        elif was_reachable:
            raise HomeAssistantError(
                translation_domain=DOMAIN,
                translation_key="command_not_completed",
                translation_placeholders=_about(hass, command),
            )
        elif coordinator.store.has_failed:
            raise HomeAssistantError(
                translation_domain=DOMAIN,
                translation_key="command_not_stored",
                translation_placeholders=_about(hass, command),
            )


async def _async_give(
    hass: HomeAssistant, client: NavienMqttClient, device: Device, commands: tuple[HeaterCommand, ...]
) -> list[QueuedCommand]:
    """Check all commands of an action, then submit them: it is carried out as a whole or not at all."""
    try:
        for command in commands:
            command.control.checked(command.parameters, client.feature(device))
        return [(await client.submit(command)).command for command in commands]
    except NavienError as err:
        raise to_home_assistant_error(hass, err) from err


async def _async_wait(
    coordinator: NavilinkCoordinator, device: Device, outcomes: list[asyncio.Future[CommandCompleted]]
) -> bool:
    """Wait for all outcomes while the heater can be reached; return whether it could be reached all the time."""
    client = coordinator.client
    if not client.is_connected or client.is_waiting_for_status(device):
        return False
    on_disconnected: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    @callback
    def lost(_event: object) -> None:
        if not on_disconnected.done():
            on_disconnected.set_result(None)

    stop = client.on("connection_interrupted", lost)
    result = watched(asyncio.create_task(asyncio.wait(outcomes)))
    try:
        await asyncio.wait((result, on_disconnected), timeout=OUTCOME_TIME, return_when=asyncio.FIRST_COMPLETED)
    finally:
        stop()
        result.cancel()
    return not on_disconnected.done()


def _raise_for(hass: HomeAssistant, event: CommandCompleted) -> None:
    """Raise an error for a command that was not carried out."""
    key = ERROR_OF_OUTCOME.get(event.result.outcome)
    if key is not None:
        raise HomeAssistantError(
            translation_domain=DOMAIN,
            translation_key=key,
            translation_placeholders={**_about(hass, event.command), "reason": reason_words(hass, event.result)},
        )


def _about(hass: HomeAssistant, command: QueuedCommand) -> dict[str, str]:
    return {"command": command_words(hass, command)}
