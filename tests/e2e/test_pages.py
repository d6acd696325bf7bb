"""What a person sees and clicks: the dashboard, the queue, the device page and the dialog that adds an account."""

import re

from playwright.async_api import expect
import pytest

from .home_assistant_page import HomeAssistantPage
from .running_demo import RunningDemo
from .screenshots import DIFFERENT_LOOKS, shown
from .views import NARROW, VIEWS

pytestmark = pytest.mark.asyncio(loop_scope="session")

_ELECTRIC = 2
"""The raw value of the mode: protocol.md 5.2."""


def _raw(fahrenheit: int) -> int:
    """Return a setpoint as the heater has it, in half degrees Celsius: protocol.md 6.1."""
    return round((fahrenheit - 32) / 1.8 * 2)


def _size(picture: bytes) -> tuple[int, int]:
    """Return the width and the height that the head of a PNG has."""
    return int.from_bytes(picture[16:20]), int.from_bytes(picture[20:24])


@pytest.mark.parametrize("name", VIEWS)
async def test_every_view_looks_right_in_its_window(one_page: HomeAssistantPage, name: str) -> None:
    widths = {look: await one_page.width() async for look in shown(one_page, views=[name])}
    assert widths == {
        f"{name}-en-{colours}-{width}": VIEWS[name].width if width == "wide" else NARROW
        for colours, width in DIFFERENT_LOOKS
    }


async def test_picture_shows_the_whole_view(one_page: HomeAssistantPage) -> None:
    sizes = [_size(await one_page.picture()) async for _ in shown(one_page, views=["device-page"])]
    (wide, _), (narrow, height) = sizes
    assert (wide, narrow) == (VIEWS["device-page"].width, NARROW)
    # In a narrow window, its cards stand below each other.
    assert height > 2 * VIEWS["device-page"].narrow_height


async def test_what_does_not_look_right_is_noticed(home_assistant: HomeAssistantPage) -> None:
    await home_assistant.looks_right()
    await home_assistant.page.locator("ha-card").first.evaluate("card => { card.style.minWidth = '2000px'; }")
    assert not await home_assistant.fits()
    await home_assistant.page.locator("hui-markdown-card p").evaluate("text => text.append('Unnamed device')")
    await expect(home_assistant.trouble).to_have_count(1)


async def test_device_page_names_what_it_shows(home_assistant: HomeAssistantPage) -> None:
    await home_assistant.open_device()
    for name in (
        "Upper tank temperature",
        "Queued commands",
        "Clear queue",
        "Connection",
        "Connection status",
        "Next schedule entry",
    ):
        await expect(home_assistant.page.get_by_text(name, exact=True).first).to_be_visible()


async def test_private_server_is_collapsed_until_it_is_wanted(home_assistant: HomeAssistantPage) -> None:
    await home_assistant.open_config_flow()
    await expect(home_assistant.private_address).to_be_hidden()
    await home_assistant.open_private_server()
    await home_assistant.looks_right()


async def test_commands_wait_in_the_queue_and_go_when_the_connection_is_back(
    home_assistant: HomeAssistantPage, demo: RunningDemo
) -> None:
    before = len((await demo.heater())["applied"])
    async with home_assistant.connection_cut():
        await home_assistant.set_mode("Electric")
        await home_assistant.raise_setpoint()
        await expect(home_assistant.queue).to_have_text(["mode electric", re.compile(r"^target temperature \d+ °F$")])
        await expect(home_assistant.tile_state("Queued")).to_have_text("2 commands")
        await home_assistant.looks_right()
        fahrenheit = int((await home_assistant.queue.last.inner_text()).split()[2])
    heater = await demo.heater(applied=before + 2)
    assert [control["control"] for control in heater["applied"][before:]] == ["dhw-mode", "dhw-temperature"]
    assert heater["status"]["dhwOperationSetting"] == _ELECTRIC
    assert heater["status"]["dhwTemperatureSetting"] == _raw(fahrenheit)


async def test_clear_button_empties_the_queue(home_assistant: HomeAssistantPage, demo: RunningDemo) -> None:
    before = await demo.heater()
    async with home_assistant.connection_cut():
        await home_assistant.raise_setpoint()
        await expect(home_assistant.queue).to_have_text([re.compile("target temperature")])
        await home_assistant.press("Clear")
        await expect(home_assistant.page.get_by_text("The queue is empty")).to_be_visible()
        await home_assistant.looks_right()
    assert (await demo.heater())["applied"] == before["applied"]


async def test_refusal_is_said_and_written_down(home_assistant: HomeAssistantPage, demo: RunningDemo) -> None:
    await demo.fault("ctrl_fail", code=3)
    # The card leaves a refusal to the message at the bottom, and catches it nowhere.
    async with home_assistant.page.expect_event("pageerror") as uncaught:
        await home_assistant.raise_setpoint()
        said = home_assistant.message(
            re.compile(
                r"^The command .target temperature \d+ °F. was not applied: the water heater rejected it \(code 3\)"
            )
        )
        await expect(said).to_be_visible()
    home_assistant.errors.remove(str(await uncaught.value))
    await home_assistant.open_activity()
    line = home_assistant.page.get_by_text(
        re.compile(r"target temperature \d+ °F was not applied: the water heater rejected it")
    )
    await expect(line.first).to_be_visible()


@pytest.mark.parametrize(
    ("action", "data", "message"),
    [
        (
            "water_heater.set_temperature",
            {"temperature": 190},
            "Provided value 190 °F is not valid for target temperature. Accepted range is 105 °F to 150 °F.",
        ),
        (
            "navilink.start_vacation",
            {"days": 100},
            "Provided value 100 is not valid for vacation length. Accepted range is 1 to 99.",
        ),
    ],
)
async def test_what_is_out_of_range_is_said(
    home_assistant: HomeAssistantPage, demo: RunningDemo, action: str, data: dict[str, int], message: str
) -> None:
    before = await demo.heater()
    await home_assistant.perform(action, **data)
    await expect(home_assistant.message(message)).to_be_visible()
    assert (await demo.heater())["applied"] == before["applied"]


async def test_error_code_without_an_error_is_words(home_assistant: HomeAssistantPage) -> None:
    await home_assistant.open_device()
    await expect(home_assistant.page.get_by_text("No error").filter(visible=True).first).to_be_visible()


async def test_wait_that_is_too_long_is_explained_in_the_options(home_assistant: HomeAssistantPage) -> None:
    await home_assistant.open_options()
    await home_assistant.page.get_by_role("radio", name="All commands after the same time").click()
    await home_assistant.page.get_by_role("spinbutton", name="dd").fill("8")
    await home_assistant.submit()
    refused = home_assistant.page.get_by_text("The time must be greater than zero and at most 7 days.")
    await expect(refused).to_be_visible()
    await home_assistant.looks_right()


async def test_value_that_is_out_of_range_is_explained_and_an_emptied_field_has_its_default(
    home_assistant: HomeAssistantPage,
) -> None:
    await home_assistant.open_options()
    await expect(home_assistant.water_per_shower).not_to_be_visible()
    await home_assistant.open_household()
    usual = await home_assistant.water_per_shower.input_value()
    await home_assistant.water_per_shower.fill("1000")
    await home_assistant.submit()
    await expect(home_assistant.page.get_by_text("Water per shower is out of range:")).to_be_visible()
    await home_assistant.looks_right()
    await home_assistant.water_per_shower.fill("")
    await home_assistant.submit()
    await expect(home_assistant.page.get_by_text("Options successfully saved.")).to_be_visible()
    await home_assistant.open_options()
    await home_assistant.open_household()
    await expect(home_assistant.water_per_shower).to_have_value(usual)
