"""A command from its first line to its exit status: a signal stops it in good order, an error is one sentence."""

import asyncio
from collections.abc import Coroutine
import signal
import sys

from simulator.process import SimulatorError

from .exceptions import DemoError


def run(work: Coroutine[object, object, None], *, if_stopped: int) -> int:
    """Return the exit status of a command: 0, 1 after an error, `if_stopped` after Ctrl-C or SIGTERM."""
    return asyncio.run(_run(work, if_stopped))


async def _run(work: Coroutine[object, object, None], if_stopped: int) -> int:
    loop = asyncio.get_running_loop()
    task = asyncio.create_task(work)

    def stop() -> None:
        # Once is enough: a second Ctrl-C must not keep the processes from being stopped.
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(number, lambda: None)
        task.cancel()

    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop)
    try:
        await task
    except asyncio.CancelledError:
        print("stopped", flush=True)
        return if_stopped
    except (DemoError, SimulatorError, TimeoutError) as error:
        print(f"failed: {error or 'no answer in time'}", file=sys.stderr, flush=True)
        return 1
    return 0
