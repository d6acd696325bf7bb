"""`python -m tests.e2e.screenshots FOLDER`: pictures of the demo, as they stand in docs/ and more."""

import argparse
import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Literal

from playwright.async_api import expect

from .browser import open_browser
from .home_assistant_page import HomeAssistantPage
from .running_demo import RunningDemo, run_demo

DOCUMENTED = ("device-page", "queue", "config-flow")
"""The pictures that the documentation shows."""

WINDOWS = {
    "dashboard-light-wide": (1280, 800),
    "dashboard-dark-wide": (1280, 800),
    "dashboard-light-narrow": (390, 844),
    "dashboard-dark-narrow": (390, 844),
    "queue": (1280, 800),
    "queue-narrow": (390, 844),
    "device-page": (1280, 800),
    "device-page-dark-narrow": (390, 844),
    "config-flow": (900, 700),
    "config-flow-private-server": (900, 1100),
}
"""Every picture, and the width and least height of the window it shows; a window grows with the page in it."""

_COLOURS: tuple[Literal["dark", "light"], ...] = ("dark", "light")

type Take = Callable[[str], Awaitable[None]]


async def take_screenshots(home_assistant: HomeAssistantPage) -> dict[str, bytes]:
    """From the dashboard, go through every view and return its PNG. `AssertionError` when one does not look right."""
    pictures: dict[str, bytes] = {}

    async def take(name: str) -> None:
        width, least_height = WINDOWS[name]
        page = home_assistant.page
        await page.set_viewport_size({"width": width, "height": least_height})
        await home_assistant.looks_right()
        height = int(await page.evaluate("document.documentElement.scrollHeight"))
        await page.set_viewport_size({"width": width, "height": height})
        pictures[name] = await home_assistant.picture()

    await _dashboard(home_assistant, take)
    await _queue(home_assistant, take)
    await _device(home_assistant, take)
    await home_assistant.open_config_flow()
    await take("config-flow")
    await home_assistant.open_private_server()
    await take("config-flow-private-server")
    return pictures


async def _dashboard(home_assistant: HomeAssistantPage, take: Take) -> None:
    for colours in _COLOURS:
        await home_assistant.page.emulate_media(color_scheme=colours)
        await take(f"dashboard-{colours}-narrow")
        await take(f"dashboard-{colours}-wide")


async def _queue(home_assistant: HomeAssistantPage, take: Take) -> None:
    async with home_assistant.link_cut():
        await home_assistant.raise_set_point()
        await expect(home_assistant.queue).to_have_count(1)
        await home_assistant.set_mode("Heat pump")
        await expect(home_assistant.queue).to_have_count(2)
        await take("queue-narrow")
        await take("queue")


async def _device(home_assistant: HomeAssistantPage, take: Take) -> None:
    await home_assistant.open_device()
    await take("device-page")
    await home_assistant.page.emulate_media(color_scheme="dark")
    await take("device-page-dark-narrow")
    await home_assistant.page.emulate_media(color_scheme="light")


async def _take_all(demo: RunningDemo) -> dict[str, bytes]:
    async with open_browser() as browser:
        home_assistant = HomeAssistantPage(await browser.new_page(), demo)
        await home_assistant.sign_in()
        return await take_screenshots(home_assistant)


def main() -> None:
    """Start a demo, take every picture, and keep the documented ones only unless all are wanted."""
    parser = argparse.ArgumentParser(description="Pictures of the demo.")
    parser.add_argument("folder", type=Path)
    parser.add_argument("--all", action="store_true", help="keep the pictures that no document shows, too")
    arguments = parser.parse_args()
    with run_demo("--port", "0", "--speed", "1") as demo:
        pictures = asyncio.run(_take_all(demo))
    arguments.folder.mkdir(parents=True, exist_ok=True)
    for name in pictures if arguments.all else DOCUMENTED:
        (arguments.folder / f"{name}.png").write_bytes(pictures[name])


if __name__ == "__main__":
    main()
