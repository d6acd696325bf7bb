"""The system's Chromium, without a window, driven by Playwright."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
import shutil

from playwright.async_api import Browser, async_playwright, expect

_PATIENCE = 30_000.0
"""Milliseconds that a page may take for anything, on a machine that has other things to do."""


def chromium() -> str | None:
    """Return the path of an installed Chromium, `None` when there is none."""
    return shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")


@asynccontextmanager
async def open_browser() -> AsyncIterator[Browser]:
    """Start Chromium with an empty profile and end it on exit. `FileNotFoundError` when none is installed."""
    program = chromium()
    if program is None:
        raise FileNotFoundError("no Chromium is installed")
    expect.set_options(timeout=_PATIENCE)
    async with async_playwright() as playwright, await playwright.chromium.launch(executable_path=program) as browser:
        yield browser
