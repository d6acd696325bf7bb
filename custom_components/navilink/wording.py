"""What people read: commands, settings, reasons and errors, in the system's language and the user's unit.

All of it is made from codes and the texts of the translations. Only where they have no text, the client's own English
words are used.
"""

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from datetime import datetime, timedelta
import re
import sys

from homeassistant.const import UnitOfTemperature, UnitOfTime
from homeassistant.core import HomeAssistant, callback
from homeassistant.exceptions import ConfigEntryAuthFailed, HomeAssistantError, ServiceValidationError
from homeassistant.helpers.translation import async_get_cached_translations
from homeassistant.helpers.update_coordinator import UpdateFailed
from homeassistant.util import dt as dt_util

from .const import DOMAIN
from .control_texts import CONTROL_TEXTS, Describe, Text
from .nwp500 import (
    AuthenticationError,
    CommandCompleted,
    CommandOutcome,
    CommandResult,
    NavienError,
    NotConnectedError,
    QueuedCommand,
    commands,
    exceptions,
    failure_of,
    models,
    setpoint,
)
from .nwp500.enums import DhwMode, TemperatureUnit
from .nwp500.exceptions import ApiConnectionError, ApiError, InvalidParameterError, UnsupportedCommandError

# The other outcomes are no errors: confirmed, replaced by something newer, or removed on request.
ERROR_OF_OUTCOME = {
    CommandOutcome.REJECTED: "command_rejected",
    CommandOutcome.HELD: "command_held",
    CommandOutcome.UNCONFIRMED: "command_unconfirmed",
    CommandOutcome.EXPIRED: "command_expired",
    CommandOutcome.DROPPED: "command_dropped",
    CommandOutcome.FAILED: "command_failed",
}

MODE_TEXTS = {
    DhwMode.HEAT_PUMP: "mode_heat_pump",
    DhwMode.ELECTRIC: "mode_electric",
    DhwMode.ENERGY_SAVER: "mode_energy_saver",
    DhwMode.HIGH_DEMAND: "mode_high_demand",
}

UNITS = {
    UnitOfTemperature.CELSIUS: TemperatureUnit.CELSIUS,
    UnitOfTemperature.FAHRENHEIT: TemperatureUnit.FAHRENHEIT,
}
# Decimals by which every raw half-degree shows, and every value that a user enters comes back: a whole °F has a raw
# value of its own that is less than half a degree away (protocol.md 6.1).
DECIMALS = {TemperatureUnit.CELSIUS: 1, TemperatureUnit.FAHRENHEIT: None}

DURATION_UNITS = {UnitOfTime.DAYS: 86400, UnitOfTime.HOURS: 3600, UnitOfTime.MINUTES: 60, UnitOfTime.SECONDS: 1}

PUNCTUATION = re.compile(r"[!-/:-@\[-`{-~]")


@callback
def translation(
    hass: HomeAssistant, category: str, path: str, placeholders: Mapping[str, str] | None = None
) -> str | None:
    """Return a text of the system's language by its place under a category of the translations."""
    translations = async_get_cached_translations(hass, hass.config.language, category, DOMAIN)
    template = translations.get(f"component.{DOMAIN}.{category}.{path}")
    return None if template is None else template.format_map(placeholders or {})


@callback
def text(hass: HomeAssistant, group: str, key: str, placeholders: Mapping[str, str] | None = None) -> str | None:
    """Return a text of the system's language, from the group of this name under `selector` in the translations."""
    return translation(hass, "selector", f"{group}.options.{key}", placeholders)


def escaped(text: str) -> str:
    """Return a text from outside that renders as it is in Markdown, with its punctuation escaped (CommonMark 2.4)."""
    return PUNCTUATION.sub(r"\\\g<0>", text)


def user_unit(hass: HomeAssistant) -> TemperatureUnit:
    """Return the unit in which the user sees temperatures, whatever the heater's own display shows."""
    return UNITS[hass.config.units.temperature_unit]


def user_temperature(hass: HomeAssistant, raw: int) -> float:
    """Return raw half-degrees Celsius in the user's unit, as it is shown: 109 is 54.5 °C and 130 °F."""
    unit = user_unit(hass)
    return round(setpoint.from_half_degrees(raw, unit), DECIMALS[unit])


def quantity(number: float, unit: str) -> str:
    """Return a number with its unit, with one decimal at most."""
    if isinstance(number, int):
        # The format takes no integer beyond every float, and a user can enter one.
        number = min(max(number, -sys.float_info.max), sys.float_info.max)
    return f"{round(number, 1):g} {unit}".rstrip()


def duration(age: timedelta) -> str:
    """Return a duration in its two largest units, such as `1 h 5 min`; the symbols are the same in all languages."""
    left = max(0, round(age.total_seconds()))
    parts: list[str] = []
    for unit, seconds in DURATION_UNITS.items():
        count, left = divmod(left, seconds)
        if count:
            parts.append(f"{count} {unit}")
        elif parts:
            break
    return " ".join(parts[:2]) or f"0 {UnitOfTime.SECONDS}"


@callback
def time_words(time: datetime) -> str:
    """Return a time in the user's time zone, such as `2026-03-07 18:30`."""
    # At the ends of the calendar a time zone may have no such day; only a broken clock or file gives such a time.
    with suppress(OverflowError):
        time = dt_util.as_local(time)
    return time.strftime("%Y-%m-%d %H:%M")


@callback
def command_words(hass: HomeAssistant, command: QueuedCommand) -> str:
    """Return what a command wants, such as `target temperature 55 °C`.

    A command that the integration itself does not send has the client's own words, and so has one of a version that
    did not store the parameters.
    """
    describe = DESCRIPTIONS.get(command.kind)
    described = None if describe is None else describe(hass, *command.parameters)
    return (None if described is None else text(hass, "command", *described)) or command.wanted


@callback
def setting_words(hass: HomeAssistant, setting: str) -> str:
    """Return the name of a setting, such as `target temperature`."""
    return text(hass, "setting", setting) or setting.replace("_", " ")


@callback
def reason_words(hass: HomeAssistant, result: CommandResult) -> str:
    """Return why a command has its outcome, such as `the queue was full`."""
    code = "" if result.code is None else str(result.code)
    key = f"{result.reason}_with_code" if code else result.reason.value
    return text(hass, "reason", key, {"code": code}) or text(hass, "reason", result.reason) or result.reason.words


@callback
def fault_words(hass: HomeAssistant, code: int | None, sub_code: int | None) -> str | None:
    """Return what is wrong with a heater by its error code, as closely as the subcode allows."""
    if code is None:
        return None
    detailed = None if sub_code is None else text(hass, "fault", f"{code}_{sub_code}")
    return detailed or text(hass, "fault", str(code)) or models.error_codes.error_meaning(code, sub_code)


def _mode(_hass: HomeAssistant, mode: int | None = None, days: int | None = None) -> Text | None:
    if days is not None:
        return ("vacation_one_day" if days == 1 else "vacation"), {"days": str(days)}
    return next(((key, {}) for known, key in MODE_TEXTS.items() if known == mode), None)


def _target_temperature(hass: HomeAssistant, raw: int | None = None) -> Text | None:
    if raw is None:
        return None
    temperature = quantity(user_temperature(hass, raw), hass.config.units.temperature_unit)
    return "target_temperature", {"temperature": temperature}


DESCRIPTIONS: Mapping[str, Describe] = {
    **CONTROL_TEXTS,
    commands.DHW_MODE.name: _mode,
    commands.DHW_TEMPERATURE.name: _target_temperature,
}


@callback
def setup_error(hass: HomeAssistant, err: NavienError) -> ConfigEntryAuthFailed | UpdateFailed:
    """Return why an account cannot be set up: permanently, until somebody signs in again, or for now."""
    match err:
        case AuthenticationError():
            return ConfigEntryAuthFailed(translation_domain=DOMAIN, translation_key="invalid_auth")
        case exceptions.MaintenanceError():
            return UpdateFailed(
                translation_domain=DOMAIN,
                translation_key="maintenance",
                translation_placeholders={"notice": err.notice},
            )
        case _:
            return UpdateFailed(
                translation_domain=DOMAIN,
                translation_key="cannot_connect",
                translation_placeholders={"error": _connection_words(hass, err)},
            )


@callback
def to_home_assistant_error(hass: HomeAssistant, err: NavienError) -> HomeAssistantError:
    """Return why the client did not accept something."""
    match err:
        case InvalidParameterError():
            return _invalid(hass, err)
        case UnsupportedCommandError():
            return ServiceValidationError(
                translation_domain=DOMAIN,
                translation_key="unsupported_command",
                translation_placeholders={"command": text(hass, "kinds", err.command) or err.command},
            )
        case NotConnectedError():
            return HomeAssistantError(translation_domain=DOMAIN, translation_key="not_connected")
        case _:
            return HomeAssistantError(
                translation_domain=DOMAIN,
                translation_key="command_not_accepted",
                translation_placeholders={"error": str(err)},
            )


def unsupported_mode(mode: str, modes: Iterable[str]) -> ServiceValidationError:
    """Return why a mode cannot be set: the heater has others."""
    return ServiceValidationError(
        translation_domain=DOMAIN,
        translation_key="unsupported_mode",
        translation_placeholders={"mode": mode, "modes": ", ".join(modes)},
    )


@callback
def outcome_error(hass: HomeAssistant, event: CommandCompleted) -> HomeAssistantError | None:
    """Return the error of a command that was not carried out, None for one that needs no more attention."""
    translation_key = ERROR_OF_OUTCOME.get(event.result.outcome)
    if translation_key is None:
        return None
    return HomeAssistantError(
        translation_domain=DOMAIN,
        translation_key=translation_key,
        translation_placeholders={
            "command": command_words(hass, event.command),
            "reason": reason_words(hass, event.result),
        },
    )


@callback
def error_words(hass: HomeAssistant, err: HomeAssistantError) -> str:
    """Return the text of an error in the system's language; Home Assistant itself logs and raises it in English."""
    message = translation(hass, "exceptions", f"{err.translation_key}.message", err.translation_placeholders)
    return str(err) if message is None else message


@contextmanager
def errors_in_words(hass: HomeAssistant) -> Iterator[None]:
    """Give the errors inside texts in the system's language: the calendar's dialogs show the text, and not its key."""
    try:
        yield
    except HomeAssistantError as err:
        raise type(err)(
            # Without its last period, as Home Assistant itself gives the text of an error.
            error_words(hass, err).rstrip("."),
            translation_domain=err.translation_domain,
            translation_key=err.translation_key,
            translation_placeholders=err.translation_placeholders,
        ) from err


def _invalid(hass: HomeAssistant, err: InvalidParameterError) -> ServiceValidationError:
    """Return which value of which setting is not valid, and the range where there is one, in the unit of the value."""
    # Other units are English words, and the name of the setting implies them.
    unit = err.unit if err.unit in UNITS else ""
    value = quantity(err.value, unit) if isinstance(err.value, int | float) else str(err.value)
    about = {"setting": setting_words(hass, err.parameter), "value": value}
    if err.minimum is None or err.maximum is None:
        return ServiceValidationError(
            translation_domain=DOMAIN, translation_key="value_not_valid", translation_placeholders=about
        )
    return ServiceValidationError(
        translation_domain=DOMAIN,
        translation_key="value_out_of_range",
        translation_placeholders={
            **about,
            "minimum": quantity(err.minimum, unit),
            "maximum": quantity(err.maximum, unit),
        },
    )


def _connection_words(hass: HomeAssistant, err: NavienError) -> str:
    """Return what is wrong with the connection, in the words of its status sensor where that knows it."""
    if not isinstance(err, ApiConnectionError | ApiError):
        return str(err)
    failure = failure_of(err)
    words = translation(hass, "entity", f"sensor.connection_status.state.{failure.problem}")
    return str(failure) if words is None else f"{words} ({failure.detail})"
