"""Tests of `nwp500.protocol`."""
