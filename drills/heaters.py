"""Drills of the heaters: off, deaf, stubborn, or gone from the account."""

from collections.abc import Iterable

from simulator.state import State

from .drill import CARRIED_OUT, Drill, Step
from .home import Home
from .steps import burst, connected, disconnected, fault, over, wait
from .waiting import until

FIRST, SECOND = "0478630a1b2c", "0478630a1b2d"
_TWO = ("--heaters", "2")
_MOST_INTERRUPTIONS = 2
_UNCONFIRMED = frozenset({"unconfirmed", "newer_confirmed"})
"""Without a proof, or none because a newer command for the same setting has taken effect meanwhile."""
_NOT_HELD_UP = 0.8
"""Part of the commands to the healthy heater that must be confirmed while the other one has its trouble."""


def not_held_up(home: Home, _state: State) -> Iterable[str]:
    """Commands to the second heater must have gone on while the first one had its trouble."""
    given, confirmed = home.ledger.answered_between(SECOND, *home.fault_lasted)
    if not given or confirmed < _NOT_HELD_UP * given:
        yield f"{confirmed} of {given} commands to the other heater were confirmed without delay"


def few_interruptions(home: Home, _state: State) -> Iterable[str]:
    """One heater that is gone may cost the connection once or twice, not again and again."""
    if home.interruptions > _MOST_INTERRUPTIONS:
        yield f"{home.interruptions} interruptions, at most {_MOST_INTERRUPTIONS}"


async def some_unconfirmed(home: Home) -> None:
    """Wait until commands have ended so: a drill whose fault has no effect proves nothing."""
    await until("commands end as unconfirmed", lambda: any(map(home.ledger.ended_as, _UNCONFIRMED)), 120)


def listed_without(mac_address: str) -> Step:
    """Wait until the integration has let go of a heater."""

    async def wait_for(home: Home) -> None:
        await until("the heater is gone", lambda: mac_address not in home.heaters, 110)

    return wait_for


DRILLS: tuple[Drill, ...] = (
    Drill(
        name="heater-offline",
        about="A heater loses its Wi-Fi for half a minute while the cloud is up.",
        steps=(fault("device_offline"), wait(30), fault("device_offline", on=False), over),
        protection="waiting-for-the-heater",
        notices=2,
        is_quick=True,
    ),
    Drill(
        name="heater-power-cut",
        about="The heater has no power for half a minute.",
        steps=(fault("power_cut"), wait(30), fault("power_cut", on=False), over),
        protection="waiting-for-the-heater",
        notices=2,
    ),
    Drill(
        name="heater-ignores-writes",
        about="The heater acknowledges two commands and does nothing: they must not be called confirmed.",
        steps=(fault("ignore_write", count=2), burst(1), some_unconfirmed, over),
        protection="confirmation-by-status",
        outcomes=CARRIED_OUT | _UNCONFIRMED,
    ),
    Drill(
        name="heater-refuses-too-soon",
        about="For a minute the heater refuses every command as too soon after the last one.",
        steps=(fault("ctrl_fail", count=100_000, code=2), wait(60), fault("ctrl_fail", count=0, code=2), over),
        protection="retry-after-refusal",
    ),
    Drill(
        name="one-of-two-silent",
        about="One of two heaters takes commands and status requests and answers none; the other is not held up.",
        steps=(
            fault("silent", mac=FIRST, suffix="st", count=100_000),
            fault("silent", mac=FIRST, suffix="ctrl", count=100_000),
            wait(40),
            fault("silent", mac=FIRST, suffix="st", count=0),
            fault("silent", mac=FIRST, suffix="ctrl", count=0),
            over,
        ),
        simulator=_TWO,
        outcomes=CARRIED_OUT | _UNCONFIRMED,
        protection="heaters-apart",
        check=not_held_up,
        notices=4,
    ),
    Drill(
        name="one-of-two-refuses",
        about="One of two heaters refuses every command as too soon for half a minute; the other is not held up.",
        steps=(
            fault("ctrl_fail", mac=FIRST, count=100_000, code=2),
            wait(30),
            fault("ctrl_fail", mac=FIRST, count=0, code=2),
            over,
        ),
        simulator=_TWO,
        protection="heaters-apart",
        check=not_held_up,
    ),
    Drill(
        name="heater-leaves-while-commands-wait",
        about="During an outage the owner removes one of two heaters from the account; commands wait for both.",
        steps=(
            fault("mqtt_down"),
            disconnected,
            burst(3),
            fault("leave_account", mac=FIRST),
            fault("mqtt_up"),
            over,
            connected,
            listed_without(FIRST),
        ),
        simulator=_TWO,
        outcomes=CARRIED_OUT | _UNCONFIRMED | {"cleared"},
        absent=frozenset({FIRST}),
        protection="let-go-of-the-refused",
        check=few_interruptions,
        notices=2,
    ),
    Drill(
        name="heater-leaves-while-connected",
        about="The owner removes one of two heaters; a message to it ends the connection, as AWS does it.",
        steps=(fault("leave_account", mac=FIRST), over, listed_without(FIRST), wait(5)),
        simulator=_TWO,
        outcomes=CARRIED_OUT | _UNCONFIRMED | {"cleared"},
        absent=frozenset({FIRST}),
        protection="let-go-of-the-refused",
        check=few_interruptions,
        notices=2,
    ),
)
