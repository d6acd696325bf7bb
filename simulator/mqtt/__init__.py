"""An MQTT broker with the rules of AWS IoT."""
