"""The TLS context of REST calls: whom it trusts, and what it takes for a file of certificates."""

import os
from pathlib import Path
import ssl

import pytest

from nwp500.rest.servers import tls_context
from simulator.common.certificates import make_server_certificate


def test_old_versions_of_tls_are_not_spoken(tmp_path: Path) -> None:
    ca_file = make_server_certificate(tmp_path).ca_file
    for context in (tls_context(), tls_context(str(ca_file))):
        assert context.minimum_version >= ssl.TLSVersion.TLSv1_2
        assert (context.verify_mode, context.check_hostname) == (ssl.CERT_REQUIRED, True)


def test_the_file_is_trusted_and_nobody_else(tmp_path: Path) -> None:
    ca_file = make_server_certificate(tmp_path).ca_file
    bundle = tmp_path / "bundle.pem"
    bundle.write_bytes("# Főtanúsítvány\n".encode() + ca_file.read_bytes())
    (trusted,) = tls_context(str(bundle)).get_ca_certs()
    assert trusted["subject"] == ((("commonName", "NaviLink simulator CA"),),)


def test_what_is_no_file_of_certificates(tmp_path: Path) -> None:
    certificate = make_server_certificate(tmp_path)
    empty, blank, huge, pipe, junk = (tmp_path / name for name in ("empty", "blank", "huge", "pipe", "junk"))
    empty.touch()
    blank.write_text("\n é")
    huge.write_bytes(certificate.ca_file.read_bytes() * 10_000)
    junk.write_bytes(bytes(range(256)))
    os.mkfifo(pipe)
    others = ("/nonexistent/ca.pem", "/dev/zero", "", "\0", "a" * 5000, __file__, str(tmp_path / "server.key"))
    for path in (*others, *map(str, (tmp_path, empty, blank, huge, pipe, junk))):
        with pytest.raises((OSError, ValueError)):
            tls_context(path)
