"""How evenly something is spread over time."""

from collections import deque
from collections.abc import Iterable


def busiest(moments: Iterable[float], period: float = 1.0) -> int:
    """Return the most of the moments that any one period has, wherever it begins."""
    window: deque[float] = deque()
    most = 0
    for moment in sorted(moments):
        window.append(moment)
        while window[0] <= moment - period:
            window.popleft()
        most = max(most, len(window))
    return most
