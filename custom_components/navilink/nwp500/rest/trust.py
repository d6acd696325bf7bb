"""Which servers are trusted: the TLS context of REST calls."""

from pathlib import Path
import ssl

_LARGEST_CA_FILE = 4 * 1024 * 1024
"""Bytes; the bundle of all public authorities has a quarter of a million."""


def tls_context(ca_file: str | None = None) -> ssl.SSLContext:
    """Make a context with TLS 1.2 at least, that trusts the certificates of a PEM file, or of the system for None.

    Reads files, so it is not for the event loop.

    Raises:
        OSError, ValueError: the file cannot be read, is too large for what it should be, or holds no certificate.

    """
    context = ssl.create_default_context(cadata=None if ca_file is None else _certificates(Path(ca_file)))
    context.minimum_version = max(context.minimum_version, ssl.TLSVersion.TLSv1_2)
    return context


def _certificates(file: Path) -> str:
    # A device or a pipe could be read without an end.
    if not file.is_file():
        raise OSError("it is not a file that can be read")
    with file.open("rb") as opened:
        content = opened.read(_LARGEST_CA_FILE + 1)
    if len(content) > _LARGEST_CA_FILE:
        raise ValueError("it is too large for a file of certificates")
    # Certificates are ASCII; the comments between them, which nobody reads, need not be.
    text = content.decode("ascii", "ignore")
    if not text.strip():
        # An empty text would stand for the system's authorities.
        raise ValueError("it is empty")
    return text
