"""The client alone, against the simulator, mosquitto and scripted connections."""
