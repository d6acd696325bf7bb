"""What answers at each path of the REST service: accounts, devices, firmware, the app (protocol.md 2.2 to 2.8)."""

from collections.abc import Mapping

from .accounts import Accounts
from .clock import local_time
from .heater import Heater
from .identity import DEVICE_TYPE
from .rest_api import Endpoint, Json, JsonObject, RestApi, RestError, number, text
from .sigv4 import AwsCredentials

MAX_PAGE = 20
"""Most devices in one answer."""

FOREIGN_DEVICE_TYPE = 2
"""A device of another product, which a client has to skip."""

_ONLINE, _OFFLINE = 2, 1
_ALARM_ON, _ALARM_OFF = 1, 2  # reversed on purpose (protocol.md 2.5)


def _sign_in(api: RestApi, body: JsonObject) -> Json:
    accounts = api.accounts
    if not accounts.signs_in(text(body, "userId"), text(body, "password")):
        raise RestError(401, "Invalid credentials")
    tokens = accounts.issue_web_tokens()
    web_members: JsonObject = {
        "idToken": tokens.id_token,
        "accessToken": tokens.access_token,
        "refreshToken": tokens.refresh_token,
        "authenticationExpiresIn": accounts.jwt_lifetime,
    }
    return _sign_in_data(api, web_members | _aws_members(accounts, accounts.issue_aws()))


def _secured_sign_in(api: RestApi, body: JsonObject) -> Json:
    """Answers in the shape of a sign-in, with the AWS members alone."""
    api.own(body)
    return _sign_in_data(api, _aws_members(api.accounts, api.accounts.issue_aws()))


def _refresh(api: RestApi, body: JsonObject) -> Json:
    """Renews the JWT set alone."""
    refreshed = api.accounts.refresh(text(body, "refreshToken"))
    if refreshed is None:
        raise RestError(401, "UNAUTHORIZED")
    tokens, rotated = refreshed
    members: JsonObject = {
        "idToken": tokens.id_token,
        "accessToken": tokens.access_token,
        "authenticationExpiresIn": api.accounts.jwt_lifetime,
    }
    return members | {"refreshToken": tokens.refresh_token} if rotated else members


def _refresh_session(api: RestApi, body: JsonObject) -> Json:
    """Renews the AWS set alone."""
    api.own(body)
    return _aws_members(api.accounts, api.accounts.issue_aws())


def _aws_members(accounts: Accounts, issued: AwsCredentials) -> JsonObject:
    return {
        "accessKeyId": issued.access_key_id,
        "secretKey": issued.secret_key,
        "sessionToken": issued.session_token,
        "authorizationExpiresIn": accounts.aws_lifetime,
    }


def _sign_in_data(api: RestApi, token: JsonObject) -> JsonObject:
    user: JsonObject = {
        "userType": "O",
        "userFirstName": "Example",
        "userLastName": "User",
        "userStatus": "NORMAL",
        "userSeq": api.accounts.account.user_seq,
    }
    return {"userInfo": user, "token": token, "legal": []}


def _device_list(api: RestApi, body: JsonObject) -> Json:
    api.own(body)
    offset = number(body, "offset", least=0, most=2**31)
    count = number(body, "count", least=1, most=MAX_PAGE)
    rows: list[Json] = [_listed(heater) for heater in api.heaters.values()]
    if api.foreign_device:
        rows.insert(0, _foreign_device())
    return rows[offset : offset + count]


def _listed(heater: Heater) -> JsonObject:
    books = heater.registration
    occurred = None if books.error_at is None else local_time(books.error_at, heater.zone)
    return {
        "deviceInfo": {
            "installerId": None,
            "homeSeq": heater.identity.home_seq,
            "macAddress": heater.identity.mac_address,
            "additionalValue": heater.identity.additional_value,
            "deviceType": DEVICE_TYPE,
            "modelTypeCode": None,
            "deviceName": heater.identity.name,
            "connected": _connected(heater),
        },
        "location": {"state": "Ohio", "city": "Anytown", "address": "1 Example Street"},
        "error": {
            "errorCode": books.error_code,
            "errorOccuredTime": None if occurred is None else f"{occurred:%Y-%m-%dT%H:%M:%S}",
        },
        "descaling": {"descalingStartTime": None, "descalingEndTime": None},
    }


def _foreign_device() -> JsonObject:
    return {
        "deviceInfo": {
            "installerId": None,
            "homeSeq": 10000,
            "macAddress": "0478630a0000",
            "additionalValue": "1001",
            "deviceType": FOREIGN_DEVICE_TYPE,
            "modelTypeCode": None,
            "deviceName": "Boiler",
            "connected": _ONLINE,
        },
        "location": {"state": None, "city": None, "address": None},
        "error": {"errorCode": None, "errorOccuredTime": None},
        "descaling": {"descalingStartTime": None, "descalingEndTime": None},
    }


def _device_info(api: RestApi, body: JsonObject) -> Json:
    api.own(body)
    heater = api.heater(body)
    return {
        "deviceInfo": {
            "homeSeq": heater.identity.home_seq,
            "deviceName": heater.identity.name,
            "deviceType": DEVICE_TYPE,
            "modelTypeCode": None,
            "installType": "R",
            "connected": _connected(heater),
        },
        "location": {
            "state": "Ohio",
            "city": "Anytown",
            "address": "1 Example Street",
            "latitude": 40.0,
            "longitude": -83.0,
            "altitude": None,
        },
        "installer": {
            "installerId": None,
            "installerFirstName": None,
            "installerLastName": None,
            "installerPhoneNumber": None,
        },
        "alarmInfo": {"isErrorAlarm": _ALARM_ON, "isDescalingAlarm": _ALARM_OFF, "isEtcAlarm": _ALARM_ON},
        "descaling": {"descalingStartTime": None, "descalingEndTime": None},
    }


def _firmware(api: RestApi, body: JsonObject) -> Json:
    api.own(body)
    heater = api.heater(body)
    return {
        "firmwares": [
            {
                "macAddress": heater.identity.mac_address,
                "additionalValue": heater.identity.additional_value,
                "deviceType": DEVICE_TYPE,
                "curSwCode": heater.feature[f"{part}SwCode"],
                "curVersion": heater.feature[f"{part}SwVersion"],
                "downloadedVersion": None,
                "deviceGroup": None,
            }
            for part in ("controller", "wifi")
        ]
    }


def _app_version(_api: RestApi, body: JsonObject) -> Json:
    text(body, "os")
    return {"appVersion": "2.04.00", "appForceVersion": "2.00.00"}


def _connected(heater: Heater) -> int:
    return _ONLINE if heater.online else _OFFLINE


ENDPOINTS: Mapping[tuple[str, str], Endpoint] = {
    ("POST", "/user/sign-in"): Endpoint(answer=_sign_in, signed_in=False),
    ("POST", "/auth/refresh"): Endpoint(answer=_refresh, signed_in=False),
    ("POST", "/auth/session/refresh"): Endpoint(answer=_refresh_session),
    ("POST", "/user/secured-sign-in"): Endpoint(answer=_secured_sign_in),
    ("POST", "/device/list"): Endpoint(answer=_device_list),
    ("POST", "/device/info"): Endpoint(answer=_device_info),
    ("POST", "/device/firmware/info"): Endpoint(answer=_firmware),
    ("POST", "/app/version"): Endpoint(answer=_app_version, signed_in=False),
}
"""By method and path below the base path."""
