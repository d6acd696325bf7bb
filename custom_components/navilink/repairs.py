"""The repair issues of an account, and their dialogs: lost commands are sent again or discarded."""

from pathlib import Path

from homeassistant.components.repairs import ConfirmRepairFlow, RepairsFlow, RepairsFlowResult
from homeassistant.config_entries import ConfigEntry, ConfigEntryState
from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers import issue_registry as ir
import voluptuous as vol

from .const import DOMAIN
from .lost_commands import LostCommands
from .nwp500 import CommandCompleted, ConnectionProblem, ConnectionReport, ConnectionState
from .wording import escaped

LOST_COMMANDS = "lost_commands"
UNREADABLE_STORE = "unreadable_store"
UNWRITABLE_STORE = "unwritable_store"
BROKEN_CONNECTION = "broken_connection"
ISSUES = (LOST_COMMANDS, UNREADABLE_STORE, UNWRITABLE_STORE, BROKEN_CONNECTION)

# So often in a row, and it is no accident.
FAILURES_TO_ISSUE = 3


@callback
def async_report_lost_commands(hass: HomeAssistant, entry: ConfigEntry, count: int) -> None:
    """Report while there are commands about which the user has not decided."""
    if count:
        _async_report(hass, entry, LOST_COMMANDS, placeholders={"count": str(count)})
    else:
        _async_withdraw(hass, entry, LOST_COMMANDS)


@callback
def async_is_lost_ignored(hass: HomeAssistant, entry: ConfigEntry) -> bool:
    """Return whether the user has chosen to ignore the issue of lost commands."""
    issue = ir.async_get(hass).async_get_issue(DOMAIN, _issue_id(entry, LOST_COMMANDS))
    return issue is not None and issue.dismissed_version is not None


@callback
def async_report_unreadable(hass: HomeAssistant, entry: ConfigEntry, kept_as: Path) -> None:
    """Report that commands of an earlier run are not in the queue, until somebody has read which file keeps them."""
    _async_report(hass, entry, UNREADABLE_STORE, is_persistent=True, placeholders={"file": kept_as.name})


@callback
def async_report_store(hass: HomeAssistant, entry: ConfigEntry, *, has_failed: bool) -> None:
    """Report while commands are not kept over a restart; the next writing that succeeds ends it."""
    if has_failed:
        _async_report(hass, entry, UNWRITABLE_STORE, is_fixable=False, placeholders={"account": escaped(entry.title)})
    else:
        _async_withdraw(hass, entry, UNWRITABLE_STORE)


@callback
def async_report_connection(hass: HomeAssistant, entry: ConfigEntry, report: ConnectionReport) -> None:
    """Report while the connection fails in a way that no waiting cures: something is broken here, not there."""
    if report.state is ConnectionState.CONNECTED:
        _async_withdraw(hass, entry, BROKEN_CONNECTION)
        return
    failure = report.failure
    if failure is None or failure.problem is not ConnectionProblem.UNEXPECTED_ERROR:
        return
    if report.failed_attempts >= FAILURES_TO_ISSUE:
        about = {"account": escaped(entry.title), "error": escaped(failure.detail)}
        _async_report(hass, entry, BROKEN_CONNECTION, is_fixable=False, placeholders=about)


@callback
def async_remove_issues(hass: HomeAssistant, entry: ConfigEntry) -> None:
    """Remove the issues of an account."""
    for kind in ISSUES:
        _async_withdraw(hass, entry, kind)


@callback
def _async_report(
    hass: HomeAssistant,
    entry: ConfigEntry,
    kind: str,
    *,
    is_fixable: bool = True,
    is_persistent: bool = False,
    placeholders: dict[str, str],
) -> None:
    """Create an issue, as an error if the user cannot do anything about it in a dialog.

    Home Assistant puts the placeholders into the diagnostics download, so they say neither where a file is nor whose
    the commands are.
    """
    ir.async_create_issue(
        hass,
        DOMAIN,
        _issue_id(entry, kind),
        is_fixable=is_fixable,
        is_persistent=is_persistent,
        severity=ir.IssueSeverity.WARNING if is_fixable else ir.IssueSeverity.ERROR,
        translation_key=kind,
        translation_placeholders=placeholders,
    )


@callback
def _async_withdraw(hass: HomeAssistant, entry: ConfigEntry, kind: str) -> None:
    ir.async_delete_issue(hass, DOMAIN, _issue_id(entry, kind))


def _issue_id(entry: ConfigEntry, kind: str) -> str:
    return f"{kind}_{entry.entry_id}"


async def async_create_fix_flow(
    _hass: HomeAssistant, issue_id: str, _data: dict[str, str | int | float | None] | None
) -> RepairsFlow:
    """Start the dialog of an issue."""
    kind, _, entry_id = issue_id.rpartition("_")
    return LostCommandsFlow(entry_id) if kind == LOST_COMMANDS else ConfirmRepairFlow()


class LostCommandsFlow(RepairsFlow):
    """The dialog in which lost commands are sent again or discarded."""

    def __init__(self, entry_id: str) -> None:
        """Take the account's entry."""
        self._entry_id = entry_id
        self._listed: tuple[CommandCompleted, ...] = ()

    async def async_step_init(self, _user_input: dict[str, str] | None = None) -> RepairsFlowResult:
        """List the commands, and let the user choose."""
        if (lost := self._lost_commands()) is None:
            return self.async_abort(reason="not_loaded")
        self._listed = lost.events
        lines = [lost.line(event) for event in self._listed]
        return self.async_show_menu(
            step_id="init",
            menu_options=["send_again", "discard"],
            description_placeholders={"count": str(len(lines)), "commands": "\n".join(lines)},
        )

    async def async_step_send_again(self, _user_input: dict[str, str] | None = None) -> RepairsFlowResult:
        """Send the commands again, in their order, and report what became of each."""
        if (lost := self._lost_commands()) is None:
            return self.async_abort(reason="not_loaded")
        lines = await lost.async_send_again(self._listed)
        if not lines:
            # Another dialog has sent or discarded all of them meanwhile.
            return await self.async_step_discard()
        form = vol.Schema({})
        return self.async_show_form(
            step_id="results",
            # Home Assistant puts its own library in the place of voluptuous; the type checker cannot know that.
            data_schema=form,  # type: ignore[arg-type]  # as said above
            description_placeholders={"results": "\n".join(lines)},
        )

    async def async_step_results(self, _user_input: dict[str, str] | None = None) -> RepairsFlowResult:
        """Have read what became of each; those that could not be sent are discarded."""
        return await self.async_step_discard()

    async def async_step_discard(self, _user_input: dict[str, str] | None = None) -> RepairsFlowResult:
        """Forget the commands that were listed."""
        if (lost := self._lost_commands()) is None:
            return self.async_abort(reason="not_loaded")
        await lost.async_discard(self._listed)
        if lost.events:
            # They were lost while this dialog was open.
            return await self.async_step_init()
        return self.async_create_entry(data={})

    def _lost_commands(self) -> LostCommands | None:
        entry = self.hass.config_entries.async_get_entry(self._entry_id)
        if entry is None or entry.state is not ConfigEntryState.LOADED:
            return None
        lost: LostCommands = entry.runtime_data.lost
        return lost
