"""The account, and what its owner is notified of (protocol.md 2.8)."""

from ..models import Device, PushSettings, UserInfo
from .calls import SignedCalls, as_object

_USER_INFO = "/user/info"
_GET_PUSH_SETTINGS = "/user/get-push-settings"
_SET_PUSH_SETTINGS = "/user/set-push-settings"


class AccountAPI:
    """The account's calls; they raise as those of `NavienAPIClient` do."""

    def __init__(self, calls: SignedCalls) -> None:
        self._calls = calls

    async def get_user_info(self) -> UserInfo:
        """Return who the account belongs to."""
        data = await self._calls.post(_USER_INFO, {"userId": self._calls.user_id})
        return UserInfo.from_message(as_object(_USER_INFO, data))

    async def get_push_settings(self, device: Device) -> PushSettings:
        """Return what the account is notified of about a device."""
        data = await self._calls.post(_GET_PUSH_SETTINGS, self._calls.device_key(device))
        return PushSettings.from_message(as_object(_GET_PUSH_SETTINGS, data))

    async def set_push_settings(self, device: Device, settings: PushSettings) -> None:
        """Set what the account is notified of about a device.

        The service wants every flag that the account has: take the settings as they are and replace what changes. The
        flags that are None are left out.

        Raises:
            InvalidParameterError: every flag is None.

        """
        await self._calls.post(_SET_PUSH_SETTINGS, self._calls.device_key(device) | settings.as_message())
