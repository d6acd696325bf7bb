"""Tests of what is planned, without Home Assistant and without a heater."""
