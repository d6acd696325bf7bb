"""The repair issues: commands that were not sent, a queue or a connection out of order."""

from collections.abc import Callable, Container, Iterable
from pathlib import Path

from homeassistant.config_entries import ConfigEntry
from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers import device_registry as dr
from homeassistant.helpers import issue_registry as ir

from .const import DOMAIN
from .heater import heater_name
from .markdown import escaped
from .nwp500 import (
    CommandCompleted,
    CommandOutcome,
    ConnectionProblem,
    ConnectionReport,
    ConnectionState,
    Device,
)

LOST_COMMANDS = "lost_commands"
UNREADABLE_STORE = "unreadable_store"
UNWRITABLE_STORE = "unwritable_store"
BROKEN_CONNECTION = "broken_connection"
ISSUES = (LOST_COMMANDS, UNREADABLE_STORE, UNWRITABLE_STORE, BROKEN_CONNECTION)

# The newest ones can be listed and sent again.
MAX_LOST = 100

# So often in a row, and it is no accident.
FAILURES_TO_ISSUE = 3

# Nobody decided that these should not be carried out.
LOST = frozenset({CommandOutcome.EXPIRED, CommandOutcome.DROPPED})


class LostCommands:
    """The commands of an account that expired or were dropped, until the user has decided about them.

    While there are any, there is one issue for them.
    """

    def __init__(self, hass: HomeAssistant, entry: ConfigEntry, changed: Callable[[], None]) -> None:
        """Take what is called when there are others to be stored."""
        self._hass = hass
        self._entry = entry
        self._changed = changed
        self._names: dict[str, str] = {}
        """What the heaters were called, should they be gone."""
        self.events: tuple[CommandCompleted, ...] = ()
        """Oldest first."""

    @callback
    def restore(self, events: Iterable[CommandCompleted], devices: Iterable[Device]) -> None:
        """Take up those of an earlier run."""
        self.events = tuple(events)
        self._names = {device.mac_address: heater_name(device) for device in devices}
        self._async_update_issue()

    @callback
    def add(self, device: Device, event: CommandCompleted) -> None:
        """Take in the outcome of a command, which may be lost by it."""
        if event.result.outcome not in LOST:
            return
        issue_id = _issue_id(LOST_COMMANDS, self._entry.entry_id)
        issue = ir.async_get(self._hass).async_get_issue(DOMAIN, issue_id)
        if issue is not None and issue.dismissed_version is not None:
            # The user has ignored the earlier ones, but not the one that is new now.
            self.events = ()
            ir.async_delete_issue(self._hass, DOMAIN, issue_id)
        self._names[device.mac_address] = heater_name(device)
        self.events = (*self.events, event)[-MAX_LOST:]
        self._async_update_issue()
        self._changed()

    @callback
    def remove(self, events: Iterable[CommandCompleted]) -> None:
        """Forget those that the user has decided about."""
        decided = {event.command.id for event in events}
        self.events = tuple(event for event in self.events if event.command.id not in decided)
        self._async_update_issue()
        self._changed()

    def of(self, mac_addresses: Container[str]) -> tuple[CommandCompleted, ...]:
        """Return those to some heaters."""
        return tuple(event for event in self.events if event.command.mac_address in mac_addresses)

    def heater(self, event: CommandCompleted) -> str:
        """Return what the heater of a command is called."""
        mac_address = event.command.mac_address or ""
        registered = dr.async_get(self._hass).async_get_device_by_identifier(
            (DOMAIN, mac_address), self._entry.entry_id
        )
        known = None if registered is None else registered.name_by_user or registered.name
        return known or self._names.get(mac_address, "NWP500")

    @callback
    def _async_update_issue(self) -> None:
        issue_id = _issue_id(LOST_COMMANDS, self._entry.entry_id)
        if not self.events:
            ir.async_delete_issue(self._hass, DOMAIN, issue_id)
            return
        ir.async_create_issue(
            self._hass,
            DOMAIN,
            issue_id,
            is_fixable=True,
            severity=ir.IssueSeverity.WARNING,
            translation_key=LOST_COMMANDS,
            # Home Assistant puts this into the diagnostics download, so it names no heater.
            translation_placeholders={"count": str(len(self.events))},
        )


@callback
def async_report_unreadable_store(hass: HomeAssistant, entry: ConfigEntry, kept_as: Path) -> None:
    """Report that commands of an earlier run are not in the queue, and which file keeps them.

    Home Assistant puts this into the diagnostics download, so it says neither where the file is nor whose it is.
    """
    ir.async_create_issue(
        hass,
        DOMAIN,
        _issue_id(UNREADABLE_STORE, entry.entry_id),
        is_fixable=True,
        # It stays until somebody has read it, also over a restart.
        is_persistent=True,
        severity=ir.IssueSeverity.WARNING,
        translation_key=UNREADABLE_STORE,
        translation_placeholders={"file": kept_as.name},
    )


@callback
def async_report_store(hass: HomeAssistant, entry: ConfigEntry, *, has_failed: bool) -> None:
    """Report while commands are not kept over a restart."""
    issue_id = _issue_id(UNWRITABLE_STORE, entry.entry_id)
    if not has_failed:
        ir.async_delete_issue(hass, DOMAIN, issue_id)
        return
    ir.async_create_issue(
        hass,
        DOMAIN,
        issue_id,
        # It is removed with the next writing that succeeds.
        is_fixable=False,
        severity=ir.IssueSeverity.ERROR,
        translation_key=UNWRITABLE_STORE,
        translation_placeholders={"account": escaped(entry.title)},
    )


@callback
def async_report_connection(hass: HomeAssistant, entry: ConfigEntry, report: ConnectionReport) -> None:
    """Report while the connection fails in a way that no waiting cures: something is broken here, not there."""
    issue_id = _issue_id(BROKEN_CONNECTION, entry.entry_id)
    if report.state is ConnectionState.CONNECTED:
        ir.async_delete_issue(hass, DOMAIN, issue_id)
        return
    failure = report.failure
    if failure is None or failure.problem is not ConnectionProblem.UNEXPECTED_ERROR:
        return
    if report.failed_attempts >= FAILURES_TO_ISSUE:
        ir.async_create_issue(
            hass,
            DOMAIN,
            issue_id,
            # It is removed with the next attempt that succeeds.
            is_fixable=False,
            severity=ir.IssueSeverity.ERROR,
            translation_key=BROKEN_CONNECTION,
            translation_placeholders={"account": escaped(entry.title), "error": escaped(failure.detail)},
        )


@callback
def async_remove_issues(hass: HomeAssistant, entry: ConfigEntry) -> None:
    """Remove the issues of an account."""
    for kind in ISSUES:
        ir.async_delete_issue(hass, DOMAIN, _issue_id(kind, entry.entry_id))


def _issue_id(kind: str, entry_id: str) -> str:
    return f"{kind}_{entry_id}"
