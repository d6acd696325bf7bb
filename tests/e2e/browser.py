"""Chromium without a window, driven over its DevTools protocol: just what a look at Home Assistant needs.

Home Assistant's frontend lives in shadow roots, which ordinary selectors do not enter. The small script below walks
through them; every question to the page (`text`, `find`, `click`) is asked through it.
"""

import asyncio
import base64
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
import itertools
import json
from pathlib import Path
import shutil
import tempfile
from typing import Any

import aiohttp

_FLAGS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--hide-scrollbars",
    "--remote-debugging-port=0",
)
_START_SECONDS = 30.0
_STOP_SECONDS = 10.0
_WAIT_SECONDS = 30.0
_POLL_SECONDS = 0.1

_DEEP_SCRIPT = """
window.deep = {
  *elements(root = document) {
    for (const element of root.querySelectorAll('*')) {
      yield element;
      if (element.shadowRoot) yield* this.elements(element.shadowRoot);
    }
  },
  shown(element) {
    const box = element.getBoundingClientRect();
    return box.width > 0 && box.height > 0 && getComputedStyle(element).visibility !== 'hidden';
  },
  ownText(element) {
    return [...element.childNodes].filter(node => node.nodeType === 3).map(node => node.textContent).join(' ')
      .replace(/\\s+/g, ' ').trim();
  },
  text() {
    const texts = [];
    for (const element of this.elements()) {
      if (['STYLE', 'SCRIPT', 'TITLE'].includes(element.tagName)) continue;
      const text = this.ownText(element);
      if (text && this.shown(element)) texts.push(text);
    }
    return texts.join('\\n');
  },
  find(selector, text) {
    for (const element of this.elements()) {
      if (!element.matches(selector) || !this.shown(element)) continue;
      if (text === null || this.ownText(element) === text || element.label === text || element.name === text) {
        return element;
      }
    }
    return null;
  },
};
"""


_EVERYTHING_LOADED = """document.fonts.status === 'loaded'
    && [...deep.elements()].every(element => element.tagName !== 'IMG' || element.complete)"""


class BrowserError(Exception):
    """Chromium did not start, or its page is not what was expected."""


class PageChangedError(BrowserError):
    """The page went somewhere else while it was being asked."""


_PAGE_CHANGED = ("navigated or closed", "context was destroyed", "Cannot find context")


def _error(message: str) -> BrowserError:
    kind = PageChangedError if any(part in message for part in _PAGE_CHANGED) else BrowserError
    return kind(message)


def chromium() -> str | None:
    """Return the path of an installed Chromium, `None` when there is none."""
    return shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")


class Page:
    """One tab."""

    def __init__(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        self.console_errors: list[str] = []
        self._socket = socket
        self._ids = itertools.count(1)
        self._answers: dict[int, asyncio.Future[dict[str, Any]]] = {}
        self._reader = asyncio.create_task(self._read(), name="chromium answers")

    async def prepare(self) -> None:
        """Switch on what the methods below rely on."""
        await self._call("Page.enable")
        await self._call("Runtime.enable")
        await self._call("Page.addScriptToEvaluateOnNewDocument", source=_DEEP_SCRIPT)

    async def close(self) -> None:
        """Close the connection; the tab goes with its browser."""
        await self._socket.close()
        self._reader.cancel()
        await asyncio.gather(self._reader, return_exceptions=True)

    async def resize(self, width: int, height: int, *, scale: int = 1) -> None:
        """Give the page this size in CSS pixels; `scale` device pixels each."""
        await self._call(
            "Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=scale, mobile=False
        )

    async def prefer(self, colours: str) -> None:
        """Tell the page that the user prefers `light` or `dark`."""
        await self._call("Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": colours}])

    async def go_to(self, url: str) -> None:
        """Open an address."""
        await self._call("Page.navigate", url=url)

    async def evaluate(self, expression: str) -> Any:  # noqa: ANN401 - the value is whatever the page computes
        """Return the JSON value of an expression, awaited in the page. `BrowserError` when it throws."""
        answer = await self._call("Runtime.evaluate", expression=expression, awaitPromise=True, returnByValue=True)
        if "exceptionDetails" in answer:
            details = answer["exceptionDetails"]
            raise BrowserError(details.get("exception", {}).get("description") or details["text"])
        return answer["result"].get("value")

    async def text(self) -> str:
        """Return every visible piece of text, one a line, shadow roots included."""
        return str(await self.evaluate("window.deep ? deep.text() : ''"))

    async def wait_until(self, what: str, is_so: Callable[[], Awaitable[bool]], seconds: float = _WAIT_SECONDS) -> None:
        """Look at the page again and again until `is_so`. `BrowserError` shows the page's text when it never is."""
        try:
            async with asyncio.timeout(seconds):
                while not await _holds(is_so):  # noqa: ASYNC110 - the page has no event for "looks so"
                    await asyncio.sleep(_POLL_SECONDS)
        except TimeoutError as error:
            raise BrowserError(f"{what}: not so after {seconds:.0f} s; the page says:\n{await self.text()}") from error

    async def wait_for_text(self, *texts: str, seconds: float = _WAIT_SECONDS) -> None:
        """Wait until each of these is somewhere in the visible text."""

        async def all_there() -> bool:
            text = await self.text()
            return all(part in text for part in texts)

        await self.wait_until(f"text {texts}", all_there, seconds)

    async def wait_for(self, selector: str, text: str | None = None) -> None:
        """Wait until a visible element matches a selector and, if given, bears exactly this text."""
        expression = f"!!(window.deep && deep.find({json.dumps(selector)}, {json.dumps(text)}))"

        async def there() -> bool:
            return bool(await self.evaluate(expression))

        await self.wait_until(f"element {selector} {text or ''}", there)

    async def click(self, selector: str, text: str | None = None) -> None:
        """Click the middle of an element, as a mouse would, once it is there and stands still."""
        await self.wait_for(selector, text)
        x, y = await self.evaluate(f"""(async () => {{
            const element = deep.find({json.dumps(selector)}, {json.dumps(text)});
            element.scrollIntoView({{block: 'nearest', behavior: 'instant'}});
            const place = () => {{ const b = element.getBoundingClientRect();
              return [b.x + b.width / 2, b.y + b.height / 2]; }};
            let before, now = place();
            do {{
              before = now;
              await new Promise(resolve => setTimeout(resolve, 50));
              now = place();
            }} while (before[0] !== now[0] || before[1] !== now[1]);
            return now;
        }})()""")
        for kind in ("mousePressed", "mouseReleased"):
            await self._call("Input.dispatchMouseEvent", type=kind, x=x, y=y, button="left", clickCount=1)

    async def fill(self, selector: str, value: str) -> None:
        """Click into a field and type, again if the page was not yet ready to keep what was typed."""
        field = f"deep.find({json.dumps(selector)}, null)"

        async def filled() -> bool:
            await self.click(selector)
            await self.evaluate(f"{field}.select()")
            await self._call("Input.insertText", text=value)
            return bool(await self.evaluate(f"{field}.value === {json.dumps(value)}"))

        await self.wait_until(f"{selector} filled in", filled)

    async def screenshot(self, path: Path) -> None:
        """Save what is visible, once fonts and images are there and nothing moves any more."""
        pictures: list[str] = []

        async def is_at_rest() -> bool:
            pictures.append((await self._call("Page.captureScreenshot", format="png"))["data"])
            return pictures[-3:] == pictures[-1:] * 3 and bool(await self.evaluate(_EVERYTHING_LOADED))

        await self.wait_until("a page at rest", is_at_rest)
        await asyncio.to_thread(path.write_bytes, base64.b64decode(pictures[-1]))

    async def _call(self, method: str, **parameters: object) -> dict[str, Any]:
        number = next(self._ids)
        answer: asyncio.Future[dict[str, Any]] = asyncio.get_running_loop().create_future()
        self._answers[number] = answer
        try:
            await self._socket.send_json({"id": number, "method": method, "params": parameters})
            return await answer
        finally:
            del self._answers[number]

    async def _read(self) -> None:
        async for message in self._socket:
            answer = message.json()
            if (future := self._answers.get(answer.get("id"))) is not None and not future.done():
                if "error" in answer:
                    future.set_exception(_error(answer["error"]["message"]))
                else:
                    future.set_result(answer["result"])
            elif answer.get("method") == "Runtime.exceptionThrown":
                details = answer["params"]["exceptionDetails"]
                self.console_errors.append(details.get("exception", {}).get("description") or details["text"])
        for future in self._answers.values():
            if not future.done():
                future.set_exception(BrowserError("chromium closed the connection"))


async def _holds(is_so: Callable[[], Awaitable[bool]]) -> bool:
    try:
        return await is_so()
    except PageChangedError:
        return False


@asynccontextmanager
async def open_page() -> AsyncIterator[Page]:
    """Start Chromium with an empty profile, open one page, and end both on exit. `BrowserError` without a Chromium."""
    program = chromium()
    if program is None:
        raise BrowserError("no Chromium is installed")
    with tempfile.TemporaryDirectory(prefix="navilink-chromium-", ignore_cleanup_errors=True) as profile:
        process = await asyncio.create_subprocess_exec(
            program,
            *_FLAGS,
            f"--user-data-dir={profile}",
            "about:blank",
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.DEVNULL,
            stderr=asyncio.subprocess.PIPE,
        )
        try:
            async with asyncio.timeout(_START_SECONDS):
                address = await _devtools_address(process)
            async with aiohttp.ClientSession() as session:
                async with session.get(f"http://{address}/json/list") as response:
                    targets = await response.json()
                tab = next(target for target in targets if target["type"] == "page")
                page = Page(await session.ws_connect(tab["webSocketDebuggerUrl"], max_msg_size=0))
                try:
                    await page.prepare()
                    yield page
                finally:
                    await page.close()
        finally:
            await _stop(process)


async def _devtools_address(process: asyncio.subprocess.Process) -> str:
    """Read Chromium's messages up to the one that names its address; go on reading, so that it never blocks."""
    if process.stderr is None:
        raise BrowserError("chromium has no messages to read")
    while line := (await process.stderr.readline()).decode():
        if line.startswith("DevTools listening on ws://"):
            return line.removeprefix("DevTools listening on ws://").partition("/")[0]
    raise BrowserError(f"chromium ended with code {await process.wait()}")


async def _stop(process: asyncio.subprocess.Process) -> None:
    if process.returncode is not None:
        return
    process.terminate()
    try:
        async with asyncio.timeout(_STOP_SECONDS):
            await process.communicate()
    except TimeoutError:
        process.kill()
        await process.communicate()
