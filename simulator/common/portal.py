"""What a captive portal puts in the place of every answer: a web page, with success."""

from aiohttp import web

_PAGE = "<!DOCTYPE html><title>Guest network</title><p>Accept the terms of use to go on.</p>"


def portal_page() -> web.Response:
    """Answer any request with the page, and close the connection."""
    response = web.Response(text=_PAGE, content_type="text/html")
    response.force_close()
    return response
