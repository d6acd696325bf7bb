"""The demo: a simulated heater, its cloud and a real Home Assistant, together on this machine."""
