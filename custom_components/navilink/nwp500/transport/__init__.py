"""One MQTT connection: made, kept and replaced; the only importer of the AWS runtime."""
