"""Dates and times as the REST service writes them (protocol.md 2.6 and 2.8)."""

from datetime import UTC, date, datetime, timedelta

from .members import Kind, numeric

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def date_text(day: date) -> str:
    """Write a date without leading zeros: 2026-3-7."""
    return f"{day.year}-{day.month}-{day.day}"


def _from_epoch_milliseconds(raw: float) -> datetime | None:
    try:
        return _EPOCH + timedelta(milliseconds=raw)
    except OverflowError:
        return None


def _date(value: object) -> date | None:
    if not isinstance(value, str):
        return None
    try:
        year, month, day = (int(part) for part in value.split("-"))
        return date(year, month, day)
    except ValueError, OverflowError:
        return None


EPOCH_MILLISECONDS = numeric(_from_epoch_milliseconds)
DATE = Kind(_date)
"""A date, with or without leading zeros."""
