"""The event with which a heater tells that it comes or goes (protocol.md 10.5).

Only its `connection.status` is attested. A heater that falls off the network says nothing itself: the broker does, by
its last will, or its silence (`answer_watch.py`).
"""

from collections.abc import Mapping

from ..models.members import NUMBER, block


def announced_presence(message: Mapping[str, object]) -> bool | None:
    """Tell whether a heater says that it is on line: a status of 0 or less is off line, none says nothing."""
    status = NUMBER.read(block(block(message, "event"), "connection").get("status"))
    return None if status is None else status > 0
