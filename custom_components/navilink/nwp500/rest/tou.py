"""Time-of-use plans in the cloud: the only way to read the plan of a heater (protocol.md 2.7)."""

from collections.abc import Mapping, Sequence
from http import HTTPMethod

from ..exceptions import InvalidParameterError
from ..models import Device, RegisteredPlan, RegisterPath, TouPlan
from ..models.conversions import KEY
from .calls import SignedCalls, as_object

_TOU = "/device/tou"
_MANUFACTURE_ID = "/device/tou/manufacture-id"

_OPENEI = "openei"
_OPENEI_VERSION = 7
_NO_MANUFACTURE_ID = "000000000000000"

type OpenEIPlan = Mapping[str, object]
"""A rate as the public service OpenEI publishes it; it passes through as it is."""


class TouAPI:
    """The calls about plans; they raise as those of `NavienAPIClient` do.

    A `controller_id` is the controller's serial number, `DeviceFeature.serial_number`; with a wrong one the service
    fails (`ServerError`).
    """

    def __init__(self, calls: SignedCalls) -> None:
        self._calls = calls

    async def read(self, device: Device, controller_id: str) -> RegisteredPlan | None:
        """Return the plan of a heater, or None when it has none."""
        query = {**device.key, "controllerId": controller_id, **await self._calls.user_key()}
        return _plan_in(await self._calls.request(HTTPMethod.GET, _TOU, query=query))

    async def write(self, device: Device, plan: TouPlan, source: OpenEIPlan) -> TouPlan | None:
        """Replace the plan of a heater, and return it as the service repeats it; None when it does not.

        `source` is the rate that the plan was made from. Raises as `TouPlan.as_message` does, too.
        """
        body = {
            **device.key,
            "registerPath": RegisterPath.WIFI,
            "sourceData": source,
            "sourceType": _OPENEI,
            "touInfo": plan.as_message(),
            **await self._calls.user_key(),
            "zipCode": plan.zip_code,
        }
        written = _plan_in(await self._calls.request(HTTPMethod.PUT, _TOU, body=body))
        return None if written is None else written.plan

    async def delete(
        self, device: Device, *, register_path: RegisterPath = RegisterPath.WIFI, controller_id: str | None = None
    ) -> None:
        """Delete the plan of a heater; one that came over Bluetooth is named by the controller.

        Raises `InvalidParameterError` if the plan came over Bluetooth, and `controller_id` is missing.
        """
        if register_path is RegisterPath.WIFI:
            plan_key = device.key
        elif controller_id is not None:
            plan_key = {"controllerId": controller_id}
        else:
            raise InvalidParameterError("controller_id", None, "the serial number of the controller")
        query = {**await self._calls.user_key(), "registerPath": register_path, "sourceType": _OPENEI, **plan_key}
        await self._calls.request(HTTPMethod.DELETE, _TOU, query=query)

    async def get_manufacture_id(self, device: Device, controller_id: str) -> str | None:
        """Return the manufacturer's number of a heater, or None when it has none."""
        query = self._calls.device_key(device) | {"controllerId": controller_id}
        data = await self._calls.request(HTTPMethod.GET, _MANUFACTURE_ID, query=query)
        number = KEY.read(as_object(_MANUFACTURE_ID, data).get("manufactureId"))
        return None if number == _NO_MANUFACTURE_ID else number

    async def convert(self, sources: Sequence[OpenEIPlan]) -> list[TouPlan]:
        """Have the service make plans of rates, in the order of the rates."""
        body = {
            "sourceData": list(sources),
            "sourceType": _OPENEI,
            "sourceVersion": _OPENEI_VERSION,
            **await self._calls.user_key(),
        }
        return await self._calls.read_list(TouPlan, "/device/tou/convert", body, "touInfo")


def _plan_in(data: object) -> RegisteredPlan | None:
    return None if data is None else RegisteredPlan.from_message(as_object(_TOU, data))
