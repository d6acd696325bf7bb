"""The endpoints of the REST service (protocol.md 2.2 to 2.8), and the answers about the account and the app."""

from collections.abc import Mapping
from functools import partial

from ..common.reading import Json, JsonObject, text
from . import device_endpoints, tou_endpoints
from .accounts import USER_SEQ, USER_TYPE
from .api import Endpoint, RestApi, RestError


def sign_in(api: RestApi, body: JsonObject) -> Json:
    """Issue both sets of secrets for the password."""
    accounts = api.accounts
    if (text(body, "userId"), text(body, "password")) != (accounts.email, accounts.password):
        raise RestError(401, "Invalid credentials")
    return _sign_in_data(accounts.issue_web_tokens() | accounts.issue_aws())


def refresh(api: RestApi, body: JsonObject) -> Json:
    """Renew the JWT set alone."""
    refreshed = api.accounts.refresh(text(body, "refreshToken"))
    if refreshed is None:
        raise RestError(401, "UNAUTHORIZED")
    return refreshed


def user_info(api: RestApi, _body: JsonObject) -> Json:
    """Give the owner's profile, in which the last name can be null."""
    return {
        "userType": USER_TYPE,
        "userFirstName": "Example",
        "userLastName": None,
        "userPhoneNumber": "5550100",
        "userSeq": USER_SEQ,
        "userEmail": api.accounts.email,
    }


def app_version(_api: RestApi, body: JsonObject) -> Json:
    """Give the newest version of the app and the oldest that still works."""
    text(body, "os")
    return {"appVersion": "2.04.00", "appForceVersion": "2.00.00"}


def update_push_token(_api: RestApi, body: JsonObject) -> Json:
    """Take the address for notifications, which are never sent."""
    for name in ("modelName", "appVersion", "os", "osVersion", "pushToken"):
        text(body, name)
    return None


def _sign_in_data(token: JsonObject) -> JsonObject:
    user: JsonObject = {
        "userType": USER_TYPE,
        "userFirstName": "Example",
        "userLastName": "User",
        "userStatus": "NORMAL",
        "userSeq": USER_SEQ,
    }
    return {"userInfo": user, "token": token, "legal": []}


ENDPOINTS: Mapping[tuple[str, str], Endpoint] = {
    ("POST", "/user/sign-in"): Endpoint(sign_in, signed_in=False),
    ("POST", "/auth/refresh"): Endpoint(refresh, signed_in=False),
    # Both renew the AWS set alone, one of them in the shape of a sign-in.
    ("POST", "/auth/session/refresh"): Endpoint(lambda api, _body: api.accounts.issue_aws()),
    ("POST", "/user/secured-sign-in"): Endpoint(lambda api, _body: _sign_in_data(api.accounts.issue_aws())),
    ("POST", "/user/info"): Endpoint(user_info),
    ("POST", "/app/version"): Endpoint(app_version, signed_in=False),
    ("POST", "/app/update-push-token"): Endpoint(update_push_token, has_data=False),
    ("POST", "/device/list"): Endpoint(device_endpoints.device_list),
    ("POST", "/device/simple-list"): Endpoint(device_endpoints.simple_list),
    ("POST", "/device/info"): Endpoint(device_endpoints.device_info),
    ("POST", "/device/change-info"): Endpoint(device_endpoints.change_info, has_data=False),
    ("POST", "/device/error/list"): Endpoint(device_endpoints.error_list, names_user=False),
    ("GET", "/device/preferences/format"): Endpoint(device_endpoints.preferences, names_user=False),
    ("POST", "/device/preferences/format"): Endpoint(device_endpoints.preferences, names_user=False),
    ("POST", "/user/get-push-settings"): Endpoint(lambda api, body: {**api.heater(body).registration.alarms}),
    ("POST", "/user/set-push-settings"): Endpoint(device_endpoints.set_push_settings, has_data=False),
    ("POST", "/device/firmware/info"): Endpoint(device_endpoints.firmware),
    ("POST", "/firmware/info"): Endpoint(device_endpoints.firmware_detail, names_user=False),
    ("POST", "/device/filter/change-info"): Endpoint(partial(device_endpoints.write_log, log="filter"), has_data=False),
    ("POST", "/device/filter/history"): Endpoint(partial(device_endpoints.read_log, log="filter")),
    ("POST", "/device/cip/change-info"): Endpoint(partial(device_endpoints.write_log, log="cip"), has_data=False),
    ("POST", "/device/cip/history"): Endpoint(partial(device_endpoints.read_log, log="cip")),
    ("GET", "/device/tou"): Endpoint(tou_endpoints.plan),
    ("PUT", "/device/tou"): Endpoint(tou_endpoints.store_plan),
    ("DELETE", "/device/tou"): Endpoint(tou_endpoints.delete_plan, has_data=False),
    ("GET", "/device/tou/manufacture-id"): Endpoint(tou_endpoints.manufacture_id),
    ("POST", "/device/tou/convert"): Endpoint(tou_endpoints.convert_plans),
}
"""By method and path below the base path."""
