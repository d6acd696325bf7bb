"""The heaters: tank, thermostat, schedules, and what they keep."""
