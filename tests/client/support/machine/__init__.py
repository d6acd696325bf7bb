"""The parts of the state machine over the whole queue."""
