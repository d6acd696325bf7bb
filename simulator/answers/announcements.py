"""What heaters and apps say of themselves when they come and go (protocol.md 10.5)."""

from ..common.identity import DEVICE_TYPE
from ..heater.heater import Heater
from .replies import Reply

_PROTOCOL_VERSION = 1
_APP_MODEL_TYPE = 49
_CONNECTED, _GONE = 1, 0


def device_connection(heater: Heater) -> Reply:
    """Tell whether a heater is connected to the cloud; only two members of this message are attested."""
    connection = {"sessionNumber": heater.session_number, "status": _CONNECTED if heater.online else _GONE}
    return _event(heater, "connection", f"navilink-{heater.identity.mac_address}", "", {"connection": connection})


def app_connection(heater: Heater, client_id: str, session_id: str, *, connected: bool) -> Reply:
    """Tell that somebody's app is there, or gone."""
    members = {
        "modelTypeCode": _APP_MODEL_TYPE,
        "connection": {"os": "A", "status": _CONNECTED if connected else _GONE},
    }
    return _event(heater, "app-connection", client_id, session_id, members)


def _event(heater: Heater, name: str, client_id: str, session_id: str, members: dict[str, object]) -> Reply:
    topic = f"evt/{DEVICE_TYPE}/navilink-{heater.identity.mac_address}/{name}"
    message = {
        "clientID": client_id,
        "sessionID": session_id,
        "protocolVersion": _PROTOCOL_VERSION,
        "requestTopic": topic,
        "event": {
            "macAddress": heater.identity.mac_address,
            "additionalValue": heater.identity.additional_value,
            "deviceType": DEVICE_TYPE,
            **members,
        },
    }
    return Reply(topic=topic, message=message)
