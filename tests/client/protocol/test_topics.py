"""Topic names, filters, and which filter covers which topic."""

import json
import re

from hypothesis import given
from hypothesis import strategies as st
import pytest

from nwp500 import Device
from nwp500.exceptions import InvalidParameterError
from nwp500.protocol.codec import request_message
from nwp500.protocol.queries import Query
from nwp500.protocol.topics import (
    ReplyForm,
    check_filter,
    check_topic,
    client_filter,
    device_filter,
    five_segment_filter,
    matches,
)

DEVICE = Device(mac_address="0478630a1b2c", additional_value="5322", home_seq=10001)
CLIENT = "ha-client-3f9a1c07"

LEVELS = st.sampled_from(["", "a", "b", "navilink-0478630a1b2c"])
TOPICS = st.lists(LEVELS, min_size=1, max_size=5).map("/".join)


def topics_of(device: Device, suffix: str, form: ReplyForm = ReplyForm.CLIENT_KEYED) -> tuple[str, str]:
    """Return the topics that a query is published to and asks its reply on."""
    query = Query(name="any", code=1, suffix=suffix, words="any", reply=form)
    topic, body = request_message(query, {}, device, CLIENT, "session")
    message = json.loads(body)
    assert message["requestTopic"] == topic
    return topic, message["responseTopic"]


@st.composite
def filters(draw: st.DrawFn) -> str:
    """Draw a well-formed topic filter."""
    levels = draw(st.lists(st.one_of(LEVELS, st.just("+")), min_size=1, max_size=5))
    return "/".join([*levels, "#"] if draw(st.booleans()) else levels)


def test_the_topics_of_a_device() -> None:
    assert topics_of(DEVICE, "st/did")[0] == "cmd/52/navilink-0478630a1b2c/st/did"
    assert device_filter(DEVICE) == "cmd/52/navilink-0478630a1b2c/#"
    assert client_filter(DEVICE, CLIENT) == "cmd/52/ha-client-3f9a1c07/res/#"
    assert five_segment_filter(DEVICE, CLIENT) == "cmd/52/10001/0/ha-client-3f9a1c07/res/#"


@pytest.mark.parametrize(
    ("form", "topic", "covering"),
    [
        (ReplyForm.ACKNOWLEDGEMENT, "cmd/52/navilink-0478630a1b2c/ha-client-3f9a1c07/res", device_filter(DEVICE)),
        (ReplyForm.CLIENT_KEYED, "cmd/52/ha-client-3f9a1c07/res/rsv/rd", client_filter(DEVICE, CLIENT)),
        (ReplyForm.FIVE_SEGMENT, "cmd/52/10001/0/ha-client-3f9a1c07/res/rsv/rd", five_segment_filter(DEVICE, CLIENT)),
        (ReplyForm.DEVICE_OWN, "cmd/52/navilink-0478630a1b2c/res/rsv/rd", device_filter(DEVICE)),
    ],
)
def test_the_forms_of_a_reply_topic(form: ReplyForm, topic: str, covering: str) -> None:
    assert topics_of(DEVICE, "st/rsv/rd", form)[1] == topic
    check_topic(topic)
    assert matches(covering, topic)


@pytest.mark.parametrize("mac_address", ["0478630a1b2c", "0478630A1B2C", "04:78:63:0a:1b:2c", "04-78-63-0A-1B-2C"])
def test_however_a_mac_is_written_its_topics_are_the_same(mac_address: str) -> None:
    written = Device(mac_address=mac_address, additional_value="5322")
    assert topics_of(written, "st") == topics_of(DEVICE, "st")
    assert device_filter(written) == device_filter(DEVICE)


@pytest.mark.parametrize(
    ("topic_filter", "topic", "covered"),
    [
        ("a/b", "a/b", True),
        ("a/b", "a/B", False),
        ("a/b", "a", False),
        ("a", "a/b", False),
        ("a/+", "a/b", True),
        ("a/+", "a/", True),
        ("a/+", "a", False),
        ("a/+", "a/b/c", False),
        ("+/b", "a/b", True),
        ("+", "a", True),
        ("a/#", "a/b/c", True),
        ("a/#", "a", True),
        ("a/#", "ab", False),
        ("#", "a/b/c", True),
        ("cmd/52/navilink-0478630a1b2c/#", "cmd/52/navilink-0478630a1b2d/st", False),
    ],
)
def test_wildcards(topic_filter: str, topic: str, covered: bool) -> None:
    assert matches(topic_filter, topic) is covered


@pytest.mark.parametrize("topic_filter", ["#", "+/events"])
def test_a_leading_wildcard_does_not_cover_topics_of_the_broker(topic_filter: str) -> None:
    assert not matches(topic_filter, "$aws/events")


@given(topic_filter=filters(), topic=TOPICS)
def test_matching_is_that_of_the_standard(topic_filter: str, topic: str) -> None:
    pattern = re.escape(topic_filter).replace(r"\+", "[^/]*")
    pattern = re.sub(r"(^|/)\\#$", lambda found: "(/.*)?" if found[1] else ".*", pattern)
    assert matches(topic_filter, topic) is (re.fullmatch(pattern, topic) is not None)


@given(TOPICS.filter(len))
def test_a_topic_covers_itself_and_can_be_used(topic: str) -> None:
    check_topic(topic)
    check_filter(topic)
    assert matches(topic, topic)


@pytest.mark.parametrize("text", ["a", "a/b/c/d/e/f/g/h", "a" * 256, "é" * 128])
def test_what_the_service_allows(text: str) -> None:
    check_topic(text)
    check_filter(text)


@pytest.mark.parametrize("text", ["", "a/b/c/d/e/f/g/h/i", "a" * 257, "é" * 129, None, 5, b"a"])
def test_what_the_service_refuses(text: str) -> None:
    with pytest.raises(InvalidParameterError, match=r"^topic must be"):
        check_topic(text)
    with pytest.raises(InvalidParameterError, match=r"^topic_filter must be"):
        check_filter(text)


@pytest.mark.parametrize("topic", ["a/+", "#", "a+", "a\0b"])
def test_a_topic_has_no_wildcards(topic: str) -> None:
    with pytest.raises(InvalidParameterError, match="without wildcards and NUL"):
        check_topic(topic)


@pytest.mark.parametrize("topic_filter", ["a/+/#", "+", "#", "+/+/a"])
def test_wildcards_in_levels_of_their_own_are_allowed(topic_filter: str) -> None:
    check_filter(topic_filter)


@pytest.mark.parametrize("topic_filter", ["a+", "a/b#", "#/a", "a/#/b", "a\0"])
def test_other_wildcards_are_refused(topic_filter: str) -> None:
    with pytest.raises(InvalidParameterError, match="wildcards in levels of their own"):
        check_filter(topic_filter)


def test_a_text_that_has_no_bytes_is_refused() -> None:
    with pytest.raises(InvalidParameterError):
        check_topic("\ud800")
