"""What is read from heaters: the descriptions of the sensors, and the facts that are asked for now and then."""
