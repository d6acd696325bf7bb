"""Drills of Home Assistant: stopped, killed, reloaded, and on a machine with a full disk or a wrong clock."""

from datetime import timedelta

from .drill import CARRIED_OUT, Drill
from .kills import kills
from .machine import (
    blocked,
    change_options,
    clock_off_by,
    connecting,
    frozen,
    full_disk,
    give_again,
    no_strays,
    pause_giving,
    slow_disk,
    start_from_old_backup,
    undisturbed,
)
from .steps import (
    burst,
    connected,
    disconnected,
    draining,
    fault,
    outage,
    over,
    queued,
    ready,
    reload,
    restart,
    wait,
)

_TWO_HOURS = timedelta(hours=2)
_TWO_HEATERS = ("--heaters", "2")
_DISK = (
    # Home Assistant's own words about its own files, and ours about the queue, which count as a line.
    "ERROR homeassistant.",
    "ERROR custom_components.navilink: Cannot write the command queue",
)

# `notices`: a line of each run that starts, when it cannot connect at once or when it has.
DRILLS: tuple[Drill, ...] = (
    Drill(
        name="stop-while-connecting",
        about="Home Assistant is stopped while the broker leaves its attempt to connect unanswered, and started again.",
        steps=(
            fault("blackhole", new_connections=True),
            fault("cut"),
            *(disconnected, connecting, queued(3), restart),
            *(connecting, queued(6), restart),
            *(fault("mqtt_up"), over),
        ),
        protection="attempt-ended",
        notices=2,
        simulator=_TWO_HEATERS,
    ),
    Drill(
        name="stop-while-draining",
        about="Home Assistant is stopped while its commands go out, on a slow disk, and started again.",
        steps=(
            *(fault("mqtt_down"), disconnected, burst(8), queued(16), fault("latency", seconds=0.5)),
            *(fault("mqtt_up"), over, draining(12), slow_disk(0.5, restart), draining(6), slow_disk(0.5, restart)),
        ),
        protection="sending-finished",
        notices=2,
        simulator=_TWO_HEATERS,
    ),
    Drill(
        name="stop-while-signing-in",
        about="Home Assistant is stopped while the service does not answer its sign-in, and started again.",
        steps=(
            *(fault("mqtt_down"), disconnected, queued(2)),
            frozen(restart, connecting, queued(4), restart, connecting, queued(6)),
            *(fault("mqtt_up"), over),
        ),
        protection="known-heaters",
        notices=2,
    ),
    Drill(
        name="stop-while-storing",
        about="Home Assistant is stopped while the queue is written to a slow disk, and started again.",
        steps=(
            *(fault("mqtt_down"), disconnected, queued(1)),
            slow_disk(0.5, burst(4), wait(0.2), restart, burst(4), wait(0.2), restart),
            *(no_strays, fault("mqtt_up"), over),
        ),
        protection="last-writing",
        notices=2,
        is_quick=True,
    ),
    Drill(
        name="kill",
        about="Home Assistant is killed (`kill -9`) at any instant, twelve times, with the broker away or there.",
        steps=(kills(12, within_writing=False), over, no_strays),
        protection="stored-before-return",
        notices=1,
        simulator=_TWO_HEATERS,
    ),
    Drill(
        name="kill-while-storing",
        about="Home Assistant is killed (`kill -9`) within a writing of the queue, at any step of it, twelve times.",
        steps=(kills(12, within_writing=True), over, no_strays),
        protection="replaced-as-a-whole",
        notices=1,
        simulator=_TWO_HEATERS,
    ),
    Drill(
        name="reload-while-draining",
        about="The integration is reloaded three times while its commands go out.",
        steps=(
            *(fault("mqtt_down"), disconnected, burst(10), queued(20), fault("latency", seconds=0.5)),
            *(fault("mqtt_up"), over, draining(16), reload, draining(10), reload, draining(6), reload),
        ),
        protection="stored-outcomes",
        notices=3,
        simulator=_TWO_HEATERS,
    ),
    Drill(
        name="options-changed",
        about="The options of the queue are changed while commands wait.",
        steps=(
            *outage(disconnected, queued(3), change_options(expiration="never", queue_size=500), queued(5)),
            connected,
        ),
        protection="stored-commands",
        notices=1,
        is_quick=True,
    ),
    Drill(
        name="event-loop-blocked",
        about="Another integration blocks the event loop for ten seconds while commands are on their way.",
        steps=(fault("latency", seconds=1.0), wait(3), undisturbed(burst(2), wait(0.5), blocked(10), over, wait(5))),
        protection="runtime-waits",
        simulator=_TWO_HEATERS,
    ),
    Drill(
        name="disk-full",
        about="The disk is full while commands wait and go out and Home Assistant is restarted; then there is room.",
        steps=(
            *(fault("mqtt_down"), disconnected, queued(3)),
            full_disk(wait(5), fault("mqtt_up"), connected, pause_giving, ready, restart, wait(5)),
            *(give_again, fault("mqtt_down"), disconnected, queued(3), restart, queued(5)),
            *(fault("mqtt_up"), over),
        ),
        protection="stale-store-voided",
        errors=_DISK,
        # For each of the two runs that meet the full disk one line, and one when there is room; and for both starts.
        notices=5,
    ),
    Drill(
        name="clock-set",
        about="The wall clock is two hours ahead, two hours behind, and right again, while commands wait and go out.",
        steps=(
            *(clock_off_by(_TWO_HOURS, wait(4)), clock_off_by(-_TWO_HOURS, wait(4)), wait(2)),
            *(fault("mqtt_down"), disconnected, queued(2)),
            *(clock_off_by(_TWO_HOURS, queued(4), wait(2)), clock_off_by(-_TWO_HOURS, queued(6), wait(2))),
            *(fault("mqtt_up"), over),
        ),
        protection="age-by-monotonic-clock",
        options={"expiration": "fixed", "expiration_time": {"hours": 1}},
    ),
    Drill(
        name="week-old-backup",
        about="Home Assistant starts from a backup of last week, made while commands waited: none of them is sent.",
        steps=(
            *(fault("mqtt_down"), disconnected, queued(4), pause_giving, start_from_old_backup),
            *(give_again, queued(2), fault("mqtt_up"), over),
        ),
        protection="expiration",
        notices=1,
        outcomes=CARRIED_OUT | {"expired"},
        is_quick=True,
    ),
)
