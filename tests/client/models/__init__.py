"""Tests of `nwp500.models`."""
