"""The file with the certificates to trust, the same for REST and MQTT."""

from pathlib import Path

_MAX_BYTES = 4 * 1024 * 1024
"""The bundle of all public authorities has a quarter of a million."""


def certificates_in(ca_file: str) -> str:
    """Read a PEM file; raises `OSError` or `ValueError` if it cannot be read, is too large for one, or is empty."""
    file = Path(ca_file)
    # A device or a pipe could be read without an end.
    if not file.is_file():
        raise OSError("it is not a file that can be read")
    with file.open("rb") as opened:
        content = opened.read(_MAX_BYTES + 1)
    if len(content) > _MAX_BYTES:
        raise ValueError("it is too large for a file of certificates")
    # Certificates are ASCII; the comments between them need not be.
    text = content.decode("ascii", "ignore")
    if not text.strip():
        # An empty text would stand for the system's authorities.
        raise ValueError("it is empty")
    return text
