"""A credential source without a sign-in service, for brokers that check no signature."""

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class InventedTokens:
    """Credentials that sign, but that nobody issued."""

    access_key_id: str = "ASIAINVENTED"
    secret_key: str = "invented"
    session_token: str = "invented"


@dataclass(slots=True)
class InventedCredentials:
    """All that the MQTT client asks of an auth client, and a count of what it asked."""

    current_tokens: InventedTokens = field(default_factory=InventedTokens)
    user_seq: int = 20002
    renewals: int = 0

    async def ensure_valid_token(self) -> None:
        """Find them valid."""

    async def renew_aws_credentials(self) -> None:
        """Count the renewal."""
        self.renewals += 1
