"""Checks the AWS Signature V4 of a presigned WebSocket upgrade as the service's gateway does (protocol.md 3)."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from hashlib import sha256
import hmac
import re
from urllib.parse import parse_qsl, quote

ALGORITHM = "AWS4-HMAC-SHA256"
SERVICE = "iotdevicegateway"
CLOCK_SKEW = timedelta(minutes=5)
"""How far the signer's clock may be off."""

_REGION = "us-east-1"
_TIME_FORMAT = "%Y%m%dT%H%M%SZ"
_SIGNATURE = "X-Amz-Signature"
_SECURITY_TOKEN = "X-Amz-Security-Token"  # noqa: S105 - the name of a parameter, not a token
_ADDED_AFTER_SIGNING = frozenset((_SIGNATURE, _SECURITY_TOKEN))
_SHA256_OF_NOTHING = sha256(b"").hexdigest()
_MAX_VALIDITY = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class AwsCredentials:
    """One set of temporary credentials that the cloud issued; ``expires_at`` in seconds of Unix time."""

    access_key_id: str
    secret_key: str = field(repr=False)
    session_token: str = field(repr=False)
    expires_at: float


type CredentialLookup = Callable[[str], AwsCredentials | None]
"""Gives what was issued under an access key."""


class SignatureRefusedError(Exception):
    """The upgrade is not signed as it must be; the text is the reason."""


def verify_presigned_upgrade(
    *, method: str, path: str, query: str, headers: Mapping[str, str], credentials: CredentialLookup, now: datetime
) -> AwsCredentials:
    """Return the credentials that signed the request, or raise SignatureRefusedError.

    ``path`` and ``query`` as they stand in the request line, ``headers`` by lower-case name: the host has to be signed,
    others may be (the AWS runtime signs Connection). The security token is not signed, but has to be the one issued
    with the key. ``X-Amz-Expires`` adds to the five minutes.
    """
    parameters = _parse_query(query)
    signed_at = _check_form(parameters)
    _check_time(parameters, signed_at, now)
    scope = f"{signed_at:%Y%m%d}/{_REGION}/{SERVICE}/aws4_request"
    access_key_id, _, given_scope = parameters["X-Amz-Credential"].partition("/")
    _require(given_scope == scope, f"credential scope is not {scope}")
    issued = credentials(access_key_id)
    if issued is None or issued.expires_at <= now.timestamp():
        raise SignatureRefusedError("unknown access key" if issued is None else "credentials have expired")
    _require(_equal(parameters.get(_SECURITY_TOKEN, ""), issued.session_token), "security token is not the one issued")
    signed_headers = _signed_headers(parameters, headers)
    request = canonical_request(method=method, path=path, parameters=parameters, headers=signed_headers)
    expected = sign(request, secret_key=issued.secret_key, scope=scope, signed_at=signed_at)
    _require(_equal(parameters[_SIGNATURE], expected), "signature does not match")
    return issued


def canonical_request(*, method: str, path: str, parameters: Mapping[str, str], headers: Mapping[str, str]) -> str:
    """Return the text that is hashed and signed: no body, and of the headers those to sign, by lower-case name."""
    query = "&".join(
        f"{quote(name, safe='')}={quote(value, safe='')}"
        for name, value in sorted(parameters.items())
        if name not in _ADDED_AFTER_SIGNING
    )
    lines = (f"{name}:{' '.join(value.split())}" for name, value in sorted(headers.items()))
    names = ";".join(sorted(headers))
    return "\n".join((method, quote(path, safe="/"), query, *lines, "", names, _SHA256_OF_NOTHING))


def sign(request: str, *, secret_key: str, scope: str, signed_at: datetime) -> str:
    """Return the hexadecimal signature of a canonical request; ``scope`` is ``date/region/service/aws4_request``."""
    key = f"AWS4{secret_key}".encode()
    for part in scope.split("/"):
        key = hmac.digest(key, part.encode(), "sha256")
    hashed = sha256(request.encode()).hexdigest()
    text = "\n".join((ALGORITHM, signed_at.strftime(_TIME_FORMAT), scope, hashed))
    return hmac.digest(key, text.encode(), "sha256").hex()


def _require(condition: object, reason: str) -> None:
    if not condition:
        raise SignatureRefusedError(reason)


def _equal(given: str, expected: str) -> bool:
    return hmac.compare_digest(given.encode(), expected.encode())


def _parse_query(query: str) -> dict[str, str]:
    _require(query.isascii(), "query is not ASCII")
    # A plus sign is read as a space, but not by the signature.
    members = parse_qsl(query.replace("+", "%2B"), keep_blank_values=True)
    parameters = dict(members)
    _require(len(parameters) == len(members), "a parameter is given twice")
    return parameters


def _check_form(parameters: Mapping[str, str]) -> datetime:
    for name in ("X-Amz-Algorithm", "X-Amz-Credential", "X-Amz-Date", "X-Amz-SignedHeaders", _SIGNATURE):
        _require(name in parameters, f"{name} is missing")
    _require(parameters["X-Amz-Algorithm"] == ALGORITHM, f"algorithm is not {ALGORITHM}")
    try:
        return datetime.strptime(parameters["X-Amz-Date"], _TIME_FORMAT).replace(tzinfo=UTC)
    except ValueError as err:
        raise SignatureRefusedError("X-Amz-Date is no time") from err


def _signed_headers(parameters: Mapping[str, str], headers: Mapping[str, str]) -> dict[str, str]:
    names = parameters["X-Amz-SignedHeaders"].split(";")
    _require("host" in names, "the host header is not signed")
    for name in names:
        _require(name in headers, f"signed header {name} is missing")
    return {name: headers[name] for name in names}


def _check_time(parameters: Mapping[str, str], signed_at: datetime, now: datetime) -> None:
    expires = parameters.get("X-Amz-Expires", "0")
    _require(re.fullmatch("[0-9]{1,6}", expires), "X-Amz-Expires is no number of seconds")
    held = timedelta(seconds=int(expires))
    _require(held <= _MAX_VALIDITY, "X-Amz-Expires is above a week")
    _require(-CLOCK_SKEW <= now - signed_at <= CLOCK_SKEW + held, "X-Amz-Date is too far from now")
