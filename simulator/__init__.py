"""The NaviLink cloud and NWP500 heaters in a box: REST service, MQTT broker, tank physics and faults on request.

It is built from the protocol's description alone and imports nothing of the client, so that a misreading
on one side cannot cancel itself out on the other.
"""
