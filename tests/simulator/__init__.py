"""Tests of the simulated cloud and heater."""
