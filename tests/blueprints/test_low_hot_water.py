"""The notice that hot water is low: how much is left, and when it will be hot."""

from homeassistant.core import HomeAssistant
from homeassistant.util import dt as dt_util
import pytest

from simulator.process import SimulatorProcess
from tests.integration.actions import press
from tests.integration.heaters import MAC
from tests.integration.waiting import wait_for, wait_for_value

from .automations import AUTOMATION, automate
from .notifications import followed

LOW = "binary_sensor.nwp500_hot_water_low"
SHOWERS = "sensor.nwp500_showers_left"
UNTIL_HOT = "sensor.nwp500_time_until_hot"
NOTICE = "navilink_low_hot_water"


async def notice(hass: HomeAssistant, **inputs: object) -> None:
    await automate(
        hass,
        "low_hot_water",
        **{
            "hot_water_low": LOW,
            "showers_left": SHOWERS,
            "time_until_hot": UNTIL_HOT,
            "low_for": {"seconds": 0},
            "from_time": "00:00:00",
            "to_time": "23:59:59",
        }
        | inputs,
    )


@pytest.mark.usefixtures("running")
async def test_notice_of_the_heaters_own_sensors(hass: HomeAssistant, simulator: SimulatorProcess) -> None:
    await notice(hass)
    async with followed(hass) as notifications:
        # 38 °C above and 20 °C below: the compressor starts.
        await simulator.device(MAC, tankUpperTemperature=380, tankLowerTemperature=200)
        await simulator.clock(advance=60)
        await press(hass, "button.nwp500_refresh")
        await notifications.until(lambda: NOTICE in notifications.shown)
        shown = notifications.shown[NOTICE]
        assert shown["title"] == "NWP500: hot water is low"
        assert shown["message"].startswith("Showers left: 0. ")
        await simulator.device(MAC, tankUpperTemperature=500, tankLowerTemperature=480)
        await press(hass, "button.nwp500_refresh")
        await wait_for_value(hass, LOW, "off")
        await notifications.until(lambda: not notifications.shown)
        assert len(notifications.made) == 1


@pytest.mark.parametrize(
    ("showers", "minutes", "message"),
    [
        ("0.5", "135", r"Showers left: 0.5. Hot again in 2 h 15 min, at "),
        ("0.0", "unknown", "Showers left: 0. It is not being heated, or hot water is in use."),
    ],
)
@pytest.mark.usefixtures("running")
async def test_what_the_notice_says(hass: HomeAssistant, showers: str, minutes: str, message: str) -> None:
    await notice(hass)
    hass.states.async_set(SHOWERS, showers)
    hass.states.async_set(UNTIL_HOT, minutes)
    async with followed(hass) as notifications:
        hass.states.async_set(LOW, "on")
        await notifications.until(lambda: NOTICE in notifications.shown)
        assert notifications.shown[NOTICE]["message"].startswith(message)


@pytest.mark.usefixtures("running")
async def test_nobody_is_notified_at_night(hass: HomeAssistant) -> None:
    now = dt_util.now()
    # A minute that is not this one, nor the next.
    night = f"{(now.hour + 12) % 24:02}:00:00"
    await notice(hass, from_time=night, to_time=night.replace("00:00", "01:00"))
    async with followed(hass) as notifications:
        hass.states.async_set(LOW, "on")
        await hass.async_block_till_done()
        await wait_for(hass, AUTOMATION, lambda state: state.attributes["current"] == 0)
        assert notifications.made == []
