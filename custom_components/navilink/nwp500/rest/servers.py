"""Which server is called: what its address may be, and which certificates are trusted. Secrets go there."""

from enum import StrEnum, unique
from ipaddress import IPv6Address, ip_address, ip_network
import re
import ssl

from ..common.certificates import certificates_in

DEFAULT_BASE_URL = "https://nlus.naviensmartcontrol.com/api/v2.1"

_MAX_ADDRESS, _MAX_HOST = 2048, 253
_PORTS = range(1, 65536)

# Its own grammar, and a narrow one: what two parsers could take for two different hosts does not match. It is compiled
# when an address is looked at for the first time, not on import.
_NAME = r"(?:[a-z0-9_-]{1,63}\.)*[a-z0-9_-]{1,63}\.?"
_ADDRESS = (
    rf"(?P<scheme>https?)://(?:\[(?P<ipv6>[0-9a-f:.]+)\]|(?P<host>{_NAME}))(?::(?P<port>[0-9]{{1,5}}))?(?:/[\w.~%/-]*)?"
)
_FLAGS = re.ASCII | re.IGNORECASE
_SCHEMES = ("https://", "http://")
_EXTRAS = "@?#"

_PRIVATE_NETWORKS = tuple(
    map(
        ip_network,
        (
            "127.0.0.0/8",
            "::1/128",
            "10.0.0.0/8",
            "172.16.0.0/12",
            "192.168.0.0/16",
            "169.254.0.0/16",
            "fc00::/7",
            "fe80::/10",
        ),
    )
)
"""Loopback, RFC 1918, unique local and link-local: no router passes them on to the internet."""

_PRIVATE_NAMES = ("localhost", "local", "home.arpa", "internal")
"""Names, and ends of names, that no public server can have: RFC 6761, RFC 6762, RFC 8375, and ICANN's own.

A name without a dot is not among them: a resolver may complete it with any domain.
"""


@unique
class AddressProblem(StrEnum):
    """What is wrong with an address; the value completes "the address of the REST service ..."."""

    MALFORMED = "is not http:// or https:// with a host, perhaps a port, and a path"
    NOT_BARE = "must not contain a user name, a password, a query or a fragment"
    INSECURE = "would send the password unencrypted to a host that is not known to be on a private network: use https"


def address_problem(address: str) -> AddressProblem | None:
    """Return what is wrong with an address, None for one that may be used.

    `http://` is for loopback and private addresses only.
    """
    found = re.fullmatch(_ADDRESS, address, _FLAGS) if len(address) <= _MAX_ADDRESS else None
    if found is None or int(found["port"] or _PORTS[0]) not in _PORTS:
        has_extras = address.lower().startswith(_SCHEMES) and any(extra in address for extra in _EXTRAS)
        return AddressProblem.NOT_BARE if has_extras else AddressProblem.MALFORMED
    is_private = _is_private_address(found["ipv6"]) if found["ipv6"] else _is_private_host(found["host"].lower())
    if is_private is None:
        return AddressProblem.MALFORMED
    return None if is_private or found["scheme"].lower() == "https" else AddressProblem.INSECURE


def is_host(text: str) -> bool:
    """Return whether a text is a host name or an IP address, without a scheme, a port or a path."""
    is_name = len(text) <= _MAX_HOST and re.fullmatch(_NAME, text, _FLAGS) is not None
    return is_name or _is_private_address(text) is not None


def _is_private_host(host: str) -> bool:
    name = f".{host.removesuffix('.')}"
    return _is_private_address(host) is True or any(name.endswith(f".{private}") for private in _PRIVATE_NAMES)


def _is_private_address(text: str) -> bool | None:
    """Return whether an IP address is private; None for what is none."""
    try:
        address = ip_address(text)
    except ValueError:
        return None
    if isinstance(address, IPv6Address):
        address = address.ipv4_mapped or address
    return any(address in network for network in _PRIVATE_NETWORKS)


def tls_context(ca_file: str | None = None) -> ssl.SSLContext:
    """Make a context with TLS 1.2 at least, that trusts the certificates of a PEM file, or of the system for None.

    Reads files, so it is not for the event loop. Raises as `certificates_in` does, also without any certificate.
    """
    context = ssl.create_default_context(cadata=None if ca_file is None else certificates_in(ca_file))
    context.minimum_version = max(context.minimum_version, ssl.TLSVersion.TLSv1_2)
    return context
