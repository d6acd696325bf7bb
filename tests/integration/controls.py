"""Each control entity of a heater that has everything, with an action on it and what becomes of that."""

from dataclasses import dataclass, field
from typing import Any, override

from homeassistant.core import HomeAssistant

from simulator.process import SimulatorProcess
from tests.integration.heaters import MAC
from tests.integration.waiting import wait_for

TIME_OF_USE = "switch.nwp500_time_of_use"
ANTI_LEGIONELLA = "switch.nwp500_anti_legionella"
DEMAND_RESPONSE = "switch.nwp500_demand_response"
FILTER_REMINDER = "switch.nwp500_filter_reminder"
ANTI_LEGIONELLA_INTERVAL = "number.nwp500_anti_legionella_interval"
FILTER_INTERVAL = "number.nwp500_filter_interval"
VACATION_LENGTH = "number.nwp500_vacation_length"
RECIRCULATION_MODE = "select.nwp500_recirculation_mode"
HOT_BUTTON = "button.nwp500_hot_button"
RESET_FILTER = "button.nwp500_reset_filter"
RESET_CONDENSER_FAULT = "button.nwp500_reset_condenser_fault"
ALL = (
    *(TIME_OF_USE, ANTI_LEGIONELLA, DEMAND_RESPONSE, FILTER_REMINDER),
    *(ANTI_LEGIONELLA_INTERVAL, FILTER_INTERVAL, VACATION_LENGTH, RECIRCULATION_MODE),
    *(HOT_BUTTON, RESET_FILTER, RESET_CONDENSER_FAULT),
)

type Applied = tuple[str, list[int]]


@dataclass(frozen=True)
class Case:
    """An action on an entity, and what it has to do."""

    entity_id: str
    action: str
    applied: Applied
    """What the heater carries out."""
    words: str
    """What the queue shows."""
    shows: str | None = None
    """What the entity shows as soon as the action is on its way; None for a button."""
    before: str | None = None
    """What it shows before."""
    data: dict[str, Any] = field(default_factory=dict)
    members: dict[str, int] = field(default_factory=dict)
    """How the heater is set before."""

    async def act(self, hass: HomeAssistant) -> None:
        """Do it as a user does."""
        domain = self.entity_id.partition(".")[0]
        await hass.services.async_call(domain, self.action, {"entity_id": self.entity_id, **self.data}, blocking=True)

    @override
    def __str__(self) -> str:
        """Return the name of the test."""
        return f"{self.entity_id.partition('nwp500_')[2]}-{self.action}-{'-'.join(map(str, self.data.values()))}"


CASES = (
    Case(TIME_OF_USE, "turn_on", ("tou-on", []), "time of use on", "on", "off"),
    Case(TIME_OF_USE, "turn_off", ("tou-off", []), "time of use off", "off", "on", members={"touStatus": 1}),
    Case(ANTI_LEGIONELLA, "turn_on", ("anti-leg-on", [7]), "anti-legionella every 7 days", "on", "off"),
    Case(
        ANTI_LEGIONELLA,
        "turn_off",
        ("anti-leg-off", []),
        "anti-legionella off",
        "off",
        "on",
        members={"antiLegionellaUse": 2},
    ),
    Case(DEMAND_RESPONSE, "turn_on", ("dr-on", []), "demand response on", "on", "unknown"),
    Case(DEMAND_RESPONSE, "turn_off", ("dr-off", []), "demand response off", "off", "unknown"),
    Case(FILTER_REMINDER, "turn_off", ("air-filter-life", [0]), "filter reminder off", "off", "on"),
    Case(
        FILTER_REMINDER,
        "turn_on",
        ("air-filter-life", [2]),
        "filter interval 1000 h",
        "on",
        "off",
        members={"airFilterAlarmPeriod": 0},
    ),
    Case(
        ANTI_LEGIONELLA_INTERVAL,
        "set_value",
        ("anti-leg-on", [1]),
        "anti-legionella every day",
        "1",
        "7",
        data={"value": 1},
        members={"antiLegionellaUse": 2},
    ),
    Case(
        FILTER_INTERVAL,
        "set_value",
        ("air-filter-life", [7]),
        "filter interval 3500 h",
        "3500",
        "1000",
        data={"value": 3500},
    ),
    Case(
        VACATION_LENGTH,
        "set_value",
        ("goout-day", [14]),
        "vacation length 14 days",
        "14",
        "7",
        data={"value": 14},
    ),
    Case(
        VACATION_LENGTH,
        "set_value",
        ("goout-day", [1]),
        "vacation length 1 day",
        "1",
        "3",
        data={"value": 1},
        members={"vacationDaySetting": 3},
    ),
    *(
        Case(
            RECIRCULATION_MODE,
            "select_option",
            ("recirc-mode", [number]),
            words,
            option,
            before,
            data={"option": option},
            members=members,
        )
        for number, option, words, before, members in (
            (1, "always_on", "recirculation mode always on", "unknown", {}),
            (2, "weekly_schedule", "recirculation mode weekly schedule", "off", {"recircOperationMode": 4}),
            (3, "hot_button", "recirculation mode hot button", "always_on", {"recircOperationMode": 1}),
            (4, "off", "recirculation mode off", "hot_button", {"recircOperationMode": 3}),
        )
    ),
    Case(HOT_BUTTON, "press", ("recirc-hotbtn", [1]), "hot button"),
    Case(RESET_FILTER, "press", ("air-filter-reset", []), "reset filter"),
    Case(RESET_CONDENSER_FAULT, "press", ("cond-fault-reset", []), "reset condenser fault"),
)


async def report(hass: HomeAssistant, simulator: SimulatorProcess, entity_id: str, value: str, **members: int) -> None:
    """Change the heater at its panel, and wait until an entity shows that."""
    await simulator.device(MAC, feature=None, **members)
    await hass.services.async_call("button", "press", {"entity_id": "button.nwp500_refresh"}, blocking=True)
    await wait_for(hass, entity_id, lambda state: state.state == value)
