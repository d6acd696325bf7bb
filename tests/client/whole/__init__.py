"""Tests of the whole client, against the simulator, mosquitto or recorded messages."""
