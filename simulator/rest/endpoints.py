"""What answers at each path of the REST service (protocol.md 2.2 to 2.8)."""

from collections.abc import Mapping
from functools import partial

from . import account_endpoints, device_endpoints, tou_endpoints, upkeep_endpoints
from .api import Endpoint

ENDPOINTS: Mapping[tuple[str, str], Endpoint] = {
    ("POST", "/user/sign-in"): Endpoint(account_endpoints.sign_in, signed_in=False),
    ("POST", "/auth/refresh"): Endpoint(account_endpoints.refresh, signed_in=False),
    ("POST", "/auth/session/refresh"): Endpoint(account_endpoints.refresh_session),
    ("POST", "/user/secured-sign-in"): Endpoint(account_endpoints.secured_sign_in),
    ("POST", "/user/info"): Endpoint(account_endpoints.user_info),
    ("POST", "/app/version"): Endpoint(account_endpoints.app_version, signed_in=False),
    ("POST", "/app/update-push-token"): Endpoint(account_endpoints.update_push_token, has_data=False),
    ("POST", "/device/list"): Endpoint(device_endpoints.device_list),
    ("POST", "/device/simple-list"): Endpoint(device_endpoints.simple_list),
    ("POST", "/device/info"): Endpoint(device_endpoints.device_info),
    ("POST", "/device/change-info"): Endpoint(device_endpoints.change_info, has_data=False),
    ("POST", "/device/error/list"): Endpoint(device_endpoints.error_list, names_user=False),
    ("GET", "/device/preferences/format"): Endpoint(device_endpoints.preferences, names_user=False),
    ("POST", "/device/preferences/format"): Endpoint(device_endpoints.preferences, names_user=False),
    ("POST", "/user/get-push-settings"): Endpoint(device_endpoints.push_settings),
    ("POST", "/user/set-push-settings"): Endpoint(device_endpoints.set_push_settings, has_data=False),
    ("POST", "/device/firmware/info"): Endpoint(upkeep_endpoints.firmware),
    ("POST", "/firmware/info"): Endpoint(upkeep_endpoints.firmware_detail, names_user=False),
    ("POST", "/device/filter/change-info"): Endpoint(partial(upkeep_endpoints.write_log, log="filter"), has_data=False),
    ("POST", "/device/filter/history"): Endpoint(partial(upkeep_endpoints.read_log, log="filter")),
    ("POST", "/device/cip/change-info"): Endpoint(partial(upkeep_endpoints.write_log, log="cip"), has_data=False),
    ("POST", "/device/cip/history"): Endpoint(partial(upkeep_endpoints.read_log, log="cip")),
    ("GET", "/device/tou"): Endpoint(tou_endpoints.plan),
    ("PUT", "/device/tou"): Endpoint(tou_endpoints.store_plan),
    ("DELETE", "/device/tou"): Endpoint(tou_endpoints.delete_plan, has_data=False),
    ("GET", "/device/tou/manufacture-id"): Endpoint(tou_endpoints.manufacture_id),
    ("POST", "/device/tou/convert"): Endpoint(tou_endpoints.convert_plans),
}
"""By method and path below the base path."""
