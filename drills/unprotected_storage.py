"""The integration without what protects its commands from the end of its process; see `protections`."""

import asyncio
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
import os
from pathlib import Path
from typing import Any
from unittest.mock import AsyncMock, patch

from custom_components.navilink import queue_store
from custom_components.navilink.nwp500 import NavienMqttClient, QueuedCommand
from custom_components.navilink.nwp500.transport.aws import AwsTransport
from custom_components.navilink.nwp500.transport.base import PublishListener, TransportError
from custom_components.navilink.nwp500.transport.connection import Connection
from custom_components.navilink.queue_store import QueueStore, StoredAccount

_LATE_SECONDS = 10.0
_PATIENCE_SECONDS = 9.0


def stored_later() -> AbstractContextManager[object]:
    """Write in time, as Home Assistant's own store does, and let no action wait for it."""
    write = QueueStore._async_write  # noqa: SLF001 - to be taken out

    async def write_late(store: QueueStore) -> None:
        await asyncio.sleep(_LATE_SECONDS)
        await write(store)

    return patch.multiple(QueueStore, _async_write=write_late, async_saved=AsyncMock())


def not_stored_at_the_end() -> AbstractContextManager[object]:
    """End without a last writing."""
    return patch.object(QueueStore, "async_close", AsyncMock())


def sent_while_stored() -> AbstractContextManager[object]:
    """Go on sending while the last writing is under way."""
    return patch.object(NavienMqttClient, "finish_sending", AsyncMock())


def written_in_place() -> AbstractContextManager[object]:
    """Write into the file itself, so that there are moments when it is not whole."""

    def write(file: Path, data: bytes) -> None:
        with file.open("wb") as stream:
            stream.write(data)
            stream.flush()
            os.fsync(stream.fileno())
        # Changes nothing; whoever dies while a file is put in place does so here, too.
        os.replace(file, file)  # noqa: PTH105 - see above

    return patch.object(queue_store, "replace_file", write)


def stale_store_kept() -> AbstractContextManager[object]:
    """Leave in the file what was there before a writing failed."""
    # Any: as the function that it stands for.
    write: Callable[[Path, dict[str, Any]], None] = queue_store._write  # noqa: SLF001 - to be taken out

    def write_or_keep(file: Path, content: dict[str, Any]) -> None:
        before = file.with_name(f"{file.name}.before")
        if file.exists():
            # Another name for the same file, since there may be no room for another file.
            before.hardlink_to(file)
        try:
            write(file, content)
        except OSError:
            if before.exists():
                before.replace(file)
            raise
        before.unlink(missing_ok=True)

    return patch.object(queue_store, "_write", write_or_keep)


def _loaded(change: Callable[[StoredAccount], StoredAccount]) -> AbstractContextManager[object]:
    load = QueueStore.async_load

    async def async_load(store: QueueStore, client_id: str) -> StoredAccount | None:
        stored = await load(store, client_id)
        return None if stored is None else change(stored)

    return patch.object(QueueStore, "async_load", async_load)


def without_outcomes() -> AbstractContextManager[object]:
    """Forget outcomes that were not passed on when the account was unloaded."""
    return _loaded(lambda stored: replace(stored, queue=replace(stored.queue, outcomes=())))


def without_heaters() -> AbstractContextManager[object]:
    """Ask the service for the heaters before anything else."""
    return _loaded(lambda stored: replace(stored, devices=()))


def without_commands() -> AbstractContextManager[object]:
    """Begin with an empty queue."""
    return _loaded(lambda stored: replace(stored, queue=replace(stored.queue, unsent=(), sent=())))


def never_expired() -> AbstractContextManager[object]:
    """Send commands of any age."""
    return patch.object(QueuedCommand, "is_expired", lambda _: False)


def aged_by_the_wall_clock() -> AbstractContextManager[object]:
    """Measure the age of commands by the wall clock alone."""

    def age(command: QueuedCommand) -> timedelta:
        return datetime.now(UTC) - command.queued_at

    return patch.object(QueuedCommand, "age", age)


def attempt_abandoned() -> AbstractContextManager[object]:
    """Leave an attempt to connect alone when the account is unloaded."""
    close = Connection.close

    async def close_what_is_connected(connection: Connection) -> None:
        if connection.transport is not None:
            await close(connection)

    return patch.object(Connection, "close", close_what_is_connected)


def acknowledged_by_the_loop() -> AbstractContextManager[object]:
    """Measure by the event loop's clock how long an acknowledgement takes."""
    publish = AwsTransport.publish

    def publish_by_the_loop(
        transport: AwsTransport, topic: str, body: bytes, qos: int, on_done: PublishListener
    ) -> int:
        loop = asyncio.get_running_loop()
        written_at = loop.time()

        def done(error: TransportError | None) -> None:
            is_late = loop.time() - written_at > _PATIENCE_SECONDS
            on_done(TransportError("not acknowledged in time") if is_late else error)

        return publish(transport, topic, body, qos, done)

    return patch.object(AwsTransport, "publish", publish_by_the_loop)
