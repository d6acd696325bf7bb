"""What heaters answer over MQTT."""
