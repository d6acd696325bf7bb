"""The issues that users have to know of: commands that were given up, a queue or a connection out of order."""

from pathlib import Path

from homeassistant.config_entries import ConfigEntry
from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers import device_registry as dr
from homeassistant.helpers import issue_registry as ir
from homeassistant.util import dt as dt_util

from .const import DOMAIN
from .markdown import escaped
from .nwp500 import CommandCompleted, CommandOutcome, ConnectionProblem, ConnectionReport, ConnectionState, Device
from .wording import command_words, reason_words

LOST_COMMANDS = "lost_commands"
UNREADABLE_STORE = "unreadable_store"
UNWRITABLE_STORE = "unwritable_store"
BROKEN_CONNECTION = "broken_connection"
ISSUES = (LOST_COMMANDS, UNREADABLE_STORE, UNWRITABLE_STORE, BROKEN_CONNECTION)

# The newest ones are listed by name.
MOST_LISTED = 20

# So often in a row, and it is no accident.
FAILURES_TO_ISSUE = 3

# Nobody decided that these should not be carried out.
LOST = frozenset({CommandOutcome.EXPIRED, CommandOutcome.DROPPED})


@callback
def async_report_lost_command(hass: HomeAssistant, entry: ConfigEntry, device: Device, event: CommandCompleted) -> None:
    """Add a command to those that the user is told of, if it was given up."""
    if event.result.outcome not in LOST:
        return
    command = event.command
    given = dt_util.as_local(command.queued_at).strftime("%Y-%m-%d %H:%M")
    # Home Assistant puts this text into the diagnostics download, so it links to the heater instead of naming it.
    registered = dr.async_get(hass).async_get_device_by_identifier((DOMAIN, device.mac_address), entry.entry_id)
    words = command_words(hass, command)
    wanted = words if registered is None else f"[{words}](/config/devices/device/{registered.id})"
    line = f"- {wanted}, given {given}: {escaped(reason_words(hass, event.result))}"
    issue = ir.async_get(hass).async_get_issue(DOMAIN, _issue_id(LOST_COMMANDS, entry.entry_id))
    earlier: list[str] = []
    count = 0
    if issue is not None and issue.dismissed_version is None and issue.translation_placeholders is not None:
        earlier = issue.translation_placeholders["commands"].splitlines()
        count = int(issue.translation_placeholders["count"])
    elif issue is not None:
        # The user has ignored it, but not the command that is new now.
        ir.async_delete_issue(hass, DOMAIN, issue.issue_id)
    _create(
        hass,
        entry,
        LOST_COMMANDS,
        {"count": str(count + 1), "commands": "\n".join([*earlier, line][-MOST_LISTED:])},
    )


@callback
def async_report_unreadable_store(hass: HomeAssistant, entry: ConfigEntry, kept_as: Path) -> None:
    """Tell the user that commands of an earlier run are not in the queue, and which file keeps them.

    Home Assistant puts this into the diagnostics download, so it says neither where the file is nor whose it is.
    """
    _create(hass, entry, UNREADABLE_STORE, {"file": kept_as.name})


@callback
def async_report_store(hass: HomeAssistant, entry: ConfigEntry, *, has_failed: bool) -> None:
    """Tell the user while commands are not kept over a restart."""
    issue_id = _issue_id(UNWRITABLE_STORE, entry.entry_id)
    if not has_failed:
        ir.async_delete_issue(hass, DOMAIN, issue_id)
        return
    ir.async_create_issue(
        hass,
        DOMAIN,
        issue_id,
        # It goes by itself with the next writing that succeeds.
        is_fixable=False,
        severity=ir.IssueSeverity.ERROR,
        translation_key=UNWRITABLE_STORE,
        translation_placeholders={"account": escaped(entry.title)},
    )


@callback
def async_report_connection(hass: HomeAssistant, entry: ConfigEntry, report: ConnectionReport) -> None:
    """Tell the user while the connection fails in a way that no waiting cures: here something is broken, not there."""
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
            # It goes by itself with the next attempt that succeeds.
            is_fixable=False,
            severity=ir.IssueSeverity.ERROR,
            translation_key=BROKEN_CONNECTION,
            translation_placeholders={"account": escaped(entry.title), "error": escaped(failure.detail)},
        )


@callback
def async_remove_issues(hass: HomeAssistant, entry: ConfigEntry) -> None:
    """Forget the issues of an account."""
    for kind in ISSUES:
        ir.async_delete_issue(hass, DOMAIN, _issue_id(kind, entry.entry_id))


def _create(hass: HomeAssistant, entry: ConfigEntry, kind: str, placeholders: dict[str, str]) -> None:
    ir.async_create_issue(
        hass,
        DOMAIN,
        _issue_id(kind, entry.entry_id),
        is_fixable=True,
        # It stays until somebody has read it, also over a restart.
        is_persistent=True,
        severity=ir.IssueSeverity.WARNING,
        translation_key=kind,
        translation_placeholders=placeholders,
    )


def _issue_id(kind: str, entry_id: str) -> str:
    return f"{kind}_{entry_id}"
