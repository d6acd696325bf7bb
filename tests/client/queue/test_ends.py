"""Coalescing and skipping may change how a heater's end state is reached, never the end state."""

from collections import Counter
from collections.abc import Iterable
import contextlib

from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
import pytest

from nwp500 import CommandOutcome, CommandReason
from tests.client.support.ends import (
    CIRCUMSTANCES,
    DAYS,
    MAC,
    WISHES,
    EndsStage,
    Options,
    carried_out,
    differences,
    turn,
)
from tests.client.support.machine.clock import VirtualClocks
from tests.client.support.machine.heater import ScriptedHeater
from tests.client.support.virtual_time import VirtualTimeLoop

SEQUENCES, LONG_SEQUENCES = 1_000, 5_000
PARTS = 20
"""So often the deep search compares its number of sequences."""

PLAIN: Options = {"guard_commands": True, "command_interval": 2.0}
COALESCING: Options = PLAIN | {"coalesce_commands": True}
TESTED: Options = COALESCING | {"skip_redundant": True}

_AS_IT_WAS = {"off": (False, 6), "away": (True, 5), "away, else off": (False, 5)}
"""Whether a heater is on, not counting its vacation, and the mode that it reports."""
_KNOWN = ("connection back", "a moment", "poll", "a moment")
BEGINNINGS: dict[str, tuple[str, ...]] = {
    "never connected": (),
    "connected": ("connection back", "a moment"),
    "known": _KNOWN,
    "known, then offline": (*_KNOWN, "lose connection", "a moment"),
    "turned at the panel": (*_KNOWN, "turn", "poll", "a moment"),
    "turned, then offline": (*_KNOWN, "turn", "poll", "a moment", "lose connection", "a moment"),
    "turned unseen": (*_KNOWN, "turn"),
}
_MODES = [name for name, pending_effect in WISHES.items() if "vacation" in pending_effect.writes]
_OTHERS = [name for name in WISHES if name not in _MODES]
_OFTEN = ["lose connection", "lose connection", "2 h", "refuse 1"] * 4
SCRIPTS = st.lists(st.sampled_from([*_MODES * 5, *_OTHERS, *[*CIRCUMSTANCES] * 2, *_OFTEN]), min_size=3, max_size=16)

_RIGHT = {CommandOutcome.CONFIRMED, CommandOutcome.UNCONFIRMED, CommandOutcome.SUPERSEDED, CommandOutcome.EXPIRED}
"""With a heater and a service that do what they should in the end, nothing else becomes of a command."""


def play(script: Iterable[str], heater: str, options: Options) -> EndsStage:
    """Play a script in virtual time, from its beginning on."""

    async def played(clocks: VirtualClocks) -> EndsStage:
        stage = EndsStage(clocks, made(heater), options)
        await stage.play(script)
        return stage

    with contextlib.closing(VirtualTimeLoop()) as loop:
        loop.set_debug(False)
        clocks = VirtualClocks(loop)
        with clocks.installed():
            return loop.run_until_complete(played(clocks))


def made(heater: str) -> ScriptedHeater:
    """Make a heater as it was before a script."""
    is_on, mode = _AS_IT_WAS.get(heater, (True, 3))
    scripted = ScriptedHeater(MAC, is_on=is_on)
    scripted.status |= {"dhwOperationSetting": mode, "vacationDaySetting": 5 if mode == 5 else 0}
    return scripted


def search(sequences: int) -> Counter[str]:
    """Compare so many scripts; returns in how many of them what has happened."""
    seen: Counter[str] = Counter()

    @settings(
        max_examples=sequences,
        deadline=None,
        database=None,
        suppress_health_check=list(HealthCheck),
        phases=[Phase.generate, Phase.shrink],
    )
    @given(
        heater=st.sampled_from(["on", *_AS_IT_WAS]),
        beginning=st.sampled_from(list(BEGINNINGS)),
        first=st.sampled_from([*_MODES, *_OTHERS]),
        script=SCRIPTS,
        expires=st.sampled_from([True, True, False]),
    )
    def compare(heater: str, beginning: str, first: str, script: list[str], expires: bool) -> None:
        whole = (
            *BEGINNINGS[beginning],
            *([first, "a moment", "stored"] if beginning == "turned unseen" else []),
            *script,
        )
        plain, tested = (play(whole, heater, options | {"expire_by_class": expires}) for options in (PLAIN, TESTED))
        for stage in (plain, tested):
            assert {each.outcome for each in stage.given} <= _RIGHT, stage.given
            # Nobody but the client changed anything after the first command.
            assert not any(each.reason is CommandReason.CHANGED_ELSEWHERE for each in stage.given), stage.given
        assert not tested.revoked
        if not plain.seen[CommandOutcome.EXPIRED]:
            heater_alone = made(heater)
            if "turn" in whole:
                turn(heater_alone)
            assert plain.heater.memory == carried_out(heater_alone, plain.given)
        assert not differences(plain, tested)
        seen.update(name for name, count in tested.seen.items() if count)
        seen["sequences"] += 1

    compare()
    return seen


def check(seen: Counter[str], sequences: int) -> None:
    """Assert that all the things happened often enough."""
    assert seen["sequences"] >= sequences
    least = {"superseded": 0.3, CommandReason.ALREADY_SET: 0.15, "expired": 0.05, "refused": 0.03, "restarted": 0.15}
    assert not {what: seen[what] for what, part in least.items() if seen[what] < part * sequences}, seen


def test_what_is_left_out_makes_no_difference() -> None:
    # So few sequences vary: half of what is expected in them is enough.
    check(search(SEQUENCES), SEQUENCES // 2)


@pytest.mark.long
@pytest.mark.timeout(3600)
@pytest.mark.parametrize("part", range(PARTS))
def test_what_is_left_out_makes_no_difference_whatever_comes(part: int) -> None:  # noqa: ARG001 - other scripts
    check(search(LONG_SEQUENCES), LONG_SEQUENCES)


# The inputs by which the fault was found


@pytest.mark.parametrize("beginning", ["known", "known, then offline"])
@pytest.mark.parametrize(
    ("heater", "script", "wire", "superseded", "power", "mode", "is_away"),
    [
        # A1
        ("off", ["high demand", "on"], ["high demand", "on"], [], True, 4, False),
        ("off", ["110", "high demand", "on"], ["110", "high demand", "on"], [], True, 4, False),
        ("off", ["on", "off"], ["off"], ["on"], False, 3, False),
        ("on", ["off", "on"], ["on"], ["off"], True, 3, False),
        ("on", ["electric", "high demand"], ["high demand"], ["electric"], True, 4, False),
        ("on", ["electric", "off", "on"], ["electric", "on"], ["off"], True, 2, False),
        # A2
        ("on", ["heat pump", "vacation 9"], ["heat pump", "vacation 9"], [], True, 1, True),
        ("on", ["heat pump", "vacation 9", "on"], ["heat pump", "on"], ["vacation 9"], True, 1, False),
        # A3
        ("on", ["off", "vacation 9", "off"], ["off"], ["off", "vacation 9"], False, 3, False),
        ("off", ["vacation 9", "off"], ["off"], ["vacation 9"], False, 3, False),
        # The same thought elsewhere: what switches a function off leaves its number alone.
        ("on", ["legionella 14", "legionella off"], ["legionella 14", "legionella off"], [], True, 3, False),
        ("on", ["days 5", "vacation 9", "off"], ["days 5", "off"], ["vacation 9"], False, 3, False),
    ],
)
def test_only_what_makes_no_difference_is_left_out(  # noqa: PLR0913, PLR0917 - a table's columns
    beginning: str,
    heater: str,
    script: list[str],
    wire: list[str],
    superseded: list[str],
    power: bool,
    mode: int,
    is_away: bool,
) -> None:
    """Given offline, or in one burst behind a command that is on its way and holds them up."""
    whole = (*BEGINNINGS[beginning], "pump off", *script)
    stage = play(whole, heater, COALESCING)
    assert stage.wire == ["pump off", *wire]
    assert [each.name for each in stage.given if each.outcome is CommandOutcome.SUPERSEDED] == superseded
    memory = stage.heater.memory
    assert (memory["power"], memory["mode"], memory["vacation"]) == (power, mode, is_away)
    for options in (PLAIN, TESTED):
        other = play(whole, heater, options)
        assert other.heater.memory | {DAYS: 0} == memory | {DAYS: 0}
        assert options is TESTED or other.wire == ["pump off", *script]


@pytest.mark.parametrize(
    ("script", "wire"),
    [
        # The mode has switched it on, and its own answer shows that.
        (["high demand", "on"], ["high demand"]),
        (["heat pump", "vacation 9"], ["heat pump", "vacation 9"]),
        (["off", "vacation 9", "off"], []),
    ],
)
def test_what_the_heater_reports_already_is_not_sent(script: list[str], wire: list[str]) -> None:
    stage = play((*BEGINNINGS["known, then offline"], *script), "off", TESTED)
    assert stage.wire == wire
