"""No text form of anything that knows a heater has its MAC address or its serial number: they reach logs that way."""

import pytest

from nwp500 import (
    Changed,
    CommandCompleted,
    CommandEvent,
    CommandOutcome,
    CommandReason,
    CommandResult,
    Device,
    DeviceFeature,
    DeviceStatus,
    FeatureReceived,
    StatusReceived,
    StoredQueue,
    commands,
)
from nwp500.heaters.inbox import HeaterRecord
from nwp500.models import Device as ModelDevice
from nwp500.protocol.controls import HeaterCommand
from tests.client.support.bench import ONE, made

SERIAL = "SERIAL12345"
DEVICE = Device(mac_address=ONE, additional_value="5322", name=ONE)
FEATURE = DeviceFeature({"controllerSerialNumber": SERIAL, "macAddress": ONE})
STATUS = DeviceStatus({"macAddress": ONE, "x": SERIAL})
COMMAND = made(commands.VACATION, 5, 7)
COMPLETED = CommandCompleted(COMMAND, CommandResult(CommandOutcome.DROPPED, CommandReason.QUEUE_FULL))
STORED = StoredQueue(
    unsent=(COMMAND,),
    sent=(COMMAND,),
    outcomes=(COMPLETED,),
    features={ONE: {"controllerSerialNumber": SERIAL}},
    statuses={ONE: {"dhwTemperatureSetting": 120}},
    running_modes={ONE: 3},
    completed_effects={ONE: ({"dhwOperationSetting": frozenset({2})},)},
)

KINDS: tuple[object, ...] = (
    DEVICE,
    ModelDevice.from_message({"deviceInfo": {"macAddress": ONE, "additionalValue": "5322", "deviceType": 52}}),
    FEATURE,
    STATUS,
    COMMAND,
    COMPLETED,
    STORED,
    HeaterRecord(DEVICE, status=STATUS, feature=FEATURE),
    HeaterCommand(DEVICE, commands.TOU_ON),
    StatusReceived(DEVICE, STATUS),
    FeatureReceived(DEVICE, FEATURE),
    Changed(DEVICE, "is_online", old=True, new=False),
    CommandEvent(COMMAND),
)


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: type(kind).__name__)
def test_no_text_form_has_a_mac_or_a_serial_number(kind: object) -> None:
    for text in (repr(kind), str(kind), f"{kind}"):
        assert ONE not in text
        assert SERIAL not in text
