"""Hears what becomes of commands and statuses in a month of boosts, and enters people's commands into the model."""

import asyncio
from contextvars import ContextVar
from typing import override

from homeassistant.core import callback

from custom_components.navilink.nwp500 import CommandCompleted, CommandEvent, NavienMqttClient, StatusReceived

from .boost_model import LOGGER, BoostModel
from .soak_ledger import SoakLedger

PERSON: ContextVar[tuple[str, int] | None] = ContextVar("person", default=None)
"""What a person asks Home Assistant for, within the action: a raw member, and its value."""
_REPLACED = "newer_command"


class BoostLedger(SoakLedger):
    """Listens to every client of the integration, one after the other."""

    def __init__(self, model: BoostModel) -> None:
        super().__init__()
        self.reported_at = 0.0
        """When the heater last reported, by the loop's clock."""
        self._model = model
        self._last_by_boost: dict[str, bool] = {}

    @callback
    @override
    def listen_to_client(self, client: NavienMqttClient) -> None:
        super().listen_to_client(client)
        client.on("command_given", self._on_command)
        client.on("command_completed", self._on_end)
        client.on("status_received", self._on_status)

    @callback
    def forget_but(self, ids: set[str]) -> None:
        """Commands that are not under way any more without an outcome that was heard: a kill has taken it."""
        for command_id in self._model.asked.keys() - ids:
            member, value, _ = self._model.asked.pop(command_id)
            self._model.may_be_set(member, value, _now())

    @callback
    def _on_command(self, event: CommandEvent) -> None:
        command, person = event.command, PERSON.get()
        if not command.is_control or command.id in self._model.asked:
            return
        LOGGER.info("%s gives %s", person or "a boost", dict(command.expected))
        for member, values in command.expected.items():
            is_person = person is not None and person[0] == member and person[1] in values
            self._last_by_boost[member] = not is_person
            if is_person and person is not None:
                self._model.asked[command.id] = (*person, _now())
            else:
                self._model.given(member, values, _now())

    @callback
    def _on_end(self, event: CommandCompleted) -> None:
        if event.command.is_control:
            LOGGER.info("%s: %s", dict(event.command.expected), event.result)
        asked = self._model.asked.pop(event.command.id, None)
        if asked is None:
            return
        member, value, given_at = asked
        outcome, reason = event.result.outcome.value, event.result.reason.value
        if outcome == "confirmed":
            self._model.set_by_hand(member, value, _now(), given_at=given_at)
        elif outcome == "superseded" and reason == _REPLACED and self._last_by_boost.get(member):
            self._model.swallowed(member, value)
        elif event.command.attempts and outcome != "rejected":
            self._model.may_be_set(member, value, _now())

    @callback
    def _on_status(self, _event: StatusReceived) -> None:
        self.reported_at = _now()


def _now() -> float:
    return asyncio.get_running_loop().time()
