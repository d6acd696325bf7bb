"""Home Assistant's frontend as a person uses it: where things are and what they are called."""

import json

from .browser import Page

_WIDE = (1280, 800)
_RECONNECT_SECONDS = 90.0
"""When links break again and again, the client waits up to a minute before it tries once more."""


class HomeAssistantPage:
    """A browser page with Home Assistant in it."""

    def __init__(self, page: Page, url: str) -> None:
        self.page = page
        self._url = url

    async def sign_in(self, username: str, password: str) -> None:
        """Fill in the form that greets a new browser."""
        await self.page.resize(*_WIDE)
        await self.page.go_to(self._url)
        await self.page.wait_for("input[name=username]")
        await self.page.fill("input[name=username]", username)
        await self.page.fill("input[name=password]", password)
        await self.page.click("ha-button", "Log in")
        await self.wait_for_dashboard()

    async def wait_for_dashboard(self) -> None:
        """Wait for the water heater's dashboard, which is the first page after signing in."""
        await self.page.wait_for("hui-thermostat-card")
        await self.page.wait_for("hui-markdown-card")
        await self.page.wait_for_text("Commands on their way", "Waiting")

    async def wait_for_link(self) -> None:
        """Wait until the link is up and everything queued has gone out."""
        await self.page.wait_for_text("Connected", "Nothing waits", seconds=_RECONNECT_SECONDS)

    async def set_mode(self, name: str) -> None:
        """Click a mode on the thermostat card."""
        await self.page.click(f"[role=radio][aria-label={json.dumps(name)}]")
        await self.page.wait_for(f"[role=radio][aria-label={json.dumps(name)}][aria-checked=true]")

    async def raise_set_point(self) -> None:
        """Click the plus button of the thermostat card once."""
        await self.page.click("ha-outlined-icon-button + ha-outlined-icon-button")

    async def press(self, name: str) -> None:
        """Click the tile of this name."""
        await self.page.click("span.primary", name)

    async def queue(self) -> list[str]:
        """Return the commands listed on the dashboard, next one first."""
        return list(
            await self.page.evaluate(
                "[...deep.elements()].filter(element => element.matches('td:nth-child(2)')).map(deep.ownText)"
            )
        )

    async def open_device(self) -> None:
        """Open the heater's device page."""
        device = await self.page.evaluate(
            f"Object.values({_HASS}.devices).find(device => device.identifiers.some(pair => pair[0] === 'navilink')).id"
        )
        await self.page.go_to(f"{self._url}/config/devices/device/{device}")
        await self.page.wait_for_text("Device info", "Controls", "Sensors", "Diagnostic")

    async def open_config_flow(self) -> None:
        """Start adding an account, as the list of integrations does."""
        await self.page.go_to(f"{self._url}/config/integrations/dashboard/add?domain=navilink")
        await self.page.click("ha-button", "OK")
        await self.page.wait_for_text("Sign in to NaviLink", "Private server")

    async def open_private_server(self) -> None:
        """Open the collapsed section of the dialog."""
        await self.page.click("ha-form-expandable")


_HASS = "document.querySelector('home-assistant').hass"
