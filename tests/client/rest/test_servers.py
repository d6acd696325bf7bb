"""Addresses of the REST service: secrets go there, so what is not surely meant and surely safe is refused."""

from hypothesis import given
from hypothesis import strategies as st
import pytest
from yarl import URL

from nwp500.rest.servers import DEFAULT_BASE_URL, AddressProblem, address_problem, is_host

MALFORMED, NOT_BARE, INSECURE = AddressProblem.MALFORMED, AddressProblem.NOT_BARE, AddressProblem.INSECURE


@pytest.mark.parametrize(
    "address",
    [
        DEFAULT_BASE_URL,
        "https://example.com",
        "HTTPS://Example.COM:8443/api/v2.1/",
        "https://8.8.8.8/api",
        "https://[2001:db8::1]:8443/api",
        "https://service",
        "http://127.0.0.1:8123/api/v2.1",
        "http://127.9.9.9",
        "http://localhost:1",
        "http://LOCALHOST./",
        "http://cloud.localhost",
        "http://[::1]:8080/",
        "http://10.1.2.3",
        "http://172.16.0.1",
        "http://172.31.255.255",
        "http://192.168.1.5:80",
        "http://169.254.1.1",
        "http://[fd00::1]/",
        "http://[fe80::1]",
        "http://[::ffff:192.168.1.5]/",
        "http://navien.local/api",
        "http://navien.home.arpa",
        "http://a0d7b954-simulator.internal",
    ],
)
def test_addresses_that_may_be_used(address: str) -> None:
    assert address_problem(address) is None


@pytest.mark.parametrize(
    ("address", "problem"),
    [
        *((address, MALFORMED) for address in ("", "nowhere", "ftp://localhost", "//host", "https://", "https:///x")),
        *((address, MALFORMED) for address in ("http://localhost:99999", "http://localhost:0", "https://host:1a")),
        *(
            (address, MALFORMED)
            for address in ("https://a b/", "https://a/b c", " https://a", "https://a\n", "https://a\\b")
        ),
        *(
            (address, MALFORMED)
            for address in ("https://[1", "https://[1::2::3]", "https://[fe80::1%25eth0]", "https://.")
        ),
        *(
            (address, MALFORMED)
            for address in ("https://é.com", "https://a..b", "https://127。0。0。1", f"https://{'a' * 3000}")
        ),
        ("https://user:secret@host", NOT_BARE),
        ("https://@host/", NOT_BARE),
        ("http://127.0.0.1@example.com", NOT_BARE),
        ("https://host/api?key=1", NOT_BARE),
        ("https://host/api#part", NOT_BARE),
        ("http://example.com/api", INSECURE),
        ("http://8.8.8.8", INSECURE),
        ("http://172.32.0.1", INSECURE),
        ("http://0.0.0.0", INSECURE),
        ("http://100.64.0.1", INSECURE),
        ("http://[2001:db8::1]", INSECURE),
        ("http://[::ffff:8.8.8.8]", INSECURE),
        ("http://localhost.example.com", INSECURE),
        ("http://notlocal", INSECURE),
        ("http://mylocalhost", INSECURE),
        # What resolvers take for addresses in other forms.
        ("http://134744072", INSECURE),
        ("http://0x8.0x8.0x8.0x8", INSECURE),
        ("http://010.8.8.8", INSECURE),
    ],
)
def test_addresses_that_are_refused(address: str, problem: AddressProblem) -> None:
    assert address_problem(address) is problem


ADDRESSES = st.builds(
    "{}{}{}{}".format,
    st.sampled_from(["http://", "https://", "HTTP://", "http:/", "//", ""]),
    st.sampled_from(["127.0.0.1", "8.8.8.8", "example.com", "localhost", "[::1]", "u:p@", "x.local", "1.1", "[", "@"])
    | st.text(max_size=6),
    st.sampled_from(["", ":80", ":0", "@evil.com", "\\", "/", "\t", "%2f", "."]) | st.text(max_size=4),
    st.sampled_from(["", "/api", "?q", "#f", "//evil.com", "/%00"]) | st.text(max_size=6),
)


@given(ADDRESSES | st.text())
def test_what_is_let_through_means_the_same_to_whoever_calls_it(address: str) -> None:
    if address_problem(address) is not None:
        return
    url = URL(address)
    assert url.scheme in {"http", "https"}
    assert url.raw_host
    assert url.raw_host == url.raw_host.lower()
    assert url.raw_host.rstrip(".") in address.lower()
    assert (url.raw_user, url.raw_password, url.raw_query_string, url.raw_fragment) == (None, None, "", "")
    if url.scheme == "http":
        assert url.raw_host.startswith(("127.0.0.1", "::1", "localhost")) or ".l" in url.raw_host


@pytest.mark.parametrize(
    "host", ["localhost", "a1t-ats.iot.us-east-1.amazonaws.com", "127.0.0.1", "::1", "a_b", "host."]
)
def test_hosts(host: str) -> None:
    assert is_host(host)


@pytest.mark.parametrize(
    "host",
    ["", " ", "a b", "a\n", "https://a", "a:8883", "a/b", "a..b", ".a", "u@a", "a?", "é.com", "[::1]", "a" * 254],
)
def test_what_is_no_host(host: str) -> None:
    assert not is_host(host)
