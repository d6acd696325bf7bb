"""Bytes to members: what is JSON, what nearly is, and what is not."""

import json

from hypothesis import given
from hypothesis import strategies as st
import orjson
import pytest

from nwp500.protocol.codec import decoded

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters(), max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=10,
)


@pytest.mark.parametrize(
    "body",
    [b"", b"junk", b'{"n": 1', b"\xff\xfe", b"[1]", b"1", b'"text"', b"null", b"NaN", b"[" * 100_000, b'{"n":' * 5000],
    ids=lambda body: repr(body[:10]),
)
def test_what_is_no_json_object_is_no_message(body: bytes) -> None:
    assert decoded(body) is None


def test_a_json_object_is_a_message() -> None:
    assert decoded(b'{"n": [1, {"m": null}]}') == {"n": [1, {"m": None}]}


@pytest.mark.parametrize(
    ("odd", "value"),
    [
        (b"NaN", None),
        (b"-Infinity", None),
        (b"1e400", None),
        (b"9" * 400, None),
        (b"-" + b"9" * 5000, None),
        (b'"a\xff"', "a\ufffd"),
        (b'"a\\ud800"', "a?"),
        (b'"\\ud83d\\ude00"', "\U0001f600"),
    ],
    ids=lambda odd: repr(odd)[:12],
)
def test_one_odd_member_does_not_take_the_others_along(odd: bytes, value: object) -> None:
    members = decoded(b'{"odd": %b, "n": 1, "big": %d, "x": 1.5}' % (odd, 2**62))
    assert members == {"odd": value, "n": 1, "big": 2**62, "x": 1.5}


def nested(depth: int) -> bytes:
    """Return a message in which lists and objects are that deep."""
    return b'{"n":%b%b}' % (b'[{"n":' * (depth // 2), b"0" + b"}]" * (depth // 2))


@pytest.mark.parametrize("depth", [34, 100, 900, 40_000])
def test_what_is_deeper_than_any_message_is_none(depth: int) -> None:
    assert decoded(nested(depth)) is None


@pytest.mark.parametrize("odd", [b"0", b"NaN"])
def test_what_has_many_lists_is_a_message_unless_they_are_deep(odd: bytes) -> None:
    assert decoded(nested(30)) is not None
    assert decoded(b'{"n":[%b%b]}' % (b"[[]]," * 10_000, odd)) is not None
    assert decoded(nested(60).replace(b"0", odd)) is None


def test_what_is_larger_than_the_service_lets_through_is_no_message() -> None:
    most = 128 * 1024
    assert decoded(b'{"n":"%b"}' % (b"a" * (most - 8))) is not None
    assert decoded(b'{"n":"%b"}' % (b"a" * (most - 7))) is None
    assert decoded(b'{"n":"%b"}' % (b"a" * 50_000_000)) is None


def test_a_byte_order_mark_is_ignored() -> None:
    assert decoded(b'\xef\xbb\xbf{"n": 1}') == {"n": 1}


@given(members=st.dictionaries(st.text(max_size=3), JSON, max_size=5))
def test_whatever_is_read_can_be_written_again(members: dict[str, object]) -> None:
    read = decoded(json.dumps(members).encode())
    assert read is not None
    assert decoded(orjson.dumps(read)) == read
