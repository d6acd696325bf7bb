"""Reports on the connection: waiting for the one on a failed attempt, and what it says."""

import asyncio
from datetime import UTC, datetime, timedelta

from nwp500 import ConnectionChanged, ConnectionProblem, ConnectionReport, ConnectionState, NavienMqttClient
from tests.client.support.stage import PATIENCE

MQTT = "MQTT service: "


async def failed(client: NavienMqttClient) -> ConnectionReport:
    """Connect in the background and return the report on the first attempt, which fails."""
    reported: asyncio.Future[ConnectionReport] = asyncio.get_running_loop().create_future()

    def look(event: ConnectionChanged) -> None:
        if event.report.state is ConnectionState.WAITING and not reported.done():
            reported.set_result(event.report)

    client.on("connection_changed", look)
    before = datetime.now(UTC)
    await client.connect(wait=False)
    async with asyncio.timeout(PATIENCE):
        report = await reported
    assert report == client.connection_report
    assert report.failed_attempts == 1
    assert report.since is not None
    assert report.next_attempt_at is not None
    assert before <= report.since <= report.attempts[-1].at <= datetime.now(UTC) < report.next_attempt_at
    assert report.next_attempt_at - datetime.now(UTC) <= timedelta(seconds=1.25)
    (attempt,) = report.attempts
    assert attempt.failure == report.failure
    return report


def problem(report: ConnectionReport) -> tuple[ConnectionProblem, str]:
    """Return the kind of a failure and the name that the runtime or the service has for it."""
    assert report.failure is not None
    return report.failure.problem, report.failure.detail
