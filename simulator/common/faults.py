"""What faults of every kind are made of: countdowns, and the page of a captive portal."""

from collections import Counter

from aiohttp import web

_PORTAL_PAGE = "<!DOCTYPE html><title>Guest network</title><p>Accept the terms of use to go on.</p>"


class Countdowns(Counter[str]):
    """How often each of them is still to come, by its name; those of faults are their kinds."""

    def due(self, name: str) -> bool:
        """Whether it is to happen this time, which counts it down."""
        is_due = self[name] > 0
        self[name] -= is_due
        return is_due


def portal_page() -> web.Response:
    """Answer any request with a web page and success, and close the connection."""
    response = web.Response(text=_PORTAL_PAGE, content_type="text/html")
    response.force_close()
    return response
