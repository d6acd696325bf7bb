"""Both ends of the range of every number in what is written whole (protocol.md 5.3 and 7)."""

import pytest

from nwp500.exceptions import InvalidParameterError
from nwp500.protocol.fields import Record
from nwp500.protocol.queries import COMMIT_FIRMWARE, RECIRCULATION_ENTRY, TOU_PERIOD, reservation_entry

RESERVATION = {"enable": (1, 2), "week": (2, 254), "hour": (0, 23), "min": (0, 59), "mode": (1, 5), "param": (81, 131)}
RECIRCULATION = RESERVATION | {"mode": (1, 2), "param": (-1, -1)}
PERIOD = {
    "season": (1, 4095),
    "week": (2, 254),
    "startHour": (0, 23),
    "startMinute": (0, 59),
    "endHour": (0, 23),
    "endMinute": (0, 59),
    "decimalPoint": (0, 10),
}
PRICES = {"priceMin": 38967, "priceMax": 38967}
"""No source gives their limits."""
COMMIT = {"swCode": (1, 4), "swVersion": (1, 0xFFFFFFFF)}

type Ranges = dict[str, tuple[int, int]]


def commit_record() -> Record:
    (record,) = COMMIT_FIRMWARE.members
    assert isinstance(record, Record)
    return record


RECORDS: tuple[tuple[str, Record, Ranges, dict[str, int]], ...] = (
    ("reservation", reservation_entry(81, 131), RESERVATION, {}),
    ("recirculation", RECIRCULATION_ENTRY, RECIRCULATION, {}),
    ("period", TOU_PERIOD, PERIOD, PRICES),
    ("commit", commit_record(), COMMIT, {}),
)
CASES = [
    pytest.param(record, ranges, others, name, id=f"{kind}-{name}")
    for kind, record, ranges, others in RECORDS
    for name in ranges
]


@pytest.mark.parametrize(("record", "ranges", "others", "name"), CASES)
def test_the_ends_of_a_range_are_allowed_and_nothing_beyond(
    record: Record, ranges: Ranges, others: dict[str, int], name: str
) -> None:
    content = {each: low for each, (low, _) in ranges.items()} | others
    lowest, highest = ranges[name]
    for number in (lowest, highest):
        assert record.check(content | {name: number})[name] == number
    step = 2 if name == "week" else 1
    wrong: tuple[object, ...] = (lowest - step, highest + step, True, float(lowest), str(lowest), None)
    for value in wrong:
        with pytest.raises(InvalidParameterError):
            record.check({**content, name: value})


@pytest.mark.parametrize(("record", "ranges", "others"), [row[1:] for row in RECORDS])
def test_every_number_has_its_range(record: Record, ranges: Ranges, others: dict[str, int]) -> None:
    assert [member.name for member in record.members if member.name not in others] == list(ranges)


@pytest.mark.parametrize("mask", range(1, 256, 2))
def test_a_day_mask_is_even(mask: int) -> None:
    content = {name: low for name, (low, _) in RESERVATION.items()}
    with pytest.raises(InvalidParameterError):
        reservation_entry(81, 131).check(content | {"week": mask})


def test_of_the_parts_three_can_be_installed() -> None:
    for part in (1, 2, 4):
        assert commit_record().check({"swCode": part, "swVersion": 1})["swCode"] == part
    with pytest.raises(InvalidParameterError):
        commit_record().check({"swCode": 3, "swVersion": 1})
