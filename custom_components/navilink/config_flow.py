"""The dialogs in which an account is added, signed in again, moved to other connection data, or given its options."""

from collections.abc import Mapping
from typing import Any, override

from homeassistant.config_entries import (
    SOURCE_REAUTH,
    SOURCE_RECONFIGURE,
    ConfigFlow,
    ConfigFlowResult,
    OptionsFlowWithReload,
)
from homeassistant.const import CONF_EMAIL, CONF_NAME, CONF_PASSWORD
from homeassistant.core import HomeAssistant, callback
from homeassistant.data_entry_flow import section
from homeassistant.helpers.selector import (
    NumberSelector,
    NumberSelectorConfig,
    NumberSelectorMode,
    TextSelector,
    TextSelectorConfig,
    TextSelectorType,
)
import voluptuous as vol

from .config import (
    CONF_API_URL,
    CONF_CA_FILE,
    CONF_EXPIRATION_TIME,
    CONF_MQTT_ENDPOINT,
    CONF_MQTT_PORT,
    CONF_PRIVATE_SERVER,
    OPTIONS_SCHEMA,
    all_options,
    create_auth_client,
    is_expiration_in_range,
)
from .const import DOMAIN, LOGGER
from .coordinator import NavilinkConfigEntry
from .heater import heater_name
from .heating.options import form_sections, range_errors, ranges, shown_options, stored_options
from .nwp500 import AuthenticationError, Device, NavienAPIClient, NavienError, exceptions, servers, visible
from .nwp500.exceptions import ApiConnectionError
from .wording import escaped

CREDENTIALS: dict[vol.Marker, Any] = {
    vol.Required(CONF_EMAIL): TextSelector(TextSelectorConfig(type=TextSelectorType.EMAIL, autocomplete="username")),
    vol.Required(CONF_PASSWORD): TextSelector(
        TextSelectorConfig(type=TextSelectorType.PASSWORD, autocomplete="current-password")
    ),
}
PRIVATE_SERVER = vol.Schema(
    {
        vol.Optional(CONF_API_URL): TextSelector(TextSelectorConfig(type=TextSelectorType.URL)),
        vol.Optional(CONF_MQTT_ENDPOINT): TextSelector(),
        vol.Optional(CONF_MQTT_PORT): vol.All(
            NumberSelector(NumberSelectorConfig(min=1, max=65535, mode=NumberSelectorMode.BOX)), vol.Coerce(int)
        ),
        vol.Optional(CONF_CA_FILE): TextSelector(),
    }
)
# Home Assistant puts its own library in the place of voluptuous at run time; the type checker cannot know that.
PRIVATE_SERVER_SECTION = section(PRIVATE_SERVER, {"collapsed": True})  # type: ignore[arg-type]  # as said above
# A default of the section would hide what it has: the frontend would begin, and submit, the section with that.
ACCOUNT_SCHEMA = vol.Schema({**CREDENTIALS, vol.Optional(CONF_PRIVATE_SERVER): PRIVATE_SERVER_SECTION})
REAUTH_SCHEMA = vol.Schema(CREDENTIALS)

# Characters; far more than an account or a path has.
MAX_LENGTH = 2000

ERROR_OF_ADDRESS = {
    servers.AddressProblem.MALFORMED: "invalid_url",
    servers.AddressProblem.NOT_BARE: "url_not_bare",
    servers.AddressProblem.INSECURE: "url_insecure",
}


class FormError(Exception):
    """What the user entered does not work; the key is that of the message shown."""

    def __init__(self, translation_key: str, **placeholders: str) -> None:
        """Take the key of a text under `config.error`, and what fills its gaps."""
        super().__init__(translation_key)
        self.translation_key = translation_key
        self.placeholders = placeholders


class NavilinkConfigFlow(ConfigFlow, domain=DOMAIN):
    """The dialogs of one account."""

    VERSION = 1
    # 2: three options, which are called otherwise.
    MINOR_VERSION = 2

    @staticmethod
    @callback
    @override
    def async_get_options_flow(_config_entry: NavilinkConfigEntry) -> NavilinkOptionsFlow:
        """Start the dialog of the options."""
        return NavilinkOptionsFlow()

    @override
    async def async_step_user(self, user_input: dict[str, Any] | None = None) -> ConfigFlowResult:
        """Ask who signs in, and add the account."""
        return await self._async_step_account("user", ACCOUNT_SCHEMA, {}, user_input)

    async def async_step_reauth(self, _entry_data: Mapping[str, Any]) -> ConfigFlowResult:
        """Start to sign in again, because the service refused the credentials."""
        return await self.async_step_reauth_confirm()

    async def async_step_reauth_confirm(self, user_input: dict[str, Any] | None = None) -> ConfigFlowResult:
        """Ask for the credentials that are valid now."""
        known = self._get_reauth_entry().data
        return await self._async_step_account("reauth_confirm", REAUTH_SCHEMA, known, user_input)

    async def async_step_reconfigure(self, user_input: dict[str, Any] | None = None) -> ConfigFlowResult:
        """Change the credentials or the server of an account."""
        known = self._get_reconfigure_entry().data
        return await self._async_step_account("reconfigure", ACCOUNT_SCHEMA, known, user_input)

    async def _async_step_account(
        self, step_id: str, schema: vol.Schema, known: Mapping[str, Any], user_input: dict[str, Any] | None
    ) -> ConfigFlowResult:
        """Show the form until the account can be signed in to, then add it or take its new data over."""
        errors: dict[str, str] = {}
        # Home Assistant would put the title into the text of a dialog as it is: the names of the heaters.
        about = {CONF_NAME: escaped(self._get_reauth_entry().title)} if self.source == SOURCE_REAUTH else {}
        if user_input is not None:
            try:
                data = await async_checked(self.hass, {**known, **user_input})
                devices = await self._async_sign_in(data)
            except FormError as err:
                errors["base"] = err.translation_key
                about |= err.placeholders
            else:
                return self._async_finish(data, devices)
        suggested = {key: value for key, value in (user_input or known).items() if key != CONF_PASSWORD}
        form = self.add_suggested_values_to_schema(schema, suggested)  # type: ignore[arg-type]  # see above
        return self.async_show_form(step_id=step_id, data_schema=form, errors=errors, description_placeholders=about)

    def _async_finish(self, data: dict[str, Any], devices: list[Device]) -> ConfigFlowResult:
        """Add the account, unless it is here already, or bring its entry up to date, unless it is another account."""
        if self.source == SOURCE_REAUTH:
            self._abort_if_unique_id_mismatch(reason="wrong_account")
            return self.async_update_reload_and_abort(self._get_reauth_entry(), data=data)
        if self.source == SOURCE_RECONFIGURE:
            self._abort_if_unique_id_mismatch(reason="wrong_account")
            return self.async_update_reload_and_abort(self._get_reconfigure_entry(), data=data)
        self._abort_if_unique_id_configured()
        # Home Assistant writes titles to its log, so the e-mail address is not one.
        return self.async_create_entry(title=", ".join(heater_name(device) for device in devices), data=data)

    async def _async_sign_in(self, data: Mapping[str, Any]) -> list[Device]:
        """Sign in, take the account's number as the flow's unique id, and return its heaters."""
        auth_client = create_auth_client(self.hass, data)
        try:
            await auth_client.sign_in()
            devices = await NavienAPIClient(auth_client).list_devices()
        except AuthenticationError as err:
            raise FormError("invalid_auth") from err
        except exceptions.InvalidResponseError as err:
            LOGGER.debug("Something else than the service answered: %s", err)
            raise FormError("unreadable_answer") from err
        except ApiConnectionError as err:
            LOGGER.debug("The service cannot be reached: %s", err)
            raise FormError("cannot_connect") from err
        except exceptions.MaintenanceError as err:
            raise FormError("maintenance", notice=err.notice) from err
        except NavienError as err:
            LOGGER.debug("The service answered with an error: %s", err)
            raise FormError("service_error") from err
        if not devices:
            raise FormError("no_heaters")
        await self.async_set_unique_id(str(auth_client.user_seq), raise_on_progress=False)
        return devices


class NavilinkOptionsFlow(OptionsFlowWithReload):
    """The options of an account: its command queue, and what is assumed about the household."""

    async def async_step_init(self, user_input: dict[str, Any] | None = None) -> ConfigFlowResult:
        """Ask for the options until they can be used."""
        options, units = self.config_entry.options, self.hass.config.units
        errors: dict[str, str] = {}
        if user_input is not None:
            errors = range_errors(user_input, units)
            if not is_expiration_in_range(user_input):
                errors[CONF_EXPIRATION_TIME] = "expiration_out_of_range"
            if not errors:
                return self.async_create_entry(data=user_input | stored_options(user_input, options, units))
        form = self.add_suggested_values_to_schema(
            vol.Schema({**OPTIONS_SCHEMA.schema, **form_sections(units, errors)}),  # type: ignore[arg-type]  # see above
            user_input or {**all_options(options), **shown_options(options, units)},
        )
        return self.async_show_form(
            step_id="init", data_schema=form, errors=errors, description_placeholders=ranges(units)
        )


async def async_checked(hass: HomeAssistant, entered: Mapping[str, Any]) -> dict[str, Any]:
    """Return what an entry keeps of what was entered; raises `FormError` for what cannot be meant.

    What pasting brings along goes, but for the password, which is taken as it is. What was not filled in is left out,
    and the whole private server if nothing of it was.
    """
    server = {name: _entry(value) for name, value in entered.get(CONF_PRIVATE_SERVER, {}).items()}
    server = {name: value for name, value in server.items() if value != ""}
    data = {CONF_EMAIL: visible(entered[CONF_EMAIL]), CONF_PASSWORD: entered[CONF_PASSWORD]}
    if any(len(text) > MAX_LENGTH for text in (*data.values(), *server.values()) if isinstance(text, str)):
        raise FormError("too_long")
    await _async_check_server(hass, server)
    return {**data, CONF_PRIVATE_SERVER: server} if server else data


async def _async_check_server(hass: HomeAssistant, server: Mapping[str, Any]) -> None:
    problem = servers.address_problem(server[CONF_API_URL]) if CONF_API_URL in server else None
    if problem is not None:
        raise FormError(ERROR_OF_ADDRESS[problem])
    if CONF_MQTT_ENDPOINT in server and not servers.is_host(server[CONF_MQTT_ENDPOINT]):
        raise FormError("invalid_host")
    if CONF_CA_FILE in server:
        try:
            await hass.async_add_executor_job(servers.tls_context, server[CONF_CA_FILE])
        except (OSError, ValueError) as err:
            # An SSLError, for a file that holds no certificate, is an OSError too.
            LOGGER.debug("The CA file cannot be used: %s", err)
            raise FormError("invalid_ca_file") from err


def _entry(value: str | int) -> str | int:
    """Return a text without what pasting brings along; the port is a number."""
    return visible(value) if isinstance(value, str) else value
