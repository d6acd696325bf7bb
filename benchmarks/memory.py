"""What a further client and a further heater cost in memory and threads: `python -m benchmarks.memory`.

Each measurement is a process of its own, connected to one mosquitto: memory is read after twenty clients (or heaters)
and again after a hundred further ones. For a client that is the resident set, which has the AWS runtime's share too; a
heater is made of Python objects alone, which `tracemalloc` counts exactly, while the resident set has room left from
the start. A further client has a connection, a further heater its subscriptions, a status and its features. The client
is measured with the certificate of the private broker alone, and once more with those of the system beside it, as it
has them in a home: clients that trust the same ones share a TLS context, and so do the bare connections.
"""

import argparse
import asyncio
from collections.abc import Awaitable, Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
import contextlib
import gc
from itertools import batched
import json
from pathlib import Path
import ssl
import sys
import tempfile
import tracemalloc

import orjson

from nwp500 import Device, MqttConnectionConfig, NavienMqttClient
from nwp500.heaters.events import FeatureReceived, StatusReceived
from tests.client.support.credentials import InventedCredentials
from tests.client.support.mosquitto import Mosquitto

from .figures import Figure, at_most
from .report import run_alone
from .support import bare
from .support.brokers import broker_process

BEFORE = 20
FURTHER = 100
AT_A_TIME = 10
HEATERS_OF_A_CLIENT = 20
"""The service allows 50 subscriptions on a connection."""
CLIENT_TARGET = 64.0
HEATER_TARGET = 32.0
KIB = 1024
_FIRST_MAC = 0x0478630A1B2C
_FIXTURES = Path(__file__).parent.parent / "tests" / "fixtures"

type Make = Callable[[int], Awaitable[object]]


def resident_kib() -> float:
    """Return the resident set of this process."""
    gc.collect()
    line = next(line for line in Path("/proc/self/status").read_text().splitlines() if line.startswith("VmRSS:"))
    return float(line.split()[1])


def thread_count() -> int:
    """Return how many threads this process has, those of the AWS runtime too."""
    return len(list(Path("/proc/self/task").iterdir()))


def traced_kib() -> float:
    """Return what Python objects take, while it is traced."""
    gc.collect()
    return tracemalloc.get_traced_memory()[0] / KIB


def _client(port: int, ca_file: str) -> NavienMqttClient:
    config = MqttConnectionConfig(endpoint="localhost", port=port, ca_file=ca_file, max_publish_rate=None)
    return NavienMqttClient(InventedCredentials(), config=config)


async def bare_maker(port: int, ca_file: str) -> Make:
    """Each is a connection of the bare runtime, and all have one TLS context, as clients have."""
    native_client = await asyncio.to_thread(bare.make_client, ca_file)

    async def make(number: int) -> object:
        return await bare.connect(native_client, port, f"bare-{number}")

    return make


async def client_maker(port: int, ca_file: str) -> Make:
    """Each is a connected client."""

    async def make(_number: int) -> object:
        client = _client(port, ca_file)
        await client.connect()
        return client

    return make


async def reported(
    client: NavienMqttClient, name: str, mac_address: str, message: dict[str, dict[str, object]]
) -> None:
    """Have a heater report, and wait until the client has it."""
    body = {**message, "response": {**message["response"], "macAddress": mac_address}}
    received = asyncio.Event()

    def receive(event: StatusReceived | FeatureReceived) -> None:
        if event.device.mac_address == mac_address:
            received.set()

    stop = client.on(f"{name}_received", receive)
    await client.publish(f"cmd/52/navilink-{mac_address}/res/{name}", body)
    await received.wait()
    stop()


async def heater_maker(port: int, ca_file: str) -> Make:
    """Each is a heater that has reported its status and its features, of clients that are there before."""
    clients = [_client(port, ca_file) for _ in range(0, BEFORE + FURTHER, HEATERS_OF_A_CLIENT)]
    for client in clients:
        await client.connect()
    reports = {
        name: orjson.loads((_FIXTURES / f"{fixture}.json").read_bytes())
        for name, fixture in (("status", "status_heat_pump_heating"), ("feature", "feature"))
    }

    async def make(number: int) -> object:
        mac_address = f"{_FIRST_MAC + number:012x}"
        device = Device(mac_address=mac_address, additional_value="5322")
        client = clients[number // HEATERS_OF_A_CLIENT]
        await client.subscribe_device(device)
        for name, message in reports.items():
            await reported(client, name, mac_address, message)
        return device

    return make


MAKERS: dict[str, Callable[[int, str], Awaitable[Make]]] = {
    "bare": bare_maker,
    "client": client_maker,
    "heater": heater_maker,
}


async def child(kind: str, port: int, ca_file: str, *, traced: bool) -> dict[str, float]:
    """Make some, then further ones, and return what each of these took, and how many threads there are."""
    if traced:
        tracemalloc.start()
    # Certificates are read in a thread of the event loop's own; one is enough, and makes their number the same.
    asyncio.get_running_loop().set_default_executor(ThreadPoolExecutor(max_workers=1))
    now = traced_kib if traced else resident_kib
    make = await MAKERS[kind](port, ca_file)
    kept: list[object] = []
    read: dict[int, float] = {}
    for numbers in batched(range(BEFORE + FURTHER), AT_A_TIME, strict=True):
        kept += await asyncio.gather(*map(make, numbers))
        read[len(kept)] = now()
    each = (read[BEFORE + FURTHER] - read[BEFORE]) / FURTHER
    return {"kib": each, "threads": float(thread_count())}


async def in_child(kind: str, broker: Mosquitto, ca_file: str, *, traced: bool = False) -> dict[str, float]:
    """Measure in a process of its own."""
    command = [sys.executable, "-m", "benchmarks.memory", "--child", kind, str(broker.port), ca_file]
    process = await asyncio.create_subprocess_exec(
        *command, *(["--traced"] if traced else []), stdout=asyncio.subprocess.PIPE
    )
    printed, _ = await process.communicate()
    if process.returncode:
        raise SystemExit(f"the measurement of {kind} failed")
    measured_there: dict[str, float] = json.loads(printed)
    return measured_there


@contextlib.contextmanager
def bundle_with_system(ca_file: str) -> Iterator[str]:
    """Give a file with a certificate and those that the system trusts."""
    system = ssl.create_default_context().get_ca_certs(binary_form=True)
    with tempfile.NamedTemporaryFile("w", suffix=".pem") as bundle:
        bundle.write("".join((Path(ca_file).read_text(), *map(ssl.DER_cert_to_PEM_cert, system))))
        bundle.flush()
        yield bundle.name


async def measured() -> list[Figure]:
    """Measure each kind in a process of its own."""
    async with broker_process() as broker:
        with bundle_with_system(broker.ca_file) as bundle:
            bare_one, client = [await in_child(kind, broker, broker.ca_file) for kind in ("bare", "client")]
            bare_all, client_all = [await in_child(kind, broker, bundle) for kind in ("bare", "client")]
            traced_client, heater = [
                await in_child(kind, broker, broker.ca_file, traced=True) for kind in ("client", "heater")
            ]
    name, unit, target = "a further client", "KiB", at_most(CLIENT_TARGET)
    return [
        Figure(name=name, value=client["kib"], beside=bare_one["kib"], unit=unit, target=target),
        Figure(
            name=f"{name} with the certificates of the system",
            value=client_all["kib"],
            beside=bare_all["kib"],
            unit=unit,
            target=target,
        ),
        Figure(name=f"{name}: Python objects of it", value=traced_client["kib"], unit=unit),
        Figure(name="a further heater", value=heater["kib"], unit=unit, target=at_most(HEATER_TARGET)),
        Figure(
            name=f"threads with {BEFORE + FURTHER} clients beyond those with as many bare connections",
            value=client["threads"] - bare_one["threads"],
            unit="",
            target=at_most(0),
        ),
        Figure(name="threads with bare connections, two of them Python's", value=bare_one["threads"], unit=""),
    ]


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure and print, or be a process that measures one kind."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--child", nargs=3, metavar=("KIND", "PORT", "CA_FILE"), help="measure one kind here")
    parser.add_argument("--traced", action="store_true", help="what Python objects take")
    options, rest = parser.parse_known_args(arguments)
    if options.child is None:
        run_alone(measured, rest)
        return
    kind, port, ca_file = options.child
    print(json.dumps(asyncio.run(child(kind, int(port), ca_file, traced=options.traced))))


if __name__ == "__main__":
    main()
