"""The recirculation pump of a unit that has one: when it runs, and how often and how long it did.

Nobody has recorded such a unit: that the hot button keeps the pump running for some minutes is plausible.
"""

from dataclasses import dataclass

from .members import OFF, ON

_ALWAYS_ON, _OFF = 1, 4  # modes (protocol.md 11.5); in the others the schedule or the hot button decides
_HOT_BUTTON_RUN = 300.0  # s


@dataclass(slots=True)
class Recirculation:
    """Decides whether the pump runs, and counts."""

    starts: int = 0
    seconds: float = 0.0
    _runs_until: float | None = None
    _was_running: bool = False

    def press_hot_button(self, now: float, members: dict[str, int]) -> None:
        """Run the pump for a while."""
        self._runs_until = now + _HOT_BUTTON_RUN
        _run(members, on=True)

    def step(self, seconds: float, now: float, members: dict[str, int]) -> None:
        """Follow the mode, end what the hot button began, and count."""
        mode = members["recircOperationMode"]
        if self._runs_until is not None and (now >= self._runs_until or mode == _OFF):
            self._runs_until = None
            _run(members, on=False)
        if mode in (_ALWAYS_ON, _OFF):
            _run(members, on=mode == _ALWAYS_ON)
        is_running = members["recircOperationBusy"] == ON
        self.starts += is_running and not self._was_running
        self.seconds += seconds * is_running
        self._was_running = is_running


def _run(members: dict[str, int], *, on: bool) -> None:
    members |= {"recircOperationBusy": ON if on else OFF, "recircPumpOperationStatus": int(on)}
