"""The demo: simulated heaters, their cloud and a real Home Assistant, together on this machine."""
