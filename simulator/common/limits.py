"""What the MQTT service grants one client (protocol.md 3, "General AWS IoT Core limits that matter")."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """The service's own values; a test that cannot wait for a day sets others. All times in seconds."""

    subscriptions_per_connection: int = 50
    filters_per_subscribe: int = 8
    message_bytes: int = 128 * 1024
    topic_slashes: int = 7
    topic_bytes: int = 256
    client_id_bytes: int = 128
    publishes_per_second: int = 100
    unacknowledged_deliveries: int = 100
    """QoS 1 messages on their way to one client; further ones wait for its PUBACKs."""

    keep_alive_least: float = 30
    keep_alive_greatest: float = 1200
    connect_wait: float = 30
    """From the upgrade to the CONNECT."""
    connect_interval: float = 1
    """Least time between two accepted CONNECTs of one client id."""
    connection_lifetime: float = 24 * 3600
    session_expiry: float = 3600
    """How long a persistent session outlives its connection."""

    def granted_keep_alive(self, asked: float) -> float:
        """Seconds of keep-alive for a client that asks for so many, 0 meaning none."""
        if not asked:
            return self.keep_alive_greatest
        return min(max(asked, self.keep_alive_least), self.keep_alive_greatest)
