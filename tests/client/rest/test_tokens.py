"""When a set of secrets was issued, and when it ends."""

from datetime import UTC, datetime, timedelta

import pytest

from nwp500.rest.tokens import AwsCredentials, JwtTokens
from tests.client.support.sign_in_script import START, aws, jwt


def test_a_naive_issue_time_is_utc() -> None:
    tokens = JwtTokens(access_token="x", issued_at=datetime(2026, 3, 1, 12), expires_in=3600)  # noqa: DTZ001  naive is the point
    assert tokens.issued_at == START
    assert not tokens.is_expired(START + timedelta(seconds=3299))
    assert tokens.is_expired(START + timedelta(seconds=3300))


@pytest.mark.parametrize("lifetime", [None, "3600", True, [3600], float("nan")])
def test_a_lifetime_that_is_none(lifetime: object) -> None:
    answer = jwt("x", None) | aws("x", None) | {"authenticationExpiresIn": lifetime, "authorizationExpiresIn": lifetime}
    first = JwtTokens.from_answer(jwt("x", 60), START)
    assert first is not None
    kept = first.renewed(answer, START)
    credentials = AwsCredentials.from_answer(answer, START)
    assert kept is not None
    assert credentials is not None
    assert kept.expires_in == 60
    assert credentials.expires_in is None
    assert not credentials.is_expired(datetime.max.replace(tzinfo=UTC))


@pytest.mark.parametrize("lifetime", [0, -1e300, 1e300])
def test_a_lifetime_that_is_extreme(lifetime: float) -> None:
    credentials = AwsCredentials.from_answer(aws("x", lifetime), START)
    assert credentials is not None
    assert credentials.is_expired(START) == (lifetime <= 0)
