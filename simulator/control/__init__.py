"""The control interface: faults on request, and the state for tests to look at."""
