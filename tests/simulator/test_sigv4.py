"""The signature of the upgrade: the worked example of protocol.md 3, and everything that must be refused."""

from datetime import UTC, datetime, timedelta
from hashlib import sha256

import pytest

from simulator.common.sigv4 import AwsCredentials, SignatureRefusedError, canonical_request, verify_presigned_upgrade

HOST = "a1t30mldyslmuq-ats.iot.us-east-1.amazonaws.com"
SIGNED_AT = datetime(2026, 3, 1, 10, 11, 12, tzinfo=UTC)
CREDENTIALS = AwsCredentials(
    access_key_id="ASIADOCEXAMPLE000001",
    secret_key="docExampleSecret+/0123456789abcdefghijkl",
    session_token="docToken+/=",
    expires_at=(SIGNED_AT + timedelta(hours=1)).timestamp(),
)
QUERY = (
    "X-Amz-Algorithm=AWS4-HMAC-SHA256"
    "&X-Amz-Credential=ASIADOCEXAMPLE000001%2F20260301%2Fus-east-1%2Fiotdevicegateway%2Faws4_request"
    "&X-Amz-Date=20260301T101112Z&X-Amz-SignedHeaders=host"
    "&X-Amz-Signature=7500655d1ac43e151c640b867f5d81f36c3d67f4accfb374afc8b53e53a9eee8"
    "&X-Amz-Security-Token=docToken%2B%2F%3D"
)


def lookup(access_key_id: str) -> AwsCredentials | None:
    return CREDENTIALS if access_key_id == CREDENTIALS.access_key_id else None


def verify(
    query: str = QUERY, *, host: str = HOST, path: str = "/mqtt", method: str = "GET", now: datetime = SIGNED_AT
) -> AwsCredentials:
    return verify_presigned_upgrade(
        method=method, path=path, query=query, headers={"host": host}, credentials=lookup, now=now
    )


def test_the_worked_example_is_accepted() -> None:
    assert verify() is CREDENTIALS


def test_the_worked_example_has_the_documented_canonical_request() -> None:
    request = canonical_request(
        method="GET",
        path="/mqtt",
        parameters={
            "X-Amz-Algorithm": "AWS4-HMAC-SHA256",
            "X-Amz-Credential": "ASIADOCEXAMPLE000001/20260301/us-east-1/iotdevicegateway/aws4_request",
            "X-Amz-Date": "20260301T101112Z",
            "X-Amz-SignedHeaders": "host",
            "X-Amz-Security-Token": "docToken+/=",
        },
        headers={"host": HOST},
    )
    assert sha256(request.encode()).hexdigest() == "8683d22ff0b57cafba540c026297764c68d5b10a81ec5ad38d4583e445d86e77"


def test_the_order_of_parameters_does_not_matter() -> None:
    assert verify("&".join(reversed(QUERY.split("&")))) is CREDENTIALS


@pytest.mark.parametrize("minutes", [-5, 5])
def test_a_clock_may_be_five_minutes_off(minutes: int) -> None:
    assert verify(now=SIGNED_AT + timedelta(minutes=minutes)) is CREDENTIALS


@pytest.mark.parametrize(
    ("replaced", "by", "reason"),
    [
        ("7500655d", "7500655e", "signature does not match"),
        ("docToken%2B", "docToken", "security token"),
        ("&X-Amz-Security-Token=docToken%2B%2F%3D", "", "security token"),
        ("ASIADOCEXAMPLE000001", "ASIADOCEXAMPLE000002", "unknown access key"),
        ("us-east-1", "eu-west-1", "credential scope"),
        ("iotdevicegateway", "iotdata", "credential scope"),
        ("aws4_request", "aws4_answer", "credential scope"),
        ("%2F20260301%2F", "%2F20260302%2F", "credential scope"),
        ("AWS4-HMAC-SHA256", "AWS4-HMAC-SHA1", "algorithm"),
        ("SignedHeaders=host", "SignedHeaders=date", "host header is not signed"),
        ("SignedHeaders=host", "SignedHeaders=host%3Bx-other", "x-other is missing"),
        ("20260301T101112Z", "20260301T101113Z", "signature does not match"),
        ("20260301T101112Z", "yesterday", "no time"),
        ("20260301T101112Z", "00010101T000000Z", "too far from now"),
        ("&X-Amz-Date=20260301T101112Z", "", "X-Amz-Date is missing"),
        ("&X-Amz-SignedHeaders", "&X-Amz-Expires=soon&X-Amz-SignedHeaders", "X-Amz-Expires"),
        ("&X-Amz-SignedHeaders", "&X-Amz-Expires=604801&X-Amz-SignedHeaders", "X-Amz-Expires"),
        ("&X-Amz-SignedHeaders", "&X-Amz-Expires=60&X-Amz-SignedHeaders", "signature does not match"),
        ("&X-Amz-SignedHeaders", "&X-Amz-Date=20260301T101112Z&X-Amz-SignedHeaders", "given twice"),
        ("&X-Amz-SignedHeaders", "&caf\N{LATIN SMALL LETTER E WITH ACUTE}=1&X-Amz-SignedHeaders", "not ASCII"),
    ],
)
def test_a_changed_query_is_refused(replaced: str, by: str, reason: str) -> None:
    assert replaced in QUERY
    with pytest.raises(SignatureRefusedError, match=reason):
        verify(QUERY.replace(replaced, by))


def test_an_empty_query_is_refused() -> None:
    with pytest.raises(SignatureRefusedError, match="X-Amz-Algorithm is missing"):
        verify("")


@pytest.mark.parametrize(
    ("method", "path", "host"), [("GET", "/mqtt", "localhost"), ("GET", "/mqtt2", HOST), ("POST", "/mqtt", HOST)]
)
def test_host_path_and_method_are_signed(method: str, path: str, host: str) -> None:
    with pytest.raises(SignatureRefusedError, match="signature does not match"):
        verify(method=method, path=path, host=host)


@pytest.mark.parametrize("seconds", [-301, 301])
def test_a_signature_is_no_good_six_minutes_away(seconds: int) -> None:
    with pytest.raises(SignatureRefusedError, match="too far from now"):
        verify(now=SIGNED_AT + timedelta(seconds=seconds))


def test_credentials_end_with_their_hour() -> None:
    credentials = AwsCredentials("ASIADOCEXAMPLE000001", CREDENTIALS.secret_key, "docToken+/=", SIGNED_AT.timestamp())
    with pytest.raises(SignatureRefusedError, match="have expired"):
        verify_presigned_upgrade(
            method="GET",
            path="/mqtt",
            query=QUERY,
            headers={"host": HOST},
            credentials=lambda _: credentials,
            now=SIGNED_AT,
        )


def test_no_secret_shows_in_the_credentials_text() -> None:
    assert CREDENTIALS.secret_key not in repr(CREDENTIALS)
    assert CREDENTIALS.session_token not in repr(CREDENTIALS)
