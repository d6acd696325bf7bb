"""`python -m tests.e2e.screenshots FOLDER`: pictures of the demo, as they stand in docs/ and more."""

import argparse
import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
import re
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
    "connection-status": (900, 800),
    "connection-status-dark-narrow": (390, 844),
    "device-page": (1280, 800),
    "device-page-dark-narrow": (390, 844),
    "config-flow": (900, 700),
    "config-flow-private-server": (900, 1100),
    "options": (900, 1400),
    "options-dark-narrow": (390, 1300),
    "action": (900, 700),
    "action-dark-narrow": (390, 844),
    "repair": (900, 700),
    "repair-dark-narrow": (390, 844),
    "activity": (1280, 800),
    "activity-dark-narrow": (390, 844),
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
    await home_assistant.open_activity()
    await _in_both_colours(home_assistant, take, "activity")
    await home_assistant.open_device()
    await _in_both_colours(home_assistant, take, "device-page")
    await home_assistant.open_config_flow()
    await take("config-flow")
    await home_assistant.open_private_server()
    await take("config-flow-private-server")
    await home_assistant.open_options()
    await _in_both_colours(home_assistant, take, "options")
    await home_assistant.open_action("navilink.start_vacation")
    await _in_both_colours(home_assistant, take, "action")
    await _lost_command(home_assistant)
    await home_assistant.open_repair("Commands to a water heater were not sent")
    await _in_both_colours(home_assistant, take, "repair")
    await home_assistant.discard()
    return pictures


async def _dashboard(home_assistant: HomeAssistantPage, take: Take) -> None:
    for colours in _COLOURS:
        await home_assistant.page.emulate_media(color_scheme=colours)
        await take(f"dashboard-{colours}-narrow")
        await take(f"dashboard-{colours}-wide")


async def _queue(home_assistant: HomeAssistantPage, take: Take) -> None:
    async with home_assistant.link_cut():
        await home_assistant.raise_setpoint()
        await expect(home_assistant.queue).to_have_count(1)
        await home_assistant.set_mode("Heat pump")
        await expect(home_assistant.queue).to_have_count(2)
        await take("queue-narrow")
        await take("queue")
        async with home_assistant.details("connection_status"):
            for attribute in ("Detail", "Since", "Next attempt"):
                await expect(home_assistant.page.get_by_text(attribute, exact=True)).to_be_visible()
            await _in_both_colours(home_assistant, take, "connection-status")


async def _in_both_colours(home_assistant: HomeAssistantPage, take: Take, name: str) -> None:
    await take(name)
    await home_assistant.page.emulate_media(color_scheme="dark")
    await take(f"{name}-dark-narrow")
    await home_assistant.page.emulate_media(color_scheme="light")


async def _lost_command(home_assistant: HomeAssistantPage) -> None:
    """Give two commands to a queue that holds one."""
    await _choose_queue_size(home_assistant, 1)
    await home_assistant.open_dashboard()
    async with home_assistant.link_cut():
        await home_assistant.raise_setpoint()
        await expect(home_assistant.queue).to_have_text([re.compile("target temperature")])
        await home_assistant.set_mode("High demand")
        await expect(home_assistant.queue).to_have_text(["mode high demand"])
    await _choose_queue_size(home_assistant, 100)


async def _choose_queue_size(home_assistant: HomeAssistantPage, size: int) -> None:
    await home_assistant.open_options()
    await home_assistant.queue_size.fill(str(size))
    await home_assistant.submit()
    await expect(home_assistant.page.get_by_text("Options successfully saved.")).to_be_visible()


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
