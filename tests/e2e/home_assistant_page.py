"""Home Assistant's frontend as a person uses it: where things are and what they are called."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
import re

from playwright.async_api import Locator, Page, expect

from .running_demo import RunningDemo

_RECONNECT_MILLISECONDS = 90_000.0
"""When links break again and again, the client waits up to a minute before it tries once more."""
_REST_SECONDS = 30.0

_TROUBLE = re.compile(
    r"Loading|Unnamed|Unavailable|Unknown entity|Configuration error|Entity not found|undefined|NaN|component\.navilink"
)
_FITS = "document.documentElement.scrollWidth <= innerWidth"
_ARE_COMPLETE = "images => images.every(image => image.complete)"


class HomeAssistantPage:
    """A browser page with the demo's Home Assistant in it."""

    def __init__(self, page: Page, demo: RunningDemo) -> None:
        self.page = page
        self.demo = demo
        self.errors: list[str] = []
        """Exceptions that nothing on the page has caught."""
        page.on("pageerror", lambda error: self.errors.append(str(error)))

    async def sign_in(self) -> None:
        """Fill in the form that greets a new browser; the dashboard comes up."""
        await self.page.goto(self.demo.url)
        await self.page.locator("input[name=username]").fill(self.demo.username)
        await self.page.locator("input[name=password]").fill(self.demo.password)
        await self.page.get_by_role("button", name="Log in").click()
        await self._dashboard_is_there()

    async def open_dashboard(self) -> None:
        """Open the first page, once somebody has signed in."""
        await self.page.goto(self.demo.url)
        await self._dashboard_is_there()

    async def _dashboard_is_there(self) -> None:
        await expect(self.page.locator("hui-thermostat-card")).to_be_visible()
        await expect(self.page.get_by_text("Command queue")).to_be_visible()

    @asynccontextmanager
    async def link_cut(self) -> AsyncIterator[None]:
        """Cut the link on entry, restore it on exit, and wait until the dashboard tells so."""
        await expect(self.tile_state("Connection")).to_have_text("Connected")
        await self.demo.fault("mqtt_down")
        await expect(self.tile_state("Connection")).to_have_text("Disconnected")
        try:
            yield
        finally:
            await self.demo.fault("mqtt_up")
        await expect(self.tile_state("Connection")).to_have_text("Connected", timeout=_RECONNECT_MILLISECONDS)
        await expect(self.page.get_by_text("The queue is empty")).to_be_visible()

    async def set_mode(self, name: str) -> None:
        """Click a mode on the thermostat card."""
        mode = self.page.get_by_role("radio", name=name)
        await mode.click()
        await expect(mode).to_be_checked()

    async def raise_setpoint(self) -> None:
        """Click the plus button of the thermostat card once."""
        await self.page.locator("ha-outlined-icon-button + ha-outlined-icon-button").click()

    async def press(self, name: str) -> None:
        """Click the tile of this name."""
        await self._tile(name).click()

    def tile_state(self, name: str) -> Locator:
        """Return what a tile says below its name."""
        return self._tile(name).locator("state-display")

    def _tile(self, name: str) -> Locator:
        return self.page.locator("hui-tile-card").filter(has=self.page.get_by_text(name, exact=True))

    @property
    def queue(self) -> Locator:
        """The commands listed on the dashboard, next one first."""
        return self.page.locator("hui-markdown-card td:nth-child(2)")

    async def open_device(self) -> None:
        """Open the heater's device page."""
        device = await self.page.evaluate(
            "Object.values(document.querySelector('home-assistant').hass.devices)"
            ".find(device => device.identifiers.some(pair => pair[0] === 'navilink')).id"
        )
        await self.page.goto(f"{self.demo.url}/config/devices/device/{device}")
        for heading in ("Device info", "Controls", "Sensors", "Diagnostic"):
            await expect(self.page.get_by_text(heading, exact=True)).to_be_visible()

    @asynccontextmanager
    async def details(self, translation_key: str) -> AsyncIterator[None]:
        """Open the details of an entity, which list its attributes, on entry, and close them on exit."""
        await self.page.evaluate(
            "key => { const app = document.querySelector('home-assistant'); app.dispatchEvent(new CustomEvent("
            "'hass-more-info', {detail: {entityId: Object.values(app.hass.entities)"
            ".find(entity => entity.translation_key === key).entity_id}})); }",
            translation_key,
        )
        dialog = self.page.locator("ha-more-info-dialog")
        await dialog.get_by_role("button", name="Menu").click()
        await dialog.get_by_role("menuitem", name="Details").click()
        await expect(dialog.get_by_text("Attributes", exact=True)).to_be_visible()
        yield
        await self.page.keyboard.press("Escape")
        await expect(dialog.get_by_text("Attributes", exact=True)).to_be_hidden()

    async def open_config_flow(self) -> None:
        """Start adding an account, as the list of integrations does."""
        await self.page.goto(f"{self.demo.url}/config/integrations/dashboard/add?domain=navilink")
        await self.page.get_by_role("button", name="OK").click()
        await expect(self.page.get_by_role("heading", name="Private server")).to_be_visible()

    async def open_private_server(self) -> None:
        """Open the collapsed section of the dialog."""
        await self.page.get_by_role("heading", name="Private server").click()
        await expect(self.private_address).to_be_visible()

    @property
    def private_address(self) -> Locator:
        """The first field of that section."""
        return self.page.get_by_role("textbox", name="API URL")

    async def open_options(self) -> None:
        """Open the dialog behind the gear of the account."""
        await self.page.goto(f"{self.demo.url}/config/integrations/integration/navilink")
        await self.page.get_by_role("button", name="Configure").click()
        await expect(self.queue_size).to_be_visible()

    @property
    def queue_size(self) -> Locator:
        """The second field of that dialog."""
        return self.page.get_by_role("spinbutton", name="Queue size")

    async def submit(self) -> None:
        """Press the button of a dialog."""
        await self.page.get_by_role("button", name="Submit").click()

    async def discard(self) -> None:
        """Choose in the dialog of lost commands to discard them."""
        await self.page.get_by_text("Discard", exact=True).click()

    async def open_action(self, action: str) -> None:
        """Open the form of an action, as the developer tools show it."""
        await self.page.goto(f"{self.demo.url}/config/tools/action")
        await self.page.get_by_text("Action", exact=True).click()
        await self.page.get_by_placeholder("Search").fill(action)
        await self.page.get_by_text(action, exact=True).click()
        await expect(self.page.get_by_role("button", name="Add target")).to_be_visible()

    async def perform(self, action: str, **data: object) -> None:
        """Perform an action on the heater, as a card does that offers it: what goes wrong is said at the bottom."""
        domain, name = action.split(".")
        await self.page.evaluate(
            "([domain, name, data]) => { document.querySelector('home-assistant').hass.callService("
            "domain, name, data, {entity_id: Object.values(document.querySelector('home-assistant').hass.states)"
            ".find(state => state.entity_id.startsWith('water_heater.')).entity_id}).catch(() => {}); }",
            [domain, name, data],
        )

    def message(self, words: str | re.Pattern[str]) -> Locator:
        """Return what is said at the bottom of the page for a moment, for eyes and for screen readers."""
        return self.page.get_by_text(words).first

    async def open_repair(self, title: str) -> None:
        """Open the dialog of a repair issue."""
        await self.page.goto(f"{self.demo.url}/config/repairs")
        await self.page.get_by_text(title).click()
        await expect(self.page.get_by_text("Reported by Navien NaviLink")).to_be_visible()

    async def open_activity(self) -> None:
        """Open the logbook."""
        await self.page.goto(f"{self.demo.url}/logbook")
        await expect(self.page.get_by_role("heading", name="Today").first).to_be_visible()

    async def looks_right(self) -> None:
        """Fail unless the page, in a moment, says of nothing that it is missing or broken, and fits its window."""
        await expect(self.trouble).to_have_count(0)
        await self.page.wait_for_function(_FITS)
        assert self.errors == []

    @property
    def trouble(self) -> Locator:
        """What says that something is missing or broken."""
        return self.page.get_by_text(_TROUBLE).filter(visible=True)

    async def fits(self) -> bool:
        """Whether the page is no wider than its window."""
        return bool(await self.page.evaluate(_FITS))

    async def picture(self) -> bytes:
        """Return the page as PNG, once it has its images and nothing on it moves any more."""
        images = self.page.locator("img")
        before = b""
        async with asyncio.timeout(_REST_SECONDS):
            while (now := await self._snap()) != before or not await images.evaluate_all(_ARE_COMPLETE):
                before = now
        return now

    async def _snap(self) -> bytes:
        return await self.page.screenshot(animations="disabled", caret="hide")
