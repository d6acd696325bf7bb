"""What importing the client costs beyond the packages that it stands on: `python -m benchmarks.import_time`.

Each round is a fresh process that imports aiohttp, orjson and the AWS runtime first, then `nwp500`: a pair in one run,
so that whatever else the machine does meets both alike. The times are the processor's, medians of all rounds, with
bytecode as every installation has it after its first start.
"""

import os
from statistics import median
import subprocess
import sys
import tempfile

from .figures import Figure, at_most
from .report import run_alone

ROUNDS = 15
TARGET = 60.0

_MEASURE = """
import time
began = time.process_time()
import aiohttp, awscrt.auth, awscrt.http, awscrt.io, awscrt.mqtt, orjson
between = time.process_time()
import nwp500
print(between - began, time.process_time() - between)
"""


def round_of(bytecode: str) -> tuple[float, float]:
    """Return the milliseconds of one process: the packages, and the client after them."""
    environment = {**os.environ, "PYTHONPYCACHEPREFIX": bytecode, "PYTHONDONTWRITEBYTECODE": ""}
    command = [sys.executable, "-c", _MEASURE]
    printed = subprocess.run(command, check=True, capture_output=True, text=True, env=environment).stdout  # noqa: S603 - the interpreter that runs this
    packages, client = map(float, printed.split())
    return packages * 1000, client * 1000


async def measured() -> list[Figure]:
    """Measure in processes of their own; the first round only writes the bytecode."""
    with tempfile.TemporaryDirectory() as bytecode:
        round_of(bytecode)
        rounds = [round_of(bytecode) for _ in range(ROUNDS)]
    packages, client = (median(times) for times in zip(*rounds, strict=True))
    return [
        Figure(
            name="importing nwp500, beside aiohttp, orjson and awscrt before it",
            value=client,
            beside=packages,
            unit="ms",
            target=at_most(TARGET),
        )
    ]


if __name__ == "__main__":
    run_alone(measured)
