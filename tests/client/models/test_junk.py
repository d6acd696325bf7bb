"""Whatever junk a reply to a query holds: it is refused as no reply, or read without harm to what makes sense."""

from collections.abc import Callable, Mapping
import contextlib
import json

from hypothesis import given
from hypothesis import strategies as st
import pytest

from nwp500.exceptions import ResponseFormatError
from nwp500.models import (
    Diagnostics,
    EnergyAmount,
    EnergyPeriod,
    EnergyUsage,
    Message,
    RecirculationSchedule,
    ReservationSchedule,
)
from nwp500.models.firmware import firmware_downloads
from nwp500.models.schedule import WeeklySchedule
from tests import FIXTURES

type Decode = Callable[[Mapping[str, object]], object]
DECODERS: dict[str, Decode] = {
    "reservations_json": ReservationSchedule.from_message,
    "reservations_hex": ReservationSchedule.from_message,
    "recirculation_schedule_json": RecirculationSchedule.from_message,
    "recirculation_schedule_hex": RecirculationSchedule.from_message,
    "energy_daily": EnergyUsage.from_message,
    "energy_monthly": EnergyUsage.from_message,
    "diagnostics": Diagnostics.from_message,
    "firmware_download_info": firmware_downloads,
}
JUNK = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.sampled_from([10**400, -(10**400), 1e308])
    | st.text(max_size=8)
    | st.text("0123456789abcdef", max_size=40),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=6,
)


@st.composite
def mutated(draw: st.DrawFn, value: object) -> object:
    """Draw a JSON value with junk in one or more places."""
    if not isinstance(value, dict | list) or not value or draw(st.integers(0, 5)) == 0:
        return draw(JUNK)
    if isinstance(value, dict):
        chosen = draw(st.sampled_from(sorted(value)))
        return {**value, chosen: draw(mutated(value[chosen]))}
    sequence = draw(st.integers(0, len(value) - 1))
    return [*value[:sequence], draw(mutated(value[sequence])), *value[sequence + 1 :]]


def read_all(value: object) -> None:
    """Read everything that a decoded reply can have."""
    match value:
        case EnergyUsage():
            read_all((value.total, *value.periods))
        case EnergyPeriod():
            read_all((value.year, value.month, value.day, value.amounts))
        case EnergyAmount():
            read_all((value.energy, value.decoded()))
        case Message():
            value.decoded()
        case tuple():
            for item in value:
                read_all(item)
        case WeeklySchedule():
            assert value.is_same_as(value) is value.is_complete
            read_all(value.entries)
        case Diagnostics():
            read_all((value.system, value.draws, value.parts))


@pytest.mark.parametrize("name", DECODERS)
@given(data=st.data())
def test_junk_in_a_reply(name: str, data: st.DataObject) -> None:
    recorded = json.loads((FIXTURES / f"{name}.json").read_text())["payload"]
    message = data.draw(mutated(recorded))
    if isinstance(message, dict):
        with contextlib.suppress(ResponseFormatError):
            read_all(DECODERS[name](message))
