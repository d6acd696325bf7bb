"""Every member of the two messages a heater sends, with the values of a unit as it comes from the factory.

103 members of status (protocol.md 8) and 43 of device info (protocol.md 9), raw. The serial number, the only text
among them, belongs to the single heater.
What follows from the state of the heater is computed over these in `report`.
"""

from collections.abc import Mapping

OFF, ON = 1, 2
"""Every flag on the wire, and "not supported" and "supported" of device info (protocol.md 6.2)."""

_ZERO_IN_STATUS = """
    outsideTemperature specialFunctionStatus errorCode subErrorCode minorCode operationMode smartDiagnostic
    faultStatus1 faultStatus2 tankUpperTemperature tankLowerTemperature dischargeTemperature suctionTemperature
    evaporatorTemperature ambientTemperature drEventStatus vacationDaySetting vacationDayElapsed
    programReservationType currentHeatUse currentInletTemperature targetFanRpm currentFanRpm fanPwm
    dhwTemperature2 currentDhwFlowRate mixingRate airFilterAlarmElapsed cumulatedOpTimeEvaFan
    cumulatedDhwFlowRate touStatus heLowerOnTempSetting hpUpperOnDiffTempSetting hpUpperOffDiffTempSetting
    hpLowerOnDiffTempSetting hpLowerOffDiffTempSetting heUpperOnDiffTempSetting heUpperOffDiffTempSetting
    heLowerOnTDiffempSetting heLowerOffDiffTempSetting totalEnergyCapacity availableEnergyCapacity
    recircOperationMode recircPumpOperationStatus recircHotBtnReady recircOperationReason recircErrorStatus
    recircReservationUse recircTempSetting recircTemperature recircFaucetTemperature recircDhwFlowRate
    dhwTemperature dhwTargetTemperatureSetting currentInstPower dhwChargePer currentStatenum eevStep currentSuperHeat
    airFilterAlarmUse hpUpperOnTempSetting hpUpperOffTempSetting hpLowerOnTempSetting hpLowerOffTempSetting
    heUpperOnTempSetting heUpperOffTempSetting heLowerOffTempSetting
"""
_OFF_IN_STATUS = """
    didReload operationBusy dhwUse dhwUseSustained dhwOperationBusy programReservationUse ecoUse compUse eevUse
    evaFanUse shutOffValveUse conOvrSensorUse wtrOvrSensorUse antiLegionellaUse antiLegionellaOperationBusy
    heatUpperUse heatLowerUse scaldUse drOverrideStatus recircOperationBusy
"""
_ZERO_IN_FEATURE = """
    panelSwVersion panelSwCode recircSwVersion recircModelTypeCode recircTemperatureMin recircTemperatureMax
"""
_UNSUPPORTED = "mixingValueUse dhwRefillUse recirculationUse recircReservationUse title24Use"
_SUPPORTED = """
    powerUse holidayUse programReservationUse dhwUse dhwTemperatureSettingUse smartDiagnosticUse wifiRssiUse
    energyUsageUse freezeProtectionUse drSettingUse antiLegionellaSettingUse hpwhUse ecoUse electricUse
    heatpumpUse energySaverUse highDemandUse
"""

MIRRORED: Mapping[str, int] = {
    "temperatureType": 2,
    "tempFormulaType": 1,
    "freezeProtectionTempMin": 12,
    "freezeProtectionTempMax": 20,
}
"""Members with one meaning that stand in both messages."""

FACTORY_STATUS: dict[str, int] = {
    **MIRRORED,
    **dict.fromkeys(_ZERO_IN_STATUS.split(), 0),
    **dict.fromkeys(_OFF_IN_STATUS.split(), OFF),
    "command": 67108883,
    "freezeProtectionUse": 2,
    "dhwTemperatureSetting": 98,
    "wifiRssi": -52,
    "targetSuperHeat": 50,
    "freezeProtectionTemperature": 12,
    "antiLegionellaPeriod": 7,
    "dhwOperationSetting": 3,
    "errorBuzzerUse": 2,
    "airFilterAlarmPeriod": 1000,
    "heatMinOpTemperature": 81,
    "touOverrideStatus": 2,
}

FACTORY_FEATURE: dict[str, int] = {
    **MIRRORED,
    **dict.fromkeys(_ZERO_IN_FEATURE.split(), 0),
    **dict.fromkeys(_UNSUPPORTED.split(), OFF),
    **dict.fromkeys(_SUPPORTED.split(), ON),
    "countryCode": 3,
    "modelTypeCode": 240,
    "controlTypeCode": 1,
    "volumeCode": 2,
    "controllerSwVersion": 184877056,
    "wifiSwVersion": 34013184,
    "controllerSwCode": 33556241,
    "wifiSwCode": 268435985,
    "dhwTemperatureMin": 81,
    "dhwTemperatureMax": 131,
}
