"""`python -m tests.e2e.screenshots FOLDER`: pictures of the demo, as they stand in docs/ and more."""

import argparse
import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path

from .browser import Page, open_page
from .home_assistant_page import HomeAssistantPage
from .running_demo import RunningDemo, run_demo

DOCUMENTED = ("device-page", "queue", "config-flow")
"""The pictures that the documentation shows."""

SIZES = {
    "dashboard-light-wide": (1280, 800),
    "dashboard-dark-wide": (1280, 800),
    "dashboard-light-narrow": (390, 1000),
    "dashboard-dark-narrow": (390, 1000),
    "queue": (1280, 800),
    "device-page": (1280, 2030),
    "config-flow": (900, 700),
    "config-flow-private-server": (900, 1100),
}
"""Every picture and its width and height in pixels."""

type Save = Callable[[str], Awaitable[None]]


async def take_screenshots(page: Page, demo: RunningDemo, folder: Path) -> None:
    """Go through the pages of a running demo and save a picture of each."""
    await demo.fault("link_up")
    home_assistant = HomeAssistantPage(page, demo.url)
    await home_assistant.sign_in(demo.username, demo.password)
    await home_assistant.wait_for_link()

    async def save(name: str) -> None:
        await page.resize(*SIZES[name])
        await page.screenshot(folder / f"{name}.png")

    await _dashboard(page, save)
    await _queue(home_assistant, demo, save)
    await home_assistant.open_device()
    await save("device-page")
    await home_assistant.open_config_flow()
    await save("config-flow")
    await home_assistant.open_private_server()
    await page.wait_for_text("Address of the REST service")
    await save("config-flow-private-server")


async def _dashboard(page: Page, save: Save) -> None:
    for colours in ("dark", "light"):
        await page.prefer(colours)
        for width in ("narrow", "wide"):
            await save(f"dashboard-{colours}-{width}")


async def _queue(home_assistant: HomeAssistantPage, demo: RunningDemo, save: Save) -> None:
    page = home_assistant.page
    await demo.fault("link_down")
    await page.wait_for_text("Disconnected")
    await home_assistant.raise_set_point()
    await page.wait_for_text("1 commands")
    await home_assistant.set_mode("Heat pump")
    await page.wait_for_text("2 commands", "mode heat pump")
    await save("queue")
    await demo.fault("link_up")
    await home_assistant.wait_for_link()


async def _take_all(demo: RunningDemo, folder: Path) -> None:
    async with open_page() as page:
        await take_screenshots(page, demo, folder)


def main() -> None:
    """Start a demo, take every picture, and keep the documented ones only unless all are wanted."""
    parser = argparse.ArgumentParser(description="Pictures of the demo.")
    parser.add_argument("folder", type=Path)
    parser.add_argument("--all", action="store_true", help="keep the pictures that no document shows, too")
    arguments = parser.parse_args()
    arguments.folder.mkdir(parents=True, exist_ok=True)
    with run_demo("--port", "0", "--speed", "1") as demo:
        asyncio.run(_take_all(demo, arguments.folder))
    if not arguments.all:
        for name in SIZES.keys() - set(DOCUMENTED):
            (arguments.folder / f"{name}.png").unlink()


if __name__ == "__main__":
    main()
