"""Which requests come from this machine: a page on the internet can point a name of its own at a loopback address."""

from ipaddress import ip_address

from yarl import URL


def is_loopback_host(host: str) -> bool:
    """Whether a `Host` header, with or without a port, names this machine and nothing that somebody else can point."""
    try:
        name = URL.build(scheme="http", authority=host).host or ""
        return name == "localhost" or ip_address(name).is_loopback
    except ValueError:
        return False
