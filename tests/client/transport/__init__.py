"""Tests of `nwp500.transport`."""
