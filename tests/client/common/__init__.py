"""Tests of `nwp500.common`."""
