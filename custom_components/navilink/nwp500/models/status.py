"""The status message: what the heater measures and does, and how it is set (protocol.md 8)."""

from collections.abc import Mapping
from typing import Self

from ..enums import DhwMode, DrEvent, HeatSource, OperationMode, RecirculationMode, TemperatureFormula, TemperatureUnit
from .conversions import DAYS, DECI, DELTA, FLAG, FLOW, HALF, OUTSIDE, TANK_ENERGY, TOU_OVERRIDE, TOU_STATUS, TRI_STATE
from .members import WHOLE, Member, Message, measured, one_of, reply_content


class DeviceStatus(Message):
    """One status of the heater; temperatures in °C, and None for what the heater does not report."""

    __slots__ = ()

    # Identity, mode and activity (protocol.md 8.1)
    message_type = Member("command", WHOLE, "Message type: 67108883 standard, 67108892 extended")
    operation_mode = Member("operationMode", one_of(OperationMode), "What the heater is doing now")
    dhw_mode = Member("dhwOperationSetting", one_of(DhwMode), "The configured mode")
    is_heating = Member("operationBusy", TRI_STATE, "Whether it heats")
    is_heating_on_demand = Member("dhwOperationBusy", FLAG, "Whether it heats water on demand")
    heat_source = Member("currentHeatUse", one_of(HeatSource), "What heats now; NONE may also mean that it is unknown")
    compressor_running = Member("compUse", TRI_STATE, "Whether the compressor runs")
    upper_element_on = Member(
        "heatUpperUse", TRI_STATE, "Whether the upper element is on: 5.0 kW at 240 V, 3.755 kW at 208 V"
    )
    lower_element_on = Member("heatLowerUse", TRI_STATE, "Whether the lower element is on: as much")
    evaporator_fan_running = Member("evaFanUse", FLAG, "Whether the evaporator fan runs")
    expansion_valve_active = Member("eevUse", FLAG, "Whether the expansion valve is active")
    state_number = Member("currentStatenum", WHOLE, "Internal state: 20 in standby, 50 while the heat pump heats")
    special_function = Member("specialFunctionStatus", WHOLE, "Freeze protection, anti-seize; codes unknown")
    recently_restarted = Member("didReload", FLAG, "Whether the device restarted recently")
    dhw_in_use = Member("dhwUse", FLAG, "Whether hot water is drawn")
    dhw_in_sustained_use = Member("dhwUseSustained", FLAG, "Whether hot water has been drawn for a longer while")
    shut_off_valve_active = Member("shutOffValveUse", FLAG, "Shut-off valve")
    mixing_valve_position = Member("mixingRate", measured("%"), "Mixing valve, 0-100; 0 without a valve")
    scald_warning = Member("scaldUse", FLAG, "Scald warning")
    eco_tripped = Member("ecoUse", FLAG, "Whether the high-temperature cutoff has tripped: a fault, no economy mode")
    freeze_protection_on = Member("freezeProtectionUse", FLAG, "Freeze protection enabled or active")
    error_buzzer_enabled = Member("errorBuzzerUse", FLAG, "Whether the buzzer is enabled")

    # Temperatures (protocol.md 8.2)
    dhw_temperature = Member("dhwTemperature", HALF, "Hot water inside the tank, in steps of 0.5")
    dhw_temperature_2 = Member("dhwTemperature2", HALF, "Second reading of the hot water; raw 0 when unused")
    dhw_temperature_setting = Member(
        "dhwTemperatureSetting", HALF, "Setpoint, typically 35-65.5; from the factory 120 °F"
    )
    dhw_temperature_setting_raw = dhw_temperature_setting.in_raw()
    dhw_target_temperature_setting = Member("dhwTargetTemperatureSetting", HALF, "The same as the setpoint")
    tank_upper_temperature = Member("tankUpperTemperature", DECI, "Upper probe: the best reading of the hot water")
    tank_lower_temperature = Member("tankLowerTemperature", DECI, "Lower probe")
    ambient_temperature = Member("ambientTemperature", DECI, "Air at the unit; about 3.4 °C too high while idle")
    discharge_temperature = Member("dischargeTemperature", DECI, "Compressor outlet, about 49-82 running")
    suction_temperature = Member("suctionTemperature", DECI, "Compressor inlet, about 4-16 running")
    evaporator_temperature = Member("evaporatorTemperature", DECI, "Evaporator coil, about -7 to 12 running")
    target_superheat = Member("targetSuperHeat", DELTA, "Superheat aimed at; always 5 on the unit seen")
    current_superheat = Member("currentSuperHeat", DELTA, "Superheat; can be negative")
    outside_temperature = Member("outsideTemperature", OUTSIDE, "Outdoor air; raw 0 on units that do not have it")
    inlet_temperature = Member("currentInletTemperature", HALF, "Always raw 0 on the NWP500: not available")
    freeze_protection_temperature = Member(
        "freezeProtectionTemperature", HALF, "Where freeze protection starts, 6-10; from the factory 6"
    )
    freeze_protection_temperature_min = Member("freezeProtectionTempMin", HALF, "Lower limit of freeze protection, 6")
    freeze_protection_temperature_max = Member("freezeProtectionTempMax", HALF, "Upper limit of freeze protection, 10")
    min_setpoint = Member(
        "heatMinOpTemperature", HALF, "The installer's minimum setpoint, 35-45; old firmware reports nonsense"
    )
    recirculation_temperature_setting = Member("recircTempSetting", HALF, "Recirculation setpoint")
    recirculation_temperature = Member("recircTemperature", HALF, "Recirculation loop; raw 0 without one")
    recirculation_faucet_temperature = Member(
        "recircFaucetTemperature", HALF, "Recirculation at the faucet; raw 0 without a loop"
    )

    # Thermostats (protocol.md 8.2)
    heat_pump_upper_on_temperature = Member("hpUpperOnTempSetting", HALF, "Upper probe starts the heat pump")
    heat_pump_upper_off_temperature = Member("hpUpperOffTempSetting", HALF, "Upper probe stops the heat pump")
    heat_pump_lower_on_temperature = Member(
        "hpLowerOnTempSetting", HALF, "Lower probe starts the heat pump: 40.5 outside a window"
    )
    heat_pump_lower_off_temperature = Member("hpLowerOffTempSetting", HALF, "Lower probe stops the heat pump")
    element_upper_on_temperature = Member(
        "heUpperOnTempSetting", HALF, "Upper element starts; unreliable in heat pump mode"
    )
    element_upper_off_temperature = Member("heUpperOffTempSetting", HALF, "Upper element stops")
    element_lower_on_temperature = Member("heLowerOnTempSetting", HALF, "Lower element starts; can be raw 0")
    element_lower_off_temperature = Member("heLowerOffTempSetting", HALF, "Lower element stops")
    heat_pump_upper_on_difference = Member("hpUpperOnDiffTempSetting", DELTA, "Not 0 in a time-of-use window")
    heat_pump_upper_off_difference = Member("hpUpperOffDiffTempSetting", DELTA, "0 outside a time-of-use window")
    heat_pump_lower_on_difference = Member("hpLowerOnDiffTempSetting", DELTA, "0 outside a time-of-use window")
    heat_pump_lower_off_difference = Member("hpLowerOffDiffTempSetting", DELTA, "0 outside a time-of-use window")
    element_upper_on_difference = Member("heUpperOnDiffTempSetting", DELTA, "0 on current firmware")
    element_upper_off_difference = Member("heUpperOffDiffTempSetting", DELTA, "0 on current firmware")
    element_lower_on_difference = Member(
        "heLowerOnTDiffempSetting", DELTA, "0 on current firmware; so spelt on the wire"
    )
    element_lower_off_difference = Member("heLowerOffDiffTempSetting", DELTA, "0 on current firmware")

    # Energy, flow, counters (protocol.md 8.3)
    current_power = Member("currentInstPower", measured("W"), "Power of the whole unit, elements included")
    full_recovery_energy = Member("totalEnergyCapacity", TANK_ENERGY, "Energy of a full recovery to the setpoint")
    missing_energy = Member("availableEnergyCapacity", TANK_ENERGY, "Energy still missing to the setpoint")
    dhw_charge = Member("dhwChargePer", measured("%"), "The vendor's own estimate; does not match the energies")
    dhw_flow_rate = Member("currentDhwFlowRate", FLOW, "Hot water flow")
    recirculation_flow_rate = Member("recircDhwFlowRate", FLOW, "Recirculation flow; 0 without a loop")
    cumulated_dhw_volume = Member("cumulatedDhwFlowRate", measured("L"), "Hot water in all; stays 0 on some firmware")
    evaporator_fan_hours = Member("cumulatedOpTimeEvaFan", measured("h"), "Fan hours since the last filter reset")
    air_filter_alarm_enabled = Member("airFilterAlarmUse", TRI_STATE, "Whether the filter reminder is enabled")
    air_filter_alarm_period = Member("airFilterAlarmPeriod", measured("h"), "0 off or not set, else 1000-10000")
    air_filter_alarm_elapsed = Member("airFilterAlarmElapsed", measured("h"), "Meaning unconfirmed: do not use")
    target_fan_speed = Member("targetFanRpm", measured("rpm"), "Fan speed aimed at, 0-3000")
    current_fan_speed = Member("currentFanRpm", measured("rpm"), "Fan speed, 0-3000")
    fan_drive = Member("fanPwm", WHOLE, "Fan drive; scale unknown")
    expansion_valve_steps = Member("eevStep", WHOLE, "Expansion valve position in steps, 0 to at least 480")
    wifi_signal = Member("wifiRssi", measured("dBm"), "Signal strength, -90 to -30")

    # Functions, schedules, faults (protocol.md 8.4)
    temperature_unit = Member("temperatureType", one_of(TemperatureUnit), "The owner's display unit")
    temperature_formula = Member("tempFormulaType", one_of(TemperatureFormula), "Rounding of the outside temperature")
    vacation_days = Member("vacationDaySetting", DAYS, "Length of the vacation, 1-99; 0 none")
    vacation_days_elapsed = Member("vacationDayElapsed", DAYS, "Days of the vacation gone by")
    anti_legionella_enabled = Member("antiLegionellaUse", TRI_STATE, "Whether anti-legionella is enabled")
    anti_legionella_period = Member("antiLegionellaPeriod", DAYS, "Interval of anti-legionella, 1-30")
    anti_legionella_running = Member("antiLegionellaOperationBusy", TRI_STATE, "Whether an anti-legionella cycle runs")
    program_reservation_enabled = Member("programReservationUse", FLAG, "Whether a weekly schedule is in use")
    program_reservation_type = Member("programReservationType", WHOLE, "0 none, 1 active")
    tou_enabled = Member("touStatus", TOU_STATUS, "Whether time of use is enabled, window or not")
    tou_overridden = Member("touOverrideStatus", TOU_OVERRIDE, "Whether the owner has overridden time of use")
    dr_event = Member("drEventStatus", one_of(DrEvent), "Demand response event of the utility")
    dr_applied = Member("drOverrideStatus", TRI_STATE, "Whether demand response is applied")
    recirculation_mode = Member("recircOperationMode", one_of(RecirculationMode), "Recirculation mode")
    recirculation_running = Member("recircOperationBusy", FLAG, "Whether recirculation runs")
    recirculation_schedule_enabled = Member(
        "recircReservationUse", TRI_STATE, "Whether the recirculation schedule is on"
    )
    recirculation_pump_status = Member("recircPumpOperationStatus", WHOLE, "Codes not documented")
    recirculation_hot_button_ready = Member("recircHotBtnReady", WHOLE, "Codes not documented")
    recirculation_reason = Member("recircOperationReason", WHOLE, "Codes not documented")
    recirculation_error = Member("recircErrorStatus", WHOLE, "Codes not documented")
    error_code = Member("errorCode", WHOLE, "Error code; 0 none")
    sub_error_code = Member("subErrorCode", WHOLE, "Sub code of the error")
    minor_code = Member("minorCode", WHOLE, "Secondary alarm; 0 none, 101 can be reset by the user")
    fault_status_1 = Member("faultStatus1", WHOLE, "Bits of unknown meaning")
    fault_status_2 = Member("faultStatus2", WHOLE, "Bits of unknown meaning")
    smart_diagnostic = Member("smartDiagnostic", WHOLE, "0 fine; codes unknown")
    condensate_overflow = Member("conOvrSensorUse", FLAG, "Condensate overflow sensor")
    water_leak = Member("wtrOvrSensorUse", FLAG, "Water leak sensor")

    @classmethod
    def from_message(cls, message: Mapping[str, object]) -> Self:
        """Decode a whole status reply; raises `ResponseFormatError` if the message has no status in it."""
        return cls(reply_content(message, "status", "st"))

    def with_members(self, members: Mapping[str, int]) -> Self:
        """Return the status as it will be with other raw members."""
        return type(self)({**self.raw, **members})

    @property
    def is_on_vacation(self) -> bool | None:
        """Whether the heater is in vacation mode."""
        return None if self.dhw_mode is None else self.dhw_mode is DhwMode.VACATION

    @property
    def is_in_tou_window(self) -> bool | None:
        """Whether a peak period is in force, as the thermostat members show it (protocol.md 13.5)."""
        if not self.tou_enabled:
            return self.tou_enabled
        differences = (
            self.heat_pump_upper_on_difference,
            self.heat_pump_upper_off_difference,
            self.heat_pump_lower_on_difference,
            self.heat_pump_lower_off_difference,
        )
        if any(differences):
            return True
        return None if None in differences else False

    @property
    def usable_energy(self) -> float | None:
        """Heat above 40.5 °C in Wh, the one figure that behaves like a state of charge (protocol.md 8.3)."""
        full, missing = self.full_recovery_energy, self.missing_energy
        return None if full is None or missing is None else max(0, full - missing)

    @property
    def filter_hours_left(self) -> float | None:
        """Fan hours until the air filter is due; unknown while no period is set (protocol.md 8.3)."""
        period, used = self.air_filter_alarm_period, self.evaporator_fan_hours
        return None if not period or used is None else max(0, period - used)
