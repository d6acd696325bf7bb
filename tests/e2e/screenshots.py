"""`python -m tests.e2e.screenshots FOLDER`: pictures of the demo, as they stand in docs/ and more."""

import argparse
import asyncio
from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import asynccontextmanager
from itertools import product
from pathlib import Path
from typing import Literal

from demo.releases import TESTED_RELEASE, releases

from .browser import open_browser
from .home_assistant_page import HomeAssistantPage
from .running_demo import RunningDemo, run_demo
from .views import NARROW, VIEWS, View

DOCUMENTED = ("device-page", "queue", "config-flow", "energy-dashboard")
"""The views that the documentation shows, light and wide and in English."""

ENGLISH = "en"
LANGUAGES = (ENGLISH, "de", "ko")

type Colours = Literal["dark", "light"]
type Width = Literal["wide", "narrow"]
type Look = tuple[Colours, Width]

EVERY_LOOK: Sequence[Look] = tuple(product(("light", "dark"), ("wide", "narrow")))
DIFFERENT_LOOKS: Sequence[Look] = (("light", "wide"), ("dark", "narrow"))
"""Enough to see whether a view is right in both colors and widths."""


async def shown(
    home_assistant: HomeAssistantPage,
    *,
    views: Iterable[str] = tuple(VIEWS),
    languages: Sequence[str] = (ENGLISH,),
    looks: Sequence[Look] = DIFFERENT_LOOKS,
) -> AsyncIterator[str]:
    """Go through views and show each look of each, as `queue-de-dark-wide`; leave out what is not there.

    `AssertionError` when one does not look right.
    """
    for language in languages:
        if language != ENGLISH:
            await home_assistant.name_in(language)
        for name in views:
            async with VIEWS[name].open(home_assistant) as is_there:
                if not is_there:
                    continue
                await _speak(home_assistant, VIEWS[name], language)
                for colours, width in looks:
                    async with _shown_as(home_assistant, VIEWS[name], colours, width):
                        yield f"{name}-{language}-{colours}-{width}"
                # Whoever opens and closes it goes by English words.
                if language != ENGLISH:
                    await home_assistant.speak(ENGLISH)
    if set(languages) != {ENGLISH}:
        await home_assistant.name_in(ENGLISH)


async def _speak(home_assistant: HomeAssistantPage, view: View, language: str) -> None:
    if language != ENGLISH:
        await home_assistant.speak(language)
        if view.is_page:
            await home_assistant.page.reload()
            await home_assistant.connected()


@asynccontextmanager
async def _shown_as(
    home_assistant: HomeAssistantPage, view: View, colours: Colours, width: Width
) -> AsyncIterator[None]:
    page = home_assistant.page
    pixels, height = (view.width, view.height) if width == "wide" else (NARROW, view.narrow_height)
    await page.emulate_media(color_scheme=colours)
    await page.set_viewport_size({"width": pixels, "height": height})
    await home_assistant.looks_right()
    height = await home_assistant.whole_height()
    await page.set_viewport_size({"width": pixels, "height": height})
    await home_assistant.has_images()
    yield
    await page.emulate_media(color_scheme="light")
    await page.set_viewport_size({"width": view.width, "height": view.height})


async def _write_all(demo: RunningDemo, folder: Path, views: Sequence[str], languages: Sequence[str]) -> None:
    async with open_browser() as browser:
        home_assistant = HomeAssistantPage(await browser.new_page(), demo)
        await home_assistant.sign_in()
        async for name in shown(home_assistant, views=views, languages=languages, looks=EVERY_LOOK):
            (folder / f"{name}.png").write_bytes(await home_assistant.picture())
            print(name, flush=True)  # noqa: T201 - a command that takes minutes


async def _write_documented(demo: RunningDemo, folder: Path) -> None:
    async with open_browser() as browser:
        home_assistant = HomeAssistantPage(await browser.new_page(), demo)
        await home_assistant.sign_in()
        looks: Sequence[Look] = (("light", "wide"),)
        async for name in shown(home_assistant, views=DOCUMENTED, looks=looks):
            picture = await home_assistant.picture()
            (folder / f"{name.removesuffix('-en-light-wide')}.png").write_bytes(picture)


def main() -> None:
    """Start a demo and take pictures of it."""
    parser = argparse.ArgumentParser(prog="scripts/screenshots", description="Pictures of the demo.")
    parser.add_argument("folder", type=Path, nargs="?", default=Path("docs"))
    parser.add_argument("--all", action="store_true", help="every view in each language, color scheme and width")
    parser.add_argument("--views", nargs="+", choices=VIEWS, default=tuple(VIEWS), metavar="VIEW", help="with --all")
    parser.add_argument("--languages", nargs="+", default=LANGUAGES, metavar="LANGUAGE", help="with --all")
    parser.add_argument("--home-assistant", choices=releases(), default=TESTED_RELEASE, metavar="RELEASE")
    arguments = parser.parse_args()
    arguments.folder.mkdir(parents=True, exist_ok=True)
    with run_demo("--port", "0", "--speed", "0", "--home-assistant", arguments.home_assistant) as demo:
        if arguments.all:
            asyncio.run(_write_all(demo, arguments.folder, arguments.views, arguments.languages))
        else:
            asyncio.run(_write_documented(demo, arguments.folder))


if __name__ == "__main__":
    main()
