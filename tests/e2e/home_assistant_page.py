"""Home Assistant's frontend as a person uses it: where things are and what they are called."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime
import re

from playwright.async_api import Locator, Page, expect

from .running_demo import MAC_ADDRESS, RunningDemo

_RECONNECT_MILLISECONDS = 90_000.0
"""When connections break again and again, the client waits up to a minute before it tries once more."""
_REST_SECONDS = 30.0
_MOST_HEIGHT = 4000

_TROUBLE = r"Loading|Unnamed|Unknown entity|Configuration error|Entity not found|undefined|NaN|component\.navilink"
_PARTS = [
    "ui.panel.lovelace.cards.energy.energy_sources_table.grid_total",
    "ui.panel.config.devices.caption",
    "ui.panel.logbook.no_results",
]
"""A text of each part that the frontend fetches when a page needs it."""
_SPEAKS = """([language, parts]) => {
    const hass = document.querySelector("home-assistant").hass;
    return hass.language === language && parts.every(key => hass.localize(key));
}"""
_HAS_SAVED = """async language => {
    const saved = {type: "frontend/get_user_data", key: "language"};
    return (await document.querySelector("home-assistant").hass.callWS(saved)).value?.language === language;
}"""
"""Whether a page that is opened now comes up in the language."""
_TIME_OF = """entityId => {
    const {state} = document.querySelector("home-assistant").hass.states[entityId];
    return Number.isNaN(Date.parse(state)) ? null : state;
}"""
_DIALOG_TEXTS = {
    "title": "title",
    "config": "config.step.user.title",
    "options": "options.step.init.title",
    "issues": "issues.lost_commands.fix_flow.step.init.menu_options.discard",
    "selector": "selector.expiration.options.never",
    "services": "services.clear_queue.name",
}
"""What the frontend fetches when a dialog opens, each with a text of it."""
_HAS_DIALOG_TEXTS = """async texts => {
    const {hass} = document.querySelector("home-assistant");
    const isThere = (key) => Boolean(hass.localize(`component.navilink.${key}`));
    const missing = Object.entries(texts).filter(([, key]) => !isThere(key));
    for (const [category] of missing) await hass.loadBackendTranslation(category, "navilink", undefined, true);
    return missing.length === 0;
}"""
"""What comes while something else is fetched gets lost at times: it is fetched until it is there."""
_DRAW_UNITS = """() => {
    const draw = (root) => root.querySelectorAll("*").forEach((element) => {
        if (element.localName === "ha-selector-number") element.requestUpdate();
        if (element.shadowRoot) draw(element.shadowRoot);
    });
    draw(document);
}"""
"""A number field shows its unit in the language in which it was drawn, until it changes."""
_FITS = "document.documentElement.scrollWidth <= innerWidth"
_HIDDEN_BELOW = """() => {
    const hidden = (root) => [...root.querySelectorAll("*")].map((element) => {
        const scrolls = /auto|scroll/.test(getComputedStyle(element).overflowY);
        const large = element.clientHeight > innerHeight / 3;
        const own = scrolls && large ? element.scrollHeight - element.clientHeight : 0;
        return Math.max(own, element.shadowRoot ? hidden(element.shadowRoot) : 0);
    }).reduce((most, each) => Math.max(most, each), 0);
    return Math.max(hidden(document), document.documentElement.scrollHeight - innerHeight);
}"""
"""Pixels of which one has to scroll down to see all. Since 2026.11 a page scrolls within an element."""
_STOP_DRAWINGS = """() => {
    const stop = (root) => root.querySelectorAll("*").forEach((element) => {
        if (element instanceof SVGSVGElement) {
            element.pauseAnimations();
            element.setCurrentTime(0);
        }
        if (element.shadowRoot) stop(element.shadowRoot);
    });
    stop(document);
}"""
"""Drawings that move by themselves, which the animations of styles are not."""
_ARE_COMPLETE = "images => images.every(image => image.complete)"


class HomeAssistantPage:
    """A browser page with the demo's Home Assistant in it."""

    def __init__(self, page: Page, demo: RunningDemo) -> None:
        self.page = page
        self.demo = demo
        self.errors: list[str] = []
        """Exceptions that nothing on the page has caught."""
        self._trouble = rf"Unavailable|{_TROUBLE}"
        page.on("pageerror", lambda error: self.errors.append(str(error)))

    async def sign_in(self) -> None:
        """Fill in the form that greets a new browser; the dashboard comes up."""
        await self.page.goto(self.demo.url)
        await self.page.locator("input[name=username]").fill(self.demo.username)
        await self.page.locator("input[name=password]").fill(self.demo.password)
        await self.page.get_by_role("button", name="Log in").click()
        await self._dashboard_is_there()

    async def open_dashboard(self, mac_address: str | None = None) -> None:
        """Open the first page, once somebody has signed in, or a heater's."""
        await self.page.goto(f"{self.demo.url}/water-heater/{mac_address}" if mac_address else self.demo.url)
        await self._dashboard_is_there()

    async def show_dashboard(self) -> None:
        """Open the first page, unless it is open with nothing over it."""
        is_there = await self.page.locator("hui-thermostat-card").is_visible()
        if not is_there or await self._more_info_menu.is_visible():
            await self.open_dashboard()

    async def open(self, path: str) -> None:
        """Open a page of Home Assistant and wait until it shows something."""
        await self.page.goto(f"{self.demo.url}/{path}")
        await self.connected()

    async def connected(self) -> None:
        """Wait until the frontend has everything from Home Assistant."""
        await self.page.wait_for_function("document.querySelector('home-assistant')?.hass?.services")

    async def entity(self, key: str, mac_address: str = MAC_ADDRESS) -> str | None:
        """Return the id of a heater's entity by its platform and key, as in `sensor.power`; `None` without such one.

        With nothing after the dot, it is the first one of the platform.
        """
        platform, _, name = key.partition(".")
        registry = await self.page.evaluate(
            "document.querySelector('home-assistant').hass.callWS({type: 'config/entity_registry/list'})"
        )
        return next(
            (
                str(entry["entity_id"])
                for entry in registry
                if entry["unique_id"].startswith(f"{mac_address}_{name}")
                and (not name or entry["unique_id"] == f"{mac_address}_{name}")
                and entry["entity_id"].startswith(f"{platform}.")
                and entry["disabled_by"] is None
            ),
            None,
        )

    async def time(self, key: str) -> datetime:
        """Return the time that a heater's entity has as its state, as soon as it has one."""
        state = await self.page.wait_for_function(_TIME_OF, arg=await self.entity(key))
        return datetime.fromisoformat(await state.json_value())

    async def speak(self, language: str) -> None:
        """Change the language in the user's profile; what is open stays open, in the other language."""
        parts = await self.page.evaluate(
            "parts => parts.filter(key => document.querySelector('home-assistant').hass.localize(key))", _PARTS
        )
        await self.page.evaluate(
            "language => document.querySelector('home-assistant').dispatchEvent("
            "new CustomEvent('hass-language-select', {detail: language}))",
            language,
        )
        await self.page.wait_for_function(_SPEAKS, arg=[language, parts])
        await self.page.wait_for_function(_HAS_SAVED, arg=language)
        await self.page.wait_for_function(_HAS_DIALOG_TEXTS, arg=_DIALOG_TEXTS)
        await self.page.evaluate(_DRAW_UNITS)

    async def name_in(self, language: str) -> None:
        """Change the language of Home Assistant itself, in which it names entities, and set the account up again."""
        await self.page.evaluate(
            "async language => { const hass = document.querySelector('home-assistant').hass;"
            " await hass.callWS({type: 'config/core/update', language});"
            " const entries = await hass.callWS({type: 'config_entries/get', domain: 'navilink'});"
            " for (const entry of entries) await hass.callApi('POST',"
            " `config/config_entries/entry/${entry.entry_id}/reload`); }",
            language,
        )
        # From now on there is a moment in the history of every entity in which it was unavailable.
        self._trouble = _TROUBLE
        await self.open_dashboard()
        await expect(self.tile_state("Connection")).to_have_text("Connected", timeout=_RECONNECT_MILLISECONDS)

    async def _dashboard_is_there(self) -> None:
        await expect(self.page.locator("hui-thermostat-card")).to_be_visible()
        await expect(self.page.get_by_text("Command queue")).to_be_visible()

    @asynccontextmanager
    async def connection_cut(self) -> AsyncIterator[None]:
        """Cut the connection on entry, restore it on exit, and wait until the dashboard shows it."""
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

    async def set_another_mode(self) -> None:
        """Click heat pump or eco on the thermostat card, whichever the heater is not in."""
        modes = self.page.get_by_role("radio", name=re.compile("^(Heat pump|Eco)$"))
        await modes.and_(self.page.get_by_role("radio", checked=False)).first.click()

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

    async def open_device(self, mac_address: str = MAC_ADDRESS) -> None:
        """Open a heater's device page."""
        device = await self.page.evaluate(
            "mac => Object.values(document.querySelector('home-assistant').hass.devices)"
            ".find(device => device.identifiers.some(pair => pair[0] === 'navilink' && pair[1] === mac)).id",
            mac_address,
        )
        await self.page.goto(f"{self.demo.url}/config/devices/device/{device}")
        for heading in ("Device info", "Controls", "Sensors", "Diagnostic"):
            await expect(self.page.get_by_text(heading, exact=True)).to_be_visible()

    @asynccontextmanager
    async def more_info(self, entity_id: str) -> AsyncIterator[Locator]:
        """Open what there is to see of an entity on entry, and close it on exit."""
        await self.page.evaluate(
            "entityId => document.querySelector('home-assistant').dispatchEvent("
            "new CustomEvent('hass-more-info', {detail: {entityId}}))",
            entity_id,
        )
        await expect(self._more_info_menu).to_be_visible()
        yield self.page.locator("ha-more-info-dialog")
        await self.page.keyboard.press("Escape")
        await expect(self._more_info_menu).to_be_hidden()

    @property
    def _more_info_menu(self) -> Locator:
        return self.page.locator("ha-more-info-dialog").get_by_role("button", name="Menu")

    @asynccontextmanager
    async def details(self, key: str) -> AsyncIterator[None]:
        """Open the details of an entity, which list its attributes, on entry, and close them on exit."""
        entity_id = await self.entity(key)
        assert entity_id is not None, key
        async with self.more_info(entity_id) as dialog:
            await self._more_info_menu.click()
            await dialog.get_by_role("menuitem", name="Details").click()
            await expect(dialog.get_by_text("Attributes", exact=True)).to_be_visible()
            yield

    async def _open_dialog(self, path: str, opener: Locator) -> None:
        """Open a page and click what opens a dialog, whose texts are there: otherwise it would keep showing keys."""
        await self.page.goto(f"{self.demo.url}/{path}")
        await expect(opener).to_be_visible()
        await self.page.wait_for_function(_HAS_DIALOG_TEXTS, arg=_DIALOG_TEXTS)
        await opener.click()

    async def open_config_flow(self) -> None:
        """Start adding an account, as the list of integrations does."""
        opener = self.page.get_by_role("button", name="OK")
        await self._open_dialog("config/integrations/dashboard/add?domain=navilink", opener)
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
        opener = self.page.get_by_role("button", name="Configure")
        await self._open_dialog("config/integrations/integration/navilink", opener)
        await expect(self.queue_size).to_be_visible()

    async def open_household(self) -> None:
        """Open the collapsed sections of that dialog."""
        for name in ("Household", "Boosts"):
            await self.page.get_by_role("heading", name=name).click()
        await expect(self.water_per_shower).to_be_visible()
        await expect(self.page.get_by_role("spinbutton", name="Maximum boosts per day")).to_be_visible()

    @property
    def water_per_shower(self) -> Locator:
        """The first field of the first section."""
        return self.page.get_by_role("spinbutton", name="Water per shower")

    @property
    def queue_size(self) -> Locator:
        """The second field of that dialog."""
        return self.page.get_by_role("spinbutton", name="Queue size")

    async def submit(self) -> None:
        """Press the button of a dialog."""
        await self.page.get_by_role("button", name="Submit").click()

    async def choose_queue_size(self, size: int) -> None:
        """Change that field and submit the dialog."""
        await self.open_options()
        await self.queue_size.fill(str(size))
        await self.submit()
        await expect(self.page.get_by_text("Options successfully saved.")).to_be_visible()

    async def discard(self) -> None:
        """Choose in the dialog of lost commands to discard them."""
        await self.page.get_by_text("Discard", exact=True).click()

    async def open_action(self, action: str) -> None:
        """Open the form of an action, as the developer tools show it."""
        # The form comes up with the action that was chosen last.
        await self.page.evaluate("localStorage.removeItem('panel-dev-action-state-service-data')")
        await self.page.goto(f"{self.demo.url}/config/tools/action")
        await self.page.get_by_text("Action", exact=True).click()
        await self.page.get_by_placeholder("Search").fill(action)
        await self.page.get_by_text(action, exact=True).click()
        await expect(self.page.get_by_role("button", name="Add target")).to_be_visible()

    async def perform(self, action: str, **data: object) -> None:
        """Perform an action on the first heater, as a card that offers it: what goes wrong is said at the bottom."""
        domain, name = action.split(".")
        await self.page.evaluate(
            "([domain, name, data, entity_id]) => { document.querySelector('home-assistant').hass.callService("
            "domain, name, data, {entity_id}).catch(() => {}); }",
            [domain, name, data, await self.entity("water_heater.water_heater")],
        )

    def message(self, words: str | re.Pattern[str]) -> Locator:
        """Return what is said at the bottom of the page for a moment, for eyes and for screen readers."""
        return self.page.get_by_text(words).first

    async def has_energy(self) -> bool:
        """Whether anything has been put into the Energy dashboard."""
        preferences = await self.page.evaluate(
            "document.querySelector('home-assistant').hass.callWS({type: 'energy/get_prefs'}).catch(() => null)"
        )
        return bool(preferences and preferences["device_consumption"])

    async def open_energy(self) -> None:
        """Open the Energy dashboard with the last twelve months."""
        for key in ("_energy", "_energy_dashboard", "_energy_energy"):
            await self.page.evaluate("key => localStorage.setItem(`energy-default-period-${key}`, 'now-12m')", key)
        await self.open("energy")

    async def open_repair(self) -> None:
        """Open the dialog of the repair issue of lost commands."""
        opener = self.page.get_by_text("Commands to a water heater were not sent")
        await self._open_dialog("config/repairs", opener)
        await expect(self.page.get_by_text("Reported by Navien NaviLink")).to_be_visible()

    async def open_activity(self) -> None:
        """Open the logbook."""
        await self.page.goto(f"{self.demo.url}/logbook")
        await expect(self.page.get_by_role("heading", name="Today").first).to_be_visible()

    async def looks_right(self) -> None:
        """Fail unless the page, in a moment, says of nothing that it is missing or broken, and fits its window."""
        await expect(self.trouble).to_have_count(0)
        await self.page.wait_for_function(_FITS)
        assert self.errors == [], self.errors

    @property
    def trouble(self) -> Locator:
        """What says that something is missing or broken."""
        return self.page.get_by_text(re.compile(self._trouble)).filter(visible=True)

    async def fits(self) -> bool:
        """Whether the page is no wider than its window."""
        return bool(await self.page.evaluate(_FITS))

    async def width(self) -> int:
        """Return how wide the window is."""
        return int(await self.page.evaluate("innerWidth"))

    async def whole_height(self) -> int:
        """Return how high the window has to be to show everything without scrolling, as far as it is reasonable."""
        height, hidden = await self.page.evaluate("innerHeight"), await self.page.evaluate(_HIDDEN_BELOW)
        return min(int(height + hidden), _MOST_HEIGHT)

    async def has_images(self) -> None:
        """Wait until every image in the window is there."""
        images = self.page.locator("img")
        async with asyncio.timeout(_REST_SECONDS):
            while not await images.evaluate_all(_ARE_COMPLETE):
                pass

    async def picture(self) -> bytes:
        """Return the page as PNG, once nothing on it moves any more."""
        before = b""
        async with asyncio.timeout(_REST_SECONDS):
            while (now := await self._snap()) != before:
                before = now
        return now

    async def _snap(self) -> bytes:
        await self.page.evaluate(_STOP_DRAWINGS)
        return await self.page.screenshot(animations="disabled", caret="hide")
