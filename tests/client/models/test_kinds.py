"""What each member of a status and of a device info is, as protocol.md 8 and 9 list them: kind by kind, all of them."""

from dataclasses import dataclass

import pytest

from nwp500.enums import (
    DhwMode,
    DhwTemperatureControl,
    DrEvent,
    HeatSource,
    OperationMode,
    RecirculationMode,
    TemperatureFormula,
    TemperatureUnit,
    VolumeCode,
)
from nwp500.models import DeviceFeature, DeviceStatus, Message


@dataclass(frozen=True)
class Kind:
    """What raw values mean, and in which unit."""

    decoded: dict[object, object]
    unit: str
    names: str
    """The members of this kind, by their names on the wire."""


STATUS_KINDS = (
    Kind(
        {0: 0.0, 81: 40.5, 131: 65.5, -3: -1.5},
        "°C",
        """dhwTemperature dhwTemperature2 dhwTemperatureSetting dhwTargetTemperatureSetting outsideTemperature
        currentInletTemperature freezeProtectionTemperature freezeProtectionTempMin freezeProtectionTempMax
        heatMinOpTemperature recircTempSetting recircTemperature recircFaucetTemperature hpUpperOnTempSetting
        hpUpperOffTempSetting hpLowerOnTempSetting hpLowerOffTempSetting heUpperOnTempSetting heUpperOffTempSetting
        heLowerOnTempSetting heLowerOffTempSetting""",
    ),
    Kind(
        {0: 0.0, 605: 60.5, -16: -1.6},
        "°C",
        """tankUpperTemperature tankLowerTemperature ambientTemperature dischargeTemperature suctionTemperature
        evaporatorTemperature""",
    ),
    Kind(
        {0: 0.0, 50: 5.0, -16: -1.6},
        "Celsius degrees of difference",
        """targetSuperHeat currentSuperHeat hpUpperOnDiffTempSetting hpUpperOffDiffTempSetting
        hpLowerOnDiffTempSetting hpLowerOffDiffTempSetting heUpperOnDiffTempSetting heUpperOffDiffTempSetting
        heLowerOnTDiffempSetting heLowerOffDiffTempSetting""",
    ),
    Kind(
        {0: False, 1: False, 2: True, 3: False},
        "",
        """dhwOperationBusy evaFanUse eevUse didReload dhwUse dhwUseSustained shutOffValveUse scaldUse ecoUse
        freezeProtectionUse errorBuzzerUse programReservationUse recircOperationBusy conOvrSensorUse wtrOvrSensorUse""",
    ),
    Kind(
        {0: None, 1: False, 2: True, 3: None},
        "",
        """operationBusy compUse heatUpperUse heatLowerUse airFilterAlarmUse antiLegionellaUse
        antiLegionellaOperationBusy drOverrideStatus recircReservationUse""",
    ),
    Kind({0: False, 1: True, 2: None}, "", "touStatus"),
    Kind({0: None, 1: True, 2: False}, "", "touOverrideStatus"),
    Kind({0: 0, 1369: 5476}, "Wh", "totalEnergyCapacity availableEnergyCapacity"),
    Kind({0: 0.0, 76: 7.6}, "L/min", "currentDhwFlowRate recircDhwFlowRate"),
    Kind({0: 0, 412: 412}, "W", "currentInstPower"),
    Kind({0: 0, 90: 90}, "%", "mixingRate dhwChargePer"),
    Kind({0: 0, 90: 90}, "L", "cumulatedDhwFlowRate"),
    Kind({0: 0, 1000: 1000}, "h", "cumulatedOpTimeEvaFan airFilterAlarmPeriod airFilterAlarmElapsed"),
    Kind({0: 0, 550: 550}, "rpm", "targetFanRpm currentFanRpm"),
    Kind({-52: -52}, "dBm", "wifiRssi"),
    Kind({0: 0, 14: 14}, "d", "vacationDaySetting vacationDayElapsed antiLegionellaPeriod"),
    Kind(
        {0: 0, 3: 3, 67108892: 67108892},
        "",
        """command currentStatenum specialFunctionStatus fanPwm eevStep programReservationType errorCode subErrorCode
        minorCode faultStatus1 faultStatus2 smartDiagnostic recircPumpOperationStatus recircHotBtnReady
        recircOperationReason recircErrorStatus""",
    ),
    Kind({**{mode.value: mode for mode in OperationMode}, 33: None}, "", "operationMode"),
    Kind({**{mode.value: mode for mode in DhwMode}, 7: None}, "", "dhwOperationSetting"),
    Kind({**{source.value: source for source in HeatSource}, 4: None}, "", "currentHeatUse"),
    Kind({**{unit.value: unit for unit in TemperatureUnit}, 0: None, 3: None}, "", "temperatureType"),
    Kind({**{formula.value: formula for formula in TemperatureFormula}, 2: None}, "", "tempFormulaType"),
    Kind({**{event.value: event for event in DrEvent}, 7: None}, "", "drEventStatus"),
    Kind({**{mode.value: mode for mode in RecirculationMode}, 0: None, 5: None}, "", "recircOperationMode"),
)
FEATURE_KINDS = (
    Kind(
        {0: False, 1: False, 2: True, 3: None},
        "",
        """powerUse holidayUse programReservationUse dhwUse smartDiagnosticUse wifiRssiUse energyUsageUse
        freezeProtectionUse mixingValueUse drSettingUse antiLegionellaSettingUse hpwhUse dhwRefillUse ecoUse electricUse
        heatpumpUse energySaverUse highDemandUse recirculationUse recircReservationUse title24Use""",
    ),
    Kind(
        {0: 0.0, 81: 40.5, 131: 65.5},
        "°C",
        """dhwTemperatureMin dhwTemperatureMax freezeProtectionTempMin freezeProtectionTempMax recircTemperatureMin
        recircTemperatureMax""",
    ),
    Kind({0: None, 184877056: "11.5.0.0"}, "", "controllerSwVersion panelSwVersion wifiSwVersion recircSwVersion"),
    Kind(
        {0: 0, 33556241: 33556241},
        "",
        """countryCode modelTypeCode controlTypeCode controllerSwCode panelSwCode wifiSwCode recircModelTypeCode""",
    ),
    Kind({"00000000BT00000001": "00000000BT00000001", 1: None}, "", "controllerSerialNumber"),
    Kind({**{code.value: code for code in VolumeCode}, 0: None, 4: None}, "", "volumeCode"),
    Kind(
        {**{control.value: control for control in DhwTemperatureControl}, 0: None, 5: None},
        "",
        "dhwTemperatureSettingUse",
    ),
    Kind({**{unit.value: unit for unit in TemperatureUnit}, 0: None, 3: None}, "", "temperatureType"),
    Kind({**{formula.value: formula for formula in TemperatureFormula}, 2: None}, "", "tempFormulaType"),
)


def cases(model: type[Message], kinds: tuple[Kind, ...]) -> list[tuple[type[Message], str, Kind]]:
    """Give each member with its kind."""
    return [(model, name, kind) for kind in kinds for name in kind.names.split()]


ALL = [*cases(DeviceStatus, STATUS_KINDS), *cases(DeviceFeature, FEATURE_KINDS)]


@pytest.mark.parametrize(("model", "name", "kind"), ALL, ids=[f"{model.__name__}-{name}" for model, name, _ in ALL])
def test_a_member_is_of_its_kind(model: type[Message], name: str, kind: Kind) -> None:
    # The first that has the name; one after it can be the same as its raw number.
    attribute, member = next(item for item in model.members().items() if item[1].wire_name == name)
    assert member.kind.unit == kind.unit
    for raw, meaning in kind.decoded.items():
        value = getattr(model({name: raw}), attribute)
        assert (value, type(value)) == (meaning, type(meaning)), f"{name} {raw!r}"


@pytest.mark.parametrize(("model", "count"), [(DeviceStatus, 103), (DeviceFeature, 43)])
def test_every_member_has_its_kind(model: type[Message], count: int) -> None:
    names = [name for listed, name, _ in ALL if listed is model]
    assert len(names) == len(set(names)) == count
    assert set(names) == {member.wire_name for member in model.members().values()}
