"""What can go wrong in the demo."""


class DemoError(Exception):
    """Base of the demo's errors: each is said to the user in one sentence."""


class StartError(DemoError):
    """A process of the demo ended, or was not ready, before its time was up."""


class ApiError(DemoError):
    """Home Assistant refused a request, or answered something else than was asked for."""


class DeadlineError(DemoError):
    """What was waited for did not come about in time."""
