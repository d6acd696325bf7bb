"""The choices of a user of the MQTT client: their defaults, and that a wrong one is refused where it is made."""

from dataclasses import FrozenInstanceError, fields
import math

import pytest

from nwp500 import MqttConnectionConfig

DEFAULTS: dict[str, object] = {
    "endpoint": "a1t30mldyslmuq-ats.iot.us-east-1.amazonaws.com",
    "region": "us-east-1",
    "port": 443,
    "ca_file": None,
    "clean_session": True,
    "keep_alive_secs": 60,
    "operation_timeout": 10.0,
    "auto_reconnect": True,
    "initial_reconnect_delay": 1.25,
    "max_reconnect_delay": 60.0,
    "reconnect_spread": 24.0,
    "enable_command_queue": True,
    "max_queued_commands": 100,
    "max_queued_command_age": None,
    "coalesce_commands": False,
    "max_in_flight": 10,
    "max_publish_rate": 90,
    "command_interval": 0.0,
    "expire_by_class": False,
    "guard_commands": False,
    "skip_redundant": False,
}

# By name: the least and the greatest allowed value, then values that are not allowed.
NUMBERS: dict[str, tuple[float, float, tuple[object, ...]]] = {
    "port": (1, 65535, (0, 65536, 443.0, None)),
    "keep_alive_secs": (30, 1200, (29, 1201, 65538, 60.5)),
    "operation_timeout": (0.1, 300, (0, 0.09, 300.1, math.inf, None)),
    "initial_reconnect_delay": (1, 60, (0.99, -1, 3601)),
    "max_reconnect_delay": (1, 86400, (0, 86401)),
    "reconnect_spread": (0, 3600, (-0.1, 3601, None)),
    "max_queued_commands": (1, 1_000_000, (0, -1, 1_000_001, 10.0, None)),
    "max_queued_command_age": (0, 86400 * 3650, (-0.1, 86400 * 3650 + 1)),
    "max_in_flight": (1, 1000, (0, 1001, 1.5)),
    "max_publish_rate": (1, 1_000_000, (0, 1.5)),
    "command_interval": (0, 3600, (-1, 3601, None)),
}
NO_NUMBERS: tuple[object, ...] = (True, "1", math.nan, [1])
SWITCHES = (
    "clean_session",
    "auto_reconnect",
    "enable_command_queue",
    "coalesce_commands",
    "expire_by_class",
    "guard_commands",
    "skip_redundant",
)


def made(**settings: object) -> MqttConnectionConfig:
    """Make a configuration of any values."""
    return MqttConnectionConfig(**settings)  # type: ignore[arg-type]  # wrong ones are what these tests are about


def test_the_defaults() -> None:
    config = MqttConnectionConfig()
    assert {
        described.name: getattr(config, described.name) for described in fields(config) if described.name != "client_id"
    } == DEFAULTS


def test_every_default_client_id_is_another_one_and_fit_for_a_topic() -> None:
    ids = {MqttConnectionConfig().client_id for _ in range(20)}
    assert len(ids) == 20
    assert all(client_id.startswith("nwp500-") and not set(client_id) & set("/+#") for client_id in ids)


def test_it_cannot_be_changed() -> None:
    with pytest.raises(FrozenInstanceError):
        MqttConnectionConfig().port = 1  # type: ignore[misc]  # what must not be done


@pytest.mark.parametrize(("name", "value"), [(name, value) for name, (*ends, _) in NUMBERS.items() for value in ends])
def test_the_ends_of_a_range_are_allowed(name: str, value: float) -> None:
    # The greatest first pause is wanted together with a last one that is no shorter.
    assert (
        getattr(made(**{name: value}, **({"initial_reconnect_delay": 1} if name.startswith("max_re") else {})), name)
        == value
    )


@pytest.mark.parametrize(
    ("name", "value"), [(name, value) for name, (*_, wrong) in NUMBERS.items() for value in (*wrong, *NO_NUMBERS)]
)
def test_a_wrong_number_is_refused_by_its_name(name: str, value: object) -> None:
    with pytest.raises(ValueError, match=f"^{name} must be a .*number from"):
        made(**{name: value})


@pytest.mark.parametrize("name", ["max_queued_command_age", "max_publish_rate"])
def test_some_limits_can_be_left_off(name: str) -> None:
    assert getattr(made(**{name: None}), name) is None


@pytest.mark.parametrize("age", [math.inf, 1e300])
def test_an_age_that_no_date_can_hold_is_refused(age: float) -> None:
    with pytest.raises(ValueError, match="max_queued_command_age"):
        made(max_queued_command_age=age)


@pytest.mark.parametrize("name", SWITCHES)
@pytest.mark.parametrize("value", [1, 0, None, "true"])
def test_a_switch_is_true_or_false(name: str, value: object) -> None:
    with pytest.raises(ValueError, match=f"^{name} must be True or False"):
        made(**{name: value})


@pytest.mark.parametrize("name", ["endpoint", "region", "client_id"])
@pytest.mark.parametrize("value", ["", None, 5])
def test_a_name_is_a_text_that_is_not_empty(name: str, value: object) -> None:
    with pytest.raises(ValueError, match=f"^{name} must be a text"):
        made(**{name: value})


def test_a_client_id_is_not_taken_for_a_device() -> None:
    with pytest.raises(ValueError, match="may not start with 'navilink-'"):
        made(client_id="navilink-0478630a1b2c")


@pytest.mark.parametrize("client_id", ["a/b", "a+", "#", "a\0b"])
def test_a_client_id_is_a_topic_segment(client_id: str) -> None:
    with pytest.raises(ValueError, match="client_id is a topic segment"):
        made(client_id=client_id)


def test_a_ca_file_is_a_path_or_none() -> None:
    with pytest.raises(ValueError, match="ca_file"):
        made(ca_file=5)


def test_the_last_pause_is_not_shorter_than_the_first() -> None:
    assert made(initial_reconnect_delay=5, max_reconnect_delay=5).max_reconnect_delay == 5
    with pytest.raises(ValueError, match=r"max_reconnect_delay \(4\) must not be less than"):
        made(initial_reconnect_delay=5, max_reconnect_delay=4)
