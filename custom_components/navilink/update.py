"""The firmware of a heater's parts: what runs, what is newest, and installing what the heater has downloaded."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, override

from homeassistant.components.update import UpdateDeviceClass, UpdateEntity, UpdateEntityDescription
from homeassistant.components.update.const import UpdateEntityFeature
from homeassistant.const import EntityCategory
from homeassistant.core import HomeAssistant
from homeassistant.exceptions import HomeAssistantError
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback
from homeassistant.util import dt as dt_util

from .const import DOMAIN
from .coordinator import NavilinkConfigEntry, NavilinkCoordinator
from .entity import FittedDescription, async_add_fitted
from .nwp500 import DeviceFeature, NavienError, enums, exceptions, models
from .readings.fact_entity import FactEntity
from .readings.heater_facts import DOWNLOADS, FIRMWARE
from .wording import to_home_assistant_error

# The heater installs one firmware after the other.
PARALLEL_UPDATES = 1

# So long the heater has for reporting a version that is being installed; the service has estimated 15 minutes.
INSTALLED_WITHIN = timedelta(minutes=45)


@dataclass(frozen=True, kw_only=True)
class FirmwareDescription(FittedDescription, UpdateEntityDescription):
    """A part of the heater that has firmware of its own."""

    part: enums.FirmwarePart
    version: Callable[[DeviceFeature], str | None]
    software_code: Callable[[DeviceFeature], int | None]
    """By which the service knows the part."""


def _firmware(
    key: str,
    part: enums.FirmwarePart,
    version: Callable[[DeviceFeature], str | None],
    software_code: Callable[[DeviceFeature], int | None],
    version_member: str,
) -> FirmwareDescription:
    return FirmwareDescription(
        key=key,
        translation_key=key,
        device_class=UpdateDeviceClass.FIRMWARE,
        entity_category=EntityCategory.CONFIG,
        # A part that is not there reports 0.
        is_fitted=lambda feature: feature.raw.get(version_member) != 0,
        part=part,
        version=version,
        software_code=software_code,
    )


DESCRIPTIONS = (
    _firmware(
        "controller_firmware",
        enums.FirmwarePart.CONTROLLER,
        lambda feature: feature.controller_version,
        lambda feature: feature.controller_code,
        "controllerSwVersion",
    ),
    _firmware(
        "panel_firmware",
        enums.FirmwarePart.PANEL,
        lambda feature: feature.panel_version,
        lambda feature: feature.panel_code,
        "panelSwVersion",
    ),
    _firmware(
        "wifi_firmware",
        enums.FirmwarePart.COMMUNICATION_MODULE,
        lambda feature: feature.wifi_version,
        lambda feature: feature.wifi_code,
        "wifiSwVersion",
    ),
)


async def async_setup_entry(
    _hass: HomeAssistant, entry: NavilinkConfigEntry, async_add_entities: AddConfigEntryEntitiesCallback
) -> None:
    """Set up the updates."""
    async_add_fitted(entry, async_add_entities, DESCRIPTIONS, FirmwareUpdate)


class FirmwareUpdate(FactEntity, UpdateEntity):
    """The firmware of one part.

    Newer is only what the service or the heater reports as downloaded: neither offers anything else. Nothing older is
    ever offered or installed.
    """

    entity_description: FirmwareDescription

    def __init__(self, coordinator: NavilinkCoordinator, mac_address: str, description: FirmwareDescription) -> None:
        """Tie the entity to its heater and to what is known of its firmware."""
        super().__init__(coordinator, mac_address, description, FIRMWARE, DOWNLOADS)
        self._being_installed: str | None = None
        self._installed_until: datetime | None = None

    @property
    @override
    def installed_version(self) -> str | None:
        """Return the version that the heater reports to run, or that the service has."""
        feature, known = self.heater.feature, self._known_by_service
        reported = None if feature is None else self.entity_description.version(feature)
        return reported or (None if known is None else known.current_version)

    @property
    @override
    def latest_version(self) -> str | None:
        """Return the newest version that is downloaded, or the installed one when there is none."""
        known, download = self._known_by_service, self._download
        offered = [None if known is None else known.downloaded_version, None if download is None else download.version]
        newest = self._newest(version for version in offered if version is not None)
        # Without an answer of the service, nobody knows whether there is a newer one.
        return newest or (None if known is None else self.installed_version)

    @property
    @override
    def supported_features(self) -> UpdateEntityFeature:
        """Return that an update can be installed only while the heater itself has it waiting."""
        if self._download is None:
            return UpdateEntityFeature.PROGRESS
        return UpdateEntityFeature.PROGRESS | UpdateEntityFeature.INSTALL

    @property
    @override
    def in_progress(self) -> bool:
        """Return whether an installation has begun and the heater does not report the new version yet."""
        return (
            self._being_installed is not None
            and self._installed_until is not None
            and self._being_installed != self.installed_version
            and dt_util.utcnow() < self._installed_until
        )

    @override
    async def async_install(self, version: str | None, backup: bool, **kwargs: Any) -> None:
        """Install what the heater has downloaded; it reports the new version some minutes later."""
        device, queries = self.heater.device, self.client.queries
        try:
            # What was read hours ago may be installed by now, and a heater that does not answer installs nothing.
            waiting = await queries.request_firmware_download(device)
            self.coordinator.facts.take(self._mac_address, DOWNLOADS, waiting)
            download = self._download
            if download is None:
                raise HomeAssistantError(translation_domain=DOMAIN, translation_key="no_firmware_waiting")
            self._being_installed, self._installed_until = download.version, dt_util.utcnow() + INSTALLED_WITHIN
            self._handle_coordinator_update()
            await self._async_begin(download)
        except NavienError as err:
            self._being_installed = None
            raise to_home_assistant_error(self.hass, err) from err

    async def _async_begin(self, download: models.FirmwareDownload) -> None:
        try:
            await self.client.queries.install_firmware(self.heater.device, download)
        except exceptions.RequestTimeoutError:
            # Nobody knows whether there is a reply; the version that the heater reports is what counts.
            return
        self.client.poll_info(self.heater.device)

    @property
    def _known_by_service(self) -> models.Firmware | None:
        """What the service has of this part."""
        feature = self.heater.feature
        code = None if feature is None else self.entity_description.software_code(feature)
        rows = self.fact(FIRMWARE) or ()
        return None if code is None else next((row for row in rows if row.software_code == code), None)

    @property
    def _download(self) -> models.FirmwareDownload | None:
        """The newest firmware of this part that the heater has downloaded, None when that is not newer."""
        own = {each.version: each for each in self.fact(DOWNLOADS) or () if each.part is self.entity_description.part}
        newest = self._newest(version for version in own if version is not None)
        return None if newest is None else own[newest]

    def _newest(self, versions: Iterable[str]) -> str | None:
        """Return the newest of some versions, None when none is newer than the installed one or that is unknown."""
        installed = self.installed_version
        if installed is None:
            return None
        return max((each for each in versions if _parts(each) > _parts(installed)), key=_parts, default=None)


def _parts(version: str) -> tuple[int, ...]:
    """Return the numbers of a version such as 11.5.0.0, to compare it with others."""
    return tuple(int(part) for part in version.split("."))
