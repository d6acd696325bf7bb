"""The account and the app over REST: sign-ins, credentials, profile (protocol.md 2.2, 2.3 and 2.8)."""

from ..common.reading import Json, JsonObject, text
from .accounts import USER_SEQ, USER_TYPE
from .api import RestApi, RestError


def sign_in(api: RestApi, body: JsonObject) -> Json:
    """Issue both sets of secrets for the password."""
    accounts = api.accounts
    if (text(body, "userId"), text(body, "password")) != (accounts.email, accounts.password):
        raise RestError(401, "Invalid credentials")
    return _sign_in_data(accounts.issue_web_tokens() | accounts.issue_aws())


def secured_sign_in(api: RestApi, _body: JsonObject) -> Json:
    """Answer in the shape of a sign-in, with the AWS members alone."""
    return _sign_in_data(api.accounts.issue_aws())


def refresh(api: RestApi, body: JsonObject) -> Json:
    """Renew the JWT set alone."""
    refreshed = api.accounts.refresh(text(body, "refreshToken"))
    if refreshed is None:
        raise RestError(401, "UNAUTHORIZED")
    return refreshed


def refresh_session(api: RestApi, _body: JsonObject) -> Json:
    """Renew the AWS set alone."""
    return api.accounts.issue_aws()


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
