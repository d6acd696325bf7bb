"""What of the demo is looked at: each view, how it is opened, and the windows that it is shown in."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from functools import partial
import re

from playwright.async_api import expect

from .home_assistant_page import HomeAssistantPage

SECOND_MAC_ADDRESS = "0478630a1b2d"
"""Of the heater with a recirculation pump."""

NARROW = 390

type Open = Callable[[HomeAssistantPage], AbstractAsyncContextManager[bool]]
"""Opens a view on entry and leaves it on exit; gives `False` when the integration does not have what it shows."""


@dataclass(frozen=True, slots=True)
class View:
    """A view; a window is at least so high, and grows with the page in it."""

    open: Open
    width: int = 1280
    height: int = 800
    narrow_height: int = 844
    is_page: bool = False
    """Whether all of it is there again after a reload, which is how a page becomes wholly another language's."""


def _simple(step: Callable[[HomeAssistantPage], Awaitable[None]]) -> Open:
    """Make a view of what a single step opens, and nothing has to close."""

    @asynccontextmanager
    async def opened(home_assistant: HomeAssistantPage) -> AsyncIterator[bool]:
        await step(home_assistant)
        yield True

    return opened


def _page(path: str, needs: str = "") -> Open:
    """Make a view of a page, which there is only with an entity of this platform and key."""

    @asynccontextmanager
    async def opened(home_assistant: HomeAssistantPage) -> AsyncIterator[bool]:
        await home_assistant.open_dashboard()
        is_there = not needs or await home_assistant.entity(needs) is not None
        if is_there:
            await home_assistant.open(path)
        yield is_there

    return opened


def _more_info(key: str, mac_address: str | None = None) -> Open:
    """Make a view of what there is to see of an entity."""

    @asynccontextmanager
    async def opened(home_assistant: HomeAssistantPage) -> AsyncIterator[bool]:
        await home_assistant.show_dashboard()
        entity_id = await home_assistant.entity(key, *(() if mac_address is None else (mac_address,)))
        if entity_id is None:
            yield False
            return
        async with home_assistant.more_info(entity_id):
            yield True

    return opened


@asynccontextmanager
async def _energy(home_assistant: HomeAssistantPage) -> AsyncIterator[bool]:
    """The Energy dashboard with a year, once anything has been put into it."""
    await home_assistant.open_dashboard()
    is_there = await home_assistant.has_energy()
    if is_there:
        await home_assistant.open_energy()
    yield is_there


@asynccontextmanager
async def _private_server(home_assistant: HomeAssistantPage) -> AsyncIterator[bool]:
    await home_assistant.open_config_flow()
    await home_assistant.open_private_server()
    yield True


@asynccontextmanager
async def _household(home_assistant: HomeAssistantPage) -> AsyncIterator[bool]:
    await home_assistant.open_options()
    await home_assistant.open_household()
    yield True


@asynccontextmanager
async def _queue(home_assistant: HomeAssistantPage) -> AsyncIterator[bool]:
    """The dashboard with two commands that wait."""
    await home_assistant.open_dashboard()
    async with home_assistant.connection_cut():
        await home_assistant.raise_setpoint()
        await expect(home_assistant.queue).to_have_count(1)
        await home_assistant.set_another_mode()
        await expect(home_assistant.queue).to_have_count(2)
        yield True


@asynccontextmanager
async def _connection_status(home_assistant: HomeAssistantPage) -> AsyncIterator[bool]:
    """The details of the connection while there is none."""
    await home_assistant.open_dashboard()
    async with home_assistant.connection_cut(), home_assistant.details("sensor.connection_status"):
        for attribute in ("Detail", "Since", "Next attempt"):
            await expect(home_assistant.page.get_by_text(attribute, exact=True)).to_be_visible()
        yield True


@asynccontextmanager
async def _repair(home_assistant: HomeAssistantPage) -> AsyncIterator[bool]:
    """What is said of a command that a queue of one had no room for."""
    await home_assistant.choose_queue_size(1)
    await home_assistant.open_dashboard()
    async with home_assistant.connection_cut():
        await home_assistant.raise_setpoint()
        await expect(home_assistant.queue).to_have_text([re.compile(r"\d")])
        await home_assistant.set_another_mode()
        await expect(home_assistant.queue).to_have_text([re.compile(r"^\D+$")])
    await home_assistant.choose_queue_size(100)
    await home_assistant.open_repair()
    yield True
    await home_assistant.open_repair()
    await home_assistant.discard()


VIEWS = {
    "dashboard": View(_simple(HomeAssistantPage.open_dashboard), is_page=True),
    "dashboard-second": View(
        _simple(partial(HomeAssistantPage.open_dashboard, mac_address=SECOND_MAC_ADDRESS)), is_page=True
    ),
    "queue": View(_queue),
    "connection-status": View(_connection_status, 900),
    "device-page": View(_simple(HomeAssistantPage.open_device), is_page=True),
    "device-page-second": View(
        _simple(partial(HomeAssistantPage.open_device, mac_address=SECOND_MAC_ADDRESS)), is_page=True
    ),
    "more-info-water-heater": View(_more_info("water_heater.water_heater"), 900),
    "more-info-temperature": View(_more_info("sensor.tank_upper_temperature"), 900),
    "more-info-heat-source": View(_more_info("sensor.heat_source"), 900),
    "more-info-error-code": View(_more_info("sensor.error_code"), 900),
    "more-info-queued-commands": View(_more_info("sensor.queued_commands"), 900),
    "more-info-energy": View(_more_info("sensor.energy_total"), 900),
    "more-info-next-entry": View(_more_info("sensor.next_schedule_entry"), 900),
    "more-info-binary-sensor": View(_more_info("binary_sensor.fault"), 900),
    "more-info-event": View(_more_info("event.command_outcome"), 900),
    "more-info-button": View(_more_info("button.refresh"), 900),
    "more-info-switch": View(_more_info("switch."), 900),
    "more-info-number": View(_more_info("number."), 900),
    "more-info-select": View(_more_info("select.", SECOND_MAC_ADDRESS), 900),
    "more-info-update": View(_more_info("update."), 900),
    "more-info-calendar": View(_more_info("calendar."), 900),
    "calendar": View(_page("calendar", "calendar."), is_page=True),
    "energy-dashboard": View(_energy, is_page=True),
    "activity": View(_simple(HomeAssistantPage.open_activity), is_page=True),
    "config-flow": View(_simple(HomeAssistantPage.open_config_flow), 900, 700),
    "config-flow-private-server": View(_private_server, 900, 1100),
    "options": View(_simple(HomeAssistantPage.open_options), 900, 1400, 1300),
    "options-household": View(_household, 900, 2400, 2600),
    "action": View(_simple(partial(HomeAssistantPage.open_action, action="navilink.start_vacation")), 900, 700),
    "system-information": View(_page("config/repairs?dialog=system-health"), 900),
    "repair": View(_repair, 900, 700),
}
"""Every view by its name."""
