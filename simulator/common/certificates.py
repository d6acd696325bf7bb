"""A private certificate authority and a server certificate for this machine alone, made anew for each run."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path
import ssl
import warnings

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

_LIFETIME = timedelta(days=365)
_CLOCK_SKEW = timedelta(days=1)
_AUTHORITY = "NaviLink simulator CA"
_HOST_NAMES: tuple[x509.GeneralName, ...] = (
    x509.DNSName("localhost"),
    x509.IPAddress(ip_address("127.0.0.1")),
    x509.IPAddress(ip_address("::1")),
)


@dataclass(frozen=True, slots=True)
class ServerCertificate:
    """What a server presents and what its clients have to trust."""

    ca_file: Path
    """PEM, to be trusted instead of the system's authorities."""
    chain_file: Path
    key_file: Path

    @property
    def ssl_context(self) -> ssl.SSLContext:
        """For a server as it should be."""
        ssl_context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        ssl_context.load_cert_chain(self.chain_file, self.key_file)
        return ssl_context

    def outdated_context(self, newest: ssl.TLSVersion) -> ssl.SSLContext:
        """For a server that is limited to this version of TLS, however old it is."""
        ssl_context = self.ssl_context
        # Those before 1.2 sign with SHA-1, which OpenSSL takes for no security at all: level 0.
        ssl_context.set_ciphers("DEFAULT:@SECLEVEL=0")
        with warnings.catch_warnings():
            # Python too advises against old versions; here they are the purpose.
            warnings.simplefilter("ignore", DeprecationWarning)
            ssl_context.minimum_version = ssl.TLSVersion.TLSv1
            ssl_context.maximum_version = newest
        return ssl_context


def make_server_certificate(directory: Path) -> ServerCertificate:
    """Write ``ca.pem``, ``server.pem`` and ``server.key`` (readable by the owner alone) into an existing directory.

    The authority's own key is forgotten at once: nothing else can ever be signed with it.
    """
    authority_key, server_key = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())
    authority = _certificate(_AUTHORITY, authority_key, authority_key)
    server = _certificate("localhost", server_key, authority_key)
    ca_file, chain_file, key_file = (directory / name for name in ("ca.pem", "server.pem", "server.key"))
    ca_file.write_bytes(authority.public_bytes(Encoding.PEM))
    chain_file.write_bytes(server.public_bytes(Encoding.PEM))
    key_file.unlink(missing_ok=True)  # one left by an earlier run would keep its own permissions
    key_file.touch(0o600, exist_ok=False)
    key_file.write_bytes(server_key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    return ServerCertificate(ca_file, chain_file, key_file)


def _certificate(
    subject: str, key: ec.EllipticCurvePrivateKey, authority_key: ec.EllipticCurvePrivateKey
) -> x509.Certificate:
    now, is_authority = datetime.now(UTC), key is authority_key
    constraints = x509.BasicConstraints(ca=is_authority, path_length=0 if is_authority else None)
    key_usage = x509.KeyUsage(
        digital_signature=not is_authority,
        key_cert_sign=is_authority,
        crl_sign=is_authority,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        encipher_only=False,
        decipher_only=False,
    )
    builder = (
        x509.CertificateBuilder()
        .subject_name(_name(subject))
        .issuer_name(_name(_AUTHORITY))
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - _CLOCK_SKEW)
        .not_valid_after(now + _LIFETIME)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .add_extension(constraints, critical=True)
        .add_extension(key_usage, critical=True)
    )
    if not is_authority:
        issuer_identifier = x509.AuthorityKeyIdentifier.from_issuer_public_key(authority_key.public_key())
        builder = (
            builder.add_extension(x509.ExtendedKeyUsage((ExtendedKeyUsageOID.SERVER_AUTH,)), critical=False)
            .add_extension(x509.SubjectAlternativeName(_HOST_NAMES), critical=False)
            .add_extension(issuer_identifier, critical=False)
        )
    return builder.sign(authority_key, hashes.SHA256())


def _name(common_name: str) -> x509.Name:
    return x509.Name((x509.NameAttribute(NameOID.COMMON_NAME, common_name),))
