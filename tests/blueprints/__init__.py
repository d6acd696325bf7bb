"""The blueprints, each loaded and run by a real Home Assistant with the real integration and the simulator."""
