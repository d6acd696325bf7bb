"""The MQTT packet layer: exact bytes, round trips through any fragmentation, and hostile input."""

from collections.abc import Iterator
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st
import pytest

from simulator.mqtt.codec import PacketDecoder, ProtocolViolationError, UnsupportedProtocolError, encode
from simulator.mqtt.packets import (
    REFUSED,
    ConnAck,
    Connect,
    ConnectReturnCode,
    Disconnect,
    Packet,
    PingReq,
    PingResp,
    PubAck,
    Publish,
    SubAck,
    Subscribe,
    UnsubAck,
    Unsubscribe,
)

TEXTS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=40)
PACKET_IDS = st.integers(1, 65535)
QOS = st.integers(0, 2)
WILLS = st.builds(Publish, topic=TEXTS, payload=st.binary(max_size=40), qos=QOS)


@st.composite
def connects(draw: st.DrawFn) -> Connect:
    return Connect(
        client_id=draw(TEXTS),
        clean_session=draw(st.booleans()),
        keep_alive=draw(st.integers(0, 65535)),
        will=draw(st.none() | WILLS),
    )


@st.composite
def publishes(draw: st.DrawFn) -> Publish:
    qos = draw(QOS)
    return Publish(
        topic=draw(TEXTS),
        payload=draw(st.binary(max_size=300)),
        qos=qos,
        packet_id=draw(PACKET_IDS) if qos else None,
        dup=bool(qos) and draw(st.booleans()),
    )


PACKETS: st.SearchStrategy[Packet] = st.one_of(
    connects(),
    st.builds(ConnAck, st.booleans(), st.sampled_from(ConnectReturnCode)),
    publishes(),
    st.builds(PubAck, PACKET_IDS),
    st.builds(Subscribe, PACKET_IDS, st.lists(st.tuples(TEXTS, QOS), min_size=1).map(tuple)),
    st.builds(SubAck, PACKET_IDS, st.lists(QOS | st.just(REFUSED), min_size=1).map(tuple)),
    st.builds(Unsubscribe, PACKET_IDS, st.lists(TEXTS, min_size=1).map(tuple)),
    st.builds(UnsubAck, PACKET_IDS),
    st.sampled_from((PingReq(), PingResp(), Disconnect())),
)


def decode(*chunks: bytes) -> list[Packet]:
    decoder = PacketDecoder()
    return [packet for chunk in chunks for packet in decoder.feed(chunk)]


def fragments(data: bytes, cuts: list[int]) -> Iterator[bytes]:
    positions = sorted({0, len(data), *(cut % (len(data) + 1) for cut in cuts)})
    for start, end in pairwise(positions):
        yield data[start:end]


@pytest.mark.parametrize(
    ("packet", "octets"),
    [
        (
            Connect(
                client_id="c",
                clean_session=True,
                keep_alive=60,
                will=Publish(topic="w", payload=b"gone", qos=1),
            ),
            "1016 0004 4d515454 04 0e 003c 0001 63 0001 77 0004 676f6e65",
        ),
        (Connect(client_id="", clean_session=False), "100c 0004 4d515454 04 00 0000 0000"),
        (ConnAck(session_present=True, return_code=ConnectReturnCode.ACCEPTED), "2002 01 00"),
        (ConnAck(session_present=False, return_code=ConnectReturnCode.NOT_AUTHORIZED), "2002 00 05"),
        (Publish(topic="a/b", payload=b"hi"), "3007 0003 612f62 6869"),
        (Publish(topic="t", payload=b"", qos=1, packet_id=10, dup=True), "3a05 0001 74 000a"),
        (PubAck(65535), "4002 ffff"),
        (Subscribe(1, (("a/#", 1), ("b", 0))), "820c 0001 0003 612f23 01 0001 62 00"),
        (SubAck(1, (1, 0x80)), "9004 0001 01 80"),
        (Unsubscribe(2, ("a/#",)), "a207 0002 0003 612f23"),
        (UnsubAck(2), "b002 0002"),
        (PingReq(), "c000"),
        (PingResp(), "d000"),
        (Disconnect(), "e000"),
    ],
)
def test_packets_have_the_octets_of_the_standard(packet: Packet, octets: str) -> None:
    assert encode(packet) == bytes.fromhex(octets)
    assert decode(bytes.fromhex(octets)) == [packet]


@pytest.mark.parametrize(
    ("octets", "packet"),
    [
        (
            "101c 0004 4d515454 04 ee 003c 0001 63 0001 77 0004 676f6e65 0001 75 0001 70",
            Connect(client_id="c", keep_alive=60, will=Publish(topic="w", payload=b"gone", qos=1)),
        ),
        ("1010 0004 4d515454 04 82 003c 0001 63 0001 75", Connect(client_id="c", keep_alive=60)),
        ("3107 0003 612f62 6869", Publish(topic="a/b", payload=b"hi")),
    ],
    ids=["user name, password and a retained will", "user name", "retained message"],
)
def test_what_the_service_does_not_look_at_is_left_out(octets: str, packet: Packet) -> None:
    assert decode(bytes.fromhex(octets)) == [packet]


@pytest.mark.parametrize(
    ("payload", "header"),
    [
        (124, "307f"),
        (125, "308001"),
        (16380, "30ff7f"),
        (16381, "30808001"),
        (2097148, "30ffff7f"),
        (2097149, "3080808001"),
    ],
)
def test_remaining_length_grows_by_a_byte_every_seven_bits(payload: int, header: str) -> None:
    packet = Publish(topic="a", payload=bytes(payload))
    octets = encode(packet)
    assert octets.startswith(bytes.fromhex(header + "000161"))
    assert decode(octets) == [packet]


@given(packets=st.lists(PACKETS, max_size=6), cuts=st.lists(st.integers(0), max_size=12))
def test_packets_survive_any_fragmentation(packets: list[Packet], cuts: list[int]) -> None:
    stream = b"".join(map(encode, packets))
    assert decode(*fragments(stream, cuts)) == packets


@given(st.binary(max_size=200))
def test_random_bytes_give_packets_or_the_one_error(data: bytes) -> None:
    try:
        packets = decode(data)
    except ProtocolViolationError:
        return
    assert decode(b"".join(map(encode, packets))) == packets


@given(packet=PACKETS, position=st.integers(0), octet=st.integers(0, 255), length=st.integers(0))
def test_a_damaged_packet_gives_packets_or_the_one_error(
    packet: Packet, position: int, octet: int, length: int
) -> None:
    damaged = bytearray(encode(packet))
    damaged[position % len(damaged)] = octet
    del damaged[length % (len(damaged) + 1) or len(damaged) :]
    try:
        packets = decode(bytes(damaged))
    except ProtocolViolationError:
        return
    assert decode(b"".join(map(encode, packets))) == packets


@pytest.mark.parametrize(
    ("octets", "reason"),
    [
        ("00 00", "packet type 0"),
        ("f0 00", "packet type 15"),
        ("50 02 0001", "packet type 5"),  # PUBREC: QoS 2 is not spoken
        ("62 02 0001", "packet type 6"),  # PUBREL
        ("70 02 0001", "packet type 7"),  # PUBCOMP
        ("c1 00", "fixed header"),  # PINGREQ
        ("80 06 0001 0001 61 00", "fixed header"),  # SUBSCRIBE
        ("a0 05 0001 0001 61", "fixed header"),  # UNSUBSCRIBE
        ("c0 01 00", "longer than its fields"),
        ("40 03 0001 00", "longer than its fields"),
        ("40 01 00", "shorter than its fields"),
        ("30 02 0005", "shorter than its fields"),
        ("40 02 0000", "packet id is 0"),
        ("c0 ffffffff 7f", "more than four bytes"),
        ("36 05 0001 74 0001", "QoS is 3"),
        ("38 03 0001 74", "DUP with QoS 0"),
        ("30 03 0001 ff", "not UTF-8"),
        ("30 05 0003 eda080", "not UTF-8"),  # a surrogate
        ("30 03 0001 00", r"U\+0000"),
        ("82 02 0001", "without a topic filter"),
        ("82 06 0001 0001 61 03", "requested QoS"),
        ("a2 02 0001", "without a topic filter"),
        ("20 02 02 00", "CONNACK flags"),
        ("20 02 00 06", "CONNACK return code"),
        ("90 02 0001", "without a return code"),
        ("90 03 0001 03", "SUBACK return code"),
        ("10 0d 0004 4d515454 04 01 0000 0001 63", "reserved connect flag"),
        ("10 0d 0004 4d515454 04 08 0000 0001 63", "without a will"),
        ("10 0d 0004 4d515454 04 20 0000 0001 63", "without a will"),
        ("10 11 0004 4d515454 04 1c 0000 0001 63 0000 0000", "QoS of the will"),
        ("10 0f 0004 4d515454 04 40 0000 0001 63 0000", "password without user name"),
    ],
)
def test_malformed_packets_are_refused(octets: str, reason: str) -> None:
    with pytest.raises(ProtocolViolationError, match=reason):
        decode(bytes.fromhex(octets))


@pytest.mark.parametrize(
    "octets",
    [
        "10 0e 0004 4d515454 05 02 003c 00 0001 63",  # MQTT 5
        "10 0f 0006 4d5149736470 03 02 003c 0001 63",  # MQTT 3.1
    ],
)
def test_other_protocol_versions_are_distinguished(octets: str) -> None:
    with pytest.raises(UnsupportedProtocolError):
        decode(bytes.fromhex(octets))


def test_packets_before_a_malformed_one_are_given() -> None:
    packets = PacketDecoder().feed(encode(PingReq()) + b"\xf0\x00")
    assert next(packets) == PingReq()
    with pytest.raises(ProtocolViolationError):
        next(packets)


def test_a_packet_too_large_is_refused_by_its_header() -> None:
    decoder = PacketDecoder(max_remaining_length=10)
    assert list(decoder.feed(encode(Publish(topic="a", payload=bytes(7))))) == [Publish(topic="a", payload=bytes(7))]
    with pytest.raises(ProtocolViolationError, match="too large"):
        list(decoder.feed(encode(Publish(topic="a", payload=bytes(8)))[:2]))


def test_a_field_too_long_cannot_be_sent() -> None:
    with pytest.raises(OverflowError):
        encode(Publish(topic="a" * 65536, payload=b""))
