"""The error codes of the heater and what they mean (protocol.md 12)."""

_LIMITS = {1: "below the lower limit", 2: "above the upper limit"}

_SENSORS = {
    407: "hot-water temperature sensor",
    480: "upper tank sensor",
    481: "lower tank sensor",
    910: "discharge sensor",
    912: "suction sensor",
    914: "evaporator sensor",
    920: "ambient sensor",
}

_MEANINGS = {
    0: "no error",
    96: "upper element operates abnormally",
    97: "lower element operates abnormally",
    326: "dry fire (no water)",
    445: "mixing valve",
    515: "relay fault",
    517: "DIP switch setting",
    593: "panel key",
    594: "EEPROM",
    595: "power meter",
    596: "Wi-Fi connection",
    598: "real-time clock",
    615: "ADC reference voltage or feedback",
    781: "CTA-2045 communication",
    798: "shut-off valve",
    799: "water leak",
    901: "ECO (over-temperature) operation",
    907: "compressor power line",
    908: "compressor operation",
    909: "evaporator fan",
    911: "discharge temperature too high",
    913: "suction temperature too low",
    915: "discharge-minus-suction difference abnormal",
    916: "evaporator temperature abnormal",
    940: "refrigerant line blocked",
    990: "condensate overflow",
    **_SENSORS,
}
"""The meaning of a code whatever its sub code."""

_DETAILED_MEANINGS = {
    (445, 1): "mixing valve fails to open",
    (445, 2): "mixing valve fails to close",
    (515, 25): "relay fault: upper element",
    (515, 26): "relay fault: lower element",
    (515, 27): "relay fault: compressor",
    (615, 4): "ADC reference voltage",
    (615, 27): "feedback: ECO",
    (615, 28): "feedback: compressor",
    (615, 29): "feedback: upper element",
    (615, 30): "feedback: lower element",
    **{(code, sub): f"{sensor} {limit}" for code, sensor in _SENSORS.items() for sub, limit in _LIMITS.items()},
}
"""The meaning of a code and its sub code, where the sub code has a meaning of its own."""


def error_label(code: int) -> str:
    """Write an error code as people see it: 96 is E096."""
    return f"E{code:03d}"


def error_meaning(code: int, sub_code: int | None = None) -> str | None:
    """Return what an error is, as closely as its sub code allows; None for a code outside the table.

    The REST device list knows no sub code, so a code alone has a meaning too.
    """
    if sub_code is not None and (detailed := _DETAILED_MEANINGS.get((code, sub_code))):
        return detailed
    return _MEANINGS.get(code)
