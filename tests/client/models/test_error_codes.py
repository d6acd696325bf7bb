"""The whole table of error codes (protocol.md 12), as it was written down a second time."""

import pytest

from nwp500.models.error_codes import error_label, error_meaning

TABLE = """
096 00 upper element operates abnormally
097 00 lower element operates abnormally
326 00 dry fire (no water)
407 01 hot-water temperature sensor below the lower limit
407 02 hot-water temperature sensor above the upper limit
445 01 mixing valve fails to open
445 02 mixing valve fails to close
480 01 upper tank sensor below the lower limit
480 02 upper tank sensor above the upper limit
481 01 lower tank sensor below the lower limit
481 02 lower tank sensor above the upper limit
515 25 relay fault: upper element
515 26 relay fault: lower element
515 27 relay fault: compressor
517 00 DIP switch setting
593 00 panel key
594 00 EEPROM
595 00 power meter
596 00 Wi-Fi connection
598 00 real-time clock
615 04 ADC reference voltage
615 27 feedback: ECO
615 28 feedback: compressor
615 29 feedback: upper element
615 30 feedback: lower element
781 00 CTA-2045 communication
798 00 shut-off valve
799 00 water leak
901 00 ECO (over-temperature) operation
907 00 compressor power line
908 00 compressor operation
909 01 evaporator fan
910 01 discharge sensor below the lower limit
910 02 discharge sensor above the upper limit
911 00 discharge temperature too high
912 01 suction sensor below the lower limit
912 02 suction sensor above the upper limit
913 00 suction temperature too low
914 01 evaporator sensor below the lower limit
914 02 evaporator sensor above the upper limit
915 00 discharge-minus-suction difference abnormal
916 00 evaporator temperature abnormal
920 01 ambient sensor below the lower limit
920 02 ambient sensor above the upper limit
940 00 refrigerant line blocked
990 00 condensate overflow
"""
ROWS = [line.split(" ", 2) for line in TABLE.strip().splitlines()]


@pytest.mark.parametrize(("code", "sub_code", "meaning"), ROWS)
def test_a_code_and_its_sub_code(code: str, sub_code: str, meaning: str) -> None:
    assert error_meaning(int(code), int(sub_code)) == meaning
    assert error_label(int(code)) == f"E{code}"
    # Without its sub code, as in the device list, it says at least where the trouble is.
    assert error_meaning(int(code)) is not None


def test_no_code_is_outside_the_table() -> None:
    known = {code for code in range(10_000) if error_meaning(code) is not None}
    assert known == {0} | {int(code) for code, _, _ in ROWS}
