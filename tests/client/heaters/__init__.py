"""Tests of `nwp500.heaters`."""
