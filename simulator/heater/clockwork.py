"""The three schedules of a heater and the local clock that they go by (protocol.md 7 and 13.1)."""

from collections.abc import Callable
from datetime import datetime, tzinfo

from ..common.clock import LocalMinutes, local_time
from .schedules import WeeklySchedule
from .tou import TouPlan


class Schedules:
    """Keeps what was written last. `step` must be called as time passes."""

    def __init__(self, now: float, zone: tzinfo) -> None:
        self.zone = zone
        self.reservations = WeeklySchedule()
        self.recirculation = WeeklySchedule()
        self.tou = TouPlan()
        self.in_costly_period = False
        """Whether the time-of-use plan has its highest price at the moment, enabled or not."""
        self._minutes = LocalMinutes(now, zone)
        self._landing: list[tuple[float, Callable[[], None]]] = []

    def take_reservations(self, schedule: WeeklySchedule) -> None:
        """Replace the weekly programme; by itself this starts nothing."""
        self.reservations = schedule

    def take_recirculation(self, schedule: WeeklySchedule) -> None:
        """Replace the schedule of the recirculation pump."""
        self.recirculation = schedule

    def take_tou(self, plan: TouPlan, now: float) -> None:
        """Replace the time-of-use plan."""
        self.tou = plan
        self.in_costly_period = plan.is_costly(local_time(now, self.zone))

    def land_later(self, take: Callable[[], None], at: float) -> None:
        """Let a write take effect at a simulated time to come."""
        self._landing.append((at, take))

    def step(self, now: float) -> list[datetime]:
        """Let writes land that are due, and give the minutes of local time that have begun since the last step."""
        while self._landing and self._landing[0][0] <= now:
            self._landing.pop(0)[1]()
        minutes = self._minutes.until(now)
        for local in minutes:
            self.in_costly_period = self.tou.is_costly(local)
        return minutes
