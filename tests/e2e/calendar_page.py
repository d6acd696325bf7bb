"""Home Assistant's calendar as a person uses it: the list of a week, and the dialogs of an event."""

from datetime import UTC, datetime, timedelta
from typing import Literal

from playwright.async_api import Locator, expect

from .home_assistant_page import HomeAssistantPage

type Which = Literal["Only this event", "This and all future events"]
"""What the dialogs ask about an event that repeats."""


class CalendarPage:
    """The page of all calendars."""

    def __init__(self, home_assistant: HomeAssistantPage) -> None:
        self._home_assistant = home_assistant
        self._page = home_assistant.page

    async def open(self, *, hours_ahead: int = 0) -> None:
        """Open the list of the next seven days, on a device whose clock is ahead: a dialog offers its hour."""
        await self._page.clock.install(time=datetime.now(UTC) + timedelta(hours=hours_ahead))
        await self._home_assistant.open("calendar")
        await self._page.get_by_title("List (7 days)").click()
        await expect(self._page.locator(".fc-list")).to_be_visible()

    def event(self, summary: str) -> Locator:
        """Return the events of the list with this summary."""
        return self._page.locator("ha-full-calendar").get_by_text(summary, exact=True)

    async def create(self, summary: str, *, calendar: str, device: str, repeat: str | None = None) -> None:
        """Add an event of this hour, as the dialog offers it, to a calendar of a device."""
        await self._page.get_by_role("button", name="Add event").click()
        await self._choose_calendar(calendar, device)
        await self._summary.fill(summary)
        if repeat is not None:
            await self._editor.locator("ha-recurrence-rule-editor ha-picker-field").click()
            await self._page.get_by_role("menuitem", name=repeat).click()
        await self._editor.get_by_role("button", name="Add event").click()

    async def change(self, event: Locator, summary: str, which: Which) -> None:
        """Give an event that repeats another summary."""
        await event.first.click()
        await self._page.get_by_role("button", name="Edit event").click()
        await self._summary.fill(summary)
        await self._editor.get_by_role("button", name="Save event").click()
        await self._answer(which, "Update")

    async def delete(self, event: Locator, which: Which | None = None) -> None:
        """Delete an event; `which` for one that repeats."""
        await event.first.click()
        await self._page.get_by_role("button", name="Delete event").click()
        await self._answer(which, "Delete")

    async def accepted(self) -> None:
        """Wait until the dialog is closed, which it is not before the event is stored."""
        await expect(self._editor.get_by_role("button", name="Add event")).to_be_hidden()

    @property
    def refusal(self) -> Locator:
        """What the open dialog of an event says went wrong."""
        return self._page.locator("ha-dialog ha-alert")

    async def _answer(self, which: Which | None, button: str) -> None:
        dialog = self._page.locator("confirm-event-dialog-box")
        if which is not None:
            await dialog.get_by_text(which, exact=True).click()
        await dialog.get_by_role("button", name=button, exact=True).click()

    async def _choose_calendar(self, calendar: str, device: str) -> None:
        await self._editor.locator("ha-entity-picker ha-picker-field").click()
        choices = self._editor.get_by_role("dialog", name="Calendar")
        await choices.locator("ha-combo-box-item").filter(has_text=calendar).filter(has_text=device).click()
        await expect(choices).to_be_hidden()

    @property
    def _editor(self) -> Locator:
        return self._page.locator("dialog-calendar-event-editor")

    @property
    def _summary(self) -> Locator:
        return self._editor.get_by_role("textbox", name="Summary")
