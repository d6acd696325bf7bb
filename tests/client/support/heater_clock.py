"""The clock of a simulated heater, held still: time passes only when a test says so."""

from datetime import datetime, timedelta

from tests.client.support.stage import Stage


async def heater_time(stage: Stage) -> datetime:
    """Return what the heater's own clock shows, in its own time zone."""
    return datetime.fromisoformat((await stage.heater())["local_time"])


async def stopped_at(stage: Stage, hour: int) -> datetime:
    """Let the heater live until it is this hour there, stop its clock, and return what it shows."""
    now = await heater_time(stage)
    wanted = now.replace(hour=hour, minute=0, second=0, microsecond=0)
    if wanted <= now:
        wanted += timedelta(days=1)
    await stage.simulator.clock(0, advance=wanted.timestamp() - now.timestamp())
    return await heater_time(stage)


async def lived(stage: Stage, *, minutes: float) -> None:
    """Let time pass for the heaters."""
    await stage.simulator.clock(advance=minutes * 60)
