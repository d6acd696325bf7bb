"""Tests of `nwp500.queue`."""
