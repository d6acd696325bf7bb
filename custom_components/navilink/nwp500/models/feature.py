"""The feature (device info) message: what the heater has, its limits and versions (protocol.md 9)."""

from collections.abc import Mapping
from typing import Self

from ..enums import DhwTemperatureControl, TemperatureFormula, TemperatureUnit, VolumeCode
from .conversions import CAPABILITY, HALF, KEY, VERSION
from .members import WHOLE, Member, Message, one_of, reply_content

_GALLONS = {VolumeCode.GALLONS_50: 50, VolumeCode.GALLONS_65: 65, VolumeCode.GALLONS_80: 80}


class DeviceFeature(Message):
    """What one heater can do; temperatures in °C, and None for what the heater does not report.

    A `supports_...` is None when the heater does not mention it, False when it is not supported or not fitted.
    """

    __slots__ = ()

    # Identity and versions
    temperature_unit = Member("temperatureType", one_of(TemperatureUnit), "The owner's display unit")
    temperature_formula = Member("tempFormulaType", one_of(TemperatureFormula), "Rounding of the outside temperature")
    country_code = Member("countryCode", WHOLE, "3 is the USA")
    model_type_code = Member("modelTypeCode", WHOLE, "Varies between units: decide nothing by it")
    control_type_code = Member("controlTypeCode", WHOLE, "1 on the units seen")
    volume_code = Member("volumeCode", one_of(VolumeCode), "Tank size")
    controller_version = Member("controllerSwVersion", VERSION, "Software of the controller")
    panel_version = Member("panelSwVersion", VERSION, "Software of the panel")
    wifi_version = Member("wifiSwVersion", VERSION, "Software of the Wi-Fi module")
    controller_code = Member("controllerSwCode", WHOLE, "Software code of the controller")
    panel_code = Member("panelSwCode", WHOLE, "Software code of the panel")
    wifi_code = Member("wifiSwCode", WHOLE, "Software code of the Wi-Fi module")
    recirculation_version = Member("recircSwVersion", VERSION, "Software of the recirculation unit")
    recirculation_model_type_code = Member("recircModelTypeCode", WHOLE, "0 without recirculation")
    serial_number = Member("controllerSerialNumber", KEY, "Serial number of the controller, which time of use needs")

    # Limits
    dhw_temperature_control = Member(
        "dhwTemperatureSettingUse", one_of(DhwTemperatureControl), "How the setpoint can be set, in which steps"
    )
    dhw_temperature_min = Member("dhwTemperatureMin", HALF, "Minimum setpoint, 35-45: the installer's choice")
    dhw_temperature_min_raw = dhw_temperature_min.in_raw()
    dhw_temperature_max = Member("dhwTemperatureMax", HALF, "Maximum setpoint, 65.5")
    dhw_temperature_max_raw = dhw_temperature_max.in_raw()
    freeze_protection_temperature_min = Member("freezeProtectionTempMin", HALF, "Lower limit of freeze protection, 6")
    freeze_protection_temperature_max = Member("freezeProtectionTempMax", HALF, "Upper limit of freeze protection, 10")
    recirculation_temperature_min = Member("recircTemperatureMin", HALF, "Lower limit; raw 0 without recirculation")
    recirculation_temperature_max = Member("recircTemperatureMax", HALF, "Upper limit; raw 0 without recirculation")

    # Capabilities
    supports_power = Member("powerUse", CAPABILITY, "Power on and off")
    supports_vacation = Member("holidayUse", CAPABILITY, "Vacation")
    supports_program_reservation = Member("programReservationUse", CAPABILITY, "Weekly schedule and time of use")
    supports_dhw = Member("dhwUse", CAPABILITY, "Hot water and its modes")
    supports_smart_diagnostic = Member("smartDiagnosticUse", CAPABILITY, "Smart diagnostic")
    supports_wifi_signal = Member("wifiRssiUse", CAPABILITY, "Signal strength in the status")
    supports_energy_usage = Member("energyUsageUse", CAPABILITY, "Energy usage queries")
    supports_freeze_protection = Member("freezeProtectionUse", CAPABILITY, "Freeze protection")
    supports_mixing_valve = Member("mixingValueUse", CAPABILITY, "Mixing valve; so spelt on the wire")
    supports_demand_response = Member("drSettingUse", CAPABILITY, "Demand response")
    supports_anti_legionella = Member("antiLegionellaSettingUse", CAPABILITY, "Anti-legionella")
    supports_heat_pump_water_heating = Member("hpwhUse", CAPABILITY, "Heat-pump water heater")
    supports_refill = Member("dhwRefillUse", CAPABILITY, "Refill, that is dry-fire detection")
    supports_eco = Member("ecoUse", CAPABILITY, "High-limit switch fitted")
    supports_electric = Member("electricUse", CAPABILITY, "Electric mode")
    supports_heat_pump = Member("heatpumpUse", CAPABILITY, "Heat-pump mode")
    supports_energy_saver = Member("energySaverUse", CAPABILITY, "Energy-saver mode")
    supports_high_demand = Member("highDemandUse", CAPABILITY, "High-demand mode")
    supports_recirculation = Member("recirculationUse", CAPABILITY, "Recirculation pump")
    supports_recirculation_schedule = Member(
        "recircReservationUse", CAPABILITY, "Recirculation schedule; may be set without a pump"
    )
    supports_title_24 = Member("title24Use", CAPABILITY, "California's rule for recirculation")

    @classmethod
    def from_message(cls, message: Mapping[str, object]) -> Self:
        """Decode a whole device-info reply; raises `ResponseFormatError` if the message has no feature in it."""
        return cls(reply_content(message, "feature", "did"))

    @property
    def volume_gallons(self) -> int | None:
        """Nominal tank volume in US gallons."""
        return None if self.volume_code is None else _GALLONS[self.volume_code]
