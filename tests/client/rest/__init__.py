"""Tests of `nwp500.rest`."""
