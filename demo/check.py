"""The promise, proved over Home Assistant's own interface: no command is lost, reordered or forgotten."""

from contextlib import AbstractAsyncContextManager
import math
import time

from .exceptions import DemoError
from .log import complaints
from .stage import Stage

_RECONNECT_SECONDS = 90.0
"""The client waits up to a minute between two attempts."""

_REPLY_SECONDS = 10.0
_CONTROL_TOPICS = "/ctrl"
"""How the topics of controls and writes end: protocol.md 4.1."""

_LOADED = "custom integration navilink"
"""In the line with which Home Assistant loads any custom integration: a log without it is not the one to read."""

_STATUS_TOPICS = "/st"
_OTHER_WATER = 451
"""Tenths of a degree Celsius, colder than the simulated water."""

_MODE_CODES = {"heat_pump": 1, "electric": 2, "eco": 3, "high_demand": 4}
"""Home Assistant's operation modes and the raw values the heater uses for them: protocol.md 5.1."""


class CheckError(DemoError):
    """A figure is not the promised one."""


async def check(setting: AbstractAsyncContextManager[Stage]) -> None:
    """Set a stage and prove the promise on it: a line `name: value` for each figure, `DemoError` for a wrong one."""
    start = time.monotonic()
    async with setting as stage:
        _show("seconds to ready", f"{time.monotonic() - start:.1f}")
        await _prove(stage)


async def _prove(stage: Stage) -> None:
    _heater_found(stage)
    wanted = await _queue_two_commands(stage)
    await _both_arrive_in_order(stage, wanted)
    await _nothing_arrives_after_clear(stage)
    await _nothing_logged(stage)


def _show(name: str, value: object) -> None:
    print(f"{name}: {value}", flush=True)


def _compare(name: str, found: object, wanted: object) -> None:
    _show(name, found)
    if found != wanted:
        raise CheckError(f"{name}: {found}, but {wanted} was expected")


def _heater_found(stage: Stage) -> None:
    water_heater = stage.heater.water_heater
    _show("heater", water_heater)
    temperature = stage.home_assistant.api.attributes(water_heater)["current_temperature"]
    _show("temperature", temperature)
    if not (isinstance(temperature, int | float) and math.isfinite(temperature)):
        raise CheckError(f"temperature: {temperature} is not a number")


async def _cut(stage: Stage) -> None:
    await stage.simulator.fault("mqtt_down")
    await stage.home_assistant.api.wait_for_state(stage.heater.connection, "off", _RECONNECT_SECONDS)
    _compare("connection after the cut", stage.home_assistant.api.state(stage.heater.connection), "off")


async def _restore(stage: Stage) -> None:
    await stage.simulator.fault("mqtt_up")
    await stage.home_assistant.api.wait_for_state(stage.heater.connection, "on", _RECONNECT_SECONDS)
    _compare("connection after the repair", stage.home_assistant.api.state(stage.heater.connection), "on")


def _another_temperature(stage: Stage) -> float:
    attributes = stage.home_assistant.api.attributes(stage.heater.water_heater)
    return next(
        float(value)
        for value in (125, 130)
        if value != attributes["temperature"] and attributes["min_temp"] <= value <= attributes["max_temp"]
    )


def _another_mode(stage: Stage) -> str:
    api, water_heater = stage.home_assistant.api, stage.heater.water_heater
    offered = api.attributes(water_heater)["operation_list"]
    return next(mode for mode in _MODE_CODES if mode in offered and mode != api.state(water_heater))


async def _queue_two_commands(stage: Stage) -> dict[str, int]:
    """Disconnect, and give two commands; returns the raw values the heater should have in the end, in order."""
    api, heater = stage.home_assistant.api, stage.heater
    temperature, mode = _another_temperature(stage), _another_mode(stage)
    await _cut(stage)
    await api.action("water_heater.set_temperature", heater.water_heater, temperature=temperature)
    await api.action("water_heater.set_operation_mode", heater.water_heater, operation_mode=mode)
    await api.wait_for_state(heater.queued_commands, "2")
    _compare("queued commands while cut", api.state(heater.queued_commands), "2")
    _compare("temperature shown while cut", api.attributes(heater.water_heater)["temperature"], temperature)
    _compare("mode shown while cut", api.state(heater.water_heater), mode)
    return {
        # Raw setpoints are half degrees Celsius: protocol.md 6.1.
        "dhwTemperatureSetting": round((temperature - 32) / 1.8 * 2),
        "dhwOperationSetting": _MODE_CODES[mode],
    }


async def _both_arrive_in_order(stage: Stage, wanted: dict[str, int]) -> None:
    api, heater = stage.home_assistant.api, stage.heater
    before = len((await stage.simulated_heater())["applied"])
    received = await _received(stage, _CONTROL_TOPICS)
    await _restore(stage)
    await api.wait_for_state(heater.queued_commands, "0")
    try:
        await stage.simulator.wait(received=received + 2, topic_suffix=_CONTROL_TOPICS, timeout=_REPLY_SECONDS)
    except TimeoutError as error:
        raise CheckError(f"commands received by the heater: {error}") from error
    simulated = await stage.simulated_heater()
    applied = [control["control"] for control in simulated["applied"][before:]]
    _compare("commands applied by the heater", applied, ["dhw-temperature", "dhw-mode"])
    for member, value in wanted.items():
        _compare(f"heater's {member}", simulated["status"][member], value)
    _compare("queued commands after the repair", api.state(heater.queued_commands), "0")


async def _received(stage: Stage, topic_suffix: str) -> int:
    return sum(message["topic"].endswith(topic_suffix) for message in (await stage.simulator.state())["received"])


async def _nothing_arrives_after_clear(stage: Stage) -> None:
    api, heater = stage.home_assistant.api, stage.heater
    before = await stage.simulated_heater()
    await _cut(stage)
    await api.action("water_heater.set_temperature", heater.water_heater, temperature=_another_temperature(stage))
    await api.wait_for_state(heater.queued_commands, "1")
    _compare("queued commands at the second cut", api.state(heater.queued_commands), "1")
    await api.action("button.press", heater.clear_queue)
    await api.wait_for_state(heater.queued_commands, "0")
    _compare("queued commands after clear", api.state(heater.queued_commands), "0")
    await _restore(stage)
    await _hear_of_a_change(stage)
    after = await stage.simulated_heater()
    _compare("commands applied after clear", len(after["applied"]) - len(before["applied"]), 0)
    for member in ("dhwTemperatureSetting", "dhwOperationSetting"):
        _compare(f"heater's {member} after clear", after["status"][member], before["status"][member])


async def _hear_of_a_change(stage: Stage) -> None:
    """Change a reading at the heater and wait until it shows: it was asked over the new connection, and has answered.

    Whatever had been left in the queue would have gone out on that answer, before the next question.
    """
    api, heater = stage.home_assistant.api, stage.heater

    def reading() -> object:
        return api.attributes(heater.water_heater)["current_temperature"]

    last = reading()
    await stage.simulator.device(heater.mac_address, tankUpperTemperature=_OTHER_WATER)
    await api.action("button.press", heater.refresh)
    await api.wait_until("a reading", lambda: reading() != last, _REPLY_SECONDS)
    asked = await _received(stage, _STATUS_TOPICS)
    await api.action("button.press", heater.refresh)
    await stage.simulator.wait(received=asked + 1, topic_suffix=_STATUS_TOPICS, timeout=_REPLY_SECONDS)


async def _nothing_logged(stage: Stage) -> None:
    """Stop Home Assistant, which may still complain while it stops, and read what it has said of the integration."""
    await stage.home_assistant.halt()
    log = stage.home_assistant.log
    if _LOADED not in log:
        raise CheckError("Home Assistant's log does not even name the integration")
    _compare("warnings about the integration", complaints(log), [])
