"""A round trip: a process that passes bytes on after a while, `python -m benchmarks.support.delay PORT SECONDS`.

It stands between client and broker and knows nothing of either, so both sides of a comparison pay the same.
"""

import asyncio
from collections.abc import AsyncIterator
import contextlib
import sys

_CHUNK = 65536


async def _pass_on(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, delay: float) -> None:
    """Pass everything on `delay` seconds after it came, in order."""
    loop = asyncio.get_running_loop()
    waiting: asyncio.Queue[tuple[float, bytes]] = asyncio.Queue()

    async def read() -> None:
        while data := await reader.read(_CHUNK):
            waiting.put_nowait((loop.time() + delay, data))
        waiting.put_nowait((loop.time() + delay, b""))

    async with asyncio.TaskGroup() as group:
        group.create_task(read())
        while (due := await waiting.get())[1]:
            await asyncio.sleep(due[0] - loop.time())
            writer.write(due[1])
    writer.close()


async def _serve(port: int, round_trip: float) -> None:
    async def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        # The other side may end at any moment: then this one ends too.
        with contextlib.suppress(OSError, ExceptionGroup):
            far_reader, far_writer = await asyncio.open_connection("127.0.0.1", port)
            await asyncio.gather(
                _pass_on(reader, far_writer, round_trip / 2), _pass_on(far_reader, writer, round_trip / 2)
            )

    server = await asyncio.start_server(accept, "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    # Whoever started this process closes its standard input, or ends.
    await asyncio.to_thread(sys.stdin.read)


@contextlib.asynccontextmanager
async def delayed(port: int, round_trip: float) -> AsyncIterator[int]:
    """Give a port that leads to `port` with a round trip of so many seconds; without any, that port itself."""
    if not round_trip:
        yield port
        return
    command = (sys.executable, "-m", "benchmarks.support.delay", str(port), str(round_trip))
    pipe = asyncio.subprocess.PIPE
    process = await asyncio.create_subprocess_exec(*command, stdin=pipe, stdout=pipe)
    try:
        assert process.stdout is not None  # noqa: S101 - piped
        yield int(await process.stdout.readline())
    finally:
        process.terminate()
        await process.wait()


if __name__ == "__main__":
    asyncio.run(_serve(int(sys.argv[1]), float(sys.argv[2])))
