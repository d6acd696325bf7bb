"""The REST service: accounts, devices, time-of-use plans."""
