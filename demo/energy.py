"""The past of the heaters in Home Assistant: imported, and put into its Energy dashboard."""

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime

from .heater import DOMAIN, Heater
from .home_assistant_api import HomeAssistantApi

_IMPORT = "import_energy_history"
_TOTAL = "_energy_total"


async def import_past(api: HomeAssistantApi, heaters: Iterable[Heater]) -> None:
    """Import a year of energy and show it in the Energy dashboard; nothing where the integration has no such action."""
    if _IMPORT not in (await api.call("get_services")).get(DOMAIN, {}):
        return
    today = datetime.now(UTC).date()
    for heater in heaters:
        await api.call(
            "call_service",
            domain=DOMAIN,
            service=_IMPORT,
            service_data={
                "device_id": heater.device_id,
                "start": today.replace(year=today.year - 1, day=1).isoformat(),
            },
            return_response=True,
        )
    await api.call("energy/save_prefs", **_preferences(await statistics(api)))


async def statistics(api: HomeAssistantApi) -> list[str]:
    """Return the ids of the energy statistics that the integration has imported."""
    listed = await api.call("recorder/list_statistic_ids", statistic_type="sum")
    return sorted(
        statistic["statistic_id"]
        for statistic in listed
        if statistic["source"] == DOMAIN and statistic["unit_class"] == "energy"
    )


def _preferences(statistic_ids: Sequence[str]) -> dict[str, list[dict[str, object]]]:
    """Let all that the heaters use be what comes from the grid, and heat pump and elements the devices."""
    return {
        "energy_sources": [
            {"type": "grid", "stat_energy_from": statistic_id, "cost_adjustment_day": 0.0}
            for statistic_id in statistic_ids
            if statistic_id.endswith(_TOTAL)
        ],
        "device_consumption": [
            {"stat_consumption": statistic_id} for statistic_id in statistic_ids if not statistic_id.endswith(_TOTAL)
        ],
    }
