"""What a person sees: the dashboard, the queue, the device page and the dialog that adds an account."""

from pathlib import Path
import struct

from .browser import Page
from .home_assistant_page import HomeAssistantPage
from .running_demo import RunningDemo
from .screenshots import SIZES, take_screenshots

_SIGNS_OF_TROUBLE = (
    "Loading",
    "Unnamed",
    "Unknown entity",
    "Configuration error",
    "Entity not found",
    "undefined",
    "NaN",
)

_SIZES = ((1280, 800), (390, 844))


async def _looks_right(home_assistant: HomeAssistantPage) -> None:
    page = home_assistant.page

    async def no_trouble() -> bool:
        text = await page.text()
        return not any(sign in text for sign in _SIGNS_OF_TROUBLE)

    await page.wait_until(f"a page without {_SIGNS_OF_TROUBLE}", no_trouble)
    assert page.console_errors == []


async def _fits(home_assistant: HomeAssistantPage) -> None:
    page = home_assistant.page

    async def no_sideways_scrolling() -> bool:
        return bool(await page.evaluate("document.documentElement.scrollWidth <= window.innerWidth"))

    await page.wait_until("a page as wide as its window", no_sideways_scrolling)


def _sizes(folder: Path) -> dict[str, tuple[int, int]]:
    """Return width and height of every picture, from the head of a PNG file."""
    return {path.stem: struct.unpack(">II", path.read_bytes()[16:24]) for path in folder.glob("*.png")}


async def test_dashboard_in_every_size_and_colour(home_assistant: HomeAssistantPage) -> None:
    for colours in ("light", "dark"):
        await home_assistant.page.prefer(colours)
        for size in _SIZES:
            await home_assistant.page.resize(*size)
            await home_assistant.page.wait_for_text("Nothing waits")
            await _looks_right(home_assistant)
            await _fits(home_assistant)


async def test_device_page(home_assistant: HomeAssistantPage) -> None:
    await home_assistant.open_device()
    await _looks_right(home_assistant)
    text = await home_assistant.page.text()
    assert "Unavailable" not in text
    for name in ("Upper tank temperature", "Queued commands", "Clear queue", "Connection", "Last message"):
        assert name in text


async def test_private_server_is_collapsed_until_it_is_wanted(home_assistant: HomeAssistantPage) -> None:
    await home_assistant.open_config_flow()
    assert "Address of the REST service" not in await home_assistant.page.text()
    await home_assistant.open_private_server()
    await home_assistant.page.wait_for_text("Address of the REST service", "certificates")
    await _looks_right(home_assistant)


async def test_commands_wait_in_the_queue_and_go_when_the_link_is_back(
    home_assistant: HomeAssistantPage, demo: RunningDemo
) -> None:
    page = home_assistant.page
    await demo.fault("link_down")
    await page.wait_for_text("Disconnected")
    await home_assistant.set_mode("Electric")
    await home_assistant.raise_set_point()
    await page.wait_for_text("2 commands", "mode electric", "set point")
    assert await home_assistant.queue() == ["mode electric", "set point 121 °F"]
    await demo.fault("link_up")
    await home_assistant.wait_for_link()
    await _looks_right(home_assistant)


async def test_clear_button_empties_the_queue(home_assistant: HomeAssistantPage, demo: RunningDemo) -> None:
    page = home_assistant.page
    await demo.fault("link_down")
    await page.wait_for_text("Disconnected")
    await home_assistant.raise_set_point()
    await page.wait_for_text("1 commands", "set point")
    await home_assistant.press("Clear")
    await page.wait_for_text("Nothing waits")
    await _looks_right(home_assistant)


async def test_every_picture_has_its_size(page: Page, demo: RunningDemo, tmp_path: Path) -> None:
    await take_screenshots(page, demo, tmp_path)
    assert _sizes(tmp_path) == SIZES
